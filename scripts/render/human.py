"""A person as numbers: who they are, and the vertices of every part of them in a pose.

Space: MakeHuman's (decimetres, y up, face along +z, +x to the person's left).
"""

from __future__ import annotations

import mh
import numpy as np
from lids import Edges, Smoothed
from places import PLACES

Pose = dict[str, float]
"""Morph weights by the names in UNITS, `blink_right/left` 0 to 1 included, and degrees: `yaw`
(+ to the person's left), `pitch` (+ down), `roll` (+ to the right shoulder), `gaze_x` (+ to the
person's left), `gaze_y` (+ up), both of the eyes in the head. `trail_yaw`, `trail_pitch` and
`trail_roll` are the turns of the head that hanging hair follows, a little later."""

TURNS = ("yaw", "pitch", "roll")
UNITS = {
    "jaw": ["mouth-open"],
    "part": ["mouth-parling"],
    "wide": ["mouth-retraction"],
    "smile": ["mouth-corner-puller"],
    "purse": ["mouth-pursing"],
    "protrude": ["mouth-protusion"],
    "compress": ["mouth-compression"],
    "upper_up": ["mouth-elevation"],
    "lower_down": ["mouth-depression"],
    "blink_left": ["eye-left-closure"],
    "blink_right": ["eye-right-closure"],
    "open_left": ["eye-left-opened-up"],
    "open_right": ["eye-right-opened-up"],
    "squint": ["eye-left-slit", "eye-right-slit"],
    "brow_up": ["eyebrows-left-up", "eyebrows-right-up"],
    "brow_in": ["eyebrows-left-inner-up", "eyebrows-right-inner-up"],
    "brow_down": ["eyebrows-left-down", "eyebrows-right-down"],
}
NECK = {"neck01": 0.12, "neck02": 0.18, "neck03": 0.25, "head": 0.45}
"""How a turn of the head is shared among the joints."""
ARMS = {
    "clavicle.L": -14.0, "upperarm01.L": -28.0, "clavicle.R": 14.0, "upperarm01.R": 28.0,
}  # fmt: skip
"""Degrees that take the collar bones and the arms down from the A-pose: each arm after its bone."""
_LINES = (tuple(NECK), tuple(ARMS)[:2], tuple(ARMS)[2:])
SIDES = {"left": ("l", 1), "right": ("r", -1)}
FULL_BLINK = 0.86
"""Weight of the closure unit that nearly closes the lids. `Human._sealing` closes the rest."""
SEALINGS = 3
"""How often `Human._sealing` corrects the lids. Then shut lids meet within about 0.05 mm."""
CHEEKS = 0.2
"""A wide vowel also contains this share of a smile, which raises the cheeks."""
LIPS = 474, 493
"""Vertices in the middle of the mouth where the lips touch: upper, lower."""
APART = 0.002
"""Height (dm) of the upper of these vertices above the lower one when the lips touch. It is not 0,
because the lower vertex lies a little in front of the upper one."""
FIRST_UPPER_TOOTH = 15060
KINDS = {
    "eyes": "eyes", "brows": "eyebrows", "teeth": "teeth",
    "tongue": "tongue", "clothes": "clothes",
}  # fmt: skip


