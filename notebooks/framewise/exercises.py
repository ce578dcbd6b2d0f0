"""Exercises: check an answer in plain words, and ask questions that answer back.

Public: Result, check, quiz.

A check is a function below, registered under the exercise's id: the notebook's number, a dot, the
exercise's number. The questions of notebook NN stand in `quizzes/NN.json`: a list of
{"question", "options": [{"text", "right", "why"}]}.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from IPython.display import HTML

from framewise import alignment, clips, consent, detection, landmarks


@dataclass(frozen=True)
class Result:
    """What a check says of an answer."""

    passed: bool
    words: str

    def __repr__(self) -> str:
        return f"{'Right' if self.passed else 'Not yet'}: {self.words}"


_checks: dict[str, Callable[[Any], Result]] = {}


def check(name: str, answer: Any) -> Result:
    """Check an answer; never raises for a wrong one.

    Parameters
    ----------
    name : str
        The exercise's id, such as "01.2".
    answer : any
        What the learner made. `...` means that nothing was filled in yet.

    Returns
    -------
    Result

    Raises
    ------
    KeyError
        No such exercise.
    """
    if name not in _checks:
        raise KeyError(f"no exercise {name!r}; there are: {', '.join(sorted(_checks))}")
    if answer is ...:
        return Result(False, "replace the three dots with your answer and run the cell again.")
    try:
        return _checks[name](answer)
    except Exception as error:  # whatever a learner's code or value does is an answer, not a crash
        return Result(False, f"checking it failed with {type(error).__name__}: {error}")


def quiz(notebook: str) -> HTML:
    """Return the questions of a notebook; opening an option tells whether it is right, and why.

    Plain HTML: works by keyboard, without a kernel and in an exported page.
    """
    file = Path(__file__).with_name("quizzes") / f"{notebook}.json"
    questions = json.loads(file.read_text(encoding="utf-8"))
    return HTML("".join(_question(i, q) for i, q in enumerate(questions, 1)))


def _question(number: int, question: dict) -> str:
    options = "".join(
        f"<details><summary>{html.escape(option['text'])}</summary><p>"
        f"<b>{'Yes.' if option['right'] else 'No.'}</b> {html.escape(option['why'])}</p></details>"
        for option in question["options"]
    )
    return f"<p><b>{number}. {html.escape(question['question'])}</b></p>{options}"


def exercise(name: str) -> Callable:
    """Register a check under an exercise's id."""

    def register(function: Callable[[Any], Result]) -> Callable[[Any], Result]:
        _checks[name] = function
        return function

    return register


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
        words = f"frames {first} to {last} were altered; {first + 1} to {last - 1} show it best: "
        return Result(True, f"{words}one eye is shut while the other is open.")
    if frame in (first - 1, last + 1):
        return Result(False, "this is the edge of the patch; step one further in.")
    if first - 3 <= frame <= last + 3:
        return Result(False, "very near. Frames count from 0: read the number under the picture.")
    return Result(False, f"not that frame: {frame} of {name} is as rendered. Step on, more slowly.")


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


@exercise("01.1")
def _check_hidden(answer: Any) -> Result:
    if np.shape(answer) != (4,):
        return Result(False, "expected the four corners of a bar in pixels: (x0, y0, x1, y1).")
    face = clips.open_still("ana_neutral")
    x0, y0, x1, y1 = np.array(answer, int)
    if not (0 <= x0 < x1 <= face.shape[1] and 0 <= y0 < y1 <= face.shape[0]):
        return Result(False, "the bar has to lie in the picture, with x0 < x1 and y0 < y1.")
    labels = json.loads((consent.CLIPS / "stills/boxes.json").read_text(encoding="utf-8"))["boxes"]
    left, top, right, bottom = labels["ana_neutral"]
    share = (x1 - x0) * (y1 - y0) / ((right - left) * (bottom - top))
    face[y0:y1, x0:x1] = 0
    score = detection.detect_faces(face, min_score=0.1).score.max(initial=0)
    words = f"the bar is {share:.0%} as large as her box, and her score is {score:.2f}"
    if share > 0.5:
        return Result(False, f"{words}. Half is the most: what could stay uncovered?")
    if score >= detection.CONFIDENT:
        return Result(False, f"{words}: she is still found. Which parts still say 'face'?")
    return Result(True, f"{words}: not found.")


