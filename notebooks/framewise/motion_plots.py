"""Motion plots: draw series side by side, the flow of a head, and the spectrum of a pulse.

Notebook: 09_motion.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise.landmarks import GROUPS
from framewise.plots import BLUE, GREEN, ORANGE, plot_image
from framewise.pulse import Pulse
from framewise.swap_plots import crop_face

__all__ = ["plot_clips", "plot_curves", "plot_flow", "plot_maps", "plot_pulses"]

STYLES = [(BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), ("black", ":")]


def plot_curves(
    times: np.ndarray, curves: Mapping[str, np.ndarray], ylabel: str, *, top: float | None = None
) -> Figure:
    """Draw up to four series in one panel, each with its own colour and line style.

    Parameters
    ----------
    times : (T,) float, seconds
    curves : mapping of str to (T,) float
    ylabel : str
    top : float, optional
        The upper end of the axis.
    """
    figure, ax = plt.subplots(figsize=(9.5, 3.8))
    for (name, values), (colour, style) in zip(curves.items(), STYLES, strict=False):
        ax.plot(times, values, style, color=colour, lw=1.8, label=name)
    ax.set(xlabel="time (s)", ylabel=ylabel, xlim=(times[0], times[-1]))
    if top is not None:
        ax.set_ylim(0, top)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(curves))
    return figure


def plot_clips(measured: Mapping[str, Mapping[str, np.ndarray]], cues: Mapping[str, str]) -> Figure:
    """Draw each clip as a row: the median of a cue, and the range of the middle 80 % of frames.

    Parameters
    ----------
    measured : mapping of str to mapping of str to (T,) float
        For each clip, what `motion.measure` returns.
    cues : mapping of str to str
        The cues to draw, one panel each, with their units.
    """
    figure, axes = plt.subplots(
        1, len(cues), figsize=(9.5, 1 + 0.42 * len(measured)), sharey=True, squeeze=False
    )
    for ax, (cue, unit) in zip(axes[0], cues.items(), strict=True):
        for row, series in enumerate(measured.values()):
            low, middle, high = np.nanpercentile(series[cue], [10, 50, 90])
            ax.plot([low, high], [row, row], color=BLUE, lw=5, alpha=0.35, solid_capstyle="butt")
            ax.plot(middle, row, "o", color=BLUE, ms=8)
        ax.set(title=cue.replace("_", " "), xlabel=unit, xlim=(0, None))
        ax.set(yticks=range(len(measured)), yticklabels=measured, ylim=(len(measured) - 0.5, -0.5))
    return figure


def plot_flow(chip: np.ndarray, flows: Mapping[str, np.ndarray], *, longer: float = 10) -> Figure:
    """Draw flows as arrows on the chip that they were measured on.

    Parameters
    ----------
    chip : (S, S, 3) uint8 RGB
    flows : mapping of str to (S, S, 2) float
        In one unit, which is the same for all.
    longer : float
        The length of an arrow for one unit of the flow, in pixels of the chip.
    """
    at = np.arange(4, chip.shape[0] - 4, 8)
    figure, axes = plt.subplots(1, len(flows), figsize=(4.75 * len(flows), 5.1), squeeze=False)
    for ax, (title, flow) in zip(axes[0], flows.items(), strict=True):
        plot_image(chip, ax=ax, title=title).set_axis_off()
        across, down = np.moveaxis(longer * flow[np.ix_(at, at)], 2, 0)
        ax.quiver(
            at,
            at,
            across,
            down,
            color="#FFD24A",
            angles="xy",
            scale_units="xy",
            scale=1,
            width=4e-3,
        )
    return figure


def plot_maps(
    images: Sequence[np.ndarray],
    maps: Sequence[np.ndarray],
    points: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    limit: float = 1.0,
) -> Figure:
    """Show pictures in the upper row, and under each the map of its motion, all on one scale.

    Parameters
    ----------
    images : sequence of (S, S, 3) uint8 RGB
        The faces, cut out as by `swap_plots.crop_face`. Mark the fakes among them.
    maps : sequence of (H, W) float, per cent of the face's width
        What `headflow.motion_map` returns.
    points : sequence of (468, 2) float pixels
    titles : sequence of str
    limit : float
        The value at the upper end of the scale.
    """
    figure, axes = plt.subplots(2, len(images), figsize=(3.2 * len(images), 6.6), squeeze=False)
    for (above, below), image, speed, face, title in zip(
        axes.T, images, maps, points, titles, strict=True
    ):
        plot_image(image, ax=above, title=title).set_axis_off()
        part = np.dstack([speed, *np.mgrid[: speed.shape[0], : speed.shape[1]]])
        part = crop_face(part, face)
        corner = part[0, 0, 2], part[0, 0, 1]
        shown = below.imshow(part[..., 0], vmin=0, vmax=limit, cmap="magma")
        ring = face[[*GROUPS["outline"], GROUPS["outline"][0]]] - corner
        below.plot(*ring.T, color="white", lw=1, ls=":")
        below.set_axis_off()
    bar = figure.colorbar(shown, ax=axes[1], location="bottom", shrink=0.6, aspect=30)
    bar.set_label("speed compared with the middle of the face (% of its width per frame)")
    return figure


def plot_pulses(pulses: Mapping[str, Pulse]) -> Figure:
    """Draw the spectrum of each pulse in its own panel, and mark its highest peak.

    All panels have the same limits.

    Parameters
    ----------
    pulses : mapping of str to Pulse
    """
    figure, axes = plt.subplots(
        len(pulses),
        1,
        figsize=(9.5, 0.8 + 1.35 * len(pulses)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for ax, (name, found) in zip(axes[:, 0], pulses.items(), strict=True):
        ax.fill_between(found.frequencies, 1000 * found.power, color=BLUE, alpha=0.4)
        ax.axvline(found.per_minute, color=ORANGE, ls="--")
        ax.set_title(f"{name}: {found.per_minute:.0f} a minute", fontsize=12)
        ax.set_yticks([])
    axes[-1, 0].set_xlabel("beats a minute")
    return figure
