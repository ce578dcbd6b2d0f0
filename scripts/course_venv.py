"""The Python that runs the course: the one in .venv, or with --here the one running now.

A stamp, a small file beside the packages, says what is installed. An old .venv is set aside and
deleted only when the new one is complete.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NoReturn

from course_errors import explain, require_disk, require_venv_module, stop

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
OLD_VENV = BUILD / "old-venv"
NOTEBOOKS = ROOT / "notebooks"
MAKE_SCRIPTS = """
import pathlib, sys, importlib.metadata as metadata
from pip._vendor.distlib.scripts import ScriptMaker
maker = ScriptMaker(None, str(pathlib.Path(sys.executable).parent))
maker.clobber = maker.set_mode = True
maker.variants = {""}
for entry in metadata.entry_points(group="console_scripts"):
    maker.make(f"{entry.name} = {entry.value}")
"""
"""A program that writes the commands in .venv anew: they hold its path."""


# Running programs


def python_for(here: bool) -> Path:
    """Return the Python that runs the course: the one running now, or the one in .venv."""
    if here:
        return Path(sys.executable)
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment(here: bool) -> dict[str, str]:
    """Return the environment of every program we start: our packages, our kernel, UTF-8.

    NumPy gets one thread. On a free computer it is a fifth slower in training than with two. But
    on a busy one, two threads wait for each other, and training takes ten times as long.
    """
    env = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    env |= {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONUTF8": "1"}
    if not here:  # these point to the packages of another Python
        env.pop("PYTHONHOME", None)
        env.pop("PYTHONPATH", None)
    return env


def launch(here: bool, *arguments: object, **options: object) -> subprocess.Popen:
    """Start the course's Python with these arguments; it holds the lock of a set-up too."""
    sys.stdout.flush()
    command = [str(python_for(here)), *map(str, arguments)]
    return subprocess.Popen(command, env=environment(here), close_fds=False, **options)


def run(here: bool, *arguments: object, cwd: Path | None = None) -> int:
    """Run the course's Python with these arguments and return its exit code."""
    child = launch(here, *arguments, cwd=cwd)
    try:
        while child.poll() is None:  # Ctrl-C inside child.wait() can lose its exit code
            time.sleep(0.05)
        return child.returncode
    except KeyboardInterrupt:
        end(child)
        if child.returncode <= 0:  # killed, so it printed nothing; 0 if the exit code was lost
            print("\nStopped.", file=sys.stderr)
        raise


def end(child: subprocess.Popen) -> None:
    """Let a program finish after Ctrl-C, which it got too; end it if it does not."""
    with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        child.wait(timeout=3)
    if child.poll() is None:
        child.terminate()
        child.wait()


def give_up(complaints: str) -> NoReturn:
    """Keep the messages of pip or venv in a log, explain the problem in plain words, and stop."""
    log = BUILD / "set-up.log"
    log.write_text(complaints, encoding="utf-8")
    raise SystemExit(explain(complaints, log))


# The stamp


def stamp_path(here: bool) -> Path:
    """Return the path of the stamp. It lies beside the packages and is deleted with them."""
    own = sys.prefix if os.access(sys.prefix, os.W_OK) else site.getuserbase()
    return Path(own if here else VENV, "share", "framewise-course.json")


