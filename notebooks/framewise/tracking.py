"""Tracking: follow every face of a clip from frame to frame, each under one identity.

Notebook: 02_landmarks.ipynb

Public: FaceTrack, track_face, track_faces, find_cuts, find_repeats, find_interruptions,
clip_notices, track_notices, follow.
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
from typing import TYPE_CHECKING

import cv2
import numpy as np
from tqdm.auto import tqdm

from framewise import detection, eyes, likeness, models, repeats, shots
from framewise.clips import cache_file, load_arrays, save_arrays
from framewise.landmarks import (
    FACE_PRESENT,
    MOST_TURNED,
    Eyes,
    eye_width,
    face_box,
    head_yaw,
    look_at_eyes,
    mesh,
    square_of_detection,
    square_of_points,
)
from framewise.likeness import Portrait
from framewise.notices import Notice

if TYPE_CHECKING:
    from framewise.clips import Clip

Bar = Callable[[Iterable, str, int], Iterable]
"""Shows how far a task is. It is called with the items of the task, with what is being done, and
with the number of items, and yields the items one by one."""

MEETING = 0.07
"""Where two faces meet, a face whose looks differ from its own mean by more than this counts as
hidden. In our trials the looks of one person differed by at most 0.04, those of two people by
at least 0.10."""

NEW_LOOKS = 0.15
"""If the looks of a face change by more than this between two frames, the detector runs again."""

LOOK_EVERY, LOOK_CLOSELY_EVERY = 5, 15
"""Every 5 frames we keep a portrait of each face, and look for more faces in the whole picture.
Every 15 frames we also search small tiles for them. This takes 42 looks in a picture of 640 x 480.
While no face is known, and for 25 frames after a face is lost, we search the tiles every 5 frames.
When the last known face is lost, we search them at once."""

LOST_LATELY = 25
"""See `LOOK_CLOSELY_EVERY`."""

READ_AHEAD = 64_000_000
"""Bytes of pictures that may wait between the threads on either side."""

LEAST_SEEN_S = 0.5
"""Seconds. A face that is seen for less than this in total is dropped as a false alarm. A stretch
that is shorter than this gets no notice."""

FEW = 0.02
"""If no more than this share of the frames are repeats, spread over a clip, there is no notice."""

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
    """Follow one person through a clip: the first one found, with the highest detection score.

    In each frame the landmark network looks where the points were in the frame before. The
    detector runs only at the start, where the picture jumps and where the face-present score
    falls. If a face jumps by half its width between two frames, it may be lost although the score
    does not fall.

    After a cut, the face is followed only if it is recognised as the same person, as in
    `track_faces`. Otherwise its numbers are NaN. A face seen for less than half a second counts as
    a false alarm if there is another face. A face that enters a shot later than others may be
    missed; `track_faces` finds it. The result is kept on disk under the hash of the clip's bytes.

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


def track_faces(
    clip: Clip,
    *,
    progress: bool | Bar = True,
    watch: Callable[[int, np.ndarray], object] | None = None,
) -> list[FaceTrack]:
    """Follow every face of a clip, each under one identity.

    A face that was away, or that appears after a cut, counts as a known person if the portraits of
    the two agree in shape and colour; see `likeness.group`. Nobody is followed through a flash, a
    cross-fade, or a picture that is shown for less than half a second. When two faces cross, the
    hidden face is not guessed: its numbers are NaN. Faces seen for less than half a second in
    total are dropped as false alarms.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    clip : Clip
    progress : bool or callable
        Show a progress bar. A callable (see `Bar`) takes the place of the usual bar.
    watch : callable, optional
        Called with the number and the picture of each frame, in order, from another thread. If the
        tracks are known already, the frames are not decoded, and nothing is called.

    Returns
    -------
    list of FaceTrack
        The one seen longest first; empty if there is no face.
    """
    tracks = _cached_tracks(clip, None, progress, watch)
    return sorted(tracks, key=lambda track: np.isnan(track.score).sum())


