"""Score what the course measures against what is true of the sample clips.

Run inside the project's .venv:  python scripts/evaluate.py blinks  (or: retimed, levels, artifacts)

It prints one table and keeps it in data/evaluation/, for the notebooks to show. `artifacts` keeps
two more tables there.

blinks   Scores every rendered original that has a truth, as it is and under stress: other frame
         rates, sizes, H.264 qualities (a higher CRF is worse) and noise. A found blink matches a
         true blink if they share a frame of the clip as it is; each blink matches at most once.
         True blinks that stay partial (`Truth.partial`) need not be found. If they are found, they
         are no false alarms. Every other blink that is found is a false alarm. The levels were
         chosen on the people of CHOSEN_ON, and not on the "other people". The "hard clips" are
         those in HARD, whoever is shown in them.
retimed  Scores the same clips with their blinks retimed (RETIMED), in the same way. Nothing is
         encoded again: the measured frames are taken in another order.
levels   Scores the values that were tried before the thresholds were chosen (TRIED). One threshold
         is changed at a time; the others are those of `blinks.THRESHOLDS`. Only the people of
         CHOSEN_ON are used, in the clips as they are and under all conditions together. Small
         changes of a threshold hardly matter. `shut` does equally well at 0.60 to 0.75. Lower
         values lose blinks under compression, and 0.80 gives more false alarms.
artifacts  Scores the cues of lessons 08 and 09; see `evaluate_cues`.

The H.264 encoder uses several threads, so it may write slightly different pixels the next time,
above all in small pictures. Then one blink more or less may be found among 200.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from framewise import DATA, blinks, clips, consent, detection, landmarks, samples, tracking
from framewise.workbench import files, following, places
from tqdm import tqdm

CHOSEN_ON = ("Ana", "Chen", "Frank", "Hugo")
HARD = ("gita_smile", "hugo_down", "chen_aside", "dalia_stare")
"""A smile, a look down, looks aside, and talk without a blink."""

GROUPS = (f"chosen on {', '.join(CHOSEN_ON)}", "other people", "hard clips")

Spans = Iterable[tuple[int, int]]


class Stress(NamedTuple):
    """What is done to a clip before it is measured."""

    fps: int = 25
    """Frames are repeated or left out; a camera of that rate would space them evenly."""
    scale: float = 1
    crf: int = 18
    noise: float = 0
    """Standard deviation of the normal noise that is added, in grey levels of 0 to 255."""


AS_IT_IS = "25 frames/s"
STRESSES = {
    AS_IT_IS: None,
    "30 frames/s": Stress(fps=30),
    "15 frames/s": Stress(fps=15),
    "10 frames/s": Stress(fps=10),
    "CRF 28": Stress(crf=28),
    "CRF 35": Stress(crf=35),
    "CRF 40": Stress(crf=40),
    "half size": Stress(scale=0.5),
    "quarter size": Stress(scale=0.25),
    "half size, CRF 35": Stress(scale=0.5, crf=35),
    "noise": Stress(noise=12),
}


class Score(NamedTuple):
    """How many true blinks there are, how many were found, and how many false alarms."""

    seconds: float = 0.0
    blinks: int = 0
    hits: int = 0
    false_alarms: int = 0

    def plus(self, other: Score) -> Score:
        """Return both together."""
        return Score(*(a + b for a, b in zip(self, other, strict=True)))

    def row(self) -> dict[str, float | int | str]:
        """Return the columns of the table; "" where there is nothing to divide by."""
        positives = self.hits + self.false_alarms
        return {
            "seconds": round(self.seconds),
            **dict(list(self._asdict().items())[1:]),
            "false_alarms_per_2_min": _ratio(120 * self.false_alarms, self.seconds, 1),
            "precision": _ratio(self.hits, positives),
            "recall": _ratio(self.hits, self.blinks),
            "f1": _ratio(2 * self.hits, positives + self.blinks),
        }


def _ratio(part: float, whole: float, digits: int = 3) -> float | str:
    return round(part / whole, digits) if whole else ""


def score_blinks(found: Spans, truth: samples.Truth | Known, seconds: float) -> Score:
    """Match found blinks, (first, last) frames of the clip, one to one with the true blinks."""
    true = truth.blinks[:, [0, 2]]
    hits, rest = _matched(list(found), true[~truth.partial])
    _, wrong = _matched(rest, true[truth.partial])
    return Score(seconds, int(np.count_nonzero(~truth.partial)), hits, len(wrong))


def _matched(found: list, true: np.ndarray) -> tuple[int, list]:
    """Count the matches; return the spans that match none. Spans of one list never overlap."""
    open_, rest = true.tolist(), []
    for first, last in sorted(found):
        match = next((t for t in open_ if first <= t[1] and last >= t[0]), None)
        open_.remove(match) if match else rest.append((first, last))
    return len(true) - len(open_), rest


def by_lids(track: tracking.FaceTrack, thresholds: blinks.Thresholds = blinks.THRESHOLDS) -> Spans:
    """Find blinks as the course does."""
    return _spans(blinks.measure(track, thresholds=thresholds).blinks or ())


def mesh_ratio(track: tracking.FaceTrack) -> np.ndarray:
    """Return the eye aspect ratio of the mesh's own points, (T, 2)."""
    return blinks.eye_aspect_ratio(track.points[:, blinks.EYES])


