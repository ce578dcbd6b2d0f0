"""Forget a clip of one's own: delete it, and what the course made from it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from framewise import consent
from framewise.workbench import files, keeping, places, records

__all__ = ["falls_with", "forget"]

MADE = (".mp4", ".png", ".jpg", ".jpeg")
SHOWN = (".html", ".json", *MADE)
"""Endings of made pictures and clips, and of all files that may show or measure a clip."""


def _files_of(key: str) -> set[Path]:
    """Return the files of the learner's clip of this name, unfinished files as well."""
    if not records.OWN_ID.fullmatch(key):
        return set()
    home = records.own_clips_folder()
    found = {*home.glob(f"{key}.*"), *home.glob(f"forms/{key}.*")}
    for path in records.unfinished().rglob("*"):  # films and forms by their id, uploads by title
        if path.name.startswith(f"{key}.") or keeping.slug(path.stem) == key:
            found.add(path)
    return {path for path in found if path.is_file() and _lies_inside(path)}


def _lies_inside(path: Path) -> bool:
    homes = (records.own_clips_folder().resolve(), records.unfinished().resolve())
    return any(path.parent.resolve().is_relative_to(home) for home in homes)


def falls_with(name: str) -> list[str]:
    """Return the ids that are deleted with a clip: its own id, and those of clips made from it.

    This includes clips whose records are not valid, and files that a killed command left.

    Raises
    ------
    ValueError, consent.ConsentError
        No own clip has this name; the course's clips cannot be forgotten. The catalogue of own
        clips is damaged.
    """
    entries = records.own_records()
    key = name if name in entries else keeping.slug(name)
    if key not in entries and not _files_of(key):
        own = ", ".join(entries) or "none"
        course = name in consent.catalogue(places.course_clips())
        why = " (it is a clip of the course, which cannot be deleted here)" * course
        raise ValueError(f"you have no clip called {name!r}{why}. Your own clips: {own}.")
    gone = [key]
    for other, record in entries.items():  # a clip made from others comes after them
        sources = record.get("made_from") if isinstance(record, dict) else None
        if isinstance(sources, list) and any(source in gone for source in sources):
            gone.append(other)
    return list(dict.fromkeys(gone))


def forget(name: str) -> list[Path]:
    """Delete a clip of the learner, its form, measurements, marks, and all that was made from it.

    It also deletes pages, numbers and fakes in the folder build, and fakes in the folder notebooks,
    if they hold the hash or the id of the clip, and all networks in `data/my_networks`. This
    function does not delete files saved in other places, notebooks with pictures of the clip, or
    the recording that it came from.

    Returns
    -------
    list of Path
        What was deleted.

    Raises
    ------
    ValueError, consent.ConsentError, OSError
        As `falls_with`; a file cannot be deleted. Call the function again to delete the rest.
    """
    with records.own_lock():
        gone, entries = falls_with(name), records.own_records()
        rest = {key: record for key, record in entries.items() if key not in gone}
        deleted = sorted(_traces(gone, [entries.get(key) for key in gone], list(rest.values())))
        for path in deleted:
            path.unlink(missing_ok=True)
        if rest:
            keeping.write_catalogue(list(rest.values()))
        else:
            for file in ("catalog.json.bak", "catalog.json"):
                (records.own_clips_folder() / file).unlink(missing_ok=True)
        keeping.tidy()
    keeping.sweep()
    return deleted


def _traces(gone: list[str], forgotten: list[Any], rest: list[Any]) -> set[Path]:
    """Return all files to delete: those of the clips, and those that show or measure the clips.

    No text of a record is used as a path. If a clip that stays holds the very same film, the files
    of that clip are not deleted.
    """
    found = set().union(*map(_files_of, gone))
    hashes = {files.sha256_of(path) for path in found} | set(_hashes(forgotten, "sha256"))
    hashes -= set(_hashes(rest, "sha256"))
    hashes |= set(_hashes([r.get("recording") for r in forgotten if isinstance(r, dict)], "sha256"))
    own = [path for path in records.own_clips_folder().glob("*") if path.is_file()]
    found |= {path for path in own if files.sha256_of(path) in hashes}
    for folder, sha256 in itertools.product(("cache", "my_marks"), hashes):
        found |= set(places.own_folder(folder).glob(f"{sha256[:24]}.*"))
    if hashes:  # a network does not say whose faces it learned, so all of the learner's go
        found |= set(places.own_folder("my_networks").glob("*.npz"))
    return {path for path in found if path.is_file()} | _pages(hashes, gone)


def _pages(hashes: set[str], gone: list[str]) -> set[Path]:
    """Return pages, numbers and fakes of the course that hold one of the hashes or ids."""
    words = sorted(hashes) + [rf"\b{key}\b" for key in gone if records.OWN_ID.fullmatch(key)]
    if not words:
        return set()
    pattern = re.compile("|".join(words).encode())
    course = records.own_clips_folder().parents[1]
    shown = [p for p in places.pages_folder().rglob("*") if p.suffix.lower() in SHOWN]
    shown += [p for p in (course / "notebooks").rglob("*") if p.suffix.lower() in MADE]
    return {path for path in shown if path.is_file() and pattern.search(path.read_bytes())}


def _hashes(entries: list[Any], key: str) -> list[str]:
    """Return the values of `key` that are hashes; a record may be damaged."""
    values = [str(entry.get(key)) for entry in entries if isinstance(entry, dict)]
    return [value for value in values if records.SHA256.fullmatch(value)]
