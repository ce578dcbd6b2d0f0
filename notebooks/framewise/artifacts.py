"""Artifacts: traces of a fake that can be seen and measured in one picture.

Notebook: 08_artifacts.ipynb

A trace is what a fake leaves in the picture. A cue is a number that measures a trace. Each cue here
takes a picture and the landmarks of one face, and returns a `regions.Trace`: the number, a map, and
a mask of where the map means anything. The number is higher if the picture is more suspicious. It
is NaN if the cue cannot be measured. None of these numbers proves anything: the notebook shows
untouched pictures with high numbers, and fakes with low ones.

The cues for eyes and mouth are in `framewise.eyes_and_teeth`, and the seam is in `framewise.edges`.
You can also call them from here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from framewise import regions
from framewise.edges import seam
from framewise.eyes_and_teeth import eye_difference, tooth_detail
from framewise.regions import Trace

__all__ = [
    "colour_gap",
    "eye_difference",
    "fine_and_medium",
    "light_gap",
    "light_slope",
    "lost_detail",
    "measure",
    "noise_gap",
    "noise_map",
    "seam",
    "tooth_detail",
]

LEAST_SHARE = 0.01  # the least area of a region, as a share of the squared width of the face


class _Parts(NamedTuple):
    """The picture around a face, and its two regions."""

    image: np.ndarray
    points: np.ndarray
    where: tuple[slice, slice]
    inner: np.ndarray
    """(h, w) bool: usable pixels of `regions.inner_face`."""
    other: np.ndarray
    """(h, w) bool: usable pixels of `regions.other_skin`."""


def _parts(image: np.ndarray, points: np.ndarray) -> _Parts | None:
    """Return both regions, or None if there is no face or a region is too small."""
    if not regions.check_face(image, points):
        return None
    part, points, where = regions.crop(image, points)
    good = regions.usable(part)
    inner = regions.inner_face(points, part.shape[1::-1]) & good
    other = regions.other_skin(part, points) & good
    least = LEAST_SHARE * regions.face_width(points) ** 2
    if min(inner.sum(), other.sum()) < least:
        return None
    return _Parts(part, points, where, inner, other)


def _measure(
    image: np.ndarray, points: np.ndarray, cue: Callable[[np.ndarray, _Parts], Trace]
) -> Trace:
    parts = _parts(image, points)
    return regions.nothing(image) if parts is None else cue(image, parts)


def measure(image: np.ndarray, points: np.ndarray) -> dict[str, Trace]:
    """Measure all cues of one face in one picture.

    This is faster than calling the functions of the cues one after the other.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    dict of str to Trace
        The trace of each cue by its name.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.
    """
    parts = _parts(image, points)
    two_regions = (_lost_detail, _noise_gap, _colour_gap, _light_gap)
    found = {"seam": seam(image, points)}
    for cue in two_regions:
        name = cue.__name__.removeprefix("_")
        found[name] = regions.nothing(image) if parts is None else cue(image, parts)
    found["eye_difference"] = eye_difference(image, points)
    found["tooth_detail"] = tooth_detail(image, points)
    return found


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)


def lost_detail(image: np.ndarray, points: np.ndarray) -> Trace:
    """Measure whether the inner face has less fine detail than the neck of the same person.

    In each region we divide the medium detail by the fine detail (see `fine_and_medium`). If a
    small face was stretched, its fine detail is missing, and this ratio is high.

    The cue misses fakes that were sharpened, and fakes in a film that is strongly compressed. It
    accuses pictures in which the neck is sharper than the face.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    Trace
        value: the ratio of the inner face divided by the ratio of the neck, as a logarithm to base
        2 (octaves). 0 means that both regions are equally sharp. It does not depend on brightness,
        and hardly on contrast. NaN if no face was found, or the face is narrower than
        `regions.LEAST_FACE`, or it is not wholly in the picture, or too few pixels of the inner
        face or the neck can be used. map: medium over fine detail around each pixel, octaves.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.
    """
    return _measure(image, points, _lost_detail)


def _lost_detail(image: np.ndarray, parts: _Parts) -> Trace:
    fine, medium = fine_and_medium(parts.image)
    face, neck = (
        np.log2((medium[area].mean() + 0.05) / (fine[area].mean() + 0.05))
        for area in (parts.inner, parts.other)
    )
    near = 0.08 * regions.face_width(parts.points)
    around = [cv2.blur(detail, (int(near), int(near))) + 0.05 for detail in (medium, fine)]
    return _trace(image, parts, face - neck, np.log2(around[0] / around[1]))


def fine_and_medium(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how much fine and how much medium detail each pixel has.

    Fine detail is what a blur of 1 pixel takes away. Medium detail is what a second blur, of 2
    pixels, takes away from the rest.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB

    Returns
    -------
    fine, medium : (H, W) float32, grey levels
        0 or more.
    """
    grey = _grey(image)
    soft = cv2.GaussianBlur(grey, (0, 0), 1)
    return np.abs(grey - soft), np.abs(soft - cv2.GaussianBlur(soft, (0, 0), 2))


