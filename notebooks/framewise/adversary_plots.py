"""Adversary plots: draw a generator and a discriminator at work, and the rounds of an arms race.

Notebook: 06_adversary.ipynb
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise import adversary, arms_race, fakes, plots
from framewise.adversary import Gan
from framewise.plots import BLUE, GREEN, ORANGE

__all__ = [
    "EDGES",
    "draw_line_game",
    "look",
    "plot_line_games",
    "plot_rounds",
    "plot_training",
    "sheet",
    "show_sheets",
]

EDGES = np.linspace(-4, 4, 41)
"""The edges of the bins in which `plot_line_games` counts samples."""


def look(gan: Gan, title: str = "") -> tuple[str, np.ndarray, np.ndarray]:
    """Return the title, the samples and the D of a pair of networks, for `plot_line_games` to draw.

    Parameters
    ----------
    gan : Gan
        Its samples have one number each.
    title : str
        By default the number of the step.

    Returns
    -------
    title : str
    samples : (2000,) float
    chance : (40,) float
        D at the middle of each bin.
    """
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    chance = adversary.sigmoid(adversary.score(gan, middle[:, None]))
    return title or f"step {len(gan.steps)}", adversary.generate(gan, 2000)[:, 0], chance


def plot_line_games(
    games: Sequence[tuple[str, np.ndarray, np.ndarray]],
    data: np.ndarray,
    *,
    best: bool = False,
) -> Figure:
    """Draw data and samples as bars, and the discriminator's D as a line over them.

    Parameters
    ----------
    games : sequence of (title, samples (N,), D (40,))
        As `look` returns them, an even number of them. D is at the middle of each bin.
    data : (M, 1) float
    best : bool
        Also draw the best possible D, from the densities in the bins.
    """
    rows = len(games) // 2
    figure, axes = plt.subplots(rows, 2, figsize=(9.5, 3.4 * rows), sharey=True, squeeze=False)
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    dense, _ = np.histogram(data, EDGES, density=True)
    for ax, (title, samples, chance) in zip(axes.flat, games, strict=True):
        made, _ = np.histogram(samples, EDGES, density=True)
        ax.bar(middle, dense, 0.2, color=BLUE, alpha=0.45, label="data")
        ax.bar(middle, made, 0.2, fill=False, ec=ORANGE, hatch="////", lw=0, label="samples")
        ax.stairs(made, EDGES, color=ORANGE, lw=1.5)
        ax.plot(middle, chance, color="black", lw=2, label="D")
        if best:
            goal = adversary.best_discriminator(dense, made)
            ax.plot(middle, goal, "o", color=GREEN, ms=4, label="best D")
        ax.set(title=title, ylim=(0, 1.3), xlim=(-4, 4))
    for row in axes:
        row[0].set_ylabel("density, and D")
    for ax in axes[-1]:
        ax.set_xlabel("value")
    axes[0, 0].legend(loc="upper left", fontsize=11)
    return figure


def plot_training(gan: Gan, *, smooth: int = 50) -> Figure:
    """Draw both losses and the accuracy over the steps.

    Dotted lines show the values for a discriminator that cannot decide: its D is 0.5 everywhere.

    Parameters
    ----------
    gan : Gan
        Trained for at least one step.
    smooth : int
        How many steps are averaged for each point of a line.
    """
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.6))
    values = np.array(gan.steps)
    smooth = max(1, min(smooth, len(values)))
    means = [np.convolve(column, np.full(smooth, 1 / smooth), "valid") for column in values.T]
    steps = np.arange(len(means[0])) + smooth
    axes[0].plot(steps, means[0], color=BLUE, label="discriminator")
    axes[0].plot(steps, means[1], "--", color=ORANGE, label="generator")
    for level in (2 * np.log(2), np.log(2)):
        axes[0].axhline(level, color="grey", lw=1, ls=":")
    axes[0].set(xlabel="step", ylabel="loss", ylim=(0, max(2, np.max(means[:2]) * 1.05)))
    axes[0].legend(loc="upper right")
    axes[1].plot(steps, means[2], color="black")
    axes[1].axhline(0.5, color="grey", lw=1, ls=":")
    axes[1].set(xlabel="step", ylabel="accuracy of the discriminator", ylim=(0.4, 1.02))
    return figure


def sheet(rows: np.ndarray, count: int = 10, *, made: bool = True, factor: int = 8) -> np.ndarray:
    """Put square grey pictures side by side into one picture, with a mark if a generator made them.

    Parameters
    ----------
    rows : (N, P) float
        The pixels of each picture, from -1 (black) to 1 (white).
    count : int
        How many of them are shown.
    made : bool
        Whether they come from a generator.
    factor : int
        By what factor the width and the height of each picture are enlarged.

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    side = round(np.sqrt(rows.shape[1]))
    grey = np.clip(np.rint((rows[:count] + 1) * 127.5), 0, 255).astype(np.uint8)
    tiles = [plots.enlarge(row.reshape(side, side), factor) for row in grey]
    image = np.repeat(np.hstack(tiles)[..., None], 3, axis=2)
    return fakes.mark(image) if made else image


