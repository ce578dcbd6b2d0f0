"""A hand and forearm before the face: it lifts a mug to the mouth, or strokes the cheek.

Hand space: origin at the middle knuckle, y along the fingers, z out of the back of the hand. Head
space: that of the person at rest. Lengths in dm, angles in degrees, times in seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy
import mh
import nodes
import numpy as np
from human import SIDES, Human, about
from mathutils import Vector
from meshes import matrix, mesh, to_human
from shapes import (
    Shape,
    Skin,
    around,
    grid_faces,
    lathe,
    merge,
    moved,
    solid,
    sweep,
    transform,
    unit,
)

Path = Callable[[float], np.ndarray]
"""Seconds to the transform (4, 4) that takes a thing to head space."""

ARM = ("lowerarm01", "wrist")
THUMB, *FINGERS = range(1, 6)
JOINTS = (1, 2, 3)
OPEN = {1: (4, 6, 10), 2: (6, 9, 6), 3: (8, 10, 6), 4: (10, 12, 8), 5: (12, 14, 8)}
"""How far each joint of a finger bends in a relaxed, open hand."""
TOGETHER = {2: 9, 3: 2, 4: -6, 5: -15}
"""How far a finger turns sideways at its knuckle to lie beside the next."""
MOST_BEND = 85.0

LIPS = (474, 493)
"""Base vertices: middle of the upper and of the lower lip."""
MUG_RADIUS, MUG_HIGH, MUG_WALL = 0.40, 0.90, 0.035
GLAZE = (0.05, 0.16, 0.22)
MUG_TILT = 16
"""Between the mug's axis and the line of the knuckles."""
GRIP_BELOW = 0.19
"""The hand holds the mug this far below its middle."""
GRIP_THUMB = (-10, 12, 18)
GRIP_TURN = 55
"""The hand comes from the side and the front."""
SIP, UPRIGHT = -26, 6
"""Tilt of the mug at the mouth, and low down."""
LOW = (-0.55, -3.0, 0.45)
"""From the mouth to below the picture."""
SIPS, LIFTING, SIPPING = (0.3, 4.2), 1.1, 1.5
"""When the mug begins to rise, and how long it takes up (as down) and stays."""

STROKE = np.array([
    (0.6, -1.25, -4.30, 12, -8, -14),
    (1.7, -0.64, -1.22, 18, -22, -8),
    (2.9, -0.60, -0.98, 14, -26, -6),
    (3.9, -0.87, -0.56, 3, -32, -4),
    (4.6, -0.86, -0.61, 4, -32, -4),
    (5.6, -0.66, -1.14, 16, -24, -8),
    (7.2, -1.30, -4.30, 14, -8, -14),
])  # fmt: skip
"""Seconds; a right hand's middle knuckle, from the middle of the face to the left and from the eye
up; the hand's roll, yaw and pitch."""
STROKING, STEP = 8.0, 0.04
TOUCHING = 0.025
"""Between hand and cheek."""


class Held:
    """Objects that follow paths before the face."""

    def __init__(self, *parts: tuple[list[bpy.types.Object], Path]) -> None:
        self._parts = parts
        self.objects = [thing for things, _ in parts for thing in things]

    def move(self, head: np.ndarray, at: np.ndarray, seconds: float) -> None:
        """To where they are at a time, for a person whose head is posed (4, 4) and stands `at`."""
        world = transform(np.eye(3), at) @ head
        for things, path in self._parts:
            for thing in things:
                thing.matrix_world = matrix(world @ path(seconds))

    def corners(self) -> np.ndarray:
        """(N, 3) dm: corners of the boxes around the objects, where they are now."""
        return np.array([
            to_human(thing.matrix_world @ Vector(corner))
            for thing in self.objects
            for corner in thing.bound_box
        ])  # fmt: skip


