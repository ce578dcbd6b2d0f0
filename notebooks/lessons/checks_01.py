"""Checks of the exercises in notebook 01."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from framewise import detection, detection_plots, samples
from framewise.workbench import places
from framewise.workbench.exercises import Result, exercise

LARGEST = 0.4
"""How large the bar of exercise 01.1 may be, as a share of the face's box."""

NEEDED = 0.95
"""The recall that exercise 01.3 asks for."""


@exercise("01.1")
def _check_hidden(answer: Any) -> Result:
    numbers = _numbers(answer)
    if len(numbers) != 4:
        return Result(
            False, "give two corners of a bar in pixels: (x0, y0, x1, y1), such as "
            "(170, 150, 300, 200)."
        )  # fmt: skip
    face = samples.open_still("ana_neutral")
    x0, y0, x1, y1 = np.rint(numbers).astype(int).tolist()
    if not (0 <= x0 < x1 <= face.shape[1] and 0 <= y0 < y1 <= face.shape[0]):
        return Result(
            False,
            "the bar must lie in the picture, which goes from 0 to 512. x0 must be smaller than "
            "x1, and y0 smaller than y1.",
        )
    path = places.course_clips() / "stills/boxes.json"
    left, top, right, bottom = json.loads(path.read_text(encoding="utf-8"))["boxes"]["ana_neutral"]
    share = (x1 - x0) * (y1 - y0) / ((right - left) * (bottom - top))
    face[y0:y1, x0:x1] = 0
    score = float(detection.detect_faces(face, min_score=0.1).score.max(initial=0))
    words = f"the bar is {share:.1%} as large as the box of her face, and her score is {score:.3f}"
    if share > LARGEST:
        return Result(False, f"{words}. Make the bar smaller: {LARGEST:.0%} is the most.")
    if score >= detection.CONFIDENT:
        return Result(
            False,
            f"{words}. She is still found, because the score is not below 0.700. Move the bar, or "
            "change its shape: which part of the face have you not covered yet?",
        )
    return Result(True, f"{words}. This is below 0.700, so she is not found.")


@exercise("01.2")
def _check_counts(answer: Any) -> Result:
    numbers = _numbers(answer)
    if len(numbers) != 2:
        return Result(False, "give two numbers from 0 to 1: (precision, recall).")
    slips = [
        ((2 / 3, 2 / 4), "you have the right numbers, but in the wrong order. Precision is a share "
         "of the boxes, and recall is a share of the faces. Give the precision first."),
        ((3 / 4, 3 / 3), "you counted three boxes. The third box covers half of C, but its IoU is "
         "the shared area divided by the area of both together. Work it out."),
        ((1 / 4, 1 / 3), "you counted one box. The second box does not have to fit exactly. Work "
         "out its IoU with B: the shared area divided by the area of both together."),
        ((2 / 4, 2 / 4), "the precision is right. Recall is a share of the faces, and there are "
         "three faces."),
        ((2 / 3, 2 / 3), "the recall is right. Precision is a share of the boxes, and there are "
         "four boxes."),
        ((50, 200 / 3), "give numbers from 0 to 1, not percentages."),
        ((2, 2), "these are counts. Divide the first by the number of boxes, and the second by the "
         "number of faces."),
    ]  # fmt: skip
    if np.allclose(numbers, (2 / 4, 2 / 3), atol=0.008):
        return Result(True, "two of four boxes are right, and two of three faces are found.")
    for slip, words in slips:
        if np.allclose(numbers, slip, rtol=0.012):
            return Result(False, words)
    if np.isclose(numbers[0], 2 / 4, atol=0.008):
        return Result(False, "the precision is right. How many of the three faces are found?")
    if np.isclose(numbers[1], 2 / 3, atol=0.008):
        return Result(False, "the recall is right. How many of the four boxes are right?")
    return Result(
        False,
        "work out the IoU of each box with the nearest label, and write 'right' beside the boxes "
        "above 0.5. Precision is right boxes divided by 4. Recall is found faces divided by 3.",
    )


@exercise("01.3")
def _check_threshold(answer: Any) -> Result:
    numbers = _numbers(answer)
    if len(numbers) != 1:
        return Result(False, "give one number, the threshold, such as 0.4.")
    threshold = float(np.round(numbers[0], 2))
    if not 0.3 <= threshold <= 0.95:
        return Result(False, "the curve goes from 0.30 to 0.95. Give a threshold from this range.")
    recall, higher = _recall(threshold), _recall(threshold + 0.05)
    words = f"at a threshold of {threshold:.2f} the recall is {recall:.3f}"
    if recall < NEEDED:
        return Result(False, f"{words}. This is less than {NEEDED}. Try a lower threshold.")
    if higher >= NEEDED:
        return Result(False, f"{words}. This is enough, but a higher threshold is enough, too.")
    return Result(True, f"{words}, and at the next threshold of the curve it is {higher:.3f}.")


def _recall(threshold: float) -> float:
    """Return the share of the faces in the video call that are found at a threshold."""
    call, labels = detection_plots.make_call()
    faces = detection.detect_faces(call, min_score=threshold, smallest=20)
    return float((detection.iou(labels, faces.xyxy) > 0.5).any(axis=1).mean())


def _numbers(answer: Any) -> np.ndarray:
    """Return the numbers of an answer as (N,) float; empty if it holds anything else."""
    parts = list(answer.values()) if isinstance(answer, Mapping) else answer
    try:
        numbers = np.atleast_1d(np.squeeze(np.array(parts, float)))
    except (TypeError, ValueError):
        return np.zeros(0)
    usable = numbers.ndim == 1 and np.isfinite(numbers).all() and not isinstance(answer, str)
    return numbers if usable else np.zeros(0)
