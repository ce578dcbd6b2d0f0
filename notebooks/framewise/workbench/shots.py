"""Shots: find where a film cuts to another shot, from small grey pictures of its frames.

Notebook: 02_landmarks.ipynb
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

__all__ = ["find_shots", "is_new", "picture_change", "small_grey"]

CHANGE = 0.1
"""Two small pictures may show different shots if 1 minus their correlation is above this. Pictures
of any two of the nine sample people give 0.30 or more."""

SUDDEN = 3.0
"""A cut changes the picture more than this many times as much as the frames around it do. Within a
shot the factor is 2.0 at most, on the sample clips and on five real ones with fast movements of
hands and camera."""

LIGHT = 25.0
"""Grey levels by which the mean of the picture jumps in a flash."""

FLAT = 4.0
"""Standard deviation in grey levels below which a picture is nearly all one grey."""

DARK, BRIGHT = 8, 238
"""Grey levels between which a pixel shows something in any light."""

MOMENT_S = 0.5
"""Seconds. A picture that comes back within this time was only interrupted."""

FADE_S = 0.24, 0.48
"""Seconds before and after the middle of a cross-fade that are examined; both are tried."""

FADED = 0.05
"""The smallest change of the picture over that time in a cross-fade."""

MIXED = 0.015
"""Largest share of the change in a cross-fade that a mixture of the pictures before and after does
not explain. In cross-fades of 0.4 to 2 s between the sample people the share was 0.014 at most;
where somebody moves slowly it was 0.022 at least."""

EVERYWHERE = 0.55
"""Smallest share of the picture that changes in a cross-fade. In cross-fades the share was 0.59 or
more; where somebody moves slowly it was 0.53 at most."""

NONE = -1
"""The number for frames that belong to no shot: frames of a flash, of a picture that is shown for a
moment, or of a cross-fade."""


def small_grey(image: np.ndarray) -> np.ndarray:
    """Return the green of a picture as (24, 32) uint8, whatever its shape."""
    down, across = (max(1, side // few) for side, few in zip(image.shape, (96, 128), strict=False))
    view = np.ascontiguousarray(image[::down, ::across, 1])
    return cv2.resize(view, (32, 24), interpolation=cv2.INTER_AREA)


def picture_change(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far two small pictures differ, whatever their brightness and contrast.

    Parameters
    ----------
    a, b : (..., 24, 32) uint8
        From `small_grey`.

    Returns
    -------
    (...) float
        1 minus their correlation: 0 if equal, 1 if unlike. Two plain grey pictures count as equal.
    """
    return ((_standard(a) - _standard(b)) ** 2).sum((-1, -2)) / 2