def find_cuts(clip: Clip, *, progress: bool | Bar = True) -> np.ndarray:
    """Return the frames that begin another shot, (C,) int, also where there is no face."""
    return _measured(clip, None, progress)["cuts"]


def find_repeats(clip: Clip, *, progress: bool = True) -> np.ndarray:
    """Return the frames whose picture repeats that of the frame before, (R,) int."""
    return _measured(clip, None, progress)["repeats"]


def find_interruptions(clip: Clip, *, progress: bool = True) -> np.ndarray:
    """Return the frames that belong to no shot, (N,) int: flashes, inserts and cross-fades."""
    return _measured(clip, None, progress)["broken"]


def clip_notices(clip: Clip, *, progress: bool = True) -> list[Notice]:
    """Return the notices about a clip's pictures: cuts, interruptions, and repeated pictures."""
    again = np.zeros(len(clip), bool)
    again[find_repeats(clip, progress=progress)] = True
    frozen = _stretches(again, clip.times, gap_s=0)
    spread = again.sum() - sum(again[first : last + 1].sum() for first, last in frozen)
    notices = [
        Notice("cut", cut, cut, f"Another shot begins at frame {cut}.")
        for cut in find_cuts(clip, progress=progress).tolist()
    ]
    broken = find_interruptions(clip, progress=progress)
    if len(broken):
        statement = (
            f"In {len(broken)} of {len(again)} frames the shot is interrupted by a flash, a "
            "cross-fade, or another picture for a moment. Nobody is followed in these frames, so "
            "blinks there are missed."
        )
        notices.append(Notice("interrupted", int(broken[0]), int(broken[-1]), statement))
    notices += _told(
        "repeated_pictures",
        [(*span, "The picture does not change") for span in frozen],
        "Blinks cannot be seen there.",
    )
    if spread > FEW * len(again):
        statement = (
            f"{spread} of {len(again)} frames, spread over the clip, only repeat the picture "
            "before them. Blinks are counted in the new pictures only."
        )
        notices.append(Notice("repeated_pictures", None, None, statement))
    return notices


def track_notices(track: FaceTrack) -> list[Notice]:
    """Return the notices about one face: where its eyes are covered or too small."""
    here = ~np.isnan(track.score)
    lost = np.isnan(track.eyelids).any((2, 3)) & here[:, None]
    small = np.zeros_like(here)
    small[here] = ~eyes.wide_along(eye_width(track.points[here]), track.times[here])
    unseen = lost & ~small[:, None] & (np.abs(head_yaw(track.points)) < MOST_TURNED)[:, None]
    covered = [
        (first, last, f"{_which_eyes(unseen[first : last + 1])} cannot be seen")
        for first, last in _stretches(unseen.any(axis=1), track.times)
    ]
    tiny = [
        (*span, f"The eyes are less than {eyes.LEAST_WIDTH} pixels wide")
        for span in _stretches(lost.all(axis=1) & small, track.times)
    ]
    return [
        *_told("covered_eyes", covered, "Blinks are counted only while both eyes are seen."),
        *_told("small_face", tiny, "In eyes as small as this, the lids cannot be measured."),
    ]


def _which_eyes(unseen: np.ndarray) -> str:
    right, left = unseen.mean(axis=0) > 0.5
    if right == left:
        return "The eyes" if right else "One eye or the other"
    return "The right eye" if right else "The left eye"


def _stretches(
    where: np.ndarray, times: np.ndarray, *, gap_s: float = LEAST_SEEN_S / 2
) -> list[tuple[int, int]]:
    """Return first and last frame of each stretch of 0.5 s or more; gaps below `gap_s` count."""
    ends = np.append(times[1:], times[-1] + np.median(np.diff(times, append=times[-1])))
    edges = np.flatnonzero(np.diff(where, prepend=False, append=False)).reshape(-1, 2)
    spans: list[list[int]] = []
    for first, after in edges.tolist():
        if spans and times[first] - ends[spans[-1][1]] < gap_s:
            spans[-1][1] = after - 1
        else:
            spans.append([first, after - 1])
    return [(a, b) for a, b in spans if ends[b] - times[a] >= LEAST_SEEN_S]


