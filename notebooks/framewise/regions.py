"""Regions: which pixels of a picture belong to the face, and which to other skin of the person.

Notebook: 08_artifacts.ipynb

The measures of `framewise.artifacts` compare regions. Each region is a mask: (H, W) bool, True
where the pixel belongs to it. Distances are shares of the width of the face, so that a mask means
the same in a large and in a small face.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from framewise import detection, landmarks

__all__ = [
    "LEAST_FACE",
    "Trace",
    "check_face",
    "crop",
    "face_depth",
    "face_width",
    "inner_face",
    "nothing",
    "other_skin",
    "part_area",
    "put_back",
    "usable",
]

LEAST_FACE = 48.0
"""Width in pixels of the smallest face that is measured."""


class Trace(NamedTuple):
    """What a measure found in one picture."""

    value: float
    """The number of the cue: higher is more suspicious; NaN if it cannot be measured."""
    map: np.ndarray
    """(H, W) float32: what was measured in each pixel; NaN where `mask` is False."""
    mask: np.ndarray
    """(H, W) bool: True where the map means anything."""


def nothing(image: np.ndarray) -> Trace:
    """Return the trace of a picture in which the cue cannot be measured.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    """
    shape = image.shape[:2]
    return Trace(float("nan"), np.full(shape, np.nan, np.float32), np.zeros(shape, bool))


def put_back(
    image: np.ndarray, value: float, shown: np.ndarray, where: tuple[slice, slice]
) -> Trace:
    """Return the trace of a whole picture, given the map of a part of it.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    value : float
    shown : (h, w) float
        The map of the part; NaN where it means nothing.
    where : two slices
        The place of the part, as `crop` returns it.
    """
    whole = np.full(image.shape[:2], np.nan, np.float32)
    whole[where] = shown
    return Trace(float(value), whole, np.isfinite(whole))


def check_face(image: np.ndarray, points: np.ndarray, *, least: float = LEAST_FACE) -> bool:
    """Tell whether a face can be measured: it was found, is large enough, and lies in the picture.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        NaN if no face was found.
    least : float, pixels
        The face must be at least this wide.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.
    """
    detection.check_image(image)
    landmarks.check_points(points)
    if not np.isfinite(points).all() or face_width(points) < least:
        return False
    x0, y0, x1, y1 = landmarks.face_box(points)
    return min(x0, y0) >= 0 and x1 <= image.shape[1] - 1 and y1 <= image.shape[0] - 1


def face_width(points: np.ndarray) -> float:
    """Return the distance between the two sides of a face, pixels.

    Parameters
    ----------
    points : (468, 2) float pixels
    """
    return float(np.linalg.norm(points[454] - points[234]))


def crop(image: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple]:
    """Cut out the face with room for the neck, so that the measures need less time.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    part : (h, w, 3) uint8 RGB
    points : (468, 2) float pixels of the part
    where : two slices
        `image[where]` is the part.
    """
    width, height = image.shape[1::-1]
    room = face_width(points)
    x0, y0, x1, y1 = landmarks.face_box(points) + np.array([-0.3, -0.3, 0.3, 0.6]) * room
    left, top = max(0, int(x0)), max(0, int(y0))
    where = slice(top, min(height, int(y1))), slice(left, min(width, int(x1)))
    return image[where], points - (left, top), where


def face_depth(points: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Return how deep inside the outline of the face each pixel lies.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    points : (468, 2) float pixels
    size_wh : (int, int)
        Size of the picture, pixels.

    Returns
    -------
    (H, W) float32
        The distance from the outline as a share of the face's width; 0 outside.
    """
    outline = np.rint(points[landmarks.GROUPS["outline"]] * 16).astype(np.int32)
    inside = cv2.fillPoly(np.zeros(size_wh[::-1], np.uint8), [outline], 1, shift=4)
    return cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5) / face_width(points)


