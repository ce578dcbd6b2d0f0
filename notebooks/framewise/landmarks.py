"""Landmarks: 468 points of a face, its eyelids and irises, in one picture or along a clip.

Notebook: 02_landmarks.ipynb

Public: GROUPS, Eyes, FaceTrack, find_landmarks, find_eyelids, track_face, track_faces,
eye_opening, mouth_opening, head_yaw, face_box, follow, check_points.

Convention: points are (x, y) pixels, x right and y down; (0, 0) is the middle of the top-left
pixel. Right and left are the subject's own. What was not found is NaN.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from tqdm.auto import tqdm

from framewise import __version__, detection, models
from framewise.clips import cache_file, load_arrays, save_arrays

if TYPE_CHECKING:
    from framewise.clips import Clip

GROUPS = {
    name: np.array(numbers.split(), int)
    for name, numbers in {
        "outline": "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 "
        "176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109",
        "right_eye": "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246",
        "left_eye": "263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466",
        "right_brow": "70 63 105 66 107 55 65 52 53 46",
        "left_brow": "300 293 334 296 336 285 295 282 283 276",
        "nose": "168 6 197 195 5 4 1 19 94 2 98 97 326 327",
        "outer_lips": "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185",
        "inner_lips": "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191",
    }.items()
}
"""Numbers of the mesh's points by the part of the face, (N,) int: `points[GROUPS["nose"]]`.

Each is a ring, in order, except the nose. From the topology of MediaPipe Face Mesh 0.10.21
(Apache-2.0).
"""

EYE_CORNERS = ((33, 133), (362, 263))
"""For the right and the left eye, the two corners from left to right in the picture."""

FACE_PRESENT = 0.5
"""Below this face-present score a face counts as lost, as in MediaPipe."""

SAME_PERSON = 0.07
"""Below this strangeness two sightings are taken for one person: where it was tried, one and the
same came to 0.04 at most and two different people to 0.10 at least."""

CUT = 0.15
"""A change of looks between two frames above this is a cut: another face in the same place. On the
talking sample clips it is 0.03 at most within a shot (small faces that turn or meet reach more) and
0.09 or more from one person to another: a cut between two of like colouring is missed."""

LOOK_EVERY = 5
"""While a face is missing, the small tiles are searched every so many frames."""


class Eyes(NamedTuple):
    """Eyelids and irises; index 0 is the subject's right eye, 1 the left."""

    eyelids: np.ndarray
    """(2, 16, 2) float32 pixels: 0 to 8 the lower lid from corner to corner, 9 to 15 the upper"""
    iris: np.ndarray
    """(2, 5, 2) float32 pixels: the centre, then four points on the rim"""


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

    def __len__(self) -> int:
        return len(self.score)


def find_landmarks(
    image: np.ndarray, *, box: np.ndarray | None = None, keypoints: np.ndarray | None = None
) -> np.ndarray:
    """Find the 468 points of one face.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    box : (4,) float xyxy pixels, optional
        Where to look, taken as upright; the default is the detector's best face, turned level.
    keypoints : (6, 2) float pixels, optional
        The detector's for the face in the box: then it is turned level as well.

    Returns
    -------
    (468, 2) float32 pixels
        NaN if there is no face, or none in the box.

    Raises
    ------
    ValueError
        Not an RGB picture; a box that is not four numbers with x0 < x1 and y0 < y1.

    References
    ----------
    Kartynnik et al. 2019, arXiv:1907.06724.
    """
    detection.check_image(image)
    if box is None:
        faces = detection.detect_faces(image)
        if not len(faces):
            return np.full((468, 2), np.nan, np.float32)
        box, keypoints = faces.xyxy[0], faces.keypoints[0]
    upright = keypoints is None
    square = _Square(*_checked_box(box), 0.0) if upright else _square_of_detection(box, keypoints)
    points, score, _ = _mesh(image, square)
    return points if score >= FACE_PRESENT else np.full_like(points, np.nan)


