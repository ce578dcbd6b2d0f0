"""The agreement of everyone shown in a clip: what was agreed to, until when, and on which paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from framewise.workbench import files
from framewise.workbench.files import absolute_path
from framewise.workbench.records import Entry

__all__ = ["Agreement", "in_one_line", "read_agreement", "read_day"]

LARGEST_FORM = 5e7
"""The largest photo or scan of a signed form that is accepted, in bytes."""

MISSING = {
    "who": "who is shown (--who NAME, once for each)",
    "form": "how they agreed (--me if only you are shown and you agree, otherwise --form and the "
    "photo of the signed form)",
    "scope": "what they agreed to (--scope analyse, or --scope analyse make)",
    "until": "until which day the consent lasts (--until, a day such as 2027-01-31)",
    "contact": "who can withdraw the consent, and how to reach them (--contact WORDS)",
}
"""What an agreement needs, by the names of the options of `course.py add-clip`."""


@dataclass(frozen=True)
class Agreement:
    """What everyone shown agreed to, on a signed form; one person alone may give their word."""

    people: Sequence[str]
    """The names of all who are shown."""
    scope: Sequence[str]
    """("analyse",) or ("analyse", "make")"""
    until: date
    contact: str
    """Who can withdraw the consent, and how to reach them."""
    form: Path | None = None
    """A photo or scan of the signed form; None where the one person shown gives their word."""

    def problem(self) -> str:
        """Say what is missing or not allowed; empty if there is no problem."""
        if not any(name.strip() for name in self.people):
            return "who: expected the name of everyone shown, got none."
        if set(self.scope) not in ({"analyse"}, {"analyse", "make"}):
            return f'scope: expected "analyse", with or without "make", got {list(self.scope)}.'
        if self.until < date.today():
            return f"until: expected today or a later day, got {self.until}."
        if not self.contact.strip():
            return (
                "contact: expected the name of the person who can withdraw the consent, and how "
                "to reach them; got nothing."
            )
        if self.form is None and len(self.people) > 1:
            return (
                f"form: {len(self.people)} people are shown, so each of them must sign the form "
                "(data/consent_form.md). Give a photo or scan of all sheets as one file."
            )
        if self.form is None:
            return ""
        size = self.form.stat().st_size if self.form.is_file() else 0
        if not 0 < size <= LARGEST_FORM:
            found = f"is {size / 1e6:.1f} MB" if size else "is missing or empty"
            return (
                f"form: expected a photo or scan of up to 50 MB; {self.form} {found}. Give another "
                "file."
            )
        return ""

    def suffix(self) -> str:
        """Return how the name of the form's copy ends, such as ".jpg"; empty if there is none."""
        plain = self.form and re.fullmatch(r"\.[A-Za-z0-9]{1,5}", self.form.suffix)
        return plain[0].lower() if plain else ""

    def record(self, form: str) -> Entry:
        """Return the "consent" of a catalogue entry.

        Parameters
        ----------
        form : str
            The path of the form's copy, relative to the folder of own clips.
        """
        record = {
            "type": "own word",
            "scope": sorted(self.scope),
            "date": str(date.today()),
            "expires": str(self.until),
            "contact": in_one_line(self.contact),
        }
        if self.form is None:
            return record
        sha256 = files.sha256_of(self.form)
        return record | {"type": "signed", "form": form, "form_sha256": sha256}


def read_agreement(answers: dict[str, Any]) -> Agreement:
    """Read the agreement from the answers of a command or a form.

    Parameters
    ----------
    answers : dict
        By the names of the options of `course.py add-clip`: "who" (a list of names), "scope" (a
        list), "until" and "contact" (text), and either "form" (the path of a file) or "me" (true
        if the one person shown gives their word).

    Raises
    ------
    ValueError
        Answers are missing (the message names all of them), or one cannot be read.
    """
    given = {key: answers.get(key) for key in MISSING}
    given["form"] = given["form"] or answers.get("me")
    if not all(given.values()):
        lacking = "".join(f"\n  {MISSING[key]}" for key in given if not given[key])
        raise ValueError(f"a clip needs the consent of everyone in it. Still missing:{lacking}")
    if answers.get("me") and answers.get("form"):
        raise ValueError("form: expected --me or --form, got both. Give --form alone.")
    form = None if answers.get("me") else absolute_path(answers["form"])
    if any("," in name for name in answers["who"]):
        raise ValueError(
            f"who: expected one name for each person, got {answers['who']}. Give each name by "
            "itself, without a comma (--who NAME, once for each)."
        )
    until = read_day(answers["until"])
    return Agreement(answers["who"], answers["scope"], until, answers["contact"], form)


def read_day(text: str) -> date:
    """Read a day such as "2027-01-31".

    Raises
    ------
    ValueError
        The text is no such day.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"until: expected a day such as 2027-01-31, got {text!r}.") from None


def in_one_line(text: str) -> str:
    """Replace line breaks, other control characters and broken letters by spaces."""
    odd = {"Cc", "Cs", "Zl", "Zp"}
    return "".join(" " if unicodedata.category(c) in odd else c for c in text).strip()
