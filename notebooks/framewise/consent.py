"""Consent: say which clips may be looked at or used to make a fake, and who agreed to this.

Notebook: 00_start_here.ipynb

Every entry of a catalogue (see `framewise.workbench.records`) holds one of these as "consent":

    {"type": "synthetic"}                       no such person exists
    {"type": "signed", "scope": ["analyse", "make"], "date": "2026-01-31", "expires": "2027-01-31",
     "contact": "...", "form": "forms/x.pdf", "form_sha256": "..."}        a signed record
    {"type": "own word", "scope", "date", "expires", "contact"}    the only person shown said yes

The last two may also hold "withdrawn": the date on which consent ended. A file that is in no
catalogue is found footage: it may be analysed, but no fake may be made from it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Protocol

from framewise.workbench import places
from framewise.workbench.files import sha256_of
from framewise.workbench.records import (
    FORGET,
    ConsentError,
    Entry,
    catalogue,
    file_of,
    folder_of,
    own_clips_folder,
    require_valid,
)

__all__ = [
    "ConsentError",
    "Footage",
    "catalogue",
    "entry_of",
    "file_of",
    "problem_of",
    "require",
]

NEEDED = {
    "own word": {"scope", "date", "expires", "contact"},
    "signed": {"scope", "date", "expires", "contact", "form", "form_sha256"},
}
"""What a record of each type must hold."""


def entry_of(path: Path, sha256: str) -> Entry | None:
    """Return the entry that covers these bytes, or None for found footage.

    Outside the folders of the catalogues, only the bytes count. A clip of the catalogue that was
    copied to another place under another name is still that clip. A file inside one of these
    folders must be named in the catalogue, and must have the bytes that the catalogue gives.

    Parameters
    ----------
    path : Path
        Where the file lies.
    sha256 : str
        The SHA-256 hash of its bytes, see `workbench.files.sha256_of`.

    Raises
    ------
    ConsentError
        The file lies in a catalogue's folder but is not what the catalogue says, or the
        consent of its people does not cover looking at it.
    """
    entries = catalogue()
    path = path.resolve()
    homes = places.course_clips(), own_clips_folder()
    home = next((f for f in homes if path.is_relative_to(f.resolve())), None)
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
        delete = f", or delete it: {FORGET} {path.stem}" if home == own_clips_folder() else ""
        raise ConsentError(
            f"{path.name} lies in data/{home.name} but has no entry in catalog.json, so nobody's "
            f"consent is known. Move it elsewhere to look at it as found footage{delete}."
        )
    require_valid(entry)
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


class Footage(Protocol):
    """Anything whose consent can be checked: a `clips.Clip`, or an object with these attributes."""

    path: Path
    entry: Entry | None


def require(clip: Footage, scope: str) -> None:
    """Make sure that everyone in a clip agreed to `scope` ("analyse" or "make").

    Code that makes a fake calls this with "make" for every clip that it takes something from.

    Parameters
    ----------
    clip : Clip
    scope : {"analyse", "make"}

    Raises
    ------
    ValueError
        `scope` is neither "analyse" nor "make".
    ConsentError
        The clip is found footage and the scope is "make", or the consent is missing, has expired,
        was withdrawn or does not cover the scope.
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


def _hold(entry: Entry, scope: str, entries: dict[str, Entry]) -> None:
    """Raise ConsentError unless the entry, and all that it was made from, allow the scope."""
    require_valid(entry)
    for source in entry.get("made_from", ()):
        _hold(entries[source], "make", entries)
    problem = _lack_of_consent(entry, scope)
    if problem:
        contact = entry["consent"].get("contact") or "the people shown"
        delete = f"delete it: {FORGET} {entry['id']}" if entry.get("own") else "delete the clip"
        raise ConsentError(
            f"{entry['id']}: {problem}. If the record itself is wrong, correct it. Otherwise ask "
            f"{contact} for consent that covers this, or {delete}."
        )


def problem_of(entry: Entry, scope: str = "analyse") -> str:
    """Say why a clip may not be used today, and what to do; empty if it may be used.

    The records of every clip that it was made from count as well. The clip's bytes are not read.

    Parameters
    ----------
    entry : dict
        An entry of `catalogue`.
    scope : {"analyse", "make"}
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
        real = entry.get("own") and entry["kind"] == "original"  # for a fake, its sources decide
        return 'your own clip shows a real person; its consent cannot be "synthetic"' * bool(real)
    if consent.get("type") not in list(NEEDED):
        kind = consent.get("type")
        return f'the type of consent must be "synthetic", "signed" or "own word", got {kind!r}'
    missing = NEEDED[consent["type"]] - set(consent)
    if missing:
        return f'the record of type "{consent["type"]}" lacks {", ".join(sorted(missing))}'
    if consent["type"] == "own word" and len(entry.get("people", ())) != 1:
        return "consent by word is for one person; if more people are shown, all must sign the form"
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
