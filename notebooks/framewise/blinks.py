"""Blinks: measure how far eyes are open, and find the blinks.

Notebook: 07_blinks.ipynb

Public: EYES, THRESHOLDS, Thresholds, Blink, Measurement, eye_aspect_ratio, eye_opening, open_level,
find_blinks, find_closures, seconds_watched, blink_durations, blink_intervals, measure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from framewise import landmarks, rates
from framewise.notices import Notice

if TYPE_CHECKING:
    from framewise.tracking import FaceTrack

EYES = np.array([[33, 160, 158, 133, 153, 144], [362, 385, 387, 263, 373, 380]])
"""The mesh's points for `eye_aspect_ratio`, (2, 6) int, right eye and left eye:
`eye_aspect_ratio(track.points[:, EYES])` is (T, 2)."""

ROUNDING_S = 2e-3
"""Seconds. Some files give the times of their frames in whole milliseconds only."""


@dataclass(frozen=True)
class Thresholds:
    """The numbers in the rule of `find_closures`.

    They were chosen on four of the sample people. data/evaluation/levels.csv shows what else was
    tried on these four; blinks.csv and retimed.csv show the results on the other people.
    """

    shut: float = 0.65
    """A closure goes below this share of the open level."""
    open_again: float = 0.82
    """A closure lasts while the eyes are below this share of the open level."""
    one_eye: float = 0.80
    """In a blink both eyes go below this share of the open level; in a wink one eye does not."""
    level_s: float = 3.0
    """Seconds around a frame from which its open level is taken."""
    level_percentile: float = 75
    """The open level is this percentile of the opening in those seconds."""
    least_level: float = 0.6
    """The open level is at least this share of the same percentile over the whole shot. Eyes that
    are held shut for seconds are then not taken for open ones, unless they are open for less than a
    quarter of the shot."""
    least_open: float = 0.15
    """A level (lid gap over eye width) below this is not that of open eyes. On the sample clips
    and on five real ones the level of open eyes is 0.23 or more; shut lids measure 0.04 to 0.11."""
    shortest_s: float = 0.05
    """Seconds. A dip that is shorter than this is an error of the measurement."""
    longest_s: float = 0.5
    """Seconds. A dip that is longer than this is not a blink; see 5 of `find_closures`."""
    apart_s: float = 0.1
    """Seconds. The lowest frames of two blinks are at least this far apart. Dips that are nearer
    count as one dip that flickers, because lids need longer than this to open and shut again."""
    most_turned: float = landmarks.MOST_TURNED
    """Degrees of yaw. If the head is turned further, the far eye is not seen well enough."""
    least_fps: float = 10.0
    """A blink lasts 0.1 to 0.4 s. With fewer frames a second it can fall between two of them. For
    the same reason a frame that lasts longer than 1.5 / least_fps seconds is not watched."""


THRESHOLDS = Thresholds()
"""The thresholds that the course uses."""


@dataclass(frozen=True)
class Blink:
    """One closure of the eyes. Frames are counted from 0."""

    first: int
    """The first frame in which the eyes are clearly below the open level."""
    lowest: int
    """The frame in which the eyes are least open."""
    last: int
    """The last frame in which the eyes are clearly below the open level."""
    depth: float
    """How far the lids came down, as a share of the open level: 0 not at all, 1 wholly."""
    kind: str = "blink"
    """"blink", "wink" (one eye alone), or "closure" (both eyes, for longer than a blink)."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """The measurements on the eyes of one face: opening, blinks and the time that was watched."""

    opening: np.ndarray
    """(T, 2) float: as `eye_opening` returns it."""
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
        """Say in plain words what the count means, as `rates.statement` does."""
        if self.blinks is None:
            return self.notices[0].statement
        closures = sum(one.kind == "closure" for one in self.closures)
        return rates.statement(len(self.blinks), self.seconds, activity, closures=closures)


def eye_aspect_ratio(points: np.ndarray) -> np.ndarray:
    """Return the height of an eye over its width, from six points around it.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    points : (..., 6, 2) float, pixels
        p1 to p6 in the order of the paper, going round the eye: a corner, two points of the upper
        lid, the other corner, two points of the lower lid. See `EYES`.

    Returns
    -------
    (...) float
        (|p2 - p6| + |p3 - p5|) / (2 |p1 - p4|): 0 when shut; NaN where a point is.

    Raises
    ------
    ValueError
        Points of another shape.

    References
    ----------
    Soukupova and Cech 2016, Real-Time Eye Blink Detection using Facial Landmarks, 21st Computer
    Vision Winter Workshop, eq. 1.
    """
    points = np.asarray(points, float)
    if points.shape[-2:] != (6, 2):
        raise ValueError(f"points: expected (..., 6, 2), six points of an eye, got {points.shape}.")
    p1, p2, p3, p4, p5, p6 = np.moveaxis(points, -2, 0)
    heights = np.linalg.norm(p2 - p6, axis=-1) + np.linalg.norm(p3 - p5, axis=-1)
    return heights / (2 * np.linalg.norm(p1 - p4, axis=-1))


def eye_opening(track: FaceTrack) -> np.ndarray:
    """Return how far each eye is open, (T, 2) float: lid gap over eye width, right and left eye.

    The lids come from a network that looks at each eye (`landmarks.find_eyelids`). The mesh's lids
    follow a blink only part of the way.
    """
    return landmarks.eye_opening(track.eyelids)


def open_level(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> np.ndarray:
    """Return how far the eyes are open around each frame when they do not blink.

    Parameters
    ----------
    opening : (T, n) float
        One column for each eye; NaN where it was not seen.
    times : (T,) float, seconds
    cuts : (C,) int
        Frames that begin another shot. A level never reaches from one shot into another.
    thresholds : Thresholds

    Returns
    -------
    (T, n) float
        The 75th percentile of what was measured within 1.5 s to either side, and at least 0.6 of
        the same percentile over the whole shot; NaN where nothing was measured.
    """
    opening, times = np.asarray(opening, float), np.asarray(times, float)
    level = np.full(opening.shape, np.nan)
    for frames in np.split(np.arange(len(times)), cuts):
        seen = frames[np.isfinite(opening[frames]).all(axis=1)]
        if len(seen):
            level[seen] = _level_of_shot(opening[seen], times[seen], thresholds)
    return level


def _level_of_shot(opening: np.ndarray, times: np.ndarray, limits: Thresholds) -> np.ndarray:
    begin = np.searchsorted(times, times - limits.level_s / 2, "left")
    end = np.searchsorted(times, times + limits.level_s / 2, "right")
    near = [opening[a:b] for a, b in zip(begin, end, strict=True)]
    level = [np.percentile(rows, limits.level_percentile, axis=0) for rows in near]
    whole = np.percentile(opening, limits.level_percentile, axis=0)
    return np.maximum(level, limits.least_level * whole)


def find_blinks(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> list[Blink]:
    """Find the blinks: the results of `find_closures` without winks and long closures."""
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

    1. Each eye's opening is divided by its own open level in the 3 s around (`open_level`).
    2. A dip is where the mean of both eyes stays below 0.82 and falls below 0.65 in between. In a
       blink each eye falls below 0.80.
    3. A wink is a dip of one eye alone, while the other eye stays above 0.80.
    4. The deep half of a dip is where the eyes are at least half as far down as in its lowest
       frame. A dip with two deep halves is two blinks, parted at the highest frame between them,
       if their lowest frames are at least 0.1 s apart.
    5. A dip lasts at least 0.05 s. Lids often open slowly at the end of a blink. If the dip lasts
       longer than 0.5 s, its deep half alone is the blink. If the deep half is longer than 0.5 s
       too, the dip is a closure, not a blink. The eyes must be open before and after a closure. If
       lids go down and stay down, this is not a closure: the open level goes down with them.
    6. A dip begins and ends within one shot. The eyes are seen in all its frames, in the frame
       before and in the frame after: both were measured, the head is turned by at most 30 degrees
       if `yaw` is given, the open level is 0.15 or more, and the next frame comes within 0.15 s.

    When people look down or smile, the lids and the open level go down together, and the opening
    stays above 0.65 of the level. A shallow blink may stay above 0.65 too. Then it is not found.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    opening : (T, 2) float
        As `eye_opening` returns it; NaN for an eye that was not seen.
    times : (T,) float, seconds
        They never fall, and most steps are at most 0.1 s. They need not be even.
    yaw : (T,) float, degrees, optional
        How far the head is turned, see `landmarks.head_yaw`.
    cuts : (C,) int
        Frames that begin another shot.
    thresholds : Thresholds
        The numbers named above.

    Returns
    -------
    list of Blink
        By first frame.

    Raises
    ------
    ValueError
        Shapes that do not fit, times that fall, or fewer than 10 frames a second.
    """
    opening, times = np.asarray(opening, float), np.asarray(times, float)
    share = _shares(opening, times, yaw, cuts, thresholds)
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


