"""Consent: which clips may be looked at, which may be used to make a fake, and who said so.

Notebook: 00_start_here.ipynb

Public: ConsentError, catalogue, folder_of, file_of, attachment, sha256_of, entry_of, require,
problem_of.

The catalogue `data/clips/catalog.json` holds one entry per clip: id, file, sha256, title, length,
licence, source, people, kind ("original" or "fake"; a fake also made_from and method) and consent:

    {"type": "synthetic"}                       no such person exists
    {"type": "signed", "scope": ["analyse", "make"], "date": "2026-01-31", "expires": "2027-01-31",
     "contact": "...", "form": "forms/x.pdf", "form_sha256": "..."}        a signed record
    {"type": "own word", "scope", "date", "expires", "contact"}     the one person shown, by word

The last two may also hold "withdrawn": the date on which consent ended. The learner's own clips
lie in `data/my_clips`, with a catalogue of the same form whose entries say "own": true. Any file
outside both is found footage: it may be analysed, and nothing that makes fakes takes it.
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

CLIPS, MINE = DATA / "clips", DATA / "my_clips"
Entry = dict[str, Any]

NEEDED = {
    "own word": {"scope", "date", "expires", "contact"},
    "signed": {"scope", "date", "expires", "contact", "form", "form_sha256"},
}
"""What a record of each type must hold."""

FORGET = "python3 scripts/course.py forget-clip"


class ConsentError(Exception):
    """A clip may not be used this way; the message says why and what to do."""


def catalogue(*folders: Path) -> dict[str, Entry]:
    """Return the entries by id: the course's and the learner's own, or of these folders only.

    Raises
    ------
    ConsentError
        A catalogue is missing or not readable; without it nobody's consent is known.
    """
    known: dict[str, Entry] = {}
    for folder in folders or (CLIPS, MINE):
        path = folder / "catalog.json"
        if folder == MINE and not path.exists():
            continue
        try:
            for entry in json.loads(path.read_text(encoding="utf-8"))["clips"]:
                _check_entry(entry, known, own=folder == MINE)
                known[entry["id"]] = entry
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            repair = (
                "repair it, or delete the folder data/my_clips and add your clips again"
                if folder == MINE
                else "restore it from the course's repository"
            )
            raise ConsentError(f"{path} is missing or damaged ({error}); {repair}.") from error
    return known


def _check_entry(entry: Entry, known: dict[str, Entry], *, own: bool) -> None:
    """Raise ValueError if an entry is not complete, or contradicts those before it."""
    name, sources = entry["id"], entry.get("made_from", [])
    if entry.get("own", False) is not own:
        raise ValueError(f'{name}: "own": true belongs to data/my_clips, and only there')
    for key in ("id", "file", "sha256"):
        if entry[key] in [other[key] for other in known.values()]:
            raise ValueError(f"{key} {entry[key]!r} stands twice")
    if not re.fullmatch("[0-9a-f]{64}", entry["sha256"]):
        raise ValueError(f"{name}: the sha256 is not 64 small hexadecimal digits")
    home = folder_of(entry).resolve()
    if not (home / entry["file"]).resolve().is_relative_to(home):
        raise ValueError(f"{name}: its file lies outside data/{home.name}")
    if entry["kind"] not in ("original", "fake") or not isinstance(entry["consent"], dict):
        raise ValueError(f'{name}: kind must be "original" or "fake", consent a record')
    if (entry["kind"] == "fake") != bool(sources) or not isinstance(sources, list):
        raise ValueError(f"{name}: a fake, and only a fake, lists what it was made_from")
    missing = [source for source in sources if source not in known]
    if missing:
        raise ValueError(f"{name} was made from {missing[0]}, which is gone: delete it as well")


def folder_of(entry: Entry) -> Path:
    """Return the folder in which the files of an entry lie: the course's, or the learner's."""
    return MINE if entry.get("own") else CLIPS


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
        entry = next((e for e in entries.values() if e["sha256"] == sha256), None)
    if entry is not None:
        _hold(entry, "analyse", entries)
    return entry


def _listed(path: Path, sha256: str, home: Path, entries: dict[str, Entry]) -> Entry:
    """Return the entry of a file in a catalogue's folder; ConsentError unless it holds."""
    mine = [e for e in entries.values() if folder_of(e) == home]
    entry = next((e for e in mine if (home / e["file"]).resolve() == path), None)
    if entry is None:
        raise ConsentError(
            f"{path.name} lies in data/{home.name} but has no entry in catalog.json, so nobody's "
            "consent is known. Move it elsewhere to look at it as found footage."
        )
    if entry["sha256"] != sha256:
        restore = f"Delete it ({FORGET} {entry['id']})" if entry.get("own") else "Restore it"
        raise ConsentError(
            f"{path.name} is not the file that was agreed to: its sha256 is {sha256[:12]}..., the "
            f"catalogue says {entry['sha256'][:12]}.... {restore}"
            f"{' and add it again' if entry.get('own') else ' from the repository'}."
        )
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
            "Use a clip of the catalogue, or add this one with the consent of everyone in it: "
            "python3 scripts/course.py add-clip"
        )


def _hold(entry: Entry, scope: str, entries: dict[str, Entry]) -> None:
    """Raise ConsentError unless the entry, and all that it was made from, allow the scope."""
    for source in entry.get("made_from", ()):
        _hold(entries[source], "make", entries)
    problem = problem_of(entry, scope)
    if problem:
        contact = entry["consent"].get("contact", "the people shown")
        delete = f"delete it: {FORGET} {entry['id']}" if entry.get("own") else "delete the clip"
        raise ConsentError(
            f"{entry['id']}: {problem}. Ask {contact} for consent again, or {delete}."
        )


def problem_of(entry: Entry, scope: str = "analyse") -> str:
    """Say why an entry's own record does not allow the scope today; empty if it does."""
    consent = entry["consent"]
    if consent.get("type") == "synthetic":
        return ""
    if consent.get("type") not in NEEDED:
        return f'consent is neither "synthetic", "signed" nor "own word": {consent.get("type")!r}'
    missing = NEEDED[consent["type"]] - set(consent)
    if missing:
        return f"the {consent['type']} record lacks {', '.join(sorted(missing))}"
    if consent["type"] == "own word" and len(entry.get("people", ())) != 1:
        return "one person alone may agree by word; where more are shown, everyone signs the form"
    if consent.get("withdrawn"):
        return f"consent was withdrawn on {consent['withdrawn']}"
    return _out_of_time(consent) or _out_of_scope(consent, scope) or _form_gone(entry)


def _out_of_time(consent: dict[str, Any]) -> str:
    try:
        first, last = (date.fromisoformat(consent[key]) for key in ("date", "expires"))
    except (TypeError, ValueError):
        return "its date or expires is not a date such as 2027-01-31"
    if not first <= date.today():
        return f"consent begins only on {first}"
    return f"consent ended on {last}" if last < date.today() else ""


def _out_of_scope(consent: dict[str, Any], scope: str) -> str:
    if isinstance(consent["scope"], list) and scope in consent["scope"]:
        return ""
    return f"the people shown agreed to {consent['scope']}, not to {scope}"


def _form_gone(entry: Entry) -> str:
    consent = entry["consent"]
    if consent["type"] != "signed":
        return ""
    form = folder_of(entry) / consent["form"]
    if form.is_file() and sha256_of(form) == consent["form_sha256"]:
        return ""
    return f"the signed form {consent['form']} is missing or was changed"
