"""Geometry of things that are worn and held, as NumPy arrays in MakeHuman's space (dm, y up)."""

from __future__ import annotations

import bpy
import meshes
import numpy as np
from human import SIDES, Human
from mathutils import Vector
from mathutils.bvhtree import BVHTree

Shape = tuple[np.ndarray, np.ndarray]
"""Vertices (N, 3) dm and faces (F, 4)."""
BESIDE = -9.0
"""Depth (dm) where there is no person."""


def unit(v: np.ndarray) -> np.ndarray:
    """The same direction, of length 1."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def transform(turn: np.ndarray, origin=(0, 0, 0)) -> np.ndarray:
    """Rotation (3, 3) and then a shift, as (4, 4)."""
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = turn, origin
    return made


def moved(verts: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Points (N, 3) after a transform (4, 4)."""
    return verts @ by[:3, :3].T + by[:3, 3]


def grid_faces(rows: int, columns: int, *, ring=False) -> np.ndarray:
    """Quads of a grid of vertices numbered row by row.

    The last column meets the first; with `ring`, so does the last row.
    """
    i, j = np.indices((rows - (not ring), columns)).reshape(2, -1)
    below, right = (i + 1) % rows, (j + 1) % columns
    return np.stack(
        [i * columns + j, i * columns + right, below * columns + right, below * columns + j], 1
    )


def merge(*shapes: Shape) -> Shape:
    """Several as one."""
    starts = np.cumsum([0] + [len(verts) for verts, _ in shapes[:-1]])
    faces = [faces + start for start, (_, faces) in zip(starts, shapes, strict=True)]
    return np.concatenate([verts for verts, _ in shapes]), np.concatenate(faces)


def solid(name: str, shape: Shape, material, smooth=0) -> bpy.types.Object:
    """The shape as a Blender object."""
    verts, faces = shape
    return meshes.mesh(name, verts, faces, material, rest=verts, smooth=smooth)[0]


def around(count: int) -> np.ndarray:
    """Angles of a full turn, radians."""
    return np.linspace(0, 2 * np.pi, count, endpoint=False)


def rounded(count: int, power: float) -> np.ndarray:
    """(2, count): a circle for power 2, a rounder square the larger the power."""
    u = around(count)
    circle = np.stack([np.cos(u), np.sin(u)])
    return np.sign(circle) * np.abs(circle) ** (2 / power)


def sweep(path, a, b, *, ring=False, sides=12, power=2.0) -> Shape:
    """A tube along a path (N, 3) with the half axes a, b (N, 3) or (3,), closed at its ends.

    With `ring`, the end meets the start. `power` as in `rounded`.
    """
    a, b = (np.broadcast_to(axis, path.shape) for axis in (a, b))
    if not ring:
        path = path[[0, *range(len(path)), -1]]
        a, b = (np.pad(axis, ((1, 1), (0, 0))) for axis in (a, b))
    c, s = rounded(sides, power)[:, None, :, None]
    verts = path[:, None] + c * a[:, None] + s * b[:, None]
    return verts.reshape(-1, 3), grid_faces(len(path), sides, ring=ring)


def lathe(profile: np.ndarray, sides=64) -> Shape:
    """Turn (radius, height) pairs (N, 2) about the y axis."""
    u = around(sides)
    radius, height = profile[:, :1], profile[:, 1:]
    verts = np.stack([radius * np.cos(u), height + 0 * u, radius * np.sin(u)], -1)
    return verts.reshape(-1, 3), grid_faces(len(profile), sides)[:, ::-1]


def smooth_path(points: np.ndarray, count: int) -> np.ndarray:
    """Catmull-Rom curve of `count` points through the given ones (K, D)."""
    p = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, len(points) - 1, count)
    i = np.minimum(t.astype(int), len(points) - 2)
    t = (t - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    square, cube = 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d
    return 0.5 * (2 * b + (c - a) * t + square * t**2 + cube * t**3)


class Skin:
    """The surface of a person at rest: head and trunk, no arms."""

    def __init__(self, human: Human) -> None:
        self._eyes = human.eye_centre
        quads = human.base.faces[human.base.material == 0]
        corners = human.rest[quads]
        near = (np.abs(corners[..., 0]) < 2.2).all(1) & (corners[..., 1] > 2.0).all(1)
        self._tree = BVHTree.FromPolygons(human.rest.tolist(), quads[near].tolist())

    def hit(self, origin, direction) -> np.ndarray | None:
        """First point (3,) of the skin on a ray."""
        point = self._tree.ray_cast(Vector(origin), Vector(direction))[0]
        return None if point is None else np.array(point)

    def depth(self, x: float, y: float) -> float:
        """Z of the skin seen from the front."""
        point = self.hit((x, y, 9), (0, 0, -1))
        return BESIDE if point is None else point[2]

    def push(self, verts: np.ndarray) -> float:
        """How far verts must move along z until none is behind the face."""
        return max(self.depth(x, y) - z for x, y, z in verts)

    def half_width(self, side: str, y: float, z: float) -> float:
        """Distance of the skin from the middle plane, seen from the side; 0 if there is none."""
        sign = SIDES[side][1]
        point = self.hit((sign * 3, y, z), (-sign, 0, 0))
        return 0.0 if point is None else sign * point[0]

    def above_ear(self, side: str) -> np.ndarray:
        """(|x|, y, z) of the fold above an ear."""
        eye = self._eyes[side]
        heights = np.arange(eye[1] - 0.1, eye[1] + 0.5, 0.02)
        found = []
        for z in np.arange(0.15, 0.75, 0.03):
            width = np.array([self.half_width(side, y, z) for y in heights])
            step = width[:-2] - width[2:]  # inwards, at the upper edge of the ear
            k = step.argmax()
            if step[k] > 0.05:
                found.append((width[k + 2], heights[k] + 0.02, z))
        return np.array(max(found, key=lambda place: place[1]))
