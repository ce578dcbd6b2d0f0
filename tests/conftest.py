"""What several test files start from."""

import os
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


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser
