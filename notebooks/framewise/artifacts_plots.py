"""Artifacts plots: draw regions, maps and numbers of the traces in one picture.

Notebook: 08_artifacts.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise import artifacts, edges, eyes_and_teeth, fakes, regions, seams
from framewise.plots import BLUE, GREEN, ORANGE, PINK, YELLOW, plot_image
from framewise.regions import Trace

__all__ = [
    "crop_marked",
    "plot_depths",
    "plot_eyes",
    "plot_light",
    "plot_regions",
    "plot_shares",
    "plot_traces",
    "plot_values",
]

SHAPES = "osD^vPX*"
COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW, "#56B4E9", "black", "0.5")
STYLES = ("-", "--", "-.", ":")


def crop_marked(
    image: np.ndarray, points: np.ndarray, *, made: bool = False, height: int = 240
) -> np.ndarray:
    """Cut out head and neck, scale them to a given height, and mark the picture if it is a fake.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    made : bool
        True for a fake: it gets the mark of `fakes.mark`.
    height : int, pixels

    Returns
    -------
    (height, w, 3) uint8 RGB
    """
    part, _, _ = regions.crop(image, points)
    size = round(part.shape[1] * height / part.shape[0]), height
    part = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)
    return fakes.mark(part) if made else part


def plot_regions(image: np.ndarray, points: np.ndarray) -> Figure:
    """Show a face, its inner face and neck, and the pixels that cannot be used.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    """
    part, points, _ = regions.crop(image, points)
    areas = {
        "inner face": regions.inner_face(points, part.shape[1::-1]),
        "neck": regions.other_skin(part, points),
        "too dark or clipped": ~regions.usable(part),
    }
    figure, axes = plt.subplots(1, 4, figsize=(9.5, 3.4))
    plot_image(part, ax=axes[0], title="picture").set_axis_off()
    for ax, (name, area), colour in zip(axes[1:], areas.items(), COLOURS, strict=False):
        plot_image(part // 2 + 127, ax=ax, title=name).set_axis_off()
        shown = np.zeros((*area.shape, 4))
        shown[area] = plt.matplotlib.colors.to_rgba(colour, 0.75)
        ax.imshow(shown)
    return figure


def plot_traces(
    faces: Mapping[str, tuple[np.ndarray, np.ndarray]],
    traces: Mapping[str, Trace],
    *,
    unit: str,
    made: Sequence[str] = (),
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Show pictures, and below each one its map. All maps share their colours and limits.

    Parameters
    ----------
    faces : mapping of str to (image, points)
        (H, W, 3) uint8 RGB and (468, 2) float pixels.
    traces : mapping of str to Trace
        One for each of the faces.
    unit : str
        What the colours mean.
    made : sequence of str
        The names of the fakes, which are marked.
    limits : (float, float), optional
        The values of the darkest and the brightest colour; by default the 2nd and the 98th
        percentile of all maps.
    """
    known = np.concatenate([trace.map[trace.mask] for trace in traces.values()])
    low, high = limits or (np.percentile(known, (2, 98)) if len(known) else (0, 1))
    figure, axes = plt.subplots(2, len(faces), figsize=(2.2 * len(faces) + 0.6, 5.6), squeeze=False)
    for column, (name, (image, points)) in zip(axes.T, faces.items(), strict=True):
        _, _, where = regions.crop(image, points)
        value = traces[name].value
        shown = crop_marked(image, points, made=name in made)
        plot_image(shown, ax=column[0], title=name).set_axis_off()
        grey = cv2.cvtColor(image[where], cv2.COLOR_RGB2GRAY) // 2 + 110
        column[1].imshow(grey, cmap="gray", vmin=0, vmax=255)
        drawn = column[1].imshow(traces[name].map[where], vmin=low, vmax=high)
        column[1].set_title("no value" if np.isnan(value) else f"value {value:.2f}")
        column[1].set_axis_off()
    figure.colorbar(drawn, ax=axes[1, :].tolist(), label=unit, shrink=0.9)
    return figure


def plot_values(
    values: Mapping[str, Sequence[float]], *, unit: str, threshold: float | None = None
) -> Figure:
    """Draw numbers as dots, one row for each name, from top to bottom. A bar marks the median.

    Parameters
    ----------
    values : mapping of str to sequence of float
        NaN is not drawn. A row without numbers says "cannot be measured".
    unit : str
        The label of the axis.
    threshold : float, optional
        It is drawn as a dashed line.
    """
    figure, ax = plt.subplots(figsize=(9.5, 1.1 + 0.42 * len(values)))
    for row, numbers in enumerate(values.values()):
        known = np.asarray(numbers, float)
        known = known[np.isfinite(known)]
        ax.plot(known, np.full(len(known), row), "o", color=BLUE, alpha=0.5, ms=8)
        if len(known):
            ax.plot(np.median(known), row, "|", color="black", ms=18, mew=2.5)
        else:
            ax.text(0.5, row, "cannot be measured", transform=ax.get_yaxis_transform(), va="center")
    if threshold is not None:
        ax.axvline(threshold, color="black", ls="--", lw=1.5)
    ax.set(yticks=range(len(values)), yticklabels=list(values), xlabel=unit)
    ax.set_ylim(len(values) - 0.5, -0.5)
    return figure


