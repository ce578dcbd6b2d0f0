"""Four simple rooms behind the person, out of focus, and the light that belongs to them.

Metres; x to the right of the picture, y away from the camera, z up from the camera's height.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Vector
from meshes import add
from nodes import plain

LIGHT = {
    "window": {
        "key": (0.93, 0.97, 1.0), "key_gain": 1.05, "key_size": 1.3,
        "fill": (1.0, 0.93, 0.86), "fill_gain": 0.65,
        "rim": (1.0, 0.98, 0.95), "rim_gain": 0.5, "ambient": 0.20,
    },
    "lamp": {
        "key": (1.0, 0.90, 0.78), "key_gain": 0.95, "key_size": 0.8,
        "fill": (0.95, 0.95, 1.0), "fill_gain": 0.7,
        "rim": (1.0, 0.85, 0.66), "rim_gain": 0.6, "ambient": 0.15,
    },
    "evening": {
        "key": (1.0, 0.82, 0.64), "key_gain": 0.72, "key_size": 0.7,
        "fill": (0.75, 0.85, 1.0), "fill_gain": 0.55,
        "rim": (0.60, 0.76, 1.0), "rim_gain": 1.3, "ambient": 0.08,
    },
    "office": {
        "key": (1.0, 0.98, 0.95), "key_gain": 0.85, "key_size": 1.6,
        "fill": (0.95, 0.98, 1.0), "fill_gain": 1.1,
        "rim": (0.95, 0.98, 1.0), "rim_gain": 0.5, "ambient": 0.28,
    },
}  # fmt: skip
"""Three lamps and what comes from everywhere. A person's `light` overrides single values; their
`gain` scales all lamps, `side` -1 puts the key light on the left of the picture."""
HEAD = (0, -0.05, 0.72)
WALL = 2.8
BOOKS = (
    (0.35, 0.08, 0.06), (0.08, 0.16, 0.30), (0.55, 0.47, 0.32),
    (0.10, 0.22, 0.16), (0.60, 0.58, 0.55), (0.45, 0.25, 0.08),
)  # fmt: skip
WOOD, DARK_WOOD = (0.28, 0.16, 0.08), (0.30, 0.20, 0.13)


def values(spec: dict) -> dict:
    """The light of a person's room, with what is different for this person."""
    return {"gain": 1.0, "side": -1, "key_x": 0.95} | LIGHT[spec["room"]] | spec["light"]


def key_lamp(own: dict) -> tuple[float, float, float]:
    """Where the main lamp is, from `values`."""
    return own["side"] * own["key_x"], -1.25, 1.15


def light(spec: dict) -> dict:
    """Put up the lamps for a person; gives the values used."""
    own = values(spec)
    gain, side, size = own["gain"], own["side"], own["key_size"]
    _lamp(key_lamp(own), (size, size * 1.2), 26 * gain * own["key_gain"], own["key"])
    _lamp((-side * 1.3, -0.9, 0.75), (1.2, 1.2), 7 * gain * own["fill_gain"], own["fill"])
    _lamp((-side * 0.7, 0.9, 1.25), (0.5, 0.8), 9 * gain * own["rim_gain"], own["rim"])
    return own


def build(spec: dict, camera_z: float) -> None:
    """Build a person's room; `room_shift` moves what stands in it, `room_seed` draws the rest."""
    seed = np.random.default_rng(spec.get("room_seed", 1))
    _ROOMS[spec["room"]](_Builder(camera_z, spec.get("room_shift", 0.0), seed))


def _lamp(at: tuple, size: tuple, watts: float, colour: tuple) -> bpy.types.Object:
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.energy, lamp.color = watts, colour
    lamp.shape, lamp.size, lamp.size_y = "RECTANGLE", *size
    made = add("lamp", lamp)
    made.location = at
    made.rotation_euler = (Vector(HEAD) - Vector(at)).to_track_quat("-Z", "Y").to_euler()
    made.visible_camera = False
    return made


