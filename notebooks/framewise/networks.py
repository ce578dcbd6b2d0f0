"""Networks: layers of a neural network, their gradients, and an optimiser, in plain NumPy.

Notebook: 05_autoencoder.ipynb

A network is a list of layers. Each layer multiplies its input by a matrix and adds a bias. A leaky
rectifier follows each layer except the last: it multiplies numbers below 0 by `LEAK`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

__all__ = ["LEAK", "Adam", "Layer", "backward", "forward", "make_layers"]

LEAK = 0.1
"""Slope of the leaky rectifier below 0."""

PIECE = 2**15
"""How many weights `Adam.step` updates at once."""


class Layer(NamedTuple):
    """One layer: output = input @ weight + bias. The gradients of a layer have the same form."""

    weight: np.ndarray
    """(inputs, outputs) float"""
    bias: np.ndarray
    """(outputs,) float"""


def make_layers(sizes: Sequence[int], rng: np.random.Generator) -> list[Layer]:
    """Make a network whose weights are random and whose biases are 0.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    sizes : sequence of int
        How many numbers go into each layer, and at the end how many come out of the last layer.
    rng : numpy.random.Generator

    Returns
    -------
    list of Layer, float32

    References
    ----------
    He et al. 2015, arXiv:1502.01852, for the size of the random weights.

    Examples
    --------
    >>> [layer.weight.shape for layer in make_layers([4, 3, 2], np.random.default_rng(0))]
    [(4, 3), (3, 2)]
    """
    return [
        Layer(
            rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        )
        for inputs, outputs in pairwise(sizes)
    ]


def forward(layers: Sequence[Layer], x: np.ndarray) -> list[np.ndarray]:
    """Run a network and keep the input of each layer.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    layers : sequence of Layer
    x : (N, inputs) float
        One row for each picture.

    Returns
    -------
    list of (N, n) float
        The input of each layer, and the output of the last one at the end.
    """
    values = [x]
    for number, layer in enumerate(layers, 1):
        x = x @ layer.weight + layer.bias
        if number < len(layers):
            x = np.where(x > 0, x, LEAK * x)
        values.append(x)
    return values


def backward(
    layers: Sequence[Layer], values: Sequence[np.ndarray], slope: np.ndarray
) -> tuple[list[Layer], np.ndarray]:
    """Calculate how the loss changes with every weight, by the chain rule from the last layer back.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    layers : sequence of Layer
    values : sequence of (N, n) float
        As `forward` returns them.
    slope : (N, outputs) float
        How the loss changes with each output.

    Returns
    -------
    gradients : list of Layer
        How the loss changes with the weights and the biases.
    slope : (N, inputs) float
        How the loss changes with each input.

    References
    ----------
    Rumelhart et al. 1986, doi:10.1038/323533a0.
    """
    gradients: list[Layer] = []
    for number in range(len(layers) - 1, -1, -1):
        if number < len(layers) - 1:
            slope = np.where(values[number + 1] > 0, slope, LEAK * slope)
        gradients.append(Layer(values[number].T @ slope, slope.sum(0)))
        slope = slope @ layers[number].weight.T
    return gradients[::-1], slope


class Adam:
    """The optimiser Adam: the step of each weight depends on the gradients of this weight so far.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    layers : sequence of Layer
        The layers that `step` changes in place.
    rate : float
        The learning rate, which the paper calls alpha.
    beta1, beta2 : float, 0 to 1
        How slowly the means of the gradients and of their squares change.

    References
    ----------
    Kingma and Ba 2015, arXiv:1412.6980. The names beta1, beta2, m, v and t are theirs.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
    ) -> None:
        self.arrays = [array for layer in layers for array in layer]
        self.rate, self.beta1, self.beta2 = rate, beta1, beta2
        self.m = [np.zeros_like(array) for array in self.arrays]
        self.v = [np.zeros_like(array) for array in self.arrays]
        self.t = 0

    def step(self, gradients: Sequence[Layer]) -> None:
        """Change the weights, in place, by one step against their gradients.

        For a gradient g, the loop calculates m = beta1 m + (1 - beta1) g. Then it calculates
        v = beta2 v + (1 - beta2) g^2. Finally, it subtracts r m / (sqrt(v) + 1e-8) from the weight.
        In step t, r = rate sqrt(1 - beta2^t) / (1 - beta1^t). This corrects m and v, which begin
        at 0 and are too small in the first steps.

        Parameters
        ----------
        gradients : sequence of Layer
            As `backward` returns them, one for each layer of the optimiser, in the same order.
        """
        self.t += 1
        rate = self.rate * (1 - self.beta2**self.t) ** 0.5 / (1 - self.beta1**self.t)
        flat = [array for layer in gradients for array in layer]
        for arrays in zip(self.arrays, flat, self.m, self.v, strict=True):
            for array, gradient, m, v in _in_pieces(arrays):
                change = np.subtract(gradient, m)  # one array for all results: much faster
                m += np.multiply(change, 1 - self.beta1, out=change)
                np.subtract(np.square(gradient, out=change), v, out=change)
                v += np.multiply(change, 1 - self.beta2, out=change)
                np.add(np.sqrt(v, out=change), 1e-8, out=change)
                array -= np.multiply(np.divide(m, change, out=change), rate, out=change)


def _in_pieces(arrays: Sequence[np.ndarray]) -> Iterator[list[np.ndarray]]:
    """Yield the same rows of all arrays, a few at a time, to fit the processor's cache."""
    rows = max(1, PIECE * len(arrays[0]) // arrays[0].size)
    for first in range(0, len(arrays[0]), rows):
        yield [array[first : first + rows] for array in arrays]
