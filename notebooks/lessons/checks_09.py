"""Checks of the exercises in notebooks 09 and 09b."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from framewise.workbench.exercises import Result, exercise


def _numbers(answer: Any) -> np.ndarray:
    """Return the answer as a row of floats; one NaN if it holds anything else."""
    try:
        return np.array([np.nan]) if isinstance(answer, str) else np.ravel(answer).astype(float)
    except (TypeError, ValueError):
        return np.array([np.nan])


@exercise("09.1")
def _off_the_line(answer: Any) -> Result:
    found = _numbers(answer)
    if found.size != 2 or not np.isfinite(found).all():
        return Result(False, "expected a list of two numbers, such as [0.5, -1].")
    if np.allclose(found, [1.5, -2.5], atol=0.01):
        return Result(True, "12 is 1.5 above the halfway place 10.5, and 11 is 2.5 below 13.5.")
    if np.allclose(np.abs(found), [1.5, 2.5], atol=0.01):
        return Result(False, "the sizes are correct. Check the signs: place minus halfway place.")
    if np.allclose(found, [10.5, 13.5], atol=0.01):
        return Result(False, "these are the halfway places. Subtract them from the places.")
    if np.allclose(found, [3, -5], atol=0.01):
        return Result(False, "twice too large. The halfway place is the mean of the neighbours.")
    if np.allclose(found, [2, -1], atol=0.01):
        return Result(False, "these are the steps from frame to frame. Use both neighbours.")
    if np.allclose(found, [-2.5, 1.5], atol=0.01):
        return Result(False, "the numbers are correct, but their order is not.")
    return Result(False, "for each place, take the mean of its two neighbours and subtract it.")


@exercise("09.2")
def _two_drifts(answer: Any) -> Result:
    found = _numbers(answer)
    if found.size != 2 or not np.isfinite(found).all():
        return Result(False, "expected a list of two numbers, such as [0.1, 0.3].")
    if np.allclose(np.abs(found), [0, 0.4], atol=0.005):
        return Result(True, "an even drift is on the line. A drift that jerks to and fro is not.")
    if np.allclose(np.abs(found), [0.4, 0], atol=0.005):
        return Result(False, "the numbers are correct, but their order is not: clip A comes first.")
    if abs(found[0]) > 0.005:
        return Result(False, "in clip A all numbers are equal. Which place is halfway?")
    if np.allclose(np.abs(found), [0, 0.2], atol=0.005):
        return Result(False, "clip A is right. In clip B the halfway place is -0.2, not 0.")
    return Result(False, "clip A is right. In clip B, take 0.2 minus the mean of its neighbours.")


@exercise("09.3")
def _accused(answer: Any) -> Result:
    count = _numbers(answer)
    if count.size != 1 or not np.isfinite(count).all() or count[0] % 1:
        return Result(False, "expected one whole number of people, such as 2.")
    if count[0] == 4:
        return Result(True, "four of nine people would be accused, and no clip was changed.")
    if count[0] == 5:
        return Result(False, "you have counted the others. Count the gaps above 5 degrees.")
    return Result(False, "count the lines that were printed with more than 5 degrees.")


@exercise("09.4")
def _pulse_as_proof(answer: Any) -> Result:
    said = answer.strip().lower() if isinstance(answer, str) else ""
    if said not in ("fake", "real", "cannot tell"):
        return Result(False, 'expected "fake", "real" or "cannot tell", in quotation marks.')
    if said == "cannot tell":
        return Result(True, "compression can remove the pulse, and some fakes have a pulse.")
    if said == "fake":
        return Result(False, "what else, apart from a fake, can take the pulse out of a film?")
    return Result(False, "does a missing pulse speak for an untouched film? What can remove it?")


AUC = 7.5 / 9
ALLOWED = [2, 3, 6]
ALARM_IS_RIGHT = 95 / (95 + 45)


def _finite_numbers(answer: Any) -> np.ndarray:
    """Return the numbers of an answer in any form, (n,) float; empty if it holds none."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, set | frozenset):
        answer = sorted(answer)
    try:
        if isinstance(answer, str):
            share = answer.strip().removesuffix("%")
            answer = share if share == answer.strip() else float(share) / 100
        numbers = np.asarray(answer, float).ravel()
    except (TypeError, ValueError):
        return np.array([])
    return numbers[np.isfinite(numbers)]


def _share(answer: Any) -> float:
    """Return an answer as a share from 0 to 1; a number above 1 counts as per cent. Else NaN."""
    given = _finite_numbers(answer)
    if len(given) != 1 or not 0 <= given[0] <= 100:
        return float("nan")
    return float(given[0] / 100 if given[0] > 1 else given[0])


@exercise("09.7")
def _auc_by_hand(answer: Any) -> Result:
    share = _share(answer)
    if np.isnan(share):
        return Result(False, "give one number from 0 to 1: a share of the 9 pairs.")
    slips = (
        (AUC, ""),
        (7 / 9, "one pair is a tie: 2 and 2. It counts one half."),
        (8 / 9, "one pair is a tie: 2 and 2. It counts one half, not one."),
        (1 - AUC, "this is the share of the pairs in the wrong order."),
        (7.5 / 100, "this is the number of pairs in the right order. Divide it by 9."),
        (2 / 3, "compare every fake with every original: 9 pairs."),
    )
    value, words = min(slips, key=lambda slip: abs(slip[0] - share))
    if abs(value - share) > 0.006:
        return Result(False, "take each fake in turn. How many of the three originals are below?")
    return Result(not words, words or "7.5 of the 9 pairs are in the right order.")


@exercise("09.8")
def _clips_without_a_leak(answer: Any) -> Result:
    given = set(_finite_numbers(answer).tolist())
    if not given or not given <= {1, 2, 3, 4, 5, 6}:
        return Result(False, "give a list of numbers from 1 to 6.")
    for number, words in (
        (1, "Ben performs in the test. `ben_talk` shows him too."),
        (5, "Hugo gives his face in the test. `hugo_down` shows this face."),
        (4, "who gives the face in clip 4? This face is in the test."),
    ):
        if number in given:
            return Result(False, words)
    if given < set(ALLOWED):
        return Result(False, "these may be used, but there are more. Who is shown in the others?")
    return Result(True, "nobody in these clips is seen in the test.")


@exercise("09.9")
def _alarm_at_another_base_rate(answer: Any) -> Result:
    share = _share(answer)
    if np.isnan(share):
        return Result(False, "give one share, such as 0.5, or one percentage, such as 50.")
    if abs(share - ALARM_IS_RIGHT) < 0.006:
        words = "the same detector is right much more often, because fakes are more common here."
        return Result(True, words)
    slips = (
        (0.95, "this is the share of the fakes that it finds. The question is about the alarms."),
        (0.16, "this is the result for 1 % fakes. Here 10 % are fakes."),
        (1 - ALARM_IS_RIGHT, "this is the share of the false alarms among all alarms."),
    )
    for value, words in slips:
        if abs(share - value) < 0.006:
            return Result(False, words)
    return Result(False, "count the alarms among 100 fakes, and those among 900 originals.")