def by_mesh(track: tracking.FaceTrack, shut: float) -> Spans:
    """Find blinks in the same way from the mesh's own points."""
    yaw, limits = landmarks.head_yaw(track.points), replace(blinks.THRESHOLDS, shut=shut)
    return _spans(blinks.find_blinks(mesh_ratio(track), track.times, yaw=yaw, thresholds=limits))


def _spans(found: Iterable[blinks.Blink]) -> Spans:
    return [(blink.first, blink.last) for blink in found]


def by_fixed_level(opening: np.ndarray, level: float) -> Spans:
    """Take every run of frames in which both eyes (T, 2), on average, are below one level."""
    low = opening.mean(axis=1) < level
    edges = np.flatnonzero(np.diff(low, prepend=False, append=False)).reshape(-1, 2)
    return [(first, after - 1) for first, after in edges.tolist()]


LIDS = "lids, local level"
METHODS: dict[str, Callable[[tracking.FaceTrack], Spans]] = {
    LIDS: by_lids,
    "mesh ratio, local level 0.80": lambda track: by_mesh(track, 0.80),
    "lids, fixed at 0.20": lambda track: by_fixed_level(landmarks.eye_opening(track.eyelids), 0.20),
    "mesh ratio, fixed at 0.235": lambda track: by_fixed_level(mesh_ratio(track), 0.235),
    "mesh ratio, fixed at 0.20": lambda track: by_fixed_level(mesh_ratio(track), 0.20),
}


def _with_threshold(name: str) -> Callable[[tracking.FaceTrack, float], Spans]:
    """Return a way to find blinks as the course would with another value of one threshold."""
    return lambda track, value: by_lids(track, replace(blinks.THRESHOLDS, **{name: value}))


THRESHOLDS_TRIED = {
    "shut": (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8),
    "open_again": (0.7, 0.76, 0.82, 0.88, 0.92),
    "one_eye": (0.7, 0.75, 0.8, 0.85, 9),
    "level_s": (1.5, 2, 3, 5, 10),
    "level_percentile": (50, 65, 75, 85, 95),
    "longest_s": (0.3, 0.4, 0.5, 0.6, 0.8),
    "apart_s": (0, 0.1, 0.2, 0.3),
}
Levels = dict[str, tuple[Callable[[tracking.FaceTrack, float], Spans], tuple[float, ...]]]
TRIED: Levels = {
    **{name: (_with_threshold(name), values) for name, values in THRESHOLDS_TRIED.items()},
    "mesh ratio, local level": (by_mesh, (0.5, 0.6, 0.65, 0.7, 0.75, 0.78, 0.8, 0.82)),
    "mesh ratio, fixed": (
        lambda track, level: by_fixed_level(mesh_ratio(track), level),
        (0.1, 0.15, 0.2, 0.21, 0.22, 0.225, 0.23, 0.235, 0.24, 0.25, 0.27, 0.29),
    ),
    "lids, fixed": (
        lambda track, level: by_fixed_level(landmarks.eye_opening(track.eyelids), level),
        (0.1, 0.15, 0.18, 0.2, 0.22, 0.25),
    ),
}