def is_new(before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether the second of two small pictures may show another shot.

    Parameters
    ----------
    before, after : (24, 32) uint8
        From `small_grey`.
    """
    return bool(picture_change(before, after) > CHANGE)


def find_shots(
    pictures: np.ndarray,
    times: np.ndarray,
    repeats: np.ndarray,
    goes_on: Callable[[int, int], bool] = lambda first, last: False,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the frames that begin another shot, and the shot of each frame.

    1. A jump is a change of the picture by more than 0.1 that is more than 3 times as large as the
       changes around it. A sudden change of the brightness is a jump too.
    2. If the earlier picture comes back within half a second, the frames between are an
       interruption: a flash, or another picture for a moment. There is no cut.
    3. Other jumps are cuts, unless the brightness alone explains them.
    4. A cross-fade changes the picture everywhere within half a second, or within one second, and
       the frame in its middle is a mixture of both ends. The cut is put in the middle. A slow
       movement of a blurred picture looks the same. So there is no cross-fade if `goes_on` says
       that the same person is seen before and after it.

    A cut between two pictures that hardly differ is not found, such as a cut from a person to the
    same person in the same place.

    Parameters
    ----------
    pictures : (T, 24, 32) uint8
        From `small_grey`.
    times : (T,) float, seconds
    repeats : (R,) int
        Frames that repeat the picture before them: they belong to its shot.
    goes_on : callable
        Says whether the same person is seen before the first frame and after the last one.

    Returns
    -------
    cuts : (C,) int
        Frames that begin another shot.
    shot_of : (T,) int
        The number of the shot, from 0; -1 in interruptions and cross-fades.
    """
    new = np.delete(np.arange(len(pictures)), repeats)
    cuts, broken = _jump_cuts(pictures[new], times[new])
    for first, last in _fades(pictures[new], times[new]):
        if not goes_on(new[first], new[last]):
            cuts = [cut for cut in cuts if not first <= cut <= last] + [(first + last) // 2]
            broken[first : last + 1] = True
    cuts = np.array(sorted(cuts), int)
    shot_of = np.searchsorted(cuts, np.arange(len(new)), "right")
    shot_of[broken] = NONE
    return new[cuts], shot_of[np.searchsorted(new, np.arange(len(pictures)), "right") - 1]


def _jump_cuts(pictures: np.ndarray, times: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Return the sudden cuts, and which frames are an interruption, (T,) bool."""
    broken = np.zeros(len(pictures), bool)
    cuts: list[int] = []
    for t in _jumps(pictures):
        if broken[t - 1]:
            continue  # the earlier picture is back
        before = pictures[t - 1]
        soon = np.searchsorted(times, times[t] + MOMENT_S, "right")
        back = next((i for i in range(t + 1, soon) if _is_back(before, pictures[i])), t)
        broken[t:back] = True
        if back == t and _is_other(before, pictures[t]):
            cuts.append(t)
    return cuts, broken


def _jumps(pictures: np.ndarray) -> list[int]:
    """Return the frames at which the picture or its brightness jumps."""
    light = np.abs(np.diff(pictures.mean((1, 2)), prepend=np.nan)) > LIGHT
    at = np.arange(1, len(pictures))
    change = np.append(0, _changes(pictures, at - 1, at))
    around = np.lib.stride_tricks.sliding_window_view(np.pad(change, 4), 9)
    usual = np.sort(around, axis=1)[:, -4]  # of the eight others, two may be jumps as well
    return np.flatnonzero(((change > CHANGE) & (change > SUDDEN * usual)) | light).tolist()


def _is_back(before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether two pictures show the same, under the same light."""
    light = abs(float(before.mean()) - float(after.mean()))
    return picture_change(before, after) < CHANGE / 2 and light < LIGHT / 2


def _is_other(before: np.ndarray, after: np.ndarray) -> bool:
    """Tell whether two pictures differ where neither is too dark or too bright to show anything."""
    shown = (np.minimum(before, after) > DARK) & (np.maximum(before, after) < BRIGHT)
    if shown.sum() < 0.1 * shown.size:
        return bool(picture_change(before, after) > CHANGE)
    return bool(picture_change(before[shown][None], after[shown][None]) > CHANGE)


def _fades(pictures: np.ndarray, times: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and last frame of each cross-fade."""
    mixed = np.zeros(len(pictures), bool)
    for half in FADE_S:
        begin = np.searchsorted(times, times - half)
        end = np.searchsorted(times, times + half)
        at = np.flatnonzero((end < len(times)) & (np.arange(len(times)) - begin > 1))
        for t in at[_changes(pictures, begin[at], end[at]) > FADED]:
            mixed[t] |= _is_mixture(*pictures[[begin[t], t, end[t]]])
    edges = np.flatnonzero(np.diff(mixed, prepend=False, append=False)).reshape(-1, 2)
    sides = (edges[:, 1] - edges[:, 0]) // 4 + 1  # the first and last pictures are hardly mixed
    firsts = np.maximum(edges[:, 0] - sides, 1)
    lasts = np.minimum(edges[:, 1] - 1 + sides, len(pictures) - 1)
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _is_mixture(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> bool:
    """Tell whether the second of three pictures is a mixture of the others."""
    whole, part = last - first.astype(np.float32), middle - first.astype(np.float32)
    share = (part * whole).sum() / (whole**2).sum()
    left = ((part - share * whole) ** 2).sum() / (whole**2).sum()
    everywhere = (np.abs(whole) > 5).mean() > EVERYWHERE
    return bool(everywhere and 0.25 < share < 0.75 and left < MIXED)


def _changes(pictures: np.ndarray, some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the change between many pairs of pictures, a thousand at a time."""
    starts = range(0, len(some), 1000)
    parts = [np.s_[start : start + 1000] for start in starts]
    changes = [picture_change(pictures[some[part]], pictures[others[part]]) for part in parts]
    return np.concatenate([np.zeros(0, np.float32), *changes])


def _standard(picture: np.ndarray) -> np.ndarray:
    """Return a picture with mean 0 and length 1, or less if it is nearly all one grey."""
    away = picture - picture.mean((-1, -2), keepdims=True, dtype=np.float32)
    least = FLAT * np.sqrt(picture.shape[-1] * picture.shape[-2])
    return away / np.maximum(np.sqrt((away**2).sum((-1, -2), keepdims=True)), least)
