"""Checks of the exercises in notebook 03."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from framewise import alignment, clips, landmarks
from framewise.exercises import Result, exercise


@exercise("03.1")
def _turn_back_and_enlarge(answer: Any) -> Result:
    matrix = np.round(np.asarray(answer, float), 6) + 0.0  # no minus zero in the words
    if matrix.shape != (2, 3):
        return Result(False, f"expected 2 rows of 3 numbers, got shape {matrix.shape}.")
    (right, down, start), wanted = matrix.T, np.array([[0, -3], [3, 0]])
    for words, mistake in (
        ("it mirrors, or presses everything flat.", np.linalg.det(matrix[:, :2]) <= 0),
        (f"a step becomes {np.hypot(*right):g} long, not 3.", abs(np.hypot(*right) - 3) > 1e-5),
        ("it turns clockwise; y runs down, so up is minus y.", all(right == -wanted[0])),
        (f"the size is right; a step to the right goes to {right}.", any(right != wanted[0])),
        (f"a step to the right is right; a step down goes to {down}.", any(down != wanted[1])),
        (f"turn and size are right; (0, 0) goes to {start}.", any(start != [10, 0])),
    ):
        if mistake:
            return Result(False, words)
    return Result(True, "a step to the right goes three up, a step down three to the right.")


EYE_CORNERS = [33, 133, 362, 263]
CORNERS_AND_NOSE = [*EYE_CORNERS, 168, 6, 197, 195, 5, 4, 1, 2, 98, 327]


@exercise("03.2")
def _points_that_hold_the_corners(answer: Any) -> Result:
    which = np.unique(np.array(answer, int))
    if len(which) < 2 or which[0] < 0 or which[-1] > 467:
        return Result(False, "expected a list of two or more point numbers from 0 to 467.")
    if np.isin(EYE_CORNERS, which).any():
        return Result(False, "an eye corner is among them, and those are the judges.")
    talk, mouth = _corner_shifts(which)
    nose, everything = _corner_shifts(CORNERS_AND_NOSE), _corner_shifts(np.arange(468))
    words = (
        f"the corners shift by {talk:.2f} px on the clip (corners and nose {nose[0]:.2f}, all 468 "
        f"{everything[0]:.2f}), and by {mouth:.2f} px as the mouth opens ({nose[1]:.2f} and "
        f"{everything[1]:.2f})."
    )
    on_clip, on_mouth = np.divide([talk, mouth], np.minimum(nose, everything))
    if on_clip >= max(1, on_mouth):
        return Result(False, f"{words} The clip moves them too far: what swings as the head turns?")
    if on_mouth >= 1:
        return Result(False, f"{words} The mouth moves them too far: which of your points speak?")
    return Result(True, words)


def _corner_shifts(which: np.ndarray) -> tuple[float, float]:
    """How far a talking clip, and an open mouth, move the eye corners when `which` are fitted."""
    stills = [clips.open_still(name) for name in ("ana_neutral", "ana_mouth")]
    mouth = [landmarks.find_landmarks(still) for still in stills]
    talk = landmarks.track_face(clips.open_sample("ana_talk"), progress=False).points
    return _corner_shift(talk, which).mean(), _corner_shift(mouth, which)[1]


def _corner_shift(faces: Sequence[np.ndarray], which: np.ndarray) -> np.ndarray:
    target = alignment.canonical_face()[which]
    maps = [alignment.estimate_similarity(face[which], target) for face in faces]
    pairs = zip(maps, faces, strict=True)
    places = np.array([alignment.apply_similarity(m, face[EYE_CORNERS]) for m, face in pairs])
    return np.linalg.norm(places - places[0], axis=2).mean(1)


@exercise("03.3")
def _threshold_that_accuses_nobody(answer: Any) -> Result:
    threshold = float(answer)
    untouched, returned = np.stack([_softness("ana_talk"), _softness("ben_talk")], axis=1)
    ana, ben = (untouched < threshold).sum(1)
    if ana or ben:
        return Result(False, f"untouched frames that it accuses: Ana {ana}, Ben {ben} of 10 each.")
    caught, possible = (np.sum(returned < value) for value in (threshold, untouched.min()))
    words = f"it accuses nobody and catches {caught} of 20 frames that a 256 px chip carried"
    if caught < possible:
        return Result(False, f"{words}; another threshold catches more, still accusing nobody.")
    return Result(True, f"{words}.")


def _softness(name: str) -> np.ndarray:
    """Detail inside over outside the chip, of untouched frames and of returned ones, (2, 10)."""
    clip = clips.open_sample(name)
    points = landmarks.track_face(clip, progress=False).points
    ratios = []
    for i in range(5, 200, 20):
        chip, matrix = alignment.align_face(clip[i], points[i])
        home, covered = alignment.unalign_face(chip, matrix, clip.size_wh)
        inside = covered > 0.99
        pictures = clip[i], np.where(inside[..., None], home, clip[i])
        greys = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float32) for p in pictures]
        fine = [np.abs(cv2.Laplacian(grey, cv2.CV_32F)) for grey in greys]
        ratios.append([f[inside].mean() / f[~inside].mean() for f in fine])
    return np.transpose(ratios)
