"""Landmark plots: draw the points of faces, how far they scatter, and how far they are off.

Notebook: 02_landmarks.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from framewise.clips import Clip
from framewise.landmarks import GROUPS
from framewise.plots import BLUE, ORANGE, YELLOW, plot_image, plot_landmarks

__all__ = [
    "draw_smiley",
    "plot_against_truth",
    "plot_eye_strip",
    "plot_groups",
    "plot_points",
    "plot_spread",
    "plot_views",
]

FACE_VIEW = (110, 410, 420, 80)
"""Pixels of a still that show the face: x from, x to, y from (below), y to."""

PARTS = {
    "right_eye": "white",
    "left_eye": YELLOW,
    "right_brow": "white",
    "left_brow": YELLOW,
    "nose": "#56B4E9",
    "inner_lips": "#FF9DD6",
}
"""The parts of a face that are drawn as lines, and their colours."""


def draw_smiley() -> np.ndarray:
    """Draw a yellow smiley, slightly out of focus, as a picture (192, 192, 3) uint8 RGB."""
    picture, black = np.full((192, 192, 3), 255, np.uint8), (40, 40, 40)
    cv2.circle(picture, (96, 96), 70, (255, 210, 80), -1)
    for x in (74, 118):
        cv2.circle(picture, (x, 84), 12, black, -1)
    cv2.ellipse(picture, (96, 118), (30, 20), 0, 0, 180, black, 4)
    return cv2.GaussianBlur(picture, (0, 0), 3)


def plot_points(image: np.ndarray, points: np.ndarray) -> Figure:
    """Show a still beside the same still with its points.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    """
    figure, axes = plt.subplots(1, 2, figsize=(9, 5))
    for ax in axes:
        plot_image(image, ax=ax).set_axis_off()
        _zoom(ax, FACE_VIEW)
    axes[1].plot(points[:, 0], points[:, 1], ".", color="white", ms=3)
    return figure


def plot_groups(image: np.ndarray, points: np.ndarray) -> Figure:
    """Show a still with the named parts of the face as lines, each with its name.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    """
    figure, ax = plt.subplots(figsize=(8, 5.5))
    plot_image(image // 2, ax=ax)
    for name, colour in PARTS.items():
        _line(ax, points, name, colour)
        side = "right" if points[GROUPS[name], 0].mean() < points[4, 0] - 5 else "left"
        x, y = (FACE_VIEW[0] - 6 if side == "right" else FACE_VIEW[1] + 6), points[GROUPS[name], 1]
        end = points[GROUPS[name]][np.argmin(np.abs(points[GROUPS[name], 0] - x))]
        arrow = {"arrowstyle": "-", "color": "#888888"}
        words = name.replace("_", " ")
        ax.annotate(words, end, (x, y.mean()), ha=side, va="center", arrowprops=arrow)
    _zoom(ax, FACE_VIEW)
    ax.set_axis_off()
    return figure


def plot_views(
    views: Sequence[np.ndarray], points: Sequence[np.ndarray] = (), *, titles: Sequence[str] = ()
) -> Figure:
    """Show six views, numbered from 1, and the points of each if they are given.

    Parameters
    ----------
    views : sequence of 6 pictures, each (192, 192, 3) uint8 RGB
    points : sequence of (468, 2) float pixels, optional
        They are drawn as dots, the eyes and the inner lips as lines.
    titles : sequence of str, optional
        Added to the numbers.
    """
    figure, axes = plt.subplots(2, 3, figsize=(9.5, 7))
    for n, (view, ax) in enumerate(zip(views, axes.flat, strict=True)):
        words = f": {titles[n]}" if titles else ""
        plot_image(view, ax=ax, title=f"view {n + 1}{words}").set_axis_off()
        if len(points):
            plot_landmarks(points[n], ax=ax, colour="white")
            for name in ("right_eye", "left_eye", "inner_lips"):
                _line(ax, points[n], name, BLUE if name == "inner_lips" else ORANGE)
        _zoom(ax, (0, 192, 192, 0))
    return figure


def plot_spread(image: np.ndarray, many: np.ndarray, numbers: Sequence[int]) -> Figure:
    """Show where each of a few points was found in many tries, close up.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    many : (N, 468, 2) float pixels
    numbers : sequence of int
        The points to show, one panel each. A panel is 16 pixels wide.
    """
    figure, axes = plt.subplots(1, len(numbers), figsize=(9.5, 2.9))
    for number, ax in zip(numbers, axes, strict=True):
        x, y = many[:, number].mean(0)
        plot_image(image // 2 + 100, ax=ax, title=f"point {number}")
        ax.plot(many[:, number, 0], many[:, number, 1], ".", color=BLUE, ms=6, alpha=0.7)
        _zoom(ax, (x - 8, x + 8, y + 8, y - 8))
        ax.set(xlabel="", ylabel="")
    axes[0].set_ylabel("y (px)")
    figure.supxlabel("x (px)", fontsize=12)
    return figure


def plot_against_truth(image: np.ndarray, true: np.ndarray, measured: np.ndarray) -> Figure:
    """Draw true places as white rings and the measured ones as crosses, eyes and mouth close up.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    true, measured : (N, 2) float pixels
    """
    figure, axes = plt.subplots(1, 2, figsize=(9.5, 3.4))
    height = true[:, 1]
    for ax, y, title in zip(axes, (height.min(), height.max()), ("eyes", "mouth"), strict=True):
        plot_image(image // 2, ax=ax, title=title).set_axis_off()
        ax.plot(true[:, 0], true[:, 1], "o", mfc="none", mec="white", ms=11, mew=1.5)
        ax.plot(measured[:, 0], measured[:, 1], "+", color=YELLOW, ms=11, mew=2)
        x = true[:, 0].mean()
        _zoom(ax, (x - 55, x + 55, y + 35, y - 30))
    return figure


def plot_eye_strip(
    clip: Clip, frames: Sequence[int], corners: np.ndarray, lids: dict[str, np.ndarray]
) -> Figure:
    """Show one eye in some frames: bare in the first row, then once for each way to find the lids.

    Parameters
    ----------
    clip : Clip
    frames : sequence of int
    corners : (T, 2, 2) float pixels
        Of the eye, in each frame of the clip.
    lids : dict of (T, 16, 2) float pixels
        By the name of its row, the eyelids in each frame, in the order of `landmarks.Eyes`.
    """
    rows = {"bare": None, **lids}
    size = 1.36 * len(frames), 1.15 * len(rows) + 0.3
    figure, axes = plt.subplots(len(rows), len(frames), figsize=size)
    for (name, points), row in zip(rows.items(), axes, strict=True):
        for frame, ax in zip(frames, row, strict=True):
            plot_image(clip[frame], ax=ax)
            x, y = corners[frame].mean(0)
            _zoom(ax, (x - 22, x + 22, y + 16, y - 16))
            ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
            if points is None:
                ax.set_title(f"frame {frame}")
            else:
                lower, upper = points[frame, :9], points[frame, :8:-1]
                ring = np.vstack([lower, upper, lower[:1]])
                ax.plot(ring[:, 0], ring[:, 1], color=YELLOW, lw=1.5)
        row[0].set_ylabel(name)
    return figure


def _line(ax: Axes, points: np.ndarray, name: str, colour: str) -> None:
    part = GROUPS[name]
    ring = points[part if name == "nose" else [*part, part[0]]]
    ax.plot(ring[:, 0], ring[:, 1], color=colour, lw=2)


def _zoom(ax: Axes, limits: tuple[float, float, float, float]) -> None:
    """Show x from, x to, y from (below), y to, pixels."""
    ax.set(xlim=limits[:2], ylim=limits[2:])
