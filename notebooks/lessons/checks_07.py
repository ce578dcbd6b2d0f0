"""Checks of the exercises in notebooks 07 and 07b."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from framewise import rates
from framewise.workbench.exercises import Result, exercise

BLINKS_OF_DALIA = 3
PRECISION_RECALL = 9 / 12, 9 / 10
SLOW, FAST = rates.RATES["reading"]
VERDICTS = ("lower than usual", "as usual", "higher than usual", "cannot tell")

DIPS = (
    ([1, 0.9, 1], 0, "Nothing falls below 0.65 here."),
    ([1, 0.75, 1], 0, "A dip begins below 0.65. Below 0.82 is not enough."),
    ([1, 0.65, 1], 0, "0.65 is not below 0.65."),
    ([1, 0.5, 1], 1, "The lids go down once and come up again."),
    ([1, 0.5], 1, "A dip that has begun counts, even if it does not end in the list."),
    ([0.5, 0.5, 1], 1, "The list begins with shut eyes. That is a dip too."),
    ([1, 0.6, 0.5, 0.6, 1], 1, "These are several frames of one dip. Count dips, not frames."),
    ([1, 0.6, 0.7, 0.6, 1], 1, "0.7 is not open yet. The dip ends only at 0.82 or more."),
    ([1, 0.6, 0.82, 0.6, 1], 2, "At 0.82 the first dip has ended, so a second one can begin."),
    (
        [1, 0.6, 1, 0.75, 1, 0.4, 0.9],
        2,
        "There are two dips. Can a second dip begin after the first one?",
    ),
)


def _numbers(answer: Any) -> np.ndarray:
    """Return the numbers of an answer in any form, (n,) float; empty if it holds none."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    try:
        numbers = np.asarray(answer, float).ravel()
    except (TypeError, ValueError):
        return np.array([])
    return numbers[np.isfinite(numbers)]


@exercise("07.1")
def _blinks_by_eye(answer: Any) -> Result:
    count = _numbers(answer)
    if len(count) != 1 or count[0] < 0 or count[0] % 1:
        return Result(False, "give one whole number: how many times did Dalia blink?")
    if count[0] < BLINKS_OF_DALIA:
        return Result(
            False,
            "Dalia blinks more often than that. Play the clip again and look only at her eyes.",
        )
    if count[0] > BLINKS_OF_DALIA:
        return Result(
            False,
            "Dalia blinks less often than that. Count only when both eyes are shut for a moment.",
        )
    return Result(True, "the truth of the clip has the same number.")


@exercise("07.2")
def _dips_between_two_levels(answer: Any) -> Result:
    if not callable(answer):
        return Result(False, "define a function count_dips(shares), and give the function itself.")
    for shares, want, hint in DIPS:
        got, problem = _call(answer, shares)
        if problem:
            return Result(False, f"count_dips({shares}) stopped with this message: {problem}")
        if got is ...:
            return Result(False, "replace the line `return ...` with your code and run the cell.")
        if got is None:
            return Result(False, f"count_dips({shares}) returned nothing. Does it end in `return`?")
        count = _numbers(got)
        if len(count) != 1 or count[0] != want:
            return Result(False, f"count_dips({shares}) should be {want}, not {got}. {hint}")
    return Result(True, "a dip with a trembling lid counts once, and two dips count as two.")


def _call(function: Callable, shares: list[float]) -> tuple[Any, str]:
    """Return what a function makes of shares, given as a list or else as an array, or why not."""
    problem = ""
    for given in (list(shares), np.array(shares, float)):
        try:
            return function(given), ""
        except Exception as error:
            problem = problem or str(error) or "no message"
    return None, problem


@exercise("07.3")
def _precision_and_recall(answer: Any) -> Result:
    given = _numbers(answer)
    if len(given) != 2:
        return Result(False, "give two numbers: first the precision, then the recall.")
    if (given > 1).all():
        given = given / 100  # per cent
    if np.abs(given - PRECISION_RECALL).max() < 0.006:
        return Result(
            True, "precision looks at the found blinks, and recall looks at the true blinks."
        )
    if np.abs(given[::-1] - PRECISION_RECALL).max() < 0.006:
        return Result(False, "these are the right two numbers, but swapped. Precision comes first.")
    if (given < 0).any() or (given > 1).any():
        return Result(
            False, "both numbers lie between 0 and 1. Divide the hits by a larger number."
        )
    if abs(given[0] - PRECISION_RECALL[0]) >= 0.006:
        return Result(
            False, "look at the precision again: 9 hits, divided by all blinks that were found."
        )
    return Result(False, "the precision is fine. The recall is 9 hits, divided by all true blinks.")


@exercise("07.4")
def _seconds_of_silence(answer: Any) -> Result:
    seconds = _numbers(answer)
    if len(seconds) != 1 or seconds[0] <= 0:
        return Result(False, "give one number of seconds, greater than 0.")
    right = rates.silence_needed(SLOW)
    if abs(seconds[0] - right) <= 2:
        return Result(True, "the more rarely a person blinks, the longer you must watch.")
    slips = (
        (60 / SLOW, "that is the average time between two blinks. Longer gaps are common."),
        (right / 60, "that is the time in minutes. Give it in seconds."),
        (rates.silence_needed(4.5), "4.5 is the average for readers. Take the slow rate, 1.4."),
        (rates.silence_needed(FAST), "14.4 is the fast end of the range. Take the slow end, 1.4."),
        (rates.silence_needed(10.5), "10.5 is the slow end for talking. Take 1.4, for reading."),
        (rates.silence_needed(SLOW, chance=0.05), "that is for a chance of 0.05, not 0.025."),
    )
    for value, words in slips:
        if abs(seconds[0] - value) <= 0.02 * value:
            return Result(False, words)
    chance = rates.silence_probability(float(seconds[0]), SLOW)
    longer = "longer" if seconds[0] < right else "shorter"
    return Result(
        False,
        f"after {seconds[0]:g} s the chance is {chance:.3f}, not 0.025. Try a {longer} time.",
    )


@exercise("07.5")
def _verdict_on_four_blinks(answer: Any) -> Result:
    if isinstance(answer, list | tuple) and len(answer) == 1:
        answer = answer[0]
    verdict = " ".join(str(answer).lower().replace("can't", "cannot").strip(" .!").split())
    verdict = verdict.removeprefix("i ").removeprefix("we ").removesuffix(" from this clip")
    if verdict == "cannot tell":
        return Result(True, "rates below the usual range and rates inside it both fit the count.")
    if verdict == "lower than usual":
        return Result(
            False,
            "8 a minute is only the rate in this clip. Does the whole interval lie below 10.5?",
        )
    if verdict == "as usual":
        return Result(False, "the usual range begins at 10.5. Does the whole interval lie inside?")
    if verdict == "higher than usual":
        return Result(False, "the usual range ends at 32.5. Does the interval reach higher?")
    return Result(False, f"give one of these answers: {', '.join(VERDICTS)}.")