def _told(kind: str, spans: list[tuple[int, int, str]], follows: str) -> list[Notice]:
    return [
        Notice(kind, first, last, f"{what} in frames {first} to {last}. {follows}")
        for first, last, what in spans
    ]


@dataclass(eq=False)
class _Sighting:
    """A face followed without a break: what was measured, and how to know it again."""

    rows: dict[int, tuple[np.ndarray, float, Future[tuple[Eyes, np.ndarray]]]] = field(
        default_factory=dict
    )
    portraits: dict[int, tuple[bool, Portrait]] = field(default_factory=dict)
    """By frame; True if the whole face was to be seen."""
    looks: np.ndarray = field(default_factory=lambda: np.zeros((8, 8, 3), np.float32))
    """Mean over the frames in which the whole face was to be seen."""
    seen_alone: int = 0
    last: np.ndarray | None = None
    here: bool = True

    def strangeness(self, looks: np.ndarray) -> float:
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
        return bool(likeness.strangeness(before, after).min() < likeness.SAME_PERSON)

    def best_portraits(self) -> list[Portrait]:
        """Return the portraits of the whole face, if any; else all."""
        whole = [portrait for whole, portrait in self.portraits.values() if whole]
        return whole or [portrait for _, portrait in self.portraits.values()]


def _looks(crop: np.ndarray) -> np.ndarray:
    """Describe the inside of a level crop coarsely, (8, 8, 3) float 0..1."""
    inside = crop[32:-32, 32:-32]
    return cv2.resize(inside, (8, 8), interpolation=cv2.INTER_AREA) / np.float32(255)


def _cached_tracks(
    clip: Clip, most: int | None, progress: bool | Bar, watch: Callable | None = None
) -> list[FaceTrack]:
    arrays = _measured(clip, most, progress, watch)
    rows = zip(*(arrays[name] for name in PER_FACE), strict=True)
    return [FaceTrack(*row, clip.times, arrays["cuts"], arrays["repeats"]) for row in rows]


def _measured(
    clip: Clip, most: int | None, progress: bool | Bar, watch: Callable | None = None
) -> dict[str, np.ndarray]:
    file = cache_file(clip.sha256, f"faces-{most or 'all'}-{_version()}")
    arrays = load_arrays(file)
    if not arrays:
        arrays = follow(clip, most, progress=progress, watch=watch)
        save_arrays(file, arrays)
    return arrays


@cache
def _version(package: Path = Path(__file__).parent, networks: Path = models.FOLDER) -> str:
    """Return a hash of what decides a track: the networks, what runs them, and the source."""
    files = [*sorted(package.rglob("*.py")), networks / "models.json"]
    parts = [models.backend().encode(), *(file.read_bytes() for file in files)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def follow(
    clip: Clip, most: int | None, *, progress: bool | Bar, watch: Callable | None = None
) -> dict[str, np.ndarray]:
    """Follow one person or (`most` None) all, in one pass over the clip; see `track_faces`.

    Two more threads work at the same time: one decodes the next frames, one measures the eyes in
    the last frames.

    Returns
    -------
    dict
        points, eyelids, iris, score, each (people, T, ...), in the order in which the people
        appear; cuts and repeats as in FaceTrack.
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
    found = sorted(found, key=lambda row: row[0].strangeness(row[3]))
    kept = []
    for sighting, points, score, looks in found:
        others = [face_box(row[1]) for row in kept]
        meets = detection.iou(face_box(points), others).max() if others else 0
        strange = sighting.strangeness(looks) > MEETING
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
        (likeness.strangeness([likeness.portray(image, face[0])], portraits).min(), i, face)
        for i, face in enumerate(faces)
    ]
    return [min(strange)[2]] if strange else []


def _people(sightings: list[_Sighting], shot_of: np.ndarray) -> list[list[_Sighting]]:
    """Return the sightings of each person, in single shots, by who appears first."""
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
