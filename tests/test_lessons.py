"""The lessons keep their rules: short code, no answers given away, numbers that are checked."""

import ast
import importlib
import json
import re
from functools import cache
from statistics import median

import numpy as np
import pytest
from framewise.workbench import exercises
from framewise.workbench.exercises import LESSONS
from test_notebooks import NOTEBOOKS, as_it_is, read

HIDDEN = r"<style>.*?</style>|<figcaption>.*?</figcaption>"
LESSON = {}  # the notebooks of each lesson: lesson 07 has two, 07 and 07b
for path in NOTEBOOKS:
    LESSON.setdefault(path.stem[:2], []).append(path)
HARD = {"pairwise", "ndindex", "s_", "subplot_mosaic", "accumulate", "reduce"}


def cells(name, kind, *, deeper=False):
    """Return the sources of one kind of cell; cells tagged "deeper" only if asked for."""
    return [
        cell.source
        for path in LESSON[name]
        for cell in read(path).cells
        if cell.cell_type == kind and (deeper or "deeper" not in cell.metadata.get("tags", ()))
    ]


def texts(name, what):
    path = LESSONS / f"{what}_{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


@cache
def outputs(name):
    """Return everything that the notebook prints and shows, as text."""
    found = []
    cells = [cell for path in LESSON[name] for cell in as_it_is(path).cells]
    for cell in cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            page = re.sub(HIDDEN, " ", data.get("text/html", ""), flags=re.S)
            page = re.sub(r"data:[^\"']*|<[^>]*>", " ", page)
            found += [output.get("text", ""), data.get("text/plain", ""), page]
    return "\n".join("".join(part) for part in found)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_times_of_the_parts_make_the_time_of_the_notebook(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    parts = [
        int(part) for part in re.findall(r"^## \d+\. .*\((\d+) minutes\)$", text, re.MULTILINE)
    ]
    assert sum(parts) == int(re.search(r"\*\*Time:\*\* about (\d+) minutes", text)[1])
    assert max(parts) <= 35


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_optional_parts_are_folded_and_end_before_the_next_heading(path):
    cells = read(path).cells
    optional = ["deeper" in cell.metadata.get("tags", ()) for cell in cells]
    for before, cell, is_optional in zip([False, *optional], cells, optional, strict=False):
        if is_optional and not before:
            assert cell.source.startswith("### Deeper (optional)")
            assert cell.metadata["jp-MarkdownHeadingCollapsed"]
        assert is_optional or not before or re.match("##", cell.source)


@pytest.mark.parametrize("name", LESSON)
def test_cells_are_short(name):
    lengths = [len([line for line in c.splitlines() if line.strip()]) for c in cells(name, "code")]
    assert median(lengths) <= 5
    assert max(lengths) <= 15


@pytest.mark.parametrize("name", LESSON)
def test_code_is_for_beginners(name):
    for source in cells(name, "code"):
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.NamedExpr), f"a walrus in {source}"
            assert not isinstance(node, ast.AugAssign) or not isinstance(node.op, ast.BitOr), source
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, complex)), source
            word = getattr(node, "attr", getattr(node, "id", ""))
            assert word not in HARD, f"{word} in {source}"
            if isinstance(node, ast.Call):
                assert not any(isinstance(part, ast.Starred) for part in node.args), source
                assert getattr(node.func, "id", "") != "map" or len(node.args) < 3, source


@pytest.mark.parametrize("name", LESSON)
def test_each_figure_has_its_words_elsewhere(name):
    source = "\n".join(cells(name, "code", deeper=True))
    used = re.findall(r"captions\.show(?:_video)?\(.*?\"(\d\d\.[\w-]+)\"", source, re.DOTALL)
    assert used and set(used) == set(texts(name, "figures"))
    assert "alt=" not in source
    for words in texts(name, "figures").values():
        assert len(words["caption"].split()) >= 5 and len(words["alt"].split()) >= 4


def numbers(text):
    """Return the numbers of a text as written, without those in code, links, dates and names."""
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>|\*\*Sources.*", " ", text, flags=re.S)
    text = re.sub(r"(?i)\b(notebooks?|exercise|part|figure|question|step) \d[\d. to]*", " ", text)
    text = re.sub(r"^#+ \d+\.?|^\s*\d+\. ", " ", text, flags=re.M)
    text = re.sub(r"\(\d+ minutes\)|\*\*Time:\*\* about \d+ minutes", " ", text)
    found = re.findall(r"(?<![\w.:/-])(\d[\d,]*(?:\.\d+)?)(?![\w:]|\.\d)", text)
    found = [number.rstrip(",") for number in found]
    return [number for number in found if not re.fullmatch(r"(19|20)\d\d", number)]


def is_in(number, known):
    """Tell whether a number as written is one of these, rounded; or 100 times one, as per cent."""
    value = float(number.replace(",", ""))
    digits = len(number.partition(".")[2])
    same = [np.round(known * factor, digits) == value for factor in (1, 100)]
    return bool(np.any(same))


@pytest.mark.parametrize("name", LESSON)
def test_every_number_in_the_text_is_measured_or_has_a_source(name):
    printed = outputs(name) + "\n" + "\n".join(cells(name, "code", deeper=True))
    known = np.array([float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", printed)])
    facts = texts(name, "facts")
    parts = cells(name, "markdown", deeper=True)
    prose = "\n".join(part.partition("### Sources")[0] for part in parts)
    captions = " ".join(words["caption"] for words in texts(name, "figures").values())
    written = numbers(f"{prose}\n{captions}")
    lost = [number for number in written if number not in facts and not is_in(number, known)]
    assert not lost, "these numbers are in no output, and facts_NN.json gives no source for them"
    assert set(facts) <= set(written), "a fact that the text no longer uses"


@pytest.mark.parametrize("name", LESSON)
def test_checks_take_every_right_answer_and_refuse_wrong_ones(name):
    answers = importlib.import_module(f"answers_{name}")
    exercises.check(f"{name}.1", ...)
    assert set(answers.RIGHT) == set(answers.WRONG)
    assert {key for key in exercises._checks if key.startswith(name)} == set(answers.RIGHT)
    for key, right in answers.RIGHT.items():
        assert len(right) >= 3 and len(answers.WRONG[key]) >= 5, key
        for answer in right:
            assert exercises.check(key, answer).passed, (key, answer)
        for answer in answers.WRONG[key]:
            result = exercises.check(key, answer)
            assert not result.passed, (key, answer)
            assert "Error" not in result.words, (key, answer, result.words)
