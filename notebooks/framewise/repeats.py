"""Repeats: find frames whose picture only repeats the one before, also after compression.

Notebook: 02_landmarks.ipynb

Public: face_change, find_repeats.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

STILL = 0.5
"""Grey levels of `face_change` below which a picture repeats the one before."""

PEAK = 3.0
"""A new picture among repeated ones changes so many times more than the frames beside it ..."""

PERIOD_S = 0.41
"""... and the next new picture follows within so many seconds."""

KEY_FRAME = 3.0
"""Grey levels by which a key frame may renew a picture that stands still."""


def face_change(before: np.ndarray, after: np.ndarray, boxes: np.ndarray) -> float:
    """Return by how much the faces of a picture changed, where they changed most.

    Parameters
    ----------
    before, after : (H, W, 3) uint8 RGB
    boxes : (N, 4) float, xyxy pixels
        Of the faces in either picture; without any the whole picture is compared.

    Returns
    -------
    float
        Grey levels, the mean over an eighth of the box by an eighth.
    """
    height, width = after.shape[:2]
    whole = [[0, 0, width, height]]
    corners = np.clip(boxes if len(boxes) else whole, 0, [width, height] * 2).astype(int)
    most = 0.0
    for x0, y0, x1, y1 in corners:
        if x1 > x0 and y1 > y0:
            pair = (_small(image[y0:y1, x0:x1]) for image in (before, after))
            most = max(
                most,
                float(cv2.resize(cv2.absdiff(*pair), (8, 8), interpolation=cv2.INTER_AREA).max()),
            )
    return most


def _small(image: np.ndarray) -> np.ndarray:
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)


def find_repeats(changes: np.ndarray, fps: float) -> np.ndarray:
    """Return the frames that repeat the picture before them, (R,) int."""
    beside = np.pad(changes, 1, mode="edge")
    beside = np.maximum(beside[:-2], beside[2:])
    repeats = changes < STILL
    peaks = np.flatnonzero(changes > PEAK * np.maximum(beside, STILL))
    for first, last in pairwise(peaks):
        level = min(changes[first], changes[last]) / PEAK
        if last - first <= PERIOD_S * fps and (changes[first + 1 : last] < level).all():
            repeats[first + 1 : last] = True
    return np.flatnonzero(repeats)
