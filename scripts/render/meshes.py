"""NumPy to Blender: meshes, attributes and transforms."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix

AXES = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
"""MakeHuman's (right, up, front) to Blender's (right, back, up)."""
METRES = 0.1
"""A decimetre."""


def to_blender(points: np.ndarray) -> np.ndarray:
    """(..., 3) decimetres, y up, to metres, z up."""
    return points @ AXES.T * METRES


def to_human(point) -> np.ndarray:
    """The way back, for one point (3,)."""
    return np.array(point) @ AXES / METRES


def matrix(transform: np.ndarray) -> Matrix:
    """The same (4, 4) transform for Blender's space."""
    turned = np.eye(4)
    turned[:3, :3] = AXES @ transform[:3, :3] @ AXES.T
    turned[:3, 3] = to_blender(transform[:3, 3])
    return Matrix(turned.tolist())


def add(name: str, data: bpy.types.ID, *materials: bpy.types.Material) -> bpy.types.Object:
    """Put a mesh, curves, lamp or camera into the scene."""
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    for material in materials:
        data.materials.append(material)
    return made


def mesh(name, verts, faces, material, *, uv=None, rest=None, smooth=0):
    """Add a mesh of the vertices (N, 3) dm that its faces (F, 4) use.

    `uv` is (coordinates, (F, 4) indices); `rest` (N, 3) keeps textures in place while vertices
    move; `smooth` subdivides so many times. Gives the object and the indices of its vertices.
    """
    used, own = np.unique(faces, return_inverse=True)
    corners = [_corners(face) for face in own.reshape(faces.shape).tolist()]
    data = bpy.data.meshes.new(name)
    data.from_pydata(to_blender(verts[used]).tolist(), [], corners)
    data.polygons.foreach_set("use_smooth", np.ones(len(corners), bool))
    if uv is not None:
        kept = [face[: len(c)] for face, c in zip(uv[1].tolist(), corners, strict=True)]
        flat = np.concatenate([uv[0][face] for face in kept]).astype(np.float32)
        data.uv_layers.new(name="UVMap").data.foreach_set("uv", flat.ravel())
    made = add(name, data, material)
    if rest is not None:
        attribute(made, "rest", to_blender(rest[used]), "FLOAT_VECTOR", "vector")
    if smooth:
        subdivide = made.modifiers.new("smooth", "SUBSURF")
        subdivide.levels = subdivide.render_levels = smooth
        subdivide.uv_smooth = "PRESERVE_BOUNDARIES"
    return made, used


def attribute(thing, name: str, values: np.ndarray, kind="FLOAT", field="value") -> None:
    """Store a value per vertex for the shaders to read."""
    made = thing.data.attributes.new(name, kind, "POINT")
    made.data.foreach_set(field, np.asarray(values, np.float32).ravel())


def update(thing, name: str, values: np.ndarray) -> None:
    """Change the values that `attribute` stored."""
    thing.data.attributes[name].data.foreach_set("value", np.asarray(values, np.float32).ravel())
    thing.data.update_tag()


def move(thing: bpy.types.Object, verts: np.ndarray) -> None:
    """Give every vertex of a mesh a new place, (N, 3) dm."""
    thing.data.vertices.foreach_set("co", to_blender(verts).astype(np.float32).ravel())
    thing.data.update()


def _corners(face: list[int]) -> list[int]:
    return face if face[3] != face[2] else face[:3]
