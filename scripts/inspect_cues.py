"""Measure the cues of the faces of a clip for `inspect_video.py`: as JSON, in words, as layers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from framewise import cues
from framewise.clips import Clip
from framewise.tracking import FaceTrack
from framewise.workbench.cue_layers import SHOWN
from tqdm import tqdm

READING = (
    "A cue is a number that measures a trace. A trace is something that a fake can leave in the "
    "picture. A higher number is more suspicious. But light, makeup, glasses, a filter or strong "
    "compression can raise a cue too. The usual range of a cue comes from clips of rendered "
    "people, so an untouched clip of a real person can lie outside it. A cue above its usual range "
    "does not prove that anything was changed. A usual cue does not prove that nothing was "
    "changed. {tried} {layers}"
)
TRIED = {
    False: "The cues that need only one frame were measured in every {every}th frame. Their curves "
    "join these frames. The other cues compare each frame with its neighbours.",
    True: "The cues were measured in every frame.",
}
LAYERS = (
    "A layer shows in colours what was measured at each place. To see one, press the button "
    '"keys, overlays and more", and choose a layer. This page keeps layers only for these frames: '
    "{frames}."
)
EVERY = 5  # frames from one measured frame to the next, unless every frame is wanted
MOST_FACES = 3
MOST_CURVES = 3  # curves of cues that are not folded away
MOST_FRAMES, SPREAD = 6, 3  # frames with layers, if a cue is unusual and if none is

Told = dict[str, Any]


class _Watched:
    """A clip that moves a progress bar while its frames are read."""

    def __init__(self, clip: Clip, words: str) -> None:
        self._clip, self._words = clip, words

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clip, name)

    def __len__(self) -> int:
        return len(self._clip)

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.frames()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        count = len(range(len(self))[start:stop])
        bar = {"total": count, "unit": " frames", "delay": 1, "leave": False}
        yield from tqdm(self._clip.frames(start, stop), self._words, **bar)


def measure_cues(
    clip: Clip, tracks: Sequence[FaceTrack], *, deep: bool = False, table: Path = cues.TABLE
) -> list[list[Told]]:
    """Measure the cues of the first three faces of a clip.

    Parameters
    ----------
    clip : Clip
    tracks : list of FaceTrack
    deep : bool
        Measure the cues of single frames in every frame, instead of every fifth.
    table : Path
        As for `cues.reference_range`.

    Returns
    -------
    list of list of dict
        For each face its cues, as `inspect_video.measure` describes them; no cues for a face beyond
        the third.
    """
    told: list[list[Told]] = [[] for _ in tracks]
    for number, track in enumerate(tracks[:MOST_FACES], start=1):
        whose = f" of face {number}" if len(tracks) > 1 else ""
        watched = _Watched(clip, f"measuring the cues{whose}")
        found = cues.measure(watched, track, every=1 if deep else EVERY)
        told[number - 1] = [_cue(name, one, table) for name, one in found.items()]
    return told


def _cue(name: str, found: cues.Measured, table: Path) -> Told:
    known = np.isfinite(found.series).any()
    return {
        "name": name,
        "value": _rounded(found.value),
        "unit": cues.CUES[name].unit,
        "series": list(map(_rounded, found.series.tolist())) if known else None,
        "usable_share": round(found.usable_share, 3),
        "reference_range": [_rounded(end) for end in cues.reference_range(name, table)],
        "statement": cues.statement(name, found, table),
    }


def _rounded(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def excess(cue: Told) -> float:
    """Return how far a cue lies above its usual range, in widths of this range; else 0."""
    low, high = cue["reference_range"]
    if cue["value"] is None or cue["value"] <= high:
        return 0.0
    return (cue["value"] - high) / max(high - low, 1e-9)


def _unusual(faces: Sequence[Told]) -> list[tuple[Told, Told]]:
    """List the faces and their cues above the usual range, the most unusual cue first."""
    pairs = [(face, cue) for face in faces for cue in face["cues"] if excess(cue)]
    return sorted(pairs, key=lambda pair: -excess(pair[1]))


def _plain(name: str) -> str:
    return name.replace("_", " ")


def highest_frame(cue: Told) -> int:
    """Return the frame in which the series of a cue is highest."""
    return int(np.nanargmax(np.array(cue["series"], float)))


def chosen_frames(faces: Sequence[Told]) -> list[int]:
    """Choose the frames for which a page keeps layers.

    These are the frames in which unusual cues with a map are highest, at most six. If there is no
    such cue, they are three frames, spread over those that were measured.

    Parameters
    ----------
    faces : list of dict
        As `inspect_video.measure` returns them.
    """
    highest = [highest_frame(cue) for _, cue in _unusual(faces) if cue["name"] in SHOWN]
    if highest:
        return sorted(list(dict.fromkeys(highest))[:MOST_FRAMES])
    measured = sorted({i for at in _frames_of(faces).values() for i in at})
    places = (np.arange(SPREAD) + 0.5) / SPREAD * len(measured)
    return sorted({measured[int(place)] for place in places}) if measured else []


def kept_layers(faces: Sequence[Told]) -> dict[str, list[int]]:
    """Return the chosen frames in which each cue with a map was measured, by its name."""
    chosen, measured = chosen_frames(faces), _frames_of(faces)
    kept = {name: [i for i in chosen if i in measured.get(name, ())] for name in SHOWN}
    return {name: frames for name, frames in kept.items() if frames}


def _frames_of(faces: Sequence[Told]) -> dict[str, set[int]]:
    """Return in which frames each cue with a map was measured, for any face."""
    frames: dict[str, set[int]] = {}
    for cue in (cue for face in faces for cue in face["cues"] if cue["series"]):
        if cue["name"] in SHOWN:
            known = {i for i, value in enumerate(cue["series"]) if value is not None}
            frames.setdefault(cue["name"], set()).update(known)
    return frames


def curves(faces: Sequence[Told]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return the series of all cues by their names on the page, and the names to fold away.

    The most unusual cues, at most three, are not folded away.
    """

    def curve(face: Told, cue: Told) -> str:
        return (
            f"face {face['id']}: {_plain(cue['name'])}" if len(faces) > 1 else _plain(cue["name"])
        )

    shown = [curve(*pair) for pair in _unusual(faces)[:MOST_CURVES]]
    pairs = [(face, cue) for face in faces for cue in face["cues"] if cue["series"]]
    series = {curve(face, cue): np.array(cue["series"], float) for face, cue in pairs}
    first = {name: series[name] for name in shown}
    return {**first, **series}, [name for name in series if name not in shown]


