"""Detection plots: the pictures and the figures of the lesson about face detectors.

Notebook: 01_detection.ipynb
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from framewise import detection, plots, samples
from framewise.workbench import models, places

__all__ = [
    "count_stages",
    "draw_three_dots",
    "look_once",
    "make_call",
    "plot_anchors",
    "plot_found",
    "plot_stages",
    "plot_strongest",
    "shuffle_blocks",
    "turn",
]

FILE = "haarcascade_frontalface_default.xml"
STAGE = "<_>\n      <maxWeakCount>"
"""What every stage of OpenCV's file begins with."""

ROWS = {0: 240, 240: 160, 400: 120, 520: 80, 600: 40}
"""Where the rows of the call begin, and the side of their tiles, pixels."""


def count_stages(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count how many windows of a picture are left after each stage of OpenCV's cascade.

    The file of the cascade is cut off after each stage in turn.

    Parameters
    ----------
    grey : (H, W) uint8

    Returns
    -------
    left : (S + 1,) int
        The number of all windows, then the number of windows left after each stage.
    questions : (S,) int
        How many questions each stage asks.
    """
    text = Path(cv2.data.haarcascades, FILE).read_text(encoding="utf-8")
    body, rectangles = text.split("</stages>")
    head, *stages = body.split(STAGE)
    questions = np.array([int(stage.split("<")[0]) for stage in stages])
    all_pass = stages[0].replace("<stageThreshold>-5", "<stageThreshold>-1000")
    left = []
    for last in range(len(stages) + 1):
        shorter = STAGE.join([head, all_pass, *stages[:last]]) + "</stages>" + rectangles
        file = cv2.FileStorage(shorter, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        cascade = cv2.CascadeClassifier()
        cascade.read(file.getFirstTopLevelNode())
        left.append(len(cascade.detectMultiScale(grey, 1.1, 0)))
    return np.array(left), questions


def plot_stages(left: np.ndarray) -> Axes:
    """Draw how many windows are left after each stage; the vertical scale is logarithmic.

    Parameters
    ----------
    left : (S + 1,) int
        From `count_stages`.
    """
    ax = plt.subplots(figsize=(9, 3.5))[1]
    ax.semilogy(left, "o-")
    ax.set(xlabel="stage (0 is the beginning)", ylabel="windows that are left", ylim=(50, 1e6))
    for stage in (0, 1, len(left) - 1):
        ax.annotate(f"{left[stage]:,}", (stage, left[stage]), (4, 8), textcoords="offset points")
    return ax


def plot_strongest(
    pictures: Sequence[np.ndarray], answers: Sequence[np.ndarray], *, size_wh: tuple[int, int]
) -> Figure:
    """Draw where the answer to a question about rectangles is strongest, and all the answers.

    Parameters
    ----------
    pictures : sequence of (H, W) uint8
    answers : sequence of (h, w) int
        One answer for each place of the window's top left corner.
    size_wh : (int, int)
        Width and height of the window, pixels.
    """
    both = [image for pair in zip(pictures, answers, strict=True) for image in pair]
    titles = ["picture", "all answers"] * len(pictures)
    figure, axes = plt.subplots(1, len(both), figsize=(9, 2.8))
    for ax, image, title in zip(axes, both, titles, strict=True):
        plots.plot_image(image, ax=ax, title=title).set_axis_off()
    for ax, answer in zip(axes[::2], answers, strict=True):
        y, x = np.unravel_index(answer.argmax(), answer.shape)
        box = Rectangle((x - 0.5, y - 0.5), *size_wh, fill=False, ec=plots.YELLOW, lw=3)
        ax.add_patch(box)
    return figure


def look_once(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let the BlazeFace network look at a square picture once.

    Parameters
    ----------
    image : (S, S, 3) uint8 RGB

    Returns
    -------
    scores : (896,) float32, 0 to 1
    xyxy : (896, 4) float32 pixels
    """
    step = len(image) / detection.INPUT
    to_image = np.array([[step, 0, 0], [0, step, 0]])
    view = detection.cut(image, to_image, detection.INPUT)
    out = models.load("detector")(view, 1 / 127.5, -1)  # colours from -1 to 1
    scores = 1 / (1 + np.exp(-out["classificators"].clip(-80, 80)))
    boxes, _ = detection.decode(out["regressors"].reshape(-1, 16), detection.anchors())
    return scores, boxes * len(image)


def plot_anchors(image: np.ndarray, sure: np.ndarray, xyxy: np.ndarray) -> Figure:
    """Draw the anchors of the network, those that are sure of a face, and their boxes.

    Parameters
    ----------
    image : (S, S, 3) uint8 RGB
    sure : (896,) bool
    xyxy : (896, 4) float pixels
    """
    titles = ["anchors", "boxes of the large anchors"]
    figure = plots.show_images([image // 2, image], titles, height=4.4)
    centres = detection.anchors() * len(image)
    left, right = figure.axes
    left.scatter(centres[:, 0], centres[:, 1], s=4, color="white")
    left.scatter(centres[sure, 0], centres[sure, 1], s=60, color=plots.YELLOW, ec="black")
    plots.plot_boxes(xyxy[sure], ax=right, colour=plots.YELLOW)
    for box in right.patches:
        box.set_linewidth(0.7)  # they lie close together
    return figure


def plot_found(pictures: Sequence[np.ndarray], titles: Sequence[str] = ()) -> Figure:
    """Draw pictures with the boxes of the network (orange) and of the cascade (blue, dotted).

    Boxes of the network are drawn from a score of 0.5 on, each with its score.

    Parameters
    ----------
    pictures : sequence of (H, W, 3) uint8 RGB
    titles : sequence of str
    """
    ratio = sum(picture.shape[1] / picture.shape[0] for picture in pictures)
    figure = plots.show_images(pictures, titles, height=9 / ratio)
    for ax, picture in zip(figure.axes, pictures, strict=True):
        faces = detection.detect_faces(picture, min_score=0.5)
        plots.plot_boxes(faces.xyxy, ax=ax, labels=[f"{score:.2f}" for score in faces.score])
        plots.plot_boxes(detection.detect_faces_haar(picture), ax=ax, colour="#56B4E9", style=":")
    return figure


def turn(image: np.ndarray, angle: float) -> np.ndarray:
    """Return a picture turned about its middle.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    angle : float, degrees
        Anticlockwise.
    """
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1)
    return cv2.warpAffine(image, matrix, (width, height))


def draw_three_dots() -> np.ndarray:
    """Return a drawing of an oval with three dots in it, (512, 512, 3) uint8."""
    drawing = np.full((512, 512, 3), 200, np.uint8)
    white, dark = (255, 255, 255), (30, 30, 30)
    cv2.ellipse(drawing, (256, 256), (160, 200), 0, 0, 360, white, cv2.FILLED, cv2.LINE_AA)
    for dot in ((200, 210), (312, 210), (256, 340)):
        cv2.circle(drawing, dot, 24, dark, cv2.FILLED, cv2.LINE_AA)
    return drawing


def shuffle_blocks(image: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a picture cut into square blocks that are put together again in a random order.

    Parameters
    ----------
    image : (S, S, 3) uint8 RGB
        S is a multiple of `side`.
    side : int, pixels
    rng : Generator
    """
    count = len(image) // side
    blocks = image.reshape(count, side, count, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    mixed = rng.permutation(blocks).reshape(count, count, side, side, 3)
    return mixed.swapaxes(1, 2).reshape(image.shape)


def make_call() -> tuple[np.ndarray, np.ndarray]:
    """Return a video call of 54 tiles, and a box for each face in it.

    Every sixth tile is dark. Every sixth tile shows `draw_three_dots`, which has no box. The boxes
    were drawn by hand, see `stills/boxes.json`.

    Returns
    -------
    call : (640, 960, 3) uint8 RGB
    labels : (45, 4) float xyxy pixels
    """
    path = places.course_clips() / "stills/boxes.json"
    boxes = json.loads(path.read_text(encoding="utf-8"))["boxes"]
    names, drawing = list(boxes), draw_three_dots()
    call, labels = np.zeros((640, 960, 3), np.uint8), []
    tiles = [(x, y, side) for y, side in ROWS.items() for x in range(0, 960, side)]
    for i, (x, y, side) in enumerate(tiles):
        name = names[i * 7 % len(names)]
        tile = drawing if i % 6 == 5 else samples.open_still(name) // (16 if i % 6 == 2 else 1)
        size = (side, side)
        call[y : y + side, x : x + side] = cv2.resize(tile, size, interpolation=cv2.INTER_AREA)
        if i % 6 != 5:
            labels.append(np.array(boxes[name]) * side / 512 + (x, y, x, y))
    return call, np.array(labels)
