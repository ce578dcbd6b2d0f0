"""Worth: thresholds, alarms, and how often an alarm is right.

Notebook: 09b_what_traces_prove.ipynb

A detector gives each clip a number, and raises an alarm if the number lies above a threshold.
`framewise.scoring` measures how well the numbers order clips. This module asks what follows for
the alarms.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from framewise import DATA

__all__ = ["Alarms", "alarm_is_right", "alarms_among", "read_table", "share_above", "threshold_for"]


class Alarms(NamedTuple):
    """How many clips of each kind raise an alarm."""

    found: float
    """Fakes with an alarm."""
    missed: float
    """Fakes without an alarm."""
    accused: float
    """Originals with an alarm: false alarms."""
    quiet: float
    """Originals without an alarm."""


def share_above(values: np.ndarray, threshold: float) -> float:
    """Return the share of the values that lie above a threshold.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    values : (N,) float
        NaN is left out.
    threshold : float

    Returns
    -------
    float, 0 to 1
        NaN if no value is left.

    Examples
    --------
    >>> share_above(np.array([1, 2, 3, 4]), 3)
    0.25
    """
    values = np.asarray(values, float)
    known = values[np.isfinite(values)]
    return float((known > threshold).mean()) if len(known) else float("nan")


def threshold_for(originals: np.ndarray, *, allowed: float = 0.0) -> float:
    """Return the lowest threshold at which at most `allowed` of the originals raise an alarm.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    originals : (N,) float
        The numbers of untouched clips. NaN is left out.
    allowed : float, 0 to 1
        The greatest share of them that may raise an alarm.

    Returns
    -------
    float
        It is one of the numbers. Only a number above it raises an alarm.

    Raises
    ------
    ValueError
        No number is left, or `allowed` lies outside 0 to 1.

    Examples
    --------
    >>> threshold_for(np.array([1, 5, 2, 4]), allowed=0.25)
    4.0
    """
    originals = np.asarray(originals, float)
    known = np.sort(originals[np.isfinite(originals)])[::-1]
    if not len(known) or not 0 <= allowed <= 1:
        raise ValueError(
            "originals, allowed: expected at least one number, and a share from 0 to 1, got "
            f"{len(known)} numbers and {allowed}."
        )
    return float(known[min(int(allowed * len(known) + 1e-9), len(known) - 1)])


def alarms_among(clips: float, share: float, *, found: float, accused: float) -> Alarms:
    """Return how many alarms to expect among many clips.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    clips : float
        How many clips there are.
    share : float, 0 to 1
        The base rate: which share of the clips are fakes.
    found : float, 0 to 1
        The share of the fakes that raise an alarm.
    accused : float, 0 to 1
        The share of the originals that raise an alarm.

    Returns
    -------
    Alarms

    Raises
    ------
    ValueError
        A share lies outside 0 to 1, or the number of clips is negative.

    Examples
    --------
    >>> alarms_among(1000, 0.1, found=0.5, accused=0.01)
    Alarms(found=50.0, missed=50.0, accused=9.0, quiet=891.0)
    """
    if clips < 0 or not all(0 <= value <= 1 for value in (share, found, accused)):
        raise ValueError(
            "expected 0 clips or more, and shares from 0 to 1, got "
            f"{clips} clips, share {share}, found {found}, accused {accused}."
        )
    made, untouched = clips * share, clips * (1 - share)
    return Alarms(made * found, made * (1 - found), untouched * accused, untouched * (1 - accused))


def alarm_is_right(share: float, *, found: float, accused: float) -> float:
    """Return the share of all alarms that are right.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    share, found, accused
        As for `alarms_among`.

    Returns
    -------
    float, 0 to 1
        NaN if there is no alarm.
    """
    alarms = alarms_among(1, share, found=found, accused=accused)
    total = alarms.found + alarms.accused
    return alarms.found / total if total else float("nan")


def read_table(name: str, *, folder: Path = DATA / "evaluation") -> list[dict[str, str | float]]:
    """Read a table of `scripts/evaluate.py`.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    name : str
        Such as "artifacts" for artifacts.csv.
    folder : Path

    Returns
    -------
    list of dict
        One for each row. A number becomes a float, and an empty cell becomes NaN.
    """
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        return [{key: _value(text) for key, text in row.items()} for row in csv.DictReader(file)]


def _value(text: str) -> str | float:
    try:
        return float(text or "nan")
    except ValueError:
        return text
