"""Tracking: follow every face of a clip from frame to frame, each under one identity.

Notebook: 02_landmarks.ipynb

Public: FaceTrack, track_face, track_faces, find_cuts, find_repeats, clip_notices, track_notices,
follow.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm.auto import tqdm

from framewise import clips, detection, landmarks, models, shots
from framewise.clips import cache_file, load_arrays, save_arrays
from framewise.landmarks import (
    EYE_CORNERS,
    FACE_PRESENT,
    Eyes,
    face_box,
    find_eyelids,
    head_yaw,
    mesh,
    square_of_detection,
    square_of_points,
)
from framewise.notices import Notice

if TYPE_CHECKING:
    from framewise.clips import Clip

SAME_PERSON = 0.07
"""Below this strangeness two sightings are taken for one person: where it was tried, one and the
same came to 0.04 at most and two different people to 0.10 at least."""

CUT = 0.15
"""A change of looks between two frames above this is a cut: another face in the same place. On the
talking sample clips it is 0.03 at most within a shot (small faces that turn or meet reach more) and
0.09 or more from one person to another: a cut between two of like colouring is missed."""

LOOK_EVERY = 5
"""While a face is missing, the small tiles are searched every so many frames."""


READ_AHEAD = 64_000_000
"""Bytes of pictures that may wait between the threads on either side."""

LEAST_WIDTH = 9
"""Pixels between the corners of an eye below which its lids cannot be measured."""

PER_FACE = ("points", "eyelids", "iris", "score")
"""The fields of a FaceTrack that are measured for each face in each frame."""


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face along a clip of T frames; NaN in frames where it was not found."""

    points: np.ndarray
    """(T, 468, 2) float32 pixels"""
    eyelids: np.ndarray
    """(T, 2, 16, 2) float32 pixels, see Eyes"""
    iris: np.ndarray
    """(T, 2, 5, 2) float32 pixels, see Eyes"""
    score: np.ndarray
    """(T,) float32, 0 to 1: the network's face-present score"""
    times: np.ndarray
    """(T,) float64 seconds"""
    cuts: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    """(C,) int: frames that begin another shot"""
    repeats: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    """(R,) int: frames whose picture repeats that of the frame before"""

    def __len__(self) -> int:
        return len(self.score)


def track_face(clip: Clip, *, progress: bool = True) -> FaceTrack:
    """Follow the face of a clip that the detector finds first and surest.

    In each frame the points are looked for where they were in the last one; the detector runs
    only at the start, at a cut and where the face-present score falls. A face that jumps by half
    its width between two frames may be missed without the score saying so. The result is kept on
    disk and found again by the clip's content.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    clip : Clip
    progress : bool
        Show a progress bar.

    Returns
    -------
    FaceTrack
        All NaN if there is no face.
    """
    return _cached_tracks(clip, 1, progress)[0]


def track_faces(clip: Clip, *, progress: bool = True) -> list[FaceTrack]:
    """Follow every face of a clip, each under one identity.

    A face that was away is known again by its looks, roughly: two people of like colouring who are
    never in one frame may be taken for one. When two faces cross, the hidden one is lost rather
    than guessed. Faces seen for less than half a second in all are
    dropped as false alarms.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    clip : Clip
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of FaceTrack
        The one seen longest first; empty if there is no face.
    """
    tracks = _cached_tracks(clip, None, progress)
    seen = [int(np.isfinite(track.score).sum()) for track in tracks]
    order = np.argsort([-n for n in seen], kind="stable")
    return [tracks[i] for i in order if seen[i] >= min(clip.fps / 2, len(clip))]


@dataclass(eq=False)
class _Sighting:
    """A face followed without a break: what was measured, and how to know it again."""

    rows: dict[int, tuple[np.ndarray, float, Future[Eyes]]] = field(default_factory=dict)
    looks: np.ndarray = field(default_factory=lambda: np.zeros((8, 8, 3), np.float32))
    """Mean over the frames in which the whole face was to be seen."""
    seen_alone: int = 0
    last: np.ndarray | None = None
    here: bool = True

    def strangeness(self, looks: np.ndarray) -> float:
        """How unlike this face others look: mean difference of colour, 0 to 1."""
        return float(np.abs(self.looks - looks).mean())

    def remember(self, looks: np.ndarray, times: int = 1) -> None:
        self.seen_alone += times
        self.looks = self.looks + (looks - self.looks) * times / max(self.seen_alone, 1)


def _looks(crop: np.ndarray) -> np.ndarray:
    """Describe the inside of a level crop coarsely, (8, 8, 3) float 0..1."""
    inside = crop[32:-32, 32:-32]
    return cv2.resize(inside, (8, 8), interpolation=cv2.INTER_AREA) / np.float32(255)