@exercise("01.2")
def _check_counts(answer: Any) -> Result:
    if np.shape(answer) != (2,):
        return Result(False, "expected a pair of numbers from 0 to 1: (precision, recall).")
    labels = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)]
    boxes = [(0, 0, 10, 10), (22, 0, 32, 10), (45, 0, 55, 10), (70, 0, 80, 10)]
    overlap = detection.iou(labels, boxes)
    (precision, recall), touching = (
        (right.any(0).mean(), right.any(1).mean()) for right in (overlap > 0.5, overlap > 0)
    )
    slips = [
        ((recall, precision), "these two are the wrong way round: precision counts boxes first."),
        (touching, "half of the third box lies on C, but what is their IoU?"),
        ((100 * precision, 100 * recall), "give shares from 0 to 1, not per cent."),
        ((precision, precision), "recall is a share of the faces, and there are three."),
        ((recall, recall), "precision is a share of the boxes, and there are four."),
    ]
    if np.allclose(answer, (precision, recall), atol=0.005):
        return Result(True, "two of four boxes are right, and two of three faces are found.")
    words = [words for value, words in slips if np.allclose(answer, value, atol=0.005)]
    return Result(False, (words or ["first the IoU of each box with the label nearest to it."])[0])


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


@exercise("02.1")
def _check_crop_to_photo(answer: Any) -> Result:
    if np.shape(answer) != (2,):
        return Result(False, "expected a pair of numbers: (x, y).")
    in_crop, corner, scale = np.array([96, 120]), np.array([200, 80]), 384 / 192
    slips = [
        (in_crop * scale, "you scaled but did not shift: where does the crop begin?"),
        (in_crop + corner, "you shifted but did not scale: how wide is one of its pixels?"),
        (in_crop / scale + corner, "you shrank instead of enlarging: the crop was shrunk before."),
        ((in_crop + corner) * scale, "scale before you shift: the corner is in photo pixels."),
        ((in_crop * scale + corner)[::-1], "x first, then y."),
    ]
    if np.allclose(answer, in_crop * scale + corner):
        return Result(True, "scaled, then shifted: a crop is a small picture with an address.")
    words = [words for value, words in slips if np.allclose(answer, value)]
    return Result(False, (words or ["how many photo pixels is one pixel of the crop?"])[0])


INNER_WIDTHS = (33, 133), (133, 263), (133, 362), (33, 362), (362, 263)


@exercise("02.2")
def _check_brow_height(answer: Any) -> Result:
    def height(points: np.ndarray, side: str) -> float:
        brow, eye = (points[landmarks.GROUPS[f"{side}_{part}"]] for part in ("brow", "eye"))
        gap = brow.mean(0) - eye.mean(0)
        return float(np.linalg.norm(gap) / np.linalg.norm(points[33] - points[263]))

    face = landmarks.find_landmarks(clips.open_still("ana_yaw20"))
    if not callable(answer) or answer(face) is None:
        return Result(False, "expected a function that takes points and returns a number.")
    if np.shape(answer(face)):
        words = "take the length of the way from eye to brow, with np.linalg.norm."
        return Result(False, f"expected one number, got {np.size(answer(face))}: {words}")
    tilted = face @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    want, got = height(face, "right"), float(answer(face))
    if not np.isclose(answer(2 * face), got, rtol=0.001):
        return Result(False, "a face twice as near gives another number: divide by a length.")
    if not np.isclose(answer(tilted), got, rtol=0.001):
        return Result(False, "a tilted head gives another number: take lengths, not only y.")
    if np.isclose(got, height(face, "left"), rtol=0.001):
        return Result(False, "this is the left brow and eye; right is the subject's own right.")
    inner = [np.linalg.norm(face[a] - face[b]) for a, b in INNER_WIDTHS]
    if np.isclose(got, want * np.linalg.norm(face[33] - face[263]) / inner, rtol=0.001).any():
        return Result(False, "133 and 362 are inner corners of the eyes; the outer ones are asked.")
    if not np.isclose(got, want, rtol=0.001):
        return Result(False, f"on one test face expected {want:.3f}, got {got:.3f}.")
    if np.isfinite(answer(np.full_like(face, np.nan))):
        return Result(False, "right on a face, but with no face it must give NaN, not a number.")
    return Result(True, "near or far, upright or tilted, it stays the same.")


@exercise("02.3")
def _check_longest_average(answer: Any) -> Result:
    track = landmarks.track_face(clips.open_sample("ana_talk"), progress=False)
    eyes = landmarks.eye_opening(track.eyelids).mean(1)

    def kept(width: int) -> float:
        padded = np.pad(eyes, width // 2, mode="edge")
        smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
        return (np.median(eyes) - smooth[50:60].min()) / (np.median(eyes) - eyes[50:60].min())

    if not isinstance(answer, int | np.integer) or answer not in range(1, 100, 2):
        return Result(False, "expected an odd number of frames, so that the window has a middle.")
    if kept(answer) < 0.8:
        return Result(False, f"a mean of {answer} frames keeps only {kept(answer):.0%}.")
    if kept(answer + 2) >= 0.8:
        return Result(False, f"{answer} keeps {kept(answer):.0%}, but is it the longest that does?")
    return Result(True, f"{kept(answer):.0%} of the depth is left, and two frames more lose it.")
