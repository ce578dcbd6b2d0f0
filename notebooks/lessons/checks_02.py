"""Checks of the exercises in notebook 02."""

from typing import Any

import numpy as np
from framewise import landmarks, samples, tracking
from framewise.workbench.exercises import Result, exercise


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

    face = landmarks.find_landmarks(samples.open_still("ana_yaw20"))
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
    clip = samples.open_clip("ana_talk")
    track = tracking.track_face(clip, progress=False)
    eyes = landmarks.eye_opening(track.eyelids).mean(1)
    first, _, last = samples.load_truth(clip).blinks[0]
    blink = slice(first, last + 1)

    def kept(width: int) -> float:
        padded = np.pad(eyes, width // 2, mode="edge")
        smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
        return (np.median(eyes) - smooth[blink].min()) / (np.median(eyes) - eyes[blink].min())

    if not isinstance(answer, int | np.integer) or answer not in range(1, 100, 2):
        return Result(False, "expected an odd number of frames, so that the window has a middle.")
    if kept(answer) < 0.8:
        return Result(False, f"a mean of {answer} frames keeps only {kept(answer):.0%}.")
    if kept(answer + 2) >= 0.8:
        return Result(False, f"{answer} keeps {kept(answer):.0%}, but is it the longest that does?")
    return Result(True, f"{kept(answer):.0%} of the depth is left, and two frames more lose it.")