def drink(human: Human, skin_material: bpy.types.Material) -> Held:
    """A mug in the right hand, lifted to the mouth and put down again, twice in 8 s."""
    hand = Hand(human, "right")
    cup = _grip(hand)
    lift = _Lift(human, hand, cup)
    glaze = nodes.plain("glaze", GLAZE, rough=0.28, coat=0.35)
    mug = solid("mug", _mug(), glaze, 1)
    return Held(([mug], lift.mug), (hand.objects(skin_material), lift.hand))


def stroke_cheek(human: Human, skin_material: bpy.types.Material, side="right") -> Held:
    """An open hand that strokes the cheek of its own side up to the eye, once in 8 s."""
    hand = Hand(human, side)
    hand.bend, hand.oppose, hand.together = OPEN, (12, 18), 0.8
    return Held((hand.objects(skin_material), _Stroke(human, hand)))


class Hand:
    """A person's hand and forearm with fingers that bend.

    `bend` are angles by finger and joint; `together` draws the fingers to each other, 0 to 1;
    `oppose` swings the thumb to the palm and to the fingers; `turn` is the angle of the forearm
    towards the little finger's side.
    """

    def __init__(self, human: Human, side: str) -> None:
        self.human, self.side = human, side
        self.sign = SIDES[side][1]  # of the thumb's side on x
        bones = [*ARM, *(f"finger{f}-{j}" for f in OPEN for j in JOINTS)]
        letter = side[0].upper()
        weight = {bone: human.base.bone_weight(f"{bone}.{letter}") for bone in bones}
        own = (weight["lowerarm01"][human.base.faces] > 0.5).all(1) & (human.base.material == 0)
        self._rows = np.flatnonzero(own)
        self._used, faces = np.unique(human.base.faces[own], return_inverse=True)
        self._faces = faces.reshape(-1, 4)
        self.weight = {bone: values[self._used] for bone, values in weight.items()}
        at = {bone: self._joint(f"{bone}.{letter}____head") for bone in bones}
        frame = self._frame(at)
        self.joint = {bone: frame @ (place - at["finger3-1"]) for bone, place in at.items()}
        self.verts = (human.rest[self._used] - at["finger3-1"]) @ frame.T
        self.bend = dict.fromkeys(OPEN, (0, 0, 0))
        self.oppose, self.together, self.turn = (0, 0), 0.0, 0.0

    def shape(self) -> np.ndarray:
        """Its vertices (N, 3) as bent now."""
        turned = moved(self.verts, self.forearm())
        made = turned + (self.verts - turned) * self.weight["wrist"][:, None]
        for finger in OPEN:
            own = [self.weight[f"finger{finger}-{joint}"] for joint in JOINTS] + [0]
            for j, bone in enumerate(self._bones(finger)):
                made += (own[j] - own[j + 1])[:, None] * (moved(self.verts, bone) - self.verts)
        return made

    def forearm(self) -> np.ndarray:
        """(4, 4): turned about the wrist."""
        turn = mh.rotation((0, 0, 1), self.sign * np.radians(self.turn))
        return about(self.joint["wrist"], turn)

    def close(self, gap: Callable[[np.ndarray], np.ndarray]) -> None:
        """Curl each finger until it touches, then its outer joints alone; `gap` < 0 is inside."""
        for finger in FINGERS:
            bend = np.zeros(3)
            for joint in JOINTS:
                own = self.weight[f"finger{finger}-{joint}"] > 0.6
                curled = np.arange(1, 4) >= joint
                least, most = 0.0, MOST_BEND
                for _ in range(8):
                    middle = (least + most) / 2
                    self.bend[finger] = bend + middle * curled
                    free = gap(self.shape()[own]).min() > 0.004
                    least, most = (middle, most) if free else (least, middle)
                bend += least * curled
            self.bend[finger] = bend

    def objects(self, skin_material: bpy.types.Material) -> list[bpy.types.Object]:
        """Skin and sleeve as bent now, in hand space."""
        base, verts = self.human.base, self.shape()
        uv = base.uv, base.face_uv[self._rows]
        rest = self.human.rest[self._used]
        skin, _ = mesh("hand", verts, self._faces, skin_material, uv=uv, rest=rest, smooth=2)
        cloth = _cloth(self.human.spec["cloth"]["color"])
        return [skin, solid("sleeve", self._sleeve(verts), cloth, 1)]

    def _joint(self, name: str) -> np.ndarray:
        return self.human.rest[self.human.base.meta["joint_pos_idxs"][name]].mean(0)

    def _frame(self, at: dict[str, np.ndarray]) -> np.ndarray:
        y = unit(at["finger3-1"] - at["wrist"])
        x = (at["finger2-1"] - at["finger5-1"]) * self.sign
        x = unit(x - y * (x @ y))
        return np.array([x, y, np.cross(x, y)])

    def _bones(self, finger: int) -> list[np.ndarray]:
        """(4, 4) of the three bones of a finger."""
        ends = self.joint[f"finger{finger}-3"] - self.joint[f"finger{finger}-1"]
        back = (self.sign * 0.75, -0.2, 0.65) if finger == THUMB else (0, 0, 1)
        axis = unit(np.cross(back, unit(ends)))
        bones = [np.eye(4)]
        for joint, angle in zip(JOINTS, np.radians(self.bend[finger]), strict=True):
            turn = mh.rotation(axis, angle)
            if joint == 1:
                turn = self._knuckle(finger) @ turn
            bones.append(bones[-1] @ about(self.joint[f"finger{finger}-{joint}"], turn))
        return bones[1:]

    def _knuckle(self, finger: int) -> np.ndarray:
        """Sideways turn of a finger, or the thumb's swing."""
        if finger == THUMB:
            palm, side = self.sign * np.radians(self.oppose)
            return mh.rotation((0, 1, 0), palm) @ mh.rotation((0, 0, 1), side)
        return mh.rotation((0, 0, 1), self.sign * np.radians(self.together * TOGETHER[finger]))

    def _sleeve(self, verts: np.ndarray) -> Shape:
        """A cloth tube around the forearm, from above the wrist to beyond the elbow."""
        ends = np.array([self.joint["wrist"], self.joint["lowerarm01"]])
        wrist, elbow = moved(ends, self.forearm())
        length, along = np.linalg.norm(elbow - wrist), unit(elbow - wrist)
        a = unit(np.cross(along, (0, 0, 1)))
        b = np.cross(a, along)
        far, *across = ((verts - wrist) @ np.stack([along, a, b], 1)).T
        u = around(40)[:, None]
        rings = []
        for reach, loose in _sleeve_rings(length):
            near = np.abs(far - min(reach, length * 0.9)) < 0.2
            centre = np.array([way[near].mean() for way in across])
            wide = [np.abs(way[near] - c).max() for way, c in zip(across, centre, strict=True)]
            fold = 1 + 0.02 * np.sin(9 * reach + 2 * u) * min(1, max(0, reach - 0.45))
            x, y = (wide[0] + loose) * fold * np.cos(u), (wide[1] + loose) * fold * np.sin(u)
            rings.append(wrist + along * reach + a * (centre[0] + x) + b * (centre[1] + y))
        return np.concatenate(rings), grid_faces(len(rings), len(u))


