"""Consent: say which clips may be looked at or used to make a fake, and who agreed to this.

Notebook: 00_start_here.ipynb

Public: ConsentError, catalogue, own_records, own_lock, unfinished, folder_of, file_of, attachment,
sha256_of, entry_of, require, problem_of.

The catalogue `data/clips/catalog.json` holds one entry per clip: id, file, sha256, title, length,
licence, source, people, kind ("original" or "fake"; a fake also made_from and method) and consent:

    {"type": "synthetic"}                       no such person exists
    {"type": "signed", "scope": ["analyse", "make"], "date": "2026-01-31", "expires": "2027-01-31",
     "contact": "...", "form": "forms/x.pdf", "form_sha256": "..."}        a signed record
    {"type": "own word", "scope", "date", "expires", "contact"}     the one person shown, by word

The last two may also hold "withdrawn": the date on which consent ended. The learner's own clips
lie in `data/my_clips`, with a catalogue of the same form whose entries say "own": true. The file
`catalog.json.bak` beside it is the last good copy of that catalogue. Any file outside both folders
is found footage: it may be analysed, and nothing that makes fakes takes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framewise import DATA
from framewise.workbench import files

if TYPE_CHECKING:
    from framewise.clips import Clip

CLIPS, MINE = DATA / "clips", DATA / "my_clips"
Entry = dict[str, Any]

NEEDED = {
    "own word": {"scope", "date", "expires", "contact"},
    "signed": {"scope", "date", "expires", "contact", "form", "form_sha256"},
}
"""What a record of each type must hold."""

SHAPE = {"id": str, "file": str, "sha256": str, "kind": str, "consent": dict}
OWN_SHAPE = SHAPE | {"title": str, "licence": str, "people": list}
"""The types of what an entry must hold, in the course's catalogue and in that of own clips."""

WORDS = {str: "text", dict: "record in braces", list: "list"}
SHA256, OWN_ID = re.compile("[0-9a-f]{64}"), re.compile("my_[a-z0-9_]{1,60}")

FORGET = "python3 scripts/course.py forget-clip"


class ConsentError(Exception):
    """A clip may not be used this way; the message says why and what to do."""


