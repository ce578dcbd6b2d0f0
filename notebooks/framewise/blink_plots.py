"""Blink plots: draw how far the eyes are open, where blinks were found, and how often they come.

Notebook: 07_blinks.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from framewise import blinks, rates
from framewise.plots import BLUE, GREEN, ORANGE, PINK, YELLOW, plot_series

__all__ = [
    "KINDS",
    "compare_clips",
    "compare_eyes",
    "plot_blink_statistics",
    "plot_evaluation",
    "plot_eye_opening",
    "plot_six_points",
    "plot_spans",
]

KINDS = {"blink": ORANGE, "wink": GREEN, "closure": PINK}
"""The colour of each kind of `blinks.Blink`."""


def plot_six_points(points: np.ndarray, *, ax: Axes | None = None) -> Axes:
    """Draw an eye from its six points, with the three distances of the eye aspect ratio.

    Parameters
    ----------
    points : (6, 2) float, pixels
        p1 to p6 in the order of `blinks.eye_aspect_ratio`.
    ax : Axes, optional
    """
    ax = ax or plt.subplots(figsize=(7.5, 3.2))[1]
    points = np.asarray(points, float)
    ax.fill(points[:, 0], points[:, 1], fc="#f2f2f2", ec="black", lw=2)
    for first, last, colour in ((0, 3, BLUE), (1, 5, ORANGE), (2, 4, ORANGE)):
        ax.plot(points[[first, last], 0], points[[first, last], 1], "--", color=colour)
    middle = points.mean(axis=0)
    for number, (x, y) in enumerate(points, 1):
        away = np.sign([x - middle[0], y - middle[1]]) * (2.2, 1.3)
        ax.plot(x, y, "o", color="black", ms=7)
        words = f"p{number} ({x:g}, {y:g})"
        ax.text(x + away[0], y + away[1], words, ha="center", va="center", fontsize=13)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    ax.set(xlim=(left - 6, right + 6), ylim=(bottom + 3, top - 3), aspect="equal")
    ax.set(xlabel="x (px)", ylabel="y (px)")
    ax.locator_params(axis="y", steps=[5], integer=True)
    return ax


def compare_eyes(
    images: Sequence[np.ndarray], points: np.ndarray, titles: Sequence[str] = ()
) -> Figure:
    """Show an eye in several frames at one scale: above as it is, below with its six points.

    Parameters
    ----------
    images : sequence of N (H, W, 3) uint8 RGB
    points : (N, 6, 2) float, pixels
    titles : sequence of N str, optional
    """
    count, width = len(images), np.ptp(points[0, :, 0])
    figure, axes = plt.subplots(2, count, figsize=(4.5 * count, 5.6), squeeze=False)
    for column, (image, eye) in enumerate(zip(images, points, strict=True)):
        x, y = eye.mean(axis=0)
        for ax in axes[:, column]:
            ax.imshow(image)
            ax.set(xlim=(x - width, x + width), ylim=(y + 0.55 * width, y - 0.55 * width))
            ax.set_axis_off()
        axes[1, column].plot(eye[:, 0], eye[:, 1], "o", mfc="none", mec="white", mew=2, ms=9)
        axes[0, column].set_title(titles[column] if titles else "")
    return figure


def compare_clips(
    times: np.ndarray,
    curves: Mapping[str, np.ndarray],
    *,
    levels: Sequence[float] = (),
    ylabel: str = "",
) -> Figure:
    """Draw one curve of each clip, one below the other, with the same axes.

    Parameters
    ----------
    times : (T,) float, seconds
    curves : mapping of str to (T,) float
        For each clip its name and its curve.
    levels : sequence of float
        Each is drawn as a line across all panels; at most three.
    ylabel : str

    Raises
    ------
    ValueError
        There are more than three levels.
    """
    styles = ("-", "--", ":")
    if len(levels) > len(styles):
        raise ValueError(
            f"levels: expected at most {len(styles)}, one line style for each, got {len(levels)}."
        )
    size = 10, 1.2 + 1.5 * len(curves)
    figure, axes = plt.subplots(len(curves), figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (name, values) in zip(axes[:, 0], curves.items(), strict=True):
        ax.plot(times, values, color=BLUE)
        for level, style in zip(levels, styles, strict=False):
            ax.axhline(level, color=ORANGE, ls=style, lw=1.5, label=f"threshold {level:g}")
        ax.set_title(name)
    axes[0, 0].set(xlim=(times[0], times[-1]), ylim=(0, 0.42))
    axes[-1, 0].set_xlabel("time (s)")
    figure.supylabel(ylabel, fontsize=12)
    if levels:
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(levels))
    return figure


def plot_spans(
    times: np.ndarray, spans: Mapping[str, Sequence[tuple[int, int]]], *, ax: Axes | None = None
) -> Axes:
    """Draw spans of frames as bars over time, one row for each name.

    Parameters
    ----------
    times : (T,) float, seconds
    spans : mapping of str to sequence of (first, last)
        Frame numbers; both ends belong to the span.
    ax : Axes, optional
    """
    ax = ax or plt.subplots(figsize=(9, 0.8 + 0.6 * len(spans)))[1]
    frame = np.median(np.diff(times))
    for row, pairs in enumerate(spans.values()):
        bars = [(times[a] - frame / 2, times[b] - times[a] + frame) for a, b in pairs]
        ax.broken_barh(bars, (row - 0.3, 0.6), color=(BLUE, ORANGE)[row % 2])
    ax.set(yticks=range(len(spans)), yticklabels=list(spans), xlabel="time (s)")
    ax.set(xlim=(times[0], times[-1]), ylim=(len(spans) - 0.5, -0.5))
    return ax


def plot_evaluation(rows: Sequence[Mapping[str, str]], label: str) -> Axes:
    """Draw the blinks that were found and missed in each row of an evaluation, and false alarms.

    Parameters
    ----------
    rows : sequence of mappings
        Rows of data/evaluation/blinks.csv.
    label : str
        The column that names the rows.
    """
    ax = plt.subplots(figsize=(9, 1.2 + 0.42 * len(rows)))[1]
    for y, row in enumerate(rows):
        true, hits, alarms = (int(row[name]) for name in ("blinks", "hits", "false_alarms"))
        ax.barh(y, hits, color=BLUE, label="found" if not y else None)
        ax.barh(y, true - hits, left=hits, fc="white", ec=BLUE, label="missed" if not y else None)
        if alarms:
            ax.barh(y, -alarms, color=ORANGE, hatch="//", ec="white", label="false alarm")
        ax.text(true, y, f"  {hits} of {true}", va="center")
    ax.set(yticks=range(len(rows)), yticklabels=[row[label] for row in rows])
    ax.invert_yaxis()
    ax.axvline(0, color="black", lw=1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    handles, labels = ax.get_legend_handles_labels()
    named = dict(zip(labels, handles, strict=True))  # each label once
    words = "false alarms (to the left) and true blinks (to the right)"
    ax.set_xlabel(words if "false alarm" in named else "true blinks")
    ax.figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=3)
    return ax


def plot_eye_opening(
    times: np.ndarray,
    opening: np.ndarray,
    found: Sequence[blinks.Blink] = (),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how far the eyes are open over a clip, and mark the blinks, winks and closures found.

    Parameters
    ----------
    times : (T,) float, seconds
    opening : (T, 2) float
        See `landmarks.eye_opening`. The line is the mean of both eyes, with gaps where it is NaN.
        The dashed line is the open level. The dotted line is `blinks.THRESHOLDS.shut` times the
        open level. In a blink, the opening falls below the dotted line.
    found : sequence of Blink
        Each is drawn as a span. Each kind has its own colour.
    ax : Axes, optional
    """
    level = blinks.open_level(opening, times).mean(axis=1)
    ax = plot_series(times, opening.mean(axis=1), ax=ax, ylabel="lid gap")
    ax.lines[-1].set_label("mean of both eyes")
    shut, dot = blinks.THRESHOLDS.shut, "." if len(times) == 1 else None
    more = {"color": "black", "lw": 1, "marker": dot}
    ax.plot(times, level, "--", label="open level", **more)
    ax.plot(times, shut * level, ":", label=f"{shut:g} of the level", **more)
    half, named = np.median(np.diff(times)) / 2 if len(times) > 1 else 0.0, set()
    for one in found:
        label = None if one.kind in named else one.kind
        span = times[one.first] - half, times[one.last] + half
        ax.axvspan(*span, color=KINDS[one.kind], alpha=0.35, lw=0, label=label)
        named.add(one.kind)
    ax.set_ylim(bottom=0)
    ax.legend(loc="lower left", bbox_to_anchor=(1, 0))
    return ax


