"""The ribbed band at the neck of a jersey: where cloth ends on skin, a mesh shows a ragged edge."""

from __future__ import annotations

import numpy as np
from human import Human
from mh import Part
from scipy.ndimage import gaussian_filter1d
from shapes import Shape, smooth_path, sweep, unit

RIBS, POINTS = 84, 336
"""Ribs around the neck, and points of the band."""
THICK, HIGH, RELIEF = 0.045, 0.11, 0.12
"""Half axes of the band (dm), and how much thicker a rib is than the groove beside it."""
OUTSIDE, ABOVE = 0.02, 0.03
"""Decimetres from the edge of the garment to the middle of the band."""
WIDEST = 1.1
"""The opening for the neck lies within this distance (dm) of the middle."""


def opening(part: Part, human: Human) -> np.ndarray:
    """The vertices (K,) of the highest edge of a garment around the neck, in order."""
    sides = np.concatenate([np.stack([part.faces, np.roll(part.faces, -1, 1)], -1)]).reshape(-1, 2)
    found, count = np.unique(np.sort(sides, 1), axis=0, return_counts=True)
    border = found[count == 1]
    verts = part.fit(human.rest)
    loops = [loop for loop in _loops(border) if np.abs(verts[loop, 0]).max() < WIDEST]
    return max(loops, key=lambda loop: verts[loop, 1].mean())


def band(verts: np.ndarray, loop: np.ndarray) -> Shape:
    """The band on a garment whose vertices are `verts` (N, 3)."""
    line = verts[[*loop, *loop[:3]]]
    path = smooth_path(line, POINTS * (len(loop) + 2) // len(loop) + 1)
    start = len(path) * 1 // (len(loop) + 2)
    path = path[start : start + POINTS]
    path = gaussian_filter1d(path, POINTS / len(loop), axis=0, mode="wrap")
    out = unit((path - path.mean(0)) * [1, 0, 1])
    path = path + OUTSIDE * out + [0, ABOVE, 0]
    ribs = 1 + RELIEF * np.sin(2 * np.pi * RIBS * np.arange(POINTS) / POINTS)
    return sweep(path, out * (THICK * ribs)[:, None], [0, HIGH, 0], ring=True, sides=10)


def _loops(edges: np.ndarray) -> list[np.ndarray]:
    """Closed lines of vertices from pairs (E, 2) of neighbours."""
    beside: dict[int, list[int]] = {}
    for a, b in edges.tolist():
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    loops = []
    while beside:
        loop = [next(iter(beside))]
        while ahead := [v for v in beside.get(loop[-1], []) if v not in loop]:
            loop.append(ahead[0])
        for vertex in loop:
            beside.pop(vertex)
        loops.append(np.array(loop))
    return loops
