"""Blinks: measure how far eyes are open, count the blinks, and say what their number proves.

Notebook: 07_blinks.ipynb

Public: EYES, RATES, Blink, eye_aspect_ratio, eye_opening, open_level, find_blinks, find_closures,
seconds_watched, blink_durations, blink_intervals, rate_interval, few_probability,
silence_probability, silence_needed, compare_rates, likelihood_ratio, statement.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from framewise import landmarks

if TYPE_CHECKING:
    from framewise.tracking import FaceTrack

EYES = np.array([[33, 160, 158, 133, 153, 144], [362, 385, 387, 263, 373, 380]])
"""The mesh's points for `eye_aspect_ratio`, (2, 6) int, right eye and left eye:
`eye_aspect_ratio(track.points[:, EYES])` is (T, 2)."""

SHUT, OPEN_AGAIN = 0.65, 0.82
"""Shares of the open level: a closure goes below the first and lasts while below the second. These
and the numbers below were chosen on four of the sample people: data/evaluation/levels.csv tells
what was tried, blinks.csv how they do on the others (scripts/evaluate.py)."""
ONE_EYE = 0.80
"""Share of the open level: in a blink both eyes go below it, in a wink one stays above."""
LEVEL_S, LEVEL_PERCENTILE = 3.0, 75
"""The open level is this percentile of the opening over so many seconds around a frame ..."""
LEAST_LEVEL = 0.6
"""... but at least this share of that percentile over the whole clip: eyes held shut for seconds
are not taken for open ones, unless they are open for less than a quarter of the clip; hence ..."""
LEAST_OPEN = 0.15
"""... the lid gap over eye width below which no level is taken for that of open eyes. On the sample
clips and on five real ones it is 0.23 or more; shut lids measure 0.04 to 0.11."""
SHORTEST_S, LONGEST_S = 0.05, 0.5
"""Seconds: what is shorter is a jump of the measurement, what is longer is no blink."""
ROUNDING_S = 2e-3
"""Some files tell the times of their frames in whole milliseconds."""
MOST_TURNED = 30.0
"""Degrees of yaw past which the far eye is not seen well enough."""
LEAST_FPS = 10.0
"""A blink lasts 0.1 to 0.4 s: at fewer frames a second it can fall between two of them."""
LONGEST_GAP_S = 1.5 / LEAST_FPS
"""So it can while one frame stays for longer than this: that frame counts as not seen."""

RATES = {"reading": (1.4, 14.4), "at rest": (8.0, 21.0), "talking": (10.5, 32.5)}
"""Blinks a minute by activity, the 95 % ranges of a review of published measurements on adults
(reading, primary gaze, conversation): Doughty 2001, doi 10.1097/00006324-200110000-00011, who adds
that it is inappropriate to simply state one value."""


@dataclass(frozen=True)
class Blink:
    """One closure of the eyes; frames are counted from 0."""

    first: int
    """The first frame clearly below the open level."""
    lowest: int
    """The frame in which the eyes are least open."""
    last: int
    """The last frame clearly below the open level."""
    depth: float
    """How far the lids came down, as a share of the open level: 0 not at all, 1 wholly."""
    kind: str = "blink"
    """"blink", "wink" (one eye alone), or "closure" (both eyes, for longer than a blink)."""


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

    From the eyelids that a network of its own finds in each eye (`landmarks.find_eyelids`); the
    mesh's lids follow a blink only part of the way.
    """
    return landmarks.eye_opening(track.eyelids)


