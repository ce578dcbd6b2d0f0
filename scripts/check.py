"""Check that the course works here; print a line for each check, OK or FAIL with the repair.

Run by `course.py check`, and with --quick after a set-up. Authors: --write-expected stores the
networks' outputs anew in data/models/expected.json (needed only if the networks change).
"""

from __future__ import annotations

import importlib
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = ROOT / "data" / "models" / "expected.json"
SIZES = {"detector": 128, "mesh": 192, "iris": 64}  # width and height of the input, px
TOLERANCE = 0.05  # px or logit; LiteRT and OpenCV differ by less than 0.001
SAMPLES = 8  # numbers kept of each output
DISK_NEEDED = 500_000_000  # bytes, for pages, tracks and clips of one's own
MODULES = {
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "ai-edge-litert": "ai_edge_litert.interpreter",
    "argon2-cffi-bindings": "_argon2_cffi_bindings",
    "backports-strenum": "backports.strenum",
}

IN_VENV = Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()
COURSE = "python3 scripts/course.py"
ANEW = f"delete the folder .venv and run: {COURSE} start"
PIP = f'"{sys.executable}" -m pip'
INSTALL = f"{PIP} install --require-hashes -r scripts/requirements.lock"
REINSTALL = ANEW if IN_VENV else INSTALL


class Fault(Exception):
    """What is wrong, and the exact repair."""


def check_python() -> str:
    """Check that the lock file was made for this version of Python."""
    version = platform.python_version()
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        raise Fault(f"{version}; the course needs 3.11 to 3.14", "install Python 3.13")
    return f"{version} ({sys.executable})"


def locked_versions() -> dict[str, str]:
    """Return the pinned version of every package in the lock file, by name."""
    lock = (ROOT / "scripts" / "requirements.lock").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock, re.MULTILINE))


def direct_packages() -> list[str]:
    """Return the packages of requirements.txt that belong on this machine."""
    from packaging.requirements import Requirement

    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(text) for line in lines if (text := line.partition("#")[0].strip())]
    return [r.name for r in wanted if r.marker is None or r.marker.evaluate()]


def check_package(name: str) -> str:
    """Check that a package is there, in the pinned version, and can be imported."""
    expected = locked_versions()[name]
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        raise Fault("is not installed", REINSTALL) from None
    if version != expected:
        raise Fault(f"is {version}, but the course was tested with {expected}", REINSTALL)
    importlib.import_module(MODULES.get(name, name.replace("-", "_")))
    return version


def check_cv2_owner() -> str:
    """Check that one package alone brings cv2: two overwrite each other's files."""
    owners = set(metadata.packages_distributions().get("cv2", ()))
    if owners == {"opencv-python-headless"}:
        return "opencv-python-headless alone"
    found = " ".join(sorted(owners)) or "nothing"
    again = f"{PIP} uninstall -y {found} && {INSTALL}"
    raise Fault(f"comes from {found}", ANEW if IN_VENV else again)


def check_cascades() -> str:
    """Check that OpenCV's Haar cascades are there and load."""
    import cv2

    folder = Path(cv2.data.haarcascades)
    name = "haarcascade_frontalface_default.xml"
    if not (folder / name).is_file() or cv2.CascadeClassifier(str(folder / name)).empty():
        raise Fault(f"{name} is missing in {folder}", REINSTALL)
    return f"{len(list(folder.glob('*.xml')))} files"


def ramp(size: int):
    """Return the stored input: a coloured ramp, (1, size, size, 3) float32 in 0..1."""
    import numpy as np

    y, x, channel = np.ogrid[:size, :size, :3]
    return (((2 * x + 3 * y + 50 * channel) % 256) / 255).astype(np.float32)[None]


def sampled_outputs(name: str, engine: str | None = None) -> dict[str, list[float]]:
    """Return a few evenly spaced numbers of each output of a network on the ramp."""
    import numpy as np
    from framewise.workbench import models

    outputs = models.load(name, engine=engine)(ramp(SIZES[name]))
    sampled = {}
    for key, output in sorted(outputs.items()):
        places = np.linspace(0, output.size - 1, SAMPLES).astype(int)
        sampled[key] = [round(number, 4) for number in output.ravel()[places].tolist()]
    return sampled


