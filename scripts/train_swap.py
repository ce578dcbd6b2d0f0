"""Train the stronger face-swap networks of notebook 05: one encoder and two decoders.

This is a tool for authors. Nobody needs it to take the course. It needs PyTorch
(`pip install torch`) beside the course's own packages.

    python scripts/train_swap.py ana_gita 128 --steps 12000
    python scripts/train_swap.py ana_gita 64 --steps 12000

The same seed and the same number of steps give the same pictures in the same order, and the same
learning rates. Every 250 steps, the state of the training is saved in build/train. If the script
starts again, it goes on from there, as if it had never stopped. The weights are written to
data/networks as float16, with the mean faces, the number of steps, the seconds of training and the
seed.

The networks in data/networks had 11,750 steps each. Their learning rate still fell by the clock, so
they cannot be made again bit for bit.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from framewise import alignment, autoencoder, consent, landmarks, samples, tracking
from framewise.workbench import convnet
from torch import nn
from torch.nn import functional

ROOT = Path(__file__).resolve().parents[1]
PAIRS = {
    "ana_gita": {
        "a": [("ana_talk", 0, 120), ("ana_turn", 0, 200)],
        "b": [("gita_talk", 0, 120), ("gita_smile", 0, 200)],
    }
}
"""The clips and the frames [first, end) that each decoder learns from. The other frames of the
talking clips are kept for tests."""

CODE = 192
ENCODER = (3, 24, 48, 96, 96)
DECODER = (96, 96, 64, 32, 16)
BATCH = 8  # faces of each person
RATE = 5e-4
SAVE = 250  # steps


def load_faces(spans: list[tuple[str, int, int]], size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return aligned faces (N, size, size, 3) in 0..1 and the weight of each pixel in the loss."""
    faces, weights = [], []
    for name, first, end in spans:
        clip = samples.open_clip(name)
        consent.require(clip, "make")
        points = tracking.track_face(clip).points
        for i, image in enumerate(clip.frames(first, end), first):
            if np.isnan(points[i]).any():
                continue
            chip, matrix = autoencoder.cut_face(image, points[i], size=size)
            faces.append(chip.astype(np.float32) / 255)
            weights.append(weigh(alignment.apply_similarity(matrix, points[i]), size))
    return np.stack(faces), np.stack(weights)