class Known(NamedTuple):
    """The true blinks of a clip, as in `samples.Truth`."""

    blinks: np.ndarray
    """(B, 3) int: the first, the lowest and the last frame of each blink."""
    partial: np.ndarray
    """(B,) bool"""


class Case(NamedTuple):
    """A person in a clip under a condition, as the network sees them."""

    clip: str
    condition: str
    person: str
    seconds: float
    source: np.ndarray
    """(T,) int: the frame of the clip that each frame shows."""
    truth: samples.Truth | Known
    track: tracking.FaceTrack | None

    def score(self, find: Callable[[tracking.FaceTrack], Spans]) -> Score:
        """Return how well one way finds the blinks."""
        found = [] if self.track is None else find(self.track)
        spans = [(self.source[first], self.source[last]) for first, last in found]
        return score_blinks(spans, self.truth, self.seconds)


def cases(entries: Iterable[dict], conditions: Iterable[str]) -> Iterator[Case]:
    """Yield everyone in the clips of these entries of the catalogue under these conditions."""
    runs = [(condition, entry) for condition in conditions for entry in entries]
    for condition, entry in tqdm(runs, "blinks", disable=None):
        clip, stress = clips.Clip(consent.file_of(entry["id"])), STRESSES[condition]
        source = source_frames(len(clip), clip.fps, stress.fps if stress else clip.fps)
        tracks = _tracks(clip, source, stress, len(entry["people"]))
        for number, person in enumerate(entry["people"]):
            truth = samples.load_truth(clip, number)
            track = track_of(truth.box[source] * (stress.scale if stress else 1), tracks)
            seconds = len(clip) / clip.fps
            yield Case(entry["id"], condition, person, seconds, source, truth, track)


def evaluate_blinks(entries: Iterable[dict], conditions: Iterable[str]) -> list[dict]:
    """Return the rows of the table for these entries of the catalogue under these conditions.

    The lids are scored under all conditions, the other methods on the clips as they are.
    """
    scores: dict[tuple[str, str, str], Score] = defaultdict(Score)
    for case in cases(entries, conditions):
        groups = [GROUPS[0] if case.person in CHOSEN_ON else GROUPS[1]]
        if case.clip in HARD:
            groups += [GROUPS[2]] + [case.clip] * (case.condition == AS_IT_IS)
        for method in METHODS if case.condition == AS_IT_IS else [LIDS]:
            score = case.score(METHODS[method])
            for group in groups:
                key = case.condition, method, group
                scores[key] = scores[key].plus(score)
    orders = {"condition": list(STRESSES), "method": list(METHODS), "on": [*GROUPS, *HARD]}
    keys = sorted(
        scores, key=lambda key: [o.index(k) for o, k in zip(orders.values(), key, strict=True)]
    )
    return [dict(zip(orders, key, strict=True)) | scores[key].row() for key in keys]


