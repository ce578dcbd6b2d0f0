"""Checks of the exercises in notebook 00."""

import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from framewise import consent, samples
from framewise.workbench.exercises import Result, exercise

GUESS_CLIPS = ("guess_1", "guess_2", "guess_3")


@exercise("00.1")
def _check_guesses(answer: Any) -> Result:
    if not isinstance(answer, dict) or set(answer) != set(GUESS_CLIPS):
        return Result(
            False,
            "give each of the three clips its number, in a dictionary such as "
            '{"guess_1": 0.2, "guess_2": 0.6, "guess_3": 0.2}.',
        )
    values = [_number(value) for value in answer.values()]
    if not np.isfinite(values).all():
        return Result(False, "write three numbers without quotation marks, such as 0.2.")
    if not all(0 <= value <= 1 for value in values):
        return Result(False, "a probability lies between 0 and 1. Write 0.7 for 70 per cent.")
    if abs(sum(values) - 1) > 0.015:
        return Result(
            False,
            f"your three numbers add up to {sum(values):.2f}. Exactly one clip was altered, so "
            "they have to add up to 1. Change one or more of them.",
        )
    words = "this is your guess. Leave it as it is, whatever you find later. Part 3 scores it."
    return Result(True, words, noted=True)


@exercise("00.2")
def _check_found(answer: Any) -> Result:
    parts = list(answer.values()) if isinstance(answer, Mapping) else answer
    parts = list(parts) if isinstance(parts, tuple | list | np.ndarray) else []
    name, frame = parts if len(parts) == 2 else ("", None)
    if name not in GUESS_CLIPS or _number(frame) not in range(100):
        return Result(
            False,
            "give the name of one clip and the number of one frame from 0 to 99, such as "
            '("guess_1", 50).',
        )
    return _judge(str(name), int(_number(frame)))


def _judge(name: str, frame: int) -> Result:
    first, last = consent.catalogue()[name].get("altered_frames", (200, 200))
    if first <= frame <= last:
        words = f"frames {first} to {last} of {name} were altered. You see it best in frames "
        return Result(
            True, f"{words}{first + 1} to {last - 2}: one eye is shut while the other is open."
        )
    if first - 3 <= frame <= last + 3:
        words = "you are very close. This frame was not altered, but one near it was. Look at "
        return Result(False, f"{words}the frames around it, and read the number of the frame.")
    if _in_a_blink(name, frame):
        words = f"in frame {frame} of {name} you see a blink that we did not alter. Step through "
        return Result(
            False,
            f"{words}all of it: both eyes close and open again. Look at blinks in all clips.",
        )
    words = f"frame {frame} of {name} was not altered. The altered place may be in "
    return Result(False, f"{words}another frame, or in another clip.")


def _in_a_blink(name: str, frame: int) -> bool:
    """Look up in the truth of the sample whether a frame of its excerpt lies in a blink."""
    words = consent.catalogue()[name]["source"]
    start, sample = re.search(r"frames (\d+) to \d+ of (\w+)", words).groups()
    blinks = samples.load_truth(samples.open_clip(sample)).blinks
    return any(first <= frame + int(start) <= last for first, _, last in blinks.tolist())


@exercise("00.3")
def _check_brier(answer: Any) -> Result:
    value = _number(answer)
    if not np.isfinite(value):
        return Result(False, "write one number without quotation marks, such as 0.222.")
    errors = np.array([0.6, 0.3, 0.1]) - [1, 0, 0]
    slips = {
        "this is the sum of the squares. Now divide it by 3.": np.square(errors).sum(),
        "this is the mean distance. Square each distance before you take the mean.": np.abs(
            errors
        ).mean(),
        "the two clips that were not altered count too. For them the truth is 0.": errors[0] ** 2,
        "first take the distance to the truth (1, 0 and 0), then square it.": np.mean(
            np.square([0.6, 0.3, 0.1])
        ),
        "give the score itself, not a percentage: a number from 0 to 1.": 100
        * np.square(errors).mean(),
    }
    if abs(value - np.square(errors).mean()) < 0.001:
        words = "0 is perfect, and equal guesses get 0.222. Kim's score is better, but one "
        return Result(True, f"{words}round may be luck.")
    if value == 0.09:
        return Result(False, "the number is right, but give three digits after the point.")
    words = [words for words, slip in slips.items() if abs(value - slip) < 0.001]
    hint = "take the three distances to the truth (1, 0 and 0), square them, and take their mean."
    return Result(False, (words or [hint])[0])


def _number(value: Any) -> float:
    """Return one number, also from an array of one; NaN if it is something else."""
    value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
    return float(value) if isinstance(value, Real) else float("nan")
