"""Following: find the faces of a clip in one pass, and keep each under one identity.

`framewise.tracking` is the door to this module. It works in three steps. In each frame, faces are
looked for where they were, and now and then in the whole picture. At the end, the shots of the clip
are found. Then the sightings of each person are put together.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from tqdm.auto import tqdm

from framewise import DATA, detection
from framewise.clips import Clip
from framewise.landmarks import (
    FACE_PRESENT,
    Eyes,
    eye_width,
    face_box,
    look_at_eyes,
    mesh,
    square_of_detection,
    square_of_points,
)
from framewise.workbench import eyes, likeness, models, repeats, shots
from framewise.workbench.cache import cache_file, load_arrays, save_arrays
from framewise.workbench.likeness import Portrait

__all__ = ["LEAST_SEEN_S", "PER_FACE", "Bar", "follow", "measured"]

Bar = Callable[[Iterable, str, int], Iterable]
"""Shows how far a task is. It is called with the items of the task, a text that says what is being
done, and the number of items. It yields the items one by one."""

MEETING = 0.07
"""Where two faces meet, a face whose looks differ from its own mean by more than this counts as
hidden. In our trials the looks of one person differed by at most 0.04, those of two people by
at least 0.10."""

NEW_LOOKS = 0.15
"""If the looks of a face change by more than this between two frames, the detector runs again."""

LOOK_EVERY, LOOK_CLOSELY_EVERY = 5, 15
"""Every 5 frames we keep a portrait of each face, and look for more faces in the whole picture.
Every 15 frames we also search small tiles for them. In a picture of 640 x 480 pixels, the detector
network then runs 42 times.
While no face is known, and for 25 frames after a face is lost, we search the tiles every 5 frames.
When the last known face is lost, we search them at once."""

LOST_LATELY = 25
"""See `LOOK_CLOSELY_EVERY`."""

READ_AHEAD = 64_000_000
"""Bytes of pictures that may wait between the threads on either side."""

LEAST_SEEN_S = 0.5
"""Seconds. A face that is seen for less than this in total is dropped as a false alarm. A stretch
that is shorter than this gets no notice."""

PER_FACE = ("points", "eyelids", "iris", "score")
"""The fields of a FaceTrack that are measured for each face in each frame."""


@dataclass(eq=False)
class _Sighting:
    """A face followed without a break: what was measured, and how to know it again."""

    rows: dict[int, tuple[np.ndarray, float, Future[tuple[Eyes, np.ndarray]]]] = field(
        default_factory=dict
    )
    portraits: dict[int, tuple[bool, Portrait]] = field(default_factory=dict)
    """By frame: True if the whole face could be seen, and the portrait."""
    looks: np.ndarray = field(default_factory=lambda: np.zeros((8, 8, 3), np.float32))
    """Mean over the frames in which the whole face could be seen."""
    seen_alone: int = 0
    last: np.ndarray | None = None
    here: bool = True

    def appearance_distance(self, looks: np.ndarray) -> float:
        """Return how much these looks differ from the face: mean difference of colour, 0 to 1."""
        return float(np.abs(self.looks - looks).mean())

    def remember(self, looks: np.ndarray) -> None:
        self.seen_alone += 1
        self.looks = self.looks + (looks - self.looks) / self.seen_alone

    def in_shot(self, shot_of: np.ndarray, shot: int) -> _Sighting:
        """Return what belongs to one shot."""
        parts = self.rows, self.portraits
        return _Sighting(*({t: v for t, v in d.items() if shot_of[t] == shot} for d in parts))

    def goes_on(self, first: int, last: int) -> bool:
        """Tell whether the face was followed over these frames and looks the same after them."""
        before = [p for t, (_, p) in self.portraits.items() if t < first][-3:]
        after = [p for t, (_, p) in self.portraits.items() if t > last][:3]
        if not (before and after):
            return False
        return bool(likeness.appearance_distance(before, after).min() < likeness.SAME_PERSON)

    def best_portraits(self) -> list[Portrait]:
        """Return the portraits that show the whole face; if there are none, return all."""
        whole = [portrait for whole, portrait in self.portraits.values() if whole]
        return whole or [portrait for _, portrait in self.portraits.values()]


def _looks(crop: np.ndarray) -> np.ndarray:
    """Describe the inside of a level crop coarsely, (8, 8, 3) float 0..1."""
    inside = crop[32:-32, 32:-32]
    return cv2.resize(inside, (8, 8), interpolation=cv2.INTER_AREA) / np.float32(255)


def measured(
    clip: Clip, most: int | None, progress: bool | Bar, watch: Callable | None = None
) -> dict[str, np.ndarray]:
    """Return what `follow` returns, from the disk if this clip was followed before.

    Parameters
    ----------
    clip, most, progress, watch
        As in `follow`.
    """
    file = cache_file(clip.sha256, f"faces-{most or 'all'}-{_version()}")
    arrays = load_arrays(file)
    if not arrays:
        arrays = follow(clip, most, progress=progress, watch=watch)
        save_arrays(file, arrays)
    return arrays


@cache
def _version(package: Path = Path(__file__).parents[1], networks: Path = DATA / "models") -> str:
    """Return a hash of what decides a track: the networks, what runs them, and the source."""
    files = [*sorted(package.rglob("*.py")), networks / "models.json"]
    parts = [models.backend().encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def follow(
    clip: Clip, most: int | None, *, progress: bool | Bar, watch: Callable | None = None
) -> dict[str, np.ndarray]:
    """Follow one person, or all if `most` is None, in one pass over the clip; see `track_faces`.

    Two more threads work at the same time: one decodes the next frames, one measures the eyes in
    the last frames.

    Parameters
    ----------
    clip : Clip
    most : 1 or None
        1 follows the one person that was found first; None follows all.
    progress, watch
        As in `tracking.track_faces`.

    Returns
    -------
    dict
        points, eyelids, iris, score, each (people, T, ...), in the order in which the people
        appear; cuts and repeats as in FaceTrack; broken, (N,) int: the frames that belong to no
        shot, as `tracking.find_interruptions` returns them.
    """
    sightings: list[_Sighting] = []
    waiting: deque[Future] = deque()
    pictures, changes, before = [], [], None
    with ThreadPoolExecutor(1) as decoder, ThreadPoolExecutor(1) as worker:
        frames = _ahead(clip.frames(), decoder)
        bar = progress if callable(progress) else partial(tqdm, leave=False, disable=not progress)
        for t, image in enumerate(bar(frames, "following faces", len(clip))):
            pictures.append(shots.small_grey(image))
            if t and shots.is_new(*pictures[-2:]):
                _let_go(sightings)
            found = _faces_in(image, t, sightings, most)
            for sighting, points, score in found:
                waiting.append(worker.submit(look_at_eyes, image, points))
                sighting.rows[t] = points, score, waiting[-1]
            if watch:
                waiting.append(worker.submit(watch, t, image))
            boxes = np.array([face_box(points) for _, points, _ in found])
            changes.append(repeats.face_change(before, image, boxes) if t else (np.inf, np.inf))
            before = image
            while len(waiting) > _room(image):
                waiting.popleft().result()
        again = repeats.find_repeats(np.array(changes), clip.fps)
        cuts, shot_of = shots.find_shots(
            np.array(pictures),
            clip.times,
            again,
            lambda first, last: any(s.goes_on(first, last) for s in sightings),
        )
        people = _people(sightings, shot_of)
        least = min(LEAST_SEEN_S * clip.fps, len(clip))
        seen = [parts for parts in people if sum(len(part.rows) for part in parts) >= least]
        arrays = _stacked(seen if most is None else (seen or people or [[]])[:1], clip.times)
    broken = np.flatnonzero(shot_of == shots.NONE)
    return dict(zip(PER_FACE, arrays, strict=True)) | {
        "cuts": cuts,
        "repeats": again,
        "broken": broken,
    }


def _ahead(frames: Iterator[np.ndarray], decoder: ThreadPoolExecutor) -> Iterator[np.ndarray]:
    """Yield frames while the next ones are being decoded."""
    coming = deque([decoder.submit(next, frames, None)])
    while (image := coming.popleft().result()) is not None:
        while len(coming) < _room(image):
            coming.append(decoder.submit(next, frames, None))
        yield image


def _room(image: np.ndarray) -> int:
    """Return how many such pictures may wait in memory: 1 to 8, as READ_AHEAD allows."""
    return max(1, min(8, READ_AHEAD // image.nbytes))


def _let_go(sightings: list[_Sighting]) -> None:
    """Follow nobody further: after a jump of the picture all faces are looked for anew."""
    for sighting in sightings:
        sighting.here = False


def _faces_in(image: np.ndarray, t: int, sightings: list[_Sighting], most: int | None) -> list:
    """Find the faces of frame t: first where they were, then with the detector."""
    found = []
    for sighting in [s for s in sightings if s.here]:
        points, score, crop = mesh(image, square_of_points(sighting.rows[t - 1][0]))
        looks = _looks(crop)
        sighting.here = score >= FACE_PRESENT and np.abs(looks - sighting.last).mean() < NEW_LOOKS
        if sighting.here:
            found.append((sighting, points, score, looks))
    found = _without_doubles(found)
    if not found or (most is None and t % LOOK_EVERY == 0):
        lost_now = any(t - 1 in s.rows and not s.here for s in sightings)
        lately = any(t - next(reversed(s.rows)) <= LOST_LATELY for s in sightings if not s.here)
        closely = lost_now or t % (LOOK_CLOSELY_EVERY if found and not lately else LOOK_EVERY) == 0
        new = _new_faces(image, closely, [face_box(row[1]) for row in found])
        for face in new if most is None else _most_alike(image, new, sightings[:1]):
            sightings.append(_Sighting())
            found.append((sightings[-1], *face))
    _remember(image, t, found)
    return [row[:3] for row in found]


def _remember(image: np.ndarray, t: int, found: list) -> None:
    """Keep how the faces of frame t look."""
    boxes = np.array([face_box(points) for _, points, _, _ in found])
    end = image.shape[1::-1]
    for (sighting, points, _, looks), box in zip(found, boxes, strict=True):
        alone = len(found) == 1 or np.count_nonzero(detection.iou(box, boxes)) == 1
        whole = bool(alone and box.min() >= 0 and (box[2:] < end).all())
        sighting.last = looks
        if whole or not sighting.seen_alone:
            sighting.remember(looks)
        if t % LOOK_EVERY == 0 or not sighting.portraits:
            sighting.portraits[t] = whole, likeness.portray(image, points)


def _without_doubles(found: list) -> list:
    """Where faces meet, drop the one that no longer looks like itself."""
    found = sorted(found, key=lambda row: row[0].appearance_distance(row[3]))
    kept = []
    for sighting, points, score, looks in found:
        others = [face_box(row[1]) for row in kept]
        meets = detection.iou(face_box(points), others).max() if others else 0
        strange = sighting.appearance_distance(looks) > MEETING
        sighting.here = not (meets > 0.5 or (meets > 0 and strange))
        kept += [(sighting, points, score, looks)] if sighting.here else []
    return kept


def _new_faces(image: np.ndarray, closely: bool, taken: list[np.ndarray]) -> Iterator:
    """Yield points, score and looks of each face that is in none of the boxes taken."""
    longer = max(image.shape)
    faces = detection.detect_faces(image, smallest=max(40, longer // 20) if closely else longer)
    for xyxy, keypoints in zip(faces.xyxy, faces.keypoints, strict=True):
        points, score, crop = mesh(image, square_of_detection(xyxy, keypoints))
        box = face_box(points)
        if score >= FACE_PRESENT and (not taken or detection.iou(box, taken).max() < 0.3):
            taken.append(box)
            yield points, score, _looks(crop)


def _most_alike(image: np.ndarray, faces: Iterator, known: list[_Sighting]) -> list:
    """Return the face most like the known one; if none is known, the one with the best score."""
    if not known:
        return [*islice(faces, 1)]
    portraits = known[0].best_portraits()[-likeness.PORTRAITS :]
    strange = [
        (likeness.appearance_distance([likeness.portray(image, face[0])], portraits).min(), i, face)
        for i, face in enumerate(faces)
    ]
    return [min(strange)[2]] if strange else []


def _people(sightings: list[_Sighting], shot_of: np.ndarray) -> list[list[_Sighting]]:
    """Return the sightings of each person, split at the cuts; who appears first comes first."""
    parts, shots_of_parts = [], []
    for sighting in sightings:
        for shot in sorted({*shot_of[list(sighting.rows)].tolist()} - {shots.NONE}):
            part = sighting.in_shot(shot_of, shot)
            if part.portraits:  # a few frames after a cross-fade may have none
                parts.append(part)
                shots_of_parts.append(shot)
    portraits = [part.best_portraits() for part in parts]
    groups = likeness.group(portraits, shots_of_parts, [set(part.rows) for part in parts])
    return [[parts[i] for i in group] for group in groups]


def _stacked(people: list[list[_Sighting]], times: np.ndarray) -> list[np.ndarray]:
    shapes = (468, 2), (2, 16, 2), (2, 5, 2), ()
    arrays = [np.full((len(people), len(times), *s), np.nan, np.float32) for s in shapes]
    points, eyelids, iris, score = arrays
    for i, sightings in enumerate(people):
        for frames, rows in ((sorted(s.rows), s.rows) for s in sightings):
            found, sight = zip(*(rows[t][2].result() for t in frames), strict=True)
            widths = eye_width(np.array([rows[t][0] for t in frames]))
            shown = eyes.seen_along(np.array(sight), widths, times[frames])
            for t, pair, visible in zip(frames, found, shown, strict=True):
                points[i, t], score[i, t] = rows[t][:2]
                eyelids[i, t, visible] = pair.eyelids[visible]
                iris[i, t, visible] = pair.iris[visible]
    return arrays
