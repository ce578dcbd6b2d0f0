"""Detection: find faces in a picture, with a small network or with a Haar cascade.

Notebook: 01_detection.ipynb

Convention: boxes are (x0, y0, x1, y1) pixels, x right and y down from the top-left corner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from framewise.workbench import models

__all__ = [
    "Faces",
    "anchors",
    "box_sum",
    "check_image",
    "cut",
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

WEAK, CONFIDENT = 0.5, 0.7
"""Two scores. A detection of WEAK or more takes part in the blending. A detection of CONFIDENT or
more is settled: smaller tiles do not report that face again."""


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

    def __getitem__(self, which: int | slice | np.ndarray) -> Faces:
        which = np.atleast_1d(np.arange(len(self))[which])
        return Faces(self.xyxy[which], self.score[which], self.keypoints[which])


def detect_faces(image: np.ndarray, *, min_score: float = CONFIDENT, smallest: int = 40) -> Faces:
    """Find faces with the BlazeFace short-range network.

    The network sees 128 x 128 pixels and finds faces that are at least about a fifth as wide as
    that. So the function first shows it the whole picture. Then it looks for smaller faces in
    overlapping tiles. Each time, the tiles are half as wide as before, until the network would see
    a face that is `smallest` pixels wide.

    Notebook: 01_detection.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    min_score : float, 0 to 1
        Faces with a lower score are dropped. A score is not a probability that there is a face.
        The paper looks once and takes 0.5. Looking at many tiles gives more chances of a false
        alarm, so the default here is higher.
    smallest : int, pixels
        Width of the smallest face to look for. A smaller number costs more time.

    Returns
    -------
    Faces
        Best score first; empty if none was found.

    Raises
    ------
    ValueError
        The image is not an RGB picture, or `smallest` is below 1.

    References
    ----------
    Bazarevsky et al. 2019, BlazeFace, arXiv:1907.05047. The tiles are not from the paper.
    """
    check_image(image)
    if smallest < 1:
        raise ValueError(f"smallest: expected 1 pixel or more, got {smallest}.")
    found = [np.zeros(shape, np.float32) for shape in ((0, 4), 0, (0, 6, 2))]
    for tiles in _levels(image, smallest):
        seen = [_detect_in_tile(image, *tile, min(min_score, WEAK)) for tile in tiles]
        merged = suppress(*(np.concatenate(part) for part in zip(*seen, strict=True)))
        new = ~_same_face(merged[0], found[0][found[1] >= CONFIDENT])
        found = [np.concatenate([old, more[new]]) for old, more in zip(found, merged, strict=True)]
    faces = Faces(*suppress(*found))
    return faces[faces.score >= min_score]


@cache
def anchors() -> np.ndarray:
    """Return the centres of the network's 896 anchors, (896, 2) float32 in 0..1 of its input.

    A 16 x 16 grid with 2 anchors at each place, then an 8 x 8 grid with 6, row by row. Read-only.
    """
    grids = []
    for side, repeats in ((16, 2), (8, 6)):
        y, x = np.indices((side, side)).reshape(2, -1)
        grids.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / side, repeats, axis=0))
    centres = np.concatenate(grids).astype(np.float32)
    centres.setflags(write=False)  # all calls share this array
    return centres


def decode(regressors: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn the network's numbers into boxes and keypoints, in 0..1 of its input.

    Parameters
    ----------
    regressors : (N, 16) float32
        For each anchor: centre x, y, width, height, then 6 keypoints x, y; in pixels of the
        input, relative to the anchor's centre.
    centres : (N, 2) float32, 0..1
        The anchors' centres: `anchors()`, or some of them.

    Returns
    -------
    xyxy : (N, 4) float32
    keypoints : (N, 6, 2) float32
    """
    numbers = regressors / INPUT
    centre = numbers[:, :2] + centres
    half = numbers[:, 2:4] / 2
    keypoints = numbers[:, 4:].reshape(-1, 6, 2) + centres[:, None]
    return np.concatenate([centre - half, centre + half], axis=1), keypoints


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each box in `a` with each in `b`.

    Parameters
    ----------
    a, b : (N, 4) and (M, 4) float, xyxy pixels

    Returns
    -------
    (N, M) float, 0 (apart) to 1 (the same)

    Examples
    --------
    >>> iou(np.array([0, 0, 2, 2]), np.array([[1, 0, 3, 2]])).round(2).tolist()
    [[0.33]]
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

    We take the best box and all boxes that overlap it, and replace them by their mean, weighted by
    score. The mean trembles less from frame to frame than the best box alone. Then we do the same
    with the best of the boxes that are left.

    Parameters
    ----------
    xyxy, score, keypoints : (N, 4), (N,), (N, 6, 2)
    overlap : float
        Boxes with an intersection over union above this are the same face. A box of which more
        than 70 % lies inside a better box is dropped too. Such boxes arise where the edge of a
        tile cuts through a face.

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
        close = iou(xyxy[left[:1]], xyxy[left])[0] > overlap
        weight = score[left[close]] / score[left[close]].sum()
        kept.append(
            (
                weight @ xyxy[left[close]],
                score[left[0]],
                np.tensordot(weight, keypoints[left[close]], 1),
            )
        )
        left = left[1:][~_same_face(xyxy[left[1:]], xyxy[left[:1]], overlap)]
    if not kept:
        return xyxy, score, keypoints
    return tuple(np.array(part, np.float32) for part in zip(*kept, strict=True))


def detect_faces_haar(image: np.ndarray, *, neighbours: int = 4) -> np.ndarray:
    """Find frontal faces with OpenCV's Haar cascade, a method from 2001.

    Notebook: 01_detection.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    neighbours : int
        How many overlapping windows must agree. A lower number finds more faces and gives more
        false alarms.

    Returns
    -------
    (N, 4) float32 xyxy pixels; empty if none was found

    References
    ----------
    Viola and Jones 2001, doi:10.1109/CVPR.2001.990517.
    """
    check_image(image)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    xywh = np.reshape(_cascade().detectMultiScale(grey, 1.1, neighbours), (-1, 4))
    return np.hstack([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]]).astype(np.float32)


@cache
def _cascade() -> cv2.CascadeClassifier:
    path = Path(cv2.data.haarcascades, "haarcascade_frontalface_default.xml")
    # from memory: OpenCV cannot open a path with letters beyond ASCII on Windows
    text = path.read_text(encoding="utf-8")
    storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
    cascade = cv2.CascadeClassifier()
    cascade.read(storage.getFirstTopLevelNode())
    return cascade


def integral_image(grey: np.ndarray) -> np.ndarray:
    """Return at each place the sum of all pixels above it and to its left.

    With this table, the sum of the pixels in any box costs four look-ups (see `box_sum`).

    Parameters
    ----------
    grey : (H, W) int or uint8

    Returns
    -------
    (H + 1, W + 1) int64
        Entry [y, x] is the sum of grey[:y, :x].

    Raises
    ------
    ValueError
        The picture is not (H, W), or its values are not whole numbers. Fractions would be cut off.

    References
    ----------
    Viola and Jones 2001, doi:10.1109/CVPR.2001.990517, after Crow 1984, doi:10.1145/964965.808600.
    """
    if grey.ndim != 2 or not np.issubdtype(grey.dtype, np.integer):
        raise ValueError(
            f"grey: expected (H, W) whole numbers, got {grey.shape} {grey.dtype}. Make a colour "
            "picture grey, and round fractions, before you call this."
        )
    return np.pad(grey.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def box_sum(integral: np.ndarray, xyxy: tuple[int, int, int, int]) -> int:
    """Return the sum of the pixels in a box, with four look-ups in the integral image.

    Parameters
    ----------
    integral : (H + 1, W + 1) int
        From `integral_image`.
    xyxy : (int, int, int, int), pixels
        The box; its right and its lower edge do not belong to it.
    """
    x0, y0, x1, y1 = xyxy
    return int(integral[y1, x1] - integral[y0, x1] - integral[y1, x0] + integral[y0, x0])


def check_image(image: np.ndarray) -> None:
    """Raise ValueError unless this is an (H, W, 3) uint8 picture."""
    shape = getattr(image, "shape", ())
    if len(shape) != 3 or shape[2] != 3 or 0 in shape or image.dtype != np.uint8:
        got = f"{shape} {image.dtype}" if isinstance(image, np.ndarray) else type(image)
        raise ValueError(f"image: expected an (H, W, 3) uint8 RGB array, got {got}.")


def _levels(image: np.ndarray, smallest: int) -> Iterator[list[tuple[float, float, float]]]:
    """Yield lists of squares (x, y, side): the whole picture, then tiles half as large, and so on.

    A face narrower than a fifth of its tile is not seen. So the last tiles are at most five times
    as wide as `smallest`.
    """
    height, width = image.shape[:2]
    side = max(height, width)
    yield [((width - side) / 2, (height - side) / 2, side)]
    while side > 5 * smallest:
        side /= 2
        yield [(x, y, side) for y in _starts(height, side) for x in _starts(width, side)]


def _starts(length: int, side: float) -> np.ndarray:
    """Return where tiles that overlap by half or more begin; if one is enough, it is centred."""
    if length <= side:
        return np.array([(length - side) / 2])
    return np.linspace(0, length - side, int(np.ceil(2 * (length - side) / side)) + 1)


def _detect_in_tile(image: np.ndarray, x: float, y: float, side: float, min_score: float):
    to_image = np.array([[side / INPUT, 0, x], [0, side / INPUT, y]])
    tile = cut(image, to_image, INPUT, border=cv2.BORDER_CONSTANT)
    out = models.load("detector")(tile, 1 / 127.5, -1)
    score = 1 / (1 + np.exp(-out["classificators"].clip(-80, 80)))
    good = score >= min_score
    boxes, keypoints = decode(out["regressors"].reshape(-1, 16)[good], anchors()[good])
    origin = np.array([x, y], np.float32)
    return boxes * side + np.tile(origin, 2), score[good], keypoints * side + origin


def cut(
    image: np.ndarray, to_image: np.ndarray, size: int, *, border: int = cv2.BORDER_REPLICATE
) -> np.ndarray:
    """Cut a square out of a picture, and return it as (size, size, 3).

    The pixels are interpolated (bilinear) without smoothing the picture first. The networks were
    trained on squares that were cut out in this way.

    Parameters
    ----------
    image : (H, W, 3) uint8
    to_image : (2, 3) float
        Maps pixels of the square to pixels of the picture.
    size : int
        Side of the square, pixels.
    border : int
        What OpenCV shows outside the picture; by default it repeats the pixels of the edge.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, to_image, (size, size), flags=flags, borderMode=border)


def _same_face(boxes: np.ndarray, known: np.ndarray, overlap: float = 0.3) -> np.ndarray:
    """Tell which boxes (N, 4) overlap a known one (M, 4) or lie over 70 % inside it, (N,) bool."""
    low = np.maximum(boxes[:, None, :2], known[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], known[None, :, 2:])
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)[:, None]
    inside = (high - low).clip(0).prod(-1) > 0.7 * area
    return (inside | (iou(boxes, known) > overlap)).any(1)