def find_cuts(clip: Clip, *, progress: bool = True) -> np.ndarray:
    """Return the frames that begin another shot, (C,) int, also where there is no face."""
    return _measured(clip, None, progress)["cuts"]


def find_repeats(clip: Clip, *, progress: bool = True) -> np.ndarray:
    """Return the frames whose picture repeats that of the frame before, (R,) int."""
    return _measured(clip, None, progress)["repeats"]


def clip_notices(clip: Clip, *, progress: bool = True) -> list[Notice]:
    """Return what a reader must know of the clip's pictures: its cuts, and which ones repeat."""
    notices = [
        Notice("cut", cut, cut, f"Another shot begins at frame {cut}.")
        for cut in find_cuts(clip, progress=progress).tolist()
    ]
    repeats = find_repeats(clip, progress=progress)
    if len(repeats):
        statement = (
            f"{len(repeats)} of {len(clip)} frames repeat the picture before them. "
            "They show nothing new, so they do not count as watched."
        )
        notices.append(Notice("repeated_pictures", None, None, statement))
    return notices


def track_notices(track: FaceTrack) -> list[Notice]:
    """Return what a reader must know of one face: where its eyes are covered or too small."""
    corners = track.points[:, EYE_CORNERS]
    width = np.linalg.norm(corners[:, :, 1] - corners[:, :, 0], axis=-1).max(axis=1)
    covered = np.isnan(track.eyelids).any((1, 2, 3)) & (width >= LEAST_WIDTH)
    covered &= np.abs(head_yaw(track.points)) < 30
    small = width < LEAST_WIDTH
    least = 0.5 / np.median(np.diff(track.times)) if len(track) > 1 else 1
    return [
        *_stretches("covered_eyes", covered, least, "At least one eye cannot be seen"),
        *_stretches("small_face", small, least, "The eyes are too small to be measured"),
    ]


def _stretches(kind: str, where: np.ndarray, least: float, what: str) -> list[Notice]:
    edges = np.flatnonzero(np.diff(where, prepend=False, append=False)).reshape(-1, 2)
    return [
        Notice(kind, first, after - 1, f"{what} in frames {first} to {after - 1}.")
        for first, after in edges.tolist()
        if after - first >= least
    ]


def _cached_tracks(clip: Clip, most: int | None, progress: bool) -> list[FaceTrack]:
    arrays = _measured(clip, most, progress)
    rows = zip(*(arrays[name] for name in PER_FACE), strict=True)
    return [FaceTrack(*row, clip.times, arrays["cuts"], arrays["repeats"]) for row in rows]


def _measured(clip: Clip, most: int | None, progress: bool) -> dict[str, np.ndarray]:
    file = cache_file(clip.sha256, f"faces-{most or 'all'}-{_version()}")
    arrays = load_arrays(file)
    if not arrays:
        arrays = follow(clip, most, progress=progress)
        save_arrays(file, arrays)
    return arrays


@cache
def _version() -> str:
    """Return a hash of all that decides a track: the networks, what runs them, and the source."""
    modules = clips, detection, landmarks, models, shots
    sources = [Path(__file__), *(Path(module.__file__) for module in modules)]
    parts = [path.read_bytes() for path in [*sources, models.FOLDER / "models.json"]]
    return hashlib.sha256(b"".join([models.backend().encode(), *parts])).hexdigest()[:16]


def follow(clip: Clip, most: int | None, *, progress: bool) -> dict[str, np.ndarray]:
    """Follow one face or (`most` None) all, in one pass over the clip.

    The next frames are decoded, and the eyes of the last ones measured, on threads of their own.

    Returns
    -------
    dict
        points, eyelids, iris, score, each (people, T, ...); cuts and repeats as in FaceTrack.
    """
    sightings: list[_Sighting] = []
    waiting: deque[Future[Eyes]] = deque()
    pictures = []
    with ThreadPoolExecutor(1) as decoder, ThreadPoolExecutor(1) as worker:
        frames = _ahead(clip.frames(), decoder)
        bar = tqdm(frames, "following faces", len(clip), leave=False, disable=not progress)
        for t, image in enumerate(bar):
            pictures.append(shots.small_grey(image))
            for sighting, points, score in _faces_in(image, t, sightings, most):
                waiting.append(worker.submit(find_eyelids, image, points))
                sighting.rows[t] = points, score, waiting[-1]
            while len(waiting) > _room(image):
                waiting.popleft().result()
        people = _joined(sightings) if most is None else [sightings]
        arrays = _stacked(people, len(clip))
    cuts = shots.find_cuts(np.array(pictures))
    repeats = np.zeros(0, int)
    return dict(zip(PER_FACE, arrays, strict=True)) | {"cuts": cuts, "repeats": repeats}


