"""Plots of spectra: stripes and their dots, curves over the frequency, and maps beside pictures.

Notebook: 08b_frequencies.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from framewise import fakes, spectra
from framewise.plots import BLUE, GREEN, ORANGE, PINK, plot_image

__all__ = ["plot_maps", "plot_peaks", "plot_rings", "plot_spectra", "plot_values"]

STYLES = [(BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PINK, ":"), ("black", "-")]


def plot_spectra(pictures: Mapping[str, np.ndarray], *, marked: Sequence[str] = ()) -> Figure:
    """Show pictures, and below each its log spectrum. All spectra share one scale of colours.

    Each point of a spectrum is drawn three points wide, so that single dots can be seen.

    Parameters
    ----------
    pictures : mapping of str to (H, W, 3) uint8 RGB or (H, W) grey levels
    marked : sequence of str
        The names of the pictures that are fakes. They are shown with the mark.
    """
    size = 3.3 * len(pictures) + 1.2, 7.2
    figure, axes = plt.subplots(2, len(pictures), figsize=size, squeeze=False)
    found = [spectra.log_spectrum(spectra.make_grey(picture)) for picture in pictures.values()]
    least, most = np.percentile(np.concatenate([s.ravel() for s in found]), [5, 100])
    for (top, below), (name, picture), spectrum in zip(
        axes.T, pictures.items(), found, strict=True
    ):
        _show(picture, top, name, name in marked)
        wide = cv2.dilate(spectrum, np.ones((3, 3)))
        drawn = below.imshow(
            wide, vmin=least, vmax=most, extent=(-0.5, 0.5, 0.5, -0.5), cmap="magma"
        )
        below.set(xticks=[-0.5, 0, 0.5], yticks=[-0.5, 0, 0.5], xlabel="across (cycles/px)")
        below.grid(False)
    axes[1, 0].set_ylabel("down (cycles/px)")
    figure.colorbar(drawn, ax=axes, label="log10 of power", shrink=0.5)
    return figure


def _show(picture: np.ndarray, ax: Axes, title: str, is_marked: bool) -> None:
    if picture.ndim == 2:
        picture = np.uint8(np.clip(picture, 0, 255))[..., None].repeat(3, axis=2)
    plot_image(fakes.mark(picture) if is_marked else picture, ax=ax, title=title).set_axis_off()


def plot_rings(pictures: Mapping[str, np.ndarray]) -> Figure:
    """Draw the ring spectrum of each picture, up to five curves in one panel.

    Parameters
    ----------
    pictures : mapping of str to (H, W, 3) uint8 RGB or (H, W) grey levels
    """
    figure, ax = plt.subplots(figsize=(9, 4.4))
    for (name, picture), (colour, style) in zip(pictures.items(), STYLES, strict=False):
        frequency, strength = spectra.ring_spectrum(spectra.make_grey(picture))
        ax.plot(frequency, strength, style, color=colour, label=name)
    ax.set(xlabel="frequency (cycles per pixel)", ylabel="log10 of power", xlim=(0, 0.5))
    ax.legend()
    return figure


def plot_peaks(curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draw curves over the frequency, one panel each, all with the same limits.

    Dotted lines mark the multiples of 1/8, where blocks of 8 pixels make peaks.

    Parameters
    ----------
    curves : mapping of str to (frequency, strength)
        As `upsampling.bend_spectrum` returns them.
    """
    figure, axes = plt.subplots(
        len(curves), 1, figsize=(9, 1.9 * len(curves) + 0.6), sharex=True, sharey=True
    )
    highest = 0.0
    for ax, (name, (frequency, strength)) in zip(np.atleast_1d(axes), curves.items(), strict=True):
        used = frequency > 0.05
        ax.plot(frequency[used], strength[used], color=BLUE, lw=1.2)
        highest = max(highest, strength[used].max())
        for k in range(1, 5):
            ax.axvline(k / 8, color="0.5", lw=1, ls=":")
        ax.set_title(name)
        ax.set(xlim=(0.05, 0.5), ylabel="strength")
    ax.set(ylim=(0, 1.05 * highest), xlabel="frequency (cycles per pixel)")
    return figure


