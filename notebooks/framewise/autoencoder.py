"""Autoencoder: one encoder and two decoders, the idea behind the first deepfake programs.

Notebook: 05_autoencoder.ipynb

The encoder squeezes a face into a few numbers, the code. Decoder 0 learns to rebuild the faces of
person 0 from the code, and decoder 1 those of person 1. Both share the encoder. So a face of
person 0 can go in, and decoder 1 makes a face of person 1 with the same pose and expression.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from framewise import alignment, consent, networks, pairing, swap
from framewise.clips import Clip
from framewise.networks import Adam, Layer

__all__ = [
    "Autoencoder",
    "Faces",
    "collect_faces",
    "cut_face",
    "encode_faces",
    "face_area",
    "likeness",
    "put_back",
    "rows_of",
    "start",
    "swap_faces",
    "train",
]

WINDOW = (0.1, 0.16, 0.8)
"""Left, top and side of the square that the network sees, as shares of an aligned chip."""


class Faces(NamedTuple):
    """Faces of one clip, cut out and aligned."""

    images: np.ndarray
    """(N, S, S, 3) uint8 RGB"""
    matrices: np.ndarray
    """(N, 2, 3) float64: maps picture to face"""
    frame_index: np.ndarray
    """(N,) int: the frame that each face comes from"""


def cut_face(
    image: np.ndarray, points: np.ndarray, *, size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a face out upright, as `alignment.align_face` does, but with less room around the face.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    size : int
        Side of the face's picture, pixels.

    Returns
    -------
    face : (size, size, 3) uint8 RGB
    matrix : (2, 3) float64
        Maps picture to face.
    """
    goal, steady = _places(size), alignment.STEADY
    matrix = alignment.estimate_similarity(points[steady], goal[steady])
    return cv2.warpAffine(image, matrix, (size, size)), matrix


def _places(size: int) -> np.ndarray:
    left, top, side = WINDOW
    return (alignment.CANONICAL - (left, top)) * size / side


def face_area(size: int = 64, *, reach: float = 1.1) -> np.ndarray:
    """Return which pixels of a cut-out face belong to the face and its border.

    The network learns only these pixels. By default, they reach a little beyond the outline of the
    mean shape.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    size : int
        Side of the face's picture, pixels.
    reach : float
        How far the pixels reach; 1 is the outline of the mean shape.

    Returns
    -------
    (size, size) bool
    """
    outline = _places(size)
    wider = outline.mean(0) + reach * (outline - outline.mean(0))
    return swap.face_mask(wider, (size, size)) > 0


def collect_faces(clip: Clip, *, start: int = 0, stop: int | None = None, size: int = 64) -> Faces:
    """Cut the face out of each frame of a clip that shows one person.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    clip : Clip
    start, stop : int
        The first frame, and the frame after the last one; by default all frames. Frames without a
        face are left out.
    size : int
        Side of the faces, pixels.

    Returns
    -------
    Faces

    Raises
    ------
    consent.ConsentError
        The person did not agree to fakes.
    ValueError
        There is no face in these frames, or the clip shows several faces.
    """
    consent.require(clip, "make")
    points = pairing.only_track(clip).points[start:stop]
    known = np.flatnonzero(~np.isnan(points).any((1, 2)))
    if not len(known):
        raise ValueError(
            f"{clip.path.name}: expected a face from frame {start} on, before frame "
            f"{len(clip) if stop is None else stop}, got none. Choose other frames."
        )
    wanted = set(known.tolist())
    cut = [
        cut_face(image, points[i], size=size)
        for i, image in enumerate(clip.frames(start, stop))
        if i in wanted
    ]
    images, matrices = zip(*cut, strict=True)
    return Faces(np.stack(images), np.stack(matrices), known + start)


