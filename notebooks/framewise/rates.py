"""Rates: say what a count of blinks proves, and what it does not.

Notebook: 07b_what_blinks_prove.ipynb
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral

import numpy as np

__all__ = [
    "RATES",
    "compare_rates",
    "likelihood_ratio",
    "looks_slowed",
    "poisson_cdf",
    "rate_interval",
    "silence_needed",
    "silence_probability",
    "statement",
]

RATES = {"reading": (1.4, 14.4), "at rest": (8.0, 21.0), "talking": (10.5, 32.5)}
"""Blinks a minute by activity: the 95 % ranges in a review of published measurements on adults
(reading, primary gaze, conversation). Doughty 2001, doi 10.1097/00006324-200110000-00011, adds that
it is inappropriate to simply state one value."""


def rate_interval(count: int, seconds: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact Poisson interval of a rate: the range of rates that fit the count.

    The interval assumes that blinks come independently of each other. This is only roughly true.

    Notebook: 07b_what_blinks_prove.ipynb

    Parameters
    ----------
    count : int
        How many blinks were seen, from 0.
    seconds : float
        How long the eyes were watched, above 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    (float, float)
        The least and the greatest rate, in blinks a minute.

    Raises
    ------
    ValueError
        A count, a time or a confidence is outside its range.

    References
    ----------
    Garwood 1936, doi 10.1093/biomet/28.3-4.437.

    Examples
    --------
    >>> low, high = rate_interval(6, 60)
    >>> round(low, 1), round(high, 1)
    (2.2, 13.1)
    """
    _check_count(count, seconds)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number between 0 and 1, got {confidence}.")
    tail = (1 - confidence) / 2
    low = _solve(lambda mean: 1 - _at_most(count - 1, mean), tail) if count else 0.0
    high = _solve(lambda mean: 1 - _at_most(count, mean), 1 - tail)
    return low * 60 / seconds, high * 60 / seconds


def poisson_cdf(count: int, seconds: float, rate: float) -> float:
    """Return the probability of `count` blinks or fewer from a person who blinks at `rate`.

    This is a p-value, under the same assumption as in `rate_interval`.

    Parameters
    ----------
    count, seconds
        As for `rate_interval`.
    rate : float
        Blinks a minute, 0 or more.

    Raises
    ------
    ValueError
        A count, a time or a rate is outside its range.

    Examples
    --------
    >>> round(poisson_cdf(0, 60, 3), 4)
    0.0498
    """
    _check_count(count, seconds)
    _check_rate("rate", rate)
    return _at_most(count, rate * seconds / 60)


def silence_probability(seconds: float, rate: float) -> float:
    """Return the probability that a person who blinks `rate` times a minute shows no blink.

    Parameters
    ----------
    seconds : float
        How long the eyes were watched, above 0.
    rate : float
        Blinks a minute, 0 or more.

    Raises
    ------
    ValueError
        A time or a rate is outside its range.
    """
    return poisson_cdf(0, seconds, rate)


def silence_needed(rate: float, *, chance: float = 0.025) -> float:
    """Return the time in seconds after which the absence of blinks begins to mean something.

    After that time, the probability that a person who blinks `rate` times a minute has not blinked
    falls to `chance`. With 0.025, the 95 % interval of `rate_interval` begins to exclude `rate`.

    Parameters
    ----------
    rate : float
        Blinks a minute, above 0.
    chance : float
        Between 0 and 1.

    Raises
    ------
    ValueError
        A rate or a chance is outside its range.

    Examples
    --------
    >>> round(silence_needed(15), 1)
    14.8
    """
    if not (0 < rate < math.inf and 0 < chance < 1):
        raise ValueError(
            f"rate, chance: expected a rate above 0 and a chance between 0 and 1, got {rate} and "
            f"{chance}."
        )
    return -math.log(chance) / rate * 60


def compare_rates(count: int, seconds: float) -> dict[str, str]:
    """Compare a count with the usual range of each activity in `RATES`.

    Parameters
    ----------
    count, seconds
        As for `rate_interval`.

    Returns
    -------
    dict of str to str
        For each activity: "below" or "above" if the whole 95 % interval of the rate lies below or
        above the usual range, "within" if the interval lies inside it, else "cannot tell".

    Examples
    --------
    >>> compare_rates(2, 60)["talking"]
    'below'
    """
    return {name: _compare(count, seconds, usual) for name, usual in RATES.items()}


