"""What can be wrong with a computer or a set-up, in plain words, with the repair.

This file must be readable by a Python that is too old for the course.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import NoReturn

OLDEST, NEWEST = (3, 11), (3, 14)
DISK_NEEDED, TEMPORARY_NEEDED = 1_300_000_000, 400_000_000  # bytes: installed, downloads

# What pip and the system say: a pattern, what is wrong, what to do. The first match counts.
TROUBLES = (
    (
        r"no space left|errno 28|not enough space|quota exceeded",
        "The disk is full.",
        "Free about 1.7 GB (on the project's disk and in the folder for temporary files), "
        "then run this command again.",
    ),
    (
        r"do not match the hashes",
        "A package file is not the one that the course was tested with (its sha256 is wrong).",
        "Nothing of it was kept. If the file comes from the folder wheelhouse, replace it there. "
        "Otherwise run this command again. If the error comes back, a proxy or mirror changes "
        "downloads: try another network.",
    ),
    (
        r"certificate.verify.failed|sslerror",
        "The secure connection could not be verified (often because of a school or company proxy).",
        "Ask for the proxy's certificate and set PIP_CERT to its file, or use another network.",
    ),
    (
        r"newconnectionerror|failed to establish|name resolution|getaddrinfo failed|timed out"
        r"|network is unreachable|connection refused|proxyerror|remotedisconnected",
        "There is no internet, or the server with the Python packages does not answer.",
        "Connect to the internet and run this command again. It goes on where it stopped. Once it "
        "is set up, the course works without the internet. If only the neural networks are "
        "missing, you can also copy the folder data/models from another computer.",
    ),
    (
        r"externally-managed-environment",
        "This Python belongs to the operating system and refuses packages.",
        "Run the command without --here.",
    ),
    (
        r"permission denied|errno 13|winerror 5\]",
        "A file or folder cannot be written.",
        "Close programs that use the course, copy it to a folder of your own, and run this again.",
    ),
    (
        r"no matching distribution|could not find a version",
        "A package has no ready-made file for this machine and Python.",
        "Use a 64-bit Python 3.11 to 3.14 on Linux, macOS 14 or newer, or Windows "
        "(on Windows for Arm: the x64 Python).",
    ),
)


def stop(what: str, repair: str) -> NoReturn:
    """End the program with what is wrong and what to do about it, and exit code 1."""
    raise SystemExit(f"\n{what}\n  -> {repair}")


def explain(complaint: str, details: object) -> str:
    """Explain in plain words an error message of pip, venv or the operating system."""
    last = complaint.strip().splitlines()[-1:] or ["no message"]
    advice = "Read the details, correct what is wrong, then run this command again."
    unknown = ("", f"The command failed: {last[0]}", advice)
    matches = (trouble for trouble in TROUBLES if re.search(trouble[0], complaint, re.IGNORECASE))
    _, what, repair = next(matches, unknown)
    return f"\n{what}\n  -> {repair}\n  Details: {details}"


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
    """Stop if this Python cannot make environments, as on Debian without python3-venv."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return
    stop(
        "This Python cannot make a .venv: its venv or ensurepip module is missing.",
        "On Debian and Ubuntu: sudo apt install python3-venv. "
        "Elsewhere install Python from python.org. Then run this command again.",
    )


def require_disk(root: Path) -> None:
    """Stop if the packages would not fit."""
    for folder, needed in ((root, DISK_NEEDED), (tempfile.gettempdir(), TEMPORARY_NEEDED)):
        free = shutil.disk_usage(folder).free
        if free < needed:
            stop(
                f"There is not enough free space in {folder}: {free / 1e9:.1f} GB are free, but "
                f"{needed / 1e9:.1f} GB are needed.",
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
        "In a throw-away container, run: "
        "PIP_BREAK_SYSTEM_PACKAGES=1 python3 scripts/course.py --here",
    )