@dataclass
class Autoencoder:
    """A network with one encoder and two decoders, and how far its training has come."""

    encoder: list[Layer]
    decoders: tuple[list[Layer], list[Layer]]
    """The decoder of person 0, and that of person 1."""
    means: np.ndarray
    """(2, D) float32, 0 to 1: for each person the mean face, which is subtracted before the encoder
    and added again after the decoder."""
    size: int
    """Side of the faces, pixels."""
    seed: int
    """It decides all random choices of the training."""
    optimiser: Adam = field(repr=False)
    """It trains the encoder and both decoders."""
    losses: list[float] = field(default_factory=list)
    """The loss of each step so far."""


def start(
    faces: Sequence[np.ndarray],
    *,
    hidden: int = 128,
    code: int = 64,
    seed: int = 0,
    own_means: bool = True,
) -> Autoencoder:
    """Make an untrained network for two people.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    faces : two arrays (N, S, S, 3) uint8 RGB
        The faces of person 0 and of person 1.
    hidden, code : int
        How many numbers the layer between the pixels and the code has, and how many the code has.
    seed : int
        The same seed and the same faces give the same network after the same number of steps.
    own_means : bool
        Subtract each person's own mean face before the encoder. If False, subtract the mean of
        both people from both.

    Returns
    -------
    Autoencoder
    """
    size = faces[0].shape[1]
    means = np.stack([rows_of(images).mean(0) for images in faces])
    if not own_means:
        means[:] = means.mean(0)
    pixels, rng = means.shape[1], np.random.default_rng(seed)
    encoder = networks.make_layers([pixels, hidden, code], rng)
    first, second = (networks.make_layers([code, hidden, pixels], rng) for _ in range(2))
    for decoder in (first, second):
        decoder[-1].weight[:] = 0  # so the first picture is the mean face, not noise
    optimiser = Adam([*encoder, *first, *second])
    return Autoencoder(encoder, (first, second), means, size, seed, optimiser)


def rows_of(images: np.ndarray, *, reach: float = 1.1) -> np.ndarray:
    """Return faces as a network sees them: one row of numbers for each face.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    images : (N, S, S, 3) uint8 RGB
    reach : float
        Which pixels are taken, as in `face_area`.

    Returns
    -------
    (N, D) float32, 0 to 1
    """
    area = face_area(images.shape[1], reach=reach)
    return images[:, area].reshape(len(images), -1).astype(np.float32) / 255


def _images(rows: np.ndarray, size: int) -> np.ndarray:
    """Return rows (N, D) as faces (N, S, S, 3) uint8, black outside `face_area`."""
    images = np.zeros((len(rows), size, size, 3), np.uint8)
    images[:, face_area(size)] = np.rint(np.clip(rows, 0, 1) * 255).reshape(len(rows), -1, 3)
    return images


def train(
    model: Autoencoder,
    faces: Sequence[np.ndarray],
    steps: int,
    *,
    batch: int = 16,
    noise: float = 0.05,
    watch: Callable[[Autoencoder], bool | None] = lambda model: None,
) -> None:
    """Train a network in place: both decoders learn to rebuild their own person's faces.

    The random choices of a step depend only on the seed and on the number of the step. So training
    in several parts gives the same network as training without a pause.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    model : Autoencoder
    faces : two arrays (N, S, S, 3) uint8 RGB
        The faces of person 0 and of person 1.
    steps : int
    batch : int
        How many faces of each person are seen in a step.
    noise : float
        Standard deviation of the noise that is added to the faces before the encoder. Black is 0
        and white is 1. The decoders must rebuild the faces without the noise. So the encoder learns
        what is typical of faces. (Vincent et al. 2008, doi:10.1145/1390156.1390294.)
    watch : callable
        Called after each step. If it returns True, training stops.
    """
    people = [rows_of(images) - mean for images, mean in zip(faces, model.means, strict=True)]
    for _ in range(steps):
        rng = np.random.default_rng([model.seed, len(model.losses)])
        some = [rows[rng.integers(len(rows), size=batch)] for rows in people]
        _train_step(model, some, [noise * rng.standard_normal(x.shape, np.float32) for x in some])
        if watch(model):
            break