def retimed(case: Case, change: Callable[[np.ndarray, list[int]], list[list[int]]]) -> Case:
    """Return a case whose full blinks are retimed.

    `change` takes the closure (T,) of a clip and the frames of a blink, and returns the frames of
    the blinks to show instead of it.
    """
    closure, source, true, partial = case.truth.closure.mean(axis=1), [], [], []
    begin = 0
    for (first, _, last), half in zip(case.truth.blinks.tolist(), case.truth.partial, strict=True):
        source += range(begin, first)
        frames = list(range(max(first, begin), last + 1))
        for part in [frames] if half else change(closure, frames):
            lowest = len(source) + int(closure[part].argmax())
            true.append((len(source), lowest, len(source) + len(part) - 1))
            partial.append(half)
            source += part
        begin = last + 1
    source += range(begin, len(closure))
    truth = Known(np.reshape(true, (-1, 3)).astype(int), np.array(partial, bool))
    now, track = np.arange(len(source)), None
    if case.track is not None:
        rows = {name: getattr(case.track, name)[source] for name in following.PER_FACE}
        track = tracking.FaceTrack(**rows, times=now / 25)
    return case._replace(seconds=len(source) / 25, source=now, truth=truth, track=track)


def _nearly_open(closure: np.ndarray, frames: range | list[int]) -> int:
    """Return the frame among these in which the lids are nearest to 0.3 closed."""
    return min(frames, key=lambda frame: abs(closure[frame] - 0.3))


def _lowest(closure: np.ndarray, frames: list[int]) -> int:
    return max(frames, key=lambda frame: closure[frame])


def slow_reopening(closure: np.ndarray, frames: list[int]) -> list[list[int]]:
    """Hold the frame of the reopening in which the lids are nearest to 0.3 closed, for 12 frames.

    If no frame lies within 0.2 of 0.3, the blink stays as it is, because lids that are half shut
    for half a second are not a blink.
    """
    first, last = frames[0], frames[-1]
    held = _nearly_open(closure, range(_lowest(closure, frames), last + 1))
    if abs(closure[held] - 0.3) > 0.2:
        return [frames]
    return [[*range(first, held), *12 * [held], *range(held + 1, last + 1)]]


def double(closure: np.ndarray, frames: list[int]) -> list[list[int]]:
    """Hold the reopening for 3 frames where it is nearest to 0.3 closed, then shut the eyes."""
    first, lowest, last = frames[0], _lowest(closure, frames), frames[-1]
    held = _nearly_open(closure, range(lowest, last + 1))
    again = _nearly_open(closure, range(first, lowest + 1))
    return [[*range(first, held), *3 * [held]], list(range(again, last + 1))]


def fast(closure: np.ndarray, frames: list[int]) -> list[list[int]]:
    """Leave out every other frame."""
    return [frames[::2]]


RETIMED = {"slow reopening": slow_reopening, "double": double, "fast": fast}
"""What is done to each full blink of a clip."""


def evaluate_retimed(entries: Iterable[dict]) -> list[dict]:
    """Return the rows of the table for these catalogue entries, with their blinks retimed."""
    known = list(cases(entries, [AS_IT_IS]))
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for name, change in RETIMED.items():
        for case in known:
            group = GROUPS[0] if case.person in CHOSEN_ON else GROUPS[1]
            scores[name, group] = scores[name, group].plus(retimed(case, change).score(by_lids))
    return [
        {"condition": name, "on": group, **score.row()}
        for (name, group), score in sorted(
            scores.items(), key=lambda item: (list(RETIMED).index(item[0][0]), item[0][1])
        )
    ]


def evaluate_levels(
    entries: Iterable[dict], conditions: Iterable[str], tried: Levels = TRIED
) -> list[dict]:
    """Return the rows of the table of what was tried, on the people of `CHOSEN_ON` alone."""
    theirs = [entry for entry in entries if set(entry["people"]) & set(CHOSEN_ON)]
    known = [case for case in cases(theirs, conditions) if case.person in CHOSEN_ON]
    rows = []
    for level, (find, values) in tried.items():
        for value in values:
            scores = {AS_IT_IS: Score(), "all conditions": Score()}
            for case in known:
                score = case.score(lambda track, f=find, v=value: f(track, v))
                for condition in {case.condition, "all conditions"} & set(scores):
                    scores[condition] = scores[condition].plus(score)
            rows += [
                {"level": level, "value": value, "condition": condition, **score.row()}
                for condition, score in scores.items()
            ]
    return rows


