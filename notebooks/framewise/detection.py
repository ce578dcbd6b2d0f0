"""Detection: find faces in a picture, with a small network or with a Haar cascade.

Notebook: 01_detection.ipynb

Public: Faces, detect_faces, detect_faces_haar, iou, anchors, decode, suppress, integral_image,
box_sum.

Convention: boxes are (x0, y0, x1, y1) pixels, x right and y down from the top-left corner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from framewise import models

__all__ = [
    "KEYPOINTS",
    "Faces",
    "anchors",
    "box_sum",
    "decode",
    "detect_faces",
    "detect_faces_haar",
    "integral_image",
    "iou",
    "suppress",
]

KEYPOINTS = ("right eye", "left eye", "nose tip", "mouth", "right ear", "left ear")
"""The six keypoints of BlazeFace in order; right and left are the subject's."""

INPUT = 128
"""Side of the network's input, pixels."""


@dataclass(frozen=True, eq=False)
class Faces:
    """What a detector found, best score first; a boolean or integer index selects faces."""

    xyxy: np.ndarray
    """(N, 4) float32 pixels"""
    score: np.ndarray
    """(N,) float32, 0 to 1"""
    keypoints: np.ndarray
    """(N, 6, 2) float32 pixels, named in KEYPOINTS"""

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, which) -> Faces:
        return Faces(self.xyxy[which], self.score[which], self.keypoints[which])


def detect_faces(image: np.ndarray, *, min_score: float = 0.7, smallest: int = 40) -> Faces:
    """Find faces with the BlazeFace short-range network.

    The network sees 128 x 128 pixels and finds faces that fill about a fifth of them or more. So
    it looks at the whole picture first and then at overlapping tiles, each half as large as the
    one before, until a face of `smallest` pixels would be seen.

    Notebook: 01_detection.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    min_score : float, 0 to 1
        Faces with a lower score are dropped. A score is not a probability that there is a face.
    smallest : int, pixels
        The smallest face worth looking for; smaller costs more time.

    Returns
    -------
    Faces
        Best score first; empty if none was found.

    Raises
    ------
    ValueError
        Not an RGB picture.

    References
    ----------
    Bazarevsky et al. 2019, BlazeFace, arXiv:1907.05047. Departure: tiles.
    """
    check_image(image)
    found = [_detect_in_tile(image, *tile, min_score) for tile in _tiles(image, smallest)]
    boxes, scores, keypoints = (np.concatenate(part) for part in zip(*found, strict=True))
    return Faces(*suppress(boxes, scores, keypoints))


def anchors() -> np.ndarray:
    """Return the centres of the network's 896 anchors, (896, 2) float32 in 0..1 of its input.

    A 16 x 16 grid with 2 anchors at each place, then an 8 x 8 grid with 6, row by row.
    """
    grids = []
    for side, repeats in ((16, 2), (8, 6)):
        y, x = np.indices((side, side)).reshape(2, -1)
        grids.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / side, repeats, axis=0))
    return np.concatenate(grids).astype(np.float32)


def decode(regressors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn the network's numbers into boxes and keypoints, in 0..1 of its input.

    Parameters
    ----------
    regressors : (896, 16) float32
        For each anchor: centre x, y, width, height, then 6 keypoints x, y; in pixels of the
        input, relative to the anchor's centre.

    Returns
    -------
    xyxy : (896, 4) float32
    keypoints : (896, 6, 2) float32
    """
    numbers = regressors / INPUT
    centre = numbers[:, :2] + anchors()
    half = numbers[:, 2:4] / 2
    keypoints = numbers[:, 4:].reshape(-1, 6, 2) + anchors()[:, None]
    return np.concatenate([centre - half, centre + half], axis=1), keypoints


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each box in `a` with each in `b`.

    Parameters
    ----------
    a, b : (N, 4) and (M, 4) float, xyxy pixels

    Returns
    -------
    (N, M) float, 0 (apart) to 1 (the same)
    """
    a, b = np.reshape(a, (-1, 1, 4)), np.reshape(b, (1, -1, 4))
    overlap = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = overlap.clip(0).prod(-1)
    area_a, area_b = (np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b))
    return shared / np.maximum(area_a + area_b - shared, 1e-9)


