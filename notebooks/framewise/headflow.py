"""Head flow: see how each place of a face and its head moves between two frames.

Notebook: 09_motion.ipynb

All of this is done on a chip, a small picture of the face with some room around it. The chip is
`SIDE` pixels wide, the face is upright in it, and about 61 pixels wide. So the results do not
depend on how large the face is in the film.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from framewise import alignment, detection, landmarks

__all__ = [
    "SIDE",
    "Zones",
    "chip_matrix",
    "cut_chip",
    "find_flow",
    "find_zones",
    "flow_break",
    "flow_drift",
    "leftover_flow",
    "motion_map",
]

SIDE = 128
"""Side of a chip, pixels."""

_GOAL = (alignment.CANONICAL - 0.5) * 0.75 * SIDE + [SIDE / 2, 0.48 * SIDE]
_NOSE_BASE = _GOAL[2, 1]

BESIDE = np.array([2, 3, 4, 5, 6, 7, 29, 30, 31, 32, 33, 34])
"""Places along `landmarks.GROUPS["outline"]`, (12,) int: the temples, in front of the hair."""


class Zones(NamedTuple):
    """Parts of a chip, each (SIDE, SIDE) bool. What lies outside the picture belongs to none."""

    face: np.ndarray
    """well inside the outline"""
    core: np.ndarray
    """the part of `face` above the base of the nose, which speech hardly moves"""
    edge: np.ndarray
    """a narrow strip on the outline, above the base of the nose"""
    rest: np.ndarray
    """a strip outside the outline: forehead, hair, ears, neck, and some background"""


def chip_matrix(points: np.ndarray) -> np.ndarray:
    """Return the similarity that maps a picture to the chip of a face, (2, 3) float64.

    Parameters
    ----------
    points : (468, 2) float pixels
    """
    steady = alignment.STEADY
    return alignment.estimate_similarity(points[steady], _GOAL[steady])


def cut_chip(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Cut the chip of a face out of a picture.

    A large face is first made smaller by averaging. Otherwise only some of its pixels would be
    used, and fine patterns would turn into false coarse ones.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    matrix : (2, 3) float
        Maps picture to chip, as `chip_matrix` returns it.

    Returns
    -------
    (SIDE, SIDE, 3) uint8 RGB
    """
    times = max(1, round(1 / np.sqrt(np.linalg.det(matrix[:, :2]))))
    if times > 1:
        height, width = image.shape[0] // times, image.shape[1] // times
        image = image[: height * times, : width * times]
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        shift = matrix[:, :2] @ np.full(2, (times - 1) / 2) + matrix[:, 2]
        matrix = np.column_stack([matrix[:, :2] * times, shift])
    return cv2.warpAffine(image, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def find_zones(points: np.ndarray, matrix: np.ndarray, size_wh: tuple[int, int]) -> Zones:
    """Find the parts of a chip that are compared with each other.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    points : (468, 2) float pixels
    matrix : (2, 3) float
        Maps picture to chip.
    size_wh : (int, int)
        Size of the picture, pixels.

    Returns
    -------
    Zones
    """
    depth = _depth(alignment.apply_similarity(matrix, points))
    width, height = size_wh
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    frame = np.rint(alignment.apply_similarity(matrix, corners)).astype(np.int32)
    inside = cv2.fillConvexPoly(np.zeros((SIDE, SIDE), np.uint8), frame, 1) == 1
    above = (np.arange(SIDE) < _NOSE_BASE)[:, None]
    face = (depth > 0.18) & inside
    edge = (np.abs(depth) < 0.06) & above & inside
    return Zones(face, face & above, edge, (depth < -0.02) & (depth > -0.15) & inside)


def _depth(points: np.ndarray) -> np.ndarray:
    """Return how far each pixel of a chip lies inside the outline, in widths of the face."""
    outline = np.rint(points[landmarks.GROUPS["outline"]] * 16).astype(np.int32)
    inside = cv2.fillPoly(np.zeros((SIDE, SIDE), np.uint8), [outline], 1, shift=4)
    inwards, outwards = (cv2.distanceTransform(m, cv2.DIST_L2, 5) for m in (inside, 1 - inside))
    return (inwards - outwards) / np.linalg.norm(points[454] - points[234])


def find_flow(before: np.ndarray, after: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Find how each place of the head moved from one picture to the next.

    Both pictures are cut with the same matrix. So the head keeps its own motion, and the small
    errors of the landmarks do not move the picture.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    before, after : (H, W, 3) uint8 RGB
    matrix : (2, 3) float
        Maps the later picture to its chip.

    Returns
    -------
    (SIDE, SIDE, 2) float32, pixels of the chip
        The motion to the right and down.

    Raises
    ------
    ValueError
        The pictures differ in size, or are not RGB.

    References
    ----------
    Farneback 2003, doi:10.1007/3-540-45103-X_50.
    """
    detection.check_image(before)
    detection.check_image(after)
    if before.shape != after.shape:
        raise ValueError(
            "before, after: expected pictures of one size, got "
            f"{before.shape[:2]} and {after.shape[:2]}. Take both from the same clip."
        )
    chips = [cv2.cvtColor(cut_chip(p, matrix), cv2.COLOR_RGB2GRAY) for p in (before, after)]
    return cv2.calcOpticalFlowFarneback(*chips, None, 0.5, 2, 13, 2, 5, 1.1, 0)


def leftover_flow(flow: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Take the head's own motion out of a flow, and return what is left.

    We look for the shift, the turn and the change of size that together fit the flow best in one
    part of the chip. This is the head's own motion, and we subtract it everywhere.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    flow : (SIDE, SIDE, 2) float pixels
    where : (SIDE, SIDE) bool
        The part that shows how the head moves, such as `Zones.core`.

    Returns
    -------
    (SIDE, SIDE, 2) float64
        As a share of the width of the face, in per cent.
    """
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    place, motion = x + 1j * y, flow[..., 0] + 1j * flow[..., 1].astype(float)
    middle, shift = place[where].mean(), motion[where].mean()
    away = place[where] - middle
    turn = (away.conj() * (motion[where] - shift)).sum() / (np.abs(away) ** 2).sum()
    left = motion - shift - turn * (place - middle)
    return 100 / _face_width() * np.stack([left.real, left.imag], axis=2)


def _face_width() -> float:
    return float(np.ptp(_GOAL[:, 0]))


def flow_drift(left: np.ndarray, zones: Zones) -> np.ndarray:
    """Return how the edge of a face moves relative to the middle of the face.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    left : (SIDE, SIDE, 2) float
        What `leftover_flow` returns.
    zones : Zones

    Returns
    -------
    (2,) float, per cent of the face's width
        The motion to the right and down.
    """
    return np.median(left[zones.edge], axis=0)


def flow_break(left: np.ndarray, points: np.ndarray) -> float:
    """Return how much the flow changes from the edge of the face to its inside.

    Along the temples, the flow just inside the outline is compared with the flow a quarter of the
    face's width inside it.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    left : (SIDE, SIDE, 2) float
        What `leftover_flow` returns.
    points : (468, 2) float
        The points of the face in the chip, pixels.

    Returns
    -------
    float, per cent of the face's width
        The median over twelve places. 0 if the whole head moves alike.
    """
    outline = points[landmarks.GROUPS["outline"]]
    inwards = outline.mean(0) - outline
    inwards *= np.linalg.norm(points[454] - points[234]) / np.linalg.norm(
        inwards, axis=1, keepdims=True
    )
    soft = cv2.blur(left, (3, 3)).astype(np.float32)
    edge, inside = (
        cv2.remap(soft, np.float32(outline + q * inwards)[BESIDE, None], None, cv2.INTER_LINEAR)
        for q in (0.02, 0.25)
    )
    return float(np.median(np.linalg.norm(inside - edge, axis=2)))


def motion_map(before: np.ndarray, after: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return how fast each place of a head moves compared with the middle of the face.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    before, after : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        The face in the later picture.

    Returns
    -------
    (H, W) float32, per cent of the face's width
        NaN far from the head, and everywhere if there is no face.
    """
    landmarks.check_points(points)
    size_wh = after.shape[1::-1]
    if np.isnan(points).any():
        return np.full(after.shape[:2], np.nan, np.float32)
    matrix = chip_matrix(points)
    zones = find_zones(points, matrix, size_wh)
    left = leftover_flow(find_flow(before, after, matrix), zones.core)
    speed = np.linalg.norm(left, axis=2).astype(np.float32)
    picture, covered = alignment.unalign_face(speed, matrix, size_wh)
    return np.where(covered > 0.99, picture, np.nan).astype(np.float32)