class Human:
    """One person of `people.PEOPLE`.

    `parts` are the proxies by kind, `joint` the joints at rest, `eye_centre` and `eye_radius`
    (dm) the eyeballs by side.
    """

    def __init__(self, spec: dict) -> None:
        self.spec = spec
        self.base = mh.base_mesh()
        targets = mh.Targets()
        self.rest = self.base.verts.copy()
        for name, weight in {**mh.macro(spec), **spec["targets"]}.items():
            self.rest += weight * targets(name)
        race = max(spec["race"], key=spec["race"].get)
        self.units = {
            unit: sum(targets(f"expression/units/{race}/{name}") for name in names)
            for unit, names in UNITS.items()
        }
        self.joint = {name: self._joint(name) for name in [*NECK, *ARMS]}
        self.parts = {kind: mh.proxy(KINDS[kind], name) for kind, name in spec["proxies"].items()}
        self._shares = {
            kind: _shares(part) for kind, part in {"base": self.base, **self.parts}.items()
        }
        self._upper_teeth = self.parts["teeth"].ref.max(1) >= FIRST_UPPER_TOOTH
        self.eye_centre = {
            side: self.rest[self.group(f"helper-{letter}-eye")].mean(0)
            for side, (letter, _) in SIDES.items()
        }
        self.eye_radius = {side: self._eye_radius(side) for side in SIDES}
        self._lids = {
            side: np.flatnonzero(np.abs(self.units[f"blink_{side}"][: mh.BODY]).sum(1) > 1e-9)
            for side in SIDES
        }
        self.edges = Edges(self.base)
        self._relaxed_jaw = 0.0
        self._seal = {side: np.zeros_like(self.rest) for side in SIDES}
        self._bend_smile()
        self._close()

    def group(self, name: str) -> np.ndarray:
        """Vertices of a named group of the base mesh, such as 'helper-l-eye'."""
        names = [material["DbgName"] for material in self.base.materials]
        return np.unique(self.base.faces[self.base.material == names.index(name)])

    @property
    def head_share(self) -> np.ndarray:
        """(VERTICES,): how much of each vertex of the base mesh follows the head."""
        return self._shares["base"][:, len(NECK)]

    @property
    def teeth_light(self) -> np.ndarray:
        """(N,): how bright each vertex of the teeth is; cheeks and lips keep light from most."""
        teeth = self.parts["teeth"].fit(self.rest)
        beside = np.abs(teeth[:, 0] - teeth[:, 0].mean()) / np.abs(teeth[:, 0]).max()
        light = np.interp(beside, (0.2, 0.5, 0.85), (1.0, 0.6, 0.15))
        return light * np.where(self._upper_teeth, 1.0, 0.6)

    def pose(self, pose: Pose) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Vertices of 'base' and every part, and the head's rigid transform, (4, 4)."""
        face = self._face(pose)
        unposed = {"base": face} | {kind: part.fit(face) for kind, part in self.parts.items()}
        self._settle_mouth(unposed)
        self._turn_eyes(unposed["eyes"], pose)
        joints = self._joint_transforms(pose)
        moved = {
            kind: np.einsum("nj,jab,nb->na", self._shares[kind], joints[:, :3], _one(verts))
            for kind, verts in unposed.items()
        }
        return moved, joints[len(NECK)]

    def head(self, pose: Pose) -> np.ndarray:
        """The head's rigid transform (4, 4) in a pose."""
        return self._joint_transforms(pose)[len(NECK)]

    def _joint(self, name: str) -> np.ndarray:
        return self.rest[self.base.meta["joint_pos_idxs"][f"{name}____head"]].mean(0)

    def _eye_radius(self, side: str) -> float:
        from_centre = self.parts["eyes"].fit(self.rest) - self.eye_centre[side]
        own = np.linalg.norm(from_centre, axis=1) < 0.3
        front = from_centre[:, 2] > 0
        return np.linalg.norm(from_centre[own & front], axis=1).max()

    def _face(self, pose: Pose) -> np.ndarray:
        """The base mesh with its expression, head straight."""
        verts = self.rest.copy()
        for unit, offsets in self.units.items():
            weight = pose.get(unit, 0.0) + self.spec["rest"].get(unit, 0.0)
            if unit == "jaw":
                weight += self._relaxed_jaw
            if unit.startswith("open"):
                weight *= 1 - pose.get(unit.replace("open", "blink"), 0.0)
            if unit.startswith("blink"):
                weight *= FULL_BLINK
            if weight:
                verts += weight * offsets
        for side in SIDES:
            verts += pose.get(f"blink_{side}", 0) * self._seal[side]
            if pose.get(f"blink_{side}", 0) > 0.02:
                self._lids_over_eyeball(verts, side)
        return verts

    def _bend_smile(self) -> None:
        """Raise the cheeks in wide vowels, and let one side of the face do a little more."""
        self.units["wide"] = self.units["wide"] + CHEEKS * self.units["smile"]
        more = 1 + self.spec.get("lopsided", 0.0) * np.tanh(self.rest[:, :1] / 0.1)
        for unit in ("smile", "wide", "brow_up"):
            self.units[unit] = self.units[unit] * more

    def _close(self) -> None:
        """Make relaxed lips touch and shut lids meet."""
        self._relaxed_jaw = self._touching_jaw()
        for _ in range(SEALINGS):
            shut = self._face({f"blink_{side}": 1.0 for side in SIDES})
            for side in SIDES:
                self._seal[side] += self._sealing(shut, side)

    def _touching_jaw(self) -> float:
        """Weight of the jaw at which relaxed lips touch: the base mesh keeps them open."""
        lips = Smoothed(self.base.faces[self.base.material == 0], np.array(LIPS))
        still, open_ = (-np.diff(lips(self._face(pose))[:, 1])[0] for pose in ({}, {"jaw": 0.1}))
        return -0.1 * (still - APART) / (open_ - still)

    def _sealing(self, shut: np.ndarray, side: str) -> np.ndarray:
        """What must be added to shut lids (VERTICES, 3) for the upper one to end on the lower."""
        x, apart = self.edges.gap(shut, side)
        down = -self.units[f"blink_{side}"][:, 1]
        upper = PLACES[f"{side}_eye_upper"]
        order = sorted(upper, key=lambda vertex: shut[vertex, 0])
        edge = np.interp(shut[:, 0], shut[order, 0], down[order])
        added = np.zeros_like(shut)
        added[:, 1] = -np.interp(shut[:, 0], x, apart) * np.clip(down / edge, 0, 1)
        return added

    def _lids_over_eyeball(self, verts: np.ndarray, side: str) -> None:
        """Push lids out of the eyeball: the closure unit moves them straight down."""
        lids, centre, radius = self._lids[side], self.eye_centre[side], self.eye_radius[side]
        from_centre = verts[lids] - centre
        distance = np.linalg.norm(from_centre, axis=1)
        at_rest = np.linalg.norm(self.rest[lids] - centre, axis=1)
        least = np.minimum(radius + 0.004, np.maximum(at_rest, 0.985 * radius))
        inside = (distance < least) & (from_centre[:, 2] > 0.2 * radius)
        stretch = np.where(inside, least / distance, 1)
        verts[lids] = centre + from_centre * stretch[:, None]

    def _settle_mouth(self, parts: dict[str, np.ndarray]) -> None:
        """Lower teeth and tongue a little: a talking mouth shows the upper teeth."""
        parts["teeth"][:, 1] -= np.where(self._upper_teeth, 0.035, 0.11)
        parts["tongue"] -= [0, 0.07, 0.05]

    def _turn_eyes(self, eyes: np.ndarray, pose: Pose) -> None:
        for side, (_, sign) in SIDES.items():
            inwards = sign * -1.2
            turn = mh.euler(
                np.radians(pose.get("gaze_x", 0) + inwards), np.radians(-pose.get("gaze_y", 0)), 0
            )
            own = eyes[:, 0] * sign > 0
            eyes[own] = (eyes[own] - self.eye_centre[side]) @ turn.T + self.eye_centre[side]

    def _joint_transforms(self, pose: Pose) -> np.ndarray:
        """(9, 4, 4): the trunk, four joints up to the head, two collar bones with their arms."""
        angles = np.radians([pose.get(name, 0) for name in TURNS])
        chain = [np.eye(4)]
        for name, share in NECK.items():
            chain.append(chain[-1] @ about(self.joint[name], mh.euler(*(angles * share))))
        for name, degrees in ARMS.items():
            above = chain[-1] if name.startswith("upperarm") else chain[0]
            turn = mh.rotation((0, 0, 1), np.radians(degrees))
            chain.append(above @ about(self.joint[name], turn))
        return np.stack(chain)


def about(centre: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Rotation (3, 3) about a point as a (4, 4) transform."""
    transform = np.eye(4)
    transform[:3, :3] = turn
    transform[:3, 3] = centre - turn @ centre
    return transform


def _shares(part: mh.Part) -> np.ndarray:
    """(N, 9): how much each vertex follows each of `_joint_transforms`."""
    lines = [[part.bone_weight(bone) for bone in bones] for bones in _LINES]
    own = [a - b for line in lines for a, b in zip(line, [*line[1:], 0 * line[0]], strict=True)]
    return np.stack([1 - sum(line[0] for line in lines), *own], 1)


def _one(verts: np.ndarray) -> np.ndarray:
    return np.concatenate([verts, np.ones((len(verts), 1))], 1)