def plot_maps(
    pictures: Mapping[str, np.ndarray],
    maps: Mapping[str, Sequence[np.ndarray]],
    titles: Sequence[str],
    *,
    marked: Sequence[str] = (),
    label: str = "",
) -> Figure:
    """Show a row for each picture: the picture, then its maps. All maps share one scale of colours.

    The maps are smoothed over 5 x 5 pixels, so that they can be read on a projector. Places where a
    map says nothing are white.

    Parameters
    ----------
    pictures : mapping of str to (H, W, 3) uint8 RGB
    maps : mapping of str to sequence of M maps, each (H, W) float
        For each picture.
    titles : sequence of M str
    marked : sequence of str
        The names of the pictures that are fakes. They are shown with the mark.
    label : str
        What the colours mean.
    """
    ratio = np.mean([p.shape[1] / p.shape[0] for p in pictures.values()])
    height = min(2.9, 11.5 / (ratio * (len(titles) + 1)))
    size = (height * ratio * (len(titles) + 1) + 1.3, (height + 0.4) * len(pictures))
    figure, axes = plt.subplots(len(pictures), len(titles) + 1, figsize=size, squeeze=False)
    smooth = {name: [_smooth(m) for m in maps[name]] for name in pictures}
    least, most = np.nanpercentile(np.concatenate([np.ravel(m) for m in smooth.values()]), [1, 99])
    for row, (name, picture) in zip(axes, pictures.items(), strict=True):
        _show(picture, row[0], name, name in marked)
        for ax, shown, title in zip(row[1:], smooth[name], titles, strict=True):
            drawn = ax.imshow(shown, vmin=least, vmax=most, cmap="inferno")
            ax.set_title(title)
            ax.set_axis_off()
    figure.colorbar(drawn, ax=axes, label=label, shrink=0.9, pad=0.01)
    return figure


def _smooth(values: np.ndarray, side: int = 5) -> np.ndarray:
    """Return the mean over squares of this side; NaN stays NaN, and spreads to no other place."""
    known = np.isfinite(values)
    total = cv2.blur(np.where(known, values, 0).astype(np.float32), (side, side))
    share = cv2.blur(known.astype(np.float32), (side, side))
    return np.where(known, total / np.maximum(share, 1e-6), np.nan)


def plot_values(
    groups: Mapping[str, Mapping[str, Sequence[float]]], xlabel: str, *, limit: float | None = None
) -> Figure:
    """Draw one row for each clip, with a dot for each frame and a bar at their median.

    Parameters
    ----------
    groups : mapping of str to mapping of str to sequence of float
        For each kind of clip (such as "untouched"), the values of the frames by the clip's name.
    xlabel : str
    limit : float, optional
        Where to draw a dotted line.
    """
    rows = [(kind, name, v) for kind, clips in groups.items() for name, v in clips.items()]
    figure, ax = plt.subplots(figsize=(9, 0.42 * len(rows) + 1.4))
    kinds = list(groups)
    for y, (kind, _, values) in enumerate(rows):
        colour, marker = STYLES[kinds.index(kind)][0], "o^sD"[kinds.index(kind)]
        label = kind if y == next(i for i, row in enumerate(rows) if row[0] == kind) else None
        ax.plot(values, [y] * len(values), marker, color=colour, alpha=0.6, label=label)
        ax.plot(np.nanmedian(values), y, "|", color="black", ms=18, mew=2)
    if limit is not None:
        ax.axvline(limit, color="0.3", ls=":")
    ax.set(yticks=range(len(rows)), yticklabels=[name for _, name, _ in rows], xlabel=xlabel)
    ax.invert_yaxis()
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(kinds))
    return figure
