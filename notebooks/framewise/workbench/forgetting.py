"""Forget a clip of one's own: delete it, and what the course made from it.

Public: falls_with, forget.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from framewise import DATA, consent
from framewise.workbench import keeping

MADE = (".mp4", ".png", ".jpg", ".jpeg")
SHOWN = (".html", ".json", *MADE)
"""What a made picture or clip is called, and what shows or measures a clip, by their endings."""


def _files_of(key: str) -> set[Path]:
    """Return the files of an own clip by its name alone, unfinished ones as well."""
    if not consent.OWN_ID.fullmatch(key):
        return set()
    home = consent.MINE
    found = {*home.glob(f"{key}.*"), *home.glob(f"forms/{key}.*")}
    for path in consent.unfinished().rglob("*"):  # films and forms by their id, uploads by title
        if path.name.startswith(f"{key}.") or keeping.slug(path.stem) == key:
            found.add(path)
    return {path for path in found if path.is_file() and _lies_inside(path)}


def _lies_inside(path: Path) -> bool:
    homes = (consent.MINE.resolve(), consent.unfinished().resolve())
    return any(path.parent.resolve().is_relative_to(home) for home in homes)


def falls_with(name: str) -> list[str]:
    """Return the ids that are deleted with an own clip: its own, and those made from it.

    This includes clips whose records are not valid, and files that a killed command left.

    Raises
    ------
    ValueError, consent.ConsentError
        No own clip has this name; the course's clips cannot be forgotten. The catalogue of own
        clips is damaged.
    """
    records = consent.own_records()
    key = name if name in records else keeping.slug(name)
    if key not in records and not _files_of(key):
        own = ", ".join(records) or "none"
        course = name in consent.catalogue(consent.CLIPS)
        why = " (it is a clip of the course, which cannot be deleted here)" * course
        raise ValueError(f"you have no clip called {name!r}{why}. Your own clips: {own}.")
    gone = [key]
    for other, record in records.items():  # whatever was made from others stands after them
        sources = record.get("made_from") if isinstance(record, dict) else None
        if isinstance(sources, list) and any(source in gone for source in sources):
            gone.append(other)
    return list(dict.fromkeys(gone))


def forget(name: str) -> list[Path]:
    """Delete an own clip, its form, measurements, marks, and all that was made from it.

    Pages, numbers and fakes in the folder build are deleted too if they hold its hash or its id,
    and so are such fakes in the folder notebooks. This function does not delete files saved in
    other places, notebooks with pictures of the clip, or the recording that it came from.

    Returns
    -------
    list of Path
        What was deleted.

    Raises
    ------
    ValueError, consent.ConsentError, OSError
        As `falls_with`; a file cannot be deleted. Call the function again to delete the rest.
    """
    with consent.own_lock():
        gone, records = falls_with(name), consent.own_records()
        rest = {key: record for key, record in records.items() if key not in gone}
        deleted = sorted(_traces(gone, [records.get(key) for key in gone], list(rest.values())))
        for path in deleted:
            path.unlink(missing_ok=True)
        if rest:
            keeping.write_catalogue(list(rest.values()))
        else:
            for file in ("catalog.json.bak", "catalog.json"):
                (consent.MINE / file).unlink(missing_ok=True)
        keeping.tidy()
    keeping.sweep()
    return deleted


def _traces(gone: list[str], records: list[Any], rest: list[Any]) -> set[Path]:
    """Return all files of the clips that go: their own, and those that hold what came of them.

    Nothing in a record is taken for a path. Two clips may hold the very same film: what belongs
    to the one that stays is left alone.
    """
    found = set().union(*map(_files_of, gone))
    hashes = {consent.sha256_of(path) for path in found} | set(_hashes(records, "sha256"))
    hashes -= set(_hashes(rest, "sha256"))
    hashes |= set(_hashes([r.get("recording") for r in records if isinstance(r, dict)], "sha256"))
    found |= {p for p in consent.MINE.glob("*") if p.is_file() and consent.sha256_of(p) in hashes}
    for folder, sha256 in itertools.product(("cache", "my_marks"), hashes):
        found |= set((DATA / folder).glob(f"{sha256[:24]}.*"))
    return {path for path in found if path.is_file()} | _pages(hashes, gone)


def _pages(hashes: set[str], gone: list[str]) -> set[Path]:
    """Return pages, numbers and fakes of the course that hold one of the hashes or ids."""
    words = sorted(hashes) + [rf"\b{key}\b" for key in gone if consent.OWN_ID.fullmatch(key)]
    if not words:
        return set()
    pattern = re.compile("|".join(words).encode())
    shown = [p for p in (DATA.parent / "build").rglob("*") if p.suffix.lower() in SHOWN]
    shown += [p for p in (DATA.parent / "notebooks").rglob("*") if p.suffix.lower() in MADE]
    return {path for path in shown if path.is_file() and pattern.search(path.read_bytes())}


def _hashes(records: list[Any], key: str) -> list[str]:
    """Return the values of `key` that are hashes; a record may be damaged."""
    values = [str(record.get(key)) for record in records if isinstance(record, dict)]
    return [value for value in values if consent.SHA256.fullmatch(value)]
