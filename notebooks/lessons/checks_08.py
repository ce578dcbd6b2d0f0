"""Checks of the exercises in notebooks 08 and 08b."""

from typing import Any

import numpy as np
from framewise.workbench.exercises import Result, exercise

UNTOUCHED, MADE = 0.24, 0.64
"""Exercise 08.3: the highest lost detail of an untouched frame, and the lowest of a fake,
as the notebook prints them: rounded to two digits."""


def _number(answer: Any) -> float:
    """Return the answer as a float; NaN if it is no single number."""
    try:
        numbers = np.ravel(answer).astype(float)
    except (TypeError, ValueError):
        return float("nan")
    return float(numbers[0]) if numbers.size == 1 and not isinstance(answer, str) else float("nan")


def _choice(answer: Any, options: tuple[str, ...]) -> str | None:
    """Return the option that the answer names, whatever its case; None if it names none."""
    if isinstance(answer, (list, tuple)) and len(answer) == 1:
        answer = answer[0]
    words = answer.strip().strip(".").casefold() if isinstance(answer, str) else ""
    return next((option for option in options if option.casefold() == words), None)


@exercise("08.1")
def _octaves(answer: Any) -> Result:
    value = _number(answer)
    if not np.isfinite(value):
        return Result(False, "expected one number, such as 0.5.")
    if abs(value - 1) < 0.006:
        return Result(True, "the ratios are 3 and 1.5, and the first is twice the second.")
    for words, slip in (
        ("the order is wrong: take the face first, and subtract the neck.", -1),
        ("this is the factor between the two ratios. How many octaves is this factor?", 2),
        ("this is the difference of the ratios. Take np.log2 of each ratio first.", 1.5),
        ("this is only the part of the face. Subtract the part of the neck.", np.log2(3)),
        ("this is only the part of the neck. The face comes first.", np.log2(1.5)),
        ("use np.log2, not np.log.", np.log(2)),
        ("use np.log2, not np.log10.", np.log10(2)),
        ("divide medium by fine, not fine by medium. Check both regions.", 0.5),
    ):
        if abs(value - slip) < 0.006:
            return Result(False, words)
    return Result(False, "divide medium by fine in each region, then subtract the logarithms.")


@exercise("08.2")
def _giver(answer: Any) -> Result:
    giver = _choice(answer, ("Ana", "Chen", "Hugo"))
    if giver is None:
        return Result(False, 'expected one of "Ana", "Chen" and "Hugo".')
    if giver == "Ana":
        return Result(True, "Ana and Frank are both lit from the left, so their slopes are alike.")
    words = f"{giver}'s slope is above 0, and Frank's is below 0. Whose slope has Frank's sign?"
    return Result(False, words)


@exercise("08.3", example=0.45)
def _threshold(answer: Any) -> Result:
    value = _number(answer)
    if not np.isfinite(value):
        return Result(False, "expected one number, such as 0.2.")
    if value < UNTOUCHED - 0.005:
        return Result(False, "an untouched frame lies above it. Look for the highest one of them.")
    if value > MADE + 0.005:
        return Result(False, "a fake does not lie above it. Look for the lowest one of them.")
    return Result(True, "on these clips it makes no mistake.")


@exercise("08.4")
def _sentence(answer: Any) -> Result:
    letter = _choice(answer, ("A", "B", "C", "D"))
    if letter == "B":
        return Result(
            True, "it says what was measured, what could explain it, and what to do next."
        )
    words = {
        None: 'expected one of "A", "B", "C" and "D".',
        "A": "one untouched clip of this notebook has an even higher number in some frame.",
        "C": "a weak cue says little. It does not show that a picture is genuine.",
        "D": "the number counts octaves of detail. It is no probability.",
    }
    return Result(False, words[letter])


def _numbers(answer: Any) -> np.ndarray:
    """Return the answer as a row of floats; one NaN if it holds anything else."""
    try:
        return np.array([np.nan]) if isinstance(answer, str) else np.ravel(answer).astype(float)
    except (TypeError, ValueError):
        return np.array([np.nan])


@exercise("08.7")
def _stripe_distance(answer: Any) -> Result:
    pixels = _numbers(answer)
    if pixels.size != 1 or not np.isfinite(pixels).all():
        return Result(False, "expected one number of pixels, such as 12.5.")
    for words, slip in (
        ("this is the frequency. How many pixels does one cycle need?", 0.1),
        ("this is the distance from left to right. Use both numbers of the dot.", 1 / 0.06),
        ("this is the distance from top to bottom. Use both numbers of the dot.", 1 / 0.08),
        ("do not add the two numbers. Take the distance of the dot from the middle.", 1 / 0.14),
        ("the dots lie on both sides of the middle. Use the distance from the middle.", 5),
    ):
        if abs(pixels[0] / slip - 1) < 0.02:
            return Result(False, words)
    if abs(pixels[0] - 10) > 0.2:
        return Result(
            False, "calculate the distance of the dot from the middle, then divide 1 by it."
        )
    return Result(True, "the dot is 0.1 cycles per pixel from the middle, so a cycle needs 10 px.")


@exercise("08.8")
def _two_factors(answer: Any) -> Result:
    answer = list(answer) if isinstance(answer, set) else answer
    factors = np.sort(_numbers(answer))
    if factors.size != 2 or not np.isfinite(factors).all():
        return Result(False, "expected a list of two numbers, such as [1.6, 2.5].")
    right = np.abs(factors / [1 / 0.7, 1 / 0.3] - 1) < 0.02
    if right.all():
        return Result(True, "1/3.33 is 0.3. And 1/1.43 is 0.7, which is folded back to 0.3.")
    if np.isclose(factors, [0.3, 0.7], atol=0.005).all():
        return Result(False, "these are 1/factor. Now calculate the factors.")
    if np.abs(factors / (1 / 0.3) - 1).min() < 0.02:
        return Result(False, "3.33 is correct. The other one was folded back: 1 - 1/factor is 0.3.")
    if np.abs(factors / (1 / 0.7) - 1).min() < 0.02:
        return Result(False, "1.43 is correct. For the other one, nothing is folded back.")
    return Result(False, "either 1/factor is 0.3, or 1 - 1/factor is 0.3.")


@exercise("08.9")
def _first_quality(answer: Any) -> Result:
    quality = _numbers(answer)
    if quality.size != 1 or not np.isfinite(quality).all() or not 1 <= quality[0] <= 100:
        return Result(False, "expected one quality from 1 to 100.")
    if quality[0] == 92:
        return Result(True, "at 92 the photo hardly changes.")
    if abs(quality[0] - 92) <= 2:
        return Result(False, "you are near the dip. Compare the numbers of the neighbours.")
    if quality[0] > 94:
        return Result(False, "the change is small there, but there is a deeper dip.")
    return Result(False, "look for the place where the curve suddenly comes down, and rises again.")
