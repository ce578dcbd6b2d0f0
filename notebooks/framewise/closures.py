"""Closures: find in the curve of two eyes where the lids come down and open again.

Notebook: 07_blinks.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from framewise.opening import THRESHOLDS, Thresholds, share_of_level
from framewise.workbench.series import ROUNDING_S, duration, runs

__all__ = ["Blink", "find_blinks", "find_closures"]


@dataclass(frozen=True)
class Blink:
    """One closure of the eyes. Frames are counted from 0."""

    first: int
    """The first frame in which the eyes are clearly below the open level. If the lids open so
    slowly that only the deep half is the blink (see 5 of `find_closures`), this is the first frame
    of the deep half."""
    lowest: int
    """The frame in which the eyes are least open."""
    last: int
    """The last frame in which the eyes are clearly below the open level, or the last frame of the
    deep half; see `first`."""
    depth: float
    """How far the lids came down, as a share of the open level: 0 not at all, 1 wholly. This is the
    mean of both eyes. So in a wink, where one eye stays open, it is only about half as large."""
    kind: str = "blink"
    """"blink", "wink" (one eye alone), or "closure" (both eyes, for longer than a blink)."""


def find_blinks(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> list[Blink]:
    """Find the blinks: the results of `find_closures` without winks and long closures.

    Parameters
    ----------
    opening, times, yaw, cuts, thresholds
        As in `find_closures`.

    Examples
    --------
    >>> both = np.array([1, 1, 1, 0.8, 0.2, 0.3, 0.7, 1, 1, 1])
    >>> (blink,) = find_blinks(0.3 * np.column_stack([both, both]), np.arange(10) / 25)
    >>> blink.first, blink.lowest, blink.last
    (3, 4, 6)
    """
    closures = find_closures(opening, times, yaw=yaw, cuts=cuts, thresholds=thresholds)
    return [closure for closure in closures if closure.kind == "blink"]


def find_closures(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> list[Blink]:
    """Find where lids come down and open again: blinks, winks and longer closures.

    1. Each eye's opening is divided by its own open level in the 3 s around the frame (see
       `open_level`).
    2. A dip is where the mean of both eyes stays below 0.82 and at some point falls below 0.65. In
       a blink each eye falls below 0.80.
    3. A wink is a dip of one eye alone, while the other eye stays above 0.80.
    4. The deep half of a dip is where the eyes are at least half as far down as in its lowest
       frame. If a dip has two low points, and the eyes open more than halfway between them, it has
       two deep halves. It counts as two blinks if their lowest frames are at least 0.1 s apart.
       The two blinks are separated at the frame between them in which the eyes are most open.
    5. A dip lasts at least 0.05 s. Lids often open slowly at the end of a blink. If the dip lasts
       longer than 0.5 s, its deep half alone is the blink. If the deep half is longer than 0.5 s
       too, the dip is a closure, not a blink. The eyes must be open before and after a closure. If
       lids go down and stay down, this is not a closure: the open level goes down with them.
    6. A dip begins and ends within one shot. The eyes are seen in all its frames, in the frame
       before it and in the frame after it. The eyes count as seen if both eyes were measured, the
       head is turned by at most 30 degrees (if `yaw` is given), the open level is 0.15 or more,
       and the next frame comes within 0.15 s.

    When people look down or smile, the lids and the open level go down together, and the opening
    stays above 0.65 of the level. A shallow blink may stay above 0.65 too. Then it is not found.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    opening : (T, 2) float
        As `landmarks.eye_opening` returns it; NaN for an eye that was not seen.
    times : (T,) float, seconds
        They never fall, and most steps are at most 0.1 s. The steps need not be equal.
    yaw : (T,) float, degrees, optional
        How far the head is turned, see `landmarks.head_yaw`.
    cuts : (C,) int
        Frames that begin another shot.
    thresholds : Thresholds
        The numbers named above.

    Returns
    -------
    list of Blink
        Sorted by first frame.

    Raises
    ------
    ValueError
        The shapes do not fit, there are fewer than two frames, the times fall or are all equal, or
        there are fewer than 10 frames a second.
    """
    opening, times = np.asarray(opening, float), np.asarray(times, float)
    share = share_of_level(opening, times, yaw=yaw, cuts=cuts, thresholds=thresholds)
    shot = np.searchsorted(cuts, np.arange(len(times)), "right")
    found = []
    for part, half in _dips(share.mean(axis=1), times, shot, thresholds):
        if share[part].min(axis=0).max() < thresholds.one_eye:
            found.append(_closure(share, times, part, half, "blink", thresholds))
    for eye, other in ((0, 1), (1, 0)):
        for part, half in _dips(share[:, eye], times, shot, thresholds):
            if share[part, other].min() >= thresholds.one_eye:
                found.append(_closure(share, times, part, half, "wink", thresholds))
    found = [one for one in found if one.kind != "closure" or _opens_again(opening, one)]
    return sorted(found, key=lambda closure: closure.first)


def _dips(
    share: np.ndarray, times: np.ndarray, shot: np.ndarray, limits: Thresholds
) -> Iterator[tuple[slice, slice]]:
    """Yield the frames of each dip of a curve (T,), and the frames of its deep half."""
    for run in runs(share < limits.open_again):
        before, after = run.start - 1, run.stop
        whole = before >= 0 and after < len(share) and shot[before] == shot[after]
        if not whole or not np.isfinite(share[[before, after]]).all():
            continue
        halves = _deep_halves(share[run], times[run], limits)
        tops = [  # the highest frame between two deep halves
            last + 1 + int(share[run][last + 1 : first].argmax())
            for (_, last), (first, _) in pairwise(halves)
        ]
        ends = [run.start, *(run.start + top for top in tops), run.stop]
        for (start, stop), (first, last) in zip(pairwise(ends), halves, strict=False):
            part, half = slice(start, stop), slice(run.start + first, run.start + last + 1)
            if duration(part, times) > limits.shortest_s - ROUNDING_S:
                yield part, half


def _deep_halves(share: np.ndarray, times: np.ndarray, limits: Thresholds) -> list[tuple[int, int]]:
    """Return the first and the last frame of each deep half in one dip, in order of time.

    The search begins with the deepest frame. A shallower half that overlaps a deeper one is not
    listed separately.
    """
    taken, halves = np.zeros(len(share), bool), []
    for lowest in np.argsort(share, kind="stable"):
        if share[lowest] >= limits.shut:
            break
        low = runs(share < (1 + share[lowest]) / 2)
        half = next(run for run in low if run.start <= lowest < run.stop)
        if not taken[half].any():
            halves.append((half.start, int(lowest), half.stop - 1))
        taken[half] = True
    return _without_flicker(sorted(halves), times, limits)


def _without_flicker(
    halves: list[tuple[int, int, int]], times: np.ndarray, limits: Thresholds
) -> list[tuple[int, int]]:
    """Join the deep halves (first, lowest, last) whose lowest frames are too near each other."""
    joined, before = [], -np.inf
    for first, lowest, last in halves:
        near = times[lowest] - before < limits.apart_s - ROUNDING_S
        begin = joined.pop()[0] if near else first
        joined.append((begin, last))
        before = times[lowest]
    return joined


def _closure(
    share: np.ndarray, times: np.ndarray, part: slice, half: slice, kind: str, limits: Thresholds
) -> Blink:
    longest = limits.longest_s + ROUNDING_S
    too_long = duration(half, times) > longest
    frames = half if duration(part, times) > longest and not too_long else part
    opening = share[frames].mean(axis=1)
    lowest = int(opening.argmin())
    depth = float(np.clip(1 - opening[lowest], 0, 1))
    kind = "closure" if kind == "blink" and too_long else kind
    return Blink(frames.start, frames.start + lowest, frames.stop - 1, depth, kind)


def _opens_again(opening: np.ndarray, closure: Blink) -> bool:
    """Return whether the lids come at least half of the way up on both sides of a closure."""
    around = [closure.first - 1, closure.lowest, closure.last + 1]
    before, lowest, after = opening[around].mean(axis=1)
    return min(before, after) >= (lowest + max(before, after)) / 2