def _train_step(
    model: Autoencoder, faces: Sequence[np.ndarray], noise: Sequence[np.ndarray]
) -> None:
    loss, shared, own = 0.0, [], []
    for x, disturbance, decoder in zip(faces, noise, model.decoders, strict=True):
        encoded = networks.forward(model.encoder, x + disturbance)
        decoded = networks.forward(decoder, encoded[-1])
        error = decoded[-1] - x
        loss += float((error**2).mean())
        gradients, slope = networks.backward(decoder, decoded, 2 * error / error.size)
        own += gradients
        shared.append(networks.backward(model.encoder, encoded, slope)[0])
    pairs = zip(*shared, strict=True)
    both = [Layer(one.weight + two.weight, one.bias + two.bias) for one, two in pairs]
    model.optimiser.step([*both, *own])
    model.losses.append(loss)


def encode_faces(model: Autoencoder, images: np.ndarray, person: int) -> np.ndarray:
    """Return the codes of faces.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    model : Autoencoder
    images : (N, S, S, 3) uint8 RGB
    person : int
        0 or 1: who is in the pictures.

    Returns
    -------
    (N, C) float32
        C is the `code` of `start`.
    """
    return networks.forward(model.encoder, rows_of(images) - model.means[person])[-1]


def swap_faces(model: Autoencoder, images: np.ndarray, person: int, decoder: int) -> np.ndarray:
    """Encode faces of one person and decode them with the decoder of the same or the other person.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    model : Autoencoder
    images : (N, S, S, 3) uint8 RGB
    person : int
        0 or 1: who is in the pictures.
    decoder : int
        0 or 1: whose decoder is used.

    Returns
    -------
    (N, S, S, 3) uint8 RGB, black outside `face_area`
    """
    code = encode_faces(model, images, person)
    made = networks.forward(model.decoders[decoder], code)[-1] + model.means[decoder]
    return _images(made, model.size)


def likeness(images: np.ndarray, person: np.ndarray, *, reach: float = 1.1) -> np.ndarray:
    """Return how similar faces are to a person: the correlation with the person's mean face.

    It is the mean of the correlations of the three colour channels. It does not change with
    brightness, contrast or tint, because each channel of each face is first brought to mean 0 and
    standard deviation 1.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    images : (N, S, S, 3) uint8 RGB
    person : (M, S, S, 3) uint8 RGB
        Pictures of the person.
    reach : float
        How far the compared pixels reach, as in `face_area`.

    Returns
    -------
    (N,) float, -1 to 1
    """
    goal = _standard(rows_of(person, reach=reach).mean(0, keepdims=True))
    return (_standard(rows_of(images, reach=reach)) * goal).mean(1)


def _standard(rows: np.ndarray) -> np.ndarray:
    colours = rows.reshape(len(rows), -1, 3)
    colours = colours - colours.mean(1, keepdims=True)
    return (colours / colours.std(1, keepdims=True)).reshape(rows.shape)


def put_back(
    face: np.ndarray,
    matrix: np.ndarray,
    target: np.ndarray,
    target_points: np.ndarray,
    recipe: swap.Recipe = swap.Recipe(),  # noqa: B008
) -> swap.Swap:
    """Put a face that the network made into the picture, and blend it in as in notebook 04.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    face : (S, S, 3) uint8 RGB
        As `swap_faces` returns it.
    matrix : (2, 3) float
        Maps picture to face, as `cut_face` returns it.
    target : (H, W, 3) uint8 RGB
    target_points : (468, 2) float pixels
    recipe : swap.Recipe

    Returns
    -------
    swap.Swap
    """
    size_wh = target.shape[1::-1]
    picture, _ = alignment.unalign_face(face, matrix, size_wh)
    area, _ = alignment.unalign_face(np.float32(face_area(len(face))), matrix, size_wh)
    return swap.put_in(picture, target, target_points, recipe, where=area > 0.999)
