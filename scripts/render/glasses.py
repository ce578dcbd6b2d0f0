"""Glasses: a dark acetate frame with clear lenses, fitted to eyes, nose and ears.

Built in head space: that of the person at rest. Everything in dm.
"""

from __future__ import annotations

import bpy
import eyes
import materials
import nodes
import numpy as np
from human import SIDES, Human
from shapes import Shape, Skin, grid_faces, merge, rounded, smooth_path, solid, sweep, unit

LENS = np.array([0.235, 0.180])
"""Half width and half height of a lens."""
BESIDE_EYE, BELOW_EYE = 0.022, 0.02
"""Where the middle of a lens is."""
RIM, DEEP = 0.0125, 0.016
"""Half thickness of the rim in the lens plane, and front to back."""
ACETATE = (0.012, 0.010, 0.010)
NOSE = 0.14
"""Half width of what stays free between the lenses."""


def glasses(human: Human) -> list[bpy.types.Object]:
    """Frame and lenses in head space, to be moved with the head."""
    fit = _Fit(human)
    rims = [fit.rim(side) for side in SIDES]
    frame = merge(*rims, *(fit.temple(side) for side in SIDES), fit.bridge())
    acetate = nodes.plain("frame", ACETATE, rough=0.22, coat=0.3)
    clear = materials.clear("lens", eyes.lamp(human.spec), width=0.3, strength=0.12)
    lenses = solid("lenses", merge(*(fit.lens(side) for side in SIDES)), clear)
    lenses.visible_shadow = False
    lenses.hide_viewport = True  # hides no point of the face
    return [solid("glasses", frame, acetate), lenses]


class _Fit:
    """Where the parts are on one person's face."""

    def __init__(self, human: Human) -> None:
        self.skin = Skin(human)
        left, right = human.eye_centre["left"], human.eye_centre["right"]
        self.eye = (left + right) / 2
        self.half_apart = (left[0] - right[0]) / 2
        self.forward = self.eye[2] + human.eye_radius["left"] + 0.10
        for side in SIDES:
            for x, y in self.edge(side, 48):
                if abs(x) > NOSE:
                    clear = self.skin.depth(x, y) + DEEP + 0.012 - self._bow(x, y)
                    self.forward = max(self.forward, clear)

    def z(self, x, y):
        """The curved, tilted plane of the lenses, just clear of brow and cheek."""
        return self.forward + self._bow(x, y)

    def _bow(self, x, y):
        return -0.05 * (x / self.half_apart) ** 2 + 0.10 * (y - self.eye[1])

    def middle(self, side: str) -> np.ndarray:
        """(x, y) of a lens."""
        x = SIDES[side][1] * (self.half_apart + BESIDE_EYE)
        return np.array([x, self.eye[1] - BELOW_EYE])

    def edge(self, side: str, count=96) -> np.ndarray:
        """(count, 2) around a lens."""
        return _outline(count) * [SIDES[side][1], 1] + self.middle(side)

    def rim(self, side: str) -> Shape:
        """The frame around a lens, stronger above."""
        edge = self.edge(side)
        x, y = (edge - self.middle(side)).T
        out = unit(np.column_stack([x / LENS[0] ** 2, y / LENS[1] ** 2, 0 * x]))
        thick = RIM * (1 + 0.25 * np.clip(y[:, None] / LENS[1], 0, 1))
        path = np.column_stack([edge, self.z(*edge.T)])
        return sweep(path, out * thick, [0, 0, DEEP], ring=True, power=3.0)

    def lens(self, side: str) -> Shape:
        """A disc that fills the rim."""
        edge, middle = self.edge(side), self.middle(side)
        rings = middle + (edge - middle) * np.linspace(0.999, 0.001, 8)[:, None, None]
        verts = np.dstack([rings, self.z(rings[..., 0], rings[..., 1])]).reshape(-1, 3)
        return verts, grid_faces(8, len(edge))

    def bridge(self) -> Shape:
        """The bar over the nose between the rims."""
        end = self.half_apart + BESIDE_EYE - LENS[0] + 0.004
        x = np.linspace(-end, end, 21)
        arch = 1 - (x / end) ** 2
        height = self.eye[1] + 0.045
        y = height + 0.035 * arch
        nose = max(map(self.skin.depth, x, y))
        lift = max(0.0, nose + DEEP + 0.008 - self.z(0, height))
        path = np.column_stack([x, y, self.z(x, y) + lift * np.sqrt(arch)])
        return sweep(path, [0, 0.021, 0], [0, 0, 0.014], power=2.6)

    def temple(self, side: str) -> Shape:
        """From the hinge along the head to the ear, then down behind it."""
        sign = SIDES[side][1]
        line = self._to_ear(side)
        hook = np.array([[-0.02, -0.04, -0.10], [-0.05, -0.16, -0.18], [-0.07, -0.32, -0.23]])
        hook = line[-1] + hook * [sign, 1, 1]
        path = smooth_path(np.concatenate([line[::3], line[-1:], hook]), 40)
        return sweep(path, [sign * 0.009, 0, 0], [0, 0.019, 0.004], sides=10, power=3.0)

    def _to_ear(self, side: str) -> np.ndarray:
        sign = SIDES[side][1]
        x, y = self.middle(side) + [sign * (LENS[0] + 0.012), 0.095]
        hinge = np.array([x, y, self.z(x, y) - 0.005])
        ear = self.skin.above_ear(side) * [sign, 1, 1] + [0, 0.02, 0]
        line = hinge + (ear - hinge) * np.linspace(0, 1, 24)[:, None]
        straight = np.abs(line[:, 0])
        wide = straight.copy()
        for i in range(20):
            wide[i] = max(wide[i], self.skin.half_width(side, *line[i, 1:]) + 0.016)
        wide = np.convolve(np.pad(wide, 2, mode="edge"), np.ones(5) / 5, "valid")
        line[1:, 0] = sign * np.maximum(np.maximum.accumulate(wide), straight)[1:]
        return line


def _outline(count: int) -> np.ndarray:
    """Rounded rectangle, narrower below: (count, 2) about the middle of the lens, x outwards."""
    c, s = rounded(count, 3.4)
    return np.stack([c * (1 + 0.05 * s), s - 0.03 * c], 1) * LENS
