"""Checks of the exercises in notebook 01."""

import json
from typing import Any

import numpy as np
from framewise import detection, samples
from framewise.workbench import places
from framewise.workbench.exercises import Result, exercise


@exercise("01.1")
def _check_hidden(answer: Any) -> Result:
    if np.shape(answer) != (4,):
        return Result(False, "expected the four corners of a bar in pixels: (x0, y0, x1, y1).")
    face = samples.open_still("ana_neutral")
    x0, y0, x1, y1 = np.array(answer, int)
    if not (0 <= x0 < x1 <= face.shape[1] and 0 <= y0 < y1 <= face.shape[0]):
        return Result(False, "the bar has to lie in the picture, with x0 < x1 and y0 < y1.")
    labels = json.loads((places.course_clips() / "stills/boxes.json").read_text(encoding="utf-8"))[
        "boxes"
    ]
    left, top, right, bottom = labels["ana_neutral"]
    share = (x1 - x0) * (y1 - y0) / ((right - left) * (bottom - top))
    face[y0:y1, x0:x1] = 0
    score = detection.detect_faces(face, min_score=0.1).score.max(initial=0)
    words = f"the bar is {share:.0%} as large as her box, and her score is {score:.2f}"
    if share > 0.5:
        return Result(False, f"{words}. Half as large is the most: what could stay bare?")
    if score >= detection.CONFIDENT:
        return Result(False, f"{words}: she is still found. Which parts still say 'face'?")
    return Result(True, f"{words}: not found.")


@exercise("01.2")
def _check_counts(answer: Any) -> Result:
    if np.shape(answer) != (2,):
        return Result(False, "expected a pair of numbers from 0 to 1: (precision, recall).")
    answer = np.array(answer, float)
    labels = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)]
    boxes = [(0, 0, 10, 10), (22, 0, 32, 10), (45, 0, 55, 10), (70, 0, 80, 10)]
    overlap = detection.iou(labels, boxes)
    (precision, recall), touching = (
        (right.any(0).mean(), right.any(1).mean()) for right in (overlap > 0.5, overlap > 0)
    )
    slips = [
        ((recall, precision), "the wrong way round: precision is a share of the boxes."),
        (touching, "half of the third box lies on C, but what is their IoU?"),
        ((100 * precision, 100 * recall), "give shares from 0 to 1, not per cent."),
        ((precision, precision), "recall is a share of the faces, and there are three."),
        ((recall, recall), "precision is a share of the boxes, and there are four."),
    ]
    if np.allclose(answer, (precision, recall), atol=0.005):
        return Result(True, "two of four boxes are right, and two of three faces are found.")
    words = [words for value, words in slips if np.allclose(answer, value, rtol=0.01)]
    hint = "no. Take the IoU of each box with the nearest label; above 0.5 it is right."
    return Result(False, (words or [hint])[0])
