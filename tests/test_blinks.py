"""Blinks: eyes and curves made by hand, and the truth of the sample clips."""

import dataclasses

import numpy as np
import pytest
from framewise import blinks, clips, consent, landmarks, tracking

EYE = np.array([(0, 0), (1, 1), (2, 1), (3, 0), (2, -1), (1, -1)], float)
ENTRIES = {name: e for name, e in consent.catalogue(consent.CLIPS).items() if "truth" in e}


def curve(*dips, seconds=8.0, fps=25, level=0.3):
    """Opening (T, 2) with dips (middle in s, length in s, depth right, left), and its times."""
    times = np.arange(round(seconds * fps)) / fps
    share = np.ones((len(times), 2))
    for middle, length, *depth in dips:
        bell = np.clip(2 - np.abs(times - middle) / (length / 4), 0, 1)
        share -= np.outer(bell, depth * (2 // len(depth)))
    return level * share, times


def kinds(opening, times, **more):
    return [one.kind for one in blinks.find_closures(opening, times, **more)]


def test_the_ratio_by_hand():
    assert blinks.eye_aspect_ratio(EYE) == pytest.approx((2 + 2) / (2 * 3))
    assert blinks.eye_aspect_ratio(EYE * (1, 0)) == 0
    assert blinks.eye_aspect_ratio(np.broadcast_to(EYE, (4, 2, 6, 2))).shape == (4, 2)
    assert np.isnan(blinks.eye_aspect_ratio(np.where(EYE == 3, np.nan, EYE)))
    with pytest.raises(ValueError, match=r"six points of an eye, got \(5, 2\)"):
        blinks.eye_aspect_ratio(np.zeros((5, 2)))


def test_the_ratio_does_not_change_with_size_place_and_turn():
    cos, sin = np.cos(0.7), np.sin(0.7)
    moved = 40 * EYE @ [[cos, -sin], [sin, cos]] + (300, 200)
    assert blinks.eye_aspect_ratio(moved) == pytest.approx(4 / 6)


def test_the_six_points_lie_on_their_eyes():
    for name, six in zip(("right_eye", "left_eye"), blinks.EYES, strict=True):
        assert set(six) <= set(landmarks.GROUPS[name])
    points = landmarks.find_landmarks(clips.open_still("ana_neutral"))
    for p1, p2, p3, p4, p5, p6 in points[blinks.EYES]:
        assert p1[0] < p2[0] < p3[0] < p4[0] and p6[0] < p5[0]
        assert p2[1] < p6[1] and p3[1] < p5[1]


def test_a_blink_frame_by_frame():
    opening = np.full((50, 2), 0.3)
    opening[20:25] = np.array([[0.7], [0.5], [0.2], [0.6], [0.8]]) * 0.3
    (found,) = blinks.find_blinks(opening, np.arange(50) / 25)
    assert (found.first, found.lowest, found.last, found.kind) == (20, 22, 24, "blink")
    assert found.depth == pytest.approx(0.8)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.first = 0


@pytest.mark.parametrize("fps", [10, 12, 15, 25, 30, 60])
def test_blinks_are_found_at_every_frame_rate(fps):
    opening, times = curve((2, 0.3, 0.9), (5, 0.25, 0.9), fps=fps)
    found = blinks.find_blinks(opening, times)
    assert times[[one.lowest for one in found]] == pytest.approx([2, 5], abs=0.1)
    assert blinks.blink_intervals(found, times) == pytest.approx([3], abs=0.2)
    assert blinks.blink_durations(found, times) == pytest.approx([0.27, 0.22], abs=1 / fps)


@pytest.mark.parametrize(
    ("dip", "expected"),
    [
        pytest.param((4, 0.3, 0.9), ["blink"], id="blink"),
        pytest.param((4, 0.3, 0.40), ["blink"], id="just deep enough"),
        pytest.param((4, 0.3, 0.30), [], id="too shallow"),
        pytest.param((4, 0.3, 0.9, 0.25), ["blink"], id="one lid lower"),
        pytest.param((4, 0.3, 0.9, 0.1), ["wink"], id="right wink"),
        pytest.param((4, 0.3, 0.1, 0.9), ["wink"], id="left wink"),
        pytest.param((4, 1.0, 0.1, 0.9), ["wink"], id="long wink"),
        pytest.param((4, 0.08, 0.9), [], id="one frame is a jump"),
        pytest.param((4, 0.8, 0.9), ["closure"], id="long"),
        pytest.param((4, 3.0, 0.9), ["closure"], id="eyes shut for seconds"),
        pytest.param((4, 2.0, 0.3), [], id="look down"),
        pytest.param((0, 0.3, 0.9), [], id="begins before the clip"),
        pytest.param((7.96, 0.3, 0.9), [], id="ends after it"),
    ],
)
def test_kinds_are_told_apart(dip, expected):
    assert kinds(*curve(dip)) == expected


def by_frames(*shares, before=50, after=50, level=0.3):
    """Opening (T, 2) and its times at 25 frames/s, from shares of the level, frame by frame."""
    share = np.concatenate(
        [np.ones(before), *np.atleast_2d(*map(np.ravel, [shares])), np.ones(after)]
    )
    return level * np.stack([share, share], axis=1), np.arange(len(share)) / 25


def test_the_level_is_each_eyes_own_and_follows_slow_changes():
    opening, times = curve((2, 0.3, 0.9), (14, 0.3, 0.9), seconds=16)
    opening *= np.linspace(1, 0.65, len(times))[:, None] * (1, 0.8)
    level = blinks.open_level(opening, times)
    assert level[:, 1] / level[:, 0] == pytest.approx(0.8)
    assert level[0, 0] > 1.4 * level[-1, 0]
    assert len(blinks.find_blinks(opening, times)) == 2


def test_where_the_face_is_lost_or_turned_nothing_is_counted():
    opening, times = curve((3, 0.3, 0.9))
    lost = np.where((times > 3) & (times < 4), np.nan, opening.T).T
    assert not kinds(lost, times)
    assert np.isnan(blinks.open_level(lost, times)[80]).all()
    turned = np.where(times > 3, -40.0, 0.0)
    assert not kinds(opening, times, yaw=turned)
    assert kinds(opening, times, yaw=turned / 2) == ["blink"]
    assert blinks.seconds_watched(lost, times) == pytest.approx(7, abs=0.05)
    assert blinks.seconds_watched(opening, times, yaw=turned) == pytest.approx(3, abs=0.05)


def test_no_face_at_all_is_no_blink():
    opening, times = np.full((50, 2), np.nan), np.arange(50) / 25
    assert blinks.find_blinks(opening, times) == []
    assert blinks.seconds_watched(opening, times) == 0
    assert blinks.blink_intervals([], times).size == 0 == blinks.blink_durations([], times).size


def test_too_few_frames_are_refused():
    for fps in (5, 9.8):
        with pytest.raises(ValueError, match=f"^{fps} frames a second are too few .* 10 or more"):
            blinks.find_blinks(*curve((3, 0.3, 0.9), fps=fps))
    blinks.find_blinks(*curve((3, 0.3, 0.9), fps=9.99))


@pytest.mark.parametrize(
    ("opening", "times", "yaw", "message"),
    [
        (np.zeros(9), np.arange(9) / 25, None, r"\(T, 2\), \(T,\) and \(T,\).*got \(9,\), \(9,\)"),
        (np.zeros((1, 2)), [0], None, "two frames or more"),
        (np.zeros((9, 2)), np.arange(9) / 25, np.zeros(8), r"got \(9, 2\), \(9,\), \(8,\)"),
        (np.zeros((9, 2)), np.zeros(9), None, "seconds that never fall"),
        (np.zeros((3, 2)), [0, 0.04, 0.03], None, "seconds that never fall"),
        (np.zeros((3, 2)), [0, np.nan, 0.08], None, "seconds that never fall"),
    ],
)
def test_series_that_do_not_fit_are_refused(opening, times, yaw, message):
    with pytest.raises(ValueError, match=message):
        blinks.find_blinks(opening, times, yaw=yaw)


def uneven(fps, count):
    """Times of a camera that changes its rate: `count` frames at each of the rates."""
    return np.cumsum(np.concatenate([np.full(n, 1 / f) for f, n in zip(fps, count, strict=True)]))


def test_uneven_frames_are_watched_for_as_long_as_they_last():
    for fps, count in [((60, 15), (180, 210)), ((30, 10), (90, 130)), ((15, 60), (30, 300))]:
        times = uneven(fps, count)
        seconds = blinks.seconds_watched(np.full((len(times), 2), 0.3), times)
        assert seconds == pytest.approx(times[-1] - times[0], abs=0.15)


def test_two_frames_may_have_one_time():
    opening, times = curve((3, 0.3, 0.9))
    times[100] = times[99]
    assert kinds(opening, times) == ["blink"]
    assert blinks.seconds_watched(opening, times) == pytest.approx(8, abs=0.05)


def test_a_pause_at_the_limit_is_watched_wherever_it_comes():
    for at in range(1, 199):
        times = np.delete(np.arange(202) / 20, [at, at + 1])
        seen = blinks.seconds_watched(np.full((200, 2), 0.3), times)
        assert seen == pytest.approx(10.1, abs=0.01), at


def test_what_is_too_slow_for_a_blink_is_not_watched_and_a_pause_is_none():
    times = uneven((30, 2), (150, 110))
    opening = np.full((len(times), 2), 0.3)
    assert blinks.seconds_watched(opening, times) == pytest.approx(5, abs=0.05)
    times = np.arange(200) / 25 + np.where(np.arange(200) < 100, 0, 30)
    opening = np.full((200, 2), 0.3)
    opening[97:103] = 0.05
    assert not kinds(opening, times)
    assert blinks.seconds_watched(opening, times) == pytest.approx(8, abs=0.05)


@pytest.mark.parametrize(
    ("fps", "frames", "kind"),
    [(60, 3, "blink"), (60, 2, None), (20, 10, "blink"), (20, 11, "closure"), (30, 15, "blink")],
)
@pytest.mark.parametrize("digits", [9, 3])
def test_the_limits_are_the_same_wherever_in_the_clip(fps, frames, kind, digits):
    times = np.round(np.arange(4 * fps) / fps, digits)
    for first in range(1, len(times) - frames, 3):
        opening = np.full((len(times), 2), 0.3)
        opening[first : first + frames] = 0.05
        assert kinds(opening, times) == [kind] * (kind is not None), first


@pytest.mark.parametrize(("shut", "noise"), [(0.06, 0), (0.06, 0.012), (0.11, 0.012)])
def test_eyes_that_are_hardly_ever_open_are_not_seen_instead_of_silent(shut, noise):
    times = np.arange(170 * 25) / 25
    opening = shut + noise * np.random.default_rng(0).standard_normal((len(times), 2))
    assert not kinds(opening, times)
    assert blinks.seconds_watched(opening, times) == 0
    opening[:250] = 0.3
    assert not kinds(opening, times)
    assert blinks.seconds_watched(opening, times) == pytest.approx(10, abs=1)


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.endswith("_talk")])
def test_true_blinks_are_found_and_no_others(name):
    clip = clips.open_sample(name)
    truth, track = clips.load_truth(clip), tracking.track_face(clip, progress=False)
    yaw = landmarks.head_yaw(track.points)
    lowest = [b.lowest for b in blinks.find_blinks(blinks.eye_opening(track), clip.times, yaw=yaw)]
    near = np.abs(np.subtract.outer(lowest, truth.blinks[:, 1])) <= 3
    assert near.any(axis=1).all()
    assert near.any(axis=0)[~truth.partial].all()
