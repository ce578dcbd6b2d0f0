"""Files: paths, private folders, locks, files that appear whole or not at all, unfinished files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if os.name == "nt":
    import msvcrt
else:
    import fcntl

__all__ = [
    "absolute_path",
    "atomic_write",
    "existing_file",
    "locked",
    "private_folder",
    "scratch_folder",
    "sha256_of",
    "sweep",
]


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
