"""Training: train a face-swap network with a progress bar, live pictures and a loss curve.

The button that interrupts the kernel ends the training after the current step. Nothing is lost: if
the cell runs again, training goes on. With a name in `keep`, the network is also saved every 20
seconds in the learner's own folder `data/my_networks`. Then training goes on from the last save
even if the kernel died.
"""

from __future__ import annotations

import base64
import hashlib
import html
import os
import re
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from IPython.display import HTML, display

from framewise import autoencoder, fakes
from framewise.autoencoder import Autoencoder
from framewise.workbench import files, places

__all__ = ["draw_curve", "draw_faces", "load", "network_file", "run", "save"]

SHOW_S, SAVE_S = 1.0, 20.0
"""Least seconds between two updates of the pictures, and between two saves."""


def run(
    model: Autoencoder, faces: Sequence[np.ndarray], *, steps: int, keep: str | None = None
) -> None:
    """Train a network in place until it has done `steps` steps in all, and show its progress.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    model : Autoencoder
    faces : two arrays (N, S, S, 3) uint8 RGB
        The faces of person 0 and of person 1.
    steps : int
        Steps in all, including those that the network has already done.
    keep : str, optional
        A name under which the network is saved in `data/my_networks`. If there is such a file
        already, and its network has done more steps, training goes on from it.

    Raises
    ------
    ValueError
        The name is not allowed (see `network_file`). Or the file of this name is damaged, or holds
        a network that was trained with other faces, or that was started in another way. Such a
        file is not changed.
    """
    path = network_file(keep) if keep else None
    notes = [_take_up(model, faces, path)] if path else []
    view = _View(model, faces, steps, notes)
    saved = began = time.monotonic()
    first = len(model.losses)
    with _interrupts() as stopped:

        def watch(_: Autoencoder) -> bool:
            nonlocal saved
            view.refresh()
            if path and time.monotonic() - saved > SAVE_S:
                view.note(_try_to_save(model, faces, path))
                saved = time.monotonic()
            return stopped.is_set()

        autoencoder.train(model, faces, max(0, steps - first), watch=watch)
        if path and len(model.losses) > first:
            view.note(_try_to_save(model, faces, path))
    seconds, done = time.monotonic() - began, len(model.losses)
    if stopped.is_set() and done < steps:
        view.note(f"You stopped the training after step {done}. Run the cell again to go on.")
    view.note(f"{done - first} steps in {seconds:.1f} seconds.")
    view.refresh(always=True)


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Turn interrupts (SIGINT) into an event. This is possible only in the main thread."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


# The file of a network


def network_file(name: str) -> Path:
    """Return the file in which the learner's network of this name is saved.

    Raises
    ------
    ValueError
        The name is not 1 to 60 letters, digits, "_" and "-".
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name):
        raise ValueError(
            f'keep: expected a name of 1 to 60 letters, digits, "_" and "-", such as "ana_gita", '
            f"got {name!r}. Choose another name."
        )
    return places.own_folder("my_networks") / f"{name}.npz"


def _kind(model: Autoencoder, faces: Sequence[np.ndarray]) -> str:
    """Return a hash of the seed, the shape of the network and the faces, but not of the weights."""
    whole = hashlib.sha256(f"{model.seed} {model.size}".encode())
    for array in (model.means, *model.optimiser.arrays):
        whole.update(str(array.shape).encode())
    for array in (model.means, *faces):
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.hexdigest()


def save(model: Autoencoder, faces: Sequence[np.ndarray], path: Path) -> None:
    """Save a network and its optimiser, whole or not at all.

    Parameters
    ----------
    model : Autoencoder
    faces : two arrays (N, S, S, 3) uint8 RGB
        The faces that it is trained with; only a hash of them is saved.
    path : Path

    Raises
    ------
    OSError
        The file cannot be written, for example because the disk is full.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    adam = model.optimiser
    arrays = {}
    for name, group in (("weight", adam.arrays), ("m", adam.m), ("v", adam.v)):
        arrays |= {f"{name}.{i}": array for i, array in enumerate(group)}
    with files.atomic_write(path) as partial, open(partial, "wb") as file:
        np.savez(file, kind=_kind(model, faces), losses=model.losses, **arrays)


def load(model: Autoencoder, faces: Sequence[np.ndarray], path: Path) -> None:
    """Give a network the weights, the optimiser and the losses that `save` wrote.

    Parameters
    ----------
    model : Autoencoder
        As `autoencoder.start` made it for these faces.
    faces : two arrays (N, S, S, 3) uint8 RGB
    path : Path

    Raises
    ------
    ValueError
        The file belongs to other faces or to another kind of network, or it is damaged.
    """
    adam = model.optimiser
    groups = {"weight": adam.arrays, "m": adam.m, "v": adam.v}
    places = [(f"{name}.{i}", own) for name, group in groups.items() for i, own in enumerate(group)]
    try:
        with np.load(path) as data:
            kind, losses = str(data["kind"]), data["losses"].tolist()
            kept = [data[name] for name, _ in places] if kind == _kind(model, faces) else []
    except Exception as error:  # a damaged file can raise almost any error
        raise ValueError(
            f"{path} cannot be read ({error}). Delete it, or choose another name for `keep`."
        ) from error
    if not kept:
        raise ValueError(
            f"{path} holds a network that was trained with other faces, or that was started in "
            "another way. It was not changed. Choose another name for `keep`, or delete the file."
        )
    for (_, own), array in zip(places, kept, strict=True):
        own[:] = array
    adam.t, model.losses[:] = len(losses), losses