def suppress(
    xyxy: np.ndarray, score: np.ndarray, keypoints: np.ndarray, *, overlap: float = 0.3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merge detections of the same face: non-maximum suppression by blending.

    The best box takes all that overlap it and becomes their mean weighted by score, which
    trembles less from frame to frame than the best box alone; then the next best that is left.

    Parameters
    ----------
    xyxy, score, keypoints : (N, 4), (N,), (N, 6, 2)
    overlap : float
        Boxes with an intersection over union above this are the same face; so is a box that lies
        to 70 % inside a better one, as tiles that cut a face leave behind.

    Returns
    -------
    xyxy, score, keypoints
        The same for the faces that remain, best score first.

    References
    ----------
    Bazarevsky et al. 2019, BlazeFace, arXiv:1907.05047, "Post-processing".
    """
    left = np.argsort(-score, kind="stable")
    kept = []
    while len(left):
        best = xyxy[left[:1]]
        close = iou(best, xyxy[left])[0] > overlap
        inside = _share_inside(xyxy[left], best[0]) > 0.7
        weight = score[left[close]] / score[left[close]].sum()
        kept.append(
            (
                weight @ xyxy[left[close]],
                score[left[0]],
                np.tensordot(weight, keypoints[left[close]], 1),
            )
        )
        left = left[~(close | inside)]
    if not kept:
        return xyxy[:0], score[:0], keypoints[:0]
    return tuple(np.array(part, np.float32) for part in zip(*kept, strict=True))


def detect_faces_haar(image: np.ndarray, *, neighbours: int = 4) -> np.ndarray:
    """Find frontal faces with OpenCV's Haar cascade, the method of 2001.

    Notebook: 01_detection.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    neighbours : int
        How many overlapping windows must agree; lower finds more faces and more false alarms.

    Returns
    -------
    (N, 4) float32 xyxy pixels; empty if none was found

    References
    ----------
    Viola and Jones 2001, doi:10.1109/CVPR.2001.990517.
    """
    check_image(image)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    xywh = np.reshape(cascade.detectMultiScale(grey, 1.1, neighbours), (-1, 4))
    return np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]).astype(np.float32)


def integral_image(grey: np.ndarray) -> np.ndarray:
    """Return (H + 1, W + 1) sums of all pixels above and left, so that any box costs four reads.

    Entry [y, x] is the sum of grey[:y, :x].
    """
    return np.pad(grey.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def box_sum(integral: np.ndarray, xyxy: tuple[int, int, int, int]) -> int:
    """Return the sum of the pixels in a box from its integral image, with four reads."""
    x0, y0, x1, y1 = xyxy
    return int(integral[y1, x1] - integral[y0, x1] - integral[y1, x0] + integral[y0, x0])


def check_image(image: np.ndarray) -> None:
    """Raise ValueError unless this is an (H, W, 3) uint8 picture."""
    if getattr(image, "ndim", 0) != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        got = f"{image.shape} {image.dtype}" if isinstance(image, np.ndarray) else type(image)
        raise ValueError(f"image: expected an (H, W, 3) uint8 RGB array, got {got}.")


def _tiles(image: np.ndarray, smallest: int) -> Iterator[tuple[int, int, int]]:
    """Yield squares (x, y, side): the whole picture, then half-overlapping ones half as large."""
    height, width = image.shape[:2]
    side = max(height, width)
    yield 0, 0, side
    while side > 5 * smallest:  # a face below a fifth of the tile is not seen
        side = (side + 1) // 2
        for y in _starts(height, side):
            for x in _starts(width, side):
                yield x, y, side


def _starts(length: int, side: int) -> np.ndarray:
    if length <= side:
        return np.array([0])
    count = -(-2 * (length - side) // side) + 1
    return np.linspace(0, length - side, count).astype(int)


def _detect_in_tile(image, x: int, y: int, side: int, min_score: float):
    tile = image[y : y + side, x : x + side]
    square = np.zeros((side, side, 3), np.uint8)  # letterbox: the picture at the top left
    square[: tile.shape[0], : tile.shape[1]] = tile
    small = cv2.resize(square, (INPUT, INPUT), interpolation=cv2.INTER_AREA)
    out = models.load("detector")(small[None] / np.float32(127.5) - 1)
    score = 1 / (1 + np.exp(-out["classificators"].clip(-80, 80)))
    good = score >= min_score
    boxes, keypoints = decode(out["regressors"].reshape(-1, 16))
    origin = np.array([x, y], np.float32)
    return boxes[good] * side + np.tile(origin, 2), score[good], keypoints[good] * side + origin


def _share_inside(boxes: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """How much of each box's area lies inside another one."""
    low, high = np.maximum(boxes[:, :2], outer[:2]), np.minimum(boxes[:, 2:], outer[2:])
    return (high - low).clip(0).prod(1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(1), 1e-9)
