"""Arms race: a detector learns to find the fakes of an autoencoder, which learns to fool it.

Notebook: 06_adversary.ipynb

This is the game of `adversary` in rounds, with the autoencoder of notebook 05 as the generator.
Real and made faces go through `prepare` before the detector sees them. So the detector cannot tell
them apart by the compression of their files or by their black border.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from framewise import adversary, autoencoder, networks
from framewise.autoencoder import Autoencoder
from framewise.networks import Adam, Layer

__all__ = ["Detector", "detect", "fool", "prepare", "share_interval", "train_detector"]


class Detector(NamedTuple):
    """A small network that scores faces: above 0 it says "real"."""

    layers: list[Layer]
    mean: np.ndarray
    """(D,) float32: what is subtracted before the first layer."""


def prepare(images: np.ndarray, *, quality: int = 90) -> np.ndarray:
    """Black out what is outside `autoencoder.face_area`, and save and open each face as a JPEG.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    images : (N, S, S, 3) uint8 RGB
    quality : int
        Quality of the JPEG, 1 to 100.

    Returns
    -------
    (N, S, S, 3) uint8 RGB

    Raises
    ------
    ValueError
        The images are not (N, S, S, 3) uint8.
    """
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise ValueError(f"images: expected (N, S, S, 3) uint8, got {images.shape} {images.dtype}.")
    area = autoencoder.face_area(images.shape[1])[..., None]
    files = [cv2.imencode(".jpg", i * area, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for i in images]
    return np.stack([cv2.imdecode(file, cv2.IMREAD_COLOR) for file in files]) * area


def train_detector(
    real: np.ndarray,
    made: np.ndarray,
    *,
    steps: int = 200,
    hidden: int = 16,
    seed: int = 0,
) -> Detector:
    """Train a detector on real and on made faces.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    real, made : (N, S, S, 3) and (M, S, S, 3) uint8 RGB
        As `prepare` returns them.
    steps : int
        For how many steps the detector is trained. In each step it sees 32 faces of each kind, with
        a little noise.
    hidden : int
        The size of its hidden layer.
    seed : int
        The same seed and the same faces give the same detector.

    Returns
    -------
    Detector
    """
    rng = np.random.default_rng(seed)
    kinds = [autoencoder.rows_of(real), autoencoder.rows_of(made)]
    mean = np.mean([rows.mean(0) for rows in kinds], axis=0)
    layers = networks.make_layers([len(mean), hidden, 1], rng)
    optimiser = Adam(layers)
    for _ in range(steps):
        seen = np.concatenate([rows[rng.integers(len(rows), size=32)] for rows in kinds]) - mean
        values = networks.forward(layers, seen + 0.02 * rng.standard_normal(seen.shape, np.float32))
        _, slopes = adversary.discriminator_loss(*np.split(values[-1][:, 0], 2))
        optimiser.step(networks.backward(layers, values, np.concatenate(slopes)[:, None])[0])
    return Detector(layers, mean)


def detect(detector: Detector, images: np.ndarray) -> np.ndarray:
    """Return the detector's score of each face: above 0 it says "real".

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    detector : Detector
    images : (N, S, S, 3) uint8 RGB
        As `prepare` returns them.

    Returns
    -------
    (N,) float32
    """
    return networks.forward(detector.layers, autoencoder.rows_of(images) - detector.mean)[-1][:, 0]


def fool(
    model: Autoencoder,
    faces: Sequence[np.ndarray],
    detector: Detector,
    *,
    steps: int = 150,
    weight: float = 0.003,
) -> Autoencoder:
    """Return a copy of an autoencoder whose decoder 1 has learned to fool a detector.

    The loss of the decoder has two parts. First, the decoder must still rebuild the faces of person
    1. Second, the fakes that it makes from the faces of person 0 must get higher scores from the
    detector. The training uses the detector's weights. In the training, the detector sees the fakes
    directly: they do not go through `prepare`.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    model : Autoencoder
    faces : two arrays (N, S, S, 3) uint8 RGB
        The faces of person 0 and of person 1 for training.
    detector : Detector
        It stays as it is.
    steps : int
        For how many steps the decoder is trained.
    weight : float
        How much the detector's part counts in the loss.

    Returns
    -------
    Autoencoder
    """
    model = copy.deepcopy(model)
    decoder, optimiser = model.decoders[1], Adam(model.decoders[1])
    people = [autoencoder.rows_of(i) - mean for i, mean in zip(faces, model.means, strict=True)]
    rng = np.random.default_rng(model.seed)
    for _ in range(steps):
        source, own = (rows[rng.integers(len(rows), size=16)] for rows in people)
        code = networks.forward(model.encoder, np.concatenate([own, source]))[-1]
        values = networks.forward(decoder, code)
        error = values[-1][:16] - own
        judged = networks.forward(detector.layers, values[-1][16:] + model.means[1] - detector.mean)
        _, slope = adversary.generator_loss(judged[-1][:, 0])
        _, slope = networks.backward(detector.layers, judged, slope[:, None])
        slopes = np.concatenate([2 * error / error.size, weight * slope])
        optimiser.step(networks.backward(decoder, values, slopes)[0])
    return model


def share_interval(count: float, total: int, *, z: float = 1.96) -> tuple[float, float]:
    """Return the Wilson interval: where the true share may lie, given `count` of `total`.

    The formula assumes that the `total` cases are independent. Frames of one clip are not
    independent. So count clips or blocks of time, not frames.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    count : float
        It need not be a whole number: half of 5 blocks is 2.5.
    total : int
    z : float
        1.96 for 95 % confidence.

    Returns
    -------
    low, high : float, 0 to 1

    Raises
    ------
    ValueError
        `count` is below 0 or above `total`, or `total` is below 1.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> tuple(round(share, 2) for share in share_interval(8, 8))
    (0.68, 1.0)
    """
    if not 0 <= count <= total or total < 1:
        raise ValueError(f"expected 0 <= count <= total and total > 0, got {count} of {total}.")
    share, step = count / total, z**2 / total
    middle = share + step / 2
    half = np.sqrt(step * (share * (1 - share) + step / 4))
    low, high = (middle - half) / (1 + step), (middle + half) / (1 + step)
    return max(0.0, float(low)), min(1.0, float(high))
