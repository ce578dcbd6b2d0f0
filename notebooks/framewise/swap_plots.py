"""Swap plots: draw triangles, meshes, and the strip along the outline of a face.

Notebook: 04_swap.ipynb
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from framewise import fakes, seams, swap
from framewise.landmarks import face_box
from framewise.plots import BLUE, GREEN, ORANGE, PINK, YELLOW, plot_image

__all__ = [
    "crop_face",
    "magnify",
    "plot_heights",
    "plot_meshes",
    "plot_one_triangle",
    "plot_pair",
    "plot_path",
    "plot_seams",
]

COLOURS = [BLUE, ORANGE, GREEN, PINK, YELLOW]
ALONG, ACROSS = 3, 6
"""How much `magnify` enlarges a strip along the outline and across it."""


def crop_face(image: np.ndarray, points: np.ndarray, *, room: float = 0.3) -> np.ndarray:
    """Cut out the square around a face; less than the square where the picture ends.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB, or (H, W)
    points : (468, 2) float pixels
    room : float
        Room above and below the face, as a share of the face's height.

    Returns
    -------
    (S, S, 3) uint8 RGB, or (S, S)
        A view of the picture, not a copy.
    """
    x0, y0, x1, y1 = face_box(points)
    half = round((0.5 + room) * float(y1 - y0))
    x, y = round(float(x0 + x1) / 2), round(float(y0 + y1) / 2)
    return image[max(y - half, 0) : y + half, max(x - half, 0) : x + half]


def plot_pair(image: np.ndarray, fake: np.ndarray, points: np.ndarray) -> Figure:
    """Show an untouched picture and a fake side by side, without saying which is which.

    The mark lies across the border between the two, so it does not tell which of them is the fake.

    Parameters
    ----------
    image, fake : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        The face in both pictures.
    """
    pair = np.hstack([crop_face(picture, points) for picture in (fake, image)])
    figure, ax = plt.subplots(figsize=(9.5, 5.1))
    plot_image(fakes.mark(pair), ax=ax).set_axis_off()
    for share, letter in ((0.25, "A"), (0.75, "B")):
        ax.text(share, 1.01, letter, transform=ax.transAxes, ha="center", fontsize=16)
    return figure


def plot_one_triangle(
    images: Sequence[np.ndarray], corners: Sequence[np.ndarray], titles: Sequence[str]
) -> Figure:
    """Draw a triangle with numbered corners into each picture; the last picture is a fake.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 RGB
        The last one is marked here.
    corners : sequence of (3, 2) float pixels
    titles : sequence of str
    """
    figure, axes = plt.subplots(1, len(images), figsize=(3.4 * len(images), 4))
    for ax, image, points, title in zip(axes, images, corners, titles, strict=True):
        x, y = np.rint(points.mean(0)).astype(int) - (110, 115)
        part, here = image[y : y + 240, x : x + 220], points - (x, y)
        plot_image(part if ax is not axes[-1] else fakes.mark(part), ax=ax, title=title)
        ax.set_axis_off()
        ax.plot(*np.vstack([here, here[:1]]).T, color=ORANGE, lw=2)
        for number, place in enumerate(here, 1):
            label = {"facecolor": "white", "edgecolor": ORANGE, "pad": 1.5}
            ax.text(*place, str(number), ha="center", va="center", fontsize=11, bbox=label)
    return figure


def plot_meshes(
    images: Sequence[np.ndarray], points: Sequence[np.ndarray], titles: Sequence[str]
) -> Figure:
    """Draw the mesh over each face, and fill five triangles with the same colours in each picture.

    Parameters
    ----------
    images : sequence of (H, W, 3) uint8 RGB
    points : sequence of (468, 2) float pixels
    titles : sequence of str
    """
    triangles = swap.mesh_triangles()
    size = [cv2.contourArea(np.float32(points[0][t])) for t in triangles]
    chosen = triangles[np.argsort(size)[-60::12]]  # large ones, which can be seen
    figure, axes = plt.subplots(1, len(images), figsize=(5 * len(images), 5.4))
    for ax, image, face, title in zip(axes, images, points, titles, strict=True):
        plot_image(image, ax=ax, title=title).set_axis_off()
        ax.triplot(*face.T, triangles, color="white", lw=0.5)
        for triangle, colour in zip(chosen, COLOURS, strict=True):
            ax.fill(*face[triangle].T, color=colour, ec="black", lw=1)
        x0, y0, x1, y1 = face_box(face)
        ax.set(xlim=(x0 - 15, x1 + 15), ylim=(y1 + 15, y0 - 15))
    return figure


def magnify(strip: np.ndarray) -> np.ndarray:
    """Enlarge a strip, more across the outline than along it, and add a band for a mark below it.

    Parameters
    ----------
    strip : (N, W, 3) uint8 RGB
        As `seams.unroll_outline` returns it.

    Returns
    -------
    (6 N + 26, 3 W, 3) uint8 RGB
    """
    large = cv2.resize(strip, None, fx=ALONG, fy=ACROSS, interpolation=cv2.INTER_NEAREST)
    band = 26  # pixels
    return cv2.copyMakeBorder(large, 0, band, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))


def plot_seams(image: np.ndarray, swapped: Mapping[str, np.ndarray], points: np.ndarray) -> Figure:
    """Show a face, the strip along its outline, and the steps across it: one row for each picture.

    The first row shows the untouched picture. Its curve is drawn in grey in every row.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
        The untouched picture.
    swapped : mapping of str to (H, W, 3) uint8 RGB
        Fakes made from it, by name. They are marked here.
    points : (468, 2) float pixels
        The face in all of these pictures.
    """
    rows = {"untouched": image, **swapped}
    strips = {name: seams.unroll_outline(picture, points) for name, picture in rows.items()}
    curves = {name: seams.edge_steps(strip) for name, strip in strips.items()}
    reach = len(curves["untouched"]) // 2
    at = np.arange(-reach, reach) + 0.5
    figure, axes = plt.subplots(
        len(rows), 3, figsize=(11, 1.95 * len(rows)), width_ratios=[1, 3, 1.5], squeeze=False
    )
    for row, (name, picture) in zip(axes, rows.items(), strict=True):
        shown = [crop_face(picture, points, room=0.15), magnify(strips[name])]
        for ax, part in zip(row, shown, strict=False):
            part = fakes.mark(part) if name in swapped else part
            plot_image(part, ax=ax).set_axis_off()
        row[1].set_title(name, loc="left")
        row[1].axhline(ACROSS * (reach + 0.5), color="white", lw=1, ls=":")
        row[2].plot(at, curves["untouched"], color="0.6", lw=4)
        row[2].plot(at, curves[name], color="black", lw=1.5)
        row[2].set(ylim=(0, 1.05 * max(map(max, curves.values()))), ylabel="step")
        row[2].axvline(0, color="0.3", lw=1, ls=":")
    axes[-1, 2].set_xlabel("outside  -  px from outline  -  inside")
    return figure


def plot_path(
    paths: Mapping[str, np.ndarray], *, fps: float = 25, ylabel: str = "y (px)"
) -> Figure:
    """Draw one coordinate of a point over time, with up to three curves in one panel.

    Parameters
    ----------
    paths : mapping of str to (T,) float pixels
        The curves by name, at most three.
    fps : float
        Frames per second.
    ylabel : str

    Raises
    ------
    ValueError
        There are more than three curves.
    """
    styles = [("0.55", "-", 3), (BLUE, "-", 1.8), (ORANGE, "--", 1.8)]
    if len(paths) > len(styles):
        raise ValueError(
            f"paths: expected at most {len(styles)} curves, which can still be told apart, got "
            f"{len(paths)}. Draw the others in a second figure."
        )
    figure, ax = plt.subplots(figsize=(9.5, 3.8))
    for (name, values), (colour, style, width) in zip(paths.items(), styles, strict=False):
        ax.plot(np.arange(len(values)) / fps, values, color=colour, ls=style, lw=width, label=name)
    ax.set(xlabel="time (s)", ylabel=ylabel)
    ax.legend(loc="best")
    return figure


def plot_heights(heights: Mapping[tuple[str, str], Sequence[float]]) -> Figure:
    """Draw every frame's highest step: one column for each state, one shape for each person.

    Parameters
    ----------
    heights : mapping of (person, state) to sequence of float, grey levels
        The highest step of each frame, for keys such as ("Ana", "untouched"), of at most five
        people.

    Raises
    ------
    ValueError
        There are more than five people.
    """
    people = list(dict.fromkeys(person for person, _ in heights))
    if len(people) > len(COLOURS):
        raise ValueError(
            f"heights: expected at most {len(COLOURS)} people, one colour for each, got "
            f"{len(people)}. Draw the others in a second figure."
        )
    states = list(dict.fromkeys(state for _, state in heights))
    figure, ax = plt.subplots(figsize=(9.5, 4.8))
    for (person, state), values in heights.items():
        k = people.index(person)
        x = states.index(state) + 0.14 * (k - (len(people) - 1) / 2)
        label = person if state == states[0] else None
        ax.plot([x] * len(values), values, "o^sDv"[k], color=COLOURS[k], alpha=0.6, label=label)
    ax.set(xticks=range(len(states)), xticklabels=states, xlim=(-0.5, len(states) - 0.5))
    ax.set(ylabel="highest step (grey levels)", ylim=(0, None))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(people))
    return figure
