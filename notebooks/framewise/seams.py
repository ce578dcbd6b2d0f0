"""Seams: pull the outline of a face straight, and look for the edge that blending leaves.

Notebook: 04_swap.ipynb
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import landmarks

__all__ = ["edge_steps", "unroll_outline"]


def unroll_outline(
    image: np.ndarray, points: np.ndarray, *, reach: float = 0.12, count: int = 360
) -> np.ndarray:
    """Unroll the strip along a face's outline, as if the outline were pulled straight.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    reach : float
        How far the strip reaches to both sides of the outline, as a share of the face's width.
    count : int
        The number of places along the outline, and so the width of the strip.

    Returns
    -------
    (2 R + 1, count, 3) uint8 RGB
        R is `reach` times the width of the face in pixels, rounded, and at least 2. Row R lies on
        the outline. The rows above it lie outside the face, and those below it inside. Rows are one
        pixel of the picture apart. The strip begins at the forehead, runs down the
        subject's left side to the chin, and goes back up on the right side.
    """
    ring = points[landmarks.GROUPS["outline"]]
    along = np.linspace(0, len(ring), count, endpoint=False)
    at = np.arange(len(ring) + 1)
    closed = np.vstack([ring, ring[:1]])
    x, y = (np.interp(along, at, closed[:, i]) for i in range(2))
    ahead = np.stack([np.roll(x, -5) - np.roll(x, 5), np.roll(y, -5) - np.roll(y, 5)])
    ahead /= np.linalg.norm(ahead, axis=0)
    steps = np.arange(-_reach(points, reach), _reach(points, reach) + 1)[:, None]
    inwards = np.stack([-ahead[1], ahead[0]])  # the outline runs clockwise on the screen
    across, down = (np.float32(p + steps * n) for p, n in zip((x, y), inwards, strict=True))
    return cv2.remap(image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _reach(points: np.ndarray, share: float) -> int:
    return max(2, round(share * float(np.linalg.norm(points[454] - points[234]))))


def edge_steps(strip: np.ndarray) -> np.ndarray:
    """Return how much the picture changes from each row of a strip to the next.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    strip : (N, W, 3) uint8 RGB
        As `unroll_outline` returns it.

    Returns
    -------
    (N - 1,) float, grey levels
        Number i is the mean absolute difference between row i + 1 and row i. A seam that follows
        the outline makes a peak.
    """
    grey = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY).astype(float)
    return np.abs(np.diff(grey, axis=0)).mean(1)
