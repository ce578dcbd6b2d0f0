"""Swap: cut a face out of one picture, warp it to the shape of another face, and blend it in.

Notebook: 04_swap.ipynb

The source is the picture that gives the face. The target is the picture that receives it. A swap
that is shown or kept needs consent and a mark: see `framewise.fakes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np

from framewise import alignment, consent, detection, landmarks
from framewise.blending import BLENDS, blend, face_mask, match_colour, sharpen
from framewise.clips import Clip
from framewise.pairing import nearest_frames, only_track, smooth_points

__all__ = [
    "BLENDS",
    "Recipe",
    "Swap",
    "blend",
    "face_mask",
    "match_colour",
    "mesh_triangles",
    "nearest_frames",
    "only_track",
    "put_in",
    "sharpen",
    "smooth_points",
    "swap_clip",
    "swap_face",
    "warp_face",
]

LEAST_FACE = 48.0
"""Height in pixels of the smallest face that can be swapped."""

MOST_APART = 40.0
"""How many degrees apart two heads may be turned for a swap."""


@dataclass(frozen=True)
class Recipe:
    """How a swap is made. `shrink` and `feather` are shares of the face's width.

    Raises
    ------
    ValueError
        `blend` is not one of `BLENDS`, or a number is negative, infinite or NaN.
    """

    shrink: float = 0.03
    """How far the mask's edge lies inside the outline of the face."""
    feather: float = 0.12
    """How wide the soft edge of the mask is."""
    colour: float = 1.0
    """How far the colours are matched, from 0 (not at all) to 1 (fully)."""
    blend: str = "feather"
    """One of `BLENDS`."""
    sharpen: float = 0.0
    """How strongly the warped face is sharpened: the `amount` of `blending.sharpen`."""
    smooth: float = 0.0
    """How strongly the landmarks of a clip are smoothed: the `frames` of `smooth_points`."""

    def __post_init__(self) -> None:
        if self.blend not in BLENDS:
            raise ValueError(f"blend: expected one of {', '.join(BLENDS)}, got {self.blend!r}.")
        for name in ("shrink", "feather", "colour", "sharpen", "smooth"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise ValueError(f"{name}: expected a number of 0 or more, got {value!r}.")


class Swap(NamedTuple):
    """A swapped picture, and what was changed in it."""

    frame: np.ndarray
    """(H, W, 3) uint8 RGB"""
    changed: np.ndarray
    """(H, W) bool: True where the swap may have changed the picture. All other pixels are equal to
    those of the target."""


@cache
def mesh_triangles() -> np.ndarray:
    """Return the triangles that join the 468 points: a Delaunay triangulation.

    It is computed once, on the canonical face, and then used for every face.

    Notebook: 04_swap.ipynb

    Returns
    -------
    (N, 3) int
        The numbers of the three points of each triangle. The array is shared: do not change it.

    References
    ----------
    Delaunay triangulation: Lee and Schachter 1980, doi:10.1007/BF00977785.
    """
    points = alignment.canonical_face(1024).astype(np.float32)
    plane = cv2.Subdiv2D((0, 0, 1024, 1024))
    plane.insert(points)
    corners = plane.getTriangleList().reshape(-1, 3, 2)
    off = np.linalg.norm(corners[:, :, None] - points, axis=3)  # (N, 3, 468)
    return off.argmin(2)[off.min(2).max(1) < 0.01]  # no triangles with corners of the plane


def warp_face(
    source: np.ndarray,
    source_points: np.ndarray,
    target_points: np.ndarray,
    size_wh: tuple[int, int],
) -> np.ndarray:
    """Warp a face to the shape of another face. Each triangle of the mesh has its own affine map.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    source : (H, W, 3) uint8 RGB
    source_points, target_points : (468, 2) float pixels
    size_wh : (int, int)
        Size of the target picture, pixels.

    Returns
    -------
    (H, W, 3) uint8 RGB
        The source's face in the target's place, black outside the mesh.
    """
    triangles = mesh_triangles()
    inside = np.full(size_wh[::-1], -1, np.int32)  # the triangle that each pixel lies in
    corners = np.rint(target_points[triangles] * 16).astype(np.int32)
    for number, triangle in enumerate(corners):
        cv2.fillConvexPoly(inside, triangle, number, shift=4)
    rows, columns = np.nonzero(inside >= 0)
    here = np.stack([columns, rows, np.ones(len(rows))], axis=1)
    maps = _affine_maps(target_points[triangles], source_points[triangles])
    there = np.full((*inside.shape, 2), -1, np.float32)
    there[rows, columns] = np.einsum("ni,nij->nj", here, maps[inside[rows, columns]])
    return cv2.remap(source, there, None, cv2.INTER_LINEAR)


def _affine_maps(src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """Return a (3, 2) matrix A for each triangle (N, 3, 2), so that [x, y, 1] @ A lies in dst."""
    corners = np.concatenate([src, np.ones((*src.shape[:2], 1))], axis=2)
    flat = np.abs(np.linalg.det(corners)) < 1e-6
    corners[flat] = np.eye(3)  # a triangle without area has no map of its own
    return np.linalg.solve(corners, dst.astype(float))


def swap_face(
    source: np.ndarray,
    source_points: np.ndarray,
    target: np.ndarray,
    target_points: np.ndarray,
    recipe: Recipe = Recipe(),
) -> Swap:
    """Put the face of the source on the face of the target, in one picture.

    The result carries no mark. Mark it with `fakes.mark` before you show it, and save it only with
    `fakes.write_fake`.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    source, target : (H, W, 3) uint8 RGB
        They may have different sizes.
    source_points, target_points : (468, 2) float pixels
    recipe : Recipe

    Returns
    -------
    Swap

    Raises
    ------
    ValueError
        A picture is not (H, W, 3) uint8, or the points are not (468, 2). One of the pictures has
        no face, a face less than `LEAST_FACE` pixels high, or a face that is cut off by the edge
        of the picture. Or the two heads are turned more than `MOST_APART` degrees apart.
    """
    _check_face("source", source, source_points)
    _check_face("target", target, target_points)
    apart = abs(landmarks.head_yaw(source_points) - landmarks.head_yaw(target_points))
    if apart > MOST_APART:
        raise ValueError(
            f"source, target: expected two heads turned alike, got {apart:.0f} degrees between "
            f"them ({MOST_APART:.0f} at most). One half of the face would have to be invented. "
            "Choose another frame of the source."
        )
    face = warp_face(source, source_points, target_points, target.shape[1::-1])
    return put_in(face, target, target_points, recipe)


def put_in(
    face: np.ndarray,
    target: np.ndarray,
    points: np.ndarray,
    recipe: Recipe = Recipe(),
    *,
    where: np.ndarray | None = None,
) -> Swap:
    """Match the colours of a face, sharpen it, and blend it into the target.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    face, target : (H, W, 3) uint8 RGB
        The face, already at its place in a picture of the target's size, and the picture that
        receives it.
    points : (468, 2) float pixels
        The landmarks of the target.
    recipe : Recipe
    where : (H, W) bool, optional
        The pixels of `face` that may be used; by default all of them.

    Returns
    -------
    Swap
    """
    x0, y0, x1, y1 = _window(points, target.shape[1::-1])
    here = np.s_[y0:y1, x0:x1]  # nothing changes outside, so this saves time
    part, new, size_wh = target[here], face[here], (x1 - x0, y1 - y0)
    mask = face_mask(points - (x0, y0), size_wh, shrink=recipe.shrink, feather=recipe.feather)
    if where is not None:
        mask = mask * where[here]
    frame, changed = target.copy(), np.zeros(target.shape[:2], bool)
    if mask.any():  # a large `shrink` leaves nothing of the mask
        share = min(recipe.colour, 1)
        new = cv2.addWeighted(match_colour(new, part, mask), share, new, 1 - share, 0)
        frame[here] = blend(sharpen(new, recipe.sharpen), part, mask, recipe.blend)
        changed[here] = mask > 0
    return Swap(frame, changed)


def _window(points: np.ndarray, size_wh: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the box x0, y0, x1, y1 of the face with some room around it, inside the picture."""
    x0, y0, x1, y1 = landmarks.face_box(points)
    room = (y1 - y0) / 8
    corners = np.array([x0 - room, y0 - room, x1 + room, y1 + room]).round().astype(int)
    return tuple(np.clip(corners, 0, [*size_wh, *size_wh]).tolist())


def _check_face(name: str, image: np.ndarray, points: np.ndarray) -> None:
    detection.check_image(image)
    landmarks.check_points(points)
    if np.isnan(points).any():
        raise ValueError(
            f"{name}: expected a picture with a face, but no face was found in it. Choose another "
            "picture or frame."
        )
    x0, y0, x1, y1 = landmarks.face_box(points)
    if y1 - y0 < LEAST_FACE:
        raise ValueError(
            f"{name}: expected a face of {LEAST_FACE:.0f} pixels or more in height, got "
            f"{y1 - y0:.0f}. Choose a frame in which the face is larger."
        )
    if min(x0, y0) < 0 or x1 > image.shape[1] - 1 or y1 > image.shape[0] - 1:
        raise ValueError(
            f"{name}: expected a whole face, but the edge of the picture cuts it off. Choose a "
            "frame in which the whole face is in the picture."
        )


def swap_clip(source: Clip, target: Clip, recipe: Recipe = Recipe()) -> Iterator[Swap]:
    """Put the face of one clip on the face of another, frame by frame.

    For each frame of the target, the function takes the frame of the source whose face is most
    like the target's face in pose and expression. A frame without a face stays as it is.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    source, target : Clip
        The clip that gives the face, and the clip that receives it. Each shows one face.
    recipe : Recipe

    Yields
    ------
    Swap
        One swap for each frame of the target. The frames carry no mark. Write them with
        `fakes.write_fake`.

    Raises
    ------
    consent.ConsentError
        Not everyone in the clips agreed to fakes.
    ValueError
        A clip has no face or several faces. Or `swap_face` raises the error, at the frame that it
        cannot swap.
    """
    for clip in (source, target):
        consent.require(clip, "make")
    given, taken = only_track(source), only_track(target)
    goal = smooth_points(taken.points, recipe.smooth, cuts=taken.cuts)
    start = smooth_points(given.points, recipe.smooth, cuts=given.cuts)
    return _swapped(source, start, target, goal, recipe)


def _swapped(
    source: Clip, start: np.ndarray, target: Clip, goal: np.ndarray, recipe: Recipe
) -> Iterator[Swap]:
    which = nearest_frames(start, goal)
    for i, image in enumerate(target.frames()):
        if np.isnan(goal[i]).any():
            yield Swap(image, np.zeros(image.shape[:2], bool))
        else:
            yield swap_face(source[int(which[i])], start[which[i]], image, goal[i], recipe)
