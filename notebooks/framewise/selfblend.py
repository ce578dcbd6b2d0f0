"""Self-blended images: teach a detector of swapped faces without showing it a swapped face.

Notebook: 09b_what_traces_prove.ipynb

A swap leaves traces, because the face and its surroundings come from two pictures. Shiohara and
Yamasaki (2022) make such traces from a single picture. They change a copy of the picture a little,
and blend the face of the copy into the picture. The result still shows the same person. A detector
that learns from such pictures has never seen the work of a program that makes fakes. The steps of
`blend_with_itself` follow section 3 of their paper, arXiv:2204.08376, in a simpler form. Their
detector is a large network. Ours is a single layer, so its weights can be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from framewise import adversary, alignment, blending, compression, detection, landmarks, networks
from framewise.networks import Adam, Layer
from framewise.swap import Swap

__all__ = [
    "LAYERS",
    "Detector",
    "blend_with_itself",
    "features",
    "pairs_of",
    "score",
    "score_features",
    "train",
]

SIZE = 16
"""Side of the grid of `features`, places."""

LAYERS = ("finest against fine", "fine against coarse", "coarse")
"""What each layer of `features` measures. The detail of a band is about 1, 2 or 3 pixels wide."""

BLURS = (0.8, 1.6, 3.2)
"""The standard deviations of the blurs that separate the bands, pixels."""

WINDOW = (0.02, 0.08, 0.96)
"""Left, top and side of the square that `features` looks at, as shares of an aligned chip."""


def blend_with_itself(image: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> Swap:
    """Change a copy of a picture a little, and blend the face of the copy into the picture.

    The result carries no mark. Ask for consent with `consent.require(clip, "make")` first, and mark
    the result with `fakes.mark` before you show it.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    rng : numpy.random.Generator
        It decides how the copy is changed, and how it is blended.

    Returns
    -------
    Swap
        The blended picture, and the pixels that may have changed.

    Raises
    ------
    ValueError
        The picture is not (H, W, 3) uint8, the points are not (468, 2), or there is no face.

    References
    ----------
    Shiohara and Yamasaki 2022, arXiv:2204.08376, section 3.
    """
    _check(image, points)
    if np.isnan(points).any():
        raise ValueError("points: expected the points of a face, got NaN: no face was found here.")
    copy = _move(_change_detail(_change_colour(image, rng), rng), points, rng)
    shrink, feather = rng.uniform(0, 0.08), rng.choice([0.01, 0.05, 0.1, 0.2])
    outline = _bend_outline(points, rng)
    mask = blending.face_mask(outline, image.shape[1::-1], shrink=shrink, feather=feather)
    mask = mask * rng.choice([0.5, 0.75, 1, 1])  # how much of the face comes from the copy
    return Swap(blending.blend(copy, image, mask, "feather"), mask > 0)


def _check(image: np.ndarray, points: np.ndarray) -> None:
    detection.check_image(image)
    landmarks.check_points(points)


def _change_colour(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change the contrast by up to 8 %, and the three channels by up to 16 grey levels."""
    gain, shift = rng.uniform(0.92, 1.08), rng.uniform(-10, 10) + rng.uniform(-6, 6, 3)
    changed = (image.astype(np.float32) - 128) * gain + 128 + shift
    return np.uint8(np.rint(np.clip(changed, 0, 255)))


def _change_detail(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sharpen, or lose detail by making the picture up to 4 times smaller and large again."""
    if rng.random() < 0.25:
        return blending.sharpen(image, rng.uniform(0.3, 1))
    size_wh, scale = image.shape[1::-1], 1 / rng.uniform(1.2, 4)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    way = rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
    return cv2.resize(small, size_wh, interpolation=int(way))


def _move(image: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale a picture by up to 3 %, and move it by up to 1.5 % of the width of the face."""
    scale, middle = rng.uniform(0.97, 1.03), points.mean(0)
    shift = rng.uniform(-0.015, 0.015, 2) * np.linalg.norm(points[454] - points[234])
    matrix = np.column_stack([scale * np.eye(2), (1 - scale) * middle + shift])
    return cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)


