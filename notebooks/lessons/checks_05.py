"""Checks of the exercises in notebook 05."""

from typing import Any

import numpy as np
from framewise import DATA, autoencoder, finishing, landmarks, pairing, samples
from framewise.workbench import convnet
from framewise.workbench.exercises import Result, exercise

SLOPES = np.array([3.5, 7, 3, 1.5])


def _numbers(answer: Any) -> np.ndarray:
    """Return the answer as floats; one NaN if it holds anything else."""
    try:
        return np.array(np.nan) if isinstance(answer, str) else np.asarray(answer, float).squeeze()
    except (TypeError, ValueError):
        return np.array(np.nan)


@exercise("05.1")
def _four_slopes(answer: Any) -> Result:
    slopes = _numbers(answer)
    if slopes.shape != (4,) or not np.isfinite(slopes).all():
        return Result(False, "expected four numbers, [a, b, p, q], such as [1, 2, 3, 4].")
    right = np.abs(slopes - SLOPES) < 0.05
    if right.all():
        return Result(True, "all four slopes are correct.")
    if np.abs(slopes[[2, 3, 0, 1]] - SLOPES).max() < 0.05:
        return Result(False, "the numbers are correct, but the order is [a, b, p, q].")
    if np.abs(slopes / 2 - SLOPES).max() < 0.05:
        return Result(False, "all four must be half as large. The loss is the mean of two squares.")
    if np.abs(slopes + SLOPES).max() < 0.05:
        return Result(False, "the signs are wrong: the loss grows if a weight grows.")
    if np.abs(slopes - SLOPES * 0.001).max() < 1e-4:
        return Result(False, "these are changes of the loss. Divide them by the size of the step.")
    names = " and ".join(name for name, good in zip("abpq", right, strict=True) if not good)
    return Result(False, f"look again at {names}. Change one weight at a time, by 0.001.")


def _count_all() -> tuple[int, int, int]:
    """Return the weights of the encoder and of a decoder, and the biases of all three."""
    faces = np.zeros((1, 64, 64, 3), np.uint8)
    model = autoencoder.start([faces, faces])
    parts = [model.encoder, *model.decoders]
    weights = [sum(layer.weight.size for layer in part) for part in parts]
    return weights[0], weights[1], sum(layer.bias.size for part in parts for layer in part)


@exercise("05.2")
def _how_many_numbers(answer: Any) -> Result:
    count = _numbers(answer)
    if count.shape != () or not np.isfinite(count):
        return Result(False, "expected one whole number, such as 1200.")
    encoder, decoder, biases = _count_all()
    total = encoder + 2 * decoder + biases
    if count == total:
        return Result(True, f"the network learns {total:,} numbers.")
    if count == encoder + 2 * decoder:
        return Result(False, "the weights are complete. Now add the biases.")
    if count == biases:
        return Result(False, "these are the biases alone.")
    if encoder + decoder <= count < encoder + 2 * decoder:
        return Result(False, "this is one encoder and one decoder. There is a second decoder.")
    more = "more" if count < total else "fewer"
    return Result(False, f"there are {more}. A matrix of (3, 2) holds 3 * 2 numbers.")


@exercise("05.3")
def _sharp_and_blinking(answer: Any) -> Result:
    if not isinstance(answer, finishing.Finish):
        return Result(False, "expected a recipe such as finishing.Finish(smooth=1, detail=0.5).")
    sharp, follows = _try_finish(answer)
    words = f"the detail is {sharp:.0%}, and the correlation of the mouths is {follows:.2f}"
    if not 0.8 <= sharp <= 1.15:
        return Result(False, f"{words}. Change `detail`: the face is too {_soft(sharp)}.")
    if not follows >= 0.75:  # NaN as well
        return Result(False, f"{words}. Which repair shows what lies between Ana's lips?")
    return Result(True, f"{words}.")


def _soft(sharp: float) -> str:
    return "soft" if sharp < 0.8 else "sharp"


def _try_finish(finish: finishing.Finish) -> tuple[float, float]:
    """Return the detail and how well the mouth follows in frames 60 to 84."""
    ana, here = samples.open_clip("ana_talk"), slice(60, 85)
    network = convnet.load_network(DATA / "networks" / "ana_gita_128.npz")

    def draw(images: np.ndarray) -> np.ndarray:
        return convnet.swap_faces(network, images, 0, 1)

    points = pairing.only_track(ana).points[here]
    fakes = finishing.finish_clip(ana, draw, finish, size=128, frames=here)
    shares, mouths = [], []
    for fake, image, face in zip(fakes, ana.frames(here.start, here.stop), points, strict=True):
        shares.append(finishing.detail(fake, face) / finishing.detail(image, face))
        square = landmarks.square_of_points(face)
        pair = [landmarks.mesh(picture, square)[0] for picture in (fake, image)]
        mouths.append([float(landmarks.mouth_opening(found)) for found in pair])
    return float(np.mean(shares)), float(np.corrcoef(np.transpose(mouths))[0, 1])