def read_stamp(here: bool) -> dict | None:
    """Return the stamp, or None if there is none.

    If the stamp cannot be read, the packages are most likely whole all the same. Then its lock is
    called "unknown", so that pip checks the packages and installs only what is missing.
    """
    try:
        stamp = json.loads(stamp_path(here).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        stamp = None
    return stamp if isinstance(stamp, dict) else {"lock": "unknown"}


def write_stamp(here: bool, **entries: object) -> None:
    """Write the stamp in one step, so that it is never half there."""
    path = stamp_path(here)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    fresh.write_text(json.dumps(entries), encoding="utf-8")
    fresh.replace(path)


def probe_python() -> str | None:
    """Return the version ("3.12") that .venv's Python really runs, or None if it does not run."""
    command = [str(python_for(False)), "-I", "-S", "-c", "import sys; print(sys.version[:4])"]
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return None
    return answer.stdout.decode().strip() or None


def venv_state() -> str:
    """Return the state of .venv: absent, foreign, unfinished, broken, moved or good."""
    stamp = read_stamp(False)
    if not VENV.is_dir() or (stamp is None and {p.name for p in VENV.iterdir()} <= {"share"}):
        return "absent"
    if stamp is None:
        return "foreign"
    if "lock" not in stamp:
        return "unfinished"
    python = probe_python()
    if python is None:  # a Python of the same version can take its place
        return "moved" if stamp.get("python") == sys.version[:4] else "broken"
    if python != stamp.get("python", python):
        return "broken"
    return "good" if stamp.get("path", str(VENV)) == str(VENV) else "moved"


# Making and repairing


def base_python() -> str:
    """Return the Python that environments are made with."""
    return getattr(sys, "_base_executable", None) or sys.executable


def make_venv() -> None:
    """Make .venv afresh and set the old one aside; at first it counts as "unfinished"."""
    require_venv_module()
    require_disk(ROOT)
    if VENV.exists():
        VENV.rename(OLD_VENV)
    write_stamp(False)
    command = [base_python(), "-m", "venv", str(VENV)]
    made = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        give_up(made.stdout.decode("utf-8", "replace"))


def settle_old_venv() -> None:
    """Delete the .venv that was set aside if the new one is complete; otherwise put it back."""
    if OLD_VENV.exists() and venv_state() == "good":
        discard(OLD_VENV)
    elif OLD_VENV.exists():
        discard(VENV)
        OLD_VENV.rename(VENV)


def discard(folder: Path) -> None:
    """Rename a folder, then delete it, so that no half-deleted .venv is left if this is stopped."""
    trash = BUILD / "trash"
    shutil.rmtree(trash, ignore_errors=True)
    if folder.exists():
        folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def repair_moved() -> None:
    """Write anew the small files in .venv that hold an old path; the packages stay."""
    python = python_for(False)
    if probe_python() is None:
        for link in python.parent.glob("python*"):  # venv would keep links that lead nowhere
            link.unlink()
        python = base_python()
    failed = subprocess.call([str(python), "-m", "venv", "--without-pip", str(VENV)])
    if failed or run(False, "-c", MAKE_SCRIPTS):
        stop("The moved .venv could not be repaired.", "Delete the folder .venv, then start again.")
    write_stamp(False, **dict(read_stamp(False) or {}, path=str(VENV)))


# The course's own package


def link_file(here: bool) -> Path:
    """Return the .pth file that tells the Python that runs the course where our package is."""
    if here:
        own = sysconfig.get_path("purelib")
        folder = Path(own if os.access(own, os.W_OK) else site.getusersitepackages())
    else:
        pattern = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
        folder = next(VENV.glob(pattern), VENV)
    return folder / "framewise-course.pth"


def link_text(here: bool) -> str:
    """Return the text of the .pth file: for .venv a relative path, which survives a move.

    It is ASCII: which encoding Python expects there depends on its version and on the system.
    """
    if here:
        return f"import site; site.addsitedir({str(NOTEBOOKS)!a})"
    return os.path.relpath(NOTEBOOKS, link_file(here).parent)


def is_linked(here: bool) -> bool:
    """Tell whether the Python that runs the course finds the package of this very folder."""
    file = link_file(here)
    return file.is_file() and file.read_bytes() == link_text(here).encode("ascii")


def link_package(here: bool) -> None:
    """Make the course's own package known to the Python that runs it."""
    link_file(here).parent.mkdir(parents=True, exist_ok=True)
    link_file(here).write_text(link_text(here), encoding="ascii")
