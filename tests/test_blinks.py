"""Blinks: eyes and curves made by hand, and the truth of the sample clips."""

import dataclasses
import re

import numpy as np
import pytest
from framewise import blinks, consent, landmarks, samples, tracking
from framewise.workbench import places

EYE = np.array([(0, 0), (1, 1), (2, 1), (3, 0), (2, -1), (1, -1)], float)
ENTRIES = {name: e for name, e in consent.catalogue(places.course_clips()).items() if "truth" in e}


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
    points = landmarks.find_landmarks(samples.open_still("ana_neutral"))
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


def by_frames(*shares, right=None):
    """Opening (T, 2) and times at 25 frames/s: one second open, these shares, two seconds open.

    `right` is the right eye's share, if it differs.
    """
    left = np.concatenate([np.ones(25), np.hstack(shares), np.ones(50)])
    right = left if right is None else np.full(len(left), right)
    return 0.3 * np.stack([right, left], axis=1), np.arange(len(left)) / 25


def held(share, frames):
    return np.full(frames, share)


def spans(found):
    return [(one.kind, one.first - 25, one.last - 25) for one in found]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        pytest.param(
            [0.7, 0.2, 0.1, 0.5, held(0.7, 12), 0.78], [("blink", 1, 3)], id="slow reopening"
        ),
        pytest.param([held(0.78, 11), 0.4, 0.1, 0.5], [("blink", 11, 13)], id="slow closing"),
        pytest.param([0.5, 0.1, 0.5, 0.7], [("blink", 0, 3)], id="short: the whole dip"),
        pytest.param([0.7, held(0.1, 12), 0.7], [("blink", 1, 12)], id="just short enough"),
        pytest.param([held(0.1, 13), 0.7, 0.7], [("closure", 0, 14)], id="long deep half"),
        pytest.param(
            [0.4, 0.1, 0.5, 0.7, 0.6, 0.3, 0.2, 0.5],
            [("blink", 0, 2), ("blink", 3, 7)],
            id="double",
        ),
        pytest.param(
            [0.1, 0.6, 0.75, 0.7, 0.4, held(0.75, 12)],
            [("blink", 0, 1), ("blink", 4, 4)],
            id="double, slow at the end",
        ),
        pytest.param([0.1, 0.3, 0.5, 0.3, 0.4], [("blink", 0, 4)], id="not half open between"),
        pytest.param([0.1, 0.3, 0.6, 0.5, 0.6], [("blink", 0, 4)], id="shallow joins deep"),
        pytest.param([0.2, 0.7, 0.2, 0.7, 0.2], [("blink", 0, 4)], id="flicker"),
        pytest.param(9 * [0.2, 0.7], [("closure", 0, 17)], id="flicker of eyes held shut"),
        pytest.param([held(0.7, 30), 0.2, 0.2, held(0.7, 5)], [("blink", 30, 31)], id="look down"),
        pytest.param(3 * [0.1, 0.2, 0.7, 0.75], 3 * ["blink"], id="three"),
    ],
)
@pytest.mark.parametrize("eyes", ["both", "left"])
def test_the_deep_half_decides_what_a_dip_is(shares, expected, eyes):
    opening, times = by_frames(*shares, right=None if eyes == "both" else 1)
    found = spans(blinks.find_closures(opening, times))
    kind_of = {"both": lambda kind: kind, "left": lambda kind: "wink"}[eyes]
    if isinstance(expected[0], str):
        assert [kind for kind, *_ in found] == [kind_of(kind) for kind in expected]
    else:
        assert found == [(kind_of(kind), first, last) for kind, first, last in expected]


@pytest.mark.parametrize("low", [0.3, 0.5, 0.62])
@pytest.mark.parametrize("seconds", [1.5, 2.5])
def test_looks_down_are_no_blinks(low, seconds):
    times = np.arange(250) / 25
    for bell in (
        np.cos(np.clip((times - 5) / seconds, -0.5, 0.5) * np.pi) ** 2,
        np.clip(2 - np.abs(times - 5) / (seconds / 4), 0, 1),
    ):
        share = 1 - (1 - low) * bell
        assert set(kinds(0.3 * np.stack([share, share], axis=1), times)) <= {"closure"}


