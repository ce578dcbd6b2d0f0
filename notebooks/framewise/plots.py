"""Plots: draw pictures, boxes, landmarks and series the same way in every notebook.

Importing this module sets the course's plot style (course.mplstyle).
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio
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
    "enlarge",
    "play",
    "plot_boxes",
    "plot_image",
    "plot_landmarks",
    "plot_series",
    "show_images",
]

BLUE, ORANGE, GREEN, PINK, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"


SOUND_RATE = 22_050
"""Samples a second of the sound that `play` makes."""

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
        At most one for each image. The first titles belong to the first images.
    height : float, inches

    Raises
    ------
    ValueError
        There are more titles than images.
    """
    if len(titles) > len(images):
        raise ValueError(
            f"titles: expected at most {len(images)}, one for each image, got {len(titles)}."
        )
    widths = [image.shape[1] / image.shape[0] for image in images]
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    size = sum(widths) * height, height + 0.15 + 0.25 * lines
    figure, axes = plt.subplots(1, len(images), figsize=size, width_ratios=widths, squeeze=False)
    for ax, image, title in zip(axes[0], images, list(titles) + [""] * len(images), strict=False):
        plot_image(image, ax=ax, title=title).set_axis_off()
    return figure


def enlarge(image: np.ndarray, factor: float) -> np.ndarray:
    """Enlarge a small picture smoothly, so that it can be seen and has room for a mark.

    Parameters
    ----------
    image : (H, W) or (H, W, 3) uint8
    factor : float
        How many times the width and the height are enlarged.

    Returns
    -------
    (H * factor, W * factor) or (H * factor, W * factor, 3) uint8
        Both sides are rounded to whole pixels.
    """
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


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


def play(times: np.ndarray, values: np.ndarray, *, seconds: float | None = None) -> Audio:
    """Turn a series into a tone, for people who cannot see the curve.

    A higher value gives a higher tone, from 220 Hz at the least value to 880 Hz at the greatest.
    The tone is silent where a value is NaN.

    Parameters
    ----------
    times : (T,) float, seconds
        They rise.
    values : (T,) float
    seconds : float, optional
        How long the sound lasts; by default as long as the series.

    Returns
    -------
    Audio
        As the last line of a cell, it is shown with a button that plays it.

    Raises
    ------
    ValueError
        The two series differ in length, there are fewer than two times, or every value is NaN.
    """
    times, values = np.asarray(times, float), np.asarray(values, float)
    if times.shape != values.shape or len(times) < 2 or np.isnan(values).all():
        raise ValueError(
            "times, values: expected two series of one length, with at least two times and one "
            f"value that is not NaN; got shapes {times.shape} and {values.shape}, and "
            f"{np.sum(~np.isnan(values))} values that are not NaN."
        )
    lasting = seconds or times[-1] - times[0]
    moments = np.linspace(times[0], times[-1], round(lasting * SOUND_RATE))
    height = np.interp(moments, times, values)  # NaN beside a NaN
    least, greatest = np.nanmin(values), np.nanmax(values)
    share = (height - least) / ((greatest - least) or 1)
    pitch = 220 * 4 ** np.nan_to_num(share)
    tone = np.sin(2 * np.pi * np.cumsum(pitch) / SOUND_RATE) * np.isfinite(height)
    return Audio(0.3 * tone, rate=SOUND_RATE, normalize=False)