def plot_depths(faces: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw the median of `edges.step_ratios` at each depth, one curve for each picture.

    `artifacts.seam` takes the highest value in the grey band. The dotted line is the outline.

    Parameters
    ----------
    faces : mapping of str to (image, points)
        (H, W, 3) uint8 RGB and (468, 2) float pixels.
    """
    figure, ax = plt.subplots(figsize=(9, 4))
    for k, (name, (image, points)) in enumerate(faces.items()):
        strip = seams.unroll_outline(image, points, reach=0.2, count=edges.BLOCKS * 20)
        ratios, depth = edges.step_ratios(strip, regions.face_width(points))
        curve, near = np.median(ratios, axis=1), (depth > -0.1) & (depth < 0.16)
        style = {"color": COLOURS[k], "ls": STYLES[k % len(STYLES)]}
        ax.plot(depth[near], curve[near], label=name, **style)
    ax.axvspan(0.01, 0.11, color="0.93", zorder=0)
    ax.axvline(0, color="0.3", lw=1, ls=":")
    ax.set(xlabel="outside  -  depth / width of the face  -  inside", ylabel="step / neighbours")
    ax.set_ylim(0, None)
    ax.legend(loc="upper right")
    return figure


def plot_light(
    faces: Mapping[str, tuple[np.ndarray, np.ndarray]], *, made: Sequence[str] = ()
) -> Figure:
    """Show pictures, and below each one how the light changes over its face and its neck.

    Parameters
    ----------
    faces : mapping of str to (image, points)
        (H, W, 3) uint8 RGB and (468, 2) float pixels.
    made : sequence of str
        The names of the fakes, which are marked.
    """
    figure, axes = plt.subplots(
        2, len(faces), figsize=(3.1 * len(faces), 6), sharey="row", squeeze=False
    )
    for column, (name, (image, points)) in zip(axes.T, faces.items(), strict=True):
        shown = crop_marked(image, points, made=name in made)
        plot_image(shown, ax=column[0], title=name).set_axis_off()
        trace = artifacts.light_gap(image, points)
        part, near, where = regions.crop(image, points)
        areas = {"face": regions.inner_face(near, part.shape[1::-1])}
        areas["neck"] = regions.other_skin(part, near) & ~areas["face"]
        for (area, mask), colour, style in zip(areas.items(), (BLUE, ORANGE), "-:", strict=True):
            at, light = _profile(trace.map[where], mask, near)
            column[1].plot(at, light, style, color=colour, lw=3, label=area)
        column[1].set(title=f"value {trace.value:.2f}", xlabel="left  -  right", xlim=(-0.5, 0.5))
    axes[1, 0].set_ylabel("light (stops)")
    axes[1, 0].legend(loc="lower left")
    return figure


def _profile(
    stops: np.ndarray, area: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean light of an area in steps from left to right."""
    rows, columns = np.nonzero(area & np.isfinite(stops))
    right = (points[263] - points[33]) / np.linalg.norm(points[263] - points[33])
    middle, width = (points[454] + points[234]) / 2, regions.face_width(points)
    at = ((columns - middle[0]) * right[0] + (rows - middle[1]) * right[1]) / width
    bins = np.linspace(-0.5, 0.5, 21)
    which = np.digitize(at, bins)
    light = stops[rows, columns]
    known = [k for k in range(1, len(bins)) if (which == k).sum() > 20]
    means = np.array([light[which == k].mean() for k in known])
    return (bins[known] + bins[np.array(known) - 1]) / 2, means


def plot_eyes(
    faces: Mapping[str, tuple[np.ndarray, np.ndarray]], *, made: Sequence[str] = ()
) -> Figure:
    """Show both eyes of each face as `eyes_and_teeth.cut_eye` cuts them out, with the value.

    Parameters
    ----------
    faces : mapping of str to (image, points)
        (H, W, 3) uint8 RGB and (468, 2) float pixels.
    made : sequence of str
        The names of the fakes, which are marked.
    """
    figure, axes = plt.subplots(1, len(faces), figsize=(1.9 * len(faces), 3.3), squeeze=False)
    for ax, (name, (image, points)) in zip(axes[0], faces.items(), strict=True):
        pair = [eyes_and_teeth.cut_eye(image, points, side)[0] for side in (0, 1)]
        shown = cv2.resize(np.vstack(pair), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        shown[shown.shape[0] // 2 - 2 : shown.shape[0] // 2 + 2] = 255
        value = artifacts.eye_difference(image, points).value
        plot_image(fakes.mark(shown) if name in made else shown, ax=ax)
        ax.set_title(f"{name}\nvalue {value:.2f}")
        ax.set_axis_off()
    return figure


def plot_shares(shares: Mapping[str, Mapping[str, float]], *, title: str = "") -> Figure:
    """Draw a table of shares: a row for each cue, a column for each kind of picture.

    Parameters
    ----------
    shares : mapping of str to mapping of str to float
        For each cue and each kind the share of the pictures above the threshold, 0 to 1; NaN if
        the cue could not be measured.
    title : str
    """
    rows, columns = list(shares), list(next(iter(shares.values())))
    table = np.array([[shares[row][column] for column in columns] for row in rows])
    size = 2.6 + 1.25 * len(columns), 1.6 + 0.5 * len(rows)
    figure, ax = plt.subplots(figsize=size)
    ax.imshow(table, cmap="Blues", vmin=0, vmax=1.4, aspect="auto")
    for (row, column), share in np.ndenumerate(table):
        words = "-" if np.isnan(share) else f"{share:.0%}"
        ax.text(column, row, words, ha="center", va="center", fontsize=13)
    ax.set(xticks=range(len(columns)), yticks=range(len(rows)), title=title)
    ax.set_xticklabels(columns, fontsize=12)
    ax.set_yticklabels(rows, fontsize=12)
    ax.grid(False)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    return figure