@pytest.mark.parametrize("end", [0.4, 0.5, 0.6, 0.7])
@pytest.mark.parametrize("seconds", [0.04, 0.4, 1])
def test_lids_that_go_down_and_stay_down_as_in_a_cross_fade_are_no_closure(end, seconds):
    times = np.arange(250) / 25
    share = 1 - (1 - end) * np.clip((times - 5) / seconds, 0, 1)
    opening = 0.4 * np.stack([share, share], axis=1)
    assert kinds(opening, times) == kinds(opening[::-1], times) == []


def test_nothing_reaches_over_a_cut():
    opening, times = by_frames([0.7, 0.1, 0.1, 0.7])
    for cut in (25, 26, 27, 28, 29):  # frames 25 to 28 are low; 24 and 29 are their neighbours
        assert not kinds(opening, times, cuts=[cut]), cut
    opening[27:] *= 0.6  # another person, with narrower eyes
    level = blinks.open_level(opening, times, cuts=[27])
    assert level[:27] == pytest.approx(0.3) and level[27:] == pytest.approx(0.18)
    opening, times = by_frames([0.7, 0.1, 0.1, 0.7])
    assert kinds(opening, times, cuts=[0, 24, 30]) == ["blink"]
    opening[:24] *= 2
    assert kinds(opening, times, cuts=[24]) == ["blink"]
    assert blinks.seconds_watched(opening, times, cuts=[24]) == pytest.approx(len(times) / 25)


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
        with pytest.raises(ValueError, match=f"expected 10 frames a second or more, got {fps}"):
            blinks.find_blinks(*curve((3, 0.3, 0.9), fps=fps))
    blinks.find_blinks(*curve((3, 0.3, 0.9), fps=9.99))