class _Builder:
    def __init__(self, z: float, shift: float, rng) -> None:
        self._z, self._shift, self.rng = z, shift, rng

    def box(self, low: tuple, high: tuple, colour: tuple, glow=0.0) -> None:
        move = np.array([self._shift, 0, self._z])
        ends = np.array([low, high]) + move
        corners = [[ends[i >> axis & 1, axis] for axis in range(3)] for i in range(8)]
        faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
        data = bpy.data.meshes.new("box")
        data.from_pydata(corners, [], faces)
        add("box", data, plain("room", colour, glow=glow))

    def wall(self, colour: tuple) -> None:
        self.box((-6, WALL, -3), (6, WALL + 0.1, 4), colour)

    def shelf(self, left: float, right: float, boards: tuple) -> None:
        for z in boards:
            self.box((left, 2.4, z), (right, WALL, z + 0.03), WOOD)
            x = left + 0.03
            while x < right - 0.1:
                wide = self.rng.uniform(0.025, 0.06)
                if self.rng.random() < 0.85:
                    top = z + 0.03 + self.rng.uniform(0.2, 0.33)
                    colour = BOOKS[self.rng.integers(len(BOOKS))]
                    self.box((x, 2.45, z + 0.03), (x + wide, 2.65, top), colour)
                x += wide + 0.004

    def window(self, left: float, right: float, sky: tuple, glow: float, frame: tuple) -> None:
        middle = (left + right) / 2
        self.box((left - 0.08, 2.76, -0.6), (right + 0.08, WALL, 1.25), frame)
        self.box((left, 2.74, -0.52), (middle - 0.025, 2.77, 1.2), sky, glow)
        self.box((middle + 0.025, 2.74, -0.52), (right, 2.77, 1.2), sky, glow * 0.9)

    def plant(self, x: float, z: float) -> None:
        for _ in range(40):
            leaf = np.array([x, 2.5, z + 0.25]) + self.rng.normal(size=3) * [0.15, 0.06, 0.16]
            size = self.rng.uniform(0.02, 0.05)
            self.box(leaf - size, leaf + size, (0.06, 0.20, 0.06))
        self.box((x - 0.1, 2.42, z - 0.12), (x + 0.1, 2.6, z + 0.06), (0.55, 0.30, 0.2))

    def table_lamp(self, x: float, z: float, glow: float) -> None:
        self.box((x - 0.13, 2.4, z), (x + 0.13, 2.6, z + 0.24), (1.0, 0.72, 0.42), glow)
        self.box((x - 0.02, 2.49, z - 0.5), (x + 0.02, 2.51, z), (0.15, 0.1, 0.06))

    def light(self, watts: float, colour: tuple) -> None:
        lamp = _lamp((0.3, 1.5, self._z + 1.7), (2.0, 2.0), watts, colour)
        lamp.rotation_euler = (0.5, 0, 0)


def _window(b: _Builder) -> None:
    b.wall((0.52, 0.54, 0.52))
    b.window(-1.5, -0.35, (0.80, 0.90, 1.0), 2.0, (0.75, 0.75, 0.73))
    b.box((-0.27, 2.6, -0.9), (-0.05, 2.7, 1.4), (0.62, 0.60, 0.55))
    b.box((0.4, 2.4, -1.2), (1.5, 2.75, -0.2), DARK_WOOD)
    b.plant(0.75, -0.08)
    b.light(40, (0.93, 0.97, 1.0))


def _lamplight(b: _Builder) -> None:
    b.wall((0.55, 0.46, 0.36))
    b.shelf(0.15, 1.6, (-0.95, -0.53, -0.11, 0.31))
    b.table_lamp(-0.5, -0.02, 2.4)
    b.box((-1.1, 2.4, -1.2), (-0.2, 2.75, -0.5), (0.22, 0.13, 0.08))
    b.light(26, (1.0, 0.86, 0.66))


def _evening(b: _Builder) -> None:
    b.wall((0.16, 0.17, 0.20))
    b.window(-0.2, 1.2, (0.10, 0.17, 0.32), 0.45, (0.10, 0.09, 0.09))
    for _ in range(14):
        x, z = b.rng.uniform(-0.15, 1.15), b.rng.uniform(-0.5, 0.25)
        size = b.rng.uniform(0.008, 0.018)
        colour = (1.0, b.rng.uniform(0.4, 0.7), 0.20)
        b.box((x - size, 2.70, z - size), (x + size, 2.72, z + size), colour, 3)
    b.table_lamp(-0.75, -0.25, 1.6)
    b.light(9, (1.0, 0.75, 0.5))


def _office(b: _Builder) -> None:
    b.wall((0.50, 0.52, 0.54))
    b.box((0.45, 2.77, -0.05), (1.25, WALL, 0.55), (0.10, 0.09, 0.08))
    b.box((0.50, 2.75, 0.0), (1.20, 2.78, 0.50), (0.42, 0.47, 0.50))
    b.box((-1.35, 2.76, -2.5), (-0.55, WALL, 0.75), (0.36, 0.37, 0.38))
    b.box((-3, 2.72, -0.62), (3, WALL, -0.56), (0.30, 0.31, 0.32))
    b.light(42, (1.0, 0.98, 0.95))


_ROOMS = {"window": _window, "lamp": _lamplight, "evening": _evening, "office": _office}