def draw_line_game(gan: Gan, data: np.ndarray, *, size_wh: tuple[int, int] = (640, 260)) -> str:
    """Draw data, samples and D as an SVG picture. This is faster than a Matplotlib figure.

    Parameters
    ----------
    gan : Gan
        Its samples have one number each.
    data : (M, 1) float
    size_wh : two ints, pixels
        Size of the drawing, without the numbers below it.

    Returns
    -------
    str
        The element <svg>.
    """
    width, height = size_wh
    middle = (EDGES[1:] + EDGES[:-1]) / 2
    step, scale = width / len(middle), height / 1.3
    dense, _ = np.histogram(data, EDGES, density=True)
    _, samples, chance = look(gan)
    made, _ = np.histogram(samples, EDGES, density=True)
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{height - value * scale:.1f}" width="{step - 1:.1f}" '
        f'height="{value * scale:.1f}" fill="#9dc6e3"/>'
        for i, value in enumerate(dense)
    )
    outline = " ".join(
        f"{x:.1f},{height - min(value, 1.3) * scale:.1f}"
        for i, value in enumerate(made)
        for x in (i * step, (i + 1) * step)
    )
    line = " ".join(
        f"{(i + 0.5) * step:.1f},{height - value * scale:.1f}" for i, value in enumerate(chance)
    )
    words = f"Step {len(gan.steps)}. Filled: data. Orange: samples. Black: D."
    scale_marks = "".join(
        f'<text x="{(value + 4) * width / 8:.0f}" y="{height + 18}" font-size="14" '
        f'text-anchor="middle">{value}</text>'
        for value in (-2, 0, 2)
    )
    half = f'<path d="M0 {height - scale / 2:.0f}H{width}" stroke="grey" stroke-dasharray="4"/>'
    return (
        f'<svg viewBox="0 0 {width} {height + 24}" width="{width}" style="max-width:100%;'
        f'background:white" role="img" aria-label="{words}">{half}{bars}{scale_marks}'
        f'<polyline points="{outline}" fill="none" stroke="{ORANGE}" stroke-width="2"/>'
        f'<polyline points="{line}" fill="none" stroke="black" stroke-width="3"/></svg>'
    )


def show_sheets(sheets: Sequence[np.ndarray], titles: Sequence[str]) -> Figure:
    """Show pictures one below the other, each with its title.

    Parameters
    ----------
    sheets : sequence of (H, W, 3) uint8 RGB
    titles : sequence of str
    """
    height = 10 * sheets[0].shape[0] / sheets[0].shape[1]
    figure, axes = plt.subplots(
        len(sheets), 1, figsize=(10, len(sheets) * (height + 0.3)), squeeze=False
    )
    for ax, image, title in zip(axes[:, 0], sheets, titles, strict=True):
        plots.plot_image(image, ax=ax, title=title).set_axis_off()
    return figure


def plot_rounds(found: np.ndarray, *, blocks: int = 8) -> Figure:
    """Draw the share of each generation of fakes that the old and the retrained detector found.

    Parameters
    ----------
    found : (detectors, generations) float
        The share of fakes of each generation that each detector found, 0 to 1. Detector i was
        trained with generation i.
    blocks : int
        How many independent tests the frames count as, for the Wilson interval.
    """
    figure, ax = plt.subplots(figsize=(9, 4.2))
    detectors, generations = found.shape
    path = []
    for generation in range(generations):
        for detector, step in ((generation - 1, -0.16), (generation, 0.16)):
            if not 0 <= detector < detectors:
                continue
            share, old = found[detector, generation], step < 0
            low, high = arms_race.share_interval(share * blocks, blocks)
            x, colour = generation + 1 + step, ORANGE if old else BLUE
            ax.plot([x, x], [low, high], color=colour, lw=2)
            ax.plot(x, share, "v" if old else "o", color=colour, ms=11, zorder=3)
            path.append((x, share))
    ax.plot(*np.transpose(path), color="grey", lw=1)
    for mark, colour, name in (("v", ORANGE, "old detector"), ("o", BLUE, "new detector")):
        ax.plot([], [], mark, color=colour, ms=11, label=name)
    ax.set(xticks=range(1, generations + 1), xlim=(0.5, generations + 0.5), ylim=(-0.05, 1.05))
    ax.set_xlabel("generation of fakes")
    ax.set_ylabel("share of fakes found")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