def _bend_outline(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Move the outline in and out a little, in three slow waves that run around the face."""
    ring, bent = landmarks.GROUPS["outline"], points.astype(float)
    angle = np.linspace(0, 2 * np.pi, len(ring), endpoint=False)
    waves = [rng.normal(0, 0.012) * np.cos(k * angle + rng.uniform(0, 6.28)) for k in (1, 2, 3)]
    reach = 0.98 + np.sum(waves, axis=0)
    middle = bent.mean(0)
    bent[ring] = middle + (bent[ring] - middle) * reach[:, None]
    return bent


def features(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Measure the detail at each place of the face and around it.

    A band of detail is what one blur keeps and the next, wider blur takes away. We measure the
    strength of each band at every pixel of the original picture. Then we align this map of
    strengths, not the picture, and take its mean at each of 16 x 16 places. The same part of every
    face lies at the same place. Because the picture itself is not resized, the alignment cannot
    blur its detail. Two of the three layers compare a band with the next coarser one. They hardly
    change if the contrast of the picture changes.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    (3, 16, 16) float32
        The axes are the layer (see `LAYERS`), the row and the column. The first two layers are
        logarithms of the ratio of two bands, and the third is the logarithm of the detail in grey
        levels. NaN if there is no face.

    Raises
    ------
    ValueError
        The picture is not (H, W, 3) uint8, or the points are not (468, 2).
    """
    _check(image, points)
    if np.isnan(points).any():
        return np.full((len(LAYERS), SIZE, SIZE), np.nan, np.float32)
    steady, fine = alignment.STEADY, 16 * SIZE  # 16 samples for each place, both ways
    goal = (alignment.CANONICAL - WINDOW[:2]) * fine / WINDOW[2]
    matrix = alignment.estimate_similarity(points[steady], goal[steady])
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    finer, maps = grey, []
    for blur in BLURS:
        coarser = cv2.GaussianBlur(grey, (0, 0), blur)
        size = np.abs(finer - coarser)
        large = cv2.warpAffine(size, matrix, (fine, fine), borderMode=cv2.BORDER_REPLICATE)
        maps.append(cv2.resize(large, (SIZE, SIZE), interpolation=cv2.INTER_AREA))
        finer = coarser
    finest, fine, coarse = np.log(np.stack(maps) + 0.3)  # a flat place has rounding errors only
    return np.stack([finest - fine, fine - coarse, coarse])


def pairs_of(
    images: Sequence[np.ndarray],
    points: np.ndarray,
    rng: np.random.Generator,
    *,
    quality: tuple[int, int] = (60, 95),
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of pictures, and of the same pictures blended with themselves.

    The two pictures of a pair are saved as JPEG files of the same quality. So the detector cannot
    tell them apart by their compression.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    images : sequence of N (H, W, 3) uint8 RGB
    points : (N, 468, 2) float pixels
        Each picture shows a face.
    rng : numpy.random.Generator
    quality : (int, int)
        The lowest quality of the files, and the highest quality plus 1. So (60, 95) means 60 to 94.

    Returns
    -------
    untouched, blended : (N, 3, 16, 16) float32 each
    """
    untouched, blended = [], []
    for image, face in zip(images, points, strict=True):
        level = int(rng.integers(*quality))
        made = blend_with_itself(image, face, rng).frame
        untouched.append(features(compression.save_jpeg(image, level), face))
        blended.append(features(compression.save_jpeg(made, level), face))
    return np.stack(untouched), np.stack(blended)


class Detector(NamedTuple):
    """One layer that scores a face by its `features`: above 0 it says "blended"."""

    layer: Layer
    mean: np.ndarray
    """(3, 16, 16) float32: the mean of the features that it was trained with"""
    spread: np.ndarray
    """(3, 16, 16) float32: their standard deviation"""


def train(
    untouched: np.ndarray,
    blended: np.ndarray,
    *,
    steps: int = 300,
    decay: float = 1e-3,
    seed: int = 0,
) -> Detector:
    """Train a detector on untouched pictures and on the same pictures blended with themselves.

    This is logistic regression, trained by Adam. In each step the detector sees 32 pairs. We add
    noise to the features, so that it does not learn by heart the people in the training pictures.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    untouched, blended : (N, 3, 16, 16) float
        The `features` of pictures. Row i of both comes from the same picture.
    steps : int
    decay : float
        The share by which the weights shrink in each step.
    seed : int
        The same seed and the same features give the same detector.

    Returns
    -------
    Detector

    Raises
    ------
    ValueError
        The two arrays differ in shape, or are empty.
    """
    if untouched.shape != blended.shape or not len(untouched):
        raise ValueError(
            "untouched, blended: expected features of the same pictures, (N, 3, 16, 16) each, got "
            f"{untouched.shape} and {blended.shape}."
        )
    rng, both = np.random.default_rng(seed), np.concatenate([untouched, blended])
    start = Layer(np.zeros((both[0].size, 1), np.float32), np.zeros(1, np.float32))
    detector = Detector(start, both.mean(0), both.std(0) + 1e-3)
    kinds = [_standard(detector, rows) for rows in (untouched, blended)]
    optimiser = Adam([start])
    for _ in range(steps):
        some = rng.integers(len(untouched), size=32)
        seen = np.concatenate([rows[some] for rows in kinds])
        seen += 0.5 * rng.standard_normal(seen.shape, np.float32)
        values = networks.forward([start], seen)
        of_untouched, of_blended = np.split(values[-1][:, 0], 2)
        _, slopes = adversary.discriminator_loss(of_blended, of_untouched)
        optimiser.step(networks.backward([start], values, np.concatenate(slopes[::-1])[:, None])[0])
        start.weight[:] *= 1 - decay
    return detector


def _standard(detector: Detector, rows: np.ndarray) -> np.ndarray:
    flat = ((rows - detector.mean) / detector.spread).reshape(len(rows), -1)
    return np.clip(flat, -2.5, 2.5).astype(np.float32)


def score(detector: Detector, image: np.ndarray, points: np.ndarray) -> float:
    """Return the detector's score of a face: above 0 means "blended", and NaN means no face.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    detector : Detector
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    float
    """
    return float(score_features(detector, features(image, points)[None])[0])


def score_features(detector: Detector, rows: np.ndarray) -> np.ndarray:
    """Return the detector's score of each row of features.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    detector : Detector
    rows : (N, 3, 16, 16) float
        What `features` returns for each picture.

    Returns
    -------
    (N,) float32
        NaN for a row without a face.
    """
    return networks.forward([detector.layer], _standard(detector, rows))[-1][:, 0]
