"""Cues: all traces of one face in one call, their usual range, and what is said about them."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from framewise import clips, cues, motion, samples, tracking
from framewise.cues import CUES, Measured
from framewise.workbench import encode

SINGLE = [name for name in CUES if name not in motion.UNITS]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Return 41 frames of a sample clip as a clip of its own, and its track."""
    path = tmp_path_factory.mktemp("cues") / "short.mp4"
    frames = list(samples.open_clip("ana_talk").frames(40, 81))
    clip = clips.Clip(encode.write_clip(path, frames, 25, threads=1))
    return clip, tracking.track_face(clip, progress=False)


@pytest.fixture
def table(tmp_path):
    """Write a table in which the untouched clips have 0 to 40 for each cue, and a fake has 1000."""
    path = tmp_path / "cues.csv"
    rows = [{"group": "original"} | dict.fromkeys(CUES, n) for n in range(41)]
    rows += [{"group": "paste"} | dict.fromkeys(CUES, 1000)]
    rows += [{"group": "original"} | dict.fromkeys(CUES, "")]
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["group", *CUES])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_cue_is_measured_where_it_was_tried(short):
    clip, track = short
    found = cues.measure(clip, track, every=5)
    assert list(found) == list(CUES)
    for name in SINGLE:
        assert not set(np.flatnonzero(np.isfinite(found[name].series))) - set(range(0, 41, 5))
    assert found["lost_detail"].usable_share == 1
    frames = list(range(0, 41, 5))
    by_hand = [cues.maps(clip[i], track.points[i])["lost_detail"].value for i in frames]
    np.testing.assert_allclose(found["lost_detail"].series[frames], by_hand)
    assert found["lost_detail"].value == pytest.approx(np.median(by_hand))


def test_cues_over_time_are_those_of_motion(short):
    clip, track = short
    found, series = cues.measure(clip, track), motion.measure(clip, track)
    for name, values in series.items():
        np.testing.assert_array_equal(found[name].series, values)
    known = series["tremble"][np.isfinite(series["tremble"])]
    assert found["tremble"].value == pytest.approx(np.median(known))
    known = series["painted_over"][np.isfinite(series["painted_over"])]
    assert found["painted_over"].value == pytest.approx(np.quantile(known, 0.95))


def test_where_no_face_was_found_nothing_is_measured(short):
    clip, track = short
    nobody = replace(track, points=np.full_like(track.points, np.nan))
    for one in cues.measure(clip, nobody).values():
        assert np.isnan(one.value) and np.isnan(one.series).all() and one.usable_share == 0


def test_a_track_of_another_clip_and_a_wrong_step_are_refused(short):
    clip, track = short
    other = tracking.track_face(samples.open_clip("ana_talk"), progress=False)
    with pytest.raises(ValueError, match="expected 41 frames, as many as the clip has, got 200"):
        cues.measure(clip, other)
    with pytest.raises(ValueError, match="every: expected 1 or more, got 0"):
        cues.measure(clip, track, every=0)


def test_the_usual_range_holds_95_per_cent_of_the_untouched_clips(table):
    assert cues.reference_range("seam", table) == (1, 39)
    with pytest.raises(KeyError):
        cues.reference_range("honesty", table)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (20, "20.00; the usual range is 1.00 to 39.00. This is not unusually high. It does not"),
        (39, "not unusual"),
        (-0.001, "The cue is 0.00; the usual"),
        (0.5, "not unusual"),
        (39.1, "unusually high. Look at the frames with the highest values. A filter"),
        (np.nan, "could not be measured here: the face is too small, too dark or turned away"),
    ],
)
def test_the_statement_says_what_follows_and_what_does_not(table, value, words):
    said = cues.statement("seam", Measured(value, np.array([value]), 1.0), table)
    assert words in said and said.startswith(CUES["seam"].about)
    assert "fake" not in said


def test_the_shipped_table_has_every_cue():
    for name in CUES:
        low, high = cues.reference_range(name)
        assert np.isfinite([low, high]).all() and low < high
