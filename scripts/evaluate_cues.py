"""Measure the cues of `framewise.cues` on originals and on fakes of every kind.

Run by  python scripts/evaluate.py artifacts  inside the project's .venv. It takes about an hour,
and shows how far it has got. It writes three tables into data/evaluation:

cues.csv          one row for each face of a clip and each condition, with the number of each cue.
artifacts.csv     the AUC of each cue, of the self-blended detector and of their combination, with
                  a bootstrap interval over clips, for each group of fakes and each condition.
false_alarms.csv  the combination on every original: its score, its threshold, and whether it
                  raises an alarm.

The first 100 frames of every clip are used. Originals and fakes are encoded in the same way, and
carry the same label. The fakes are made here, and kept in the project's folder build, so that a
run that was stopped goes on. You can delete them. The combination and the detector are tested on
people that they have not seen: for a clip of Ana with Elsa's face, they learn from clips that show
neither of them. The threshold of the combination is set on the training clips alone. At most 2 % of
the originals among them lie above it. For this, each of them is scored by a combination that has
learned from other people.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice, repeat
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import make_fakes
import numpy as np
from evaluate import encode, source_frames, write_table
from framewise import (
    DATA,
    clips,
    consent,
    cues,
    fakes,
    landmarks,
    samples,
    scoring,
    selfblend,
    tracking,
)
from framewise.workbench import files, places
from make_fakes import NETWORK, PASTE, POISSON, SOFT, Case
from tqdm import tqdm

FRAMES, FPS, EVERY = 100, 25, 10
PAIRS = {  # the performer's clip: the clip of the person who gives the face
    "ana_talk": "elsa_talk",
    "ben_talk": "hugo_talk",
    "chen_talk": "frank_talk",
    "dalia_talk": "gita_talk",
    "elsa_talk": "dalia_talk",
    "frank_talk": "ben_talk",
    "gita_talk": "imani_talk",
    "hugo_talk": "chen_talk",
    "imani_talk": "ana_talk",
}
LEARNT = {  # the same for the networks that the course ships
    "ana_talk": "gita_talk",
    "ana_turn": "gita_talk",
    "gita_talk": "ana_talk",
    "gita_smile": "ana_talk",
}
WAYS = {  # the group of fakes: way and recipe of make_fakes, and who performs
    "paste": ("warp", PASTE, PAIRS),
    "feather": ("warp", SOFT, PAIRS),
    "poisson": ("warp", POISSON, PAIRS),
    "generation 1": ("64 px", NETWORK, PAIRS),
    "generation 2": ("64 px, long", NETWORK, LEARNT),
    "generation 3": ("128 px", NETWORK, LEARNT),
    "generation 4": ("finished", NETWORK, LEARNT),
}
CRUDE = ("paste", "generation 1")
AS_IT_IS = "as it is"
LEARNED = ("self-blended", "combination")
"""The scores that are learned from clips of other people. The combination does not use the score
of the self-blended detector."""


class Subject(NamedTuple):
    """A clip to be measured: an original of the catalogue, or a fake that is made anew."""

    name: str
    group: str
    """A key of `WAYS`, or "original"."""
    case: Case

    @property
    def people(self) -> tuple[str, ...]:
        """Return who is shown, the performers first."""
        shown = samples.open_clip(self.case.target).entry["people"]
        given = samples.open_clip(self.case.source).entry["people"] if self.case.source else ()
        return (*shown, *given)


def subjects() -> list[Subject]:
    """Return all originals with a truth, and a fake of each way for each of its pairs."""
    catalogue = consent.catalogue(places.course_clips()).values()
    known = [e["id"] for e in catalogue if e["kind"] == "original" and "truth" in e]
    found = [Subject(name, "original", Case(name)) for name in known]
    for group, (way, recipe, pairs) in WAYS.items():
        for target, source in pairs.items():
            case = Case(target, source, way, recipe)
            found.append(Subject(f"{target} with the face of {source}, {group}", group, case))
    return found


@dataclass(frozen=True)
class Platform:
    """What happens to a clip on its way to the viewer. The last step is always H.264."""

    crf: int = 18
    scale: float = 1
    fps: int = 25
    """Frames are left out or repeated."""
    screen: bool = False
    """The clip was filmed from a screen."""
    beauty: bool = False
    """A filter smoothed the skin."""


GAUNTLET = {
    AS_IT_IS: Platform(),
    "CRF 28": Platform(crf=28),
    "CRF 35": Platform(crf=35),
    "CRF 40": Platform(crf=40),
    "half size": Platform(scale=0.5),
    "quarter size": Platform(scale=0.25),
    "30 frames/s": Platform(fps=30),
    "15 frames/s": Platform(fps=15),
    "filmed from a screen": Platform(crf=23, screen=True),
    "beauty filter": Platform(crf=23, beauty=True),
}


def passed_on(images: Sequence[np.ndarray], platform: Platform) -> Iterator[np.ndarray]:
    """Yield the frames of a clip of 25 frames/s as a platform passes them on, not yet encoded."""
    rng = np.random.default_rng(0)
    for number in source_frames(len(images), FPS, platform.fps):
        image = images[number]
        if platform.screen:
            image = _filmed(image, rng)
        if platform.beauty:
            image = cv2.bilateralFilter(image, 9, 40, 5)
        if platform.scale != 1:
            size = {"fx": platform.scale, "fy": platform.scale, "interpolation": cv2.INTER_AREA}
            image = cv2.resize(image, None, **size)
        yield image


def _filmed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a picture as a camera sees it on a screen: tilted a little, soft, paler, noisy."""
    height, width = image.shape[:2]
    corners = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    seen = corners * 0.94 + np.float32([[22, 12], [16, 18], [20, 14], [12, 20]])
    tilt = cv2.getPerspectiveTransform(corners, seen)
    soft = cv2.GaussianBlur(cv2.warpPerspective(image, tilt, (width, height)), (0, 0), 1.0)
    pale = 16 + 0.85 * soft + rng.normal(0, 2, image.shape)
    return np.clip(np.rint(pale), 0, 255).astype(np.uint8)


