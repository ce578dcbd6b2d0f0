"""Records: read the catalogues of clips, and check that each entry is complete.

The catalogue `data/clips/catalog.json` holds one entry per clip: id, file, sha256, title, length,
licence, source, people, kind ("original" or "fake") and consent. A fake has made_from and method
too.
The learner's own clips lie in `data/my_clips`, with a catalogue of the same form whose entries say
"own": true. The file `catalog.json.bak` beside it is the last good copy of that catalogue.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from framewise.workbench import files, places

__all__ = [
    "FORGET",
    "ConsentError",
    "Entry",
    "catalogue",
    "file_of",
    "folder_of",
    "own_clips_folder",
    "own_lock",
    "own_records",
    "require_valid",
    "unfinished",
    "verified_file",
]

Entry = dict[str, Any]

SHAPE = {"id": str, "file": str, "sha256": str, "kind": str, "consent": dict}

OWN_SHAPE = SHAPE | {"title": str, "licence": str, "people": list}
"""The types of what an entry must hold, in the course's catalogue and in that of own clips."""

WORDS = {str: "string in quotes", dict: "record in braces", list: "list"}

SHA256, OWN_ID = re.compile("[0-9a-f]{64}"), re.compile("my_[a-z0-9_]{1,60}")

FORGET = "python3 scripts/course.py forget-clip"
"""The command that deletes a clip of the learner's own."""


class ConsentError(Exception):
    """A clip may not be used this way; the message says why and what to do."""


def catalogue(*folders: Path) -> dict[str, Entry]:
    """Return the entries by id: the course's and the learner's own, or only those in `folders`.

    A bad record in the learner's catalogue disables only the clip of that record. Its entry then
    holds "problem", a text that says what is wrong and what to do. Functions that check consent
    refuse the clip with this text. If the whole catalogue of own clips is damaged, every own clip
    is disabled in this way.

    Raises
    ------
    ConsentError
        The course's catalogue is missing or damaged.
    """
    known: dict[str, Entry] = {}
    for folder in folders or (places.course_clips(), own_clips_folder()):
        known |= _own_entries(known) if folder == own_clips_folder() else _course_entries(folder)
    return known


def _course_entries(folder: Path) -> dict[str, Entry]:
    known: dict[str, Entry] = {}
    path = folder / "catalog.json"
    try:
        for entry in _read_book(path):
            _check_entry(entry, known, own=False)
            known[entry["id"]] = entry
    except (OSError, ValueError) as error:
        raise ConsentError(
            f"{path} is missing or damaged ({error}). Restore it from the course's repository."
        ) from error
    return known


def own_records() -> dict[str, Any]:
    """Return the records of the own clips by id, good and bad ones, just as they are written.

    A record that has no valid id, or the id of an earlier record, is called record_N here. It is
    the N-th record of the catalogue.

    Raises
    ------
    ConsentError
        The catalogue of own clips is damaged; the message says how to restore it.
    """
    path, copy = own_clips_folder() / "catalog.json", own_clips_folder() / "catalog.json.bak"
    if not os.path.exists(path) and not _last_good_records():  # or no right to read the folder
        return {}
    try:
        return _by_id(_read_book(path))
    except (OSError, ValueError) as error:
        restore = (
            f"{copy.name} in the same folder is its last good copy. Delete catalog.json if it is "
            f"there, then rename {copy.name} to catalog.json."
            if _last_good_records()
            else "Correct catalog.json in a text editor. If you cannot, move it to another folder. "
            f"Then add each clip again from its recording, or delete it ({FORGET} NAME)."
        )
        raise ConsentError(
            f"{path} is missing or damaged ({error}). So it is not known who agreed to your own "
            f"clips, and none of them can be opened. {restore}"
        ) from error


def _own_entries(course: dict[str, Entry]) -> dict[str, Entry]:
    """Return the entries of own clips; those that cannot be used hold "problem"."""
    try:
        records, damage = own_records(), ""
    except ConsentError as error:
        damage = str(error)
        records = _last_good_records() or {
            own_clips_folder().name: {}
        }  # lists have to tell what is wrong
    good, entries = dict(course), {}
    for key, record in records.items():
        problem = damage or _fault(key, record, good)
        entries[key] = _disabled(key, record, problem) if problem else record
        good |= {} if problem else {key: record}
    return entries


def _last_good_records() -> dict[str, Any]:
    try:
        return _by_id(_read_book(own_clips_folder() / "catalog.json.bak"))
    except (OSError, ValueError):
        return {}


def _read_book(path: Path) -> list[Any]:
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        book = None
    if not isinstance(book, dict) or not isinstance(book.get("clips"), list):
        raise ValueError('it holds no list "clips"')
    return book["clips"]


def _by_id(written: list[Any]) -> dict[str, Any]:
    records: dict[str, Any] = {}
    for number, record in enumerate(written, 1):
        name = str(record.get("id")) if isinstance(record, dict) else ""
        valid = OWN_ID.fullmatch(name) and name not in records
        records[name if valid else f"record_{number}"] = record
    return records


