"""Worth plots: draw scores, the weights of a detector, and what each cue is worth.

Notebook: 09b_what_traces_prove.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise import alignment, fakes, selfblend, swap_plots
from framewise.landmarks import GROUPS
from framewise.plots import BLUE, ORANGE, plot_image

__all__ = [
    "plot_alarms",
    "plot_base_rate",
    "plot_expiry",
    "plot_faces",
    "plot_gauntlet",
    "plot_scores",
    "plot_weights",
]

Row = Mapping[str, str | float]


def plot_faces(faces: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Show faces in pairs. A mark lies across the border of each pair.

    So the mark does not tell which of the faces are fakes.

    Parameters
    ----------
    faces : mapping of str to ((H, W, 3) uint8 RGB, (468, 2) float pixels)
        Picture and landmarks by name.
    """
    names, side = list(faces), 240
    rows = [names[i : i + 2] for i in range(0, len(names), 2)]
    lines = -(-len(rows) // 2)
    across = min(2, len(rows))
    figure, axes = plt.subplots(lines, across, figsize=(5.5 * across, 3.1 * lines), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, row in zip(axes.flat, rows, strict=False):
        squares = [_square(*faces[name], side) for name in row]
        plot_image(fakes.mark(np.hstack(squares)), ax=ax).set_axis_off()
        for place, name in enumerate(row):
            ax.text((place + 0.5) * side, -6, name, ha="center", fontsize=15)
    return figure


def _square(image: np.ndarray, points: np.ndarray, side: int) -> np.ndarray:
    part = swap_plots.crop_face(image, points, room=0.25)
    rows, columns = (np.linspace(0, n - 1, side).round().astype(int) for n in part.shape[:2])
    return part[rows][:, columns]


def plot_scores(
    scores: Mapping[str, Sequence[float]], *, threshold: float | None = None, xlabel: str = "score"
) -> Figure:
    """Draw the number of each clip as a dot, one row for each group.

    Parameters
    ----------
    scores : mapping of str to sequence of float
    threshold : float, optional
        It is drawn as a line. Dots above it are filled.
    xlabel : str
    """
    figure, ax = plt.subplots(figsize=(9.5, 1.1 + 0.55 * len(scores)))
    limit = np.inf if threshold is None else threshold
    for row, values in enumerate(scores.values()):
        values = np.asarray(values, float)
        for part, face in ((values <= limit, "white"), (values > limit, ORANGE)):
            ax.plot(values[part], np.full(part.sum(), row), "o", mec=BLUE, mfc=face, ms=10, mew=2)
    if threshold is not None:
        ax.axvline(threshold, color="black", ls="--", lw=1.5)
    ax.set(yticks=range(len(scores)), yticklabels=list(scores), xlabel=xlabel)
    ax.set_ylim(len(scores) - 0.5, -0.5)
    return figure


def plot_weights(detector: selfblend.Detector) -> Figure:
    """Draw the weights of a detector over the outline of the mean face, one panel for each layer.

    Parameters
    ----------
    detector : selfblend.Detector
    """
    maps = detector.layer.weight.reshape(detector.mean.shape)
    limit, side = np.abs(maps).max(), maps.shape[-1]
    left, top, width = selfblend.WINDOW
    points = (alignment.CANONICAL - (left, top)) * side / width - 0.5
    figure, axes = plt.subplots(1, len(maps), figsize=(10, 3.9))
    for ax, weights, name in zip(axes, maps, selfblend.LAYERS, strict=True):
        shown = ax.imshow(weights, cmap="PuOr", vmin=-limit, vmax=limit)
        for group in ("outline", "right_eye", "left_eye", "outer_lips"):
            ring = points[GROUPS[group]]
            ax.plot(*np.vstack([ring, ring[:1]]).T, color="black", lw=1.5)
        ax.set(title=name, xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5))
        ax.set_axis_off()
    figure.colorbar(shown, ax=axes, shrink=0.8, label="weight")
    return figure


def plot_expiry(rows: Sequence[Row], *, condition: str = "as it is") -> Figure:
    """Draw the AUC of every cue for every group of fakes, as a table with shades.

    The AUC is the area under the ROC curve, see `scoring.auc`. A star means that its whole 95 %
    interval lies above 0.5.

    Parameters
    ----------
    rows : sequence of mappings
        The rows of data/evaluation/artifacts.csv, as `worth.read_table` returns them.
    condition : str
        What happened to the clips.
    """
    here = [row for row in rows if row["condition"] == condition and row["on"] != "all"]
    return _plot_table(here, "on")


def plot_gauntlet(rows: Sequence[Row], *, on: str = "crude") -> Figure:
    """Draw the AUC of every cue under every condition, as a table with shades and stars.

    See `plot_expiry` for the stars.

    Parameters
    ----------
    rows : sequence of mappings
        As for `plot_expiry`.
    on : str
        The group of fakes.
    """
    return _plot_table([row for row in rows if row["on"] == on], "condition")


def _plot_table(rows: Sequence[Row], across: str) -> Figure:
    """Draw the AUC of each row's cue in the column that `across` names."""
    cues = list(dict.fromkeys(row["cue"] for row in rows))
    columns = list(dict.fromkeys(row[across] for row in rows))
    aucs, sure = (np.full((len(cues), len(columns)), value) for value in (np.nan, False))
    for row in rows:
        place = cues.index(row["cue"]), columns.index(row[across])
        aucs[place], sure[place] = row["auc"], row["auc_low"] > 0.5
    figure, ax = plt.subplots(figsize=(11, 1.9 + 0.42 * len(cues)))
    shown = ax.imshow(aucs, vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(aucs):
        words = "-" if np.isnan(value) else f"{value:.2f}" + "*" * bool(sure[i, j])
        ax.text(j, i, words, ha="center", va="center", color="white" if value < 0.45 else "black")
    names = [str(name).replace("_", " ") for name in cues]
    ax.set(yticks=range(len(cues)), yticklabels=names, xticks=range(len(columns)))
    ax.set_xticklabels([str(name).replace(" ", "\n") for name in columns])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.grid(False)
    figure.colorbar(shown, ax=ax, label="AUC", shrink=0.6)
    return figure


def plot_alarms(rows: Sequence[Row]) -> Figure:
    """Draw, for each condition, how many untouched faces the combination accuses.

    Faces without a score are not counted.

    Parameters
    ----------
    rows : sequence of mappings
        The rows of data/evaluation/false_alarms.csv, as `worth.read_table` returns them.
    """
    conditions = list(dict.fromkeys(row["condition"] for row in rows))
    figure, ax = plt.subplots(figsize=(9.5, 1 + 0.42 * len(conditions)))
    for place, name in enumerate(conditions):
        here = [row for row in rows if row["condition"] == name]
        alarms = [row["alarm"] for row in here if np.isfinite(row["combination"])]
        ax.barh(place, len(alarms), color="white", edgecolor="0.4")
        ax.barh(place, sum(alarms), color=ORANGE, hatch="//", edgecolor="black")
        words = f"{sum(alarms):.0f} of {len(alarms)}" if alarms else "cannot tell"
        ax.text(len(alarms) + 0.3, place, words, va="center")
    ax.set(yticks=range(len(conditions)), yticklabels=conditions, xlabel="untouched faces")
    ax.set_ylim(len(conditions) - 0.5, -0.5)
    ax.margins(x=0.12)
    return figure


def plot_base_rate(counts: Sequence[float], *, columns: int = 50) -> Figure:
    """Draw every clip as a square: fakes with and without an alarm, originals with and without.

    Parameters
    ----------
    counts : four numbers
        A `worth.Alarms`: found, missed, accused, quiet. They are rounded.
    columns : int
        How many squares stand in a row.
    """
    kinds = ["fake, alarm", "fake, no alarm", "original, alarm", "original, no alarm"]
    looks = [(ORANGE, "black"), ("white", ORANGE), (BLUE, "black"), ("white", "0.75")]
    figure, ax = plt.subplots(figsize=(9.5, 5))
    start = 0
    for name, (face, edge), count in zip(kinds, looks, np.rint(counts).astype(int), strict=True):
        row, column = np.divmod(np.arange(start, start + count), columns)
        label, marker = f"{name}: {count}", "D" if name.startswith("fake") else "s"
        ax.plot(column, -row, marker, mfc=face, mec=edge, ms=8, mew=1.2, ls="", label=label)
        start += count
    ax.set_axis_off()
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, fontsize=13)
    return figure
