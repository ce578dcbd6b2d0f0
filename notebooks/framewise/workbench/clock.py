"""Clock: turn the timestamps of a file into times that never fall."""

from __future__ import annotations

import numpy as np

__all__ = ["NO_TIME", "clock"]

NO_TIME = np.iinfo(np.int64).min
"""Stands for a timestamp that the file does not give."""

FASTEST = 10_000
"""A file that shows more frames than this per second has no useful timestamps."""


def clock(
    pts: np.ndarray, second: float, rate: float
) -> tuple[np.ndarray, float, np.ndarray, bool]:
    """Turn timestamps into times that never fall.

    Where the timestamps fall, another recording was joined: time goes on with the usual step of
    the part before. Frames without a timestamp are spaced evenly between those that have one, or
    by the usual step. Timestamps are no use if more than one in ten falls, or if they give more
    than 10,000 frames per second.

    Parameters
    ----------
    pts : (T,) int64
        Timestamps, or NO_TIME.
    second : float
        Ticks per second.
    rate : float
        Frames per second to assume if the timestamps are no use.

    Returns
    -------
    times : (T,) float64, seconds
    fps : float
        Mean rate.
    restarts : (R,) int64
        Frames at which the timestamps fall.
    assumed : bool
        `times` follow `rate`.
    """
    known = np.flatnonzero(pts != NO_TIME)
    stamps = (pts[known] - pts[known[:1]]) / second
    steps = np.diff(stamps) / np.diff(known)
    falls = np.flatnonzero(steps < 0) + 1
    span = steps[steps > 0].sum()
    if span <= len(pts) / FASTEST or len(falls) > len(pts) / 10:
        return np.arange(len(pts)) / rate, rate, known[:0], len(pts) > 1
    usual = np.median(steps[steps > 0])
    times = np.full(len(pts), np.nan)
    end = last = 0.0
    for part in np.split(np.arange(len(known)), falls):
        own = steps[part[:-1]]
        usual = np.median(own[own > 0]) if np.any(own > 0) else usual
        frames = known[part]
        begin = end + last * (frames[0] - known[part[0] - 1]) if part[0] else usual * frames[0]
        times[frames] = begin + stamps[part] - stamps[part[0]]
        end, last = times[frames[-1]], usual
    numbers = np.arange(len(pts))
    times = np.interp(numbers, known, times[known])
    first_step = steps[steps > 0][0]
    times[: known[0]] = times[known[0]] - (known[0] - numbers[: known[0]]) * first_step
    times[known[-1] :] += (numbers[known[-1] :] - known[-1]) * last
    times -= times[0]
    return times, round(float((len(pts) - 1) / times[-1]), 9), known[falls], False
