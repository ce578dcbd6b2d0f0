"""Blinks: measure how far eyes are open, count the blinks, and tell how long the eyes were watched.

Notebook: 07_blinks.ipynb
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from framewise import landmarks, rates
from framewise.closures import Blink, find_blinks, find_closures
from framewise.opening import (
    EYES,
    THRESHOLDS,
    Thresholds,
    eye_aspect_ratio,
    is_too_slow,
    open_level,
    seconds_watched,
)
from framewise.tracking import FaceTrack
from framewise.workbench.notices import Notice
from framewise.workbench.series import duration, frame_durations, frame_rate

__all__ = [
    "EYES",
    "THRESHOLDS",
    "Blink",
    "Measurement",
    "Thresholds",
    "blink_durations",
    "blink_intervals",
    "eye_aspect_ratio",
    "find_blinks",
    "find_closures",
    "measure",
    "open_level",
    "seconds_watched",
]


@dataclass(frozen=True, eq=False)
class Measurement:
    """The eyes of one face: how far they are open, their blinks, and how long they were watched."""

    opening: np.ndarray
    """(T, 2) float: as `landmarks.eye_opening` returns it."""
    blinks: list[Blink] | None
    """The blinks; None if blinks cannot be counted. `notices` then says why."""
    closures: list[Blink]
    """Everything that `find_closures` found: blinks, winks and longer closures."""
    seconds: float
    """How long the eyes were watched."""
    notices: list[Notice]
    """Notices of the kinds blinks_not_counted and slow_motion. If blinks cannot be counted, the
    first notice says why."""

    def statement(self, activity: str | None = None) -> str:
        """Say in plain words what the count means, as `rates.statement` does.

        Parameters
        ----------
        activity : str, optional
            What the person does, a key of `rates.RATES`; by default anything from reading to
            talking.

        Returns
        -------
        str
            If blinks cannot be counted, it says why.
        """
        if self.blinks is None:
            return self.notices[0].statement
        closures = sum(one.kind == "closure" for one in self.closures)
        return rates.statement(len(self.blinks), self.seconds, activity, closures=closures)


def blink_durations(found: Sequence[Blink], times: np.ndarray) -> np.ndarray:
    """Return how long each blink lasts, (B,) float seconds; each end may be wrong by one frame.

    Parameters
    ----------
    found : sequence of B Blink
    times : (T,) float, seconds
    """
    return np.array([duration(slice(b.first, b.last + 1), times) for b in found])


def blink_intervals(found: Sequence[Blink], times: np.ndarray) -> np.ndarray:
    """Return the time from each blink's lowest frame to the next one's, (B - 1,) float seconds.

    Parameters
    ----------
    found : sequence of B Blink
    times : (T,) float, seconds
    """
    return np.diff(np.asarray(times)[[blink.lowest for blink in found]])


def measure(track: FaceTrack, *, thresholds: Thresholds = THRESHOLDS) -> Measurement:
    """Measure how far the eyes of a face are open, find their blinks, and count the time watched.

    A picture that repeats the one before it shows nothing new. Only new pictures are measured, and
    each of them lasts until the next new one.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    track : FaceTrack
    thresholds : Thresholds

    Returns
    -------
    Measurement
        Its frame numbers are those of the clip. If blinks cannot be counted, its notices say why.
    """
    opening = landmarks.eye_opening(track.eyelids)
    new = np.setdiff1d(np.arange(len(track)), track.repeats)
    seen, times = opening[new], track.times[new]
    if reason := _why_not_counted(times, len(track), thresholds):
        return _not_counted(opening, reason)
    more = {
        "yaw": landmarks.head_yaw(track.points[new]),
        "cuts": np.searchsorted(new, track.cuts),
        "thresholds": thresholds,
    }
    notices = list(_one_eye(seen, times))
    seconds = seconds_watched(seen, times, **more)
    if not seconds:
        return _not_counted(opening, rates.statement(0, 0), *notices)
    ends = np.append(new[1:], len(track)) - 1  # the last frame that shows each picture
    closures = [
        Blink(int(new[c.first]), int(new[c.lowest]), int(ends[c.last]), c.depth, c.kind)
        for c in find_closures(seen, times, **more)
    ]
    found = [closure for closure in closures if closure.kind == "blink"]
    long = sum(closure.kind == "closure" for closure in closures)
    return Measurement(
        opening, found, closures, seconds, [*notices, *_slow_motion(len(found), long)]
    )


def _not_counted(opening: np.ndarray, reason: str, *others: Notice) -> Measurement:
    notice = Notice("blinks_not_counted", None, None, reason)
    return Measurement(opening, None, [], 0.0, [notice, *others])


def _why_not_counted(times: np.ndarray, frames: int, limits: Thresholds) -> str:
    """Return why these new pictures of a clip cannot show blinks; "" if they can."""
    why = ""
    if len(times) < 2:
        same = "" if frames == 1 else "s, and all of them show the same picture"
        why = f"The clip has {frames} frame{same}. A still picture cannot show a blink."
    elif not np.diff(times).any():
        why = "All pictures have the same time, so no blink can be timed."
    elif is_too_slow(times, limits):
        why = (
            f"The clip shows {frame_rate(times):.3g} new pictures a second. A blink lasts 0.1 to "
            f"0.4 s and can fall between two pictures if there are fewer than "
            f"{limits.least_fps:.0f} a second. The film may be slowed down, or pictures may be "
            "missing."
        )
    return f"{why} Blinks were not counted." if why else ""


def _slow_motion(count: int, closures: int) -> Iterator[Notice]:
    if rates.looks_slowed(count, closures):
        yield Notice(
            "slow_motion",
            None,
            None,
            f"{closures} of {count + closures} closures of both eyes last longer than 0.5 s, which "
            "is too long for blinks. The film may be slowed down. A second of such a film shows "
            "less than a second of the person's time.",
        )


def _one_eye(opening: np.ndarray, times: np.ndarray) -> Iterator[Notice]:
    alone = np.isfinite(opening).sum(axis=1) == 1
    seconds = frame_durations(times)[alone].sum()
    if seconds > 0.5:
        yield Notice(
            "blinks_not_counted",
            None,
            None,
            f"Only one eye was seen for {seconds:.1f} s. Blinks are counted only while both eyes "
            "are seen.",
        )
