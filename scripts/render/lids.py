"""The edges of the eyelids on the smoothed skin, where they are seen."""

from __future__ import annotations

import mh
import numpy as np
from places import PLACES

EDGES = ("upper", "lower")


class Smoothed:
    """Where vertices of a mesh come to lie when it is subdivided (Catmull and Clark's surface)."""

    def __init__(self, faces: np.ndarray, vertices: np.ndarray) -> None:
        rings = [_ring(faces, vertex) for vertex in vertices]
        self._near = np.unique([v for ring in rings for v in ring])
        self._weights = np.zeros((len(rings), len(self._near)))
        for row, ring in zip(self._weights, rings, strict=True):
            row[np.searchsorted(self._near, list(ring))] = list(ring.values())

    def __call__(self, verts: np.ndarray) -> np.ndarray:
        """(N, 3): their places, from all vertices of the mesh."""
        return self._weights @ verts[self._near]


class Edges:
    """The lines where lashes grow, each from the outer to the inner corner of the eye."""

    def __init__(self, base: mh.Part) -> None:
        faces = base.faces[base.material == 0]
        self._lines = {}
        for side in ("left", "right"):
            outer, inner = PLACES[f"{side}_eye_corners"]
            for edge in EDGES:
                line = [outer, *PLACES[f"{side}_eye_{edge}"], inner]
                self._lines[side, edge] = Smoothed(faces, np.array(line))

    def __call__(self, verts: np.ndarray, side: str, edge: str) -> np.ndarray:
        """(9, 3): one edge, 'upper' or 'lower', on a base mesh (VERTICES, 3)."""
        return self._lines[side, edge](verts)

    def gap(self, verts: np.ndarray, side: str) -> tuple[np.ndarray, np.ndarray]:
        """Places (9,) from right to left along x, and how far the lids are apart there."""
        upper, lower = (in_order(self(verts, side, edge)) for edge in EDGES)
        apart = upper[:, 1] - np.interp(upper[:, 0], lower[:, 0], lower[:, 1])
        apart[[0, -1]] = 0
        return upper[:, 0], apart


def in_order(line: np.ndarray) -> np.ndarray:
    """The same points (N, 3), from right to left."""
    return line[np.argsort(line[:, 0])]


def _ring(faces: np.ndarray, vertex: int) -> dict[int, float]:
    """Weights of a vertex and those around it for its place on the smoothed surface."""
    around = faces[(faces == vertex).any(1)]
    count = len(around)
    ring = {int(vertex): count / (count + 5)}
    for face in around:
        at = int(np.flatnonzero(face == vertex)[0])
        before, across, after = (int(face[(at + step) % 4]) for step in (-1, 2, 1))
        ring[across] = ring.get(across, 0.0) + 1 / (count * (count + 5))
        for beside in (before, after):
            ring[beside] = ring.get(beside, 0.0) + 2 / (count * (count + 5))
    return ring