def clips_of(
    subject: Subject,
    folder: Path,
    *,
    gauntlet: dict[str, Platform] = GAUNTLET,
    frames: int = FRAMES,
) -> dict[str, Path]:
    """Write a clip under each condition, and return the files. If all exist, none is made again."""
    paths = {name: folder / f"{subject.name}, {name}.mp4".replace("/", " ") for name in gauntlet}
    if not all(path.is_file() for path in paths.values()):
        images = [result.frame for result in islice(make_fakes.swaps(subject.case), frames)]
        for name, path in paths.items():
            _write(path, images, gauntlet[name])
    return paths


def _write(path: Path, images: list[np.ndarray], platform: Platform) -> None:
    marked = (fakes.add_label(image, make_fakes.LABEL) for image in passed_on(images, platform))
    even = (np.pad(i, [(0, n % 2) for n in i.shape[:2]] + [(0, 0)], mode="edge") for i in marked)
    with files.atomic_write(path) as partial:
        encode(partial, even, platform.fps, platform.crf, threads=1)


def measure(subject: Subject, folder: Path) -> list[dict]:
    """Return a row for each condition and each face of a clip. They are kept in a file."""
    code = b"".join(file.read_bytes() for file in sorted(Path(cues.__file__).parent.glob("*.py")))
    kept = folder / f"{subject.name}.{hashlib.sha256(code).hexdigest()[:8]}.npy"
    if not kept.is_file():
        found = clips_of(subject, folder).items()
        rows = [row for name, path in found for row in _measured(subject, clips.Clip(path), name)]
        with files.atomic_write(kept) as partial:
            np.save(partial, np.array(rows, object), allow_pickle=True)
    return list(np.load(kept, allow_pickle=True))


def _measured(subject: Subject, clip: clips.Clip, condition: str) -> Iterator[dict]:
    count = len(subject.people) - bool(subject.case.source)  # faces to be seen
    for number, track in enumerate(_followed(clip, count)):
        people = subject.people if subject.case.source else subject.people[number : number + 1]
        about = {"condition": condition, "clip": subject.name, "group": subject.group}
        values = {name: _short(one.value) for name, one in cues.measure(clip, track).items()}
        about |= {"people": " ".join(people), "features": _features(clip, track)}
        yield about | values


def _features(clip: clips.Clip, track: tracking.FaceTrack) -> np.ndarray:
    """Return what the self-blended detector looks at, in some frames."""
    seen = [i for i in range(0, len(clip), EVERY) if np.isfinite(track.points[i]).all()]
    return np.array([selfblend.features(clip[i], track.points[i]) for i in seen])


def _short(value: float) -> float | str:
    return float(f"{value:.5g}") if np.isfinite(value) else ""


def _followed(clip: clips.Clip, count: int) -> list[tracking.FaceTrack]:
    """Return the tracks of the people, from left to right; all NaN where nobody was found."""
    if count == 1:
        return [tracking.track_face(clip, progress=False)]
    found = tracking.track_faces(clip, progress=False)[:count]
    left = [np.nanmean(landmarks.face_box(track.points)[:, 0]) for track in found]
    return [found[i] for i in np.argsort(left)]


def _start(folder: Path) -> None:
    os.environ["FRAMEWISE_OWN"] = str(folder)
    cv2.setNumThreads(1)


def measure_all(chosen: list[Subject]) -> list[dict]:
    """Return the rows of all clips, measured by two processes.

    The clips and what was measured are kept in the project's folder build, so that a run that was
    stopped goes on.
    """
    made_by = Path(make_fakes.__file__).read_bytes() + Path(__file__).read_bytes()
    known = made_by + (places.course_clips() / "catalog.json").read_bytes()
    folder = DATA.parent / "build" / f"cues-{hashlib.sha256(known).hexdigest()[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2, get_context("spawn"), _start, (folder,)) as pool:
        parts = pool.map(measure, chosen, repeat(folder))
        parts = list(tqdm(parts, "clips", len(chosen), disable=None))
    return [row for part in parts for row in part]


