"""What several test files start from."""

import os
import shutil
import subprocess
from pathlib import Path

import framewise
import pytest
from browsing import chromium
from framewise.workbench import places
from videos import write_video

# what tests start takes the package of this folder too, whichever folder their Python belongs to
os.environ["PYTHONPATH"] = str(Path(framewise.__file__).parents[1])


@pytest.fixture(scope="session")
def video_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("videos")


@pytest.fixture
def plain_video(tmp_path):
    return write_video(tmp_path / "plain.mp4", options={"g": "12"})


@pytest.fixture(scope="session", autouse=True)
def kept(tmp_path_factory):
    """The folder that keeps marks; no test touches what is the reader's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FRAMEWISE_OWN", str(tmp_path_factory.mktemp("data")))
        yield places.own_folder("my_marks")


@pytest.fixture
def no_cache(monkeypatch, tmp_path):
    """Nothing is known of any clip: each is read as if it was opened for the first time."""
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def npm_tools(tmp_path_factory):
    """The packages from npm, each held to its hash; skips without npm, but never on CI."""
    folder, npm = tmp_path_factory.mktemp("npm"), shutil.which("npm")
    missing = pytest.fail if os.environ.get("CI") else pytest.skip
    if not npm:
        missing("needs npm (Debian: apt-get install npm)")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "inspector" / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if run.returncode:
        missing(f"npm ci failed: {run.stderr[-300:]}")
    return folder / "node_modules"
