"""The set-up command: good ways and bad, on a tiny project of its own and without a network."""

from __future__ import annotations

import ast
import base64
import contextlib
import hashlib
import http.client
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import check
import course
import course_errors
import course_server
import course_venv
import framewise
import jupyter_client
import nbformat
import pytest
import websocket
import zmq

ROOT = Path(__file__).resolve().parent.parent
PYTHON = getattr(sys, "_base_executable", sys.executable)


# A tiny project: the real course.py, stand-ins for all that takes long


def write_wheel(folder: Path, name: str = "tinyface", version: str = "1.0") -> str:
    """Write a wheel with one empty module; return its sha256."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    rows = [f"{file},{record_hash(text)},{len(text)}" for file, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record_hash(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return "sha256=" + digest.rstrip(b"=").decode()


def make_project(root: Path) -> Path:
    for folder in ("scripts", "notebooks/framewise", "wheels"):
        (root / folder).mkdir(parents=True)
    for program in (ROOT / "scripts").glob("course*.py"):
        shutil.copy(program, root / "scripts")
    shutil.copytree(ROOT / "data" / "models", root / "data" / "models")
    (root / "scripts" / "check.py").write_text("print('OK   everything')\n")
    echo = (
        "import os, sys; print(sys.argv[1:], os.getcwd(), sys.path, os.path.isfile(sys.argv[1]))\n"
    )
    (root / "scripts" / "inspect_video.py").write_text(echo)
    (root / "scripts" / "my_clips.py").write_text(
        "import json, os, sys; print(os.path.isfile(json.loads(sys.argv[2])['video']))"
    )
    write_lock(root, write_wheel(root / "wheels"))
    return root


def write_lock(root: Path, sha256: str, version: str = "1.0") -> None:
    line = f"tinyface=={version} --hash=sha256:{sha256}\n"
    (root / "scripts" / "requirements.lock").write_text(line)


def without_network(**more: str) -> dict[str, str]:
    """Return an environment in which pip knows only a closed port of this machine."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    env.update(PIP_CONFIG_FILE=os.devnull, PIP_INDEX_URL="http://127.0.0.1:9/", PIP_RETRIES="1")
    return {**env, "PIP_NO_CACHE_DIR": "1", **more}


def run_course(root: Path, *arguments: object, python=PYTHON, **more: str) -> SimpleNamespace:
    """Run course.py of a project from another folder; return its exit code and its words."""
    done = subprocess.run(
        [python, root / "scripts" / "course.py", *map(str, arguments)],
        env=without_network(**{"PIP_FIND_LINKS": (root / "wheels").as_uri(), **more}),
        cwd=root.parent,
        capture_output=True,
        timeout=300,
    )
    words = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert "Traceback" not in words, words
    return SimpleNamespace(code=done.returncode, words=words)