def _number(text: float | str) -> float:
    return float("nan") if text == "" else float(text)


def table_of_aucs(rows: list[dict]) -> list[dict]:
    """Return a row for each condition, group of fakes and cue, from the rows of `cues.csv`."""
    rng, found = np.random.default_rng(0), []
    for condition in GAUNTLET:
        here = [row for row in rows if row["condition"] == condition]
        originals = [row for row in here if row["group"] == "original"]
        for group, ways in {**{way: (way,) for way in WAYS}, "crude": CRUDE, "all": WAYS}.items():
            made = [row for row in here if row["group"] in ways]
            for cue in [*cues.CUES, *LEARNED]:
                pair = [np.array([_number(row[cue]) for row in part]) for part in (made, originals)]
                low, high = scoring.auc_interval(*pair, rng)
                known = [int(np.isfinite(values).sum()) for values in pair]
                found.append(
                    {"condition": condition, "on": group, "cue": cue}
                    | {"auc": _rounded(scoring.auc(*pair))}
                    | {"auc_low": _rounded(low), "auc_high": _rounded(high)}
                    | {"fakes": known[0], "originals": known[1]}
                )
    return found


def _rounded(value: float) -> float | str:
    return round(value, 3) if np.isfinite(value) else ""


Pair = tuple[np.ndarray, np.ndarray]


def blended_pairs() -> dict[str, Pair]:
    """Return what the self-blended detector learns from each person: untouched and blended."""
    rng, found = np.random.default_rng(0), {}
    for target in PAIRS:
        clip = samples.open_clip(target)
        consent.require(clip, "make")
        points = tracking.track_face(clip, progress=False).points
        frames = range(0, len(clip), EVERY)
        images = [clip[i] for i in frames]
        found[clip.entry["people"][0]] = selfblend.pairs_of(images, points[frames], rng)
    return found


def add_detector(rows: list[dict], pairs: dict[str, Pair]) -> list[dict]:
    """Return the rows with the score of the self-blended detector instead of its features.

    The detector that scores a clip has learned from the people who are not in it.
    """
    people, scored = [row["people"].split() for row in rows], list(rows)
    for _, test in scoring.unseen_people(people):
        known = [pair for name, pair in pairs.items() if name not in people[test[0]]]
        detector = selfblend.train(*map(np.concatenate, zip(*known, strict=True)))
        for i in test:
            row = dict(rows[i])
            seen = row.pop("features")
            score = np.median(selfblend.score_features(detector, seen)) if len(seen) else np.nan
            scored[i] = row | {"self-blended": _short(score)}
    return scored


def add_combination(rows: list[dict]) -> list[dict]:
    """Return rows of `cues.csv` with the score and the threshold of the combination.

    For each clip, the combination learns from the clips of other people, in all conditions.
    """
    x = np.array([[_number(row[cue]) for cue in cues.CUES] for row in rows])
    fake = np.array([row["group"] != "original" for row in rows])
    people = [row["people"].split() for row in rows]
    score, threshold = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for train, test in scoring.unseen_people(people):
        model = scoring.fit_combination(x[train], fake[train])
        score[test] = scoring.combine(model, x[test])
        threshold[test] = _threshold(x[train], fake[train], [people[i] for i in train])
    return [
        row | {"combination": _short(a), "threshold": _short(b)}
        for row, a, b in zip(rows, score, threshold, strict=True)
    ]


def _threshold(x: np.ndarray, fake: np.ndarray, people: list[list[str]]) -> float:
    """Return the score that at most 2 % of the originals exceed.

    Each original is scored by a combination that has learned from the clips of other people.
    """
    score = np.full(len(x), np.nan)
    for train, test in scoring.unseen_people(people):
        score[test] = scoring.combine(scoring.fit_combination(x[train], fake[train]), x[test])
    return float(np.nanquantile(score[~fake], 0.98))


def table_of_alarms(rows: list[dict]) -> list[dict]:
    """Return what the combination says of every original, in every condition."""
    return [
        {"condition": row["condition"], "clip": row["clip"], "people": row["people"]}
        | {"combination": row["combination"], "threshold": row["threshold"]}
        | {"alarm": int(_number(row["combination"]) > _number(row["threshold"]))}
        for row in rows
        if row["group"] == "original"
    ]


def write_tables() -> list[dict]:
    """Measure everything, write the three tables, and return the one of AUCs."""
    rows = add_combination(add_detector(measure_all(subjects()), blended_pairs()))
    tables = {"cues": rows, "artifacts": table_of_aucs(rows), "false_alarms": table_of_alarms(rows)}
    for name, table in tables.items():
        write_table(table, DATA / "evaluation" / f"{name}.csv")
    return tables["artifacts"]
