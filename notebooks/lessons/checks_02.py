"""Checks of the exercises in notebook 02."""

from collections.abc import Callable
from typing import Any

import numpy as np
from framewise import landmarks, samples, tracking
from framewise.workbench.exercises import Result, exercise


def _numbers(answer: Any) -> np.ndarray:
    """Return the numbers of an answer in a row; none if it holds anything but finite numbers."""
    try:
        numbers = np.ravel(np.asarray(answer, float))
    except (TypeError, ValueError):
        return np.array([])
    given = not isinstance(answer, str) and np.isfinite(numbers).all()
    return numbers if given else np.array([])


@exercise("02.1")
def _check_crop_to_photo(answer: Any) -> Result:
    place = _numbers(answer)
    if len(place) != 2:
        return Result(False, "expected two numbers x and y in brackets, such as (10, 20).")
    in_crop, corner, scale = np.array([96, 120]), np.array([200, 80]), 384 / 192
    slips = [
        (in_crop * scale, "You enlarged, but did not add the corner. Where does the crop begin?"),
        (in_crop + corner, "You added the corner, but did not enlarge. How wide is a crop pixel?"),
        (
            in_crop / scale + corner,
            "You divided by the scale. A crop pixel is wider than a photo pixel.",
        ),
        ((in_crop + corner) * scale, "Enlarge first, then add the corner: it is in photo pixels."),
        ((in_crop * scale + corner)[::-1], "Write x first, then y."),
    ]
    if np.allclose(place, in_crop * scale + corner, atol=0.5):
        return Result(True, "you enlarged the place in the crop and then added the corner.")
    words = [words for value, words in slips if np.allclose(place, value, atol=0.5)]
    asked = "How many photo pixels wide is one pixel of the crop? And where does the crop begin?"
    return Result(False, f"this is not the right place. {(words or [asked])[0]}")


@exercise("02.2")
def _check_widest_mouth(answer: Any) -> Result:
    _, track = _ana()
    mouth, number = landmarks.mouth_opening(track.points), _numbers(answer)
    if len(number) != 1:
        return Result(False, "expected the number of one frame, such as 50.")
    if number[0] % 1 or not 0 <= number[0] < len(mouth):
        words = "If you have a time in seconds, multiply it by the frames per second."
        return Result(False, f"expected a whole number from 0 to {len(mouth) - 1}. {words}")
    opening = mouth[int(number[0])]
    if opening >= mouth.max() - 0.02:
        return Result(True, f"in this frame the mouth opening is {opening:.2f}.")
    eyes = landmarks.eye_opening(track.eyelids).mean(1)
    if int(number[0]) in (np.argmin(eyes), np.argmax(eyes)):
        return Result(False, "this is the top or the bottom of the eye curve. Use the mouth curve.")
    words = "Look for the highest place of the mouth curve."
    return Result(False, f"in this frame the mouth opening is only {opening:.2f}. {words}")


@exercise("02.3")
def _check_longest_average(answer: Any) -> Result:
    clip, track = _ana()
    eyes = landmarks.eye_opening(track.eyelids).mean(1)
    first, _, last = samples.load_truth(clip).blinks[0]
    blink = slice(first, last + 1)

    def kept(width: int) -> float:
        padded = np.pad(eyes, width // 2, mode="edge")
        smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
        return (np.median(eyes) - smooth[blink].min()) / (np.median(eyes) - eyes[blink].min())

    number = _numbers(answer)
    if len(number) != 1 or number[0] not in range(1, 100, 2):
        return Result(False, "expected one odd number of frames, such as 5 (1, 3, 5, 7 ...).")
    width = int(number[0])
    if kept(width) < 0.8:
        return Result(False, f"a mean of {width} frames keeps only {kept(width):.0%}. Try fewer.")
    if kept(width + 2) >= 0.8:
        return Result(False, f"a width of {width} keeps {kept(width):.0%}. Try a larger one too.")
    return Result(True, f"{kept(width):.0%} of the depth is left. Two frames more are too many.")


INNER_WIDTHS = (33, 133), (133, 263), (133, 362), (33, 362), (362, 263)


@exercise("02.4")
def _check_brow_height(answer: Any) -> Result:
    face = landmarks.find_landmarks(samples.open_still("ana_yaw20"))
    if not callable(answer):
        words = "Begin with the line: def brow_height(points):"
        return Result(False, f"expected a function with the name brow_height. {words}")
    got, problem = _one_number(answer, face)
    if problem:
        return Result(False, problem)
    want, close = _height(face, "right"), {"rtol": 0, "atol": 0.0055}  # rounded to 2 digits or more
    if not np.isclose(got, want, **close):
        return Result(False, _brow_slip(answer, face, got, close))
    tilted = face @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    for changed, words in (
        (face * 2, "a face twice as near gives another number. Divide by a distance."),
        (tilted, "a tilted head gives another number. Use distances, not only y."),
    ):
        if not np.isclose(_one_number(answer, changed)[0], want, atol=0.011):
            return Result(False, f"right for one test face, but {words}")
    nothing, problem = _one_number(answer, np.full_like(face, np.nan))
    if problem or np.isfinite(nothing):
        return Result(False, "right on a face. But without a face, it must return NaN: np.nan.")
    words = "the number stays the same whether the face is near or far, upright or tilted."
    return Result(True, words)


def _height(points: np.ndarray, side: str) -> float:
    brow, eye = (points[landmarks.GROUPS[f"{side}_{part}"]].mean(0) for part in ("brow", "eye"))
    return float(np.linalg.norm(brow - eye) / np.linalg.norm(points[33] - points[263]))


def _one_number(function: Callable, points: np.ndarray) -> tuple[float, str]:
    """Return what a function gives for these points as one number, or say what is wrong."""
    try:
        value = function(points.copy())
    except Exception as error:  # a learner's code may do anything
        words = "Run brow_height(points) in a cell of its own to see the wrong line."
        return np.nan, f"your function stopped with the message {error!s:.80}. {words}"
    if value is None:
        return np.nan, "your function gives nothing back. Does it end with a return line?"
    try:
        value = np.asarray(value, float)
    except (TypeError, ValueError):
        return np.nan, "expected a function that returns one number."
    if value.size != 1:
        words = "Get one distance from a step in x and y with np.linalg.norm."
        return np.nan, f"expected one number, got {value.size}. {words}"
    return float(value.item()), ""


def _brow_slip(answer: Callable, face: np.ndarray, got: float, close: dict) -> str:
    if np.isclose(got, _height(face, "left"), **close):
        return "this is the left brow and eye. Right means the right side of the person shown."
    outer = np.linalg.norm(face[33] - face[263])
    if np.isclose(got, _height(face, "right") * outer, rtol=0.01):
        return "this is a distance in pixels. Divide it by the distance of points 33 and 263."
    inner = [np.linalg.norm(face[a] - face[b]) for a, b in INNER_WIDTHS]
    if np.isclose(got, _height(face, "right") * outer / inner, **close).any():
        return "points 133 and 362 are inner corners of the eyes. Use the outer ones, 33 and 263."
    want = _height(face, "right")
    words = "Use the mean of each group, and then one distance."
    return f"for a test face expected {want:.3f}, got {got:.3f}. {words}"


def _ana() -> tuple:
    clip = samples.open_clip("ana_talk")
    return clip, tracking.track_face(clip, progress=False)
