"""Checks of the exercises in notebook 07."""

from numbers import Real
from typing import Any

import numpy as np
from framewise import rates
from framewise.workbench.exercises import Result, exercise

TREMBLES = [1, 0.6, 0.7, 0.6, 1]


@exercise("07.1")
def _dips_between_two_levels(answer: Any) -> Result:
    if not callable(answer) or answer(np.array([1, 0.9, 1])) is None:
        return Result(False, "expected a function that takes shares and returns a number.")
    for share, want, words in (
        ([1, 0.9, 1], 0, "nothing goes below 0.65."),
        ([1, 0.75, 1], 0, "a dip begins below 0.65, not already below 0.82."),
        ([1, 0.5, 1], 1, "the lids go down once and come up again."),
        ([1, 0.5], 1, "a dip counts from where it begins."),
        ([1, 0.6, 0.5, 0.6, 1], 1, "you may be counting frames; a dip is several of them."),
        (TREMBLES, 1, "0.7 is not open yet: the dip ends only at 0.82 or more."),
        ([1, 0.6, 0.82, 0.6, 1], 2, "at 0.82 the dip is over, and the next may begin."),
        ([1, 0.6, 1, 0.75, 1, 0.4, 0.9], 2, "one dip after the other: does it start afresh?"),
    ):
        got = answer(np.array(share, float))
        if np.size(got) != 1 or got != want:
            return Result(False, f"for {share} expected {want}, got {got}: {words}")
    return Result(True, "a trembling lid counts once, and two blinks count twice.")


@exercise("07.2")
def _seconds_of_silence(answer: Any) -> Result:
    if not isinstance(answer, Real) or not 0 < answer < np.inf:
        return Result(False, "expected one number of seconds above 0.")
    slow, fast = rates.RATES["reading"]
    if abs(answer - rates.silence_needed(slow)) <= 1:
        return Result(True, "silence needs patience: the slower the blinks, the longer the clip.")
    slips = [
        (60 / slow, "that is the mean time between two blinks; longer gaps are common."),
        (rates.silence_needed(slow) / 60, "that is in minutes; the answer must be in seconds."),
        (
            rates.silence_needed(4.5),
            "4.5 is the mean rate of readers; take the slow end of the range, 1.4.",
        ),
        (rates.silence_needed(fast), "14.4 is the fast end of the range; take the slow end, 1.4."),
        (
            rates.silence_needed(rates.RATES["talking"][0]),
            "10.5 is the slow end for talking; take the slow end for reading, 1.4.",
        ),
        (rates.silence_needed(slow, chance=0.05), "that brings the chance to 0.05, not 0.025."),
    ]
    words = [words for value, words in slips if abs(answer - value) <= 0.02 * value]
    chance = rates.silence_probability(float(answer), slow)
    told = f"after {answer:.0f} s the chance is {chance:.3f}: solve exp(-1.4 t / 60) = 0.025."
    return Result(False, (words or [told])[0])