def part_area(
    points: np.ndarray, size_wh: tuple[int, int], groups: tuple[str, ...], *, wider: float = 0
) -> np.ndarray:
    """Return the area of some parts of the face, such as the eyes.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    points : (468, 2) float pixels
    size_wh : (int, int)
        Size of the picture, pixels.
    groups : tuple of str
        Keys of `landmarks.GROUPS`.
    wider : float
        How far the area reaches beyond the parts, as a share of the face's width.

    Returns
    -------
    (H, W) bool
    """
    area = np.zeros(size_wh[::-1], np.uint8)
    for name in groups:
        ring = np.rint(points[landmarks.GROUPS[name]]).astype(np.int32)
        cv2.fillPoly(area, [ring], 1)
        if wider:
            cv2.polylines(area, [ring], True, 1, max(1, round(2 * wider * face_width(points))))
    return area > 0


def inner_face(points: np.ndarray, size_wh: tuple[int, int], *, depth: float = 0.15) -> np.ndarray:
    """Return the skin well inside the outline of a face, without eyes, brows and mouth.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    points : (468, 2) float pixels
    size_wh : (int, int)
        Size of the picture, pixels.
    depth : float
        How far inside the outline the region begins, as a share of the face's width. The soft edge
        of most fakes ends at about 0.15.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    ValueError
        The points have another shape.
    """
    landmarks.check_points(points)
    parts = "right_eye", "left_eye", "right_brow", "left_brow", "outer_lips"
    return (face_depth(points, size_wh) > depth) & ~part_area(points, size_wh, parts, wider=0.04)


def other_skin(
    image: np.ndarray, points: np.ndarray, *, most_unlike: float = 14, least_light: float = 0.5
) -> np.ndarray:
    """Return skin of the same person outside the outline of the face, which is mostly the neck.

    We look below the jaw. There we take the pixels whose colour is like that of the inner face.
    They may be darker, because the neck often lies in the shadow of the chin. Hair, clothes and
    background are left out, if their colour is not that of skin.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    most_unlike : float
        The greatest distance from the colour of the inner face, in the a-b plane of CIELAB. CIELAB
        describes a colour by its lightness L, by a (green to red) and by b (blue to yellow).
    least_light : float
        The least lightness, as a share of the lightness of the inner face.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.
    """
    detection.check_image(image)
    size_wh = image.shape[1::-1]
    inner = inner_face(points, size_wh)
    around = _around(points, size_wh)
    if not inner.any() or not around.any():
        return np.zeros(image.shape[:2], bool)
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    light, a, b = np.median(lab[inner], axis=0)
    there = np.float32(lab[around])
    unlike = np.hypot(there[:, 1] - a, there[:, 2] - b)
    skin = np.zeros(image.shape[:2], np.uint8)
    skin[around] = (unlike < most_unlike) & (there[:, 0] > least_light * light)
    return cv2.erode(skin, np.ones((3, 3), np.uint8)) > 0


def _around(points: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Return the places where the neck may be, (H, W) bool."""
    down = points[152] - points[10]  # from the forehead to the chin
    outline = points[landmarks.GROUPS["outline"]]
    middle, area = outline.mean(0), np.zeros(size_wh[::-1], np.uint8)
    narrow = middle + (outline - middle) * 0.8
    for shift in (0.45, 0.35, 0.25):
        cv2.fillPoly(area, [np.rint(narrow + shift * down).astype(np.int32)], 1)
    wider = np.rint(middle + (outline - middle) * 1.08).astype(np.int32)
    return cv2.fillPoly(area, [wider], 0) > 0


def usable(image: np.ndarray, *, darkest: int = 25, brightest: int = 250) -> np.ndarray:
    """Return the pixels that are neither too dark nor clipped.

    In dark pixels the camera's noise is lost. A pixel is *clipped* if it was too bright for the
    camera: it holds the highest number, whatever the light was.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    darkest, brightest : int, grey levels
        A pixel is usable if all channels lie below `brightest`, and at least one of them lies
        above `darkest`.

    Returns
    -------
    (H, W) bool

    Raises
    ------
    ValueError
        The image is not an RGB picture.
    """
    detection.check_image(image)
    red, green, blue = cv2.split(image)
    most = cv2.max(cv2.max(red, green), blue)
    return (most > darkest) & (most < brightest)
