"""Blink plots: draw how far the eyes are open, and how often a person blinks.

Notebook: 07_blinks.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from framewise import blinks, rates
from framewise.plots import BLUE, GREEN, ORANGE, PINK, YELLOW, plot_series

__all__ = ["KINDS", "plot_blink_statistics", "plot_eye_opening"]

KINDS = {"blink": ORANGE, "wink": GREEN, "closure": PINK}
"""The colour of each kind of `blinks.Blink`."""


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
        open level; eyes below the dotted line count as shut.
    found : sequence of Blink
        Each is drawn as a span. Each kind has its own colour.
    ax : Axes, optional
    """
    level = blinks.open_level(opening, times).mean(axis=1)
    ax = plot_series(times, opening.mean(axis=1), ax=ax, ylabel="lid gap / eye width")
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