def _ahead(frames: Iterator[np.ndarray], decoder: ThreadPoolExecutor) -> Iterator[np.ndarray]:
    """Yield frames while the next ones are being decoded."""
    coming = deque([decoder.submit(next, frames, None)])
    while (image := coming.popleft().result()) is not None:
        while len(coming) < _room(image):
            coming.append(decoder.submit(next, frames, None))
        yield image


def _room(image: np.ndarray) -> int:
    """Return how many such pictures may wait in memory: 1 to 8, as READ_AHEAD allows."""
    return int(np.clip(READ_AHEAD // image.nbytes, 1, 8))


def _faces_in(image: np.ndarray, t: int, sightings: list[_Sighting], most: int | None) -> list:
    """Find the faces of frame t: first where they were, then with the detector."""
    found = []
    for sighting in [s for s in sightings if s.here]:
        points, score, crop = mesh(image, square_of_points(sighting.rows[t - 1][0]))
        looks = _looks(crop)
        sighting.here = score >= FACE_PRESENT and np.abs(looks - sighting.last).mean() < CUT
        if sighting.here:
            found.append((sighting, points, score, looks))
    found = _without_doubles(found)
    if not found or (most is None and t % LOOK_EVERY == 0):
        lost_now = any(t - 1 in s.rows and not s.here for s in sightings)
        for face in _new_faces(image, t % LOOK_EVERY == 0 or lost_now, found, most):
            sightings.append(_Sighting())
            found.append((sightings[-1], *face))
    boxes = np.array([face_box(points) for _, points, _, _ in found])
    end = image.shape[1::-1]
    for (sighting, _, _, looks), box in zip(found, boxes, strict=True):
        alone = len(found) == 1 or np.count_nonzero(detection.iou(box, boxes)) == 1
        inside = box.min() >= 0 and (box[2:] < end).all()
        sighting.last = looks
        if not sighting.seen_alone or (alone and inside):
            sighting.remember(looks)
    return [row[:3] for row in found]


def _without_doubles(found: list) -> list:
    """Where faces meet, drop the one that no longer looks like itself."""
    found = sorted(found, key=lambda row: row[0].strangeness(row[3]))
    kept = []
    for sighting, points, score, looks in found:
        others = [face_box(row[1]) for row in kept]
        meets = detection.iou(face_box(points), others).max() if others else 0
        strange = sighting.strangeness(looks) > SAME_PERSON
        sighting.here = not (meets > 0.5 or (meets > 0 and strange))
        kept += [(sighting, points, score, looks)] if sighting.here else []
    return kept


def _new_faces(image: np.ndarray, closely: bool, found: list, most: int | None) -> Iterator:
    """Yield points, score and looks of each face that is not among those found."""
    longer = max(image.shape)
    faces = detection.detect_faces(image, smallest=max(40, longer // 20) if closely else longer)
    taken = [face_box(row[1]) for row in found]
    for xyxy, keypoints in zip(faces.xyxy, faces.keypoints, strict=True):
        points, score, crop = mesh(image, square_of_detection(xyxy, keypoints))
        box = face_box(points)
        free = not taken or detection.iou(box, taken).max() < 0.3
        if score >= FACE_PRESENT and free and len(taken) != most:
            taken.append(box)
            yield points, score, _looks(crop)


def _joined(sightings: list[_Sighting]) -> list[list[_Sighting]]:
    """Join sightings into people: those that look alike and share no frame, most alike first."""
    people = [(s, set(s.rows), [s]) for s in sightings]
    while True:
        pairs = [
            (one[0].strangeness(two[0].looks), i, j)
            for j, two in enumerate(people)
            for i, one in enumerate(people[:j])
            if one[1].isdisjoint(two[1])
        ]
        alike, i, j = min(pairs, default=(SAME_PERSON, 0, 0))
        if alike >= SAME_PERSON:
            return [parts for _, _, parts in people]
        looks, frames, parts = people.pop(j)
        people[i][0].remember(looks.looks, looks.seen_alone)
        people[i][1].update(frames)
        people[i][2].extend(parts)


def _stacked(people: list[list[_Sighting]], frames: int) -> list[np.ndarray]:
    shapes = (468, 2), (2, 16, 2), (2, 5, 2), ()
    arrays = [np.full((len(people), frames, *shape), np.nan, np.float32) for shape in shapes]
    points, eyelids, iris, score = arrays
    for i, sightings in enumerate(people):
        for t, row in ((t, row) for sighting in sightings for t, row in sighting.rows.items()):
            points[i, t], score[i, t] = row[:2]
            eyelids[i, t], iris[i, t] = row[2].result()
    return arrays
