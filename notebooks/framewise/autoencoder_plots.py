"""Autoencoder plots: draw networks, the faces that they make, and how good these faces are.

Notebook: 05_autoencoder.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise import fakes
from framewise.plots import BLUE, GREEN, ORANGE, enlarge, plot_image

__all__ = ["plot_eyes", "plot_faces", "plot_rebuilt", "plot_sharing"]

SIDE = 192  # pixels of a face in `plot_faces`: a mark has room on it


def plot_faces(
    rows: Mapping[str, Sequence[np.ndarray]],
    titles: Sequence[str] = (),
    *,
    made: Sequence[str] = (),
    height: float = 1.9,
) -> Figure:
    """Show rows of faces; those that a network drew carry the mark of a fake.

    Parameters
    ----------
    rows : mapping of str to sequence of (S, S, 3) uint8 RGB
        The name of each row, and its faces. All rows have the same number of faces.
    titles : sequence of str
        Titles of the columns; by default none.
    made : sequence of str
        The names of the rows, or the titles of the columns, that a network drew.
    height : float, inches
        Height of one row.
    """
    columns = max(len(images) for images in rows.values())
    size = columns * height + 1.1, len(rows) * height + 0.5
    figure, axes = plt.subplots(len(rows), columns, figsize=size, squeeze=False)
    for line, (name, images) in zip(axes, rows.items(), strict=True):
        for column, (ax, image) in enumerate(zip(line, images, strict=True)):
            title = titles[column] if titles else ""
            picture = enlarge(image, SIDE / len(image))
            plot_image(fakes.mark(picture) if {name, title} & set(made) else picture, ax=ax)
            ax.set(xticks=[], yticks=[], xlabel="", ylabel="" if column else name)
            if ax in axes[0]:
                ax.set_title(title)
            for edge in ax.spines.values():
                edge.set_visible(False)
    return figure


def plot_rebuilt(points: np.ndarray, rebuilt: np.ndarray) -> Figure:
    """Draw points, and a line from each point to the point that a network rebuilt from it.

    Parameters
    ----------
    points, rebuilt : (N, 2) float
        The points that go into the network, and those that come out, in the same order.
    """
    figure, ax = plt.subplots(figsize=(6, 4.6))
    for start, end in zip(points, rebuilt, strict=True):
        ax.plot(*zip(start, end, strict=True), color="0.6", lw=1)
    ax.plot(*points.T, "o", color=BLUE, ms=9, label="in")
    ax.plot(*rebuilt.T, "^", color=ORANGE, ms=8, label="out")
    ax.set(xlabel="first number", ylabel="second number")
    ax.legend()
    return figure


def plot_sharing() -> Figure:
    """Draw one encoder and two decoders, and the paths of the faces in training and in a swap."""
    figure, ax = plt.subplots(figsize=(9.5, 4))
    boxes = {
        "Ana's face": (0.2, 2.6, "white"),
        "Gita's face": (0.2, 0.6, "white"),
        "encoder\n(shared)": (2.9, 1.6, "#cfe3f1"),
        "code\n64 numbers": (5.1, 1.6, "#f3e3b5"),
        "decoder 0\nlearns Ana": (7.3, 2.6, "#cfe3f1"),
        "decoder 1\nlearns Gita": (7.3, 0.6, "#cfe3f1"),
    }
    for text, (x, y, colour) in boxes.items():
        style = {"boxstyle": "round,pad=0.5", "facecolor": colour, "edgecolor": "black"}
        ax.text(x, y, text, ha="left", va="center", fontsize=13, bbox=style)
    ways = [
        ((1.45, 2.75), (2.8, 2.0), BLUE, "-"),
        ((1.5, 0.6), (2.8, 1.4), GREEN, "-"),
        ((3.95, 1.6), (5.0, 1.6), "black", "-"),
        ((6.4, 1.9), (7.15, 2.5), BLUE, "-"),
        ((6.4, 1.35), (7.15, 0.75), GREEN, "-"),
        ((1.45, 2.5), (2.8, 1.8), ORANGE, "--"),
        ((6.3, 1.1), (7.15, 0.45), ORANGE, "--"),
    ]
    for start, end, colour, style in ways:
        arrow = {"arrowstyle": "->", "color": colour, "lw": 2.2, "ls": style}
        ax.annotate("", end, start, arrowprops=arrow)
    for x, colour, style, text in (
        (0.2, BLUE, "-", "training, Ana"),
        (3.4, GREEN, "-", "training, Gita"),
        (6.6, ORANGE, "--", "the swap"),
    ):
        ax.plot([x, x + 0.6], [-0.35, -0.35], color=colour, ls=style, lw=2.2)
        ax.text(x + 0.7, -0.35, text, va="center", fontsize=13)
    ax.set(xlim=(0, 9.4), ylim=(-0.7, 3.4))
    ax.set_axis_off()
    return figure


def plot_eyes(curves: Mapping[str, np.ndarray], *, fps: float, true: Sequence[int] = ()) -> Figure:
    """Draw how far the eyes are open in several versions of one clip, one below the other.

    Parameters
    ----------
    curves : mapping of str to (T,) float
        The name of each version, and its lid gap divided by the eye's width. NaN leaves a gap.
    fps : float
        Frames per second.
    true : sequence of int
        For each true blink of the performer, the frame in which the eyes are least open. Each is
        drawn as a dotted line.
    """
    size = 10, 1.1 + 1.5 * len(curves)
    figure, axes = plt.subplots(len(curves), figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (name, values) in zip(axes[:, 0], curves.items(), strict=True):
        for frame in true:
            ax.axvline(frame / fps, color=ORANGE, ls=":", lw=2)
        ax.plot(np.arange(len(values)) / fps, values, color=BLUE)
        ax.set(title=name, ylim=(0, 0.45))
    axes[-1, 0].set_xlabel("time (s)")
    figure.supylabel("lid gap / eye width", fontsize=12)
    return figure