def noise_gap(image: np.ndarray, points: np.ndarray) -> Trace:
    """Measure whether the inner face has less noise than the neck.

    A camera adds noise everywhere. A face that was warped or drawn by a network has lost most of
    it. But smoothing filters and compression take noise away as well, and in some places they take
    away more than in others.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    Trace
        value: the noise of the neck divided by that of the face, as a logarithm to base 2
        (octaves). Only the half of each region with the weakest edges counts. 0 means equal noise.
        NaN as for `lost_detail`. map: the noise around each pixel, grey levels.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.

    References
    ----------
    Immerkaer 1996, doi:10.1006/cviu.1996.0060.
    """
    return _measure(image, points, _noise_gap)


def _noise_gap(image: np.ndarray, parts: _Parts) -> Trace:
    grey = _grey(parts.image)
    edges = cv2.GaussianBlur(
        np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)), (0, 0), 2
    )
    noise = noise_map(parts.image)
    face, neck = (
        noise[area & (edges <= np.median(edges[area]))].mean() + 0.05
        for area in (parts.inner, parts.other)
    )
    near = int(0.08 * regions.face_width(parts.points))
    return _trace(image, parts, np.log2(neck / face), cv2.blur(noise, (near, near)))


def noise_map(image: np.ndarray) -> np.ndarray:
    """Return an estimate of the noise in each pixel. Its mean over a flat area is the noise there.

    The filter is the difference of two Laplacians. So even slopes give 0, and so do straight edges
    that run across or down the picture.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB

    Returns
    -------
    (H, W) float32, grey levels
        For noise with a normal distribution, the mean of the map is the standard deviation of the
        noise.

    References
    ----------
    Immerkaer 1996, doi:10.1006/cviu.1996.0060.
    """
    kernel = np.float32([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    return np.abs(cv2.filter2D(_grey(image), -1, kernel)) * np.float32(np.sqrt(np.pi / 2) / 6)


def colour_gap(image: np.ndarray, points: np.ndarray) -> Trace:
    """Measure how far the colour of the inner face is from the colour of the neck.

    Lightness does not count, because the chin throws a shadow on the neck.

    The notebook shows that this cue does not work. Makers of fakes match the colours. And even in
    an untouched picture, the neck can differ in colour from the face.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    Trace
        value: the distance between the medians of the two regions in the a-b plane of CIELAB, in
        its units; 0 means the same colour. CIELAB describes a colour by its lightness L, by a
        (green to red) and by b (blue to yellow). NaN as for `lost_detail`. map: the distance of
        each pixel's colour from the median of the neck.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.
    """
    return _measure(image, points, _colour_gap)


def _colour_gap(image: np.ndarray, parts: _Parts) -> Trace:
    _, green_red, blue_yellow = cv2.split(
        cv2.cvtColor(np.float32(parts.image) / 255, cv2.COLOR_RGB2LAB)
    )
    face, neck = (
        np.array([np.median(green_red[area]), np.median(blue_yellow[area])])
        for area in (parts.inner, parts.other)
    )
    shown = np.hypot(green_red - neck[0], blue_yellow - neck[1])
    return _trace(image, parts, np.hypot(*(face - neck)), shown)


def light_gap(image: np.ndarray, points: np.ndarray) -> Trace:
    """Measure whether the light falls on face and neck from the same side.

    In each region the brightness rises towards the side from which the light comes. A swapped face
    brings its own light along. The cue misses fakes whose two people were lit alike.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    Trace
        value: the difference between the slopes of face and neck, without its sign, in stops over
        the width of the face (see `light_slope`); 0 means the same light. It hardly depends on the
        brightness of the picture, as long as no pixel is clipped. NaN as for `lost_detail`. map:
        the brightness of each pixel in stops, minus the mean of its region. One stop means twice
        as much light.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.

    References
    ----------
    The idea: Johnson and Farid 2007, doi:10.1109/TIFS.2007.903848. They estimate a model of all the
    light that falls on a person. We only compare two slopes.
    """
    return _measure(image, points, _light_gap)


def _light_gap(image: np.ndarray, parts: _Parts) -> Trace:
    stops = _stops(parts.image)
    face, neck = (light_slope(parts.image, parts.points, a) for a in (parts.inner, parts.other))
    shown = stops - stops[parts.inner].mean()
    shown[parts.other] = stops[parts.other] - stops[parts.other].mean()
    return _trace(image, parts, abs(face - neck), shown)


def _stops(image: np.ndarray) -> np.ndarray:
    return 2.2 * np.log2(_grey(image) + 1)  # 2.2: grey levels are not proportional to the light


def light_slope(image: np.ndarray, points: np.ndarray, area: np.ndarray) -> float:
    """Return how fast the light rises from the left to the right of an area.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        They say which way is right: from the subject's right eye, which is on the left of the
        picture, to the subject's left eye.
    area : (H, W) bool
        At least three pixels that do not lie on one line.

    Returns
    -------
    float, stops over the width of the face
        One stop means twice as much light. Above 0, the area gets brighter towards the right.
    """
    right = (points[263] - points[33]) / np.linalg.norm(points[263] - points[33])
    rows, columns = np.nonzero(area)
    along = (columns * right[0] + rows * right[1]) / regions.face_width(points)
    down = (rows * right[0] - columns * right[1]) / regions.face_width(points)
    known = np.stack([along, down, np.ones(len(rows))], axis=1)
    slopes = np.linalg.lstsq(known, _stops(image)[area], rcond=None)[0]
    return float(slopes[0])


def _trace(image: np.ndarray, parts: _Parts, value: float, shown: np.ndarray) -> Trace:
    shown = np.where(parts.inner | parts.other, shown, np.nan)
    return regions.put_back(image, value, shown, parts.where)
