"""Plots of compression: a block and its coefficients, the grid, and counts of coefficients.

Notebook: 08b_frequencies.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise import compression
from framewise.plots import BLUE, ORANGE

__all__ = ["plot_counts", "plot_ghosts", "plot_grid", "plot_tables"]


def plot_tables(tables: Mapping[str, np.ndarray]) -> Figure:
    """Show tables of 8 x 8 numbers side by side, each number in its place.

    Parameters
    ----------
    tables : mapping of str to (8, 8) numbers
    """
    figure, axes = plt.subplots(1, len(tables), figsize=(4.6 * len(tables), 4.9), squeeze=False)
    for ax, (title, table) in zip(axes[0], tables.items(), strict=True):
        size = np.abs(table)
        ax.imshow(np.log1p(size), cmap="Blues", vmin=0, vmax=1.6 * np.log1p(size.max()) + 1)
        for (y, x), value in np.ndenumerate(np.rint(table).astype(int)):
            ax.text(x, y, str(value), ha="center", va="center", fontsize=12)
        ax.set(title=title, xticks=range(8), yticks=range(8))
        ax.grid(False)
    return figure


def plot_grid(pictures: Mapping[str, np.ndarray]) -> Figure:
    """Draw the extra jump at each of the eight places, one panel for each picture.

    Parameters
    ----------
    pictures : mapping of str to (H, W) float, grey levels
        Up to four.
    """
    figure, axes = plt.subplots(
        1, len(pictures), figsize=(3 * len(pictures) + 1, 3.4), sharey=True, squeeze=False
    )
    for ax, (name, grey) in zip(axes[0], pictures.items(), strict=True):
        across, down = compression.grid_jumps(grey)
        ax.bar(np.arange(8) - 0.2, across, 0.4, color=BLUE, label="columns")
        ax.bar(np.arange(8) + 0.2, down, 0.4, color=ORANGE, hatch="//", label="rows")
        ax.axhline(0, color="black", lw=1)
        ax.set(title=name, xticks=range(8), xlabel="place (px)")
    axes[0, 0].set_ylabel("extra jump (grey levels)")
    axes[0, 0].legend()
    return figure


def plot_counts(counts: Mapping[str, np.ndarray], *, most: int = 15) -> Figure:
    """Draw how often each value of a coefficient occurs, one panel for each picture.

    Parameters
    ----------
    counts : mapping of str to (2 N + 1,) int
        As `compression.coefficient_counts` returns them.
    most : int
        Values from -most to most are drawn.
    """
    figure, axes = plt.subplots(
        1, len(counts), figsize=(4 * len(counts) + 0.5, 3.6), sharey=True, squeeze=False
    )
    for ax, (name, number) in zip(axes[0], counts.items(), strict=True):
        middle = len(number) // 2
        ax.bar(np.arange(-most, most + 1), number[middle - most : middle + most + 1], color=BLUE)
        ax.set(title=name, xlabel="value of the coefficient", yscale="symlog")
        ax.set_ylim(0, 1.3 * max(n.max() for n in counts.values()))
        ax.set_yticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1000"])
    axes[0, 0].set_ylabel("number of blocks")
    return figure


def plot_ghosts(
    curves: Mapping[str, np.ndarray], qualities: Sequence[int], *, ylabel: str = "change"
) -> Figure:
    """Draw how much parts of a picture change when it is saved again at each quality.

    Parameters
    ----------
    curves : mapping of str to (Q,) float
        Up to two curves.
    qualities : sequence of Q int
    ylabel : str
    """
    figure, ax = plt.subplots(figsize=(9, 4))
    styles = [("o-", BLUE), ("s--", ORANGE)]
    for (name, values), (style, colour) in zip(curves.items(), styles, strict=False):
        ax.plot(qualities, values, style, color=colour, label=name)
    ax.set(xlabel="quality of the new save", ylabel=ylabel, ylim=(0, None))
    ax.legend()
    return figure
