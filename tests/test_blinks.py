"""Blinks: eyes and curves made by hand, scipy's distributions, the truth of the sample clips."""

import dataclasses
import re

import numpy as np
import pytest
from framewise import blinks, clips, consent, landmarks, tracking
from scipy import stats

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


@pytest.mark.parametrize(("count", "seconds"), [(0, 10), (1, 8), (5, 40), (40, 120), (400, 1200)])
def test_the_interval_is_garwoods(count, seconds):
    for confidence in (0.95, 0.8):
        tail = (1 - confidence) / 2
        low, high = np.array(blinks.rate_interval(count, seconds, confidence=confidence))
        exact = stats.chi2.ppf(tail, 2 * count) / 2 if count else 0
        assert low * seconds / 60 == pytest.approx(exact, abs=1e-6)
        exact = stats.chi2.ppf(1 - tail, 2 * count + 2) / 2
        assert high * seconds / 60 == pytest.approx(exact, abs=1e-6)


def test_chances_are_those_of_poisson():
    for count, seconds, rate in [(0, 10, 17), (2, 40, 10.5), (30, 60, 26), (0, 30, 0)]:
        exact = stats.poisson.cdf(count, rate * seconds / 60)
        assert blinks.few_probability(count, seconds, rate) == pytest.approx(exact, abs=1e-9)
    assert blinks.silence_probability(10, 17) == pytest.approx(0.06, abs=0.005)
    assert blinks.silence_probability(10, 4.5) == pytest.approx(0.47, abs=0.005)


def test_silence_means_something_once_the_interval_leaves_the_rate_out():
    needed = blinks.silence_needed(10.5)
    assert blinks.rate_interval(0, needed)[1] == pytest.approx(10.5)
    assert blinks.silence_probability(needed, 10.5) == pytest.approx(0.025)
    assert blinks.silence_needed(17, chance=0.05) == pytest.approx(10.57, abs=0.01)


@pytest.mark.parametrize(("count", "seconds"), [(0, 40), (2, 40), (9, 40), (0, 600), (40, 8)])
@pytest.mark.parametrize("fake_rate", [0, 0.5, 20])
def test_the_likelihood_ratio_is_that_of_its_assumptions(count, seconds, fake_rate):
    low, high = np.log(blinks.RATES["reading"])
    spread = (high - low) / (2 * stats.norm.ppf(0.975))
    people = stats.lognorm(s=spread, scale=np.exp((low + high) / 2))
    assert people.cdf(1.4) == pytest.approx(0.025) and people.sf(14.4) == pytest.approx(0.025)
    log_rates = np.linspace(np.log(1e-6), np.log(1e6), 400_001)  # by a plain sum
    weights = stats.norm.pdf(log_rates, (low + high) / 2, spread)
    chances = stats.poisson.pmf(count, np.exp(log_rates) * seconds / 60)
    real = (chances * weights).sum() / weights.sum()
    fake = stats.poisson.pmf(count, fake_rate * seconds / 60)
    found = blinks.likelihood_ratio(count, seconds, "reading", fake_rate)
    assert found == pytest.approx(fake / real, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: blinks.rate_interval(-1, 8), "a whole number from 0 up .* got -1 and 8"),
        (lambda: blinks.rate_interval(2.5, 8), "a whole number from 0 up .* got 2.5 and 8"),
        (lambda: blinks.silence_needed(0), "a rate above 0 .* got 0 and 0.025"),
        (lambda: blinks.silence_needed(9, chance=2), "a chance between 0 and 1, got 9 and 2"),
        (lambda: blinks.likelihood_ratio(2, 40, "reading", -1), "0 or more, got -1"),
        (lambda: blinks.few_probability(1, 0, 17), "a time above 0 s, got 1 and 0"),
        (lambda: blinks.rate_interval(1, 8, confidence=1), "between 0 and 1, got 1"),
        (lambda: blinks.likelihood_ratio(2, 40, "asleep", 1), "at rest, talking; got 'asleep'"),
        (lambda: blinks.statement(2, 40, "asleep"), "activity: expected one of reading"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rates_are_compared_by_activity():
    assert set(blinks.compare_rates(3, 8).values()) == {"cannot tell"}
    assert blinks.compare_rates(0, 40) == {
        "reading": "cannot tell", "at rest": "below", "talking": "below"
    }  # fmt: skip
    assert blinks.compare_rates(150, 600) == {
        "reading": "cannot tell", "at rest": "within", "talking": "within"
    }  # fmt: skip
    assert set(blinks.compare_rates(600, 600).values()) == {"above"}


@pytest.mark.parametrize(
    ("count", "seconds", "activity", "verdict"),
    [
        (0, 8, None, "Cannot tell .* 1.4 times .* probability 0.83; .* after 158 s"),
        (0, 20, "talking", "Cannot tell from this clip: .* after 21 s"),
        (0, 22, "talking", "Fewer than usual: worth a closer look, and no more"),
        (3, 8, "talking", r"^3 blinks in 8.0 s, .* from 4.6 to 65.8 a minute .* Cannot tell"),
        (1, 8, None, "^1 blink in"),
        (200, 600, "talking", "As usual. That clears nothing"),
        (100, 60, None, r"\(published, from reading to talking: 1.4 to 32.5\). More than usual"),
        (0, 0, None, "cannot tell anything from blinks"),
    ],
)
def test_the_statement_says_what_follows_and_never_a_verdict(count, seconds, activity, verdict):
    words = blinks.statement(count, seconds, activity)
    assert re.search(verdict, words), words
    never = {"fake", "real", "genuine", "normal", "authentic"}
    assert not never & set(re.findall(r"\w+", words.lower()))
