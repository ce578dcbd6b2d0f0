"""Alignment plots: draw what a similarity does to points and pictures, and the errors that remain.

Notebook: 03_alignment.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise.plots import BLUE, ORANGE, plot_image

__all__ = ["plot_chips", "plot_ratios", "plot_residuals", "plot_triangles"]

MARKS = {"Ana": (BLUE, "o", -0.12), "Ben": (ORANGE, "^", 0.12)}
"""For each person the colour, the mark and the step to the side in `plot_ratios`."""


def plot_triangles(before: np.ndarray, after: np.ndarray) -> Figure:
    """Draw a triangle and what became of it, with the corners numbered; y runs down.

    Parameters
    ----------
    before, after : (3, 2) float
    """
    figure, ax = plt.subplots(figsize=(7, 4.6))
    for points, colour, name in ((before, BLUE, "before"), (after, ORANGE, "after")):
        ax.fill(points[:, 0], points[:, 1], color=colour, alpha=0.5, label=name)
        for number, (x, y) in enumerate(points, 1):
            ax.text(x, y, f" {number} ", ha="left" if x == points[:, 0].max() else "right")
    ax.set(xlim=(-1, 7), ylim=(6, -1), aspect="equal", xlabel="x (px)", ylabel="y (px)")
    ax.legend(loc="upper right")
    return figure


def plot_residuals(
    images: Sequence[np.ndarray], fitted: Sequence[np.ndarray], goal: np.ndarray
) -> Figure:
    """Draw a line from each fitted point to its goal, over the pale picture it comes from.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 RGB
        Two or more. Only the columns 130 to 390 and the rows 100 to 410 are shown.
    fitted : sequence of (N, 2) float pixels
        One for each picture.
    goal : (N, 2) float pixels
    """
    figure, axes = plt.subplots(1, len(images), figsize=(9.5, 5.6))
    for ax, image, points in zip(axes, images, fitted, strict=True):
        longest = np.linalg.norm(points - goal, axis=1).max()
        plot_image(image // 3 + 170, ax=ax, title=f"longest line: {longest:.0f} px")
        for start, end in zip(points, goal, strict=True):
            ax.plot([start[0], end[0]], [start[1], end[1]], color=ORANGE, lw=1.5)
        ax.set(xlim=(130, 390), ylim=(410, 100))
        ax.set_axis_off()
    return figure


def plot_chips(chips: Sequence[np.ndarray], titles: Sequence[str], y: float) -> Figure:
    """Show the upper part of chips, two in a row, with the height at which the eyes belong.

    Parameters
    ----------
    chips : sequence of (256, 256, 3) uint8 RGB
        An even number of them.
    titles : sequence of str
    y : float, pixels
        The height. It is marked outside the face and between the eyes, so the eyes stay visible.
    """
    rows = (len(chips) + 1) // 2
    figure, axes = plt.subplots(rows, 2, figsize=(9.5, 2.85 * rows))
    for ax, chip, title in zip(axes.flat, chips, titles, strict=True):
        plot_image(chip, ax=ax, title=title).set_axis_off()
        for start, end in ((0, 58), (118, 138), (198, 255)):
            ax.plot([start, end], [y, y], color="white", lw=1.5)
        ax.set(xlim=(0, 255), ylim=(170, 40))
    return figure


def plot_ratios(ratios: Mapping[tuple[str, str], Sequence[float]]) -> Figure:
    """Draw every ratio as a mark: one column for each state, Ana's circles beside Ben's triangles.

    Parameters
    ----------
    ratios : mapping
        Each key is a person ("Ana" or "Ben") and a state, such as ("Ana", "untouched"). The value
        is a list that holds one ratio for each frame.
    """
    states = list(dict.fromkeys(state for _, state in ratios))
    figure, ax = plt.subplots(figsize=(9, 4.6))
    for (person, state), values in ratios.items():
        colour, mark, step = MARKS[person]
        label = person if state == states[0] else None
        x = np.full(len(values), states.index(state) + step)
        ax.plot(x, values, mark, color=colour, alpha=0.65, ms=9, label=label)
    ax.set(xticks=range(len(states)), xticklabels=states, xlim=(-0.5, len(states) - 0.5))
    ax.set_ylabel("detail inside / detail outside")
    ax.legend(loc="upper right")
    return figure
