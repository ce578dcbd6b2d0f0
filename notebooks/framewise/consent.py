"""Consent: which clips may be looked at, which may be used to make a fake, and who said so.

Notebook: 00_start_here.ipynb

Public: ConsentError, catalogue, file_of, sha256_of, entry_of, require.

The catalogue `data/clips/catalog.json` holds one entry per clip: id, file, sha256, title, length,
licence, source, people, kind ("original" or "fake"; a fake also made_from and method) and consent:

    {"type": "synthetic"}                       no such person exists
    {"type": "signed", "scope": ["analyse", "make"], "date": "2026-01-31", "expires": "2027-01-31",
     "contact": "...", "form": "forms/x.pdf", "form_sha256": "..."}        a signed record

A signed record may also hold "withdrawn": the date on which it ended. Any file outside the
catalogue is found footage: it may be analysed, and nothing that makes fakes takes it.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framewise import DATA

if TYPE_CHECKING:
    from framewise.clips import Clip

CLIPS = DATA / "clips"
Entry = dict[str, Any]


class ConsentError(Exception):
    """A clip may not be used this way; the message says why and what to do."""


def catalogue() -> dict[str, Entry]:
    """Return the catalogue's entries by id.

    Raises
    ------
    ConsentError
        The catalogue is missing or not readable; without it nobody's consent is known.
    """
    path = CLIPS / "catalog.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["clips"]
        known: dict[str, Entry] = {}
        for entry in entries:
            _check_entry(entry, known)
            known[entry["id"]] = entry
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConsentError(
            f"{path} is missing or damaged ({error}); restore it from the course's repository."
        ) from error
    return known


def _check_entry(entry: Entry, known: dict[str, Entry]) -> None:
    """Raise ValueError if an entry is not complete, or contradicts those before it."""
    name, sources = entry["id"], entry.get("made_from", [])
    for key in ("id", "file", "sha256"):
        if entry[key] in [other[key] for other in known.values()]:
            raise ValueError(f"{key} {entry[key]!r} stands twice")
    if not re.fullmatch("[0-9a-f]{64}", entry["sha256"]):
        raise ValueError(f"{name}: the sha256 is not 64 small hexadecimal digits")
    if not (CLIPS / entry["file"]).resolve().is_relative_to(CLIPS.resolve()):
        raise ValueError(f"{name}: its file lies outside data/clips")
    if entry["kind"] not in ("original", "fake") or not isinstance(entry["consent"], dict):
        raise ValueError(f'{name}: kind must be "original" or "fake", consent a record')
    if (entry["kind"] == "fake") != bool(sources) or not isinstance(sources, list):
        raise ValueError(f"{name}: a fake, and only a fake, lists what it was made_from")
    missing = [source for source in sources if source not in known]
    if missing:
        raise ValueError(f"{name} was made from {missing[0]}, which is gone: delete it as well")


def file_of(name: str) -> Path:
    """Return the path of a catalogued clip or still.

    Raises
    ------
    KeyError
        No such id; the message lists those there are.
    """
    entries = catalogue()
    if name not in entries:
        raise KeyError(f"no clip {name!r} in the catalogue; there are: {', '.join(entries)}")
    return CLIPS / entries[name]["file"]


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
        The file lies in the catalogue's folder but is not what the catalogue says, or the
        consent of its people does not cover looking at it.
    """
    entries = catalogue()
    path = path.resolve()
    if path.is_relative_to(CLIPS.resolve()):
        name = path.relative_to(CLIPS.resolve()).as_posix()
        entry = next((e for e in entries.values() if e["file"] == name), None)
        if entry is None:
            raise ConsentError(
                f"{name} lies in data/clips but has no entry in catalog.json, so nobody's consent "
                "is known. Move it elsewhere to look at it as found footage."
            )
        if entry["sha256"] != sha256:
            raise ConsentError(
                f"{name} is not the file that was agreed to: its sha256 is {sha256[:12]}..., the "
                f"catalogue says {entry['sha256'][:12]}.... Restore it from the repository."
            )
    else:
        entry = next((e for e in entries.values() if e["sha256"] == sha256), None)
    if entry is not None:
        _hold(entry, "analyse", entries)
    return entry


def require(clip: Clip, scope: str) -> None:
    """Make sure that everyone in a clip agreed to `scope` ("analyse" or "make").

    Whatever makes a fake calls this with "make" on every clip that it takes from.

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
            raise ConsentError(f"{clip.entry['id']} was withdrawn from the catalogue: delete it.")
        _hold(entries[clip.entry["id"]], scope, entries)
    elif scope == "make":
        raise ConsentError(
            f"{clip.path.name} is found footage: it may be measured, but no fake is made from it. "
            "Use a clip of the catalogue, or one whose people signed for it."
        )


def _hold(entry: Entry, scope: str, entries: dict[str, Entry]) -> None:
    """Raise ConsentError unless the entry, and all that it was made from, allow the scope."""
    for source in entry.get("made_from", ()):
        _hold(entries[source], "make", entries)
    consent = entry["consent"]
    if consent.get("type") == "synthetic":
        return
    problem = _problem(consent, scope)
    if problem:
        contact = consent.get("contact", "the people shown")
        raise ConsentError(
            f"{entry['id']}: {problem}. Ask {contact} for consent again, or delete the clip."
        )


def _problem(consent: dict[str, Any], scope: str) -> str:
    """Say what is wrong with a signed record; empty if it allows the scope today."""
    if consent.get("type") != "signed":
        return f'consent is neither "synthetic" nor "signed" but {consent.get("type")!r}'
    missing = {"scope", "date", "expires", "contact", "form", "form_sha256"} - set(consent)
    if missing:
        return f"the signed record lacks {', '.join(sorted(missing))}"
    if consent.get("withdrawn"):
        return f"consent was withdrawn on {consent['withdrawn']}"
    try:
        first, last = (date.fromisoformat(consent[key]) for key in ("date", "expires"))
    except (TypeError, ValueError):
        return "its date or expires is not a date such as 2027-01-31"
    if not first <= date.today():
        return f"consent begins only on {first}"
    if last < date.today():
        return f"consent ended on {last}"
    if not isinstance(consent["scope"], list) or scope not in consent["scope"]:
        return f"the people shown agreed to {consent['scope']}, not to {scope}"
    form = CLIPS / consent["form"]
    if not form.is_file() or sha256_of(form) != consent["form_sha256"]:
        return f"the signed form {consent['form']} is missing or was changed"
    return ""