def _take_up(model: Autoencoder, faces: Sequence[np.ndarray], path: Path) -> str:
    """Load the saved network if it has done more steps, and return a sentence that says so."""
    if not path.is_file():
        return ""
    with_more = autoencoder.start(faces, **_choices(model))
    load(with_more, faces, path)
    if len(with_more.losses) <= len(model.losses):
        return ""
    load(model, faces, path)
    return f"Step {len(model.losses)} was saved in {_short(path)}. Training goes on from there."


def _choices(model: Autoencoder) -> dict[str, int | bool]:
    return {
        "hidden": model.encoder[0].weight.shape[1],
        "code": model.encoder[-1].weight.shape[1],
        "seed": model.seed,
        "own_means": bool((model.means[0] != model.means[1]).any()),
    }


def _try_to_save(model: Autoencoder, faces: Sequence[np.ndarray], path: Path) -> str:
    try:
        save(model, faces, path)
    except OSError as error:  # training can go on without a save
        return (
            f"Step {len(model.losses)} could not be saved in {_short(path)} "
            f"({error.strerror or error}). Is the disk full? Training goes on, but it is lost if "
            "the kernel ends."
        )
    return f"Step {len(model.losses)} is saved in {_short(path)}."


def _short(path: Path) -> str:
    return os.path.join("data", path.parent.name, path.name)


# The pictures


class _View:
    """The bar, the pictures and the curve below the cell."""

    def __init__(self, model, faces, steps: int, notes: list[str]) -> None:
        self.model, self.steps = model, steps
        self.some = faces[0][np.linspace(0, len(faces[0]) - 1, 6).astype(int)]
        self.notes = [note for note in notes if note]
        self.shown = time.monotonic()
        self.handle = display(HTML(self.page()), display_id=True)

    def note(self, text: str) -> None:
        """Add a sentence. It replaces an older sentence that begins with the same 5 letters."""
        self.notes = [note for note in self.notes if note[:5] != text[:5]] + [text]

    def refresh(self, *, always: bool = False) -> None:
        """Show the newest state, at most once in `SHOW_S` seconds unless `always`."""
        if always or time.monotonic() - self.shown > SHOW_S:
            if self.handle is not None:
                self.handle.update(HTML(self.page()))
            self.shown = time.monotonic()

    def page(self) -> str:
        done = len(self.model.losses)
        share = min(1, done / self.steps) if self.steps else 1
        loss = f", loss {np.mean(self.model.losses[-10:]):.4f}" if done else ""
        words = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        pictures = _picture(draw_faces(self.model, self.some), FACES) + _picture(
            draw_curve(self.model.losses, self.steps), CURVE
        )
        return (
            f"<p>step {done} of {self.steps}{loss}</p><div style='width:600px;max-width:100%;"
            "background:#ddd;height:12px'><div style='height:12px;background:#0072B2;"
            f"width:{share:.1%}'></div></div>{pictures}{words}"
        )


FACES = "Three rows of faces: person 0, person 0 rebuilt, and person 0 with the face of person 1."
CURVE = "The loss at each step so far."


def _picture(image: np.ndarray, alt: str) -> str:
    done, data = cv2.imencode(".png", image[..., ::-1])
    code = base64.b64encode(data).decode() if done else ""
    return f'<p><img alt="{alt}" src="data:image/png;base64,{code}"></p>'


def draw_faces(model: Autoencoder, faces: np.ndarray, *, side: int = 112) -> np.ndarray:
    """Draw three rows: faces of person 0, the same faces rebuilt, and with the face of person 1.

    Parameters
    ----------
    model : Autoencoder
    faces : (N, S, S, 3) uint8 RGB
    side : int
        Side of a face in the drawing, pixels.

    Returns
    -------
    (H, W, 3) uint8 RGB
        The two rows that the network drew carry the mark of a fake.
    """
    rows = [("frame", faces)]
    for name, decoder in (("rebuilt", 0), ("other face", 1)):
        rows.append((name, autoencoder.swap_faces(model, faces, 0, decoder)))
    drawn = []
    for number, (name, images) in enumerate(rows):
        large = [cv2.resize(image, (side, side)) for image in images]
        row = np.hstack(large)
        label = np.full((side, 110, 3), 255, np.uint8)
        _write(label, name, (2, side // 2))
        drawn.append(np.hstack([label, fakes.mark(row) if number else row]))
    return np.vstack(drawn)


def draw_curve(losses: Sequence[float], steps: int) -> np.ndarray:
    """Draw the loss of each step on a logarithmic scale with grid lines at 1, 0.1, 0.01 ...

    Parameters
    ----------
    losses : sequence of float
        They are drawn between 0.0001 and 1; a loss outside is drawn at the edge.
    steps : int
        Where the scale of the steps ends.

    Returns
    -------
    (240, 782, 3) uint8 RGB
    """
    image = np.full((240, 782, 3), 255, np.uint8)
    left, right, top, bottom = 110, 770, 14, 200

    def place(step: float, loss: float) -> tuple[int, int]:
        x = left + (right - left) * step / max(steps, len(losses), 1)
        y = top + (bottom - top) * -np.log10(np.clip(loss, 1e-4, 1)) / 4
        return round(x), round(float(y))

    for value in (1, 0.1, 0.01, 0.001, 0.0001):
        cv2.line(image, place(0, value), (right, place(0, value)[1]), (215, 215, 215))
        _write(image, f"{value:g}", (40, place(0, value)[1] + 5))
    _write(image, "loss", (2, 24))
    _write(image, "step 0", (left - 20, 228))
    _write(image, str(max(steps, len(losses))), (right - 40, 228))
    if len(losses) > 1:
        line = np.array([place(step, loss) for step, loss in enumerate(losses, 1)])
        cv2.polylines(image, [line.astype(np.int32)], False, (0, 114, 178), 2, cv2.LINE_AA)
    return image


def _write(image: np.ndarray, text: str, at: tuple[int, int]) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
