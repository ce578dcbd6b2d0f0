"""Marks: what a learner found in a clip, kept on disk, and how well it fits the truth.

Notebook: 00_start_here.ipynb

A mark is a plain dict:

    {"id": "k3x9", "first": 30, "last": 35, "box": [290, 200, 350, 240], "reason": "one eye open",
     "confidence": 0.8}

`first` and `last` are frames, counted from 0; `box` is x0, y0, x1, y1 in pixels of the picture, or
None for the whole picture; `confidence` from 0 to 1 is how sure its author is that something was
altered there. Truth has the same form, without id and confidence.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from framewise import detection
from framewise.workbench import places
from framewise.workbench.files import atomic_write

__all__ = [
    "Score",
    "check_marks",
    "load_marks",
    "marks_file",
    "merge_marks",
    "save_marks",
    "score_marks",
]

Mark = dict[str, Any]

SAME_PLACE = 0.1
"""Two boxes mean the same place if their overlap is at least this part of their union. Around small
things, a box drawn by hand overlaps little with an exact box. A random box overlaps even less."""


def check_marks(marks: Iterable[Mapping[str, Any]], count: int) -> list[Mark]:
    """Return marks with nothing but their known keys, each made to fit a clip of `count` frames.

    A mark without an id gets an id that is made from its first and last frame.

    Parameters
    ----------
    marks : iterable of mappings
    count : int
        How many frames the clip has.

    Raises
    ------
    ValueError
        A mark does not have the form that the head of this module describes.
    """
    checked: dict[str, Mark] = {}
    for mark in (_check(mark, count) for mark in marks):
        while mark["id"] in checked:
            mark["id"] += "+"
        checked[mark["id"]] = mark
    return list(checked.values())


def _check(mark: Mapping[str, Any], count: int) -> Mark:
    try:
        first, last = sorted(min(max(int(mark[k]), 0), count - 1) for k in ("first", "last"))
        box = mark.get("box")
        x0, y0, x1, y1 = map(float, box or (0, 0, 0, 0))
        confidence = float(mark.get("confidence", 1))
        if not all(map(math.isfinite, (x0, y0, x1, y1))) or not 0 <= confidence <= 1:
            raise ValueError("a box of finite numbers and a confidence from 0 to 1 were expected")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(
            "expected a mark such as {'id': 'a', 'first': 30, 'last': 35, 'box': [x0, y0, x1, y1] "
            f"or None, 'reason': 'one eye open', 'confidence': 0.8}}; got {mark!r} ({error})."
        ) from error
    box = [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)] if box else None
    return {
        "id": _text(mark, "id") or f"{first}-{last}",
        "first": first,
        "last": last,
        "box": box,
        "reason": _text(mark, "reason"),
        "confidence": confidence,
    }


def _text(mark: Mapping[str, Any], key: str) -> str:
    value = mark.get(key)
    return "" if value is None else str(value)


def marks_file(sha256: str) -> Path:
    """Name the file that keeps the marks made on the clip with this hash."""
    return places.own_folder("my_marks") / f"{sha256[:24]}.json"


def load_marks(path: str | Path) -> dict[str, Any]:
    """Read {"marks": list, "committed": bool, "clip": sha256 or ""} from a file.

    Without a file there are no marks. `check_marks` checks whether each mark is valid.

    Raises
    ------
    ValueError
        The file holds something else; it is left as it is.
    """
    path = Path(path)
    if not path.exists():
        return {"marks": [], "committed": False, "clip": ""}
    try:
        if not path.is_file():
            raise TypeError("not a file")
        kept = json.loads(path.read_text(encoding="utf-8"))
        told = {"committed": bool(kept.get("committed")), "clip": str(kept.get("clip", ""))}
        return {"marks": list(kept["marks"]), **told}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} does not hold marks that can be read ({type(error).__name__}). Move the file "
            "to another folder, or correct it."
        ) from error


def merge_marks(kept: Iterable[Mark], old: Iterable[Mark], new: Iterable[Mark]) -> list[Mark]:
    """Apply the changes from old to new to the marks on disk; marks that others made there stay.

    All three lists hold marks as `check_marks` returns them.

    Parameters
    ----------
    kept : iterable of marks
        The marks on disk.
    old, new : iterable of marks
        This reader's marks before and after the change.
    """
    before, after = ({mark["id"]: mark for mark in marks} for marks in (old, new))
    merged = {mark["id"]: mark for mark in kept}
    merged |= {key: mark for key, mark in after.items() if before.get(key) != mark}
    return [mark for key, mark in merged.items() if key in after or key not in before]


def save_marks(
    path: str | Path, marks: Sequence[Mark], *, committed: bool = False, clip: str = ""
) -> Path:
    """Write marks made on the clip with this sha256 to a file, whole or not at all.

    Only the owner of the file may read it. OSError is raised if the file cannot be written.

    Parameters
    ----------
    path : str or Path
    marks : sequence of marks
    committed : bool
        The reader has handed the marks in.
    clip : str
        The sha256 of the clip.
    """
    path = Path(path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        kept = {"clip": clip, "committed": committed, "marks": list(marks)}
        partial.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Score:
    """How marks fit the truth of a clip; see `score_marks`."""

    hits: int
    """Altered places that a mark found."""
    misses: int
    """Altered places that no mark found."""
    false_alarms: int
    """Marks where nothing was altered."""
    frames: float
    """Overlap of the marked and the altered frames, 0 to 1: the number of frames that are both,
    divided by the number of frames that are at least one of them. NaN if there are none."""
    region: float
    """Mean overlap (intersection over union) of the boxes of the hits; for each altered place, the
    best hit counts. NaN if in no hit both the mark and the place have a box."""
    brier: float
    """Mean of one number for each mark: (confidence - 1)² if it hit, confidence² if it did not.
    0 is best, 1 is worst; NaN without marks. Brier 1950, Monthly Weather Review 78 (1)."""

    @property
    def words(self) -> str:
        """What the numbers say, in sentences, and how to mark better next time."""
        places = self.hits + self.misses
        if places:
            said = [f"You found {self.hits} of {places} altered place{'s' * (places > 1)}."]
        else:
            said = ["Nothing in this clip was altered."]
            said += ["You marked nothing, and that is right."] * math.isnan(self.brier)
        if self.hits:
            said.append(self._time_words())
        if not math.isnan(self.region):
            said.append(
                f"Place: your boxes and the true ones overlap by {self.region:.0%}. By hand, "
                "50% is good."
            )
        if self.false_alarms:
            s = "s" * (self.false_alarms > 1)
            said.append(
                f"{self.false_alarms} mark{s} lie{'s' * (not s)} where nothing was altered: false "
                f"alarm{s}."
            )
        if not math.isnan(self.brier):
            said.append(self._confidence_words())
        return " ".join(said)

    def _time_words(self) -> str:
        if self.frames == 1:
            return "Time: your marks cover exactly the altered frames."
        return (
            f"Time: of all frames that were marked or altered, {self.frames:.0%} were both. Step "
            "to the first and to the last altered frame to come closer."
        )

    def _confidence_words(self) -> str:
        score = (
            f"Your Brier score is {self.brier:.2f}: it is 0 if you are sure and right, 1 if you "
            "are sure and wrong, and 0.25 if you always say 50%."
        )
        if not self.false_alarms and self.brier > 0.1:
            return f"Confidence: every mark was right, so you may be surer next time. {score}"
        if self.false_alarms and self.brier > 0.25:
            return f"Confidence: say a lower number where you are in doubt. {score}"
        return f"Confidence: {score}"


def score_marks(marks: Sequence[Mark], truth: Sequence[Mapping[str, Any]]) -> Score:
    """Compare marks with what was altered.

    1. A mark hits an altered place if they share a frame and, where both have a box, the boxes
       share at least a tenth of their union.
    2. A mark that hits nothing is a false alarm. Several marks may hit one place.
    3. A place that no mark hits is missed.

    Parameters
    ----------
    marks : list of dict
        In the form that the head of this module describes.
    truth : list of dict
        The altered places: "first", "last" and "box" (or None); empty where nothing was altered.

    Raises
    ------
    ValueError
        As `check_marks`.
    """
    marks, truth = check_marks(marks, sys.maxsize), check_marks(truth, sys.maxsize)
    hit = [[_hits(mark, place) for place in truth] for mark in marks]
    found = [any(row[i] for row in hit) for i in range(len(truth))]
    right = [any(row) for row in hit]
    regions = [
        max(shares)
        for i, place in enumerate(truth)
        if place.get("box")
        and (
            shares := [
                _overlap(m["box"], place["box"])
                for m, row in zip(marks, hit, strict=True)
                if row[i] and m["box"]
            ]
        )
    ]
    return Score(
        hits=sum(found),
        misses=len(truth) - sum(found),
        false_alarms=len(marks) - sum(right),
        frames=_share(_frames(marks), _frames(truth)),
        region=_mean(regions),
        brier=_mean([(m["confidence"] - r) ** 2 for m, r in zip(marks, right, strict=True)]),
    )


def _hits(mark: Mark, place: Mapping[str, Any]) -> bool:
    together = mark["first"] <= place["last"] and place["first"] <= mark["last"]
    if not (together and mark["box"] and place.get("box")):
        return together
    return _overlap(mark["box"], place["box"]) >= SAME_PLACE


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    return float(detection.iou(np.array(a, float), np.array(b, float))[0, 0])


def _frames(spans: Iterable[Mapping[str, Any]]) -> set[int]:
    return {frame for span in spans for frame in range(span["first"], span["last"] + 1)}


def _share(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b) if a | b else math.nan


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
