"""Exercises answer in words, and a wrong answer never crashes."""

import importlib
import re

import pytest
from framewise import consent, samples
from framewise.workbench import exercises

for path in sorted(exercises.LESSONS.glob("checks_*.py")):
    importlib.import_module(f"lessons.{path.stem}")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))


@pytest.mark.parametrize("name", sorted(exercises._checks))
@pytest.mark.parametrize(
    "answer",
    [..., None, "no idea", -1, [], {}, object(), float("nan"), float("inf")],
    ids=repr,
)
def test_nonsense_does_not_pass_and_does_not_crash(name, answer):
    result = exercises.check(name, answer)
    assert not result.passed
    assert repr(result).startswith("Not yet: ") and len(result.words) > 20


def test_the_guessing_exercise_tells_a_blink_as_rendered_from_the_altered_one():
    entries = consent.catalogue()
    for number, name in enumerate(["guess_1", "guess_2", "guess_3"]):
        start, sample = re.search(r"frames (\d+) to \d+ of (\w+)", entries[name]["source"]).groups()
        truth = samples.load_truth(samples.open_clip(sample))
        lowest = truth.blinks[~truth.partial, 1] - int(start)
        frame = int(lowest[(lowest > 0) & (lowest < 100)][0])  # each clip holds a full blink
        result = exercises.check("00.2", (name, frame))
        assert result.passed == (number == 2)
        assert ("one eye is shut" if number == 2 else "both eyes close") in result.words


def test_a_guess_is_noted_and_not_called_right():
    result = exercises.check("00.1", {"guess_1": 0, "guess_2": 0, "guess_3": 1})
    assert result.passed and repr(result).startswith("Noted: ")
    assert repr(exercises.check("00.3", 0.087)).startswith("Right: ")
    assert repr(exercises.Result(False, "words", noted=True)) == "Not yet: words"


def test_unknown_exercise():
    with pytest.raises(KeyError, match="03.1"):
        exercises.check("99.9", 1)


def test_a_notebook_goes_on_with_a_number_that_passes():
    assert exercises.number("08.3", 0.3) == 0.3
    assert exercises.number("08.3", [0.5]) == 0.5
    for wrong in (..., None, "no idea", 0.1, 45):
        assert exercises.number("08.3", wrong) == exercises._examples["08.3"]


def test_each_example_passes_its_check():
    assert exercises._examples
    for name, example in exercises._examples.items():
        assert exercises.check(name, example).passed, name


def test_an_exercise_without_an_example_says_so():
    with pytest.raises(KeyError, match="08.1"):
        exercises.number("08.1", 1)


def test_unknown_quiz():
    with pytest.raises(FileNotFoundError):
        exercises.quiz("99")


@pytest.mark.parametrize(
    "notebook", [path.stem.removeprefix("quiz_") for path in exercises.LESSONS.glob("quiz_*.json")]
)
def test_quiz_is_plain_html_with_a_reason_for_every_option(notebook):
    text = exercises.quiz(notebook).data
    assert not re.search(r"<script|http|onclick", text)
    questions = re.split(r"<p><b>\d+\. ", text)[1:]
    assert 3 <= len(questions) <= 6
    for question in questions:
        assert question.count("<b>Yes.</b>") == 1
        assert question.count("<b>No.</b>") >= 1
        assert question.count("<details>") == question.count("</summary>") >= 2
