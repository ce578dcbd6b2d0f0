"""Adversary: a generator makes fakes, a discriminator looks for them, and both learn.

Notebook: 06_adversary.ipynb

The generator turns noise into samples. The discriminator gives each sample a score: above 0 means
that it takes the sample for data. Each step trains the discriminator on data and on samples, and
then trains the generator to get higher scores. The pair is called a generative adversarial network
(GAN). The method and its formulas are from Goodfellow et al. 2014, arXiv:1406.2661.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from framewise import networks
from framewise.networks import Adam, Layer

__all__ = [
    "Gan",
    "Step",
    "accuracy",
    "best_discriminator",
    "discriminator_loss",
    "generate",
    "generator_loss",
    "score",
    "sigmoid",
    "start",
    "tiny_pictures",
    "train",
]


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities from 0 to 1: 1 / (1 + e^-score), without overflow.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    scores : (...) float

    Returns
    -------
    (...) float, 0 to 1

    Examples
    --------
    >>> sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    return (1 + np.tanh(np.asarray(scores) / 2)) / 2


def discriminator_loss(
    real: np.ndarray, made: np.ndarray
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """Return the binary cross-entropy of the discriminator, and how it changes with each score.

    The loss is the mean of -log D over the data plus the mean of -log(1 - D) over the samples,
    where D = sigmoid(score). It is computed from the scores: -log D = log(1 + e^-score). So it
    stays finite when D is rounded to 0 or 1.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    real, made : (N,) and (M,) float
        The scores of data and of samples.

    Returns
    -------
    loss : float
        2 log 2 = 1.386 if every score is 0.
    slopes : two arrays, (N,) and (M,) float
        How the loss changes with each score of the data, and with each score of the samples.

    References
    ----------
    Goodfellow et al. 2014, arXiv:1406.2661, equation 1 with the opposite sign.

    Examples
    --------
    >>> round(discriminator_loss(np.zeros(3), np.zeros(3))[0], 3)
    1.386
    """
    loss = np.logaddexp(0, -real).mean() + np.logaddexp(0, made).mean()
    return float(loss), ((sigmoid(real) - 1) / len(real), sigmoid(made) / len(made))


def generator_loss(made: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the loss of the generator, the mean of -log D, and how it changes with each score.

    This is the *non-saturating* loss. The generator could minimise log(1 - D) instead. But where D
    is near 0, log(1 - D) hardly changes with the score. So a generator that is easily caught would
    hardly learn.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    made : (M,) float
        The scores of samples.

    Returns
    -------
    loss : float
        log 2 = 0.693 if every score is 0.
    slope : (M,) float
        How the loss changes with each score.

    References
    ----------
    Goodfellow et al. 2014, arXiv:1406.2661, section 3.
    """
    return float(np.logaddexp(0, -made).mean()), (sigmoid(made) - 1) / len(made)


def accuracy(real: np.ndarray, made: np.ndarray) -> float:
    """Return the share of right decisions: data with a score above 0, samples with 0 or less.

    Data and samples count half each, even if their numbers differ.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    real, made : (N,) and (M,) float
        The scores of data and of samples.

    Returns
    -------
    float, 0 to 1
    """
    return float(((np.asarray(real) > 0).mean() + (np.asarray(made) <= 0).mean()) / 2)


def best_discriminator(p_data: np.ndarray, p_made: np.ndarray) -> np.ndarray:
    """Return the best possible D at each place; NaN where there are neither data nor samples.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    p_data, p_made : arrays of one shape, float
        How dense the data and the samples are at each place, in the same unit.

    Returns
    -------
    array of the same shape, 0 to 1

    References
    ----------
    Goodfellow et al. 2014, arXiv:1406.2661, proposition 1.

    Examples
    --------
    >>> best_discriminator(np.array([1.0, 0.5, 0.0]), np.array([1.0, 1.0, 1.0])).round(2).tolist()
    [0.5, 0.33, 0.0]
    """
    both = np.add(p_data, p_made)
    return np.divide(p_data, both, out=np.full(both.shape, np.nan), where=both > 0)


class Step(NamedTuple):
    """What was measured in one step of training, on the data and the samples of this step."""

    discriminator: float
    """The loss of the discriminator, before this step changed it."""
    generator: float
    """The loss of the generator, after this step changed the discriminator, and before it changed
    the generator."""
    accuracy: float
    """The share of the discriminator's right decisions, 0 to 1, before this step changed it."""


@dataclass
class Gan:
    """A generator, a discriminator, and how far their training has come."""

    generator: list[Layer]
    discriminator: list[Layer]
    optimisers: tuple[Adam, Adam] = field(repr=False)
    """The optimiser of the generator, and that of the discriminator."""
    seed: int
    steps: list[Step] = field(default_factory=list, repr=False)
    """What was measured in each step so far."""


