"""The renderer of the sample people: its motion, and one small frame where Blender is installed."""

import importlib.util

import motion
import numpy as np
import pytest
from motion import FPS, Act

MINUTE = 60 * FPS


def blinks(act: Act, seed=1, frames=10 * MINUTE):
    return motion.move(act, frames, None, np.random.default_rng(seed))


def test_the_same_seed_moves_the_same():
    first, again, other = (blinks(Act(), seed, 200) for seed in (1, 1, 2))
    assert first.poses == again.poses and np.array_equal(first.sway, again.sway)
    assert first.poses != other.poses


def test_blinks_last_as_long_as_blinks_do():
    moved = blinks(Act(blinks=20))
    first, lowest, last = moved.blinks.T
    frames = last - first + 1
    assert 1 <= frames.min() and frames.max() / FPS <= 0.4
    assert (first <= lowest).all() and (lowest <= last).all() and (first[1:] > last[:-1]).all()
    assert 0.05 < moved.partial.mean() < 0.25


@pytest.mark.parametrize("rate", [0, 5, 20])
def test_as_many_blinks_as_asked_for(rate):
    assert len(blinks(Act(blinks=rate)).blinks) == pytest.approx(10 * rate, rel=0.25)


def test_the_lids_close_in_blinks_and_nowhere_else():
    moved = blinks(Act(gaze="camera", lively=0), frames=MINUTE)
    closed = np.array([[pose["blink_right"], pose["blink_left"]] for pose in moved.poses])
    inside = np.zeros(len(closed), bool)
    for first, _, last in moved.blinks:
        inside[max(first - 2, 0) : last + 3] = True
    assert closed[~inside].max() < 0.2
    for _, lowest, _ in moved.blinks:
        assert closed[lowest].min() > 0.4


def test_the_head_turns_as_far_as_asked_for():
    yaw = np.array([pose["yaw"] for pose in blinks(Act(turn=20, lively=0), frames=200).poses])
    assert yaw.max() == pytest.approx(20, abs=3) and yaw.min() == pytest.approx(-20, abs=3)


@pytest.mark.skipif(
    importlib.util.find_spec("bpy") is None,
    reason="Blender as a module (bpy) is for authors only: see scripts/render/README.md",
)
def test_a_frame_renders_the_same_twice(tmp_path, monkeypatch):
    import camera
    import fetch

    monkeypatch.setattr(camera, "SIZE", (64, 48))
    fetch.makehuman()
    from human import Human
    from people import PEOPLE
    from stage import Stage

    for name in ("first", "again"):
        stage = Stage([Human(PEOPLE["ben"])], [(0, 0, 0)])
        stage.shoot_room(tmp_path / "room.png")
        stage.act([{"jaw": 0.2, "blink_left": 0.5}], 0.0)
        stage.shoot(tmp_path / f"{name}.png")
    pictures = [camera.read(tmp_path / f"{name}.png") for name in ("first", "again")]
    assert np.array_equal(*pictures) and np.ptp(pictures[0]) > 0.5