def plot_blink_statistics(count: int, seconds: float, *, ax: Axes | None = None) -> Axes:
    """Draw the rate of `count` blinks in `seconds` beside the usual rates of each activity.

    The dot is the rate. The line and the shade are its 95 % interval (`rates.rate_interval`). The
    bars are `rates.RATES`, with the words of `rates.compare_rates`.

    Parameters
    ----------
    count : int
        How many blinks were seen.
    seconds : float
        How long the eyes were watched.
    ax : Axes, optional
    """
    ax = ax or plt.subplots(figsize=(9, 2.8))[1]
    low, high = rates.rate_interval(count, seconds)
    rate, names = 60 * count / seconds, ["this clip", *rates.RATES]
    ax.axvspan(low, high, color=BLUE, alpha=0.12, lw=0)
    ax.plot([low, high], [0, 0], "|-", color=BLUE, ms=14)
    ax.plot(rate, 0, "o", color=BLUE, ms=9, clip_on=False)
    for row, (name, words) in enumerate(rates.compare_rates(count, seconds).items(), 1):
        least, most = rates.RATES[name]
        ax.barh(row, most - least, left=least, height=0.45, color=YELLOW)
        ax.text(most, row, f"  {words}", va="center")
    ax.set(yticks=range(len(names)), yticklabels=names, xlabel="blinks per minute")
    ax.set(ylim=(len(names) - 0.5, -0.5), xlim=(0, 1.05 * max(high, 45)))
    ax.set_title(f"blinks: {count} in {seconds:.1f} s")
    return ax