@pytest.mark.parametrize(
    ("opening", "times", "yaw", "message"),
    [
        (np.zeros(9), np.arange(9) / 25, None, r"\(T, 2\), \(T,\) and \(T,\).*got \(9,\), \(9,\)"),
        (np.zeros((1, 2)), [0], None, "at least two frames"),
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


def track_of(opening, times, *, cuts=(), repeats=()):
    """A track of a face that looks straight ahead, with this opening (T, 2)."""
    points = np.zeros((len(times), 468, 2), np.float32)
    points[:, [1, 234, 454, 263], 0] = 50, 0, 100, 70
    eyelids = np.zeros((len(times), 2, 16, 2), np.float32)
    eyelids[:, :, :9, 0], eyelids[:, :, 9:, 0] = np.arange(9), np.arange(1, 8)
    eyelids[:, :, 9:, 1] = -8 * opening[..., None]
    iris, score = np.zeros((len(times), 2, 5, 2), np.float32), np.ones(len(times), np.float32)
    more = {"cuts": np.array(cuts, int), "repeats": np.array(repeats, int)}
    return tracking.FaceTrack(points, eyelids, iris, score, times, **more)


def test_a_track_is_measured_as_its_curve_is():
    opening, times = curve((2, 0.3, 0.9), (4, 0.3, 0.9, 0.1), (6, 0.8, 0.9), seconds=10)
    found = blinks.measure(track_of(opening, times))
    assert found.opening == pytest.approx(opening, abs=1e-6)
    assert spans(found.closures) == spans(blinks.find_closures(found.opening, times))
    assert [one.kind for one in found.closures] == ["blink", "wink", "closure"]
    assert found.blinks == found.closures[:1] and found.notices == []
    assert found.seconds == blinks.seconds_watched(opening, times) == pytest.approx(10)
    assert "1 blink in 10.0 s" in found.statement() and "1 closure of" in found.statement("reading")
    cut = blinks.measure(track_of(opening, times, cuts=[50]))
    assert [one.kind for one in cut.closures] == ["wink", "closure"]


def shown(opening, fps, each):
    """Opening, times and repeats of pictures that are shown `each` times, at `fps` frames/s."""
    source = np.repeat(np.arange(len(opening)), each)
    repeats = np.flatnonzero(np.diff(source, prepend=-1) == 0)
    return opening[source], np.arange(len(source)) / fps, repeats


def test_only_new_pictures_are_watched():
    opening, times = curve((2, 0.3, 0.9), (5, 0.3, 0.9))
    plain = blinks.measure(track_of(opening, times))
    each = np.full(200, 2)
    each[[50, 110]], each[130] = 3, 50  # the picture at 5.2 s stays for 1 s
    twice, times, repeats = shown(opening, 50, each)
    found = blinks.measure(track_of(twice, times, repeats=repeats))
    assert len(found.opening) == 450 == len(times)
    assert found.seconds == pytest.approx(8 + 2 * 0.02 - 0.04)
    source = np.repeat(np.arange(200), each)
    assert source[[b.first for b in found.blinks]].tolist() == [b.first for b in plain.blinks]
    assert source[[b.lowest for b in found.blinks]].tolist() == [b.lowest for b in plain.blinks]
    assert source[[b.last for b in found.blinks]].tolist() == [b.last for b in plain.blinks]
    assert found.blinks[0].first not in repeats and found.blinks[0].last in repeats
    opening[125:135] = 0.05
    hidden, *more = shown(opening, 50, each)
    found = blinks.measure(track_of(hidden, *more[:1], repeats=more[1]))
    assert len(found.blinks) == 1  # the other one runs into the picture that stays


@pytest.mark.parametrize(
    ("opening", "times", "repeats", "words"),
    [
        (np.full((1, 2), 0.3), np.zeros(1), (), "has 1 frame. A still picture cannot"),
        (np.full((90, 2), 0.3), np.arange(90) / 9, (), "shows 9 new pictures a second"),
        (np.full((90, 2), 0.3), np.zeros(90), (), "have the same time"),
        (np.full((90, 2), np.nan), np.arange(90) / 25, (), "never seen well enough"),
        (np.full((90, 2), 0.05), np.arange(90) / 25, (), "never seen well enough"),
        (np.full((90, 2), 0.3), np.arange(90) / 25, range(1, 90), "90 frames, and all .* same"),
        (*shown(np.full((30, 2), 0.3), 30, 6), "shows 5 new pictures a second"),
        (*shown(np.full((30, 2), 0.3), 12.5, 4), "3.12 new .* may be slowed down"),
    ],
)
def test_where_blinks_cannot_be_counted_a_notice_says_why(opening, times, repeats, words):
    found = blinks.measure(track_of(opening, times, repeats=repeats))
    assert found.blinks is None and found.seconds == 0 and found.closures == []
    assert [notice.kind for notice in found.notices] == ["blinks_not_counted"]
    assert re.search(words, found.statement())
    np.testing.assert_allclose(found.opening, opening, atol=1e-6)


def test_a_film_that_is_slowed_down_is_told():
    dips = [(second, 1.2, 0.9) for second in (5, 13, 21)]  # blinks of 0.3 s, four times slower
    found = blinks.measure(track_of(*curve(*dips, seconds=30, fps=12.5)))
    assert [one.kind for one in found.closures] == ["closure"] * 3 and found.blinks == []
    (notice,) = found.notices
    assert notice.kind == "slow_motion" and "may be slowed down" in notice.statement
    assert "may be slowed down" in found.statement("talking")
    assert "usual" not in found.statement("talking")


@pytest.mark.parametrize(("frames", "told"), [(12, False), (40, True)])
def test_one_eye_alone_is_not_watched_and_is_told(frames, told):
    opening, times = curve((2, 0.3, 0.9), (5, 0.3, 0.9))
    opening[120 : 120 + frames, 1] = np.nan
    found = blinks.measure(track_of(opening, times))
    assert len(found.blinks) == 1 and found.seconds == pytest.approx(8 - frames / 25)
    assert [notice.kind for notice in found.notices] == ["blinks_not_counted"] * told
    assert not told or "Only one eye was seen for 1.6 s" in found.notices[0].statement
    opening[:, 1] = np.nan
    found = blinks.measure(track_of(opening, times))
    assert found.blinks is None and "never seen" in found.statement()
    assert "Only one eye was seen for 8.0 s" in found.notices[1].statement


TALKS = [name for name in ENTRIES if name.endswith("_talk")]


@pytest.mark.parametrize("name", [*TALKS, "ben_long", "elsa_reads"])
def test_true_blinks_are_found_and_no_others(name):
    clip = samples.open_clip(name)
    truth, track = samples.load_truth(clip), tracking.track_face(clip, progress=False)
    lowest = [blink.lowest for blink in blinks.measure(track).blinks]
    near = np.abs(np.subtract.outer(lowest, truth.blinks[:, 1])) <= 3
    assert near.any(axis=1).all()
    assert near.any(axis=0)[~truth.partial].all()
