"""Places: the folders of the course's own data and of what belongs to the learner."""

from __future__ import annotations

import os
from pathlib import Path

from framewise import DATA

__all__ = ["course_clips", "own_folder", "pages_folder"]


def course_clips() -> Path:
    """Return the folder of the course's clips; tests set it with FRAMEWISE_CLIPS."""
    return Path(os.environ.get("FRAMEWISE_CLIPS") or DATA / "clips")


def own_folder(name: str) -> Path:
    """Return a folder of what this learner has or made: "my_clips", "my_marks",
    "my_networks" or "cache".

    All of them lie in `data`; tests set another place with FRAMEWISE_OWN.
    """
    return _own() / name


def pages_folder() -> Path:
    """Return the folder of the pages that the course makes: `build`, beside `data`.

    With FRAMEWISE_OWN, it lies beside that place instead; see `own_folder`.
    """
    return _own().parent / "build"


def _own() -> Path:
    return Path(os.environ.get("FRAMEWISE_OWN") or DATA)
