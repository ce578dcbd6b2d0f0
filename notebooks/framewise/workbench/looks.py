"""Looks: show a decoded frame upright, mirrored where the file asks for it, with square pixels."""

from __future__ import annotations

import av
import cv2
import numpy as np

__all__ = [
    "COLUMNS",
    "ROWS",
    "TRANSPOSED",
    "UNUSABLE",
    "is_possible_pixel",
    "orientation",
    "square_size",
    "view",
]

WIDEST_PIXEL = 5
"""If one side of a pixel is more than this many times the other, this is an error in the file."""

TRANSPOSED, ROWS, COLUMNS, UNUSABLE = 1, 2, 4, 8
"""An orientation is a sum of some of the first three numbers. They mean: swap rows and columns,
then reverse the order of the rows, then reverse the order of the columns. UNUSABLE stands alone."""


def orientation(frame: av.VideoFrame, before: int) -> int:
    """Read how a decoded frame is to be turned or mirrored; UNUSABLE if no such way fits.

    Some files give the orientation only now and then. Other frames get the orientation `before`.

    The display matrix comes from the container or from the video data itself. It maps (x, y) to
    (a x + c y, b x + d y); see FFmpeg's libavutil/display.h.

    Parameters
    ----------
    frame : av.VideoFrame
    before : int
        The orientation of the frame before.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return before
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].astype(float)
    straight, crossed = sorted((abs(a), abs(d))), sorted((abs(b), abs(c)))
    if straight[0] > 0 and crossed[1] < 0.01 * straight[0]:
        return ROWS * (d < 0) + COLUMNS * (a < 0)
    if crossed[0] > 0 and straight[1] < 0.01 * crossed[0]:
        return TRANSPOSED + ROWS * (b < 0) + COLUMNS * (c < 0)
    return UNUSABLE


def view(
    frame: av.VideoFrame, way: int, pixel: float, size_wh: tuple[int, int] | None = None
) -> np.ndarray:
    """Return a frame as it is to be seen: (H, W, 3) uint8 RGB, upright, with square pixels.

    Parameters
    ----------
    frame : av.VideoFrame
    way : int
        Its orientation.
    pixel : float
        Width of a stored pixel over its height. The shorter side of the pixel is stretched.
    size_wh : (int, int), pixels, optional
        A picture of another size is scaled to fit, with black bars if its shape is different.
    """
    image = _turned(_squared(frame.to_ndarray(format="rgb24"), pixel), way)
    if size_wh is None or image.shape[1::-1] == size_wh:
        return np.ascontiguousarray(image)
    scale = min(size_wh[0] / image.shape[1], size_wh[1] / image.shape[0])
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    left, top = (size_wh[0] - width) // 2, (size_wh[1] - height) // 2
    whole = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=method)
    whole[top : top + height, left : left + width] = part
    return whole


def is_possible_pixel(pixel: float) -> bool:
    """Tell whether a camera can record pixels that are `pixel` times as wide as high."""
    return 1 / WIDEST_PIXEL <= pixel <= WIDEST_PIXEL


def square_size(width: int, height: int, pixel: float) -> tuple[int, int]:
    """Return the size (w, h) with square pixels; nothing gets smaller.

    Parameters
    ----------
    width, height : int
    pixel : float
        The width of a stored pixel over its height.
    """
    if not is_possible_pixel(pixel):
        return width, height
    return round(width * max(1, pixel)), round(height * max(1, 1 / pixel))


def _squared(image: np.ndarray, pixel: float) -> np.ndarray:
    size = square_size(*image.shape[1::-1], pixel)
    return image if size == image.shape[1::-1] else cv2.resize(image, size)


def _turned(image: np.ndarray, way: int) -> np.ndarray:
    if way & TRANSPOSED:
        image = image.transpose(1, 0, 2)
    return image[:: -1 if way & ROWS else 1, :: -1 if way & COLUMNS else 1]
