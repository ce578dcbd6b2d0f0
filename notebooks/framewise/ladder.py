"""Ladder: some frames of a clip, as they are or with another face, for tests of a detector.

Notebook: 09b_what_traces_prove.ipynb

Fakes and untouched frames go through the same last step: `look_at` saves each as a JPEG file and
opens it again. So the kind of file does not tell which is which. `warp_face` and `draw_face` also
save the frames with quality 100 before they change them, which alters a frame very little. The
frames carry no mark. Mark a fake with `fakes.mark` before you show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

import numpy as np

from framewise import autoencoder, compression, consent, finishing, landmarks, selfblend, swap
from framewise.clips import Clip

__all__ = [
    "Frames",
    "draw_face",
    "features_of",
    "finish_face",
    "look_at",
    "score_clip",
    "some_frames",
    "warp_face",
]

FIRST = 100
"""How many frames of a clip are used, counted from its start."""

EVERY = 10
"""Of these frames, every tenth one is taken."""


class Frames(NamedTuple):
    """Frames that show a face."""

    images: np.ndarray
    """(N, H, W, 3) uint8 RGB"""
    points: np.ndarray
    """(N, 468, 2) float32 pixels"""


def some_frames(clip: Clip) -> np.ndarray:
    """Return every tenth of the first 100 frames of a clip, (10, H, W, 3) uint8 RGB.

    Parameters
    ----------
    clip : Clip
        A clip of fewer than 91 frames gives fewer than 10 pictures.
    """
    return np.stack(list(islice(clip.frames(0, FIRST), 0, None, EVERY)))


def look_at(
    images: Iterable[np.ndarray], points: np.ndarray | None = None, *, quality: int = 90
) -> Frames:
    """Save pictures as JPEG files, open them again, and find the face in each.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    images : iterable of N (H, W, 3) uint8 RGB
    points : (N, 468, 2) float pixels, optional
        The faces, if they are known. By default they are looked for.
    quality : int
        Quality of the files, 1 to 100.

    Returns
    -------
    Frames
        Pictures without a face are left out.

    Raises
    ------
    ValueError
        None of the pictures shows a face.
    """
    saved = np.stack([compression.save_jpeg(image, quality) for image in images])
    if points is None:
        points = _follow(saved)
    seen = ~np.isnan(points).any((1, 2))
    if not seen.any():
        raise ValueError(f"images: expected a face, but none of the {len(saved)} pictures has one.")
    return Frames(saved[seen], points[seen])


def _follow(images: np.ndarray) -> np.ndarray:
    """Find a face in each picture, near its place in the picture before, which is much faster."""
    points, box = [], None
    for image in images:
        face = landmarks.find_landmarks(image, box=box)
        box = None if np.isnan(face).any() else landmarks.face_box(face)
        points.append(face)
    return np.stack(points)


def _untouched(clip: Clip) -> Frames:
    """Return the frames that will be changed, if everyone in the clip agreed to that."""
    consent.require(clip, "make")
    return look_at(some_frames(clip), quality=100)


def warp_face(target: Clip, source: Clip, recipes: Mapping[str, swap.Recipe]) -> dict[str, Frames]:
    """Swap faces as in notebook 04, in ten frames of the target.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    target, source : Clip
        The clip that receives the face, and the clip that gives it.
    recipes : mapping of str to swap.Recipe
        The recipes by name.

    Returns
    -------
    dict of str to Frames
        The result of each recipe.

    Raises
    ------
    consent.ConsentError
        Not everyone in the clips agreed to fakes.
    ValueError
        A clip shows no face, or `swap.swap_face` raises a ValueError.
    """
    goal, given = _untouched(target), _untouched(source)
    which = swap.nearest_frames(given.points, goal.points)
    faces = list(zip(given.images[which], given.points[which], *goal, strict=True))
    return {
        name: look_at((swap.swap_face(*face, recipe).frame for face in faces), goal.points)
        for name, recipe in recipes.items()
    }


def draw_face(target: Clip, draw: finishing.Draw, recipe: swap.Recipe, *, size: int) -> Frames:
    """Let a network draw the face, as in generations 1 to 3 of notebook 05.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    target : Clip
        The clip of the performer.
    draw : callable
        As for `finishing.finish_clip`.
    recipe : swap.Recipe
    size : int
        Side of the faces that the network takes, pixels.

    Returns
    -------
    Frames

    Raises
    ------
    consent.ConsentError
        The performer did not agree to fakes.
    ValueError
        The clip shows no face.
    """
    goal = _untouched(target)
    cut = [autoencoder.cut_face(image, face, size=size) for image, face in zip(*goal, strict=True)]
    drawn = draw(np.stack([face for face, _ in cut]))
    made = [
        autoencoder.put_back(face, matrix, image, points, recipe).frame
        for face, (_, matrix), image, points in zip(drawn, cut, *goal, strict=True)
    ]
    return look_at(made, goal.points)


def finish_face(
    target: Clip, draw: finishing.Draw, finish: finishing.Finish, *, size: int
) -> Frames:
    """Let a network draw the face, and finish the fake as in generation 4 of notebook 05.

    This needs all of the first 40 frames, so it takes a long time. The result shows every fourth of
    them.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    target, draw, size
        As for `draw_face`.
    finish : finishing.Finish

    Returns
    -------
    Frames

    Raises
    ------
    consent.ConsentError, ValueError
        As in `finishing.finish_clip`.
    """
    made = finishing.finish_clip(target, draw, finish, size=size, frames=slice(0, 40))
    return look_at(islice(made, 0, None, 4))


def features_of(frames: Frames) -> np.ndarray:
    """Return the `selfblend.features` of every frame, (N, 3, 16, 16) float32."""
    return np.stack([selfblend.features(*frame) for frame in zip(*frames, strict=True)])


def score_clip(detector: selfblend.Detector, frames: Frames) -> float:
    """Return the median of the detector's scores of all frames: one number for a clip.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    detector : selfblend.Detector
    frames : Frames

    Returns
    -------
    float
    """
    return float(np.median(selfblend.score_features(detector, features_of(frames))))
