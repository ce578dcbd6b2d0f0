"""The sample clips hold what the catalogue says, and the pictures show what the truth says."""

import json
import runpy
from pathlib import Path

import av
import numpy as np
import pytest
from browsing import chromium, wait
from framewise import clips, consent, landmarks, samples, tracking
from framewise.workbench import encode, places

RENDER = Path(__file__).parents[1] / "scripts" / "render"
MESH = runpy.run_path(str(RENDER / "places.py"))["MESH"]
ENTRIES = {name: e for name, e in consent.catalogue(places.course_clips()).items() if "truth" in e}
TALKS = [name for name in ENTRIES if name.endswith(("_talk", "_again"))]
CROSSING = "imani_hugo"  # two people walk past each other, in and out of the picture
PHONES = {"elsa_phone": ((480, 854), 30)}
"""Clips of another size (px) and frame rate than the rest."""
FAR = {"brow": 8.0, "jaw": 10.0}
"""Pixels, on average over a clip: where the two follow different lines."""
NEAR = 5.0


@pytest.fixture(scope="module")
def tracked():
    """Tracks of the sample clips, each made once."""
    made = {}

    def track(name):
        if name not in made:
            made[name] = tracking.track_faces(samples.open_clip(name), progress=False)
        return made[name]

    return track


def shape_of(name) -> tuple[tuple[int, int], int]:
    """Width and height in pixels, and frames a second."""
    return PHONES.get(name, ((640, 480), 25))


def heard(name) -> tuple[np.ndarray, int]:
    """The sound of a clip, (N,) float, from time 0, and its rate."""
    with av.open(str(consent.file_of(name))) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return samples[round(max(-frames[0].time, 0) * frames[0].rate) :], frames[0].rate


def test_the_set_is_complete():
    people = {person for entry in ENTRIES.values() for person in entry["people"]}
    assert len(people) >= 8 and len(ENTRIES) >= 22
    assert {f"{person.lower()}_talk" for person in people} <= set(TALKS)
    assert sum(path.stat().st_size for path in places.course_clips().rglob("*")) < 70e6


