"""Checks of the exercises in notebook 06."""

from typing import Any

import numpy as np
from framewise import arms_race
from framewise.workbench.exercises import Result, exercise


def _numbers(answer: Any) -> np.ndarray:
    """Return the answer as a row of floats; one NaN if it holds anything else."""
    try:
        return np.array([np.nan]) if isinstance(answer, str) else np.ravel(answer).astype(float)
    except (TypeError, ValueError):
        return np.array([np.nan])


@exercise("06.1")
def _discriminator_loss(answer: Any) -> Result:
    loss = _numbers(answer)
    if loss.size != 1 or not np.isfinite(loss).all():
        return Result(False, "expected one number, such as 1.39.")
    real, made = -np.log([0.8, 0.7])
    for words, slip in (
        ("a loss is not negative. Put a minus before each logarithm.", -real - made),
        ("for the sample, use 1 - D. The discriminator wants its D to be low.", real - np.log(0.3)),
        ("for the real picture, use D itself, not 1 - D.", made - np.log(0.2)),
        ("do not divide by 2. The loss is the sum of the two terms.", (real + made) / 2),
        ("use the natural logarithm, np.log, not np.log10.", (real + made) / np.log(10)),
        ("use the natural logarithm, np.log, not np.log2.", (real + made) / np.log(2)),
        ("this is only the term of the real picture. Add the term of the sample.", real),
        ("this is only the term of the sample. Add the term of the real picture.", made),
    ):
        if abs(loss[0] - slip) < 0.006:
            return Result(False, words)
    if abs(loss[0] - real - made) > 0.006:
        return Result(False, "add minus the logarithm of 0.8 and minus the logarithm of 1 - 0.3.")
    return Result(True, f"{real:.2f} for the real picture plus {made:.2f} for the sample.")


@exercise("06.2")
def _best_after_collapse(answer: Any) -> Result:
    best = _numbers(answer)
    if best.size != 2 or not np.isfinite(best).all():
        return Result(False, "expected a list of two numbers, such as [0.5, 0.5]: left, right.")
    if ((best < 0) | (best > 1)).any():
        return Result(False, "D is a chance, so it lies between 0 and 1.")
    left, right = np.abs(best - [1, 1 / 3]) < 0.006
    if left and right:
        return Result(True, "the left peak has only data. On the right, 0.5 / (0.5 + 1) is 1/3.")
    if abs(best[0] - 1 / 3) < 0.006 and abs(best[1] - 1) < 0.006:
        return Result(False, "the numbers are correct, but their order is not: left comes first.")
    if not left:
        return Result(False, "on the left there are data and no samples. How sure can D be there?")
    if abs(best[1] - 0.5) < 0.006:
        words = "half of the data and all of the samples are there."
        return Result(False, f"the left number is correct. Now the right peak: {words}")
    return Result(False, "the left number is correct. Now put 0.5 and 1 into the formula.")


@exercise("06.3")
def _enough_clips(answer: Any) -> Result:
    count = _numbers(answer)
    if count.size != 1 or not np.isfinite(count).all() or count[0] < 1 or count[0] % 1:
        return Result(False, "expected one whole number of clips, such as 20.")
    low = arms_race.share_interval(int(count[0]), int(count[0]))[0]
    words = f"{count[0]:.0f} of {count[0]:.0f} clips give a lower limit of {low:.2%}."
    if low < 0.95:
        return Result(False, f"{words} Try more clips.")
    if arms_race.share_interval(int(count[0]) - 1, int(count[0]) - 1)[0] >= 0.95:
        return Result(False, f"{words} That is enough, but fewer clips are enough too.")
    return Result(True, words)
