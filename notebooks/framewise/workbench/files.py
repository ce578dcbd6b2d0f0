"""Files: paths, private folders, locks, files that appear whole or not at all, unfinished files."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if os.name == "nt":
    import msvcrt
else:
    import fcntl

__all__ = [
    "absolute_path",
    "atomic_write",
    "check_target",
    "existing_file",
    "locked",
    "private_folder",
    "readable",
    "scratch_folder",
    "sha256_of",
    "sweep",
    "write_private",
]

LONGEST_NAME = 220
"""Bytes of a file's name. The name of its half-written file is longer, and 255 is the most."""


def absolute_path(name: str | Path) -> Path:
    """Return the absolute path of a file that a person named; "~" may mean their home."""
    path = Path(name)
    with contextlib.suppress(RuntimeError):  # the name begins with "~", and no user is called so
        path = path if path.exists() else path.expanduser()
    return path.absolute()


def existing_file(path: str | Path) -> Path:
    """Return the absolute path of a file that must be there.

    Raises
    ------
    FileNotFoundError
        There is no such file, or it is a folder, a device or a pipe.
    """
    path = Path(path)
    if path.parts[:1] == ("~",):  # a file may be called ~talk.mp4
        path = path.expanduser()
    path = path.absolute()
    if path.is_dir():
        raise FileNotFoundError(f"{path}: this is a folder. Give the name of a file in it.")
    if path.exists() and not path.is_file():
        raise FileNotFoundError(
            f"{path}: this is not an ordinary file. Copy its content to an ordinary file first."
        )
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file. Check the name and the folder.")
    return path


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def readable(name: str) -> str:
    """Return a file's name as text for a page; bytes that are not valid text become "?"."""
    return os.fsencode(name).decode(errors="replace").replace("\ufffd", "?")


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter; an existing folder is made private too."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a file; the system releases it when this program ends, in whatever way.

    Parameters
    ----------
    path : Path
        A file that serves as the lock. It is made if it is missing, and it stays.
    wait : bool
        Wait until no other program holds the lock (on Windows for 10 s).

    Raises
    ------
    OSError
        Another program holds the lock.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.name == "nt":
            msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary file to write to. It becomes `path`, or is deleted on an error.

    Only its owner can read the file. Nobody can guess the temporary name beforehand.
    """
    prefix, suffix = f"{path.stem[:50]}.", f".partial{path.suffix}"  # names have 255 bytes at most
    handle, name = tempfile.mkstemp(suffix, prefix, path.parent)
    os.close(handle)
    try:
        yield Path(name)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_target(path: str | Path, ours: Callable[[Path], bool], what: str) -> Path:
    """Return a path at which a file may be written, before any work is done for it.

    Parameters
    ----------
    path : str or Path
    ours : function Path -> bool
        Whether a file may be replaced.
    what : str
        What such a file is called.

    Raises
    ------
    FileExistsError
        Something else is there, such as a folder, a device, or a file that may not be replaced.
    ValueError
        The name is too long.
    OSError
        The folder cannot be written to.
    """
    path = Path(path)
    size = len(os.fsencode(path.name))
    if size > LONGEST_NAME:
        raise ValueError(
            f"{path.name[:40]}...: expected a name of up to {LONGEST_NAME} bytes, got {size}. "
            "Choose a shorter name."
        )
    if path.exists() and not (path.is_file() and ours(path)):
        raise FileExistsError(f"{path} exists and is not {what}. Choose another name.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise OSError(
            f"{path} cannot be written: {folder} is not a folder that you may change. Choose "
            "another folder."
        )
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all; make missing folders.

    Half-written files that killed runs left there more than an hour ago are deleted.

    Parameters
    ----------
    path : Path
    content : bytes
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{glob.escape(path.stem[:50])}*.partial{path.suffix}"):
        if left.stat().st_mtime < time.time() - 3600:
            left.unlink()
    with atomic_write(path) as partial:
        partial.write_bytes(content)


@contextmanager
def scratch_folder(home: Path) -> Iterator[Path]:
    """Yield a private folder inside `home` for unfinished files; it is deleted at the end.

    If the program is killed, the folder stays until the next `sweep` of `home`. `home` itself is
    deleted when it is empty.
    """
    with contextlib.ExitStack() as stack:
        with locked(_lock_of(home)):
            folder = Path(tempfile.mkdtemp(dir=private_folder(home)))
            stack.callback(_drop, folder)
            stack.enter_context(locked(folder / "lock"))  # tells `sweep` that we are alive
        yield folder


def sweep(home: Path) -> None:
    """Delete the scratch folders in `home` whose programs have ended."""
    with locked(_lock_of(home)):
        for folder in home.glob("*"):
            try:
                with locked(folder / "lock", wait=False):
                    pass
            except OSError:  # its program is running
                continue
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # it is not empty, or it is not there
            home.rmdir()


def _lock_of(home: Path) -> Path:
    return home.with_suffix(".lock")


def _drop(folder: Path) -> None:
    with locked(_lock_of(folder.parent)):
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # other programs use it as well
            folder.parent.rmdir()