def find_eyelids(image: np.ndarray, points: np.ndarray) -> Eyes:
    """Find the eyelids and irises of a face whose 468 points are known.

    The mesh alone under-reports closing lids; a network of its own looks at each eye close up.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        As `find_landmarks` returns them; NaN gives NaN.

    Returns
    -------
    Eyes

    Raises
    ------
    ValueError
        Not an RGB picture; points of another shape.

    References
    ----------
    Ablavatski et al. 2020, arXiv:2006.11341.
    """
    detection.check_image(image)
    check_points(points)
    if np.isnan(points).any():
        return Eyes(*(np.full((2, n, 2), np.nan, np.float32) for n in (16, 5)))
    right, left = (_eye(image, points[list(ends)], side) for side, ends in enumerate(EYE_CORNERS))
    return Eyes(*(np.stack(pair) for pair in zip(right, left, strict=True)))


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


def eye_opening(eyelids: np.ndarray) -> np.ndarray:
    """Return how far each eye is open: the gap between its lids over its width.

    Parameters
    ----------
    eyelids : (..., 2, 16, 2) float pixels

    Returns
    -------
    (..., 2) float
        0 when shut, about 0.2 to 0.4 when open; right eye, left eye.
    """
    gap = np.linalg.norm(eyelids[..., 11:14, :] - eyelids[..., 3:6, :], axis=-1).mean(-1)
    return gap / np.linalg.norm(eyelids[..., 8, :] - eyelids[..., 0, :], axis=-1)


def mouth_opening(points: np.ndarray) -> np.ndarray:
    """Return how far the mouth is open: the gap between the inner lips over the mouth's width.

    Parameters
    ----------
    points : (..., 468, 2) float pixels

    Returns
    -------
    (...) float, 0 when shut
    """
    gap, width = (points[..., a, :] - points[..., b, :] for a, b in ((13, 14), (61, 291)))
    return np.linalg.norm(gap, axis=-1) / np.linalg.norm(width, axis=-1)


def head_yaw(points: np.ndarray) -> np.ndarray:
    """Estimate how far the head is turned to the side.

    A turn moves the tip of the nose off the middle between the two sides of the face, as measured
    along the line through the outer eye corners: tan(yaw) = 0.66 (a - b) / (a + b), where a and b
    are the nose's distances from the right and the left side. The 0.66 fits the true turn of four
    of the sample people; of the other five it is 0.5 to 1.7 degrees off on average and 4 at most.
    Nothing past 20 degrees was there to be tried.

    Parameters
    ----------
    points : (..., 468, 2) float pixels

    Returns
    -------
    (...) float degrees
        + to the subject's left, as in `clips.Truth.pose`.
    """
    level = points[..., 263, :] - points[..., 33, :]
    right, nose, left = ((points[..., i, :] * level).sum(-1) for i in (234, 1, 454))
    return np.degrees(np.arctan(0.66 * (2 * nose - right - left) / (left - right)))


def face_box(points: np.ndarray) -> np.ndarray:
    """Return the smallest box around the points, (..., 4) xyxy pixels."""
    return np.concatenate([points.min(-2), points.max(-2)], axis=-1)


def check_points(points: np.ndarray) -> None:
    """Raise ValueError unless these are the (468, 2) points of one face."""
    if np.shape(points) != (468, 2):
        raise ValueError(f"points: expected (468, 2) landmarks, got shape {np.shape(points)}.")


class _Square(NamedTuple):
    """A square of the picture, turned by an angle (radians, clockwise on the screen)."""

    x: float
    y: float
    side: float
    angle: float


def _checked_box(box: np.ndarray) -> tuple[float, float, float]:
    x0, y0, x1, y1 = np.asarray(box, float) if np.shape(box) == (4,) else (0, 0, 0, 0)
    if not (x0 < x1 and y0 < y1 and np.isfinite([x0, y0, x1, y1]).all()):
        raise ValueError(f"box: expected x0, y0, x1, y1 with x0 < x1 and y0 < y1, got {box}.")
    return (x0 + x1) / 2, (y0 + y1) / 2, 1.5 * max(x1 - x0, y1 - y0)


def _square_of_detection(xyxy: np.ndarray, keypoints: np.ndarray) -> _Square:
    dx, dy = keypoints[1] - keypoints[0]
    return _Square(*_checked_box(xyxy), np.arctan2(dy, dx))


