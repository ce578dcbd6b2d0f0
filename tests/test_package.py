"""The package keeps its order: two rooms, imports one way, and a head that says what is public."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import framewise
import pytest

FOLDER = Path(framewise.__file__).parent
MODULES = {
    ".".join(["framewise", *path.relative_to(FOLDER).with_suffix("").parts]): path
    for path in sorted(FOLDER.rglob("*.py"))
    if path.stem != "__init__"
}
TAUGHT = [name for name in MODULES if name.count(".") == 1]
WIDGETS = ("inspector", "exercises", "own_clips")
PLOTS = ("matplotlib", "IPython", "ipywidgets", "anywidget")


def tree(name):
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imported(name):
    """Return the modules that a module imports anywhere, whatever only type checkers import too."""
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_head_says_what_is_public(name):
    module = importlib.import_module(name)
    defined = {
        node.name
        for node in tree(name).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    }
    assert defined <= set(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)
    assert (module.__doc__ or "").strip()


def test_no_two_modules_import_each_other():
    waiting = {name: imported(name) & set(MODULES) for name in MODULES}
    while ready := {name for name, needed in waiting.items() if not needed & set(waiting)}:
        waiting = {name: needed for name, needed in waiting.items() if name not in ready}
    assert not waiting


@pytest.mark.parametrize("name", TAUGHT)
def test_what_is_taught_needs_no_widget(name):
    if name.endswith("inspector"):
        pytest.skip("the door of the widget")
    assert not {one.rpartition(".")[2] for one in imported(name)} & set(WIDGETS)
    if not name.endswith("plots"):
        roots = {one.partition(".")[0] for one in imported(name)}
        assert not roots & set(PLOTS), "numbers come without plots"
        assert not {one for one in imported(name) if one.endswith("plots")}


def public_functions():
    for name in MODULES:
        module = importlib.import_module(name)
        for public in module.__all__:
            thing = getattr(module, public)
            if inspect.isfunction(thing) and thing.__module__ == name:
                yield pytest.param(thing, id=f"{name.removeprefix('framewise.')}.{public}")


@pytest.mark.parametrize("function", list(public_functions()))
def test_parameters_are_described(function):
    parameters = list(inspect.signature(function).parameters)
    text = inspect.getdoc(function) or ""
    if len(parameters) >= 2:
        assert "Parameters\n----------\n" in text
        part = text.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
        missing = [name for name in parameters if name not in part]
        assert not missing or "As in `" in text


def test_the_examples_in_docstrings_give_what_they_say():
    tried = 0
    for name in MODULES:
        failed, count = doctest.testmod(importlib.import_module(name))
        assert not failed, name
        tried += count
    assert tried > 10


def test_no_test_changes_a_constant_of_a_module():
    patched = re.compile(r'setattr\(\s*[\w.]+,\s*"[A-Z][A-Z_]+"')
    tests = Path(__file__).parent.glob("*.py")
    assert not [path.name for path in tests if patched.search(path.read_text(encoding="utf-8"))]
