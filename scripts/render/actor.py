"""A person on the stage: Blender objects that follow the poses of a Human."""

from __future__ import annotations

import arm
import beanie
import glasses
import hair
import materials
import numpy as np
import skin
from arm import Held
from human import TURNS, Human, Pose
from meshes import matrix, mesh, move, to_human

CHEST = 2.6
"""Everything lower (dm) is outside every picture and left out."""
WIDEST = 3.2
MOVED = 0.01
"""Decimetres, about a pixel."""
SMOOTH = {"clothes": 1, "teeth": 1, "tongue": 1, "hair": 1, "eyes": 1, "base": 2}
OPAQUE = {"base", "clothes", "hair"}
"""What can hide a point of the face, apart from things held before it."""
LASHES = (0.02, 0.015, 0.012)


class Actor:
    """The objects of one person; `at` (dm) moves all of them."""

    def __init__(self, human: Human, at=(0.0, 0.0, 0.0)) -> None:
        self.human = human
        self.at = np.array(at)
        self.verts, self.head = human.pose({})
        self._still = self.verts
        self.soft = [self._body(), *self._eyes()]
        for kind in human.parts:
            if kind != "eyes":
                self.soft.append((kind, *self._part(kind, self._material(kind))))
        self.rigid, self.bound = [], []
        for style in human.spec.get("strands", []):
            self._grow(style)
        self._dress()
        self.held: Held | None = None
        for kind, thing, _ in self.soft:
            thing.hide_viewport = kind not in OPAQUE
        self.pose({}, 0.0)
        self._still_ties = self._tied

    def hold(self, what: str) -> None:
        """Take 'mug' or 'cheek': a mug to drink from, or an open hand that strokes the cheek."""
        take = {"mug": arm.drink, "cheek": arm.stroke_cheek}[what]
        self.held = take(self.human, skin.live(self.human))

    def pose(self, pose: Pose, seconds: float) -> None:
        """Take a pose; what is held moves by the time."""
        self.verts, self.head = self.human.pose(pose)
        for kind, thing, used in self.soft:
            move(thing, self.verts[kind][used] + self.at)
        for thing in self.rigid:
            head = self.head.copy()
            head[:3, 3] += self.at
            thing.matrix_world = matrix(head)
        if self.held:
            self.held.move(self.head, self.at, seconds)
        trail = self.human.head({turn: pose.get(f"trail_{turn}", 0.0) for turn in TURNS})
        self._tied = [binding.points(self.verts, self.head, trail) for _, binding in self.bound]
        for (thing, _), points in zip(self.bound, self._tied, strict=True):
            hair.move(thing, points + self.at)

    def moved(self) -> np.ndarray:
        """Places (N, 3) dm, before and now, of all that has visibly moved since the start."""
        found = [np.zeros((0, 3))]
        soft = [(self.verts[kind][used], self._still[kind][used]) for kind, _, used in self.soft]
        for now, still in soft + list(zip(self._tied, self._still_ties, strict=True)):
            far = np.linalg.norm(now - still, axis=1) > MOVED
            found += [now[far], still[far]]
        for thing in self.rigid:
            corners = np.array([to_human(corner) for corner in thing.bound_box])
            found += [corners, corners @ self.head[:3, :3].T + self.head[:3, 3]]
        moved = np.concatenate(found) + self.at
        return np.concatenate([moved, self.held.corners()]) if self.held else moved

    def _grow(self, style: dict) -> None:
        spec = self.human.spec
        colour = style.get("color", spec["hair_color"])
        material = materials.strands(colour, gloss=spec["hair_gloss"], grey=style.get("grey", 0.0))
        points, binding = hair.grow(self.human, style)
        taper = style.get("taper", 0.35)
        thing = hair.make_curves(style["kind"], points, style["radius"], taper, material)
        if binding is None:
            self.rigid.append(thing)
        else:
            self.bound.append((thing, binding))

    def _dress(self) -> None:
        spec = self.human.spec
        if "cover" in spec:
            beanie.tuck(self.human, self.rigid)
            self.rigid += beanie.beanie(self.human, spec["cover"])
        if "glasses" in spec:
            self.rigid += glasses.glasses(self.human)

    def _body(self):
        base, rest = self.human.base, self.human.rest
        covered = np.array(self.human.parts["clothes"].meta.get("deleteVerts", []), bool)
        shown = (base.material == 0) & self._in_picture(rest, base.faces, CHEST, WIDEST)
        if len(covered):
            shown &= ~covered[base.faces].all(1)
        uv = (base.uv, base.face_uv[shown])
        thing, used = mesh(
            "body", self.verts["base"], base.faces[shown], None, uv=uv, rest=rest, smooth=2
        )
        skin.dress(thing, used, self.human)
        return "base", thing, used

    def _eyes(self):
        part = self.human.parts["eyes"]
        corner = part.uv[part.face_uv].mean(1)
        cornea = (corner[:, 0] > 0.86) & (corner[:, 1] < 0.14)
        for shell, material in (
            (~cornea, materials.eyeball(self.human.spec)),
            (cornea, materials.clear("cornea", ior=1.376, rough=0.03)),
        ):
            thing, used = self._part("eyes", material, shell)
            thing.visible_shadow = material.name != "cornea"
            yield "eyes", thing, used

    def _part(self, kind: str, material, faces=slice(None)):
        part = self.human.parts[kind]
        rest = part.fit(self.human.rest)
        quads, uvs = part.faces[faces], part.face_uv[faces]
        if kind == "clothes":
            shown = self._in_picture(rest, quads, CHEST - 0.6, WIDEST + 0.2)
            quads, uvs = quads[shown], uvs[shown]
        return mesh(
            kind, self.verts[kind], quads, material,
            uv=(part.uv, uvs), rest=rest, smooth=SMOOTH.get(kind, 0),
        )  # fmt: skip

    def _material(self, kind: str):
        spec, part = self.human.spec, self.human.parts[kind]
        brows = spec.get("brow_color", spec["hair_color"])
        return {
            "hair": lambda: materials.cards(
                part, spec["hair_color"], rough=0.5, specular=0.22, gain=spec.get("hair_gain", 1)
            ),
            "brows": lambda: materials.cards(part, brows, alpha=spec.get("brow_alpha", 0.85)),
            "lashes": lambda: materials.cards(part, LASHES, alpha=spec.get("lash_alpha", 0.8)),
            "teeth": lambda: materials.painted(part, (0.92, 0.86, 0.76), rough=0.3),
            "tongue": lambda: materials.painted(part, (0.42, 0.26, 0.26), rough=0.4),
            "clothes": lambda: materials.cloth(spec, part),
        }[kind]()

    @staticmethod
    def _in_picture(verts, faces, lowest: float, widest: float) -> np.ndarray:
        corners = verts[faces]
        high = corners[:, :, 1].max(1) > lowest
        return high & (np.abs(corners[:, :, 0]).max(1) < widest)
