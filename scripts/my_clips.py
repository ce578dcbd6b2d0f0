"""Keep a video of your own with the consent of everyone in it, and delete it again.

Run by `course.py add-clip VIDEO` and by `course.py forget-clip ID`. This program asks and prints;
framewise/workbench keeps the clips (keeping.py) and deletes them (forgetting.py).
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from framewise import consent
from framewise.workbench import forgetting, keeping
from framewise.workbench.agreement import read_day
from framewise.workbench.files import absolute_path

YES = {"y": True, "yes": True, "n": False, "no": False}


def main(arguments: list[str]) -> int:
    """Run "add" or "forget" with its answers, a JSON object; return the exit code."""
    command, answers = arguments[0], json.loads(arguments[1])
    for name in ("SIGTERM", "SIGHUP"):  # a closed terminal ends us as Ctrl-C does
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        print(_add(answers) if command == "add" else _forget(answers))
    except KeyboardInterrupt:
        print("\nStopped. No file was left half written.", file=sys.stderr)
        return 130
    except (OSError, ValueError, consent.ConsentError) as error:
        print(f"error: {keeping.explain(error)}", file=sys.stderr)
        return 1
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _add(answers: dict[str, Any]) -> str:
    ask = partial(_ask_for_missing, answers) if sys.stdin.isatty() else None
    _, report = keeping.add_answered(answers, ask=ask)
    return report


def _ask_for_missing(answers: dict[str, Any]) -> None:
    """Ask on the terminal for the answers that no option gave."""
    in_a_year = str(date.today() + timedelta(days=365))
    if not answers.get("who"):
        answers["who"] = _ask("Who is shown? Type every name, with commas between them: ", _names)
    if not answers.get("me") and not answers.get("form") and len(answers["who"]) == 1:
        answers["me"] = _ask("Is that you, and may you agree to this yourself? [y/n] ", _yes)
    if not answers.get("me") and not answers.get("form"):
        print("Then everyone who is shown must sign the form data/consent_form.md.")
        answers["form"] = _ask("Which file is the photo or scan of the signed form? ", _file)
    if not answers.get("scope"):
        if not _ask("Did everyone agree that the clip may be analysed here? [y/n] ", _yes):
            raise ValueError(
                "without this consent the clip cannot be kept. Ask everyone shown first."
            )
        make = _ask("May fakes with a visible mark be made from it as well? [y/n] ", _yes)
        answers["scope"] = ["analyse", "make"] if make else ["analyse"]
    if not answers.get("until"):
        words = f"Until which day does the consent last? (Press Enter for {in_a_year}.) "
        answers["until"] = _ask(words, lambda text: str(read_day(text or in_a_year)))
    if not answers.get("contact"):
        question = "Who can withdraw the consent, and how can we reach them? "
        answers["contact"] = _ask(question, _words)


def _ask(question: str, read: Callable[[str], Any]) -> Any:
    """Ask until the answer can be read."""
    while True:
        try:
            return read(input(question).strip())
        except EOFError:
            raise ValueError("there was no answer, so nothing was kept.") from None
        except (ValueError, KeyError) as error:
            print(f"  {error.args[0]}" if isinstance(error, ValueError) else "  Answer y or n.")


def _words(text: str) -> str:
    if not text:
        raise ValueError("Please type an answer. Ctrl-C stops the program.")
    return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in _words(text).split(",") if name.strip()]


def _yes(text: str) -> bool:
    return YES[text.lower()]


def _file(text: str) -> str:
    path = absolute_path(_words(text).strip("\"'"))
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    return str(path)


def _forget(answers: dict[str, Any]) -> str:
    gone = forgetting.falls_with(answers["id"])
    if not answers.get("yes"):
        if not sys.stdin.isatty():
            raise ValueError(
                "this is not a terminal, so nobody can be asked. Add --yes to delete the clip."
            )
        more = f" and what was made from it ({', '.join(gone[1:])})" if gone[1:] else ""
        if not _ask(f"Delete {gone[0]}{more} for good? [y/n] ", _yes):
            return "Nothing was deleted."
    deleted = forgetting.forget(answers["id"])
    return "\n".join(
        ["Deleted:" if deleted else "The record was deleted. There were no files."]
        + [f"  {path}" for path in deleted]
        + ["This command cannot find the recording that the clip came from, copies that you passed"]
        + ["on, or notebooks, pages and numbers that you saved elsewhere. Delete them yourself."]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
