"""Repeats: find frames whose picture only repeats the one before, also after compression.

Notebook: 02_landmarks.ipynb
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

__all__ = ["face_change", "find_repeats"]

STILL = 0.5
"""Grey levels. If no part of a face changes by as much as this, the picture is a repeat."""

PEAK = 2.0
"""Among repeats, a new picture changes more than this many times as much as those beside it."""

PERIOD_S = 0.41
"""Seconds. Among repeats, the next new picture follows within this time."""

SIDE = 64
"""Pixels on the side of the picture in which a face is compared."""

NOISE = 0.15
"""Grey levels of change that do not count."""


def face_change(before: np.ndarray, after: np.ndarray, boxes: np.ndarray) -> tuple[float, float]:
    """Return by how much the faces of a picture changed.

    Parameters
    ----------
    before, after : (H, W, 3) uint8 RGB
    boxes : (N, 4) float, xyxy pixels
        Of the faces. If there is none, the whole picture is compared.

    Returns
    -------
    (float, float)
        Grey levels: the greatest and the median change of the 64 parts of a box, for the box that
        changed most.
    """
    height, width = after.shape[:2]
    corners = np.clip(boxes, 0, [width, height] * 2).astype(int).tolist() if len(boxes) else []
    inside = [(x0, y0, x1, y1) for x0, y0, x1, y1 in corners if x1 > x0 and y1 > y0]
    parts = [_change(before, after, *box) for box in inside or [(0, 0, width, height)]]
    return max(float(part[-1]) for part in parts), max(float(part[32]) for part in parts)


def _change(before: np.ndarray, after: np.ndarray, x0: int, y0: int, x1: int, y1: int):
    """Return the mean change of green in 64 parts of a box, (64,), sorted."""
    step = max(1, min(x1 - x0, y1 - y0) // SIDE)
    views = (np.ascontiguousarray(image[y0:y1:step, x0:x1:step, 1]) for image in (before, after))
    small = [cv2.resize(view, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for view in views]
    change = cv2.absdiff(*small).astype(np.float32)
    return np.sort(cv2.resize(change, (8, 8), interpolation=cv2.INTER_AREA), axis=None)


def find_repeats(changes: np.ndarray, fps: float) -> np.ndarray:
    """Return the frames that repeat the picture before them, (R,) int.

    1. A frame in which no part of a face changes by more than 0.5 grey levels is a repeat. This
       finds what the encoder leaves as it is.
    2. If the frame rate was raised by repeating pictures, the median change of the face's parts
       shows a row of peaks: each new picture changes more than twice as much as the frames beside
       it. The frames between two peaks are repeats if at least three such peaks come in a row, at
       most 0.41 s apart. This finds repeats that the encoder refined.

    Parameters
    ----------
    changes : (T, 2) float
        From `face_change`.
    fps : float
        Frames per second.
    """
    most, usual = np.transpose(changes)
    repeats = most < STILL
    beside = np.pad(usual, 1, mode="edge")
    beside = np.maximum(np.maximum(beside[:-2], beside[2:]), NOISE)
    peaks = np.flatnonzero(usual > PEAK * beside)
    steps = [
        last - first <= PERIOD_S * fps
        and bool((usual[first + 1 : last] * PEAK < min(usual[first], usual[last])).all())
        for first, last in pairwise(peaks)
    ]
    in_row = [any(steps[max(0, i - 1) : i] + steps[i + 1 : i + 2]) for i in range(len(steps))]
    for i in np.flatnonzero(np.array(steps, bool) & np.array(in_row, bool)):
        repeats[peaks[i] + 1 : peaks[i + 1]] = True
    return np.flatnonzero(repeats)
