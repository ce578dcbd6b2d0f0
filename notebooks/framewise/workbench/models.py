"""Models: find, verify and run the three small networks (face, 468 landmarks, eyelids and iris).

Notebook: 01_detection.ipynb

The networks run in LiteRT, or in OpenCV where LiteRT has no wheel; nothing above this module
knows which. `data/models/models.json` says what each network takes and returns, and its licence.
"""

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from framewise import DATA
from framewise.workbench.files import sha256_of

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:  # no wheel for Intel Macs and Windows on Arm
    Interpreter = None

__all__ = ["backend", "load"]


Network = Callable[..., dict[str, np.ndarray]]
"""network(x, scale=1, shift=0) runs on x * scale + shift, x being (h, w, 3) or (1, h, w, 3) of the
input's size, and returns each output by name, flattened to (n,) float32."""

FOLDER = DATA / "models"
START = "python3 scripts/course.py start"
_loading = threading.Lock()
_loaded = threading.local()


def backend() -> str:
    """Return what runs the networks on this machine: "litert" or "opencv"."""
    return "opencv" if Interpreter is None else "litert"


def load(name: str, *, engine: str | None = None) -> Network:
    """Return a network, verified and ready to run; each thread gets its own.

    Parameters
    ----------
    name : {"detector", "mesh", "iris"}
        BlazeFace short range (128 px), Face Mesh (192 px), Iris (64 px).
    engine : {"litert", "opencv"}, optional
        What runs it; the default is `backend()`.

    Returns
    -------
    Network

    Raises
    ------
    KeyError, FileNotFoundError, ValueError
        There is no such network or engine. Its file is missing. The bytes of the file are not the
        expected ones, or the list of files, `models.json`, cannot be read.

    References
    ----------
    Bazarevsky et al. 2019, BlazeFace, arXiv:1907.05047. Kartynnik et al. 2019, Real-time facial
    surface geometry, arXiv:1907.06724. Ablavatski et al. 2020, Real-time pupil tracking,
    arXiv:2006.11341.
    """
    networks = vars(_loaded)
    key = name, engine or backend()
    engines = {"litert": _litert, "opencv": _opencv}
    if key[1] not in engines or (key[1] == "litert" and Interpreter is None):
        raise KeyError(f"no engine {key[1]!r} on this machine; leave `engine` out.")
    if key not in networks:
        make = engines[key[1]]
        with _loading:
            networks[key] = make(_verified(name))
    return networks[key]


def _verified(name: str, folder: Path = FOLDER) -> Path:
    """Return the path of a network's file after checking its sha256."""
    known = _known_files(folder)
    if name not in known:
        raise KeyError(f"no network {name!r}; there are: {', '.join(known)}")
    path, sha256 = known[name]
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. To fetch it, run: {START}")
    if sha256_of(path) != sha256:
        raise ValueError(
            f"{path} is damaged: its sha256 is not the expected one. Delete it. To fetch it again, "
            f"run: {START}"
        )
    return path


def _known_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Return the path and the sha256 of each network's file, as `models.json` lists them."""
    path = folder / "models.json"
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["files"]
        return {name: (folder / one["file"], one["sha256"]) for name, one in listed.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is missing or damaged ({type(error).__name__}: {error}). Restore it from the "
            "course's repository."
        ) from error


def _litert(path: Path) -> Network:
    with _quiet_stderr():
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
        interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    outputs = {out["name"]: out["index"] for out in interpreter.get_output_details()}

    def run(x: np.ndarray, scale: float = 1, shift: float = 0) -> dict[str, np.ndarray]:
        _fill(interpreter.tensor(source)(), x, scale, shift)
        interpreter.invoke()
        return {key: interpreter.get_tensor(i).ravel() for key, i in outputs.items()}

    return run


def _opencv(path: Path) -> Network:
    network = cv2.dnn.readNetFromTFLite(np.frombuffer(path.read_bytes(), np.uint8))
    names = network.getUnconnectedOutLayersNames()

    def run(x: np.ndarray, scale: float = 1, shift: float = 0) -> dict[str, np.ndarray]:
        filled = np.empty((1, *x.shape[-3:]), np.float32)
        _fill(filled, x, scale, shift)
        network.setInput(np.ascontiguousarray(filled.transpose(0, 3, 1, 2)))
        return {key: out.ravel() for key, out in zip(names, network.forward(names), strict=True)}

    return run


def _fill(target: np.ndarray, x: np.ndarray, scale: float, shift: float) -> None:
    if x.shape[-3:] != target.shape[1:]:
        raise ValueError(f"x: expected a picture of {target.shape[1:]}, got {x.shape}.")
    np.multiply(x, np.float32(scale), out=target)
    if shift:
        target += np.float32(shift)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hide the line that LiteRT's C++ code prints about its own set-up."""
    try:
        kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    except OSError:  # a program without a window has no stderr to hide
        yield
        return
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)