@pytest.mark.parametrize("name", ENTRIES)
def test_each_clip_is_what_the_catalogue_says(name):
    entry, clip = ENTRIES[name], samples.open_clip(name)
    length = entry["length"]
    assert len(clip) == length["frames"] == round(length["seconds"] * length["fps"])
    assert (clip.size_wh, clip.fps) == shape_of(name)
    assert not entry["sound"] or entry.get("voice", {"type": "synthetic"})["type"] == "synthetic"
    assert entry["consent"] == {"type": "synthetic"} and entry["licence"] == "CC0-1.0"
    with av.open(str(clip.path)) as container:
        video = container.streams.video[0]
        assert (video.codec.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert bool(container.streams.audio) == entry["sound"]
        keys = [i for i, frame in enumerate(container.decode(video)) if frame.key_frame]
    assert np.diff([*keys, len(clip)]).max() <= 12


@pytest.mark.parametrize("name", ENTRIES)
def test_the_truth_has_one_value_a_frame(name):
    clip = samples.open_clip(name)
    for person in range(len(ENTRIES[name]["people"])):
        truth = samples.load_truth(clip, person)
        for values in (truth.closure, truth.pose, truth.gaze, truth.jaw, truth.phoneme,
                       truth.points, truth.hidden, truth.box):  # fmt: skip
            assert len(values) == len(clip)
        assert len(truth.names) == truth.points.shape[1] >= 48
        assert (truth.closure >= 0).all() and (truth.closure <= 1).all()
        seen = truth.points[~truth.hidden]
        assert (seen >= -0.5).all() and (seen <= np.array(shape_of(name)[0]) - 0.5).all()
        assert (truth.blinks >= 0).all() and (truth.blinks < len(clip)).all()
        assert (np.diff(truth.blinks, axis=1) >= 0).all()
        assert (truth.blinks[1:, 0] > truth.blinks[:-1, 2]).all()
        assert len(truth.partial) == len(truth.blinks)


@pytest.mark.parametrize("name", [name for name in ENTRIES if name != CROSSING])
def test_the_network_finds_the_face(name, tracked):
    found = tracked(name)
    assert len(found) == len(ENTRIES[name]["people"])
    for track in found:
        assert np.isfinite(track.score).mean() >= 0.99


def test_where_faces_cross_each_track_stays_with_one_person(tracked):
    truths = [samples.load_truth(samples.open_clip(CROSSING), person) for person in (0, 1)]
    middles = np.array([truth.points.mean(1) for truth in truths])
    wide = np.array([(truth.hidden.mean(1) < 0.2) for truth in truths])
    assert (wide.any(1) & ~wide.all(1)).all() and (wide[0] & wide[1]).any()
    people = []
    for track in tracked(CROSSING):
        seen = np.isfinite(track.score)
        away = np.linalg.norm(middles[:, seen] - track.points[seen].mean(1), axis=-1)
        people.append(int(away[:, 0].argmin()))
        assert (away.argmin(0) == people[-1]).all() and away.min(0).max() < 10
        assert seen[wide[people[-1]]].mean() >= 0.95
    assert sorted(people) == [0, 1]


@pytest.mark.parametrize("name", [n for n in ENTRIES if len(ENTRIES[n]["people"]) == 1])
def test_the_turn_of_the_head_is_estimated(name, tracked):
    true = samples.load_truth(samples.open_clip(name)).pose[:, 0]
    found = landmarks.head_yaw(tracked(name)[0].points)
    assert np.nanmean(np.abs(found - true)) < 3 and np.nanmax(np.abs(found - true)) < 6
    if np.ptp(true) > 30:
        assert np.corrcoef(found, true)[0, 1] > 0.99


@pytest.mark.parametrize("name", TALKS)
def test_measured_lids_follow_the_true_ones(name, tracked):
    truth = samples.load_truth(samples.open_clip(name))
    measured = landmarks.eye_opening(tracked(name)[0].eyelids).mean(1)
    assert np.corrcoef(measured, truth.closure.mean(1))[0, 1] < -0.9


@pytest.mark.parametrize("name", TALKS)
def test_named_points_lie_on_the_landmarks(name, tracked):
    truth = samples.load_truth(samples.open_clip(name))
    points = tracked(name)[0].points
    for place, mesh in MESH.items():
        off = np.linalg.norm(truth.place(place) - points[:, list(mesh)], axis=-1)
        bound = next((far for part, far in FAR.items() if part in place), NEAR)
        assert np.nanmean(off) < bound, place


@pytest.mark.parametrize("name", TALKS)
def test_sound_and_lips_agree_within_a_frame(name):
    truth = samples.load_truth(samples.open_clip(name))
    heights, rate = heard(name)
    step = rate // 25
    loud = np.sqrt((heights[: step * len(truth.jaw)].reshape(-1, step) ** 2).mean(1))
    jaw = truth.jaw[: len(loud)]
    matches = {lag: np.corrcoef(np.roll(loud, lag), jaw)[0, 1] for lag in range(-8, 9)}
    assert abs(max(matches, key=matches.get)) <= 1


def test_what_hides_the_mouth_is_known():
    mug = samples.load_truth(samples.open_clip("ben_mug"))
    lips = [name.startswith("lips") for name in mug.names]
    covered = mug.hidden[:, lips].mean(1)
    assert covered.max() > 0.9 and covered[:5].max() < 0.2


def test_the_truth_of_a_place_and_its_errors(tmp_path):
    clip = samples.open_clip("ana_talk")
    truth = samples.load_truth(clip)
    assert truth.place("right_eye_corners").shape == (200, 2, 2)
    right, left = truth.place("right_iris"), truth.place("left_iris")
    assert (right[..., 0] < left[..., 0]).all()
    with pytest.raises(KeyError, match="no place 'chin'. The places are: right_eye_upper"):
        truth.place("chin")
    with pytest.raises(ValueError, match="expected 0 to 0, got 1"):
        samples.load_truth(clip, 1)
    found = clips.Clip(encode.write_clip(tmp_path / "found.mp4", clip.frames(0, 3), 25))
    with pytest.raises(ValueError, match="only for rendered clips. Use one of these: ana"):
        samples.load_truth(found)


def test_a_changed_truth_is_refused(tmp_path, monkeypatch):
    entry = ENTRIES["ana_talk"]
    home = tmp_path / "clips"
    home.mkdir()
    for file in (entry["file"], entry["truth"]["file"]):
        (home / file).write_bytes((places.course_clips() / file).read_bytes())
    (home / "catalog.json").write_text(json.dumps({"clips": [entry]}))
    monkeypatch.setenv("FRAMEWISE_CLIPS", str(home))
    clip = samples.open_clip("ana_talk")
    samples.load_truth(clip)
    with open(home / entry["truth"]["file"], "ab") as file:
        file.write(b"x")
    with pytest.raises(consent.ConsentError, match="missing or was changed"):
        samples.load_truth(clip)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    flags = ("--autoplay-policy=no-user-gesture-required", "--allow-file-access-from-files")
    with chromium(tmp_path_factory.mktemp("chromium"), *flags) as browser:
        yield browser


@pytest.mark.parametrize("name", ENTRIES)
def test_the_browser_plays_it(browser, name):
    browser.get(consent.file_of(name).as_uri())
    state = "const v = document.querySelector('video');"
    browser.execute_script(f"{state} v.muted = true; v.playbackRate = 4; v.play();")
    wait(browser, lambda: browser.execute_script(f"{state} return v.currentTime > 1;"))
    seen = browser.execute_script(f"{state} return [v.videoWidth, v.videoHeight, v.duration];")
    assert seen[:2] == list(shape_of(name)[0])
    assert seen[2] == pytest.approx(ENTRIES[name]["length"]["seconds"], abs=0.1)
