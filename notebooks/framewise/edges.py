"""Edges: look for a line that follows the outline of a face a little inside it.

Notebook: 08_artifacts.ipynb

`framewise.seams` pulls the outline straight. Here the steps across it are compared with the steps
a little further out and a little further in. You can also call the cue as `artifacts.seam`.
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import regions, seams
from framewise.regions import Trace

__all__ = ["seam", "step_ratios"]

BLOCKS = 24  # pieces of the outline


def seam(image: np.ndarray, points: np.ndarray, *, apart: float = 0.025) -> Trace:
    """Look for a line that follows the outline of the face a little inside it.

    The outline is cut into 24 pieces. In each piece, the step of colour at each depth is compared
    with the steps a little further out and further in (see `step_ratios`). A single hair or wrinkle
    crosses only some pieces. A seam is there in most pieces, at about the same depth. So we take
    the median over the pieces at each depth, and then the highest of these medians.

    The cue misses soft edges: a feathered or a gradient-domain blend has no step.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    apart : float
        How far out and in the other two steps lie, as a share of the face's width.

    Returns
    -------
    Trace
        value: the highest median ratio, at a depth of 0.01 to 0.11 of the face's width inside the
        outline; about 1 if there is no seam. NaN if no face was found, or the face is narrower than
        `regions.LEAST_FACE` or not wholly in the picture.
        map: the ratio at each place near the outline.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.
    """
    if not regions.check_face(image, points):
        return regions.nothing(image)
    part, points, where = regions.crop(image, points)
    count = BLOCKS * max(15, round(4 * regions.face_width(points) / BLOCKS))
    strip = seams.unroll_outline(part, points, reach=0.2, count=count)
    ratios, depth = step_ratios(strip, regions.face_width(points), apart=apart)
    near = (depth >= 0.01) & (depth <= 0.11)
    value = np.median(ratios[near], axis=1).max()
    rows, columns = np.indices(part.shape[:2], dtype=np.float32)
    places = seams.unroll_outline(np.dstack([columns, rows]), points, reach=0.2, count=count)
    x, y = np.rint(places[1:-1][near]).astype(int).reshape(-1, 2).T
    shown = np.full(part.shape[:2], np.nan, np.float32)
    shown[y, x] = np.repeat(ratios[near], count // BLOCKS, axis=1).ravel()
    return regions.put_back(image, value, _fill_gaps(shown), where)


def _fill_gaps(shown: np.ndarray) -> np.ndarray:
    """Fill the pixels between the places of a strip with the highest of their neighbours."""
    square, known = np.ones((3, 3), np.uint8), np.uint8(np.isfinite(shown))
    closed = cv2.morphologyEx(known, cv2.MORPH_CLOSE, square)
    highest = cv2.dilate(np.where(known > 0, shown, -1), square)
    return np.where((closed > known) & (highest >= 0), highest, shown)


def step_ratios(
    strip: np.ndarray, width: float, *, apart: float = 0.025
) -> tuple[np.ndarray, np.ndarray]:
    """Compare each step across the outline with the steps further out and further in.

    The step is the change of colour (CIELAB) from the row before to the row after. Within a piece
    of the outline, steps with different signs cancel, so that noise and skin texture count little.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    strip : (N, C, 3) uint8 RGB
        As `seams.unroll_outline` returns it. C is a multiple of 24.
    width : float
        Width of the face, pixels.
    apart : float
        How far out and in the other two steps lie, as a share of the face's width.

    Returns
    -------
    ratios : (N - 2, 24) float
        For each depth and each piece: the step, divided by the larger one of the two steps further
        out and in. 0.5 is added to the divisor, so that flat areas give no high ratios. The ratio
        is 0 where one of the other two steps lies outside the strip. Last, each ratio is replaced
        by the highest one within 0.01 of the width, because the landmarks are not exact.
    depth : (N - 2,) float
        How far each row lies inside the outline, as a share of the face's width; negative outside.

    Raises
    ------
    ValueError
        The number of columns is not a multiple of 24.
    """
    if strip.shape[1] % BLOCKS:
        raise ValueError(
            f"strip: expected a multiple of {BLOCKS} columns, got {strip.shape[1]}. Pass such a "
            "number as `count` to seams.unroll_outline."
        )
    lab = cv2.cvtColor(np.float32(strip) / 255, cv2.COLOR_RGB2LAB)
    change = (lab[2:] - lab[:-2]).reshape(len(lab) - 2, BLOCKS, -1, 3).mean(axis=2)
    steps = np.linalg.norm(change, axis=2)  # (N - 2, BLOCKS)
    off, ratios = max(3, round(apart * width)), np.zeros_like(steps)
    ratios[off:-off] = steps[off:-off] / (np.maximum(steps[: -2 * off], steps[2 * off :]) + 0.5)
    ratios = cv2.dilate(ratios, np.ones((2 * round(0.01 * width) + 1, 1)))
    return ratios, (np.arange(1, len(lab) - 1) - len(lab) // 2) / width
