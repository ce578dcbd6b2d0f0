"""Rates: scipy's distributions as the oracle, and the words that are said of a count."""

import re

import numpy as np
import pytest
from framewise import rates
from scipy import stats


@pytest.mark.parametrize(("count", "seconds"), [(0, 10), (1, 8), (5, 40), (40, 120), (400, 1200)])
def test_the_interval_is_garwoods(count, seconds):
    for confidence in (0.95, 0.8):
        tail = (1 - confidence) / 2
        low, high = np.array(rates.rate_interval(count, seconds, confidence=confidence))
        exact = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0
        assert low * seconds / 60 == pytest.approx(exact, abs=1e-6)
        exact = stats.chi2.ppf(1 - tail, 2 * count + 2) / 2
        assert high * seconds / 60 == pytest.approx(exact, abs=1e-6)


def test_chances_are_those_of_poisson():
    for count, seconds, rate in [(0, 10, 17), (2, 40, 10.5), (30, 60, 26), (0, 30, 0)]:
        exact = stats.poisson.cdf(count, rate * seconds / 60)
        assert rates.poisson_cdf(count, seconds, rate) == pytest.approx(exact, abs=1e-9)
    assert rates.silence_probability(10, 17) == pytest.approx(0.06, abs=0.005)
    assert rates.silence_probability(10, 4.5) == pytest.approx(0.47, abs=0.005)


def test_silence_means_something_once_the_interval_leaves_the_rate_out():
    needed = rates.silence_needed(10.5)
    assert rates.rate_interval(0, needed)[1] == pytest.approx(10.5)
    assert rates.silence_probability(needed, 10.5) == pytest.approx(0.025)
    assert rates.silence_needed(17, chance=0.05) == pytest.approx(10.57, abs=0.01)


@pytest.mark.parametrize(("count", "seconds"), [(0, 40), (2, 40), (9, 40), (0, 600), (40, 8)])
@pytest.mark.parametrize("fake_rate", [0, 0.5, 20])
def test_the_likelihood_ratio_is_that_of_its_assumptions(count, seconds, fake_rate):
    low, high = np.log(rates.RATES["reading"])
    spread = (high - low) / (2 * stats.norm.ppf(0.975))
    people = stats.lognorm(s=spread, scale=np.exp((low + high) / 2))
    assert people.cdf(1.4) == pytest.approx(0.025) and people.sf(14.4) == pytest.approx(0.025)
    log_rates = np.linspace(np.log(1e-6), np.log(1e6), 400_001)  # by a plain sum
    weights = stats.norm.pdf(log_rates, (low + high) / 2, spread)
    chances = stats.poisson.pmf(count, np.exp(log_rates) * seconds / 60)
    real = (chances * weights).sum() / weights.sum()
    fake = stats.poisson.pmf(count, fake_rate * seconds / 60)
    found = rates.likelihood_ratio(count, seconds, "reading", fake_rate)
    assert found == pytest.approx(fake / real, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rates.rate_interval(-1, 8), "a whole number from 0 up .* got -1 and 8"),
        (lambda: rates.rate_interval(2.5, 8), "a whole number from 0 up .* got 2.5 and 8"),
        (lambda: rates.silence_needed(0), "a rate above 0 .* got 0 and 0.025"),
        (lambda: rates.silence_needed(9, chance=2), "a chance between 0 and 1, got 9 and 2"),
        (lambda: rates.likelihood_ratio(2, 40, "reading", -1), "0 or more, got -1"),
        (lambda: rates.likelihood_ratio(2, 40, "reading", np.inf), "0 or more, got inf"),
        (lambda: rates.poisson_cdf(1, 0, 17), "a time above 0 s, got 1 and 0"),
        (lambda: rates.poisson_cdf(1, np.inf, 17), "a time above 0 s, got 1 and inf"),
        (lambda: rates.poisson_cdf(1, 10, np.nan), "rate: .* 0 or more, got nan"),
        (lambda: rates.silence_probability(10, -5), "rate: .* a minute, 0 or more, got -5"),
        (lambda: rates.silence_needed(np.inf), "a rate above 0 .* got inf"),
        (lambda: rates.statement(-1, 40), "a whole number from 0 up .* got -1 and 40"),
        (lambda: rates.rate_interval(1, 8, confidence=1), "between 0 and 1, got 1"),
        (lambda: rates.likelihood_ratio(2, 40, "asleep", 1), "at rest, talking; got 'asleep'"),
        (lambda: rates.statement(2, 40, "asleep"), "activity: expected one of reading"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rates_are_compared_by_activity():
    assert set(rates.compare_rates(3, 8).values()) == {"cannot tell"}
    assert rates.compare_rates(0, 40) == {
        "reading": "cannot tell", "at rest": "below", "talking": "below"
    }  # fmt: skip
    assert rates.compare_rates(150, 600) == {
        "reading": "cannot tell", "at rest": "within", "talking": "within"
    }  # fmt: skip
    assert set(rates.compare_rates(600, 600).values()) == {"above"}


@pytest.mark.parametrize(
    ("count", "seconds", "activity", "verdict"),
    [
        (0, 8, None, "cannot tell .* 1.4 times .* probability 0.83. .* after 158 s"),
        (0, 20, "talking", "cannot tell from this clip. .* after 21 s"),
        (
            0,
            22,
            "talking",
            "lower than usual, so the clip is worth a closer look. This proves nothing",
        ),
        (
            3,
            8,
            "talking",
            r"^We saw 3 blinks in 8.0 s. .* from 4.6 to 65.8 blinks a minute. .* cannot tell",
        ),
        (1, 8, None, "^We saw 1 blink in"),
        (200, 600, "talking", "The rate is as usual. This proves nothing"),
        (
            100,
            60,
            None,
            r"Published rates for activities from reading to talking are .* is higher than usual",
        ),
        (0, 0, None, "cannot tell anything from blinks"),
        (1, 8, "talking", "Published rates when talking are 10.5 to 32.5"),
    ],
)
def test_the_statement_says_what_follows_and_never_a_verdict(count, seconds, activity, verdict):
    words = rates.statement(count, seconds, activity)
    assert re.search(verdict, words), words
    never = {"fake", "real", "genuine", "normal", "authentic"}
    assert not never & set(re.findall(r"\w+", words.lower()))


@pytest.mark.parametrize(
    ("count", "closures", "slowed"),
    [(0, 3, True), (0, 2, False), (3, 3, True), (4, 3, False), (0, 0, False)],
)
def test_long_closures_are_told_and_a_slowed_film_is_not_compared(count, closures, slowed):
    assert rates.looks_slowed(count, closures) == slowed
    words = rates.statement(count, 170, "talking", closures=closures)
    assert (f"{closures} closure" in words) == (closures > 0)
    assert ("may be slowed down" in words) == ("cannot tell" in words) == slowed
    assert ("Published" in words) == ("lower than usual" in words) == (not slowed)