def _sleeve_rings(length: float) -> np.ndarray:
    """(N, 2): distance up the arm from the wrist, and from the skin; the hem is turned in."""
    hem = [(0.30, 0.02), (0.28, 0.03), (0.28, 0.055), (0.30, 0.065), (0.36, 0.06), (0.42, 0.055)]
    return np.array(hem + [(reach, 0.075) for reach in np.linspace(0.5, length + 1.2, 22)])


def _cloth(colour: tuple) -> bpy.types.Material:
    """Woven stuff of one colour (linear RGB)."""
    made, n = nodes.material("sleeve")
    at = n.attribute("rest", "Vector")
    threads = n.noise(at, 900, 3, 0.7)
    waves = n.math("MULTIPLY", n.noise(at, 60, 4), 3.0)
    height = n.math("ADD", n.math("MULTIPLY", threads, 0.5), waves)
    n.shade(
        Base_Color=n.tint(0.5, colour, n.ramp(threads, (0.3, 0.7), (0.7, 1.25))),
        Roughness=0.85,
        Specular_IOR_Level=0.2,
        Sheen_Weight=0.25,
        Normal=n.add("Bump", Strength=0.35, Distance=0.0015, Height=height).outputs[0],
    )
    return made


def _mug() -> Shape:
    """Upright, its middle at the origin, the handle towards +x."""
    u = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 28)
    x, y = MUG_RADIUS - 0.02 + 0.25 * np.cos(u) ** 0.7, 0.46 + 0.27 * np.sin(u)
    loop = np.column_stack([x, y, 0 * u])
    along = unit(np.gradient(loop, axis=0))
    out = np.column_stack([along[:, 1], -along[:, 0], 0 * u])
    handle = sweep(loop, 0.04 * out, [0, 0, 0.062], sides=14, power=2.4)
    verts, faces = merge(lathe(_mug_profile()), handle)
    return verts - [0, MUG_HIGH / 2, 0], faces


