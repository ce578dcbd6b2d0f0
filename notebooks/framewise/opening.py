"""Opening: measure how far the eyes are open, as a share of how far they are open between blinks.

Notebook: 07_blinks.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from framewise import landmarks
from framewise.workbench.series import ROUNDING_S, frame_durations, frame_rate

__all__ = [
    "EYES",
    "THRESHOLDS",
    "Thresholds",
    "eye_aspect_ratio",
    "is_too_slow",
    "open_level",
    "seconds_watched",
    "share_of_level",
]

EYES = np.array([[33, 160, 158, 133, 153, 144], [362, 385, 387, 263, 373, 380]])
"""The mesh's points for `eye_aspect_ratio`, (2, 6) int, right eye and left eye:
`eye_aspect_ratio(track.points[:, EYES])` is (T, 2)."""


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
        (|p2 - p6| + |p3 - p5|) / (2 |p1 - p4|): 0 when shut, and NaN if one of the points is NaN.

    Raises
    ------
    ValueError
        Points of another shape.

    References
    ----------
    Soukupova and Cech 2016, Real-Time Eye Blink Detection using Facial Landmarks, 21st Computer
    Vision Winter Workshop, eq. 1.

    Examples
    --------
    >>> eye = np.array([[0, 0], [10, -4], [20, -4], [30, 0], [20, 4], [10, 4]])
    >>> round(float(eye_aspect_ratio(eye)), 3)
    0.267
    """
    points = np.asarray(points, float)
    if points.shape[-2:] != (6, 2):
        raise ValueError(f"points: expected (..., 6, 2), six points of an eye, got {points.shape}.")
    p1, p2, p3, p4, p5, p6 = np.moveaxis(points, -2, 0)
    heights = np.linalg.norm(p2 - p6, axis=-1) + np.linalg.norm(p3 - p5, axis=-1)
    return heights / (2 * np.linalg.norm(p1 - p4, axis=-1))


@dataclass(frozen=True)
class Thresholds:
    """The numbers in the rule of `closures.find_closures`.

    They were chosen on four of the sample people. data/evaluation/levels.csv shows what else was
    tried on these four; blinks.csv and retimed.csv show the results on the other people.
    """

    shut: float = 0.65
    """In a blink, a wink or a closure, the opening falls below this share of the open level."""
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
    """If the open level (lid gap over eye width) is below this, the eyes are not open. On the
    sample clips and on five real clips, the level of open eyes is 0.23 or more. For shut eyes the
    value is 0.04 to 0.11."""
    shortest_s: float = 0.05
    """Seconds. A dip that is shorter than this is an error of the measurement."""
    longest_s: float = 0.5
    """Seconds. If a dip lasts longer than this, only its deep half can be a blink, and only if the
    deep half is not longer than this too; see 5 of `closures.find_closures`."""
    apart_s: float = 0.1
    """Seconds. The lowest frames of two blinks are at least this far apart. Dips that are nearer
    count as one dip that flickers, because lids need longer than this to open and shut again."""
    most_turned: float = landmarks.MOST_TURNED
    """Degrees of yaw. If the head is turned further, the far eye is not seen well enough."""
    least_fps: float = 10.0
    """Frames a second. A blink lasts 0.1 to 0.4 s. With fewer frames a second it can fall between
    two frames. For the same reason a frame that lasts longer than 1.5 / least_fps seconds does not
    count as watched."""


THRESHOLDS = Thresholds()
"""The thresholds that the course uses."""


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
        the same percentile over the whole shot; NaN in frames where any of the eyes was not seen.
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


def seconds_watched(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> float:
    """Return how long the eyes were seen, in seconds, as `share_of_level` judges it.

    Parameters
    ----------
    opening, times, yaw, cuts, thresholds
        As in `closures.find_closures`.
    """
    opening, times = np.asarray(opening, float), np.asarray(times, float)
    share = share_of_level(opening, times, yaw=yaw, cuts=cuts, thresholds=thresholds)
    seen = np.isfinite(share).all(axis=1)
    return float(frame_durations(times)[seen].sum())


def share_of_level(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    cuts: Sequence[int] = (),
    thresholds: Thresholds = THRESHOLDS,
) -> np.ndarray:
    """Return the opening as a share of the open level, (T, 2); NaN for both if one eye is not seen.

    Rule 6 of `closures.find_closures` says when the eyes count as seen.

    Parameters
    ----------
    opening, times, yaw, cuts, thresholds
        As in `closures.find_closures`.
    """
    _check_series(opening, times, yaw, thresholds)
    level = open_level(opening, times, cuts=cuts, thresholds=thresholds)
    longest = 1.5 / thresholds.least_fps + ROUNDING_S
    seen = (level >= thresholds.least_open).all(axis=1) & (frame_durations(times) <= longest)
    if yaw is not None:
        seen &= np.abs(yaw) <= thresholds.most_turned
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
        wrong = np.flatnonzero(~(steps >= 0))
        got = f"{times[wrong[0]]} and then {times[wrong[0] + 1]}" if len(wrong) else "equal times"
        raise ValueError(
            "times: expected seconds that never fall from frame to frame and are not all equal, "
            f"got {got}. Use the times of the clip (`Clip.times`), in their order and without gaps."
        )
    if is_too_slow(times, limits):
        raise ValueError(
            f"times: expected {limits.least_fps:.0f} frames a second or more, got "
            f"{frame_rate(times):.3g}. A blink lasts 0.1 to 0.4 s and can fall between two frames. "
            "Take a clip with more frames a second."
        )


def is_too_slow(times: np.ndarray, limits: Thresholds) -> bool:
    """Tell whether there are too few frames a second, so that a blink can fall between them.

    Parameters
    ----------
    times : (T,) float, seconds
    limits : Thresholds
    """
    return frame_rate(times) * 1.01 < limits.least_fps