def catalogue(*folders: Path) -> dict[str, Entry]:
    """Return the entries by id: the course's and the learner's own, or only those in `folders`.

    A bad record of an own clip disables this one clip. Its entry then holds "problem", a text that
    says what is wrong and what to do. Functions that check consent refuse the clip with this text.
    If the whole catalogue of own clips is damaged, every own clip is disabled in this way.

    Raises
    ------
    ConsentError
        The course's catalogue is missing or damaged.
    """
    known: dict[str, Entry] = {}
    for folder in folders or (CLIPS, MINE):
        known |= _own_entries(known) if folder == MINE else _course_entries(folder)
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
    path, copy = MINE / "catalog.json", MINE / "catalog.json.bak"
    if not os.path.exists(path) and not _last_good_records():  # or another user's, and private
        return {}
    try:
        return _by_id(_read_book(path))
    except (OSError, ValueError) as error:
        restore = (
            f"{copy.name} in the same folder is its last good copy. Delete catalog.json if it is "
            f"there, then rename {copy.name} to catalog.json."
            if _last_good_records()
            else "Correct it in a text editor. If you cannot, move catalog.json to another folder. "
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
        records = _last_good_records() or {MINE.name: {}}  # lists have to tell what is wrong
    good, entries = dict(course), {}
    for key, record in records.items():
        problem = damage or _fault(key, record, good)
        entries[key] = _disabled(key, record, problem) if problem else record
        good |= {} if problem else {key: record}
    return entries


def _last_good_records() -> dict[str, Any]:
    try:
        return _by_id(_read_book(MINE / "catalog.json.bak"))
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
    """Say what is wrong with the record of an own clip, and what to do; empty if nothing is."""
    try:
        _check_entry(record, good, own=True)
        if record["id"] != key:
            raise ValueError(f"id {record['id']!r} appears twice")
    except ValueError as error:
        return (
            f"its record in data/{MINE.name}/catalog.json is not valid: {error}. Correct the "
            f"record, or delete the clip: {FORGET} {key}."
        )
    return ""


def _disabled(key: str, record: Any, problem: str) -> Entry:
    """Return an entry, complete in all that lists need, for an own clip that cannot be used."""
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


def own_lock() -> AbstractContextManager[None]:
    """Hold the lock of the own clips, from reading their catalogue until it is replaced."""
    return files.locked(MINE.with_suffix(".lock"))


def unfinished() -> Path:
    """Return the folder for the files of own clips that are not kept yet."""
    return MINE.with_suffix(".unfinished")


def folder_of(entry: Entry) -> Path:
    """Return the folder in which the files of an entry lie: the course's, or the learner's."""
    return MINE if entry.get("own") else CLIPS


def file_of(name: str) -> Path:
    """Return the path of a catalogued clip or still.

    Raises
    ------
    KeyError, ConsentError
        No such id; the message lists those there are. The record of an own clip is not valid.
    """
    entries = catalogue()
    if name not in entries:
        raise KeyError(f"no clip {name!r} in the catalogue; it holds: {', '.join(entries)}")
    _require_valid(entries[name])
    return folder_of(entries[name]) / entries[name]["file"]


def attachment(entry: Entry, key: str) -> Path:
    """Return the path of a file that an entry names with its hash, such as its "truth".

    Raises
    ------
    ConsentError
        It is missing, or its bytes are not those of the catalogue.
    """
    named = entry[key]
    path = folder_of(entry) / Path(named["file"]).name
    if not path.is_file() or sha256_of(path) != named["sha256"]:
        raise ConsentError(
            f"{path.name} is missing or was changed; restore it from the course's repository."
        )
    return path


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry_of(path: Path, sha256: str) -> Entry | None:
    """Return the entry that covers these bytes, or None for found footage.

    Bytes are what counts: a catalogued clip under another name is still that clip.

    Raises
    ------
    ConsentError
        The file lies in a catalogue's folder but is not what the catalogue says, or the
        consent of its people does not cover looking at it.
    """
    entries = catalogue()
    path = path.resolve()
    home = next((f for f in (CLIPS, MINE) if path.is_relative_to(f.resolve())), None)
    if home is not None:
        entry = _listed(path, sha256, home, entries)
    else:
        same = [entry for entry in entries.values() if entry["sha256"] == sha256]
        entry = min(same, key=lambda entry: "problem" in entry, default=None)  # a valid one first
    if entry is not None:
        _hold(entry, "analyse", entries)
    return entry


def _listed(path: Path, sha256: str, home: Path, entries: dict[str, Entry]) -> Entry:
    """Return the entry of a file in a catalogue's folder; ConsentError unless the two agree."""
    mine = [e for e in entries.values() if folder_of(e) == home]
    entry = next((e for e in mine if (home / e["file"]).resolve() == path), None)
    if entry is None:
        delete = f", or delete it: {FORGET} {path.stem}" if home == MINE else ""
        raise ConsentError(
            f"{path.name} lies in data/{home.name} but has no entry in catalog.json, so nobody's "
            f"consent is known. Move it elsewhere to look at it as found footage{delete}."
        )
    _require_valid(entry)
    if entry["sha256"] != sha256:
        restore = (
            f"Delete it and add it again ({FORGET} {entry['id']})"
            if entry.get("own")
            else "Restore it from the repository"
        )
        raise ConsentError(
            f"{path.name} is not the file that people agreed to. Its sha256 begins with "
            f"{sha256[:12]}, but the catalogue's begins with {entry['sha256'][:12]}. {restore}."
        )
    return entry


def require(clip: Clip, scope: str) -> None:
    """Make sure that everyone in a clip agreed to `scope` ("analyse" or "make").

    Code that makes a fake calls this with "make" for every clip that it takes something from.

    Raises
    ------
    ValueError
        An unknown scope.
    ConsentError
        Found footage and "make"; consent missing, expired, withdrawn or of another scope.
    """
    if scope not in ("analyse", "make"):
        raise ValueError(f'scope: expected "analyse" or "make", got {scope!r}.')
    if clip.entry is not None:
        entries = catalogue()  # as it is now: consent may have ended since the clip was opened
        if clip.entry["id"] not in entries:
            raise ConsentError(
                f"{clip.entry['id']} is no longer in the catalogue, so nobody's consent is known. "
                "Delete the clip."
            )
        _hold(entries[clip.entry["id"]], scope, entries)
    elif scope == "make":
        raise ConsentError(
            f"{clip.path.name} is found footage. It may be measured, but no fake may be made from "
            "it. Use a clip of the catalogue, or add this one with the consent of everyone in it: "
            "python3 scripts/course.py add-clip VIDEO"
        )


def _require_valid(entry: Entry) -> None:
    if "problem" in entry:
        raise ConsentError(f"{entry['id']}: {entry['problem']}")


def _hold(entry: Entry, scope: str, entries: dict[str, Entry]) -> None:
    """Raise ConsentError unless the entry, and all that it was made from, allow the scope."""
    _require_valid(entry)
    for source in entry.get("made_from", ()):
        _hold(entries[source], "make", entries)
    problem = _lack_of_consent(entry, scope)
    if problem:
        contact = entry["consent"].get("contact") or "the people shown"
        delete = f"delete it: {FORGET} {entry['id']}" if entry.get("own") else "delete the clip"
        raise ConsentError(
            f"{entry['id']}: {problem}. Ask {contact} for consent that covers this, or {delete}."
        )


def problem_of(entry: Entry, scope: str = "analyse") -> str:
    """Say why a clip may not be used today, and what to do; empty if it may.

    The records of all that it was made from count as well. The bytes of the clip are not read.
    """
    try:
        _hold(entry, scope, catalogue())
    except ConsentError as error:
        return str(error)
    return ""


def _lack_of_consent(entry: Entry, scope: str) -> str:
    """Say why an entry's own record does not allow the scope today; empty if it does."""
    consent = entry["consent"]
    if consent.get("type") == "synthetic":
        real = entry.get("own") and entry["kind"] == "original"  # of a fake, its sources decide
        return 'an own clip shows a real person, so its consent cannot be "synthetic"' * bool(real)
    if consent.get("type") not in list(NEEDED):
        kind = consent.get("type")
        return f'the type of consent must be "synthetic", "signed" or "own word", got {kind!r}'
    missing = NEEDED[consent["type"]] - set(consent)
    if missing:
        return f"the {consent['type']} record lacks {', '.join(sorted(missing))}"
    if consent["type"] == "own word" and len(entry.get("people", ())) != 1:
        return "consent by word is for one person; if more are shown, everyone must sign the form"
    if consent.get("withdrawn"):
        return f"consent was withdrawn on {consent['withdrawn']}"
    return _out_of_time(consent) or _out_of_scope(consent, scope) or _form_gone(entry)


def _out_of_time(consent: dict[str, Any]) -> str:
    try:
        first, last = (date.fromisoformat(consent[key]) for key in ("date", "expires"))
    except (TypeError, ValueError):
        return '"date" or "expires" in its record is not a date such as 2027-01-31'
    if not first <= date.today():
        return f"consent does not begin before {first}"
    return f"consent ended on {last}" if last < date.today() else ""


def _out_of_scope(consent: dict[str, Any], scope: str) -> str:
    if isinstance(consent["scope"], list) and scope in consent["scope"]:
        return ""
    return f"the people shown agreed to {consent['scope']}, but not to {scope!r}"


def _form_gone(entry: Entry) -> str:
    consent = entry["consent"]
    if consent["type"] != "signed":
        return ""
    form = folder_of(entry) / str(consent["form"])
    if form.is_file() and sha256_of(form) == consent["form_sha256"]:
        return ""
    return f"the signed form {consent['form']} is missing or was changed"
