"""Headcount: compare the number of faces in a clip with the number of people who are named.

The check is rough. It does not know who the people are; see data/README.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from framewise import clips, consent, detection, landmarks, tracking
from framewise.tracking import Bar

__all__ = ["check_frames", "check_shots"]

SURE = 0.85
"""A detection with at least this score counts as a face. Below it, the landmarks decide."""


def check_frames(images: Iterable[np.ndarray], times: np.ndarray, named: int) -> None:
    """Make sure that there is a face, and that there are no more faces at once than names.

    Parameters
    ----------
    images : iterable of (H, W, 3) uint8 RGB
    times : (T,) float, seconds
        When each of the images is shown.
    named : int
        How many people are named.

    Raises
    ------
    ValueError
        No face is seen.
    consent.ConsentError
        More faces are seen at once than people are named.
    """
    counts = np.array([_faces(image) for image in images])
    if not counts.any():
        raise ValueError(
            f"no face was found in any of {len(counts)} frames, but the course needs a face. Take "
            "another part of the video (--start), or film again: nearer, from the front and in "
            "more light. If you only want to look at the video, you need not add it: open it in a "
            "notebook with clips.Clip(file)."
        )
    _require_names(counts, times, named)


def check_shots(path: Path, named: int, bar: Bar) -> None:
    """Compare the number of different people in the clip with the number of names.

    If the clip has cuts, faces are also counted in three frames of each shot. If a clip without a
    cut seems to show more people than are named, there is only a warning.

    Parameters
    ----------
    path : Path
        The new clip. What is measured of it here stays in the cache for its first use.
    named : int
        How many people are named.
    bar : Bar
        Shows how far the work is; see `tracking.Bar`.

    Raises
    ------
    consent.ConsentError
        There are more faces at once than names, or the shots show more different people than names.
    """
    film = clips.Clip(path)
    cuts, tracks = tracking.find_cuts(film, progress=bar), tracking.track_faces(film, progress=bar)
    for shot in np.split(np.arange(len(film)), cuts) if len(cuts) else ():
        spots = np.unique(np.linspace(shot[0], shot[-1], 5).astype(int)[1:-1])  # cuts may blend
        _require_names(np.array([_faces(film[i]) for i in spots]), film.times[spots], named)
    if len(tracks) <= named:
        return
    firsts = sorted(film.times[np.isfinite(track.score)][0] for track in tracks)
    where = ", ".join(f"{first:.1f} s" for first in firsts)
    seen = (
        f"{len(tracks)} people who do not look alike seem to be shown (first seen at {where}), but "
        f"you named only {named}."
    )
    if len(cuts):
        raise consent.ConsentError(
            f"{seen} Name everyone shown. Each of them has to agree. If several shots show one "
            "person in different light, keep each shot as a clip of its own (--start, --seconds)."
        )
    warnings.warn(
        f"{seen} Please check this. If everyone shown is named, all is well. If not, delete the "
        "clip and add it again with the consent of everyone.",
        stacklevel=3,
    )


def _require_names(counts: np.ndarray, times: np.ndarray, named: int) -> None:
    """Make sure that no more faces are seen at once than people are named."""
    at_once = np.sort(counts)[-2] if len(counts) > 2 else counts.max()  # one may be a false alarm
    if at_once > named:
        at = times[np.argmax(counts >= at_once)]
        raise consent.ConsentError(
            f"{at_once} faces are seen at once (at {at:.1f} s), but you named only {named}. "
            "Name everyone shown. Each of them has to agree. A face on a poster counts as well. "
            "If there is a signed form, give the poster a name that says so, such as poster. If "
            "there is no form, cover the poster and film again, or take a part of the video "
            "without the poster (--start, --seconds)."
        )


def _faces(image: np.ndarray) -> int:
    """Count the faces. A face that the detector is not sure of must have landmarks too."""
    faces = detection.detect_faces(image)
    looks = [
        landmarks.find_landmarks(image, box=box, keypoints=keypoints)
        for box, keypoints in zip(faces.xyxy, faces.keypoints, strict=True)
    ]
    seen = np.array([np.isfinite(points).all() for points in looks], bool)
    return int(np.count_nonzero(seen | (faces.score >= SURE)))
