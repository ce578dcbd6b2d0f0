"""Readings: go through a clip once, and read from each frame the numbers for the cues over time.

Notebook: 09_motion.ipynb
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import cv2
import numpy as np

from framewise import headflow, landmarks
from framewise.clips import Clip
from framewise.tracking import FaceTrack

__all__ = ["CHIN", "GAP_S", "Readings", "frames_apart", "new_frames", "read_clip"]

GAP_S = 0.04
"""Seconds. Each frame is compared with the frames about this long before and after it. In a film
with fewer than 25 frames a second, these are the neighbouring frames, which are further away."""

CHIN = landmarks.GROUPS["outline"][13:24]
"""The points of the chin and of the jaw beside it, (11,) int."""

LEAST_PIXELS = 30
"""A frame is not read if one of its zones has fewer pixels of the chip than this. See `headflow`
for the chip and its zones."""


class Readings(NamedTuple):
    """What is read from each of the T frames of a clip. NaN where it cannot be read."""

    face: np.ndarray
    """(T, 3) float, grey levels: mean colour well inside the outline"""
    rest: np.ndarray
    """(T, 3) float, grey levels: mean colour of the strip around the outline"""
    detail: np.ndarray
    """(T, 2) float: 100 times the natural logarithm of the fine detail of the face above the base
    of the nose, and of the strip. So a change by 1 is a change by about one per cent."""
    drift: np.ndarray
    """(T, 2) float, per cent of the face's width: see `headflow.flow_drift`"""
    breaks: np.ndarray
    """(T,) float, per cent of the face's width: see `headflow.flow_break`"""
    patches: np.ndarray
    """(T, 11, 2, 3) float, grey levels: mean colour of small patches outside and inside the chin,
    beside the points of `CHIN`"""


def new_frames(track: FaceTrack) -> np.ndarray:
    """Return the frames that do not repeat the picture before them, (N,) int.

    Parameters
    ----------
    track : FaceTrack
    """
    return np.setdiff1d(np.arange(len(track)), track.repeats)


def frames_apart(times: np.ndarray, seconds: float) -> int:
    """Return how many frames make up this time, rounded, and at least 1.

    Parameters
    ----------
    times : (T,) float, seconds
    seconds : float

    Examples
    --------
    >>> frames_apart(np.arange(10) / 50, 0.04)
    2
    """
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    return max(1, round(seconds / usual)) if usual > 0 else 1


def read_clip(clip: Clip, track: FaceTrack) -> Readings:
    """Read every new frame of a clip once. Only the last few frames are kept in memory.

    A face that is smaller in the picture than in a chip (about 61 pixels wide) is not read, because
    its motion in parts of a pixel would mostly be noise.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    clip : Clip
    track : FaceTrack
        A face of this clip.

    Returns
    -------
    Readings

    Raises
    ------
    ValueError
        The track does not have as many frames as the clip.
    """
    if len(track) != len(clip):
        raise ValueError(
            f"track: expected a track of this clip with {len(clip)} frames, got {len(track)}. "
            "Use tracking.track_faces(clip)."
        )
    shapes = Readings((3,), (3,), (2,), (2,), (), (len(CHIN), 2, 3))
    readings = Readings(*(np.full((len(track), *shape), np.nan) for shape in shapes))
    new, cuts = new_frames(track), set(track.cuts.tolist())
    is_new = np.isin(np.arange(len(track)), new)
    earlier: deque = deque(maxlen=frames_apart(track.times[new], GAP_S))
    for i, image in enumerate(clip.frames()):
        if i in cuts:
            earlier.clear()
        if not is_new[i]:
            continue
        points = track.points[i]
        if not np.isnan(points).any():
            before = earlier[0] if len(earlier) == earlier.maxlen else None
            _read(readings, i, image, points, before)
        earlier.append(image)
    return readings


def _read(
    readings: Readings, i: int, image: np.ndarray, points: np.ndarray, before: np.ndarray | None
) -> None:
    """Fill row i of the readings."""
    matrix = headflow.chip_matrix(points)
    if np.linalg.det(matrix[:, :2]) > 1:  # the chip would only enlarge the face
        return
    zones = headflow.find_zones(points, matrix, image.shape[1::-1])
    if min(zone.sum() for zone in zones) < LEAST_PIXELS:
        return
    chip = headflow.cut_chip(image, matrix)
    readings.face[i], readings.rest[i] = chip[zones.face].mean(0), chip[zones.rest].mean(0)
    readings.detail[i] = [_detail(chip, zone) for zone in (zones.core, zones.rest)]
    level = points @ matrix[:, :2].T + matrix[:, 2]
    readings.patches[i] = _patches(chip, level)
    if before is not None:
        flow = headflow.find_flow(before, image, matrix)
        left = headflow.leftover_flow(flow, zones.core)
        readings.drift[i] = headflow.flow_drift(left, zones)
        readings.breaks[i] = headflow.flow_break(left, level)


def _detail(chip: np.ndarray, zone: np.ndarray) -> float:
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    fine = np.abs(cv2.Laplacian(grey, cv2.CV_32F))[zone].mean()
    return 100 * float(np.log(max(fine, 0.01)))


def _patches(chip: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the colours (11, 2, 3) at 8 % of the face's width outside, and 25 % inside."""
    width, middle = np.linalg.norm(points[454] - points[234]), points[landmarks.GROUPS["outline"]]
    inwards = middle.mean(0) - points[CHIN]
    inwards *= width / np.linalg.norm(inwards, axis=1, keepdims=True)
    soft = cv2.blur(chip, (5, 5), borderType=cv2.BORDER_REPLICATE)
    places = np.stack([points[CHIN] + depth * inwards for depth in (-0.08, 0.25)], axis=1)
    return cv2.remap(soft, np.float32(places), None, cv2.INTER_LINEAR, borderValue=(0, 0, 0))