def _mug_profile() -> np.ndarray:
    """(radius, height) from under the foot up the outside, over the rim and down the inside."""
    r, h, w = MUG_RADIUS, MUG_HIGH, MUG_WALL
    bend, lip = np.linspace(0, np.pi / 2, 8), np.linspace(0, np.pi, 9)
    under = [[0.001, 0.012], [r - 0.13, 0.012], [r - 0.12, 0]]
    foot = np.column_stack([r - 0.09 + 0.09 * np.sin(bend), 0.09 - 0.09 * np.cos(bend)])
    wall = np.linspace(0.15, h - 0.06, 6)
    outside, inside = (np.column_stack([0 * wall + x, wall]) for x in (r, r - w))
    rim = np.column_stack([r - w / 2 + w / 2 * np.cos(lip), h - w / 2 + w / 2 * np.sin(lip)])
    floor = np.column_stack([r - w - 0.09 + 0.09 * np.cos(bend), 0.14 - 0.09 * np.sin(bend)])
    return np.concatenate([under, foot, outside, rim, inside[::-1], floor, [[0.001, 0.05]]])


def _grip(hand: Hand) -> np.ndarray:
    """Wrap the hand around the mug; gives the mug's transform (4, 4) to hand space."""
    cup = _mug_in_hand(hand)
    back = np.linalg.inv(cup)
    hand.oppose, hand.turn, hand.bend[THUMB] = (55, 10), -18, GRIP_THUMB
    hand.close(lambda verts: np.hypot(*moved(verts, back)[:, [0, 2]].T) - MUG_RADIUS)
    return cup


def _mug_in_hand(hand: Hand) -> np.ndarray:
    """The mug touches the palm, its top on the thumb's side, its handle away from the palm."""
    tilt = mh.rotation((0, 0, 1), hand.sign * np.radians(MUG_TILT))
    up, handle = tilt @ (hand.sign, 0, 0), np.array([0, 0, -1])
    turn = np.stack([handle, up, np.cross(handle, up)], 1)
    middle = (hand.joint["finger2-1"] + hand.joint["finger5-1"]) / 2 + [0, -0.12, 0]
    palm = hand.weight["wrist"] - sum(hand.weight[f"finger{f}-1"] for f in OPEN)
    inner = hand.verts[palm > 0.9] - middle
    x, y, z = (inner[inner[:, 2] < 0.1] @ turn).T
    near = (np.abs(y) < MUG_HIGH / 2) & (np.abs(z) < MUG_RADIUS)
    reach = (x[near] + np.sqrt(MUG_RADIUS**2 - z[near] ** 2)).max()
    return transform(turn, middle + turn @ [reach + 0.01, GRIP_BELOW, 0])


