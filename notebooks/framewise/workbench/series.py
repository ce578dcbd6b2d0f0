"""Series: how long the frames of a clip last, and the runs in which something holds."""

from __future__ import annotations

import numpy as np

__all__ = ["ROUNDING_S", "duration", "frame_durations", "frame_rate", "runs"]

ROUNDING_S = 2e-3
"""Seconds. Some files give the times of their frames in whole milliseconds only."""


def frame_rate(times: np.ndarray) -> float:
    """Return how many frames come in a second, most of the time."""
    step = np.median(np.diff(times))
    return float(1 / step) if step else np.inf


def frame_durations(times: np.ndarray) -> np.ndarray:
    """Return how long each frame stays, (T,) seconds; the last frame gets the median duration."""
    steps = np.diff(times)
    return np.append(steps, np.median(steps))


def duration(frames: slice, times: np.ndarray) -> float:
    """Return how long these frames last in total, in seconds.

    Parameters
    ----------
    frames : slice
    times : (T,) float, seconds
    """
    return float(frame_durations(times)[frames].sum())


def runs(condition: np.ndarray) -> list[slice]:
    """Return each run of frames in which a condition (T,) holds."""
    edges = np.flatnonzero(np.diff(condition, prepend=False, append=False))
    return [slice(first, after) for first, after in edges.reshape(-1, 2).tolist()]
