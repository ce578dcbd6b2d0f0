"""Alignment: put a face straight by rotation, scale and shift, and put it back.

Notebook: 03_alignment.ipynb

Convention: points are (x, y) pixels; (0, 0) is the middle of the top-left pixel. A similarity is a
(2, 3) float64 matrix M. It maps a point x to the point y = M[:, :2] @ x + M[:, 2]. The docstrings
name the direction, for example "maps picture to chip". A chip is a square picture that holds one
aligned face.
"""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from framewise import detection, landmarks

__all__ = [
    "CANONICAL",
    "STEADY",
    "align_face",
    "apply_similarity",
    "canonical_face",
    "estimate_similarity",
    "invert_similarity",
    "mean_face",
    "unalign_face",
]

CANONICAL = np.load(Path(__file__).with_name("canonical_face.npy"))
"""(468, 2) float64 in 0..1: the mean shape of the course's rendered people, made symmetric by
`scripts/canonical_face.py`."""

STEADY = np.flatnonzero(CANONICAL[:, 1] < CANONICAL[2, 1])
"""Points that speech hardly moves, (N,) int: all above the base of the nose.

We aligned the talking sample clips and measured how much the eye corners still move. With these
points they tremble less than with the eye corners and the nose alone. They also tremble less than
with all 468 points, because an open mouth drags those along. When the head turns, these points do
a little worse than all 468.
"""


def estimate_similarity(src: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """Find the rotation, scale and shift that map `src` to `dst` with the least squared error.

    Notebook: 03_alignment.ipynb

    Parameters
    ----------
    src, dst : (N, 2) float pixels, N >= 2
        Points that belong together row by row. Rows with NaN in either are left out.

    Returns
    -------
    (2, 3) float64
        Maps src to dst. Never a mirror image.

    Raises
    ------
    ValueError
        The shapes differ, or fewer than two different points remain in one of the arrays.

    References
    ----------
    Umeyama 1991, doi:10.1109/34.88573. Equation numbers are his.
    """
    src, dst = np.asarray(src, float), np.asarray(dst, float)
    if src.shape != dst.shape or src.ndim != 2 or src.shape[1] != 2:
        raise ValueError(f"expected two (N, 2) arrays, got {src.shape} and {dst.shape}.")
    known = np.isfinite(src).all(1) & np.isfinite(dst).all(1)
    src, dst = src[known], dst[known]
    for name, points in (("src", src), ("dst", dst)):
        if not len(points) or np.ptp(points, axis=0).max() == 0:
            raise ValueError(
                f"{name}: expected two or more different points in the rows that are finite "
                f"in both arrays, got {min(len(points), 1)}."
            )
    src_mean, dst_mean = src.mean(0), dst.mean(0)
    variance = ((src - src_mean) ** 2).sum(1).mean()  # Eq. (36)
    covariance = (dst - dst_mean).T @ (src - src_mean) / len(src)  # Eq. (38)
    u, d, vt = np.linalg.svd(covariance)
    sign = np.array([1, np.sign(np.linalg.det(u) * np.linalg.det(vt))])  # Eq. (39): no mirror
    rotation = u @ np.diag(sign) @ vt  # Eq. (40)
    scale = (d * sign).sum() / variance  # Eq. (42)
    shift = dst_mean - scale * rotation @ src_mean  # Eq. (41)
    return np.column_stack([scale * rotation, shift])


def apply_similarity(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points with a (2, 3) matrix, and return an array of the same shape.

    Parameters
    ----------
    matrix : (2, 3) float
        As `estimate_similarity` returns it.
    points : (..., 2) float pixels

    Examples
    --------
    >>> twice_and_right = np.array([[2.0, 0, 10], [0, 2, 0]])
    >>> apply_similarity(twice_and_right, np.array([[1, 1]])).tolist()
    [[12.0, 2.0]]
    """
    return points @ matrix[:, :2].T + matrix[:, 2]


def invert_similarity(matrix: np.ndarray) -> np.ndarray:
    """Return the (2, 3) float64 matrix that maps back.

    Parameters
    ----------
    matrix : (2, 3) float
        As `estimate_similarity` returns it.
    """
    back = np.linalg.inv(matrix[:, :2])
    return np.column_stack([back, -back @ matrix[:, 2]])


def canonical_face(size: int = 256) -> np.ndarray:
    """Return the upright, left-right symmetric face that others are aligned to.

    Parameters
    ----------
    size : int
        Side in pixels of the square chip that the face lies in.

    Returns
    -------
    (468, 2) float64 pixels
    """
    return CANONICAL * size


def align_face(
    image: np.ndarray, points: np.ndarray, *, size: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a face out upright, at a standard place and size.

    Notebook: 03_alignment.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    size : int
        Side of the chip, pixels.

    Returns
    -------
    chip : (size, size, 3) uint8 RGB
        Black where the chip reaches beyond the picture.
    matrix : (2, 3) float64
        Maps picture to chip.

    Raises
    ------
    ValueError
        The points are NaN, so there is no face to align. Or the image is not RGB, there are not
        468 points, or `size` is below 1.
    """
    detection.check_image(image)
    landmarks.check_points(points)
    if size < 1:
        raise ValueError(f"size: expected 1 pixel or more, got {size}.")
    if np.isnan(points[STEADY]).any():
        raise ValueError(
            "points: expected the landmarks of a face, got NaN: no face was found. Take another "
            "picture, or leave this one out."
        )
    matrix = estimate_similarity(points[STEADY], canonical_face(size)[STEADY])
    return cv2.warpAffine(image, matrix, (size, size)), matrix


def unalign_face(
    chip: np.ndarray, matrix: np.ndarray, size_wh: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Lay a chip back where it came from.

    Notebook: 03_alignment.ipynb

    Parameters
    ----------
    chip : (S, S) or (S, S, C) uint8 or float
    matrix : (2, 3) float
        Maps picture to chip, as `align_face` returns it.
    size_wh : (int, int)
        Size of the picture, pixels.

    Returns
    -------
    picture : (H, W) or (H, W, C), black outside the chip
    covered : (H, W) float32, 1 inside the chip, 0 outside, and between 0 and 1 on its border
    """
    back = invert_similarity(matrix)
    picture = cv2.warpAffine(chip, back, size_wh)
    covered = cv2.warpAffine(np.ones(chip.shape[:2], np.float32), back, size_wh)
    return picture, covered


def mean_face(
    frames: Iterable[np.ndarray], points: Iterable[np.ndarray], *, size: int = 256
) -> np.ndarray:
    """Return the mean of the aligned faces, one frame in memory at a time.

    Notebook: 03_alignment.ipynb

    Parameters
    ----------
    frames : iterable of (H, W, 3) uint8 RGB
        For example a clip.
    points : iterable of (468, 2) float pixels
        One array for each frame. Frames whose points are NaN are left out.
    size : int
        Side of the chip, pixels.

    Returns
    -------
    (size, size, 3) uint8 RGB

    Raises
    ------
    ValueError
        No frame has a face, or the numbers of frames and of points differ.
    """
    total, count = np.zeros((size, size, 3)), 0
    for image, face in zip(frames, points, strict=True):
        if not np.isnan(face).any():
            total, count = total + align_face(image, face, size=size)[0], count + 1
    if not count:
        raise ValueError(
            "points: expected a face in at least one frame, got NaN in all. Take other frames."
        )
    return np.round(total / count).astype(np.uint8)