def _fault(key: str, record: Any, good: dict[str, Entry]) -> str:
    """Say what is wrong with a record of own clips, and what to do; empty if nothing is wrong."""
    try:
        _check_entry(record, good, own=True)
        if record["id"] != key:
            raise ValueError(f"id {record['id']!r} appears twice")
    except ValueError as error:
        return (
            f"its record in data/my_clips/catalog.json is not valid: {error}. Correct "
            f"the record, or delete the clip: {FORGET} {key}."
        )
    return ""


def _disabled(key: str, record: Any, problem: str) -> Entry:
    """Return an entry for a clip that cannot be used; it holds everything that lists need."""
    given = record if isinstance(record, dict) else {}
    sha256 = given.get("sha256")
    return {
        "id": key,
        "file": f"{key}.mp4",
        "sha256": sha256 if isinstance(sha256, str) else "",
        "own": True,
        "kind": "original",
        "title": key,
        "licence": "",
        "people": [],
        "consent": {},
        "problem": problem,
    }


def _check_entry(entry: Any, known: dict[str, Entry], *, own: bool) -> None:
    """Raise ValueError if an entry is not complete, or contradicts those before it."""
    if not isinstance(entry, dict):
        raise ValueError(f"each entry must be a record in braces, got {entry!r}")
    for key, kind in (OWN_SHAPE if own else SHAPE).items():
        if not isinstance(entry.get(key), kind):
            raise ValueError(f"{key} must be a {WORDS[kind]}, got {entry.get(key)!r}")
    name, sources = entry["id"], entry.get("made_from", [])
    if entry.get("own", False) is not own:
        raise ValueError(
            f'{name}: "own": true must be in each entry of data/my_clips, and in no other'
        )
    if own and not (OWN_ID.fullmatch(name) and re.fullmatch(rf"{name}\.\w+", entry["file"])):
        raise ValueError(f"{name}: the id must be like my_talk, and its file like my_talk.mp4")
    for key in ("id", "file", "sha256"):
        if entry[key] in [other[key] for other in known.values()]:
            raise ValueError(f"{key} {entry[key]!r} appears twice")
    if not SHA256.fullmatch(entry["sha256"]):
        raise ValueError(f"{name}: the sha256 must be 64 hexadecimal digits in lower case")
    home = folder_of(entry).resolve()
    if not (home / entry["file"]).resolve().is_relative_to(home):
        raise ValueError(f"{name}: its file lies outside data/{home.name}")
    if entry["kind"] not in ("original", "fake"):
        raise ValueError(f'{name}: kind must be "original" or "fake"')
    if (entry["kind"] == "fake") != bool(sources) or not isinstance(sources, list):
        raise ValueError(
            f'{name}: a fake, and only a fake, must have "made_from", the list of its source clips'
        )
    missing = [source for source in sources if not isinstance(source, str) or source not in known]
    if missing:
        raise ValueError(
            f"{name} was made from {missing[0]}, which is no longer in the catalogue; delete "
            f"{name} as well"
        )


def own_clips_folder() -> Path:
    """Return the folder of the learner's own clips."""
    return places.own_folder("my_clips")


def own_lock() -> AbstractContextManager[None]:
    """Hold the lock of the own clips, from reading their catalogue until it is replaced."""
    return files.locked(own_clips_folder().with_suffix(".lock"))


def unfinished() -> Path:
    """Return the folder for the files of own clips that are not kept yet."""
    return own_clips_folder().with_suffix(".unfinished")


def folder_of(entry: Entry) -> Path:
    """Return the folder in which the files of an entry lie: the course's, or the learner's."""
    return own_clips_folder() if entry.get("own") else places.course_clips()


def file_of(name: str) -> Path:
    """Return the path of a catalogued clip or still.

    Raises
    ------
    KeyError, ConsentError
        There is no such id; the message lists all ids. The record of the clip is not valid.
    """
    entries = catalogue()
    if name not in entries:
        raise KeyError(f"no clip {name!r} in the catalogue; it holds: {', '.join(entries)}")
    require_valid(entries[name])
    return folder_of(entries[name]) / entries[name]["file"]


def verified_file(entry: Entry, key: str) -> Path:
    """Return the path of a file that an entry names with its hash, such as its "truth".

    Parameters
    ----------
    entry : dict
        An entry of `catalogue`.
    key : str
        Its key that names the file, such as "truth".

    Raises
    ------
    ConsentError
        It is missing, or its bytes are not those of the catalogue.
    """
    named = entry[key]
    path = folder_of(entry) / Path(named["file"]).name
    if not path.is_file() or files.sha256_of(path) != named["sha256"]:
        raise ConsentError(
            f"{path.name} is missing or was changed; restore it from the course's repository."
        )
    return path


def require_valid(entry: Entry) -> None:
    """Raise ConsentError if the record of a clip is not valid; the message says what to do."""
    if "problem" in entry:
        raise ConsentError(f"{entry['id']}: {entry['problem']}")