def likelihood_ratio(count: int, seconds: float, activity: str, fake_rate: float) -> float:
    """Return the likelihood ratio P(count | fake) / P(count | real).

    A ratio above 1 speaks for a fake of the kind in question, a ratio below 1 against it. The ratio
    says nothing about other kinds of fakes. If `fake_rate` lies in the middle of the usual range
    and the clip lasts a minute or less, counts near it give a ratio not far above 1, so they prove
    little. In a longer clip the ratio is higher, because the model gives people many different
    rates, but the fake only one. For the same reason, counts far from `fake_rate` give less than 1.
    The ratio assumes that

    1. a fake of the kind in question blinks `fake_rate` times a minute;
    2. the rates of real people in this activity are log-normal, and 95 % of them lie in the range
       of `RATES`. The range comes from one review; individual people may differ more than that;
    3. blinks come independently of each other;
    4. every blink is found, and nothing else is.

    Notebook: 07b_what_blinks_prove.ipynb

    Parameters
    ----------
    count, seconds
        As for `rate_interval`.
    activity : str
        A key of `RATES`.
    fake_rate : float
        Blinks a minute; 0 if the fake never blinks.

    Returns
    -------
    float, 0 or more
        0 if `fake_rate` is 0 and a blink was seen. Infinity if the ratio is too large for a float.

    Raises
    ------
    ValueError
        The activity is not in `RATES`, or a count, a time or a rate is outside its range.

    References
    ----------
    Bentivoglio et al. 1997, doi 10.1002/mds.870120629, found that log-normal distributions fitted
    the rates of 150 people best.
    """
    _check_count(count, seconds)
    _check_rate("fake_rate", fake_rate)
    low, high = np.log(_usual(activity))
    spread = (high - low) / (2 * 1.959963984540054)  # 95 % of a normal distribution
    off = np.linspace(-40, 40, 20001)  # standard deviations
    mean = np.exp((low + high) / 2 + spread * off) * seconds / 60
    real = _log_sum(count * np.log(mean) - mean - off**2 / 2) - _log_sum(-(off**2) / 2)
    fake = fake_rate * seconds / 60
    if fake == 0 and count:
        return 0.0
    with np.errstate(over="ignore"):  # too large for a float: infinity
        return float(np.exp((count * math.log(fake) if count else 0) - fake - real))


def looks_slowed(count: int, closures: int) -> bool:
    """Return whether a film may be slowed down: there are as many long closures as blinks, or more.

    Parameters
    ----------
    count : int
        How many blinks there are.
    closures : int
        How many closures of more than 0.5 s there are. Fewer than 3 of them say nothing, and the
        function returns False.
    """
    return closures >= 3 and closures >= count


def statement(count: int, seconds: float, activity: str | None = None, *, closures: int = 0) -> str:
    """Say in plain words what a count of blinks shows, and what it does not show.

    Notebook: 07b_what_blinks_prove.ipynb

    Parameters
    ----------
    count : int
        How many blinks were seen.
    seconds : float
        How long the eyes were watched; 0 if they were never seen well enough.
    activity : str, optional
        What the person does, a key of `RATES`; by default anything from reading to talking.
    closures : int
        How many times the eyes were shut for more than 0.5 s.

    Returns
    -------
    str
        A few sentences. They never say that a clip is fake or that it is genuine.
    """
    if seconds <= 0:
        return "The eyes were never seen well enough. We cannot tell anything from blinks."
    usual = _usual(activity)
    _check_count(count, seconds)
    seen = f"{_number(count, 'blink')} in {seconds:.1f} s"
    long = f"{_number(closures, 'closure')} of more than 0.5 s"
    if looks_slowed(count, closures):
        return (
            f"We saw {seen}, and {long}. So at least half of the times when the eyes shut, they "
            "stayed shut too long for a blink. The film may be slowed down. A minute of such a "
            "film shows less than a minute of the person's time, so we cannot tell anything from "
            "the count."
        )
    low, high = rate_interval(count, seconds)
    people = f"when {activity}" if activity else "for activities from reading to talking"
    also = f" We also saw {long}. A blink does not last that long." if closures else ""
    return (
        f"We saw {seen}. This count fits any rate from {low:.1f} to {high:.1f} blinks a minute. "
        f"Published rates {people} are {usual[0]:g} to {usual[1]:g}. "
        f"{_meaning(count, seconds, usual)}{also}"
    )


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _meaning(count: int, seconds: float, usual: tuple[float, float]) -> str:
    verdict = _compare(count, seconds, usual)
    if verdict in ("below", "above"):
        than = "lower than usual" if verdict == "below" else "higher than usual"
        return (
            f"The rate is {than}, so the clip is worth a closer look. This proves nothing, because "
            "blink rates differ between people and from day to day."
        )
    if verdict == "within":
        return (
            "The rate is as usual. This proves nothing, because generated or copied eyes can blink "
            "just as often."
        )
    if count:
        return "We cannot tell from this clip: usual and unusual rates both fit the count."
    chance = silence_probability(seconds, usual[0])
    return (
        f"We cannot tell from this clip. A person who blinks {usual[0]:g} times a minute shows no "
        f"blink in this time with probability {chance:.2f}. The absence of blinks begins to mean "
        f"something after {silence_needed(usual[0]):.0f} s."
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
    if not isinstance(count, Integral) or count < 0 or not 0 < seconds < math.inf:
        raise ValueError(
            "count, seconds: expected a whole number from 0 up and a time above 0 s, got "
            f"{count} and {seconds}."
        )


def _check_rate(name: str, rate: float) -> None:
    if not 0 <= rate < math.inf:
        raise ValueError(f"{name}: expected blinks a minute, 0 or more, got {rate}.")


def _log_sum(logs: np.ndarray) -> float:
    return float(logs.max() + np.log(np.exp(logs - logs.max()).sum()))


def _chance(count: int, mean: float) -> float:
    """Return the Poisson probability of exactly `count` events where `mean` are expected."""
    if mean == 0:
        return float(count == 0)
    return math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))


def _at_most(count: int, mean: float) -> float:
    return math.fsum(_chance(k, mean) for k in range(count + 1))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Find where a function that rises from 0 reaches a value, by halving the interval."""
    low, high = 0.0, 1.0
    while rising(high) < wanted:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