def check_network(name: str) -> str:
    """Check a network's bytes (the loader does) and its output on the stored input."""

    from framewise.workbench import models

    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))[name]
    try:
        found = sampled_outputs(name)
    except (FileNotFoundError, ValueError) as error:  # the course fetches what is not right
        raise Fault(str(error).partition(". ")[0], f"{COURSE} start") from None
    gaps = [abs(a - b) for key in expected for a, b in zip(expected[key], found[key], strict=True)]
    if not max(gaps) <= TOLERANCE:
        raise Fault(f"gives other numbers ({models.backend()}, off by {max(gaps):.3g})", REINSTALL)
    return f"hash and output as expected ({models.backend()})"


def coded_frames(count: int, bits: int = 6, block: int = 16):
    """Yield frames that carry their own number as a row of black and white blocks."""
    import numpy as np

    for index in range(count):
        code = (index >> np.arange(bits) & 1).astype(np.uint8) * 255
        yield np.tile(np.repeat(code, block)[None, :, None], (4 * block, 1, 3))


def check_video() -> str:
    """Write a video, read it back out of order, and compare each frame's number."""
    import numpy as np
    from framewise import clips
    from framewise.workbench import encode

    count = 60
    with tempfile.TemporaryDirectory() as folder:
        path = encode.write_clip(Path(folder, "check.mp4"), coded_frames(count), 25)
        clip = clips.Clip(path)
        order = np.random.default_rng(0).permutation(count)
        codes = {i: clip[int(i)].mean((0, 2)).reshape(-1, 16).mean(1) > 127 for i in order}
        del clip
    wrong = [int(i) for i, code in codes.items() if code @ (1 << np.arange(len(code))) != i]
    if wrong:
        raise Fault(f"frames {wrong} of {count} came back wrong", REINSTALL)
    return f"{count} frames written, read back out of order, all right"


def check_kernel() -> str:
    """Check that a notebook kernel starts, answers, and is this very Python."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(60, "python3", stderr=subprocess.DEVNULL)
    try:
        ask = {"prefix": "__import__('sys').prefix"}
        reply = client.execute("", user_expressions=ask, reply=True, timeout=60)
        answer = reply["content"]["user_expressions"]["prefix"]["data"]["text/plain"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if answer != repr(sys.prefix):
        raise Fault(f"runs another Python ({answer})", "jupyter kernelspec remove python3")
    return "starts and answers"


def check_disk() -> str:
    """Check that there is room to work."""
    free = shutil.disk_usage(ROOT).free
    if free < DISK_NEEDED:
        raise Fault(f"{free / 1e9:.1f} GB free", f"free {DISK_NEEDED / 1e9:.1f} GB or more")
    return f"{free / 1e9:.0f} GB free"


def line_of(name: str, check: Callable[[], str]) -> str:
    """Run one check and return its line."""
    try:
        return f"OK   {name:<23} {check()}"
    except Fault as fault:
        what, repair = fault.args
    except Exception as error:  # whatever breaks is a finding, not a crash
        what, repair = f"{type(error).__name__}: {error}".splitlines()[0], REINSTALL
    return f"FAIL {name:<23} {what} -> {repair}"


def main(arguments: list[str]) -> int:
    """Print a line for each check; return 1 if one failed."""
    if arguments == ["--write-expected"]:
        expected = {name: sampled_outputs(name) for name in SIZES}
        EXPECTED.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
        return 0
    checks = [("Python", check_python)]
    checks += [(name, partial(check_package, name)) for name in direct_packages()]
    checks += [("cv2", check_cv2_owner), ("Haar cascades", check_cascades)]
    checks += [(f"network {name}", partial(check_network, name)) for name in SIZES]
    if "--quick" not in arguments:
        checks += [("video", check_video), ("notebook kernel", check_kernel)]
    checks += [("disk", check_disk)]
    failed = 0
    for name, check in checks:
        line = line_of(name, check)
        failed += line.startswith("FAIL")
        print(line, flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. The rest was not checked.", file=sys.stderr)
        sys.exit(130)