def seconds_watched(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> float:
    """Return how long the eyes were seen (6 of `find_closures`, with the same parameters)."""
    opening, times = np.asarray(opening, float), np.asarray(times, float)
    seen = np.isfinite(_shares(opening, times, yaw, cuts, thresholds)).all(axis=1)
    return float(_lasting(times)[seen].sum())


def blink_durations(found: Sequence[Blink], times: np.ndarray) -> np.ndarray:
    """Return how long each blink lasts, (B,) float seconds; each end may be wrong by one frame."""
    return np.array([_length(slice(b.first, b.last + 1), times) for b in found])


def blink_intervals(found: Sequence[Blink], times: np.ndarray) -> np.ndarray:
    """Return the time from each blink's lowest frame to the next one's, (B - 1,) float seconds."""
    return np.diff(np.asarray(times)[[blink.lowest for blink in found]])


def _shares(
    opening: np.ndarray,
    times: np.ndarray,
    yaw: np.ndarray | None,
    cuts: Sequence[int],
    limits: Thresholds,
) -> np.ndarray:
    """Return the opening as a share of the open level, (T, 2); NaN where an eye is not seen."""
    _check_series(opening, times, yaw, limits)
    level = open_level(opening, times, cuts=cuts, thresholds=limits)
    longest = 1.5 / limits.least_fps + ROUNDING_S
    seen = (level >= limits.least_open).all(axis=1) & (_lasting(times) <= longest)
    if yaw is not None:
        seen &= np.abs(yaw) <= limits.most_turned
    return np.divide(opening, level, where=seen[:, None], out=np.full(opening.shape, np.nan))


def _check_series(
    opening: np.ndarray, times: np.ndarray, yaw: np.ndarray | None, limits: Thresholds
) -> None:
    shapes = [opening.shape, times.shape, times.shape if yaw is None else np.shape(yaw)]
    count = len(opening) if opening.ndim else 0
    if shapes != [(count, 2), (count,), (count,)] or count < 2:
        raise ValueError(
            "opening, times, yaw: expected shapes (T, 2), (T,) and (T,), with both eyes, the time "
            f"and the yaw of at least two frames; got {', '.join(map(str, shapes))}."
        )
    steps = np.diff(times)
    if not (steps >= 0).all() or not steps.any():
        raise ValueError(
            "times: expected seconds that never fall from frame to frame and are not all equal. "
            "Sort the frames by their times."
        )
    if _too_slow(times, limits):
        raise ValueError(
            f"times: expected {limits.least_fps:.0f} frames a second or more, got "
            f"{_rate(times):.3g}. A blink lasts 0.1 to 0.4 s and can fall between two frames. "
            "Take a clip with more frames a second."
        )


def _rate(times: np.ndarray) -> float:
    """Return how many frames come in a second, most of the time."""
    step = np.median(np.diff(times))
    return float(1 / step) if step else np.inf


def _too_slow(times: np.ndarray, limits: Thresholds) -> bool:
    return _rate(times) * 1.01 < limits.least_fps


def _lasting(times: np.ndarray) -> np.ndarray:
    """Return how long each frame stays, (T,) seconds; the last one as long as most do."""
    steps = np.diff(times)
    return np.append(steps, np.median(steps))


def _length(frames: slice, times: np.ndarray) -> float:
    return float(_lasting(times)[frames].sum())


def _runs(condition: np.ndarray) -> list[slice]:
    """Return each run of frames in which a condition (T,) holds."""
    edges = np.flatnonzero(np.diff(condition, prepend=False, append=False))
    return [slice(first, after) for first, after in edges.reshape(-1, 2).tolist()]


def _dips(
    share: np.ndarray, times: np.ndarray, shot: np.ndarray, limits: Thresholds
) -> Iterator[tuple[slice, slice]]:
    """Yield the frames of each dip of a curve (T,), and the frames of its deep half."""
    for run in _runs(share < limits.open_again):
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
            if _length(part, times) > limits.shortest_s - ROUNDING_S:
                yield part, half


def _deep_halves(share: np.ndarray, times: np.ndarray, limits: Thresholds) -> list[tuple[int, int]]:
    """Return the first and the last frame of each deep half in one dip, the deepest taken first.

    A shallower half that reaches a deeper one belongs to it.
    """
    taken, halves = np.zeros(len(share), bool), []
    for lowest in np.argsort(share, kind="stable"):
        if share[lowest] >= limits.shut:
            break
        low = _runs(share < (1 + share[lowest]) / 2)
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
    too_long = _length(half, times) > longest
    frames = half if _length(part, times) > longest and not too_long else part
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


def measure(track: FaceTrack, *, thresholds: Thresholds = THRESHOLDS) -> Measurement:
    """Measure how far the eyes of a face are open, and find the blinks where they were watched.

    A picture that repeats the one before shows nothing new. Only new pictures are measured, and
    each of them lasts until the next new one.

    Notebook: 07_blinks.ipynb

    Returns
    -------
    Measurement
        Its frames are those of the clip. Where blinks cannot be counted, it says so and why.
    """
    opening = eye_opening(track)
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
    elif _too_slow(times, limits):
        why = (
            f"The clip shows {_rate(times):.3g} new pictures a second. A blink lasts 0.1 to 0.4 s "
            f"and can fall between two pictures if there are fewer than {limits.least_fps:.0f} a "
            "second. The film may be slowed down, or pictures may be missing."
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
    seconds = _lasting(times)[alone].sum()
    if seconds > 0.5:
        yield Notice(
            "blinks_not_counted",
            None,
            None,
            f"Only one eye was seen for {seconds:.1f} s. Blinks are counted only while both eyes "
            "are seen.",
        )
