"""Convnet: run the shipped convolutional face-swap networks in NumPy.

`scripts/train_swap.py` builds and trains them. The encoder has four convolutions with stride 2 and
a layer that makes the code. Another layer, which both people share, turns the code into small
pictures. Each person has a decoder: four convolutions, each followed by a pixel shuffle, and a last
convolution. A leaky rectifier follows each layer except the code and the last convolution.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["LEAK", "convolve", "load_network", "pixel_shuffle", "swap_faces"]

LEAK = 0.1
"""Slope of the leaky rectifier below 0."""


def load_network(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays, by name, of a network that `scripts/train_swap.py` wrote.

    The weights are stored as float16, and are returned as float32.
    """
    with np.load(path) as data:
        arrays = dict(data)
    return {k: v.astype(np.float32) if v.dtype == np.float16 else v for k, v in arrays.items()}


def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, *, stride: int = 1) -> np.ndarray:
    """Convolve pictures with kernels. Each picture gets a border of K // 2 zeros first.

    Parameters
    ----------
    x : (N, H, W, C) float32
    weight : (D, C, K, K) float32
    bias : (D,) float32
    stride : int
        Step from one place of the kernel to the next, pixels.

    Returns
    -------
    (N, H / stride, W / stride, D) float32
        Height and width are rounded up.
    """
    kernel, (n, height, width, channels) = weight.shape[2], x.shape
    edge, shape = kernel // 2, (n, -(-height // stride), -(-width // stride), len(weight))
    padded = np.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)))
    total = np.zeros((n * shape[1] * shape[2], len(weight)), np.float32)
    for i, j in np.ndindex(kernel, kernel):  # faster than a copy of all windows
        seen = padded[:, i : i + height : stride, j : j + width : stride]
        total += seen.reshape(-1, channels) @ weight[:, :, i, j].T
    return total.reshape(shape) + bias


def pixel_shuffle(x: np.ndarray) -> np.ndarray:
    """Turn (N, H, W, 4 C) into (N, 2 H, 2 W, C): four channels become four neighbouring pixels."""
    n, height, width, channels = x.shape
    blocks = x.reshape(n, height, width, channels // 4, 2, 2)
    return blocks.transpose(0, 1, 4, 2, 5, 3).reshape(n, 2 * height, 2 * width, channels // 4)


def _leaky(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, LEAK * x)


def swap_faces(
    network: dict[str, np.ndarray], images: np.ndarray, person: int, decoder: int
) -> np.ndarray:
    """Do what `autoencoder.swap_faces` does, with a network that `load_network` returned.

    Parameters
    ----------
    network : dict
    images : (N, S, S, 3) uint8 RGB
        S is the size that the network was trained for.
    person, decoder : int
        0 or 1: who is in the pictures, and whose decoder is used.

    Returns
    -------
    (N, S, S, 3) uint8 RGB
        The whole squares; nothing is black here, unlike in `autoencoder.swap_faces`.
    """
    who, whose = "ab"[person], "ab"[decoder]
    x = (images - network[f"mean.{who}"].astype(np.float32)) / 255
    for i in range(4):
        weight, bias = network[f"down.{i}.weight"], network[f"down.{i}.bias"]
        x = _leaky(convolve(x, weight, bias, stride=2))
    shape = x.transpose(0, 3, 1, 2).shape
    x = x.transpose(0, 3, 1, 2).reshape(len(x), -1)
    x = x @ network["to_code.weight"].T + network["to_code.bias"]
    x = _leaky(x @ network["from_code.weight"].T + network["from_code.bias"])
    x = x.reshape(shape).transpose(0, 2, 3, 1)
    for i in range(4):
        name = f"decoders.{whose}.{i}"
        x = _leaky(pixel_shuffle(convolve(x, network[f"{name}.weight"], network[f"{name}.bias"])))
    name = f"decoders.{whose}.4"
    x = convolve(x, network[f"{name}.weight"], network[f"{name}.bias"])
    return np.uint8(np.rint(np.clip(x * 255 + network[f"mean.{whose}"], 0, 255)))
