"""Plots: draw pictures, boxes, landmarks and series the same way in every notebook.

Importing this module sets the course's plot style (course.mplstyle).
"""

import base64
import html
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from framewise.landmarks import GROUPS

__all__ = [
    "BLUE",
    "GREEN",
    "ORANGE",
    "PINK",
    "YELLOW",
    "plot_boxes",
    "plot_image",
    "plot_landmarks",
    "plot_series",
    "show",
    "show_images",
]

BLUE, ORANGE, GREEN, PINK, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"


plt.style.use(Path(__file__).with_name("course.mplstyle"))


def plot_image(image: np.ndarray, *, ax: Axes | None = None, title: str = "") -> Axes:
    """Show an image, (H, W, 3) uint8 RGB or (H, W), with its pixel coordinates.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB or (H, W)
    ax : Axes, optional
    title : str
    """
    ax = ax or plt.subplots()[1]
    ax.imshow(image, cmap=None if image.ndim == 3 else "gray")
    ax.set(title=title, xlabel="x (px)", ylabel="y (px)")
    ax.grid(False)
    return ax


def show_images(
    images: Sequence[np.ndarray], titles: Sequence[str] = (), *, height: float = 3.2
) -> Figure:
    """Show images side by side at one height (inches), each with its title.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 RGB or (H, W)
    titles : sequence of str
    height : float, inches
    """
    widths = [image.shape[1] / image.shape[0] for image in images]
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    size = sum(widths) * height, height + 0.15 + 0.25 * lines
    figure, axes = plt.subplots(1, len(images), figsize=size, width_ratios=widths, squeeze=False)
    for ax, image, title in zip(axes[0], images, list(titles) + [""] * len(images), strict=False):
        plot_image(image, ax=ax, title=title).set_axis_off()
    return figure


def plot_boxes(
    xyxy: np.ndarray,
    *,
    ax: Axes,
    labels: Sequence[str] = (),
    colour: str = ORANGE,
    style: str = "-",
) -> Axes:
    """Draw boxes, (N, 4) xyxy pixels, each with its label if labels are given.

    Parameters
    ----------
    xyxy : (N, 4) float pixels
    ax : Axes
    labels : sequence of N str, optional
    colour : str
    style : str
        Line style of Matplotlib, such as "--".
    """
    for i, (x0, y0, x1, y1) in enumerate(np.reshape(xyxy, (-1, 4))):
        box = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec=colour, lw=2, ls=style)
        ax.add_patch(box)
        if i < len(labels):
            words = {"facecolor": "white", "edgecolor": colour, "pad": 1.5}
            ax.text(x0, y0, labels[i], color="black", fontsize=10, va="bottom", bbox=words)
    return ax


def plot_landmarks(
    points: np.ndarray, *, ax: Axes, groups: Sequence[str] = (), colour: str = ORANGE
) -> Axes:
    """Draw landmarks, (468, 2) pixels, as dots; named groups of GROUPS as lines over them.

    Parameters
    ----------
    points : (468, 2) float pixels
    ax : Axes
    groups : sequence of str
        Keys of `landmarks.GROUPS`.
    colour : str
    """
    ax.plot(*points.T, ".", color=colour, ms=2.5)
    for i, name in enumerate(groups):
        part = GROUPS[name]
        ring = part if name == "nose" else [*part, part[0]]
        ax.plot(*points[ring].T, "-", color=f"C{i}", lw=1.5, label=name.replace("_", " "))
    return ax


def plot_series(
    times: np.ndarray,
    values: np.ndarray,
    *,
    ax: Axes | None = None,
    label: str = "",
    ylabel: str = "",
    first_frame: int = 0,
) -> Axes:
    """Draw values (T,) against times (T,) in seconds, with frame numbers on top and gaps for NaN.

    Parameters
    ----------
    times : (T,) float, seconds
    values : (T,) float
        NaN leaves a gap.
    ax : Axes, optional
    label : str
        For the legend.
    ylabel : str
    first_frame : int
        The number of the first frame, if the series starts inside a clip.
    """
    first = len(times) > 1 and (ax is None or not ax.lines)
    ax = ax or plt.subplots(figsize=(9, 3))[1]
    ax.plot(times, values, marker="." if len(times) == 1 else None, label=label or None)
    ax.set(xlabel="time (s)", ylabel=ylabel or ax.get_ylabel())
    if first:
        ax.set_xlim(times[0], times[-1])
        frames = first_frame + np.arange(len(times))
        convert = partial(np.interp, xp=times, fp=frames), partial(np.interp, xp=frames, fp=times)
        top = ax.secondary_xaxis("top", functions=convert)
        top.set_xlabel("frame")
        top.xaxis.set_major_locator(MaxNLocator(integer=True))
    if label:
        ax.legend(loc="best")
    return ax


def show(figure: Figure | Axes, alt: str) -> None:
    """Show a figure with a text for those who cannot see it, and close it.

    Parameters
    ----------
    figure : Figure or Axes
    alt : str
        What the figure shows and what follows from it, in a sentence or two.
    """
    figure = figure.figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    data = base64.b64encode(buffer.getvalue()).decode()
    words = html.escape(alt)
    display(HTML(f'<img alt="{words}" style="max-width:100%" src="data:image/png;base64,{data}">'))
