"""Checks of the exercises in notebook 04."""

from functools import cache
from typing import Any

import numpy as np
from framewise import pairing, samples, seams, swap, tracking
from framewise.workbench.exercises import Result, exercise


def _numbers(answer: Any) -> np.ndarray:
    """Return the answer as floats; one NaN if it holds anything else or rows of unequal length."""
    try:
        return np.array(np.nan) if isinstance(answer, str) else np.asarray(answer, float)
    except (TypeError, ValueError):
        return np.array(np.nan)


TARGET = np.array([[1, 1, 1], [3, 1, 1], [1, 2, 1]])
SOURCE = np.array([[20, 10], [20, 14], [28, 10]])


@exercise("04.1")
def _affine_map_of_a_triangle(answer: Any) -> Result:
    matrix = _numbers(answer)
    if matrix.shape == (3, 3) and matrix[2].tolist() == [0, 0, 1]:
        matrix = matrix[:2]  # the usual last row of a square matrix
    if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
        slips = {
            (2, 2): "The third column is missing: the shift.",
            (6,): "Put them into two rows.",
            (3, 2): "These are three rows of two. Swap rows and columns.",
        }
        slip = slips.get(matrix.shape, "Write them like [[1, 0, 0], [0, 1, 0]].")
        return Result(False, f"expected two rows of three numbers. {slip}")
    arrived = TARGET @ matrix.T
    off = np.abs(arrived - SOURCE).max(1) > 0.01
    if not off.any():
        return Result(True, "all three corners fetch their colour from the right place.")
    back = np.column_stack([SOURCE, np.ones(3)]) @ matrix.T
    if np.abs(back - TARGET[:, :2]).max() < 0.1:
        words = "this matrix leads from the source to the target. We ask for the way back: each"
        return Result(False, f"{words} pixel of the target fetches its colour from the source.")
    steps = np.abs(matrix[:, :2] - [[0, 8], [2, 0]]).max(0) > 0.01
    if not steps.any():
        words = "the first two columns are right. The last column is not: corner 1"
        return Result(False, f"{words} must fetch from (20, 10). It lies at (1, 1).")
    if np.abs(matrix[:, :2] - [[0, 8], [4, 0]]).max() < 0.01:
        words = "corner 2 is two steps to the right of corner 1."
        return Result(False, f"{words} What does one step become?")
    if np.abs(matrix[:, :2] - [[2, 0], [0, 8]]).max() < 0.01:
        words = "a step to the right becomes a step down here, so it changes y and not x."
        return Result(False, f"{words} The first column is for a step to the right.")
    number = int(np.flatnonzero(off)[0])
    place, goal = (_place(point) for point in (arrived[number], SOURCE[number]))
    words = f"corner {number + 1} fetches from {place}, but it should fetch from {goal}."
    return Result(False, words)


def _place(point: np.ndarray) -> str:
    return f"({point[0]:.3g}, {point[1]:.3g})"


FIRST, LAST, SLACK = 28, 79, 4


@exercise("04.2")
def _frames_with_the_mug(answer: Any) -> Result:
    """The true points of Ben's inner lips are hidden in frames 28 to 79, and 126 to 176."""
    if isinstance(answer, range | slice):
        answer = (answer.start, answer.stop - 1)
    frames = _numbers(answer).ravel()
    if frames.size != 2 or not np.isfinite(frames).all():
        return Result(False, "expected the first and the last frame, such as (100, 110).")
    first, last = frames
    if first > last:
        return Result(False, "the first frame comes after the last one. Swap the two numbers.")
    if not 0 <= first <= last <= 199:
        return Result(False, "the clip has 200 frames, from 0 to 199.")
    if first > 90:
        return Result(False, "this is not the first time that Ben drinks. Look at earlier frames.")
    if last > 119:
        return Result(False, "this goes on into the second time that Ben drinks. Stop earlier.")
    for name, value, goal in (("first", first, FIRST), ("last", last, LAST)):
        if value < goal - SLACK:
            return Result(
                False, f"the {name} frame is too early. Look at frame {value:g} of `ben`."
            )
        if value > goal + SLACK:
            return Result(False, f"the {name} frame is too late. Look at the frames before it.")
    return Result(True, f"the mug hides Ben's inner lips in frames {FIRST} to {LAST}.")


MOST_ABOVE, LEAST_CHANGED = 0.1, 0.8


@exercise("04.3")
def _recipe_without_a_seam(answer: Any) -> Result:
    if not isinstance(answer, swap.Recipe):
        return Result(False, 'expected a recipe, such as swap.Recipe(shrink=0.05, blend="paste").')
    above, changed = _trial(answer)
    words = (
        f"the curve rises by at most {above:.2f} above the untouched frame, and "
        f"{changed:.0%} of the face is changed."
    )
    if changed < LEAST_CHANGED:
        return Result(
            False, f"{words} Change more of the face. Which number makes the mask smaller?"
        )
    if above > MOST_ABOVE:
        return Result(False, f"{words} The seam is still there. What makes the edge soft?")
    return Result(True, words)


def _trial(recipe: swap.Recipe) -> tuple[float, float]:
    """Swap Hugo's face onto frame 60 of Chen: steps above the untouched ones, share changed."""
    source, source_points, target, points = _pair()
    fake = swap.swap_face(source, source_points, target, points, recipe)
    before, after = (
        seams.edge_steps(seams.unroll_outline(picture, points)) for picture in (target, fake.frame)
    )
    face = swap.face_mask(points, target.shape[1::-1]) > 0
    return float((after - before).max()), float(fake.changed[face].mean())


@cache
def _pair() -> tuple[np.ndarray, ...]:
    hugo, chen = samples.open_clip("hugo_talk"), samples.open_clip("chen_talk")
    given, taken = (tracking.track_faces(clip, progress=False)[0].points for clip in (hugo, chen))
    number = int(pairing.nearest_frames(given, taken[60:61])[0])
    return hugo[number], given[number], chen[60], taken[60]
