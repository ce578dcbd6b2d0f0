"""Cues: measure sixteen traces of lessons 08, 08b and 09 on one face of a clip.

Notebook: 09b_what_traces_prove.ipynb

A trace is what a fake leaves in the picture. A cue is the number that measures a trace. A higher
number is more suspicious. No cue proves anything: light, a filter or strong compression can raise
it, and a good fake can lower it.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from framewise import DATA, artifacts, motion, spectra
from framewise.clips import Clip
from framewise.regions import Trace
from framewise.tracking import FaceTrack

__all__ = ["CUES", "Cue", "Measured", "maps", "measure", "reference_range", "statement"]


TABLE = DATA / "evaluation" / "cues.csv"
"""What `scripts/evaluate.py artifacts` measured on the sample clips."""


class Cue(NamedTuple):
    """What a cue measures."""

    unit: str
    about: str
    """A sentence for the reader."""
    share: float = 0.5
    """Which quantile of the frames stands for the clip. 0.5 is the median. A trace that shows only
    now and then needs a higher one."""


CUES: dict[str, Cue] = {
    "seam": Cue("", "This cue looks for an edge that runs along the outline of the face."),
    "lost_detail": Cue(
        "octaves", "This cue asks whether the neck has more fine detail than the face."
    ),
    "noise_gap": Cue("octaves", "This cue asks whether the neck has more noise than the face."),
    "colour_gap": Cue("CIELAB units", "This cue compares the colour of face and neck."),
    "light_gap": Cue("stops", "This cue compares how the light falls on face and neck."),
    "eye_difference": Cue("", "This cue compares the highlights and the detail of both eyes."),
    "tooth_detail": Cue("", "This cue looks for edges in the teeth while the mouth is open."),
    "spectral_slope": Cue("powers of ten", "This cue compares the spectra of face and neck."),
    "grid_peaks": Cue(
        "powers of ten", "This cue looks for a pattern that repeats every two pixels."
    ),
    "tremble": Cue(motion.UNITS["tremble"], "This cue measures how the inner face trembles."),
    "flicker_colour": Cue("grey levels", "This cue measures how the colour of the face flickers."),
    "flicker_detail": Cue("%", "This cue measures how the detail of the face flickers."),
    "pose_gap": Cue("degrees", "This cue compares the direction of the inner face and the head."),
    "flow_break": Cue(
        motion.UNITS["flow_break"], "This cue looks for motion that ends at the edge of the face."
    ),
    "slide": Cue(motion.UNITS["slide"], "This cue measures how the face slides over the head."),
    "painted_over": Cue("grey levels", "This cue looks for objects that end at the face.", 0.95),
}
"""All cues by name. The first nine are measured in single frames, the others over time."""


class Measured(NamedTuple):
    """What a cue says about one face of a clip of T frames."""

    value: float
    """The quantile `Cue.share` over the frames in which the cue could be measured; NaN if there is
    no such frame."""
    series: np.ndarray
    """(T,) float: the value of the cue in each frame; NaN where it was not measured, or could not
    be measured."""
    usable_share: float
    """In what share of the frames that were tried the cue could be measured, 0 to 1."""


def measure(clip: Clip, track: FaceTrack, *, every: int = 5) -> dict[str, Measured]:
    """Measure the cues of one face of a clip.

    The clip is read twice, one frame at a time, so the memory hardly grows with its length.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    clip : Clip
    track : FaceTrack
        The face, measured on this clip.
    every : int
        The cues of one frame are measured in every frame whose number can be divided by this. The
        cues over time need every frame.

    Returns
    -------
    dict of str to Measured
        By the name of the cue, in the order of `CUES`.

    Raises
    ------
    ValueError
        The track has another number of frames than the clip, or `every` is below 1.
    """
    if len(track) != len(clip):
        raise ValueError(
            f"track: expected {len(clip)} frames, as many as the clip has, got {len(track)}. "
            "Follow the face in this very clip."
        )
    if every < 1:
        raise ValueError(f"every: expected 1 or more, got {every}.")
    singles, over_time = _in_single_frames(clip, track, every), motion.measure(clip, track)
    found = {name: _summary(singles[name], every, CUES[name].share) for name in singles}
    return found | {name: _summary(over_time[name], 1, CUES[name].share) for name in over_time}


def _in_single_frames(clip: Clip, track: FaceTrack, every: int) -> dict[str, np.ndarray]:
    series = {n: np.full(len(clip), np.nan) for n in CUES if n not in motion.UNITS}
    for i, image in enumerate(clip.frames()):
        if i % every == 0 and np.isfinite(track.points[i]).all():
            for name, trace in maps(image, track.points[i]).items():
                series[name][i] = trace.value
    return series


def maps(image: np.ndarray, points: np.ndarray) -> dict[str, Trace]:
    """Measure the cues of one frame, and return their maps with them.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    dict of str to Trace
        By the name of the cue. These are the nine cues of single frames.
    """
    found = artifacts.measure(image, points)
    found["spectral_slope"] = spectra.spectral_slope(image, points)
    found["grid_peaks"] = spectra.grid_peaks(image, points)
    return found


def _summary(series: np.ndarray, every: int, share: float) -> Measured:
    known = series[np.isfinite(series)]
    value = float(np.quantile(known, share)) if len(known) else float("nan")
    return Measured(value, series, len(known) / len(series[::every]))


def reference_range(name: str, table: Path = TABLE) -> tuple[float, float]:
    """Return the range of a cue in the untouched sample clips.

    95 % of the measurements lie in it. The clips were measured as they are, and after each of the
    things that `scripts/evaluate.py artifacts` does to them, such as strong compression. The people
    in these clips are rendered. So footage of real people may lie outside.

    Parameters
    ----------
    name : str
        A key of `CUES`.
    table : Path
        The table that the script wrote.

    Returns
    -------
    (float, float)

    Raises
    ------
    KeyError
        There is no such cue.
    """
    values = np.array([row[name] for row in _originals(table) if row[name]], float)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


@cache
def _originals(table: Path) -> list[dict[str, str]]:
    with open(table, newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["group"] == "original"]


def statement(name: str, found: Measured, table: Path = TABLE) -> str:
    """Say in words what a cue says about a face, and what it does not say.

    Parameters
    ----------
    name : str
        A key of `CUES`.
    found : Measured
    table : Path
        As for `reference_range`.

    Returns
    -------
    str
        Two to five sentences.
    """
    cue = CUES[name]
    if np.isnan(found.value):
        return (
            f"{cue.about} This could not be measured here: the face is too small, too dark or "
            "turned away, or a part that the cue needs is not seen."
        )
    low, high = reference_range(name, table)
    value = f"{_two_digits(found.value)} {cue.unit}".strip()
    usual = f"the usual range is {_two_digits(low)} to {_two_digits(high)}"
    if found.value <= high:
        rest = "This is not unusually high. It does not prove that nothing was changed."
    else:
        rest = (
            "This is unusually high. Look at the frames with the highest values. A filter, "
            "compression, light or makeup can cause this too."
        )
    return f"{cue.about} The cue is {value}; {usual}. {rest}"


def _two_digits(value: float) -> str:
    return f"{round(value, 2) + 0:.2f}"  # + 0 turns -0.00 into 0.00
