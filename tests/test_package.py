"""Each module says in its head what is public, and imports only what comes before it."""

import ast
import re
from pathlib import Path

import framewise
import pytest

FOLDER = Path(framewise.__file__).parent
MODULES = [path for path in sorted(FOLDER.rglob("*.py")) if not path.stem.startswith("__")]
CHAIN = [
    *("consent", "clips", "models", "detection", "eyes", "landmarks", "likeness", "shots"),
    *("repeats", "tracking", "alignment", "rates", "blinks", "fakes"),
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_head_lists_what_is_public(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    listed = re.search(r"Public: (.*?)\.", ast.get_docstring(tree), re.DOTALL).group(1)
    listed = {name for name in re.split(r",\s+", listed) if name.lower() == name or "_" not in name}
    listed = {name for name in listed if not name.isupper()}
    assert listed == {name for name in defined if not name.startswith("_")}


@pytest.mark.parametrize("name", CHAIN)
def test_imports_go_one_way(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:  # what only type checkers import stands deeper
        if isinstance(node, ast.ImportFrom) and node.module.startswith("framewise"):
            used = {alias.name for alias in node.names} | {node.module.partition(".")[2]}
            assert not used & set(CHAIN[CHAIN.index(name) + 1 :])
            assert not used & {"plots", "inspector", "exercises"}


@pytest.mark.parametrize("name", CHAIN)
def test_numbers_come_without_plots_and_widgets(name):
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert not re.search(
        r"import (matplotlib|ipywidgets|anywidget)|from (matplotlib|IPython)", text
    )
