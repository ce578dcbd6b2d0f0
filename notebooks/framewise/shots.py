"""Shots: find the frames at which a film cuts to another shot, from small grey pictures.

Notebook: 02_landmarks.ipynb

Public: small_grey, find_cuts.
"""

from __future__ import annotations

import cv2
import numpy as np

LIKE = 0.7
"""Correlation of two small pictures below which they show different things."""


def small_grey(image: np.ndarray) -> np.ndarray:
    """Return a picture as (24, 32) uint8 grey, whatever its shape."""
    small = cv2.resize(image, (32, 24), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def find_cuts(pictures: np.ndarray) -> np.ndarray:
    """Return the frames that begin another shot, (C,) int.

    Parameters
    ----------
    pictures : (T, 24, 32) uint8
        From `small_grey`.
    """
    flat = np.reshape(pictures, (len(pictures), -1)).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1)
    return np.flatnonzero((flat[1:] * flat[:-1]).sum(axis=1) < LIKE) + 1
