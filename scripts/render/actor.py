"""A person on the stage: Blender objects that follow the poses of a Human."""

from __future__ import annotations

import arm
import beanie
import collar
import eyes
import glasses
import hair
import lids
import materials
import nodes
import numpy as np
import skin
from arm import Held
from human import TURNS, Human, Pose
from meshes import attribute, matrix, mesh, move, to_human, update
from shapes import solid

CHEST = 2.6
"""Everything lower (dm) is outside every picture and left out."""
WIDEST = 3.2
MOVED = 0.01
"""Decimetres, about a pixel."""
SMOOTH = {"clothes": 1, "teeth": 1, "tongue": 1, "eyes": 1, "base": 2}
OPAQUE = {"base", "clothes"}
"""What can hide a point of the face, apart from things held before it."""
OWN = {"eyes", "brows"}
"""Parts that `_eyes` and `_lids` make."""
TEETH = (1.0, 0.92, 0.8)
WET = (0.42, 0.2, 0.17)
LASHES = (0.012, 0.009, 0.008)


class Actor:
    """The objects of one person, who stands `at` a place (dm)."""

    def __init__(self, human: Human, at) -> None:
        self.human = human
        self.at = self._first = np.array(at)
        self.verts, self.head = human.pose({})
        self._still = self.verts
        self.soft = [self._body(), *self._eyes()]
        for kind in human.parts:
            if kind not in OWN:
                self.soft.append((kind, *self._part(kind, self._material(kind))))
        _, teeth, used = next(soft for soft in self.soft if soft[0] == "teeth")
        attribute(teeth, "lit", human.teeth_light[used])
        self.rigid, self.bound = [], []
        for style in human.spec.get("strands", []):
            self._grow(style)
        self._lids()
        self._dress()
        self.held: Held | None = None
        for kind, thing, _ in self.soft:
            thing.hide_viewport = kind not in OPAQUE
        self.pose({}, 0.0, self.at)
        self._still_ties = self._tied

    def hold(self, what: str) -> None:
        """Take 'mug' or 'cheek': a mug to drink from, or an open hand that strokes the cheek."""
        take = {"mug": arm.drink, "cheek": arm.stroke_cheek}[what]
        self.held = take(self.human, skin.live(self.human))

    def pose(self, pose: Pose, seconds: float, at: np.ndarray) -> None:
        """Take a pose at the place `at`, (3,) dm. What is held moves by the time in seconds."""
        self.at = at
        self.verts, self.head = self.human.pose(pose)
        for kind, thing, used in self.soft:
            move(thing, self.verts[kind][used] + self.at)
        lit = eyes.shade(self.human, self.verts, self.head[:3, :3])
        update(self._eyeball, "lit", lit[self._eyeball_used])
        for thing in self.rigid:
            head = self.head.copy()
            head[:3, 3] += self.at
            thing.matrix_world = matrix(head)
        if self._band:
            thing, edge = self._band
            move(thing, collar.band(self.verts["clothes"], edge)[0] + self.at)
        if self.held:
            self.held.move(self.head, self.at, seconds)
        trail = self.human.head({turn: pose.get(f"trail_{turn}", 0.0) for turn in TURNS})
        self._tied = [binding.points(self.verts, self.head, trail) for _, binding in self.bound]
        for (thing, _), points in zip(self.bound, self._tied, strict=True):
            hair.move(thing, points + self.at)

    def moved(self) -> np.ndarray:
        """Places (N, 3) dm, before and now, of all that has visibly moved since the start."""
        found, walked = [np.zeros((0, 3))], self._first - self.at
        soft = [(self.verts[kind][used], self._still[kind][used]) for kind, _, used in self.soft]
        for now, still in soft + list(zip(self._tied, self._still_ties, strict=True)):
            far = np.linalg.norm(now - still - walked, axis=1) > MOVED
            found += [now[far], still[far] + walked]
        for thing in self.rigid:
            corners = np.array([to_human(corner) for corner in thing.bound_box])
            found += [corners, corners @ self.head[:3, :3].T + self.head[:3, 3]]
        moved = np.concatenate(found) + self.at
        return np.concatenate([moved, self.held.corners()]) if self.held else moved

    def _grow(self, style: dict) -> None:
        spec = self.human.spec
        colour = style.get("color", spec["hair_color"])
        material = materials.strands(
            colour, gloss=spec["hair_gloss"], grey=style.get("grey", 0.0), uneven=True
        )
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
        self._band = None
        if "band" in spec:
            edge = collar.opening(self.human.parts["clothes"], self.human)
            cloth = nodes.plain("band", spec["band"], rough=0.9)
            self._band = solid("band", collar.band(self.verts["clothes"], edge), cloth), edge

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
        part, human = self.human.parts["eyes"], self.human
        corner = part.uv[part.face_uv].mean(1)
        cornea = (corner[:, 0] > 0.86) & (corner[:, 1] < 0.14)
        self._eyeball, self._eyeball_used = self._part(
            "eyes", materials.eyeball(human.spec), ~cornea
        )
        attribute(self._eyeball, "lit", np.ones(len(self._eyeball_used)))
        lamp = eyes.lamp(human.spec)
        water = materials.clear("cornea", lamp, width=0.1, strength=2.5, where="bulge")
        clear, used = self._part("eyes", water, cornea)
        attribute(clear, "bulge", eyes.bulge(human)[used])
        clear.visible_shadow = False
        return ("eyes", self._eyeball, self._eyeball_used), ("eyes", clear, used)

    def _lids(self) -> None:
        """Lashes, brows and the wet edges of the lids."""
        human, spec = self.human, self.human.spec
        dark = materials.strands(spec.get("lash_color", LASHES), gloss=0.05)
        for edge in lids.EDGES:
            points, binding = eyes.lashes(human, edge)
            thing = hair.make_curves("lashes", points, eyes.LASH_RADIUS[edge], 0.3, dark)
            self.bound.append((thing, binding))
        points, binding = eyes.brows(human)
        colour = spec.get("brow_color", spec["hair_color"])
        own = materials.strands(colour, gloss=0.06, grey=spec.get("brow_grey", 0.0))
        self.bound.append((hair.make_curves("brows", points, eyes.BROW_RADIUS, 0.4, own), binding))
        points, binding, radius = eyes.wet_edges(human)
        thing = hair.make_curves("wet edges", points, 1.0, 1.0, materials.wet(spec.get("wet", WET)))
        update(thing, "radius", radius)
        self.bound.append((thing, binding))

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
        return {
            "teeth": lambda: materials.enamel(part, TEETH),
            "tongue": lambda: materials.painted(part, (0.5, 0.24, 0.23), rough=0.45),
            "clothes": lambda: materials.cloth(spec, part),
        }[kind]()

    @staticmethod
    def _in_picture(verts, faces, lowest: float, widest: float) -> np.ndarray:
        corners = verts[faces]
        high = corners[:, :, 1].max(1) > lowest
        return high & (np.abs(corners[:, :, 0]).max(1) < widest)