def _square_of_points(points: np.ndarray) -> _Square:
    dx, dy = points[263] - points[33]
    return _Square(*_checked_box(face_box(points)), np.arctan2(dy, dx))


def _cut(image: np.ndarray, square: _Square, size: int, mirror: bool = False):
    """Return the square as (size, size, 3), and the (2, 3) map from its pixels to the picture."""
    step = square.side / size
    cos, sin = np.cos(square.angle) * step, np.sin(square.angle) * step
    flip = -1 if mirror else 1
    turn = np.array([[cos * flip, -sin], [sin * flip, cos]])
    centre = np.array([square.x, square.y]) - turn @ [size / 2, size / 2]
    matrix = np.column_stack([turn, centre])
    return detection.cut(image, matrix, size), matrix


def _to_picture(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def _mesh(image: np.ndarray, square: _Square) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the points (468, 2), the face-present score and the network's view (192, 192, 3)."""
    crop, matrix = _cut(image, square, 192)
    out = models.load("mesh")(crop, 1 / 255)
    points = out["conv2d_21"].reshape(468, 3)[:, :2]
    return _to_picture(matrix, points), float(1 / (1 + np.exp(-out["conv2d_31"][0]))), crop


def _eye(image: np.ndarray, corners: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    (dx, dy), (x, y) = corners[1] - corners[0], corners.mean(0)
    square = _Square(x, y, 2.3 * np.hypot(dx, dy), np.arctan2(dy, dx))
    crop, matrix = _cut(image, square, 64, mirror=side == 1)
    out = models.load("iris")(crop, 1 / 255)
    names = ("output_eyes_contours_and_brows", 16), ("output_iris", 5)
    lids, iris = (
        _to_picture(matrix, out[name].reshape(-1, 3)[:count, :2]) for name, count in names
    )
    return lids, iris


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


def _cached_tracks(clip: Clip, most: int | None, progress: bool) -> list[FaceTrack]:
    file = cache_file(clip.sha256, f"faces-{most or 'all'}-{__version__}")
    names = ("points", "eyelids", "iris", "score")
    kept = load_arrays(file)
    if not kept:
        kept = dict(zip(names, follow(clip, most, progress=progress), strict=True))
        save_arrays(file, kept)
    rows = zip(*(kept[name] for name in names), strict=True)
    return [FaceTrack(*row, clip.times) for row in rows]


def follow(clip: Clip, most: int | None, *, progress: bool) -> list[np.ndarray]:
    """Follow one face or (`most` None) all; return points, eyelids, iris, score, (people, T, ...).

    The next frames are decoded, and the eyes of the last ones measured, on threads of their own.
    """
    sightings: list[_Sighting] = []
    waiting: deque[Future[Eyes]] = deque()
    with ThreadPoolExecutor(1) as decoder, ThreadPoolExecutor(1) as worker:
        frames = _ahead(clip.frames(), decoder)
        bar = tqdm(frames, "following faces", len(clip), leave=False, disable=not progress)
        for t, image in enumerate(bar):
            for sighting, points, score in _faces_in(image, t, sightings, most):
                waiting.append(worker.submit(find_eyelids, image, points))
                sighting.rows[t] = points, score, waiting[-1]
            while len(waiting) > 8:
                waiting.popleft().result()
        people = _joined(sightings) if most is None else [sightings]
        return _stacked(people, len(clip))


def _ahead(frames: Iterator[np.ndarray], decoder: ThreadPoolExecutor) -> Iterator[np.ndarray]:
    """Yield frames while the next eight are being decoded."""
    coming = deque(decoder.submit(next, frames, None) for _ in range(8))
    while (image := coming.popleft().result()) is not None:
        coming.append(decoder.submit(next, frames, None))
        yield image


def _faces_in(image: np.ndarray, t: int, sightings: list[_Sighting], most: int | None) -> list:
    """Find the faces of frame t: first where they were, then with the detector."""
    found = []
    for sighting in [s for s in sightings if s.here]:
        points, score, crop = _mesh(image, _square_of_points(sighting.rows[t - 1][0]))
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
        points, score, crop = _mesh(image, _square_of_detection(xyxy, keypoints))
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
