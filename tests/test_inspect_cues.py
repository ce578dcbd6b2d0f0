"""What `course.py inspect` tells of cues: as JSON, in words, as curves, and as layers of a page."""

from dataclasses import replace

import inspect_cues
import inspect_video
import numpy as np
import pytest
from framewise import artifacts, cues, inspector, landmarks, samples
from framewise.workbench.cue_layers import SHOWN, cue_layers
from test_inspector import StandIn, blocks_of, track_of, with_hash

GONE = 5  # the frame without a face


class Repeated(StandIn):
    """A portrait that is brighter by one grey level in each frame."""

    def __init__(self, image, count=11):
        super().__init__(count, image.shape[1::-1])
        self.image = image

    def __getitem__(self, i):
        return np.clip(self.image.astype(int) + i, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def image():
    return samples.open_clip("ana_talk")[0]


@pytest.fixture(scope="module")
def points(image):
    return landmarks.find_landmarks(image)


@pytest.fixture(scope="module")
def clip(image):
    return with_hash(Repeated(image))


@pytest.fixture(scope="module")
def track(clip, points):
    track = track_of(clip)
    track.points[:] = points
    track.points[GONE] = np.nan
    return track


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """What the cues say of five originals, 0 to 4 each, and of a clip that does not count."""
    path = tmp_path_factory.mktemp("table") / "cues.csv"
    names = ["condition", "clip", "group", "people", *cues.CUES]
    kinds = [("original", value) for value in (0, 1, 2, 3, 4)] + [("paste", 99)]
    rows = [["as it is", "a", kind, "A", *[value] * len(cues.CUES)] for kind, value in kinds]
    path.write_text("".join(f"{','.join(map(str, row))}\n" for row in [names, *rows]))
    return path


@pytest.fixture(scope="module")
def told(clip, track, table):
    (found,) = inspect_cues.measure_cues(clip, [track], table=table)
    return {cue["name"]: cue for cue in found}


def cue(name, value, series=None, low=0.0, high=1.0):
    """A cue as the JSON has it."""
    return {
        "name": name,
        "value": value,
        "unit": "octaves",
        "series": series,
        "usable_share": 1.0,
        "reference_range": [low, high],
        "statement": f"{cues.CUES[name].about} So it is.",
    }


def face(*found, number=1):
    return {"id": number, "cues": list(found)}


QUIET = face(cue("seam", 0.5, [0.5, None, 0.5, None, 0.5]), cue("noise_gap", None))
LOUD = face(
    cue("seam", 1.5, [1.0, None, 2.0, None, 1.5]),
    cue("light_gap", 9.0, [9.0, None, 9.0, None, 9.5], 0.0, 2.0),
    cue("noise_gap", -3.0, [None, None, -3.0, None, None]),
    cue("lost_detail", None),
)


# ---- JSON ----


def test_all_cues_are_told_in_order_and_every_fifth_frame_is_tried(told):
    assert list(told) == list(cues.CUES)
    seam = told["seam"]
    assert len(seam["series"]) == 11
    assert [i for i, value in enumerate(seam["series"]) if value is not None] == [0, 10]
    assert seam["usable_share"] == pytest.approx(2 / 3, abs=1e-3)  # of the frames 0, 5 and 10


def test_the_value_is_the_median_of_what_the_frames_say(told, clip, points):
    for name in ("seam", "noise_gap", "colour_gap"):
        by_hand = [artifacts.measure(clip[i], points)[name].value for i in (0, 10)]
        assert told[name]["series"][0] == pytest.approx(by_hand[0], rel=1e-3)
        assert told[name]["series"][10] == pytest.approx(by_hand[1], rel=1e-3)
        assert told[name]["value"] == pytest.approx(np.mean(by_hand), rel=1e-3)


def test_range_unit_and_statement_are_those_of_the_cue(told, clip, track, table):
    found = cues.measure(clip, track)
    for name, one in told.items():
        assert one["reference_range"] == pytest.approx([0.1, 3.9])
        assert one["unit"] == cues.CUES[name].unit
        assert one["statement"] == cues.statement(name, found[name], table)


def test_cues_over_time_are_measured_in_all_frames(told):
    assert {"tremble", "pose_gap"} <= set(told)
    known = [i for i, value in enumerate(told["pose_gap"]["series"]) if value is not None]
    assert known == [i for i in range(11) if i != GONE]


def test_deep_tries_every_frame(clip, track, table):
    (found,) = inspect_cues.measure_cues(clip, [track], deep=True, table=table)
    seam = found[0]
    assert [i for i, value in enumerate(seam["series"]) if value is None] == [GONE]
    assert seam["usable_share"] == pytest.approx(10 / 11, abs=1e-3)


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_clips_have_cues(image, points, table, count):
    clip = Repeated(image, count)
    track = track_of(clip)
    track.points[:] = points
    (found,) = inspect_cues.measure_cues(clip, [track], table=table)
    assert len(found[0]["series"]) == count and found[0]["value"] is not None


def test_what_could_not_be_measured_is_null_and_the_statement_says_why(table):
    clip = StandIn(20)
    track = track_of(clip, missing=range(20))
    (found,) = inspect_cues.measure_cues(clip, [track], table=table)
    assert [(one["value"], one["series"]) for one in found] == [(None, None)] * len(cues.CUES)
    assert {one["usable_share"] for one in found} == {0}
    assert all("could not be measured here" in one["statement"] for one in found)


def test_only_the_first_three_faces_have_cues(table):
    clip = StandIn(5)
    found = inspect_cues.measure_cues(clip, [track_of(clip)] * 4, table=table)
    assert [len(one) for one in found] == [len(cues.CUES)] * 3 + [0]
    assert inspect_cues.measure_cues(clip, []) == []


def test_the_json_of_a_clip_holds_the_cues_of_each_face(clip, track, monkeypatch):
    monkeypatch.setattr(inspect_video.tracking, "clip_notices", lambda clip: [])
    measured = inspect_video.measure(clip, [track])
    (expected,) = inspect_cues.measure_cues(clip, [track])
    assert measured["faces"][0]["cues"] == expected
    assert set(expected[0]) == {
        "name", "value", "unit", "series", "usable_share", "reference_range", "statement",
    }  # fmt: skip


# ---- what is chosen ----


def test_the_excess_is_counted_in_widths_of_the_usual_range():
    assert inspect_cues.excess(cue("seam", 5.0, low=1.0, high=3.0)) == 1.0
    assert inspect_cues.excess(cue("seam", 3.0, low=1.0, high=3.0)) == 0
    assert inspect_cues.excess(cue("seam", -9.0, low=1.0, high=3.0)) == 0
    assert inspect_cues.excess(cue("seam", None, low=1.0, high=3.0)) == 0


def test_unusual_cues_choose_the_frames_in_which_they_are_highest():
    assert inspect_cues.chosen_frames([LOUD]) == [2, 4]
    series = [[float(i == k) * 9 for i in range(12)] for k in range(12)]
    many = [cue("seam", 9.0 + k, one) for k, one in enumerate(series)]
    assert inspect_cues.chosen_frames([face(*many)]) == [6, 7, 8, 9, 10, 11]  # the most unusual


def test_a_cue_without_a_map_chooses_no_frame():
    assert "slide" not in SHOWN
    slide = cue("slide", 7.0, [0.0, 9.0, 0.0])
    assert inspect_cues.chosen_frames([face(slide, cue("seam", 0.5, [0.5, None, 0.5]))]) == [0, 2]


def test_without_an_unusual_cue_three_frames_are_spread_over_what_was_measured():
    assert inspect_cues.chosen_frames([QUIET]) == [0, 2, 4]
    long = face(cue("seam", 0.5, [0.5] * 90))
    assert inspect_cues.chosen_frames([long]) == [15, 45, 75]
    assert inspect_cues.chosen_frames([face(cue("seam", 0.5, [None, 0.5]))]) == [1]
    assert inspect_cues.chosen_frames([face(cue("seam", None)), face()]) == []
    assert inspect_cues.chosen_frames([]) == []


def test_a_layer_is_kept_where_its_cue_was_measured():
    kept = inspect_cues.kept_layers([LOUD])
    assert kept == {"seam": [2, 4], "noise_gap": [2], "light_gap": [2, 4]}
    assert list(kept) == ["seam", "noise_gap", "light_gap"]
    assert inspect_cues.kept_layers([face(cue("seam", None))]) == {}


def test_the_most_unusual_curves_come_first_and_the_usual_ones_are_folded():
    curves, folded = inspect_cues.curves([LOUD])
    assert list(curves) == ["light gap", "seam", "noise gap"] and folded == ["noise gap"]
    np.testing.assert_array_equal(curves["seam"], [1.0, np.nan, 2.0, np.nan, 1.5])
    many = [face(*LOUD["cues"], number=i) for i in (1, 2)]
    curves, folded = inspect_cues.curves(many)
    assert list(curves)[:3] == ["face 1: light gap", "face 2: light gap", "face 1: seam"]
    assert folded == ["face 1: noise gap", "face 2: seam", "face 2: noise gap"]


# ---- words ----


def test_unusual_cues_come_first_with_their_statement():
    facts = inspect_cues.facts([LOUD], deep=False)
    names = ["how to read the cues", "face 1: light gap", "face 1: seam", "face 1: other cues"]
    assert list(facts)[:4] == names
    about = cues.CUES["light_gap"].about
    assert facts["face 1: light gap"] == f"{about} So it is. It is highest in frame 4."
    assert facts["face 1: other cues"] == (
        "These cues are not unusually high:\n"
        "noise gap: -3.00 octaves (the usual range is 0.00 to 1.00)"
    )
    assert facts["face 1: not measured"] == "lost detail. So it is."
    assert "This cue" not in facts["face 1: other cues"]
    assert "for these frames: 2, 4." in facts["how to read the cues"]


def test_it_is_said_if_an_unusual_cue_was_measured_in_few_frames():
    rare = cue("seam", 9.0, [9.0]) | {"usable_share": 0.017}
    words = inspect_cues.facts([face(rare)], deep=False)["face 1: seam"]
    assert words.endswith("frame 0. It could be measured in only 2% of the frames tried.")
    assert "only" not in inspect_cues.facts([LOUD], deep=False)["face 1: seam"]


def test_a_face_without_an_unusual_cue_has_one_list():
    facts = inspect_cues.facts([QUIET], deep=True)
    assert facts["face 1: cues"].startswith(
        "No cue is unusually high:\nseam: 0.50 octaves (the usual"
    )
    assert "every 5th" not in facts["how to read the cues"]
    assert "in every 5th frame" in inspect_cues.facts([QUIET], deep=False)["how to read the cues"]


def test_without_a_face_nothing_is_said_about_cues():
    assert inspect_cues.facts([], deep=False) == {}
    assert inspect_cues.facts([face()], deep=False) == {}


def test_a_number_that_rounds_to_zero_has_no_sign():
    (line,) = inspect_cues.facts([face(cue("seam", -0.001, [-0.001], -0.004))], deep=True)[
        "face 1: cues"
    ].splitlines()[1:]
    assert line == "seam: 0.00 octaves (the usual range is 0.00 to 1.00)"


def test_no_word_calls_anything_a_fake_or_real(told):
    said = " ".join(one["statement"] for one in told.values())
    assert "fake" not in said.lower()
    facts = inspect_cues.facts([LOUD], deep=False)
    assert "does not prove" in facts.pop("how to read the cues")
    assert "fake" not in " ".join([*facts, *facts.values()]).lower()


# ---- layers ----


def test_the_maps_are_those_of_the_traces(clip, track, points):
    layers = cue_layers([track])
    assert list(layers) == list(SHOWN) and set(SHOWN) <= set(cues.CUES)
    traces = artifacts.measure(clip[3], points)
    for name in ("seam", "noise_gap", "eye_difference"):
        np.testing.assert_array_equal(layers[name].of(clip, 3), traces[name].map)
        assert np.isnan(layers[name].of(clip, GONE)).all()


def test_a_layer_shows_all_faces_and_the_first_lies_on_top(clip, track):
    aside = replace(track, points=track.points + np.float32([60, 0]))
    first, second, both = (
        cue_layers(tracks)["colour_gap"].of(clip, 0)
        for tracks in ([track], [aside], [track, aside])
    )
    known = np.isfinite(first)
    np.testing.assert_array_equal(both[known], first[known])
    np.testing.assert_array_equal(both[~known], second[~known])
    assert np.isfinite(second[~known]).any()


def test_the_page_of_a_clip_keeps_the_layers_of_the_chosen_frames(clip, track, tmp_path):
    long = [{**one, "series": one["series"] and one["series"] + [None] * 6} for one in LOUD["cues"]]
    measured = {"faces": [face(*long) | {"warnings": []}], "clip": {"warnings": []}}
    view, kept = inspect_video._view(clip, [track], measured)
    assert isinstance(view, inspector.FrameInspector)
    assert list(view._info["series"])[:5] == [
        "face-present score", "eye opening", "mouth opening", "light gap", "seam",
    ]  # fmt: skip
    blocks = blocks_of(view.to_html(tmp_path / "p.html", layers=kept))
    info = blocks["state"]["_info"]
    assert info["folded"] == ["noise gap"]
    assert [name.split(" (")[0] for name in info["kept"]] == ["seam", "noise gap", "light gap"]
    assert {name for name in blocks if name.startswith("layer")} == {
        "layer0-2", "layer0-4", "layer1-2", "layer2-2", "layer2-4",
    }  # fmt: skip
    assert blocks["layer1-2"]["error"] is None and blocks["layer1-2"]["limits"] == [0, 3]