class _Lift:
    """The mug rises from below the picture, rests at the mouth, and goes down."""

    def __init__(self, human: Human, hand: Hand, cup: np.ndarray) -> None:
        turn = mh.rotation((0, 1, 0), np.radians(GRIP_TURN))
        self._grip = transform(turn) @ np.linalg.inv(cup)
        near = np.concatenate([_mug()[0][::5], moved(hand.shape(), self._grip)])
        self._top = human.rest[list(LIPS)].mean(0) + [0, -0.17, 0]
        self._top[2] += Skin(human).push(moved(near, _tilted(SIP, self._top))) + 0.02

    def mug(self, seconds: float) -> np.ndarray:
        """(4, 4) to head space."""
        up = max(_lifted(seconds - start) for start in SIPS)
        way = np.array([up**1.3, up, up**1.6])  # towards the face last
        angle = UPRIGHT + (SIP - UPRIGHT) * _ease((up - 0.45) / 0.55)
        return _tilted(angle, self._top + LOW * (1 - way) + _tremble(seconds, 0.006))

    def hand(self, seconds: float) -> np.ndarray:
        """(4, 4) to head space."""
        return self.mug(seconds) @ self._grip


class _Stroke:
    """The open hand comes from below, slides over the cheek to the eye's corner, goes down."""

    def __init__(self, human: Human, hand: Hand) -> None:
        self._sign = hand.sign
        eye = human.eye_centre[hand.side]
        self._times = np.arange(0, STROKING + STEP, STEP)
        keys = self._between_keys() * [-self._sign, 1, 1, 1, 1] + [0, eye[1], 0, 0, 0]
        near, skin = hand.shape()[hand.weight["wrist"] > 0.5][::3], Skin(human)
        depth = [skin.push(moved(near, self._place(*key, 0.0))) for key in keys]
        depth = _settled(np.maximum(depth, eye[2] - 0.1)) + TOUCHING
        self._track = np.column_stack([keys, depth])

    def __call__(self, seconds: float) -> np.ndarray:
        """(4, 4) to head space."""
        now = [np.interp(seconds, self._times, values) for values in self._track.T]
        shaken = transform(np.eye(3), _tremble(seconds, 0.004))
        return shaken @ self._place(*now)

    def _between_keys(self) -> np.ndarray:
        """(T, 5): the hand eases into and out of each of `STROKE`."""
        i = np.clip(np.searchsorted(STROKE[:, 0], self._times) - 1, 0, len(STROKE) - 2)
        (start, *_), (end, *_) = STROKE[i].T, STROKE[i + 1].T
        s = np.clip((self._times - start) / (end - start), 0, 1)[:, None]
        return STROKE[i, 1:] + (STROKE[i + 1, 1:] - STROKE[i, 1:]) * s * s * (3 - 2 * s)

    def _place(self, x, y, roll, yaw, pitch, z) -> np.ndarray:
        yaw, roll = -self._sign * yaw, self._sign * roll
        return transform(mh.euler(*np.radians([yaw, pitch, roll])), (x, y, z))


def _settled(depth: np.ndarray) -> np.ndarray:
    """A smooth curve over the depths at which the hand just touches."""
    wide = np.lib.stride_tricks.sliding_window_view(np.pad(depth, 6, mode="edge"), 13).max(1)
    bell = np.exp(-0.5 * (np.arange(-6, 7) / 3) ** 2)
    return np.convolve(np.pad(wide, 6, mode="edge"), bell / bell.sum(), "valid")


def _tilted(degrees: float, place: np.ndarray) -> np.ndarray:
    """(4, 4): the mug's tilt, at a place."""
    return transform(mh.rotation((1, 0, 0), np.radians(degrees)), place)


def _ease(x: float) -> float:
    """0 to 1 with no speed or acceleration at either end."""
    x = np.clip(x, 0, 1)
    return x**3 * (10 - 15 * x + 6 * x * x)


def _lifted(seconds: float) -> float:
    """0, up to 1, stay, and down again."""
    down = _ease((seconds - LIFTING - SIPPING) / LIFTING)
    return _ease(seconds / LIFTING) * (1 - down)


def _tremble(t: float, size: float) -> np.ndarray:
    """A small shake (3,) that never repeats."""
    a, b, c, d, e = np.sin([9.1 * t, 17.3 * t + 1, 8.3 * t + 2, 15.1 * t, 7.7 * t + 4])
    return size * np.array([a + 0.6 * b, c + 0.6 * d, 0.5 * e])
