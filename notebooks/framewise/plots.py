"""Plots: draw pictures, boxes, landmarks and series the same way in every notebook.

Importing this module sets the course's plot style (course.mplstyle).

Public: BLUE, ORANGE, GREEN, PINK, YELLOW, KINDS, show_images, plot_image, plot_boxes,
plot_landmarks, plot_series, plot_eye_opening, plot_blink_statistics, show.
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

from framewise import blinks, rates
from framewise.landmarks import GROUPS

BLUE, ORANGE, GREEN, PINK, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"

KINDS = {"blink": ORANGE, "wink": GREEN, "closure": PINK}
"""The colour of each kind of `blinks.Blink`."""

plt.style.use(Path(__file__).with_name("course.mplstyle"))


def plot_image(image: np.ndarray, *, ax: Axes | None = None, title: str = "") -> Axes:
    """Show an image, (H, W, 3) uint8 RGB or (H, W), with its pixel coordinates."""
    ax = ax or plt.subplots()[1]
    ax.imshow(image, cmap=None if image.ndim == 3 else "gray")
    ax.set(title=title, xlabel="x (px)", ylabel="y (px)")
    ax.grid(False)
    return ax


def show_images(
    images: Sequence[np.ndarray], titles: Sequence[str] = (), *, height: float = 3.2
) -> Figure:
    """Show images side by side at one height (inches), each with its title."""
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
    """Draw boxes, (N, 4) xyxy pixels, with a label each if given."""
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
    """Draw landmarks, (468, 2) pixels, as dots; named groups of GROUPS as lines over them."""
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
    """Draw a series over a clip: (T,) against (T,) seconds, frame numbers on top, NaN as gaps.

    `first_frame` is the number of the first one, where the series starts inside a clip.
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


def plot_eye_opening(
    times: np.ndarray,
    opening: np.ndarray,
    found: Sequence[blinks.Blink] = (),
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw how far the eyes are open over a clip, with what was found in it.

    Parameters
    ----------
    times : (T,) float, seconds
    opening : (T, 2) float
        See `blinks.eye_opening`. The line is the mean of both eyes, with gaps where it is NaN. The
        dashed line is the open level. The dotted line is the share of it below which eyes count as
        shut.
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