def weigh(points: np.ndarray, size: int) -> np.ndarray:
    """Return the weight of each pixel, (size, size) float32, with soft borders.

    It is 3 at the eyes and the mouth, 1 in the rest of the face, and 0.2 outside the face.
    """
    weight = np.full((size, size), 0.2, np.float32)
    for name, value in (("outline", 1), ("right_eye", 3), ("left_eye", 3), ("outer_lips", 3)):
        polygon = np.rint(points[landmarks.GROUPS[name]] * 16).astype(np.int32)
        cv2.fillPoly(weight, [polygon], value, shift=4)
        if value == 3:
            cv2.polylines(weight, [polygon], True, 3, max(2, size // 24), shift=4)
    return cv2.GaussianBlur(weight, (0, 0), size / 48)


def jitter(
    face: np.ndarray, weight: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn, scale, shift and brighten or darken a face a little, and warp the network's input.

    Return the warped input, the goal without the warp, and the weight of each pixel.
    """
    size = len(face)
    middle = (size / 2, size / 2)
    move = cv2.getRotationMatrix2D(middle, rng.normal(0, 4), np.exp(rng.normal(0, 0.03)))
    move[:, 2] += rng.normal(0, 0.015 * size, 2)
    goal = cv2.warpAffine(face, move, (size, size), borderMode=cv2.BORDER_REPLICATE)
    weight = cv2.warpAffine(weight, move, (size, size), borderValue=0.2)
    goal = goal * np.exp(rng.normal(0, 0.05))
    shift = rng.normal(0, 0.02 * size, (2, 5, 5)).astype(np.float32)
    across, down = (cv2.resize(s, (size, size), interpolation=cv2.INTER_CUBIC) for s in shift)
    y, x = np.mgrid[:size, :size].astype(np.float32)
    seen = cv2.remap(goal, x + across, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen, goal, weight


class Autoencoder(nn.Module):
    """The network that `framewise.workbench.convnet` runs, in a form that PyTorch can train."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.small = size // 16
        inner = self.small**2 * ENCODER[-1]
        steps = pairwise(ENCODER)
        self.down = nn.ModuleList(nn.Conv2d(m, n, 5, 2, 2) for m, n in steps)
        self.to_code, self.from_code = nn.Linear(inner, CODE), nn.Linear(CODE, inner)
        self.decoders = nn.ModuleDict({who: self._decoder() for who in "ab"})

    def _decoder(self) -> nn.ModuleList:
        steps = pairwise(DECODER)
        layers = [nn.Conv2d(m, 4 * n, 3, 1, 1) for m, n in steps]
        return nn.ModuleList([*layers, nn.Conv2d(DECODER[-1], 3, 5, 1, 2)])

    def forward(self, x: torch.Tensor, who: str) -> torch.Tensor:
        """Encode faces (N, 3, size, size), and decode them with the decoder of `who`.

        The mean face is already subtracted from the input, and is not yet added to the output.
        """
        for layer in self.down:
            x = functional.leaky_relu(layer(x), convnet.LEAK)
        x = self.from_code(self.to_code(x.flatten(1)))
        x = functional.leaky_relu(x, convnet.LEAK).reshape(len(x), -1, self.small, self.small)
        *layers, last = self.decoders[who]
        for layer in layers:
            x = functional.leaky_relu(functional.pixel_shuffle(layer(x), 2), convnet.LEAK)
        return last(x)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights by the names that `convnet` reads."""
        return {key: value.detach().numpy() for key, value in self.state_dict().items()}


def loss_of(made: torch.Tensor, goal: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the weighted mean error of the colours plus that of the steps between neighbours."""
    off = made - goal
    steps = [(off[..., 1:, :] - off[..., :-1, :]) * weight[..., 1:, :]]
    steps.append((off[..., :, 1:] - off[..., :, :-1]) * weight[..., :, 1:])
    return (off * weight).abs().mean() + sum(step.abs().mean() for step in steps)


def batch_of(faces, weights, mean, rng):
    """Return warped faces for the encoder, the goals and the weights, as tensors (N, C, S, S)."""
    some = rng.integers(len(faces), size=BATCH)
    parts = zip(*(jitter(faces[i], weights[i], rng) for i in some), strict=True)
    seen, goal, weight = (np.stack(part) for part in parts)
    tensors = seen - mean, goal - mean, weight[..., None]
    return [
        torch.from_numpy(np.ascontiguousarray(t.transpose(0, 3, 1, 2))).float() for t in tensors
    ]


def rate_at(step: int, steps: int) -> float:
    """Return the learning rate of a step: `RATE`, and a fifth of it in the last quarter."""
    return RATE * (0.2 if step >= 0.75 * steps else 1)


class Training:
    """A network for the faces of two people, its optimiser, and how far the training has come.

    `people` holds the faces and the weights of "a" and "b", as `load_faces` returns them.
    """

    def __init__(self, people: dict[str, tuple], size: int, steps: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.people, self.steps, self.seed = people, steps, seed
        self.means = {who: faces.mean(0) for who, (faces, _) in people.items()}
        self.network = Autoencoder(size).to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=RATE)
        self.seconds, self.losses = 0.0, []

    def step(self) -> None:
        """Do one step. Its random choices depend only on the seed and the number of the step."""
        began, number = time.monotonic(), len(self.losses)
        rng = np.random.default_rng([self.seed, number])
        self.optimiser.param_groups[0]["lr"] = rate_at(number, self.steps)
        total = 0
        for who, (faces, weights) in self.people.items():
            seen, goal, weight = batch_of(faces, weights, self.means[who], rng)
            with torch.autocast("cpu", torch.bfloat16):  # twice as fast
                made = self.network(seen, who)
            total = total + loss_of(made.float(), goal, weight)
        self.optimiser.zero_grad()
        total.backward()
        self.optimiser.step()
        self.losses.append(total.item())
        self.seconds += time.monotonic() - began

    def save(self, path: Path) -> None:
        """Save the state, whole or not at all."""
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        state |= {"steps": self.steps, "seconds": self.seconds, "losses": self.losses}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Go on from a state that `save` wrote.

        Raises
        ------
        ValueError
            The saved training was meant to have another number of steps, so its learning rates
            differ.
        """
        state = torch.load(path, weights_only=False)
        if state.get("steps") != self.steps:
            raise ValueError(
                f"{path} belongs to a training of {state.get('steps')} steps, not of {self.steps}. "
                f"Use --steps {state.get('steps')}, or delete the file to begin again."
            )
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.seconds, self.losses = state["seconds"], state["losses"]


def train(pair: str, size: int, steps: int, seed: int) -> None:
    """Train a network until it has done `steps` steps. If a save exists, go on from there."""
    people = {who: load_faces(spans, size) for who, spans in PAIRS[pair].items()}
    training = Training(people, size, steps, seed)
    path = ROOT / "build" / "train" / f"{pair}_{size}_{seed}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        training.load(path)
    while len(training.losses) < steps:
        training.step()
        done = len(training.losses)
        if done % SAVE == 0 or done == steps:
            minutes, loss = training.seconds / 60, np.mean(training.losses[-SAVE:])
            print(f"step {done} of {steps}, {minutes:.1f} min, loss {loss:.4f}", flush=True)
            training.save(path)
            numbers = {"step": done, "seconds": training.seconds, "seed": seed}
            write(pair, size, training.network, training.means, **numbers)


def write(pair, size, network, means, **numbers) -> None:
    """Write the weights that the course ships."""
    path = ROOT / "data" / "networks" / f"{pair}_{size}.npz"
    path.parent.mkdir(exist_ok=True)
    arrays = {key: value.astype(np.float16) for key, value in network.arrays().items()}
    arrays |= {f"mean.{who}": np.uint8(np.rint(mean * 255)) for who, mean in means.items()}
    np.savez_compressed(path, **arrays, **{key: np.array(v) for key, v in numbers.items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pair", choices=PAIRS)
    parser.add_argument("size", type=int, choices=(64, 128))
    parser.add_argument("--steps", type=int, default=12_000, help="how many steps in all")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train(options.pair, options.size, options.steps, options.seed)