@pytest.fixture
def empty(tmp_path, monkeypatch) -> SimpleNamespace:
    """The modules of course.py and run_notebooks.py in a project that has nothing else yet."""
    (tmp_path / "scripts").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "scripts")
    for program in [*(ROOT / "scripts").glob("course*.py"), ROOT / "scripts" / "run_notebooks.py"]:
        shutil.copy(program, tmp_path / "scripts")
        monkeypatch.setitem(sys.modules, program.stem, None)  # afterwards it is as it was
        del sys.modules[program.stem]
    for name in ("build", "notebooks", "data/models"):
        (tmp_path / name).mkdir(parents=True)
    names = ("course", "course_venv", "course_install", "run_notebooks")
    return SimpleNamespace(**{name: importlib.import_module(name) for name in names})


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A tiny project that is set up, in a folder with a space and a letter beyond ASCII."""
    root = make_project(tmp_path_factory.mktemp("course") / "a school ü")
    done = run_course(root, "clips", LC_ALL="C", LANG="C", PIP_USER="1")
    assert done.code == 0, done.words
    assert "[1/3] Making .venv" in done.words
    return root


def stamp_of(project: Path) -> dict:
    return json.loads((project / ".venv/share/framewise-course.json").read_text())


def test_a_second_run_does_nothing_but_its_work(project):
    began = time.monotonic()
    done = run_course(project, "clips")
    assert done.code == 0
    assert done.words.startswith("['--clips']")
    assert "[1/" not in done.words
    assert time.monotonic() - began < 30
    assert stamp_of(project)["checked"] is True


def test_our_package_is_on_the_path_and_what_others_put_there_is_not(project):
    words = run_course(project, "clips", PYTHONPATH="elsewhere").words
    assert f"'{project / 'notebooks'}'" in words
    assert "elsewhere" not in words


def path_of(python: Path, **more: str) -> list[str]:
    """Return where a Python looks for packages when nobody tells it more."""
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | more
    code = "import json, sys; print(json.dumps(sys.path))"
    return json.loads(subprocess.check_output([python, "-c", code], env=bare, cwd="/"))


def test_any_program_of_the_venv_finds_our_package(project):
    assert str(project / "notebooks") in path_of(course_scripts(project) / script_name("python"))


def test_a_set_up_of_before_learns_where_our_package_is(project):
    (course_site(project) / "framewise-course.pth").unlink()
    done = run_course(project, "clips", PIP_FIND_LINKS="")  # nothing to install: no network
    assert done.code == 0, done.words
    assert str(project / "notebooks") in path_of(course_scripts(project) / script_name("python"))


def test_here_the_python_that_runs_finds_the_package_of_this_folder(tmp_path):
    for name in ("first", "second ü"):
        make_project(tmp_path / name)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / script_name("python")
    subprocess.run([PYTHON, "-m", "venv", tmp_path / "env"], check=True)
    for name in ("first", "second ü"):
        done = run_course(tmp_path / name, "clips", "--here", python=python, LC_ALL="C")
        assert done.code == 0, done.words
        here = {str(tmp_path / name / "notebooks") for name in ("first", "second ü")}
        for language in (os.environ.get("LC_ALL", ""), "C"):  # a .pth file is read in its encoding
            seen = path_of(python, LC_ALL=language, PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
            assert here & set(seen) == {str(tmp_path / name / "notebooks")}


def test_inspect_finds_files_from_the_folder_of_the_caller(project):
    (project.parent / "clip ü.mp4").write_bytes(b"")
    done = run_course(project, "inspect", "clip ü.mp4", "--no-browser")
    assert done.code == 0
    assert str(project.parent / "clip ü.mp4") in done.words
    assert "--out" not in done.words and "--no-browser" in done.words
    done = run_course(project, "inspect", "clip ü.mp4", "--out", "page ü.html")
    assert str(project.parent / "page ü.html") in done.words and "--json" not in done.words
    done = run_course(project, "inspect", "clip ü.mp4", "--json", "numbers ü.json")
    assert f"'--json', '{project.parent / 'numbers ü.json'}'" in done.words
    assert "--deep" not in done.words
    assert "'--deep'" in run_course(project, "inspect", "clip ü.mp4", "--deep").words


def test_inspect_without_the_file_says_so(project):
    done = run_course(project, "inspect", "nowhere.mp4")
    assert done.code == 1
    assert f"There is no video {project.parent / 'nowhere.mp4'}" in done.words


@pytest.mark.skipif(sys.platform != "linux", reason="other systems forbid some of these names")
@pytest.mark.parametrize("command", ["inspect", "add-clip"])
@pytest.mark.parametrize(
    "name", ["~talk.mp4", "~root/talk.mp4", "-talk.mp4", "--talk", "two\nlines.mp4", b"\xff.mp4"]
)
def test_names_that_look_like_something_else_are_names(project, name, command):
    film = project.parent / os.fsdecode(name)
    film.parent.mkdir(exist_ok=True)
    film.write_bytes(b"")
    done = run_course(project, command, os.fsdecode(name))
    assert (done.code, done.words.split()[-1]) == (0, "True"), done.words


def test_a_folder_of_ones_own_may_be_written_as_a_tilde(project, tmp_path):
    (tmp_path / "talk.mp4").write_bytes(b"")
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    done = run_course(project, "inspect", "~/talk.mp4", "--out", "~/page.html", **home)
    assert str(tmp_path / "talk.mp4") in done.words and str(tmp_path / "page.html") in done.words


@pytest.mark.parametrize("stamp", ["{half", "", "[1]", "null"])
def test_a_stamp_that_cannot_be_read_costs_nothing_even_without_a_network(project, stamp):
    before = stamp_of(project)
    kept = project / ".venv" / "kept"
    kept.touch()
    (project / ".venv/share/framewise-course.json").write_text(stamp)
    done = run_course(project, "clips", PIP_FIND_LINKS="")
    assert done.code == 0, done.words
    assert "anew" not in done.words
    assert kept.exists() and stamp_of(project) == before


def test_an_interrupted_set_up_is_made_anew_and_the_old_one_stays_until_then(project):
    kept, before = project / ".venv" / "kept", stamp_of(project)
    kept.touch()
    (project / ".venv/share/framewise-course.json").write_text("{}")
    done = run_course(project, "clips", PIP_FIND_LINKS="")
    assert (done.code, "There is no internet" in done.words) == (1, True)
    assert kept.exists() and (course_site(project) / "tinyface.py").exists()
    done = run_course(project, "clips")
    assert (done.code, "interrupted: making a new .venv" in done.words) == (0, True)
    assert not kept.exists() and stamp_of(project) == before
    assert not (project / "build" / "old-venv").exists()


@pytest.mark.parametrize(("made", "left"), [("whole", "new"), ("half", "old"), ("", "old")])
def test_a_set_up_that_was_killed_is_settled_by_the_next(empty, monkeypatch, made, left):
    venv, old = empty.course_venv.VENV, empty.course_venv.OLD_VENV
    state = "good" if made == "whole" else "unfinished"
    monkeypatch.setattr(empty.course_venv, "venv_state", lambda: state)
    for folder, content in ((old, "old"), (venv, "new")):
        if content == "old" or made:
            folder.mkdir()
            (folder / "which").write_text(content)
    empty.course_venv.settle_old_venv()
    assert (venv / "which").read_text() == left
    assert not list(old.parent.iterdir())


def test_ctrl_c_in_a_set_up_brings_the_old_venv_back(empty, monkeypatch, capsys):
    venv, old = empty.course_venv.VENV, empty.course_venv.OLD_VENV
    venv.mkdir()
    (venv / "mine").touch()

    def interrupted():
        venv.rename(old)
        venv.mkdir()
        raise KeyboardInterrupt

    steps = [("Making .venv anew", interrupted)]
    monkeypatch.setattr(empty.course_install, "steps_to_do", lambda *_: steps)
    with pytest.raises(KeyboardInterrupt):
        empty.course_install.set_up(empty.course.parse(["clips"]))
    assert "Run the same command to continue" in capsys.readouterr().out
    assert (venv / "mine").exists() and not old.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("answer", "words"), [("lambda *_: exit('My words.')", "My words."), ("0", "Stopped.")]
)
def test_ctrl_c_at_work_is_said_once_and_promises_nothing(project, number, answer, words):
    inspector = project / "scripts" / "inspect_video.py"
    whole = inspector.read_text()
    inspector.write_text(
        f"import signal\nfor number in (signal.SIGINT, signal.SIGTERM):\n"
        f"    signal.signal(number, {answer})\n"
        "print('at work', flush=True)\nwhile True:\n    signal.pause()\n"
    )
    command = [PYTHON, project / "scripts" / "course.py", "inspect", inspector]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # tests that run in the background ignore Ctrl-C, and so would what they start
    options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, start_new_session=True, **options) as running:
        assert running.stdout.readline() == "at work\n"
        os.killpg(running.pid, number)
        said = "".join(running.communicate(timeout=60))
    inspector.write_text(whole)
    assert (running.returncode, said.strip()) == (130, words)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights otherwise")
@pytest.mark.parametrize(
    "name", ["build", "data/cache", "data/my_clips", "data/my_marks", "data/my_networks"]
)
def test_what_is_private_is_private(project, name):
    (project / name).chmod(0o755)
    run_course(project, "clips")
    assert (project / name).stat().st_mode & 0o777 == 0o700


def test_a_disk_without_rights_is_said_and_no_error(empty, tmp_path, monkeypatch, capsys):
    def refuse(self, mode):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    empty.course.keep_private()
    said = capsys.readouterr().out
    assert f"{tmp_path / 'data' / 'cache'} could not be made private" in said


def test_a_moved_folder_keeps_its_packages(project, tmp_path):
    moved = tmp_path / "moved é"
    shutil.copytree(project, moved, symlinks=True)
    shutil.rmtree(moved / "wheels")  # nothing could be installed anew
    scripts = course_scripts(moved)
    notebooks = {str(root / "notebooks") for root in (project, moved)}
    assert notebooks & set(path_of(scripts / script_name("python"))) == {str(moved / "notebooks")}
    done = run_course(moved, "clips", PIP_FIND_LINKS="")
    assert done.code == 0, done.words
    assert "The folder or its Python was moved" in done.words
    assert str(moved).encode() in (scripts / script_name("tinyface")).read_bytes()
    assert "[1/" not in run_course(moved, "clips").words


def test_a_python_that_has_moved_is_found_again_without_a_network(project, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(project, copy, symlinks=True)
    shutil.rmtree(copy / "wheels")
    for name in course_scripts(copy).glob("python*"):
        name.unlink()
        if os.name != "nt":
            name.symlink_to("/nowhere/python3")
    done = run_course(copy, "clips", PIP_FIND_LINKS="")
    assert done.code == 0, done.words
    assert "its Python" in done.words and (course_site(copy) / "tinyface.py").exists()
    assert str(copy / "notebooks") in done.words
    assert "[1/" not in run_course(copy, "clips").words


def course_scripts(root: Path) -> Path:
    return root / ".venv" / ("Scripts" if os.name == "nt" else "bin")


def script_name(name: str) -> str:
    return name + ".exe" if os.name == "nt" else name


def test_a_new_lock_is_installed_and_a_bad_one_leaves_the_old(project):
    good = (project / "scripts" / "requirements.lock").read_text()
    before = stamp_of(project)
    write_lock(project, "0" * 64)
    shutil.rmtree(course_site(project) / "tinyface-1.0.dist-info")
    done = run_course(project, "clips")
    assert done.code == 1
    assert "sha256 is wrong" in done.words
    assert stamp_of(project) == before
    write_lock(project, write_wheel(project / "wheels", version="2.0"), "2.0")
    assert "Installing the packages" in run_course(project, "clips").words
    assert (course_site(project) / "tinyface-2.0.dist-info").is_dir()
    (project / "scripts" / "requirements.lock").write_text(good)


def course_site(root: Path) -> Path:
    return next((root / ".venv").rglob("site-packages"))


def test_no_network_is_said_plainly(tmp_path):
    root = make_project(tmp_path / "course")
    (root / "wheels" / "tinyface-1.0-py3-none-any.whl").unlink()
    done = run_course(root, "start", PIP_FIND_LINKS="")
    assert done.code == 1
    assert "There is no internet" in done.words
    assert "works without the internet" in done.words
    assert (root / "build" / "set-up.log").stat().st_size


# The folder wheelhouse: a set-up without network


def fill_wheelhouse(root: Path) -> Path:
    (root / "wheels").rename(root / "wheelhouse")
    return root / "wheelhouse"


def test_a_room_without_network_is_set_up_from_the_wheelhouse(tmp_path):
    root = make_project(tmp_path / "a room")
    fill_wheelhouse(root)
    done = run_course(root, "clips", PIP_FIND_LINKS="")
    assert done.code == 0, done.words
    assert (course_site(root) / "tinyface.py").exists()


def test_a_file_of_the_wheelhouse_with_a_wrong_hash_is_not_installed(tmp_path):
    root = make_project(tmp_path / "course")
    write_lock(root, "0" * 64)
    fill_wheelhouse(root)
    done = run_course(root, "clips", PIP_FIND_LINKS="")
    assert done.code == 1
    assert "sha256 is wrong" in done.words and "replace it there" in done.words


def test_what_the_wheelhouse_lacks_is_named_and_not_downloaded(tmp_path):
    root = make_project(tmp_path / "course")
    (registry := root / "registry" / "tinyface").mkdir(parents=True)
    (wheel,) = fill_wheelhouse(root).iterdir()
    wheel.rename(registry / wheel.name)
    (registry / "index.html").write_text(f'<a href="{wheel.name}">tinyface</a>')
    done = run_course(root, "start", PIP_FIND_LINKS="", PIP_INDEX_URL=registry.parent.as_uri())
    assert done.code == 1
    assert "wheelhouse holds no file of tinyface==1.0 for this computer" in done.words
    assert "pip download" in done.words and "-r scripts/requirements.lock" in done.words
    assert "There is no internet" not in done.words


def test_a_test_tool_that_the_wheelhouse_lacks_is_named(tmp_path):
    root = make_project(tmp_path / "course")
    fill_wheelhouse(root)
    lock = root / "scripts" / "requirements-test.lock"
    lock.write_text(f"tinytest==1.0 --hash=sha256:{'0' * 64}\n")
    done = run_course(root, "test", PIP_FIND_LINKS="")
    assert done.code == 1
    assert "no file of tinytest==1.0" in done.words and f"-r scripts/{lock.name}" in done.words


def test_networks_that_the_wheelhouse_lacks_are_named(tmp_path):
    root = make_project(tmp_path / "course")
    fill_wheelhouse(root)
    for network in (root / "data" / "models").glob("*.tflite"):
        network.unlink()
    done = run_course(root, "clips", PIP_FIND_LINKS="")
    assert done.code == 1
    assert "three neural networks are missing" in done.words and "mediapipe-" in done.words
    assert "Copy the folder data/models" in done.words
    assert "There is no internet" not in done.words


def test_a_venv_of_others_is_left_alone(tmp_path):
    root = make_project(tmp_path / "course")
    (root / ".venv").mkdir()
    (root / ".venv" / "mine.txt").write_text("mine")
    done = run_course(root, "clips")
    assert (done.code, "was not made by this command" in done.words) == (1, True)
    assert (root / ".venv" / "mine.txt").read_text() == "mine"


def test_a_check_that_fails_stops_the_start(tmp_path):
    root = make_project(tmp_path / "course")
    (root / "scripts" / "check.py").write_text(
        "print('FAIL x  why -> repair'); raise SystemExit(1)"
    )
    done = run_course(root, "start", "--no-browser")
    assert (done.code, "The set-up check failed" in done.words) == (1, True)


@pytest.mark.parametrize(
    ("file", "content", "state"),
    [
        (None, "", "absent"),
        ("share/framewise-course.part", "", "absent"),
        ("pyvenv.cfg", "", "foreign"),
        ("share/framewise-course.json", "{}", "unfinished"),
        ("share/framewise-course.json", "{half", "broken"),
        ("share/framewise-course.json", "null", "broken"),
        ("share/framewise-course.json", '{"lock": "1", "python": "3.99"}', "broken"),
        ("share/framewise-course.json", f'{{"lock": "1", "python": "{sys.version[:4]}"}}', "moved"),
    ],
)
def test_the_state_of_a_venv(empty, file, content, state):
    venv = empty.course_venv.VENV
    venv.mkdir()
    if file:
        (venv / file).parent.mkdir(exist_ok=True)
        (venv / file).write_text(content)
    assert empty.course_venv.venv_state() == state


@pytest.mark.skipif(os.name == "nt", reason="the lock of Windows is held by a process")
def test_two_set_ups_at_once(empty):
    sole = empty.course_install.sole_set_up
    with sole(), pytest.raises(SystemExit, match="Another set-up"):
        sole().__enter__()
    with sole():
        pass


# What is wrong, said plainly


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("course*.py")), ids=str)
def test_course_py_can_be_read_by_an_old_python(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_so():
    names = map(shutil.which, ("python3.7", "python3.8", "python3.9", "python3.10"))
    old = [
        name
        for name in names
        if name and not subprocess.call([name, "-c", ""], stderr=subprocess.DEVNULL)
    ]
    if not old:
        pytest.skip("no Python older than 3.11 on this machine")
    command = [old[0], ROOT / "scripts" / "course.py", "start"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "The course needs Python 3.11 to 3.14." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 15, 0), (4, 0, 0)])
@pytest.mark.parametrize(
    ("there", "repair"), [("", "Install Python 3.13 from python.org"), ("3.12", "Run: python3.12 ")]
)
def test_too_old_and_too_new_are_said_with_a_repair(monkeypatch, version, there, repair):
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(shutil, "which", lambda name: name == f"python{there}")
    with pytest.raises(SystemExit) as stopped:
        course_errors.require_python()
    first, second = str(stopped.value).strip().splitlines()
    assert first == "This is Python {}.{}. The course needs Python 3.11 to 3.14.".format(*version)
    assert repair in second


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 9)])
def test_the_oldest_and_the_newest_python_are_let_in(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    course_errors.require_python()


def test_a_python_that_is_too_new_makes_nothing(tmp_path):
    root = make_project(tmp_path / "course")
    before = sorted(root.rglob("*"))
    code = (
        "import os, runpy, sys; sys.version_info = (3, 15, 0); sys.argv = sys.argv[1:]\n"
        "sys.dont_write_bytecode = True; sys.path[0] = os.path.dirname(sys.argv[0])\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [PYTHON, "-c", code, root / "scripts" / "course.py", "start", "--no-browser"]
    done = subprocess.run(command, env=without_network(), capture_output=True, text=True)
    assert (done.returncode, "This is Python 3.15." in done.stderr) == (1, True)
    assert sorted(root.rglob("*")) == before


# Binder and Dev Containers


def test_binder_and_dev_containers_run_the_same_command():
    line = "python3 scripts/course.py check --here"
    build = ROOT / ".binder" / "postBuild"
    assert build.read_text().startswith("#!/bin/sh\n") and line in build.read_text()
    assert "set -e" in build.read_text()  # a check that fails must fail the build
    assert os.name == "nt" or os.access(build, os.X_OK)
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == line
    for version in ((ROOT / ".binder" / "runtime.txt").read_text(), container["image"]):
        minor = int(version.strip().removeprefix("python").lstrip("-:").split(".")[1])
        assert course_errors.OLDEST <= (3, minor) <= course_errors.NEWEST


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_debians_split_python(monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match="apt install python3-venv"):
        course_errors.require_venv_module()


def test_a_full_disk_is_seen_before_the_work(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10_000_000))
    with pytest.raises(SystemExit, match=r"not enough free space in .*: 0\.0 GB are free"):
        course_errors.require_disk(ROOT)


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "sha256"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer", "proxy"),
        (
            "NewConnectionError(': Failed to establish a new connection: [Errno -3] Temporary "
            "failure in name resolution')\nERROR: No matching distribution found for anyio==1",
            "no internet",
        ),
        ("ReadTimeoutError: HTTPSConnectionPool: Read timed out. (read timeout=15)", "no internet"),
        ("error: externally-managed-environment", "without --here"),
        ("PermissionError: [Errno 13] Permission denied: 'x'", "cannot be written"),
        ("ERROR: No matching distribution found for av==18.1.0", "no ready-made file"),
        ("ERROR: something else", "something else"),
        ("", "no message"),
    ],
)
def test_what_pip_says_in_plain_words(complaint, words):
    assert words in course_errors.explain(complaint, "the log")


def test_what_the_system_says_in_plain_words():
    for number, words in ((28, "disk is full"), (13, "cannot be written"), (5, "Input/output")):
        error = OSError(number, os.strerror(number), "a/file")
        said = course_errors.explain(str(error), error)
        assert words in said and "a/file" in said


def test_here_leaves_the_system_python_alone(tmp_path, monkeypatch):
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr(course_errors.sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.delenv("PIP_BREAK_SYSTEM_PACKAGES", raising=False)
    with pytest.raises(SystemExit, match="without --here"):
        course_errors.require_unmanaged()


# The server of `start`

OPEN_TO_ALL = """
c.ServerApp.ip = "0.0.0.0"
c.ServerApp.token = c.IdentityProvider.token = c.ServerApp.password = ""
c.ServerApp.allow_remote_access = True
c.ServerApp.disable_check_xsrf = True
c.ServerApp.allow_origin = "*"
c.KernelManager.transport_encryption = "disabled"
"""
"""A configuration with which Jupyter serves anybody."""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """JupyterLab as `start` runs it, for a user with such a configuration."""
    home = tmp_path_factory.mktemp("home")
    (home / ".jupyter").mkdir()
    (home / ".jupyter" / "jupyter_server_config.py").write_text(OPEN_TO_ALL)
    with socket.socket() as probe:
        probe.bind((course_server.ADDRESS, 0))
        port = probe.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, str(home))
        patch.setenv("JUPYTER_CONFIG_PATH", str(home / ".jupyter"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        command = course_server.jupyter_command(True, port, window=False)
        env = course_server.jupyter_environment(True, "abc")
    with open(home / "log", "wb") as log:
        child = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        course_server.announce(child, port, "the address")
        yield SimpleNamespace(port=port, runtime=home / "runtime", command=command)
    finally:
        child.terminate()
        child.wait(30)


def ask(server, path: str, *, method="GET", host=course_server.ADDRESS, **headers: str):
    connection = http.client.HTTPConnection(host, server.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return SimpleNamespace(status=response.status, head=response.headers, body=response.read())


def test_no_configuration_opens_the_server_to_others(server):
    assert ask(server, "/api/contents").status == 403
    assert ask(server, "/api/contents", Authorization="token abc").status == 200
    assert ask(server, "/lab", Origin="http://elsewhere").head["Access-Control-Allow-Origin"] != "*"
    assert ask(server, "/api/status", Host="elsewhere").status == 403
    assert not any("abc" in word for word in server.command)  # others can read arguments
    with pytest.raises(OSError):
        ask(server, "/api", host="127.0.0.2")  # answers only where every address is served


@pytest.mark.parametrize("path", ["/api/terminals", "/lsp/status", "/lab"])
def test_what_jupyterlab_needs_is_served(server, path):
    assert ask(server, path, Authorization="token abc").status == 200


def overheard(connection_file: Path) -> list[bytes] | None:
    """Run cells in a kernel; return a message that another user of the computer gets of it."""
    info = json.loads(connection_file.read_text())
    client = jupyter_client.BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    with zmq.Context() as context, context.socket(zmq.SUB) as thief:
        thief.linger = 0
        thief.subscribe(b"")
        thief.connect(f"tcp://{info['ip']}:{info['iopub_port']}")  # a port scan tells this much
        try:
            for _ in range(10):
                reply = client.execute_interactive(
                    "print('a secret')", timeout=60, output_hook=lambda message: None
                )
                assert reply["content"]["status"] == "ok"
                if thief.poll(200):
                    return thief.recv_multipart()
        finally:
            client.stop_channels()
    return None


def test_others_cannot_read_what_kernels_say(server):
    started = ask(server, "/api/kernels", method="POST", Authorization="token abc")
    assert started.status == 201
    number = json.loads(started.body)["id"]
    assert overheard(server.runtime / f"kernel-{number}.json") is None
    address = f"ws://{course_server.ADDRESS}:{server.port}/api/kernels/{number}/channels?token=abc"
    with contextlib.closing(websocket.create_connection(address, timeout=60)) as notebook:
        session = jupyter_client.session.Session()
        request = session.msg("execute_request", {"code": "print('a ' + 'secret')"})
        notebook.send(json.dumps({**request, "channel": "shell"}, default=str))
        while "a secret" not in notebook.recv():  # the reader's own browser gets everything
            pass
    ask(server, f"/api/kernels/{number}", method="DELETE", Authorization="token abc")


def test_others_read_what_kernels_say_without_encryption(tmp_path):
    kernel = jupyter_client.KernelManager(connection_file=str(tmp_path / "kernel.json"))
    kernel.start_kernel(stderr=subprocess.DEVNULL)
    try:
        assert overheard(tmp_path / "kernel.json")
    finally:
        kernel.shutdown_kernel(now=True)


# Ports, JupyterLab, the command line


def test_a_taken_port(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert not course_server.is_free(taken)
        with pytest.raises(SystemExit, match=f"Port {taken} is in use"):
            course_server.choose_port(taken)
    assert course_server.choose_port(taken) == taken


def test_the_next_free_port_is_taken_and_said(monkeypatch, capsys):
    monkeypatch.setattr(course_server, "is_free", lambda port: port == 8890)
    assert course_server.choose_port(None) == 8890
    assert "Port 8888 is in use, so the course takes port 8890." in capsys.readouterr().out


@pytest.mark.parametrize(("uid", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_and_told(monkeypatch, capsys, uid, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: uid, raising=False)
    command = course_server.jupyter_command(False, 9000, window=False)
    assert ("--allow-root" in command) is allowed
    assert ("You are running this as root" in capsys.readouterr().out) is allowed
    assert "--no-browser" in command


def test_the_command_line():
    assert course.parse([]).command == "start"
    assert course.parse(["--no-browser"]).no_browser
    assert course.parse(["test", "-k", "clips", "-x"]).rest == ["-k", "clips", "-x"]
    assert course.parse(["run", "1", "03"]).notebooks == ["1", "03"]
    assert course.parse(["check", "--here"]).here


@pytest.mark.parametrize("arguments", [["strat"], ["--foo"], ["run", "--fast"], ["inspect"]])
def test_what_is_not_understood_is_an_error(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        course.parse(arguments)
    assert stopped.value.code == 2


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        course.parse(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in course.COMMANDS)


# The networks


@pytest.fixture
def wheel(empty, tmp_path) -> SimpleNamespace:
    """A stand-in for the wheel with the networks, and an empty models folder for it."""
    files = {"a": b"first", "b": b"second"}
    entries = {
        name: {"file": f"{name}.tflite", "path": f"in/{name}", "sha256": digest(content)}
        for name, content in files.items()
    }
    wanted = {"wheel": {"file": "w.whl", "licence_path": "LICENSE"}, "files": entries}
    with zipfile.ZipFile(tmp_path / "w.whl", "w") as archive:
        archive.writestr("LICENSE", "free")
        for name, content in files.items():
            archive.writestr(f"in/{name}", content)
    models = empty.course_install.MODELS
    (models / "models.json").write_text(json.dumps(wanted))
    install = empty.course_install
    return SimpleNamespace(folder=tmp_path, models=models, wanted=wanted, install=install)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_networks_are_kept_with_their_licence(wheel):
    assert not wheel.install.networks_ready()
    wheel.install.keep_networks(wheel.folder, wheel.wanted)
    assert wheel.install.networks_ready()
    assert (wheel.models / "LICENSE.txt").read_text() == "free"
    (wheel.models / "b.tflite").write_bytes(b"damaged")
    assert not wheel.install.networks_ready()


def test_a_network_with_a_wrong_hash_is_not_kept(wheel):
    wheel.wanted["files"]["b"]["sha256"] = "0" * 64
    with pytest.raises(SystemExit, match=r"b\.tflite is not the file"):
        wheel.install.keep_networks(wheel.folder, wheel.wanted)
    assert [path.name for path in wheel.models.iterdir()] == ["models.json"]


# What is installed


def test_the_locks_hold_every_direct_package_and_agree():
    locked = check.locked_versions()
    assert set(check.direct_packages()) <= set(locked)
    text = (ROOT / "scripts" / "requirements-test.lock").read_text(encoding="utf-8")
    lines = [line.split(" ")[0].split("==") for line in text.splitlines() if line[:1].isalnum()]
    assert lines
    assert all(locked.get(name, version) == version for name, version in lines)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_is_all_hashes_and_names_no_place(name):
    text = (ROOT / "scripts" / name).read_text(encoding="utf-8")
    packages = [line for line in text.splitlines() if line[:1].isalnum()]
    assert text.count("--hash=sha256:") >= len(packages) > 30
    assert not any(word in text for word in ("http:", "https:", "file:", "/home", "/tmp"))


def test_the_project_is_the_package_with_its_version_and_the_pythons_of_the_set_up():
    file = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    newest = (course_errors.NEWEST[0], course_errors.NEWEST[1] + 1)
    wanted = ">={}.{},<{}.{}".format(*course_errors.OLDEST, *newest)
    assert file["project"]["name"] == framewise.__name__
    assert file["project"]["requires-python"] == wanted
    assert file["project"]["dynamic"] == ["version"] and "version" not in file["project"]
    setuptools = file["tool"]["setuptools"]
    assert setuptools["dynamic"]["version"]["attr"] == "framewise.__version__"
    assert [ROOT / folder for folder in setuptools["packages"]["find"]["where"]] == [
        course_venv.NOTEBOOKS
    ]


def test_no_program_edits_the_path():
    programs = [path for name in ("notebooks", "scripts") for path in (ROOT / name).rglob("*.py")]
    assert programs
    assert not [path for path in programs if "sys.path" in path.read_text(encoding="utf-8")]


# check.py


def test_a_check_that_breaks_is_one_line_with_a_repair():
    line = check.line_of("video", lambda: 1 / 0)
    assert line.startswith("FAIL video")
    assert "ZeroDivisionError" in line and " -> " in line and "\n" not in line


def test_a_package_in_another_version(monkeypatch):
    monkeypatch.setattr(check, "locked_versions", lambda: {"numpy": "0.1", "nowhere": "1"})
    with pytest.raises(check.Fault, match=r"tested with 0\.1"):
        check.check_package("numpy")
    with pytest.raises(check.Fault, match="is not installed"):
        check.check_package("nowhere")


def test_two_owners_of_cv2(monkeypatch):
    owners = {"cv2": ["opencv-python", "opencv-python-headless"]}
    monkeypatch.setattr(check.metadata, "packages_distributions", lambda: owners)
    with pytest.raises(check.Fault, match="opencv-python opencv-python-headless"):
        check.check_cv2_owner()


@pytest.mark.parametrize("engine", ["litert", "opencv"])
@pytest.mark.parametrize("name", check.SIZES)
def test_networks_give_the_stored_output_in_both_engines(name, engine):
    if engine == "litert":
        pytest.importorskip("ai_edge_litert")
    expected = json.loads(check.EXPECTED.read_text(encoding="utf-8"))[name]
    found = check.sampled_outputs(name, engine)
    for key, numbers in expected.items():
        assert found[key] == pytest.approx(numbers, abs=0.01)


def test_a_network_with_other_output_fails(monkeypatch):
    monkeypatch.setattr(
        check, "ramp", lambda size: __import__("numpy").zeros((1, size, size, 3), "f4")
    )
    with pytest.raises(check.Fault, match="gives other numbers"):
        check.check_network("mesh")


def test_frames_that_come_back_wrong(monkeypatch):
    from framewise import clips

    assert "all right" in check.check_video()
    exact = clips.Clip.__getitem__
    monkeypatch.setattr(clips.Clip, "__getitem__", lambda clip, i: exact(clip, max(i - 1, 0)))
    with pytest.raises(check.Fault, match="came back wrong"):
        check.check_video()


# run_notebooks.py


def write_notebook(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    path.write_text(nbformat.writes(notebook), encoding="utf-8")


def test_notebooks_run_into_pages(empty, tmp_path, capsys):
    run_notebooks, notebooks = empty.run_notebooks, tmp_path / "notebooks"
    write_notebook(notebooks / "00_good.ipynb", "print('x' * 3)", "data = b'x' * 200_000_000")
    write_notebook(notebooks / "01_bad.ipynb", "print('before')", "1 / 0", "print('after')")
    assert run_notebooks.main(["0"]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert "2/2 cells" in line and line.endswith("ok")
    assert int(line.split(" MB")[0].split()[-1]) > 200
    assert "xxx" in (tmp_path / "build" / "00_good.html").read_text(encoding="utf-8")
    assert run_notebooks.main([]) == 1
    shown = capsys.readouterr()
    assert "1 of 2 notebooks ran" in shown.out
    assert "01_bad.ipynb, cell 2" in shown.err and "ZeroDivisionError" in shown.err
    page = (tmp_path / "build" / "01_bad.html").read_text(encoding="utf-8")
    assert "before" in page and "ZeroDivisionError" in page


def test_a_number_without_a_notebook(empty):
    with pytest.raises(SystemExit, match="No notebook has the number 07"):
        empty.run_notebooks.main(["7"])