def start(
    features: int,
    *,
    noise: int = 1,
    hidden: Sequence[int] = (16, 32),
    rates: Sequence[float] = (1e-3, 1e-3),
    seed: int = 0,
) -> Gan:
    """Make an untrained pair of networks with two hidden layers each.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    features : int
        How many numbers a sample has.
    noise : int
        How many random numbers the generator gets for a sample.
    hidden : two ints
        The size of each hidden layer of the generator, and of each one of the discriminator.
    rates : two floats
        The learning rates of the generator and of the discriminator.
    seed : int
        The same seed and the same data give the same networks after the same number of steps.

    Returns
    -------
    Gan

    Raises
    ------
    ValueError
        `features`, `noise` or a hidden size is below 1, a learning rate is negative, or `hidden` or
        `rates` does not hold two numbers.

    References
    ----------
    beta1 = 0.5 for Adam: Radford et al. 2016, arXiv:1511.06434.
    """
    if len(hidden) != 2 or len(rates) != 2 or min(features, noise, *hidden) < 1 or min(rates) < 0:
        raise ValueError(
            "expected features, noise and two hidden sizes of at least 1, and two learning rates "
            f"of at least 0, got features {features}, noise {noise}, hidden {hidden}, and rates "
            f"{rates}."
        )
    rng = np.random.default_rng(seed)
    generator = networks.make_layers([noise, hidden[0], hidden[0], features], rng)
    discriminator = networks.make_layers([features, hidden[1], hidden[1], 1], rng)
    optimisers = (
        Adam(generator, rate=rates[0], beta1=0.5),
        Adam(discriminator, rate=rates[1], beta1=0.5),
    )
    return Gan(generator, discriminator, optimisers, seed)


def generate(gan: Gan, count: int, *, seed: int = 0) -> np.ndarray:
    """Let the generator make samples.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    gan : Gan
    count : int
        How many samples.
    seed : int
        The same seed gives the same noise.

    Returns
    -------
    (count, features) float32
    """
    inputs = len(gan.generator[0].weight)
    noise = np.random.default_rng(seed).standard_normal((count, inputs), np.float32)
    return networks.forward(gan.generator, noise)[-1]


def score(gan: Gan, samples: np.ndarray) -> np.ndarray:
    """Return the discriminator's score of each sample: above 0 it says "data".

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    gan : Gan
    samples : (N, features) float

    Returns
    -------
    (N,) float32
    """
    return networks.forward(gan.discriminator, np.float32(samples))[-1][:, 0]


def train(
    gan: Gan,
    data: np.ndarray,
    steps: int,
    *,
    batch: int = 64,
    jitter: float = 0.0,
    watch: Callable[[Gan], bool | None] = lambda gan: None,
) -> None:
    """Train both networks in place: in each step first the discriminator, then the generator.

    The random choices of a step depend only on the seed and on the number of the step. So training
    in several parts gives the same networks as training without a pause.

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    gan : Gan
    data : (N, features) float
    steps : int
    batch : int
        How many rows of the data, and how many samples, there are in a step.
    jitter : float
        Standard deviation of the noise on everything that the discriminator sees, data and
        samples. It stops the discriminator from using tiny details. (Sonderby et al. 2017,
        arXiv:1610.04490.)
    watch : callable
        Called after each step. If it returns True, training stops.

    Raises
    ------
    ValueError
        The data are not rows of `features` finite numbers, or there are none.

    References
    ----------
    Goodfellow et al. 2014, arXiv:1406.2661, algorithm 1 with k = 1. Here the generator learns from
    the same samples as the discriminator.
    """
    data, features = np.asarray(data, np.float32), gan.generator[-1].weight.shape[1]
    if data.ndim != 2 or not len(data) or data.shape[1] != features:
        raise ValueError(f"data: expected rows of {features} numbers, got shape {data.shape}.")
    if not np.isfinite(data).all():
        raise ValueError("data: expected finite numbers, got NaN or infinity.")
    for _ in range(steps):
        rng = np.random.default_rng([gan.seed, len(gan.steps)])
        real = data[rng.integers(len(data), size=batch)]
        noise = rng.standard_normal((batch, len(gan.generator[0].weight)), np.float32)
        disturbance = jitter * rng.standard_normal((2, batch, features), np.float32)
        _train_step(gan, real, noise, disturbance)
        if watch(gan):
            break


def _train_step(gan: Gan, real: np.ndarray, noise: np.ndarray, disturbance: np.ndarray) -> None:
    made = networks.forward(gan.generator, noise)
    seen = np.concatenate([real + disturbance[0], made[-1] + disturbance[1]])
    judged = networks.forward(gan.discriminator, seen)
    scores = np.split(judged[-1][:, 0], 2)
    loss, slopes = discriminator_loss(*scores)
    gradients, _ = networks.backward(gan.discriminator, judged, np.concatenate(slopes)[:, None])
    gan.optimisers[1].step(gradients)

    judged = networks.forward(gan.discriminator, seen[len(real) :])
    generator, slope = generator_loss(judged[-1][:, 0])
    _, slope = networks.backward(gan.discriminator, judged, slope[:, None])
    gradients, _ = networks.backward(gan.generator, made, slope)
    gan.optimisers[0].step(gradients)
    gan.steps.append(Step(loss, generator, accuracy(*scores)))


def tiny_pictures(images: np.ndarray, *, side: int = 12) -> np.ndarray:
    """Return pictures as rows of grey values, each from -1 (black) to 1 (white).

    Notebook: 06_adversary.ipynb

    Parameters
    ----------
    images : (N, S, S, 3) uint8 RGB
    side : int
        The width and the height to which each picture is reduced, pixels.

    Returns
    -------
    (N, side * side) float32, -1 to 1
    """
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images]
    small = [cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in grey]
    return np.stack(small).reshape(len(images), -1).astype(np.float32) / 127.5 - 1
