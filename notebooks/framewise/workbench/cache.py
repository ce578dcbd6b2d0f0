"""Cache: keep what was measured on a clip, so that it need not be measured again."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path

import numpy as np

from framewise import __version__
from framewise.workbench import places
from framewise.workbench.files import atomic_write

__all__ = ["cache_file", "load_arrays", "save_arrays"]


def cache_file(sha256: str, what: str) -> Path:
    """Name the cache file for something measured on the clip with this hash.

    Parameters
    ----------
    sha256 : str
        Of the clip.
    what : str
        What was measured, such as "index".
    """
    return places.own_folder("cache") / f"{sha256[:24]}.{what}-{__version__}.npz"


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Load what `save_arrays` kept; empty if there is nothing, or if it was damaged or edited."""
    try:
        with np.load(path) as data:
            arrays = dict(data)
        return arrays if str(arrays.pop("digest")) == _digest(arrays) else {}
    except Exception:  # however it is damaged, it is measured again
        return {}


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Save arrays whole or not at all; a cache that cannot be written is no error.

    Parameters
    ----------
    path : Path
        From `cache_file`.
    arrays : dict of str to array
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            np.savez_compressed(partial, **arrays, digest=_digest(arrays))
    except OSError as error:
        warnings.warn(
            f"The measurements cannot be kept in {path.parent} ({error}). They will be made again "
            "the next time.",
            stacklevel=2,
        )


def _digest(arrays: dict[str, np.ndarray]) -> str:
    """Return a checksum of arrays, with their names, types and shapes."""
    whole = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        values = np.ascontiguousarray(values)
        whole.update(f"{name} {values.dtype} {values.shape} ".encode() + values.tobytes())
    return whole.hexdigest()
