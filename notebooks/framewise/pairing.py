"""Pairing: follow the face of a clip, hold its points steady, and pair the frames of two clips.

Notebook: 04_swap.ipynb
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import alignment
from framewise.clips import Clip
from framewise.tracking import FaceTrack, track_faces

__all__ = ["nearest_frames", "only_track", "smooth_points"]


def only_track(clip: Clip) -> FaceTrack:
    """Follow the face of a clip that shows one face.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    clip : Clip

    Returns
    -------
    FaceTrack

    Raises
    ------
    ValueError
        The clip shows no face or several faces.
    """
    tracks = [track for track in track_faces(clip) if not np.isnan(track.points).all()]
    if len(tracks) != 1:
        raise ValueError(
            f"{clip.path.name}: expected a clip that shows one face, got {len(tracks) or 'none'}. "
            "Choose a clip with one person, or cut it so that only one is seen."
        )
    return tracks[0]


def nearest_frames(source_points: np.ndarray, target_points: np.ndarray) -> np.ndarray:
    """Find the source's frame that is most like each face of the target in pose and expression.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    source_points : (S, 468, 2) float pixels
        NaN where there is no face; such frames are never chosen.
    target_points : (T, 468, 2) float pixels

    Returns
    -------
    (T,) int
        For each frame of the target the number of a frame of the source; 0 where the target has no
        face.

    Raises
    ------
    ValueError
        The source has no face at all.
    """
    known = np.flatnonzero(~np.isnan(source_points).any((1, 2)))
    if not len(known):
        raise ValueError(
            "source_points: expected a face in at least one frame, got NaN in all. Choose a source "
            "clip that shows a face."
        )
    given, wanted = _shapes(source_points[known]), _shapes(target_points)
    unlike = (given**2).sum(1) - 2 * wanted @ given.T  # squared distances less |wanted|^2
    return np.where(np.isnan(wanted).any(1), 0, known[unlike.argmin(1)])


def _shapes(faces: np.ndarray) -> np.ndarray:
    """Return faces (N, 468, 2) as rows (N, 936) without their place, size and tilt.

    Each face is aligned as by `alignment.estimate_similarity`. The formula of notebook 03 does this
    for all faces at once.
    """
    goal, steady = alignment.canonical_face(1), alignment.STEADY
    u, v = (goal - goal[steady].mean(0)).T
    x, y = np.moveaxis(faces - faces[:, steady].mean(1, keepdims=True), 2, 0).astype(float)
    size = (x[:, steady] ** 2 + y[:, steady] ** 2).sum(1)
    a = (x * u + y * v)[:, steady].sum(1) / size
    b = (x * v - y * u)[:, steady].sum(1) / size
    a, b = a[:, None], b[:, None]
    return np.hstack([a * x - b * y, b * x + a * y])


def smooth_points(
    points: np.ndarray, frames: float, *, cuts: np.ndarray | tuple[int, ...] = ()
) -> np.ndarray:
    """Smooth landmarks over time: the mean of the neighbouring frames, weighted by a Gaussian.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    points : (T, ...) float pixels
        NaN where there is no face; these frames stay NaN and do not count in the mean.
    frames : float
        Standard deviation of the Gaussian, in frames. 0 changes nothing.
    cuts : (C,) int
        Frames that begin another shot. Nothing is mixed across them.

    Returns
    -------
    (T, ...) float64 pixels
        The smoothed points, in a new array.

    Raises
    ------
    ValueError
        `frames` is below 0, infinite or NaN.
    """
    if not 0 <= frames < np.inf:
        raise ValueError(f"frames: expected a number of 0 or more, got {frames}.")
    points = np.asarray(points, float)
    if frames == 0:
        return points.copy()
    reach = int(np.ceil(3 * frames))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    shots = np.split(points.reshape(len(points), -1), cuts)
    return np.concatenate([_mean_along(s, weights) for s in shots if len(s)]).reshape(points.shape)


def _mean_along(shot: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean around each frame of a shot, (T, N), NaN where the shot has NaN.

    There are 2 R + 1 weights for the R frames before, the frame itself and the R frames after.
    """
    known = ~np.isnan(shot)
    total, weight = (
        cv2.sepFilter2D(part, -1, np.ones(1), weights, borderType=cv2.BORDER_CONSTANT)
        for part in (np.where(known, shot, 0), known.astype(float))
    )
    return np.divide(total, weight, out=np.full(shot.shape, np.nan), where=known)
