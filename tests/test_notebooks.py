"""Every notebook runs from a clean kernel; solutions pass their checks, empty cells do not."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]
TITLES = [
    "00_start_here",
    "01_detection",
    "02_landmarks",
    "03_alignment",
    "07_blinks",
    "07b_what_blinks_prove",
]


def read(path):
    return nbformat.read(path, as_version=4)


def tagged(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", ())]


def solutions(notebook):
    """Return the code of each folded solution, in order."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "<summary>Solution" in cell.source:
            found += re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)
    return found


def printed(cell):
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def run(notebook):
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": NOTEBOOKS[0].parent}}
    )
    return client.execute()


@cache
def as_it_is(path):
    """Return the notebook of a file after one run; several tests look at this run."""
    return run(read(path))


def test_they_are_all_there():
    assert [name for name in NAMES if name in TITLES] == TITLES


def test_the_readme_promises_the_notebooks_that_are_there():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d\d[a-z]?) \|", readme, re.MULTILINE) == [
        name.partition("_")[0] for name in NAMES
    ]
    words = {9: "Nine", 10: "Ten", 11: "Eleven", 12: "Twelve", 13: "Thirteen", 14: "Fourteen"}
    assert f"[{words[len(NAMES)]} notebooks](#the-notebooks) are ready" in readme


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_file_is_clean(path):
    notebook = read(path)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z][a-z0-9-]+", cell.id), cell.id
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, cell.id
            assert len(cell.source.splitlines()) <= 20, cell.id
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_opens_and_closes_as_promised(path):
    notebook = read(path)
    words = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert words[0].startswith("# ") and re.search(r"\d+ minutes", words[0])
    text = "\n".join(words)
    assert "MY_CLIP" in text + "\n".join(c.source for c in notebook.cells)
    assert f'exercises.quiz("{path.stem.partition("_")[0]}")' in "\n".join(
        c.source for c in notebook.cells
    )
    for image in re.findall(r"!\[(.*?)\]\(", text):
        assert image.strip(), "a picture without a text for those who cannot see it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_it_runs_and_no_empty_answer_passes(path):
    checks = tagged(as_it_is(path), "check")
    assert 2 <= len(checks) <= 4
    for cell in checks:
        assert printed(cell).startswith("Not yet"), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_solution_passes(path):
    notebook = read(path)
    blanks, answers = tagged(notebook, "exercise"), solutions(notebook)
    assert len(blanks) == len(answers) == len(tagged(notebook, "check"))
    for cell, answer in zip(blanks, answers, strict=True):
        cell.source = answer
    for cell in tagged(run(notebook), "check"):
        assert printed(cell).startswith(("Right", "Noted")), f"{cell.id}: {printed(cell)}"


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, str(ROOT)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
