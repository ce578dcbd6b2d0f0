"""The catalogue's entries of what is rendered: clips and stills."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import synthesis
from shots import SHOTS, Shot

CLIPS = Path(__file__).resolve().parents[2] / "data" / "clips"
SOURCE = "Rendered for this course with Blender from MakeHuman data (CC0); no such person exists."


def add(entry: dict) -> None:
    """Write an entry into the catalogue. The other entries stay as they are.

    The clips of SHOTS come first, in that order.
    """
    path = CLIPS / "catalog.json"
    known = {old["id"]: old for old in json.loads(path.read_text(encoding="utf-8"))["clips"]}
    known[entry["id"]] = entry
    order = [shot.id for shot in SHOTS if shot.id in known]
    entries = [known.pop(name) for name in order] + list(known.values())
    path.write_text(json.dumps({"clips": entries}, indent=1) + "\n", encoding="utf-8")


def of_clip(shot: Shot) -> dict:
    """The entry of a clip that is written already."""
    known = CLIPS / f"{shot.id}.truth.npz"
    length = {"frames": shot.frames, "fps": shot.fps, "seconds": shot.seconds}
    return {
        **_entry(CLIPS / f"{shot.id}.mp4", shot.title, length, shot.purpose, shot.people),
        "sound": any(shot.says),
        "truth": {"file": known.name, "sha256": _sha256(known)},
        **({"voice": synthesis.RECORD} if any(shot.says) else {}),
    }


def of_still(path: Path, title: str, person: str) -> dict:
    """The entry of a still that is written already."""
    purpose = "still picture for detection and landmarks"
    return _entry(path, title, {"frames": 1}, purpose, [person])


def _entry(path: Path, title: str, length: dict, purpose: str, people) -> dict:
    return {
        "id": path.stem,
        "file": path.relative_to(CLIPS).as_posix(),
        "sha256": _sha256(path),
        "title": title,
        "length": length,
        "purpose": purpose,
        "licence": "CC0-1.0",
        "source": SOURCE,
        "people": [person.capitalize() for person in people],
        "kind": "original",
        "consent": {"type": "synthetic"},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
