"""Exercises: check an answer in plain words, and ask questions whose options explain themselves.

The files of notebook NN lie in the folder `lessons` beside the package `framewise`. `checks_NN.py`
holds a function for each exercise, registered under its id (the notebook's number, a dot, the
exercise's number). `quiz_NN.json` holds a list of {"question", "options": [{"text", "right",
"why"}]}.
"""

import html
import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from IPython.display import HTML

__all__ = ["Result", "check", "exercise", "number", "quiz"]


@dataclass(frozen=True)
class Result:
    """What a check says of an answer."""

    passed: bool
    words: str
    noted: bool = False
    """The answer is a guess or an opinion: it passes, but it is not called right."""

    def __repr__(self) -> str:
        passed = "Noted" if self.noted else "Right"
        return f"{passed if self.passed else 'Not yet'}: {self.words}"


LESSONS = Path(__file__).resolve().parents[2] / "lessons"

_checks: dict[str, Callable[[Any], Result]] = {}
_examples: dict[str, float] = {}


def check(name: str, answer: Any) -> Result:
    """Check an answer; never raises for a wrong one.

    Parameters
    ----------
    name : str
        The exercise's id, such as "01.2".
    answer : any
        What the learner made. `...` means that nothing was filled in yet.

    Returns
    -------
    Result

    Raises
    ------
    KeyError
        No such exercise.
    """
    if (LESSONS / f"checks_{name[:2]}.py").is_file():
        importlib.import_module(f"{LESSONS.name}.checks_{name[:2]}")
    if name not in _checks:
        raise KeyError(f"no exercise {name!r}; known so far: {', '.join(sorted(_checks))}")
    if answer is ...:
        return Result(False, "replace the three dots with your answer and run the cell again.")
    try:
        return _checks[name](answer)
    except Exception as error:  # whatever a learner's code or value does is an answer, not a crash
        return Result(
            False,
            f"your answer could not be checked ({type(error).__name__}: {error}). Compare its form "
            "with the form that the question asks for, then run the cell again.",
        )


def number(name: str, answer: Any) -> float:
    """Return a learner's number if it passes its check, and otherwise an example that passes.

    So a learner who has not found the answer yet can still run the cells that need it, and no cell
    gives the answer away.

    Parameters
    ----------
    name : str
        The exercise's id, such as "08.3".
    answer : any
        What the learner made. `...` means that nothing was filled in yet.

    Returns
    -------
    float

    Raises
    ------
    KeyError
        No such exercise, or it has no example.
    """
    passed = check(name, answer).passed
    if name not in _examples:
        raise KeyError(f"exercise {name!r} has no example; register it with example=...")
    return float(np.ravel(answer)[0]) if passed else _examples[name]


def quiz(notebook: str) -> HTML:
    """Return the questions of a notebook; opening an option tells whether it is right, and why.

    The result is plain HTML. It works by keyboard, without a kernel and in an exported page.

    Parameters
    ----------
    notebook : str
        Its number, such as "04" or "07b".
    """
    questions = json.loads((LESSONS / f"quiz_{notebook}.json").read_text(encoding="utf-8"))
    return HTML("".join(_question(i, q) for i, q in enumerate(questions, 1)))


def _question(number: int, question: dict) -> str:
    options = "".join(
        f"<details><summary>{html.escape(option['text'])}</summary><p>"
        f"<b>{'Yes.' if option['right'] else 'No.'}</b> {html.escape(option['why'])}</p></details>"
        for option in question["options"]
    )
    return f"<p><b>{number}. {html.escape(question['question'])}</b></p>{options}"


def exercise(name: str, *, example: float | None = None) -> Callable:
    """Register a check under an exercise's id.

    Parameters
    ----------
    name : str
        The id, such as "08.3".
    example : float, optional
        A number that passes the check, for `number`.
    """

    def register(function: Callable[[Any], Result]) -> Callable[[Any], Result]:
        _checks[name] = function
        if example is not None:
            _examples[name] = example
        return function

    return register