def open_level(opening: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return how far the eyes are open around each frame when they do not blink.

    Parameters
    ----------
    opening : (T, n) float
        One column for each eye; NaN where the face was not found.
    times : (T,) float, seconds

    Returns
    -------
    (T, n) float
        The 75th percentile of what was measured within 1.5 s to either side, at least 0.6 of that
        of the whole clip; NaN where nothing was measured.
    """
    opening, times = np.asarray(opening, float), np.asarray(times, float)
    begin = np.searchsorted(times, times - LEVEL_S / 2, "left")
    end = np.searchsorted(times, times + LEVEL_S / 2, "right")
    level = np.full(opening.shape, np.nan)
    measured = np.isfinite(opening).all(axis=1)
    for i in np.flatnonzero(measured):
        near = slice(begin[i], end[i])
        level[i] = np.percentile(opening[near][measured[near]], LEVEL_PERCENTILE, axis=0)
    if measured.any():
        least = LEAST_LEVEL * np.percentile(opening[measured], LEVEL_PERCENTILE, axis=0)
        level = np.maximum(level, least)
    return level


def find_blinks(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    shut: float = SHUT,
) -> list[Blink]:
    """Find the blinks: `find_closures`, without winks and long closures."""
    closures = find_closures(opening, times, yaw=yaw, shut=shut)
    return [closure for closure in closures if closure.kind == "blink"]


def find_closures(
    opening: np.ndarray,
    times: np.ndarray,
    *,
    yaw: np.ndarray | None = None,
    shut: float = SHUT,
) -> list[Blink]:
    """Find where lids come down and open again: blinks, winks and longer closures.

    1. Each eye's opening is divided by its own open level in the 3 s around (`open_level`).
    2. A blink is where the mean of both eyes falls below 0.65 and each of them below 0.80.
    3. A wink is where one eye falls below 0.65 while the other stays above 0.80.
    4. Either lasts while that mean, or that eye, stays below 0.82.
    5. It begins and ends within the clip, and the face is seen in all its frames and in those just
       before and after: found, turned by at most 30 degrees if `yaw` is given, with an open level
       of 0.15 or more, and with the next frame no later than 0.15 s.
    6. It lasts at least 0.05 s. Both eyes shut for longer than 0.5 s are a closure, not a blink.

    A look down or a smile lowers the level with the lids and stays above 0.65 of it. A shallow
    blink may do so too: it is not found.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    opening : (T, 2) float
        As `eye_opening` returns it; NaN where the face was not found.
    times : (T,) float, seconds
        Never falling, at 10 frames a second or more, evenly or not.
    yaw : (T,) float, degrees, optional
        How far the head is turned, see `landmarks.head_yaw`.
    shut : float
        The 0.65 of the conditions 2 and 3.

    Returns
    -------
    list of Blink
        By first frame.

    Raises
    ------
    ValueError
        Shapes that do not fit, times that fall, or fewer than 10 frames a second.
    """
    share = _shares(opening, times, yaw)
    spans = [(*span, "blink") for span in _dips(share.mean(axis=1), shut)]
    spans = [s for s in spans if share[s[0] : s[1] + 1].min(axis=0).max() < ONE_EYE]
    for eye, other in ((0, 1), (1, 0)):
        dips = _dips(share[:, eye], shut)
        spans += [(a, b, "wink") for a, b in dips if share[a : b + 1, other].min() >= ONE_EYE]
    found = (_closure(share, times, *span) for span in sorted(spans))
    return [one for one in found if _length(one, times) > SHORTEST_S - ROUNDING_S]


def seconds_watched(
    opening: np.ndarray, times: np.ndarray, *, yaw: np.ndarray | None = None
) -> float:
    """Return for how long the eyes were seen (5 of `find_closures`, with the same parameters)."""
    seen = np.isfinite(_shares(opening, times, yaw)).all(axis=1)
    return float(_lasting(times)[seen].sum())


def blink_durations(found: Sequence[Blink], times: np.ndarray) -> np.ndarray:
    """Return how long each blink lasts, (B,) float seconds; good to a frame at either end."""
    return np.array([_length(blink, times) for blink in found])


def blink_intervals(found: Sequence[Blink], times: np.ndarray) -> np.ndarray:
    """Return the time from each blink's lowest frame to the next one's, (B - 1,) float seconds."""
    return np.diff(np.asarray(times)[[blink.lowest for blink in found]])


def _shares(opening: np.ndarray, times: np.ndarray, yaw: np.ndarray | None) -> np.ndarray:
    """Return the opening as a share of the open level, (T, 2); NaN where an eye is not seen."""
    opening = np.asarray(opening, float)
    _check_series(opening, np.asarray(times, float), yaw)
    level = open_level(opening, times)
    seen = (level >= LEAST_OPEN).all(axis=1) & (_lasting(times) <= LONGEST_GAP_S + ROUNDING_S)
    if yaw is not None:
        seen &= np.abs(yaw) <= MOST_TURNED
    return np.divide(opening, level, where=seen[:, None], out=np.full(opening.shape, np.nan))


def _check_series(opening: np.ndarray, times: np.ndarray, yaw: np.ndarray | None) -> None:
    shapes = [opening.shape, times.shape, times.shape if yaw is None else np.shape(yaw)]
    count = len(opening) if opening.ndim else 0
    if shapes != [(count, 2), (count,), (count,)] or count < 2:
        raise ValueError(
            "opening, times, yaw: expected (T, 2), (T,) and (T,), both eyes, the time and the turn "
            f"in two frames or more, got {', '.join(map(str, shapes))}."
        )
    steps = np.diff(times)
    if not (steps >= 0).all() or not steps.any():
        raise ValueError("times: expected seconds that never fall from frame to frame.")
    if np.median(steps) * LEAST_FPS > 1.01:
        raise ValueError(
            f"{1 / np.median(steps):.3g} frames a second are too few to see blinks, which last 0.1 "
            f"to 0.4 s; take a clip with {LEAST_FPS:.0f} or more."
        )


def _lasting(times: np.ndarray) -> np.ndarray:
    """Return how long each frame stays, (T,) seconds; the last one as long as most do."""
    steps = np.diff(times)
    return np.append(steps, np.median(steps))


def _length(blink: Blink, times: np.ndarray) -> float:
    return float(_lasting(times)[blink.first : blink.last + 1].sum())


def _dips(curve: np.ndarray, shut: float) -> Iterator[tuple[int, int]]:
    """Yield first and last frame of each dip below `shut` with measured frames on both sides."""
    edges = np.flatnonzero(np.diff(curve < OPEN_AGAIN, prepend=False, append=False))
    for first, after in edges.reshape(-1, 2).tolist():
        inside = first > 0 and after < len(curve) and np.isfinite(curve[[first - 1, after]]).all()
        if inside and curve[first:after].min() < shut:
            yield first, after - 1


def _closure(share: np.ndarray, times: np.ndarray, first: int, last: int, kind: str) -> Blink:
    during = share[first : last + 1].mean(axis=1)
    lowest = int(during.argmin())
    blink = Blink(first, first + lowest, last, float(np.clip(1 - during[lowest], 0, 1)), kind)
    too_long = kind == "blink" and _length(blink, times) > LONGEST_S + ROUNDING_S
    return replace(blink, kind="closure") if too_long else blink


def rate_interval(count: int, seconds: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the rates a minute that a count does not rule out: the exact Poisson interval.

    Blinks are taken to come independently of each other, which is only roughly so.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    count : int
        Blinks seen, from 0.
    seconds : float
        In so long a time, above 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    (float, float)
        The least and the greatest rate, blinks a minute.

    Raises
    ------
    ValueError
        A count, a time or a confidence outside its range.

    References
    ----------
    Garwood 1936, doi 10.1093/biomet/28.3-4.437.
    """
    _check_count(count, seconds)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number between 0 and 1, got {confidence}.")
    tail = (1 - confidence) / 2
    low = _solve(lambda mean: 1 - _at_most(count - 1, mean), tail) if count else 0.0
    high = _solve(lambda mean: 1 - _at_most(count, mean), 1 - tail)
    return low * 60 / seconds, high * 60 / seconds


def few_probability(count: int, seconds: float, rate: float) -> float:
    """Return the chance that somebody who blinks `rate` times a minute shows so few, or fewer.

    A p-value, under the same assumption as `rate_interval`.
    """
    _check_count(count, seconds)
    return _at_most(count, rate * seconds / 60)


def silence_probability(seconds: float, rate: float) -> float:
    """Return the chance that somebody who blinks `rate` times a minute shows no blink at all."""
    return few_probability(0, seconds, rate)


def silence_needed(rate: float, *, chance: float = 0.025) -> float:
    """Return how many seconds without a blink it takes before they mean anything.

    That is, until somebody who blinks `rate` times a minute shows none with so small a chance.
    With 0.025 it is where the 95 % interval of `rate_interval` begins to leave `rate` out.
    """
    if not (rate > 0 and 0 < chance < 1):
        raise ValueError(
            f"rate, chance: expected a rate above 0 and a chance between 0 and 1, got {rate} and "
            f"{chance}."
        )
    return -math.log(chance) / rate * 60


def compare_rates(count: int, seconds: float) -> dict[str, str]:
    """Return for each activity of `RATES` how a count compares with what is usual in it.

    Returns
    -------
    dict of str to str
        "below" or "above" if the whole 95 % interval of the rate is, "within" if it lies inside
        the usual range, else "cannot tell".
    """
    return {name: _compare(count, seconds, usual) for name, usual in RATES.items()}


def likelihood_ratio(count: int, seconds: float, activity: str, fake_rate: float) -> float:
    """Return how many times likelier so many blinks are in a fake than in a real clip.

    Assumed: (1) a fake of the kind in question blinks `fake_rate` times a minute, 0 for never;
    (2) the rates of real people doing `activity` are log-normal, 95 % of them in its range of
    `RATES`: a review's spread, and single people may well spread wider; (3) blinks come
    independently of each other; (4) every blink is found and nothing else. Above 1 speaks for such
    a fake, below 1 against it. It says nothing of other kinds of fakes: those that blink as often
    as people do give about 1 whatever is counted.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    count, seconds
        As for `rate_interval`.
    activity : str
        A key of `RATES`.
    fake_rate : float
        Blinks a minute.

    Raises
    ------
    ValueError
        An activity that is not in `RATES`; a count, a time or a rate outside its range.

    References
    ----------
    Bentivoglio et al. 1997, doi 10.1002/mds.870120629, found the rates of 150 people to fit
    log-normal distributions best.
    """
    _check_count(count, seconds)
    if not fake_rate >= 0:
        raise ValueError(f"fake_rate: expected blinks a minute, 0 or more, got {fake_rate}.")
    low, high = np.log(_usual(activity))
    spread = (high - low) / (2 * 1.959963984540054)  # 95 % of a normal distribution
    off = np.linspace(-40, 40, 20001)  # standard deviations
    mean = np.exp((low + high) / 2 + spread * off) * seconds / 60
    real = _log_sum(count * np.log(mean) - mean - off**2 / 2) - _log_sum(-(off**2) / 2)
    fake = fake_rate * seconds / 60
    if fake == 0 and count:
        return 0.0
    with np.errstate(over="ignore"):  # beyond any number: infinite
        return float(np.exp((count * math.log(fake) if count else 0) - fake - real))


def _log_sum(logs: np.ndarray) -> float:
    return float(logs.max() + np.log(np.exp(logs - logs.max()).sum()))


def statement(count: int, seconds: float, activity: str | None = None) -> str:
    """Say in plain words what a count of blinks tells, and what it does not.

    Notebook: 07_blinks.ipynb

    Parameters
    ----------
    count : int
        Blinks seen.
    seconds : float
        For so long the eyes were seen, see `seconds_watched`; 0 if they never were.
    activity : str, optional
        What the person does, a key of `RATES`; by default anything from reading to talking.

    Returns
    -------
    str
        It never says of a clip that it is fake or that it is genuine.
    """
    if seconds <= 0:
        return "The eyes were never seen well enough: cannot tell anything from blinks."
    usual = _usual(activity)
    low, high = rate_interval(count, seconds)
    seen = (
        f"{count} blink{'' if count == 1 else 's'} in {seconds:.1f} s, which fits any rate from "
        f"{low:.1f} to {high:.1f} a minute"
    )
    rates = f"published, {activity or 'from reading to talking'}: {usual[0]:g} to {usual[1]:g}"
    return f"{seen} ({rates}). {_meaning(count, seconds, usual)}"


def _meaning(count: int, seconds: float, usual: tuple[float, float]) -> str:
    verdict = _compare(count, seconds, usual)
    if verdict in ("below", "above"):
        than = "Fewer than usual" if verdict == "below" else "More than usual"
        return f"{than}: worth a closer look, and no more. People differ, and so do days."
    if verdict == "within":
        return "As usual. That clears nothing: made or copied eyes can blink as often."
    if count:
        return "Cannot tell from this clip: usual and unusual rates both fit."
    chance = silence_probability(seconds, usual[0])
    return (
        f"Cannot tell from this clip: somebody who blinks {usual[0]:g} times a minute shows none "
        f"in such a time with probability {chance:.2f}; silence begins to mean something after "
        f"{silence_needed(usual[0]):.0f} s."
    )


def _usual(activity: str | None) -> tuple[float, float]:
    if activity is None:
        return min(low for low, _ in RATES.values()), max(high for _, high in RATES.values())
    if activity not in RATES:
        raise ValueError(f"activity: expected one of {', '.join(RATES)}; got {activity!r}.")
    return RATES[activity]


def _compare(count: int, seconds: float, usual: tuple[float, float]) -> str:
    low, high = rate_interval(count, seconds)
    if high < usual[0]:
        return "below"
    if low > usual[1]:
        return "above"
    return "within" if usual[0] <= low and high <= usual[1] else "cannot tell"


def _check_count(count: int, seconds: float) -> None:
    if not isinstance(count, Integral) or count < 0 or not seconds > 0:
        raise ValueError(
            "count, seconds: expected a whole number from 0 up and a time above 0 s, got "
            f"{count} and {seconds}."
        )


def _chance(count: int, mean: float) -> float:
    """Poisson: the chance of exactly so many events where `mean` are expected."""
    if mean == 0:
        return float(count == 0)
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def _at_most(count: int, mean: float) -> float:
    return math.fsum(_chance(k, mean) for k in range(count + 1))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Find where a function that rises from 0 reaches a value, by halving."""
    low, high = 0.0, 1.0
    while rising(high) < wanted:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
