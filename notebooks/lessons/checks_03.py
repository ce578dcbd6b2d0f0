"""Checks of the exercises in notebook 03."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from framewise import alignment, landmarks, samples, tracking
from framewise.workbench.exercises import Result, exercise


def _numbers(answer: Any) -> np.ndarray:
    """Return the answer as floats; one NaN if it holds anything else or rows of unequal length."""
    try:
        return np.array(np.nan) if isinstance(answer, str) else np.asarray(answer, float)
    except (TypeError, ValueError):
        return np.array(np.nan)


@exercise("03.1")
def _turn_back_and_enlarge(answer: Any) -> Result:
    matrix = np.round(_numbers(answer), 3) + 0.0  # no minus zero in the words
    if matrix.shape == (3, 3) and matrix[2].tolist() == [0, 0, 1]:
        matrix = matrix[:2]  # the usual last row of a square matrix
    if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
        slips = {(2, 2): "The third column is missing: the shift.", (6,): "Put it into two rows."}
        slip = slips.get(matrix.shape, "Write it like [[1, 0, 0], [0, 1, 0]].")
        return Result(False, f"expected two rows of three numbers. {slip}")
    right, down, start = matrix.T.tolist()
    place = "({0[0]:g}, {0[1]:g})".format
    for words, mistake in (
        ("this mirrors the picture, or presses it flat.", np.linalg.det(matrix[:, :2]) <= 0),
        (f"the scale is {np.hypot(*right):.3g}, not 3.", abs(np.hypot(*right) - 3) > 0.01),
        ("this rotates clockwise. Remember that y runs down, so up is minus y.", right == [0, 3]),
        (f"the scale is right. But a step to the right goes to {place(right)}.", right != [0, -3]),
        (f"the first column is right. But a step down goes to {place(down)}.", down != [3, 0]),
        (
            "rotation and scale are right. The shift comes last, so do not enlarge it.",
            start == [30, 0],
        ),
        (
            "rotation and scale are right. The shift comes last, so do not rotate it.",
            start[0] == 0 != start[1],
        ),
        (f"rotation and scale are right. But (0, 0) goes to {place(start)}.", start != [10, 0]),
    ):
        if mistake:
            return Result(False, words)
    return Result(True, "a step right becomes three up, and a step down becomes three right.")


EYE_CORNERS = [33, 133, 362, 263]
CORNERS_AND_NOSE = [*EYE_CORNERS, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327]


@exercise("03.2")
def _points_that_hold_the_corners(answer: Any) -> Result:
    which = _point_numbers(answer)
    if len(which) < 2:
        words = 'such as [10, 151] or list(landmarks.GROUPS["nose"])'
        return Result(False, f"expected a list of two or more numbers from 0 to 467, {words}.")
    if np.isin(EYE_CORNERS, which).any():
        return Result(False, "an eye corner is in your set. Leave out 33, 133, 362 and 263.")
    talk, mouth = _corner_shifts(which)
    nose, everything = _corner_shifts(CORNERS_AND_NOSE), _corner_shifts(np.arange(468))
    words = (
        f"on the clip your set gives {talk:.2f} px (corners and nose: {nose[0]:.2f}, all 468: "
        f"{everything[0]:.2f}). With the mouth open it gives {mouth:.2f} px (corners and nose: "
        f"{nose[1]:.2f}, all 468: {everything[1]:.2f})."
    )
    on_clip, on_mouth = np.divide([talk, mouth], np.minimum(nose, everything))
    if max(on_clip, on_mouth) < 1:
        return Result(True, words)
    if on_mouth > on_clip:
        return Result(False, f"{words} Which of your points move when the mouth opens?")
    if len(which) < 40 and not np.isin(landmarks.GROUPS["nose"], which).any():
        return Result(False, f"{words} Try more points. A few points are easily disturbed.")
    return Result(False, f"{words} Which of your points move a lot when the head turns?")


def _point_numbers(answer: Any) -> np.ndarray:
    """Return the point numbers in a list, a set, a mask or several groups; none if they are not."""
    try:
        flat = np.hstack([np.ravel(part) for part in answer])
        if flat.dtype == bool and len(flat) == 468:
            flat = np.flatnonzero(flat)
        known = set(flat.tolist()) <= set(range(468))
    except (TypeError, ValueError):
        return np.array([], int)
    return np.unique(flat).astype(int) if known else np.array([], int)


def _corner_shifts(which: np.ndarray) -> tuple[float, float]:
    """How far a talking clip, and an open mouth, move the eye corners when `which` are fitted."""
    stills = [samples.open_still(name) for name in ("ana_neutral", "ana_mouth")]
    mouth = [landmarks.find_landmarks(still) for still in stills]
    talk = tracking.track_face(samples.open_clip("ana_talk"), progress=False).points
    return _corner_shift(talk, which).mean(), _corner_shift(mouth, which)[1]


def _corner_shift(faces: Sequence[np.ndarray], which: np.ndarray) -> np.ndarray:
    target = alignment.canonical_face()[which]
    maps = [alignment.estimate_similarity(face[which], target) for face in faces]
    pairs = zip(maps, faces, strict=True)
    places = np.array([alignment.apply_similarity(m, face[EYE_CORNERS]) for m, face in pairs])
    return np.linalg.norm(places - places[0], axis=2).mean(1)


@exercise("03.3")
def _threshold_that_accuses_nobody(answer: Any) -> Result:
    threshold = _numbers(answer)
    if threshold.size != 1 or not np.isfinite(threshold).all():
        return Result(False, "expected one number, such as 3.1: one threshold for both people.")
    untouched, returned = np.stack([_softness("ana_talk"), _softness("ben_talk")], axis=1)
    ana, ben = (untouched < threshold.item() - 0.006).sum(1)  # a rounded answer passes
    if ana or ben:
        words = f"it accuses untouched frames: {ana} of Ana's ten and {ben} of Ben's ten."
        return Result(False, f"{words} Try a lower threshold.")
    caught, possible = ((returned < value).sum() for value in (threshold.item(), untouched.min()))
    words = f"it accuses no untouched frame and catches {caught} of the 20 returned frames"
    if caught < possible:
        return Result(False, f"{words}. Another threshold catches more. Try a higher one.")
    return Result(True, f"{words}.")


def _softness(name: str) -> np.ndarray:
    """Detail inside over outside the chip, of untouched frames and of returned ones, (2, 10)."""
    clip = samples.open_clip(name)
    points = tracking.track_face(clip, progress=False).points
    ratios = []
    for i in range(5, 200, 20):
        chip, matrix = alignment.align_face(clip[i], points[i])
        home, covered = alignment.unalign_face(chip, matrix, clip.size_wh)
        inside = covered > 0.99
        pictures = clip[i], np.where(inside[..., None], home, clip[i])
        greys = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in pictures]
        fine = [np.abs(cv2.Laplacian(grey, cv2.CV_32F)) / 4 for grey in greys]
        ratios.append([float(f[inside].mean() / f[~inside].mean()) for f in fine])
    return np.transpose(ratios)