def source_frames(count: int, fps: float, wanted: float) -> np.ndarray:
    """Return which frame of a clip is shown in each frame at another rate, (T,) int."""
    return (np.arange(round(count * wanted / fps)) * fps / wanted).astype(int)


def track_of(boxes: np.ndarray, tracks: list[tracking.FaceTrack]) -> tracking.FaceTrack | None:
    """Return the track of the person in these boxes, (T, 4) pixels; None if nobody is there."""

    def overlap(track: tracking.FaceTrack) -> float:
        pairs = zip(landmarks.face_box(track.points), boxes, strict=True)
        seen = [(a, b) for a, b in pairs if np.isfinite(a).all()]
        return float(np.mean([detection.iou(a, b) for a, b in seen]))

    best = max(tracks, key=overlap, default=None)
    return best if best is not None and overlap(best) > 0.3 else None


def _tracks(
    clip: clips.Clip, source: np.ndarray, stress: Stress | None, people: int
) -> list[tracking.FaceTrack]:
    if stress is None:
        return _followed(clip, people)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stressed.mp4"
        encode(path, stressed(clip, source, stress), stress.fps, stress.crf)
        return _followed(clips.Clip(path), people)


def encode(
    path: Path, images: Iterable[np.ndarray], fps: int, crf: int, *, threads: int = 0
) -> None:
    """Write frames as H.264. With one thread, the same frames give the same bytes."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", fps, {"crf": str(crf)})
        stream.codec_context.thread_count = threads
        images = iter(images)
        first = next(images)
        stream.height, stream.width = first.shape[:2]
        for image in chain([first], images):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())


def _followed(clip: clips.Clip, people: int) -> list[tracking.FaceTrack]:
    """Return the tracks of a clip; one face alone is followed three times as fast."""
    if people == 1:
        return [tracking.track_face(clip, progress=False)]
    return tracking.track_faces(clip, progress=False)


def stressed(clip: clips.Clip, source: np.ndarray, stress: Stress) -> Iterator[np.ndarray]:
    """Yield the frames `source` of a clip as they are under stress, one in memory at a time."""
    rng = np.random.default_rng(0)
    for image, times in zip(clip, np.bincount(source, minlength=len(clip)), strict=True):
        for _ in range(times):
            size = {"fx": stress.scale, "fy": stress.scale, "interpolation": cv2.INTER_AREA}
            small = cv2.resize(image, None, **size)
            noise = rng.normal(0, stress.noise, small.shape) if stress.noise else 0
            yield np.clip(small + noise, 0, 255).astype(np.uint8)


def print_table(rows: list[dict]) -> None:
    """Print rows, dicts with the same keys, as columns."""
    lines = [list(rows[0])] + [[str(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(word.ljust(n) for word, n in zip(line, widths, strict=True)).rstrip())


def write_table(rows: list[dict], path: Path) -> None:
    """Write rows as CSV, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        files.atomic_write(path) as partial,
        open(partial, "w", newline="", encoding="utf-8") as file,
    ):
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def main() -> None:
    """Run one evaluation."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["blinks", "retimed", "levels", "artifacts"])
    what = parser.parse_args().what
    if what == "artifacts":
        import evaluate_cues  # it builds on this file

        print_table(evaluate_cues.write_tables())
        return
    known = [
        entry
        for entry in consent.catalogue(places.course_clips()).values()
        if "truth" in entry and entry["kind"] == "original"
    ]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FRAMEWISE_OWN"] = folder  # measured anew, and nothing of it kept
        if what == "retimed":
            rows = evaluate_retimed(known)
        else:
            rows = {"blinks": evaluate_blinks, "levels": evaluate_levels}[what](known, STRESSES)
    print_table(rows)
    write_table(rows, DATA / "evaluation" / f"{what}.csv")


if __name__ == "__main__":
    main()
