"""Checks of the exercises in notebook 00."""

import re
from numbers import Real
from typing import Any

import numpy as np
from framewise import consent, samples
from framewise.workbench.exercises import Result, exercise

GUESS_CLIPS = ("guess_1", "guess_2", "guess_3")


@exercise("00.1")
def _check_guesses(answer: Any) -> Result:
    if not isinstance(answer, dict) or set(answer) != set(GUESS_CLIPS):
        return Result(False, f"expected a dictionary with the keys {', '.join(GUESS_CLIPS)}.")
    values = list(answer.values())
    if not all(isinstance(value, Real) for value in values):
        return Result(False, "expected three numbers, without quotation marks, such as 0.2.")
    if not all(0 <= value <= 1 for value in values):
        return Result(False, "a probability lies between 0 and 1: write 0.7 for 70 per cent.")
    if abs(sum(values) - 1) > 0.015:
        return Result(
            False,
            f"your three add up to {sum(values):.2f}, but exactly one clip is altered, so they "
            "have to add up to 1.",
        )
    return Result(True, "noted. Leave it as it is, whatever you find; your score comes later.")


@exercise("00.2")
def _check_found(answer: Any) -> Result:
    name, frame = answer if isinstance(answer, tuple | list) and len(answer) == 2 else ("", 0)
    if name not in GUESS_CLIPS or frame not in range(100):
        return Result(False, 'expected a clip and a frame from 0 to 99, such as ("guess_1", 50).')
    first, last = consent.catalogue()[name].get("altered_frames", (200, 200))
    if first <= frame <= last:
        words = f"frames {first} to {last} were altered; {first + 1} to {last - 2} show it best: "
        return Result(True, f"{words}one eye is shut while the other is open.")
    if frame in (first - 1, last + 1):
        return Result(False, "this is the edge of the patch; step one further in.")
    if first - 3 <= frame <= last + 3:
        return Result(False, "very near. Frames count from 0: read the number under the picture.")
    if _in_a_blink(name, int(frame)):
        return Result(False, "a blink, as rendered: step through all of it, and both lids go down.")
    return Result(False, f"not that frame: {frame} of {name} is as rendered. Step on, more slowly.")


def _in_a_blink(name: str, frame: int) -> bool:
    """Look up in the truth of the sample whether a frame of its excerpt lies in a blink."""
    words = consent.catalogue()[name]["source"]
    start, sample = re.search(r"frames (\d+) to \d+ of (\w+)", words).groups()
    blinks = samples.load_truth(samples.open_clip(sample)).blinks
    return any(first <= frame + int(start) <= last for first, _, last in blinks.tolist())


@exercise("00.3")
def _check_brier(answer: Any) -> Result:
    if not isinstance(answer, Real):
        return Result(False, "expected a number, without quotation marks, such as 0.222.")
    errors = np.array([0.6, 0.3, 0.1]) - [1, 0, 0]
    slips = {
        "that is the sum; now take the mean of the three.": np.square(errors).sum(),
        "that is the mean distance; square each one before you average.": np.abs(errors).mean(),
        "the clips that were not altered count too: the truth there is 0.": errors[0] ** 2,
        "compare each guess with the truth, 1 or 0, before you square.": np.mean(
            np.square([0.6, 0.3, 0.1])
        ),
    }
    if abs(answer - np.square(errors).mean()) < 0.001:
        return Result(True, "0 is perfect and 0.222 a shrug. Better, but one round may be luck.")
    if answer == 0.09:
        return Result(False, "right, but give three decimals.")
    words = [words for words, value in slips.items() if abs(answer - value) < 0.001]
    return Result(False, (words or ["distances first, then squares, then their mean."])[0])
