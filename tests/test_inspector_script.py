"""The inspector's JavaScript outside a browser: format, rules, and its own tests in node."""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from framewise.tracking import FaceTrack
from framewise.workbench.inspector import packets, page, reel
from test_inspector import StandIn, track_of

TESTS = Path(__file__).parent / "inspector"
PARTS = sorted(page.HERE.glob("*.mjs"))


def program(name):
    """Return the path of a program; skip the test without it, but never on CI."""
    path = shutil.which(name)
    if not path:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"needs {name} (Debian: apt-get install {'npm' if name == 'npm' else 'nodejs'})")
    return path


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def packet():
    """Return a chunk with what is in it: two faces, gaps, an area, a frame that is gone."""
    clip = StandIn(count=6, broken={3})
    rng, tracks = np.random.default_rng(0), []
    for missing in ([1], [1, 4]):
        track = track_of(clip, missing=missing)
        track.points[:, :, :] += rng.uniform(-30, 30, track.points.shape)
        track.points[2, 7] = track.eyelids[2, 1, 3] = np.nan  # one point, and one of the lids
        tracks.append(track)
    area = np.zeros((48, 64), bool)
    area[10:20, 30:50] = True
    whole = reel.Reel(clip, tracks, {"mouth": area})
    message = whole.chunk(0)
    buffers = [base64.b64encode(part).decode() for part in message.pop("buffers")]
    expected = [
        {
            "areas": [[[30, 10, 30, 20, 50, 20, 50, 10]]],
            "faces": [_face(track, i) for track in tracks],
        }
        for i in range(6)
    ]
    expected[3] = None
    wishes = [{"chunk": 3, "reel": 1}, {"layer": "a <b>", "frame": 7}, {"layer": "c", "frame": 0}]
    layers = ["c", "a <b>"]
    return {
        "info": whole.info(),
        "message": message,
        "buffers": buffers,
        "expected": expected,
        "elements": [[wish, layers, packets.element_of(wish, layers)] for wish in wishes],
    }


def _face(track: FaceTrack, frame: int):
    points = [[float(x), float(y)] if np.isfinite(x) else None for x, y in track.points[frame]]
    lids = int(np.isfinite(track.eyelids[frame]).all(axis=(1, 2)).sum())
    return {"points": points, "lids": lids} if any(points) else None


def test_the_tests_in_node_pass(tmp_path):
    (tmp_path / "packet.json").write_text(json.dumps(packet()))
    env = {**os.environ, "PACKET": str(tmp_path / "packet.json")}
    files = sorted(map(str, TESTS.glob("*.test.mjs")))
    assert len(files) >= 6
    said = run(program("node"), "--test", "--test-reporter=tap", *files, env=env)
    assert int(re.search(r"^# pass (\d+)", said, re.M)[1]) >= 40


def test_the_formatter_and_the_linter_find_nothing(npm_tools):
    places = [str(page.HERE), str(TESTS)]
    config = f"--config-path={TESTS / 'rules.json'}"
    run(str(npm_tools / ".bin" / "biome"), "check", "--error-on-warnings", config, *places)


def test_the_parts_make_one_script(tmp_path):
    handed = re.findall(r"^const \{ (.*) \} = \(\(\) => \{$", page.SCRIPT, re.M)
    handed = {name for names in handed for name in names.split(", ")}
    for path in PARTS:
        for names in re.findall(r"^import \{(.*?)\} from", path.read_text(), re.M | re.S):
            assert set(re.findall(r"\w+", names)) <= handed, path.name
    (tmp_path / "whole.mjs").write_text(page.SCRIPT, encoding="utf-8")
    run(program("node"), "--check", str(tmp_path / "whole.mjs"))


def test_a_part_uses_at_once_only_what_stands_before_it():
    for i, part in enumerate(page.PARTS):
        source = (page.HERE / f"{part}.mjs").read_text(encoding="utf-8")
        used = set(re.findall(r'from "\./(\w+)\.mjs"', source))
        assert used <= set(page.PARTS[:i]), part


def test_the_files_are_short():
    """The linter holds functions to 60 lines."""
    for path in PARTS:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 150, path.name