def facts(faces: Sequence[Told], *, deep: bool) -> dict[str, str]:
    """Return what to list about the cues under the picture: plain text by name.

    First comes how to read them. Each cue above its usual range has its statement. The other cues
    of a face share a list.
    """
    if not any(face["cues"] for face in faces):
        return {}
    frames = ", ".join(map(str, chosen_frames(faces)))
    layers = LAYERS.format(frames=frames) if frames else ""
    tried = TRIED[deep].format(every=EVERY)
    told = {"how to read the cues": READING.format(tried=tried, layers=layers).strip()}
    for face, cue in _unusual(faces):
        words = f"{cue['statement']} It is highest in frame {highest_frame(cue)}."
        if cue["usable_share"] < 0.5:
            words += f" It could be measured in only {cue['usable_share']:.0%} of the frames tried."
        told[f"face {face['id']}: {_plain(cue['name'])}"] = words
    for face in faces:
        told |= {f"face {face['id']}: {name}": words for name, words in _rest(face).items()}
    return told


def _rest(face: Told) -> dict[str, str]:
    """Return lines about the cues that are not unusual, and about those that were not measured."""
    usual = [cue for cue in face["cues"] if cue["value"] is not None and not excess(cue)]
    missing = [cue for cue in face["cues"] if cue["value"] is None]
    lines = {}
    if usual:
        high = any(map(excess, face["cues"]))
        said = "These cues are not unusually high:" if high else "No cue is unusually high:"
        lines["other cues" if high else "cues"] = "\n".join([said, *map(_line, usual)])
    if missing:
        names = ", ".join(_plain(cue["name"]) for cue in missing)
        lines["not measured"] = f"{names}. {_why(missing[0])}"
    return lines


def _line(cue: Told) -> str:
    low, high = cue["reference_range"]
    value, low, high = (f"{round(one, 2) + 0.0:.2f}" for one in (cue["value"], low, high))
    number = f"{value} {cue['unit']}".strip()
    return f"{_plain(cue['name'])}: {number} (the usual range is {low} to {high})"


def _why(cue: Told) -> str:
    """Return what the statement of a cue says after the sentence about the cue."""
    return cue["statement"].removeprefix(cues.CUES[cue["name"]].about).strip()
