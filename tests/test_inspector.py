"""The inspector without a browser: traits, chunks, the page as a file, the command line."""

import base64
import html
import json
import os
import re
import sys
from pathlib import Path

import cv2
import inspect_video
import numpy as np
import pytest
import traitlets
from framewise import DATA, clips, inspector, landmarks
from framewise.tracking import FaceTrack
from framewise.workbench import cache, files, marks
from framewise.workbench.inspector import packets, page
from framewise.workbench.notices import KINDS, Notice
from videos import write_video


class StandIn:
    """A clip made of numbers: frame i is grey of brightness i, and again from 256 on."""

    def __init__(self, count=30, size_wh=(64, 48), broken=(), fps=25.0, sha256="a" * 64):
        self.path, self.sha256 = Path("stand_in.mp4"), sha256
        self.count, self.size_wh, self.broken, self.fps = count, size_wh, broken, fps
        self.times, self.read = np.arange(count) / fps, []

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        self.read.append(i)
        if i in self.broken:
            raise OSError(f"frame {i} is gone")
        return np.full((self.size_wh[1], self.size_wh[0], 3), i % 256, np.uint8)

    def frames(self, start=0, stop=None):
        return (self[i] for i in range(self.count)[start:stop])


class Noise(StandIn):
    """Frames that JPEG cannot make small."""

    def __getitem__(self, i):
        shape = (self.size_wh[1], self.size_wh[0], 3)
        return np.random.default_rng(i).integers(0, 256, shape, np.uint8)


def track_of(clip, missing=()):
    points = np.full((len(clip), 468, 2), np.nan, np.float32)
    points[:] = np.arange(468 * 2).reshape(468, 2) / 20 + 0.04
    eyelids = np.tile(np.arange(64, dtype=np.float32).reshape(2, 16, 2), (len(clip), 1, 1, 1))
    points[list(missing)] = eyelids[list(missing)] = np.nan
    iris, score = np.zeros((len(clip), 2, 5, 2), np.float32), np.ones(len(clip), np.float32)
    return FaceTrack(points, eyelids, iris, score, clip.times)


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """The folder that keeps marks: never the reader's own."""
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path / "data"))
    return tmp_path / "data" / "my_marks"


def answers_to(widget, wish):
    """Send a browser's wish; return all answers, each with its buffers."""
    answers = []
    widget.send = lambda content, buffers=None: answers.append((content, buffers))
    widget._handle_custom_msg(wish, [])
    return answers


def ask(widget, chunk, reel=0):
    (answer,) = answers_to(widget, {"chunk": chunk, "reel": reel})
    return answer


def ask_layer(widget, name, frame=0):
    (answer,) = answers_to(widget, {"layer": name, "frame": frame})
    return answer


def brightness(jpeg):
    return round(float(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).mean()))


def numbers_of(buffers, faces=1):
    return np.frombuffer(buffers[-1], "<i2").reshape(len(buffers) - 1, faces, 468 + 32, 2)


def test_a_new_inspector_stands_at_the_first_frame():
    view = inspector.FrameInspector(StandIn())
    assert (view.frame, view.playing, view.layer, view.marks) == (0, False, "", [])
    assert view._info["count"] == 30 and view._info["size"] == [64, 48]
    assert view._info["faces"] == 0 and view._info["series"] == {} and not view._info["blind"]
    assert view._info["other"] is None


@pytest.mark.parametrize(("wish", "frame"), [(17, 17), (-5, 0), (30, 29), (10**6, 29)])
def test_a_frame_outside_the_clip_becomes_the_nearest_inside(wish, frame):
    view = inspector.FrameInspector(StandIn())
    view.frame = wish
    assert view.frame == frame


@pytest.mark.parametrize(
    ("trait", "value"),
    [("frame", 1.5), ("frame", "3"), ("playing", "yes"), ("layer", 3), ("layer", "no such layer"),
     ("marks", "none"), ("marks", ["a"])],
)  # fmt: skip
def test_traits_take_only_their_type(trait, value):
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(inspector.FrameInspector(StandIn()), trait, value)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"clip": "a.mp4"}, TypeError, r"clip: expected a Clip, such as .*, got 'a\.mp4'"),
        ({"compare": "b.mp4"}, TypeError, r"compare: expected a Clip"),
        ({"track": 5}, TypeError, "track: expected a FaceTrack or a list of them, got '5'"),
        ({"layers": lambda frame: frame}, TypeError, "layers: expected a list of Layer"),
        ({"layers": "luminance"}, TypeError, "layers: expected a list of Layer"),
        ({"layers": ["luminance"]}, TypeError, "expected a Layer or a function .* got 'luminance'"),
        ({"series": [1, 2]}, TypeError, "series: expected a dict of name to values"),
        ({"series": {"eye": ["a"] * 30}}, ValueError, "eye: expected numbers, got"),
        ({"spans": {"x": [1, 2]}}, ValueError, r"x: expected pairs \(first, last\) of frames, got"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_was_expected(given, error, words):
    with pytest.raises(error, match=words):
        inspector.FrameInspector(**{"clip": StandIn()} | given)


def test_spans_the_wrong_way_round_are_turned():
    view = inspector.FrameInspector(StandIn(), spans={"s": [(20, 10)]})
    assert view._info["spans"] == {"s": [[10, 20]]}


def test_observing_the_frame_works():
    view, seen = inspector.FrameInspector(StandIn()), []
    view.observe(lambda change: seen.append(change.new), "frame")
    view.set_state({"frame": 4})  # as the browser does
    assert seen == [4]


def test_the_layer_can_be_set_to_each_that_is_offered_and_to_none():
    view = inspector.FrameInspector(StandIn(), layers=[inspector.Layer("mine", lambda c, i: c[i])])
    for name in [*view._info["layers"], ""]:
        view.layer = name
        assert view.layer == name
    assert list(view._info["layers"]) == [*(layer.name for layer in inspector.LAYERS), "mine"]
    with pytest.raises(traitlets.TraitError, match=r"expected '' or 'luminance'.*'mine'; got 'x'"):
        view.layer = "x"
    assert view.layer == ""


def test_marks_are_brought_into_form_and_into_the_clip():
    view = inspector.FrameInspector(StandIn())
    view.marks = [{"first": 50, "last": -1, "box": [9, 8, 1, 2]}]
    (mark,) = view.marks
    assert (mark["first"], mark["last"], mark["box"]) == (0, 29, [1, 2, 9, 8])
    for bad in ({"first": 1}, {"first": 1, "last": 2, "confidence": 5}):
        with pytest.raises(ValueError, match="expected a mark such as"):
            view.marks = [bad]
    assert view.marks == [mark]


# ---- chunks ----


def test_chunks_hold_every_frame_once_and_in_order():
    view = inspector.FrameInspector(StandIn())
    answers = [ask(view, chunk) for chunk in range(4)]
    jpegs = [jpeg for _, buffers in answers for jpeg in buffers[:-1]]
    assert [brightness(jpeg) for jpeg in jpegs] == list(range(30))
    assert [len(buffers) - 1 for _, buffers in answers] == [8, 8, 8, 6]
    assert [(told["chunk"], told["reel"], told["error"]) for told, _ in answers] == [
        (chunk, 0, None) for chunk in range(4)
    ]


def test_a_chunk_reads_only_its_own_frames():
    clip = StandIn(count=10_000)
    view = inspector.FrameInspector(clip)
    ask(view, 700)
    assert clip.read == list(range(5600, 5608))


def test_opening_a_long_clip_reads_nothing():
    clip = StandIn(count=15_000)
    inspector.FrameInspector(clip)
    assert clip.read == []


def test_points_travel_as_tenths_of_a_pixel_and_count_from_the_corner():
    clip = StandIn()
    view = inspector.FrameInspector(clip, track_of(clip))
    _, buffers = ask(view, 0)
    track = track_of(clip)
    sent = numbers_of(buffers)[:, 0] * view._info["unit"] - 0.5
    np.testing.assert_allclose(sent[:, :468], track.points[:8], atol=0.051)
    np.testing.assert_allclose(sent[:, 468:], track.eyelids[:8].reshape(8, 32, 2), atol=0.051)


def test_missing_faces_travel_as_missing():
    clip = StandIn()
    _, buffers = ask(inspector.FrameInspector(clip, track_of(clip, missing=[2, 3])), 0)
    gone = (numbers_of(buffers) == packets.MISSING).all(axis=(1, 2, 3))
    assert np.flatnonzero(gone).tolist() == [2, 3]


def test_points_far_outside_stay_in_range_and_big_pictures_fit():
    clip = StandIn(size_wh=(7680, 16))
    track = track_of(clip)
    track.points[:] = [7679, -1e9]
    view = inspector.FrameInspector(clip, track)
    _, buffers = ask(view, 0)
    x, y = numbers_of(buffers)[0, 0, 0] * view._info["unit"]
    assert x == pytest.approx(7679.5, abs=0.3) and y < -3000


def test_several_faces_travel_in_their_order():
    clip = StandIn()
    other = track_of(clip)
    other.points[:] += 100
    _, buffers = ask(inspector.FrameInspector(clip, [track_of(clip), other]), 0)
    numbers = numbers_of(buffers, faces=2)
    assert (numbers[:, 1, :468] - numbers[:, 0, :468] == 1000).all()


def test_no_face_anywhere_is_no_error():
    view = inspector.FrameInspector(StandIn(), [])
    assert view._info["faces"] == 0 and ask(view, 0)[1][-1] == b""


def test_named_groups_are_those_of_the_landmarks():
    clip = StandIn()
    groups = inspector.FrameInspector(clip, track_of(clip))._info["groups"]
    assert groups == {name: at.tolist() for name, at in landmarks.GROUPS.items()}


def filled(outlines, size_wh):
    """Draw outlines as a mask: a pixel belongs to it if an odd number of them surround it."""
    mask = np.zeros((size_wh[1], size_wh[0]), bool)
    y, x = np.mgrid[: size_wh[1], : size_wh[0]]
    for edge in outlines:
        ring = np.reshape(edge, (-1, 1, 2)).astype(np.float32)
        for at in zip(x.ravel(), y.ravel(), strict=True):
            mask[at[1], at[0]] ^= cv2.pointPolygonTest(ring, (at[0] + 0.5, at[1] + 0.5), False) > 0
    return mask


def test_an_area_travels_as_the_outer_edges_of_its_pixels():
    mask = np.zeros((48, 64), bool)
    mask[10:20, 30:50] = True
    told, _ = ask(inspector.FrameInspector(StandIn(), areas={"mouth": mask}), 0)
    ((edge,),) = told["areas"][0]
    corners = np.reshape(edge, (-1, 2))
    assert corners.min(0).tolist() == [30, 10] and corners.max(0).tolist() == [50, 20]
    assert len(told["areas"]) == 8


def test_an_area_with_a_hole_and_with_two_parts_keeps_them():
    mask = np.zeros((48, 64), bool)
    mask[5:25, 5:25] = True
    mask[10:15, 10:20] = False
    mask[30:40, 40:60] = True
    mask[45, 0] = True  # one pixel in a corner
    told, _ = ask(inspector.FrameInspector(StandIn(), areas={"a": mask}), 0)
    (edges,) = told["areas"][0]
    assert len(edges) == 4
    np.testing.assert_array_equal(filled(edges, (64, 48)), mask)


def test_an_area_may_change_with_each_frame_and_be_empty():
    masks = np.zeros((30, 48, 64), bool)
    for i in range(1, 30):
        masks[i, 3:6, i : i + 4] = True
    view = inspector.FrameInspector(StandIn(), areas={"moving": masks, "still": masks[9]})
    told, _ = ask(view, 1)
    assert view._info["areas"] == ["moving", "still"]
    lefts = [[min(edge[::2]) for (edge,) in both] for both in told["areas"]]
    assert lefts == [[i, 9] for i in range(8, 16)]
    assert ask(view, 0)[0]["areas"][0][0] == []


def test_series_keep_their_gaps():
    values = np.array([0.123456, np.nan, np.inf, *range(27)])
    info = inspector.FrameInspector(StandIn(), series={"eye": values})._info
    assert info["series"]["eye"][:4] == [0.1235, None, None, 0.0]
    json.dumps(info, allow_nan=False)


def test_spans_travel_as_plain_numbers():
    spans = {"blinks": [(np.int64(3), np.int64(5)), (9, 9)], "none": []}
    info = inspector.FrameInspector(StandIn(), spans=spans)._info
    assert info["spans"] == {"blinks": [[3, 5], [9, 9]], "none": []}
    json.dumps(info)


def test_a_frame_that_cannot_be_read_is_told_and_the_rest_is_served():
    view = inspector.FrameInspector(StandIn(broken={3}))
    content, buffers = ask(view, 0)
    assert content["error"] == "OSError: frame 3 is gone"
    assert [bool(jpeg) for jpeg in buffers[:-1]] == [True] * 3 + [False] + [True] * 4
    assert ask(view, 1)[0]["error"] is None


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        pytest.param({"track": 29}, r"track: expected .* 30 frames .* \(29,\)", id="track"),
        pytest.param({"series": {"ear": np.zeros(31)}}, r"ear: expected .* \(31,\)", id="length"),
        pytest.param({"series": {"ear": np.zeros((30, 2))}}, r"ear: .* \(30, 2\)", id="shape"),
        pytest.param(
            {"areas": {"mouth": np.zeros((64, 48))}}, r"mouth: .*\(48, 64\)", id="area on its side"
        ),
        pytest.param({"areas": {"mouth": np.zeros((29, 48, 64))}}, "mouth: .* 30", id="areas"),
        pytest.param({"truth": [{"first": 3}]}, "expected a mark such as", id="truth"),
        pytest.param(
            {"truth": [{"first": 500, "last": 500}]},
            "frames from 0 to 29, got 500 to 500",
            id="truth after the end",
        ),
        pytest.param({"truth": [{"first": -1, "last": 3}]}, "got -1 to 3", id="truth before 0"),
    ],
)
def test_what_does_not_fit_the_clip_is_refused(extra, message):
    if "track" in extra:
        extra = {"track": track_of(StandIn(count=extra["track"]))}
    with pytest.raises(ValueError, match=message):
        inspector.FrameInspector(StandIn(), **extra)


@pytest.mark.parametrize(
    ("size_wh", "together"), [((64, 48), 8), ((640, 480), 8), ((1280, 720), 3), ((3840, 2160), 2)]
)
def test_of_large_frames_fewer_travel_together(size_wh, together):
    view = inspector.FrameInspector(StandIn(size_wh=size_wh))
    assert view._info["chunk"] == together
    jpegs = ask(view, 2)[1][:-1]
    assert [brightness(jpeg) for jpeg in jpegs] == list(range(2 * together, 3 * together))


# ---- layers ----


def steps_of(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def layered(values, **options):
    layer = inspector.Layer("mine", lambda clip, frame: np.asarray(values), **options)
    return inspector.FrameInspector(StandIn(), layers=[layer])


def test_a_layer_runs_from_one_to_255_and_leaves_nan_clear():
    told, (png,) = ask_layer(layered([[0.0, 5.0, 10.0], [np.nan, np.inf, 10.0]]), "mine", 4)
    assert (told["layer"], told["frame"], told["error"]) == ("mine", 4, None)
    assert told["limits"] == [0, 10]
    assert steps_of(png).tolist() == [[1, 128, 255], [0, 0, 255]]


def test_given_limits_hold_and_what_lies_beyond_takes_the_end_colour():
    told, (png,) = ask_layer(layered([[-99.0, 0.0, 99.0]], limits=(-40, 40)), "mine")
    assert told["limits"] == [-40, 40]
    assert steps_of(png).tolist() == [[1, 128, 255]]


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_a_layer_that_is_the_same_all_over_is_no_error(value):
    told, (png,) = ask_layer(layered(np.full((4, 6), value)), "mine")
    assert told["error"] is None and steps_of(png).shape == (4, 6)
    assert (steps_of(png) == 0).all() == np.isnan(value)
    json.dumps(told, allow_nan=False)


def test_numbers_of_any_kind_make_a_layer():
    for values in (np.eye(4, dtype=bool), np.arange(4, dtype=np.uint8).reshape(2, 2)):
        told, (png,) = ask_layer(layered(values), "mine")
        assert told["error"] is None and set(steps_of(png).ravel()) >= {1, 255}


def test_a_plain_function_of_the_frame_is_a_layer_too():
    def redness(frame):
        return frame[..., 0].astype(float)

    view = inspector.FrameInspector(StandIn(), layers=[redness])
    assert ask_layer(view, "redness", 9)[0]["limits"] == [9, 9]


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.zeros((4, 4, 3)), r"expected an \(H, W\) array.*\(4, 4, 3\)"), (np.zeros((0, 4)), "0, 4"),
     ("no", "could not convert")],
)  # fmt: skip
def test_a_layer_that_is_no_picture_says_so(values, message):
    told, buffers = ask_layer(layered(values), "mine", 2)
    assert re.search(message, told["error"]) and buffers == []


def test_an_error_in_a_layer_is_told_and_the_next_picture_comes():
    def moody(frame):
        if frame[0, 0, 0] == 3:
            raise KeyError("no mood")
        return frame[..., 0]

    view = inspector.FrameInspector(StandIn(), layers=[moody])
    told, buffers = ask_layer(view, "moody", 3)
    assert told == {"layer": "moody", "frame": 3, "error": "KeyError: 'no mood'"} and not buffers
    assert ask_layer(view, "moody", 4)[0]["error"] is None
    assert ask_layer(view, "luminance", 3)[0]["error"] is None


class Patterned(StandIn):
    """Frames that differ in all three colours."""

    def __getitem__(self, i):
        y, x = np.mgrid[: self.size_wh[1], : self.size_wh[0]]
        return np.stack([3 * x + i, 5 * y + 7 * i, x + y], -1).astype(np.uint8)


def test_luminance_and_difference_are_those_of_bt601():
    clip, (luminance, difference, _) = Patterned(), inspector.LAYERS
    expected = [clip[i] @ np.array([0.299, 0.587, 0.114]) for i in (6, 7)]
    np.testing.assert_allclose(luminance.of(clip, 7), expected[1], atol=0.51)
    np.testing.assert_allclose(difference.of(clip, 7), expected[1] - expected[0], atol=1.02)
    assert np.isnan(difference.of(clip, 0)).all()


def test_the_high_pass_takes_away_what_a_gaussian_blur_leaves():
    from scipy.ndimage import gaussian_filter

    clip = Noise(size_wh=(64, 48))
    grey = inspector.LAYERS[0].of(clip, 3)
    expected = (grey - gaussian_filter(grey, 1.5))[8:-8, 8:-8]  # away from the border
    np.testing.assert_allclose(inspector.LAYERS[2].of(clip, 3)[8:-8, 8:-8], expected, atol=0.5)


def test_the_colours_of_a_scale_are_those_of_matplotlib():
    import matplotlib

    table = np.frombuffer(
        base64.b64decode(inspector.Layer("a", len, colours="viridis").table()), np.uint8
    ).reshape(255, 3)
    ends = [matplotlib.colormaps["viridis"](at, bytes=True)[:3] for at in (0.0, 1.0)]
    np.testing.assert_allclose(table[[0, -1]], ends, atol=1)


# ---- two clips ----


def due(clip, other):
    return inspector.FrameInspector(clip, compare=other)._info["other"]["match"]


def test_clips_of_one_rate_match_frame_by_frame_and_the_shorter_waits():
    assert due(StandIn(count=30), StandIn(count=30)) == list(range(30))
    assert due(StandIn(count=30), StandIn(count=20)) == [*range(20), *[19] * 10]
    assert due(StandIn(count=20), StandIn(count=30)) == list(range(20))


def test_a_faster_clip_leaves_out_and_a_slower_one_repeats():
    assert due(StandIn(count=10, fps=25), StandIn(count=40, fps=50)) == list(range(0, 20, 2))
    assert due(StandIn(count=10, fps=50), StandIn(count=10, fps=25)) == [i // 2 for i in range(10)]
    # at 30 and 24 frames/s: frame i is on the screen from i/30 s on
    assert due(StandIn(count=11, fps=30), StandIn(count=9, fps=24)) == [
        i * 24 // 30 for i in range(11)
    ]


def test_what_matches_is_counted_from_the_first_frame_of_each():
    late = StandIn(count=30)
    late.times = late.times + 5
    assert due(late, StandIn(count=30)) == due(StandIn(count=30), late) == list(range(30))


def test_uneven_times_match_what_is_on_the_screen():
    other = StandIn(count=4)
    other.times = np.array([0, 0.1, 0.11, 0.3])
    assert due(StandIn(count=10), other) == [0, 0, 0, 2, 2, 2, 2, 2, 3, 3]


def test_each_clip_travels_on_a_reel_of_its_own():
    view = inspector.FrameInspector(StandIn(count=30), compare=StandIn(count=100, size_wh=(32, 16)))
    assert view._info["other"]["count"] == 100 and view._info["other"]["size"] == [32, 16]
    told, buffers = ask(view, 10, reel=1)
    assert (told["chunk"], told["reel"]) == (10, 1)
    assert [brightness(jpeg) for jpeg in buffers[:-1]] == list(range(80, 88))
    assert brightness(ask(view, 1, reel=0)[1][0]) == 8


# ---- marks that stay ----

ONE = {"id": "one", "first": 3, "last": 5, "box": None, "reason": "eyes", "confidence": 0.5}
TWO = {"id": "two", "first": 9, "last": 9, "box": [1, 2, 9, 8], "reason": "", "confidence": 1.0}


def opened(**options):
    return inspector.FrameInspector(StandIn(), **options)


def test_marks_are_there_again_when_the_cell_is_run_again():
    opened().set_state({"marks": [ONE, TWO]})  # as the browser does
    assert opened().marks == [ONE, TWO]
    assert inspector.FrameInspector(StandIn(sha256="b" * 64)).marks == []  # another clip


def test_a_deleted_mark_stays_deleted():
    view = opened()
    view.marks = [ONE, TWO]
    view.marks = [TWO]
    assert opened().marks == [TWO]
    view.marks = []
    assert opened().marks == []
    again = opened()
    again.marks = [ONE]
    again.marks = []
    assert opened().marks == []


def test_a_mark_from_before_can_be_edited_and_deleted():
    opened().marks = [ONE, TWO]
    view = opened()
    view.marks = [ONE | {"reason": "skin"}]
    assert opened().marks == [ONE | {"reason": "skin"}]


def test_two_inspectors_of_one_clip_keep_the_marks_of_both():
    first, second = opened(), opened()
    first.marks = [ONE]
    second.marks = [TWO]
    assert {mark["id"] for mark in opened().marks} == {"one", "two"}
    first.marks = []
    second.marks = [TWO | {"reason": "edited"}]
    assert opened().marks == [TWO | {"reason": "edited"}]


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", '{"marks": 3}', '{"marks": [{}]}', '{"marks": ["a"]}',
     '{"marks": [{"id": "a", "first": "x", "last": 2}]}',
     '{"marks": [{"id": "a", "first": 1, "last": 2, "confidence": 7}]}'],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_and_never_overwritten(kept, content):
    path = marks.marks_file("a" * 64)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    view = opened()
    assert view.marks == [] and view._kept.startswith("Not kept:")
    view.marks = [ONE]
    assert view.marks == [ONE] and path.read_text() == content
    assert view._kept.startswith("Not kept:")


def test_a_file_that_goes_bad_later_is_told_and_left():
    view = opened()
    view.marks = [ONE]
    path = marks.marks_file("a" * 64)
    path.write_text("spilt coffee")
    view.marks = [ONE, TWO]
    assert path.read_text() == "spilt coffee" and view._kept.startswith("Not kept: ValueError")
    path.unlink()
    view.marks = [TWO]
    assert opened().marks == [TWO] and view._kept == "Kept on this computer."


@pytest.mark.parametrize("edited", ['"a"', "null", "[]", '{"id": "x"}', '{"id": 1, "first": []}'])
def test_a_mark_that_goes_bad_later_is_told_and_left(edited):
    view, path = opened(), marks.marks_file("a" * 64)
    view.marks = [ONE]
    path.write_text(f'{{"marks": [{edited}]}}')
    view.marks = [ONE, TWO]
    assert view._kept.startswith("Not kept: ValueError") and edited in path.read_text()


def test_a_mark_that_lost_its_id_is_kept_beside_a_new_one():
    view, path = opened(), marks.marks_file("a" * 64)
    view.marks = [ONE]
    path.write_text('{"marks": [{"first": 3, "last": 5, "reason": "eyes"}]}')
    view.marks = [ONE, TWO]
    assert [one["id"] for one in opened().marks] == ["3-5", "two"]


def test_a_folder_that_cannot_be_written_is_told(kept):
    kept.parent.mkdir(parents=True)
    kept.write_text("a file where the folder should be")
    view = opened()
    view.marks = [ONE]
    assert view.marks == [ONE] and view._kept.startswith("Not kept:")
    assert kept.read_text() == "a file where the folder should be"


def test_what_is_no_file_at_the_place_of_the_marks_is_told():
    marks.marks_file("a" * 64).mkdir(parents=True)
    view = opened()
    view.marks = [ONE]
    assert view.marks == [ONE] and view._kept.startswith("Not kept:")


def test_nothing_is_written_before_something_is_marked(kept):
    opened()
    assert not kept.exists()


def test_marks_make_a_round_trip_through_a_file(tmp_path):
    view = opened()
    view.marks = [ONE, TWO]
    path = view.save_marks(tmp_path / "mine.json")
    view.marks = []
    view.load_marks(path)
    assert view.marks == [ONE, TWO]
    view.marks = [TWO]
    view.load_marks(path)
    assert view.marks == [TWO, ONE]
    elsewhere = inspector.FrameInspector(StandIn(sha256="b" * 64))
    with pytest.raises(ValueError, match=r"mine.json .* made on another clip, not on stand_in"):
        elsewhere.load_marks(path)
    assert elsewhere.marks == []


def test_the_marks_of_a_class_are_merged_and_what_was_edited_replaces_what_was(tmp_path):
    three = ONE | {"id": "three", "reason": "skin"}
    one_edited = ONE | {"reason": "mouth", "confidence": 0.9}
    files = [tmp_path / name for name in ("ana.json", "ben.json")]
    marks.save_marks(files[0], [ONE, TWO], clip="a" * 64)
    marks.save_marks(files[1], [one_edited, three], clip="a" * 64)
    view = opened()
    view.load_marks(*files)
    assert view.marks == [one_edited, TWO, three]
    marks.save_marks(files[1], [ONE | {"id": "new"}], clip="b" * 64)
    with pytest.raises(ValueError, match="another clip"):
        view.load_marks(*files)
    assert view.marks == [one_edited, TWO, three]


def test_marks_from_before_are_said_to_be_kept():
    assert opened()._kept == ""
    opened().marks = [ONE]
    assert opened()._kept == "Kept on this computer."


def test_a_file_without_marks_adds_none(tmp_path):
    view = opened()
    view.marks = [ONE]
    with pytest.raises(FileNotFoundError, match=r"none\.json: there is no such file"):
        view.load_marks(tmp_path / "none.json")
    for content in ("no", '{"marks": [{"first": 1}]}', '{"marks": ["a"]}'):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(ValueError, match="mark"):
            view.load_marks(tmp_path / "bad.json")
    assert view.marks == [ONE]


# ---- blind ----

HIDDEN = {"first": 3, "last": 5, "box": [17, 23, 41, 37], "reason": "hush-hush"}


def told(view, *extra):
    """All that leaves Python: the widget's state, how it is shown, and every answer."""
    data, metadata = view._repr_mimebundle_()
    answers = [ask(view, chunk) for chunk in range(4)]
    return repr([view.get_state(), data, metadata, answers, *extra])


def test_before_the_commit_nothing_of_the_truth_leaves_python(tmp_path):
    seen = []
    for truth in ([HIDDEN], [], [HIDDEN, HIDDEN]):
        view = opened(truth=truth)
        assert view._info["blind"] and view._verdict == {}
        written = view.to_html(tmp_path / "page.html").read_text(encoding="utf-8")
        said = told(view, written)
        assert "hush-hush" not in said and "[17" not in said
        seen.append({**view.get_state(), "layout": None})
    assert seen[0] == seen[1] == seen[2]  # not even whether there is any


def test_asking_before_the_commit_reveals_nothing():
    view = opened(truth=[HIDDEN])
    with pytest.raises(ValueError, match="before you commit"):
        view.reveal()
    try:
        answers = answers_to(view, {"reveal": True})
    except ValueError:
        answers = []
    assert view._verdict == {} and "hush-hush" not in repr(answers)


def test_after_the_commit_the_truth_is_shown_and_scored():
    view = opened(truth=[HIDDEN])
    view.marks = [ONE]
    view.set_state({"_committed": True})  # as the browser does
    answers_to(view, {"reveal": True})
    assert "You found 1 of 1 altered place." in view._verdict["words"]
    assert view._verdict["truth"][0]["box"] == HIDDEN["box"]
    score = view.reveal()
    assert (score.hits, score.brier) == (1, 0.25)
    json.dumps(view._verdict, allow_nan=False)


def test_an_unaltered_clip_can_be_revealed_too():
    view = opened(truth=[])
    view._committed = True
    assert view.reveal().words.startswith("Nothing in this clip was altered. You marked nothing")


def test_marking_anew_takes_the_truth_away_again():
    view = opened(truth=[HIDDEN])
    view._committed = True
    view.reveal()
    view._committed = False
    assert view._verdict == {}
    with pytest.raises(ValueError, match="before you commit"):
        view.reveal()


def test_a_commit_outlives_a_re_run():
    view = opened(truth=[HIDDEN])
    view.marks = [ONE]
    view._committed = True
    again = opened(truth=[HIDDEN])
    assert again._committed and again.marks == [ONE] and again._verdict == {}


def test_without_truth_there_is_nothing_to_reveal():
    view = opened()
    view._committed = True
    with pytest.raises(ValueError, match="without truth="):
        view.reveal()


# ---- shown without a kernel ----


def shown_without_a_kernel(view):
    """Return the page that stands in an exported notebook, and its blocks."""
    data, _ = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    (page,) = re.findall(r'<iframe title="[^"]+" srcdoc="([^"]*)"', data["text/html"])
    return html.unescape(page), blocks_of(html.unescape(page))


@pytest.mark.parametrize(
    ("count", "preview", "step"),
    [(200, "whole", 1), (250, "whole", 1), (251, "whole", 11), (1000, "whole", 42), (200, "", 200)],
)
def test_shown_without_a_kernel_it_is_a_page_of_small_pictures(count, preview, step, monkeypatch):
    monkeypatch.setenv("FRAMEWISE_PREVIEW", preview)
    clip = StandIn(count=count, size_wh=(640, 480))
    view = inspector.FrameInspector(clip, track_of(clip), series={"eye": np.ones(count)})
    view.marks, view._committed = [ONE], True
    shown, blocks = shown_without_a_kernel(view)
    state, chunks = blocks["state"], list(blocks.values())[1:]
    assert shown.startswith(page.MARKER) and "default-src 'none'" in shown
    assert (state["_info"]["count"], state["_info"]["step"]) == (count, step)
    assert (state["marks"], state["_committed"]) == ([], False)  # marks are private
    assert ("every frame, shrunk" if step == 1 else f"only one frame in {step}") in shown
    parts = [base64.b64decode(part) for chunk in chunks for part in chunk["buffers"][:-1]]
    pictures = [cv2.imdecode(np.frombuffer(part, np.uint8), cv2.IMREAD_COLOR) for part in parts]
    assert pictures[0].shape == (240, 320, 3)
    assert [round(p.mean()) for p in pictures] == [i % 256 for i in range(0, count, step)]


@pytest.mark.parametrize(
    ("size_wh", "small"),
    [((640, 480), (240, 320)), ((480, 640), (320, 240)), ((20, 960), (320, 7))],
)
def test_the_preview_is_scaled_by_the_longer_side(size_wh, small):
    _, blocks = shown_without_a_kernel(inspector.FrameInspector(StandIn(size_wh=size_wh)))
    jpeg = base64.b64decode(blocks["chunk0-0"]["buffers"][0])
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[:2] == small


def test_two_clips_are_shown_as_one_without_a_kernel():
    _, blocks = shown_without_a_kernel(inspector.FrameInspector(StandIn(), compare=StandIn()))
    assert blocks["state"]["_info"]["other"] is None


@pytest.mark.parametrize(
    "clip", [StandIn(count=1), StandIn(broken=range(30))], ids=["one", "broken"]
)
def test_the_preview_never_fails(clip):
    page, _ = shown_without_a_kernel(inspector.FrameInspector(clip))
    assert "stand_in.mp4" in page


# ---- the page ----


def blocks_of(page):
    pattern = r'<script type="application/json" id="([\w-]+)">(.*?)</script>'
    text = page if isinstance(page, str) else page.read_text(encoding="utf-8")
    found = re.findall(pattern, text, re.S)
    return {name: json.loads(text) for name, text in found}


def page_of(path, clip=None, *, max_mb=8, **options):
    view = inspector.FrameInspector(StandIn() if clip is None else clip, **options)
    return view.to_html(path, max_mb=max_mb)


def test_the_page_is_one_file_without_addresses(tmp_path):
    clip = StandIn()
    view = inspector.FrameInspector(
        clip, track_of(clip), {"eye": np.ones(30)}, compare=StandIn(), spans={"s": [(1, 2)]}
    )
    path = view.to_html(
        tmp_path / "new" / "page.html",
        title="<b>Title</b>",
        notes={"a & b": "</script><script>alert(1)</script>"},
    )
    text = path.read_text(encoding="utf-8")
    assert text.startswith(page.MARKER)
    assert not re.findall(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", text)
    assert "&lt;b&gt;Title" in text and "<b>Title" not in text and "<script>alert" not in text
    assert "default-src 'none'" in text
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_no_word_of_the_reader_can_end_the_script_of_the_page(tmp_path):
    view = inspector.FrameInspector(StandIn(), series={"</script><b>": np.ones(30)})
    view.marks = [ONE | {"reason": "</script><script>alert(1)</script><!--"}]
    path = view.to_html(tmp_path / "p.html", with_marks=True)
    assert blocks_of(path)["state"]["marks"][0]["reason"].startswith("</script>")
    assert "<script>alert" not in path.read_text(encoding="utf-8")


def test_the_page_holds_every_frame_and_the_state(tmp_path):
    view = inspector.FrameInspector(StandIn(), series={"eye": np.ones(30)}, spans={"s": [(1, 2)]})
    view.marks, view.frame = [ONE], 7
    path = view.to_html(tmp_path / "p.html", with_marks=True)
    blocks = blocks_of(path)
    state = blocks["state"]
    assert (state["frame"], state["marks"], state["_verdict"]) == (7, [ONE], {})
    assert state["_info"]["count"] == 30 and state["_info"]["layers"] == {}
    assert state["_info"]["kept"] == {}
    assert state["_info"]["series"]["eye"] == [1.0] * 30
    assert [len(blocks[f"chunk0-{i}"]["buffers"]) - 1 for i in range(4)] == [8, 8, 8, 6]
    jpegs = [b for i in range(4) for b in blocks[f"chunk0-{i}"]["buffers"][:-1]]
    assert [brightness(base64.b64decode(j)) for j in jpegs] == list(range(30))


def test_a_page_that_is_mailed_holds_no_marks_unless_asked(tmp_path):
    view = opened(truth=[HIDDEN])
    view.marks, view._committed = [ONE], True
    view.reveal()
    state = blocks_of(view.to_html(tmp_path / "p.html"))["state"]
    assert (state["marks"], state["_committed"], state["_verdict"]) == ([], False, {})
    assert not state["_info"]["blind"] and "hush-hush" not in repr(state)
    state = blocks_of(view.to_html(tmp_path / "p.html", with_marks=True))["state"]
    assert state["marks"] == [ONE] and state["_verdict"]["truth"][0]["reason"] == "hush-hush"


def layer_page(path, kept, clip=None, **options):
    level = inspector.Layer("level", lambda clip, i: np.full((2, 3), float(i)), (0, 254))
    view = inspector.FrameInspector(clip or StandIn(), layers=[level])
    return blocks_of(view.to_html(path, layers=kept, **options))


def test_the_page_holds_the_pictures_of_the_layers_that_were_named(tmp_path):
    blocks = layer_page(tmp_path / "p.html", {"level": [20, 3, 20], "luminance": [3]})
    info = blocks["state"]["_info"]
    assert info["kept"] == {"level": [3, 20], "luminance": [3]}
    assert list(info["layers"]) == ["level", "luminance"]
    held = {name for name in blocks if name.startswith("layer")}
    assert held == {"layer0-3", "layer0-20", "layer1-3"}
    block = blocks["layer0-20"]
    assert (block["layer"], block["frame"], block["limits"]) == ("level", 20, [0, 254])
    png = np.frombuffer(base64.b64decode(block["buffers"][0]), np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), np.full((2, 3), 21))


def test_a_page_that_leaves_out_frames_keeps_the_layer_of_the_frame_before(tmp_path):
    clip = Noise(count=400, size_wh=(320, 240))
    blocks = layer_page(tmp_path / "p.html", {"level": [0, 399]}, clip, max_mb=0.5)
    step = blocks["state"]["_info"]["step"]
    assert step > 1 and 399 % step
    frame = 399 - 399 % step
    assert blocks["state"]["_info"]["kept"] == {"level": [0, frame]}
    assert blocks[f"layer0-{frame}"]["frame"] == frame


def test_layers_count_towards_the_bound_and_large_ones_are_shrunk(tmp_path):
    noise = inspector.Layer("noise", lambda c, i: np.random.default_rng(i).random((2000, 2000)))
    view = inspector.FrameInspector(Noise(count=30, size_wh=(640, 480)), layers=[noise])
    path = view.to_html(tmp_path / "p.html", layers={"noise": [0, 9]}, max_mb=6)
    assert path.stat().st_size <= 6e6
    png = np.frombuffer(base64.b64decode(blocks_of(path)["layer0-9"]["buffers"][0]), np.uint8)
    assert cv2.imdecode(png, cv2.IMREAD_UNCHANGED).shape == (500, 500)


def test_a_layer_that_fails_is_told_on_the_page(tmp_path):
    view = inspector.FrameInspector(StandIn(broken={4}))
    blocks = blocks_of(view.to_html(tmp_path / "p.html", layers={"luminance": [3, 4]}))
    assert blocks["layer0-3"]["error"] is None
    assert blocks["layer0-4"]["error"] == "OSError: frame 4 is gone"


@pytest.mark.parametrize(
    ("kept", "message"),
    [({"levels": [3]}, "layers: expected names of 'luminance', .* 'level'; got 'levels'"),
     ({"level": [3, 30]}, r"layers: expected frames from 0 to 29, got \[3, 30\] for 'level'"),
     ({"level": [-1]}, "expected frames from 0 to 29")],
)  # fmt: skip
def test_a_layer_or_a_frame_that_does_not_exist_is_refused(tmp_path, kept, message):
    with pytest.raises(ValueError, match=message):
        layer_page(tmp_path / "p.html", kept)
    assert not list(tmp_path.glob("*.html"))


def test_a_layer_without_a_frame_is_not_offered(tmp_path):
    info = layer_page(tmp_path / "p.html", {"level": []})["state"]["_info"]
    assert info["layers"] == info["kept"] == {}


def test_folded_curves_stand_after_the_others():
    curves = {name: np.ones(30) for name in "abc"}
    view = inspector.FrameInspector(StandIn(), series=curves, folded=["a", "z"])
    assert list(view._info["series"]) == ["b", "c", "a"] and view._info["folded"] == ["a"]


def test_the_page_holds_both_clips(tmp_path):
    clip, other = StandIn(count=20), StandIn(count=50, size_wh=(32, 24))
    blocks = blocks_of(page_of(tmp_path / "p.html", clip, compare=other))
    assert {name for name in blocks if name != "state"} == {
        *(f"chunk{reel}-{i}" for reel in (0, 1) for i in range(3)),
    }  # fmt: skip; of the second clip only what is ever due
    info = blocks["state"]["_info"]["other"]
    assert info["count"] == 20 and info["match"] == list(range(20))


def test_its_size_is_told_before_it_is_written(tmp_path, capsys, monkeypatch):
    said, write = [], files.atomic_write

    def listen(path):
        said.append(capsys.readouterr().out)
        return write(path)

    monkeypatch.setattr(files, "atomic_write", listen)
    path = page_of(tmp_path / "p.html")
    size = path.stat().st_size / 1e6
    assert said == [f"writing p.html: {size:.1f} MB, every frame, full size\n"]


def test_only_a_page_of_ours_is_replaced(tmp_path):
    mine, yours = tmp_path / "mine.html", tmp_path / "yours.html"
    page_of(mine, StandIn(count=2))
    page_of(mine, StandIn(count=3))
    assert blocks_of(mine)["state"]["_info"]["count"] == 3
    yours.write_text("my own work")
    for path in (yours, tmp_path):
        with pytest.raises(FileExistsError, match="Choose another name"):
            page_of(path)
    assert yours.read_text() == "my own work"


def test_an_interrupted_page_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        page_of(tmp_path / "p.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "size_wh"), [(60, (640, 480)), (400, (320, 240))])
def test_a_large_page_is_shrunk_below_its_bound_and_says_so(tmp_path, count, size_wh, capsys):
    path = page_of(tmp_path / "p.html", Noise(count, size_wh), max_mb=6)
    assert 3e6 < path.stat().st_size < 6e6
    said = capsys.readouterr().out
    shrunk, thinned = "shrunk from 640 x 480" in said, re.search(r"only one frame in (\d+)", said)
    assert shrunk == (size_wh[0] > 320) and bool(thinned) == (count == 400)
    extent = said.strip().split(" MB, ")[1]
    assert extent in path.read_text(encoding="utf-8")
    if thinned:
        info = blocks_of(path)["state"]["_info"]
        assert info["step"] == int(thinned[1]) and info["count"] == count


def test_two_clips_share_the_bound(tmp_path):
    noisy = [Noise(60, (640, 480)), Noise(90, (640, 480))]
    path = page_of(tmp_path / "p.html", noisy[0], compare=noisy[1], max_mb=6)
    assert 3e6 < path.stat().st_size < 6e6


def test_what_a_small_clip_leaves_of_the_bound_goes_to_a_large_one(tmp_path, capsys):
    small, large = StandIn(60), Noise(90, (640, 480))
    for clip, other in ((small, large), (large, small)):
        path = page_of(tmp_path / "p.html", clip, compare=other, max_mb=6)
        assert 3e6 < path.stat().st_size < 6e6
        said = capsys.readouterr().out.splitlines()[-1]
        assert said.count("every frame, full size") == 1 and said.count("every frame, shrunk") == 1


def test_faces_and_areas_count_towards_the_bound(tmp_path):
    clip = Noise(200, (320, 240))
    noise = np.random.default_rng(0).random((200, 240, 320), np.float32)
    blots = np.stack([cv2.GaussianBlur(one, (0, 0), 3) for one in noise]) > 0.51
    path = page_of(tmp_path / "p.html", clip, track=track_of(clip), areas={"a": blots}, max_mb=6)
    assert path.stat().st_size < 6e6


class Deceptive(Noise):
    """Noise, but the few frames from which the size of a page is estimated are plain."""

    def __getitem__(self, i):
        plain = set(np.linspace(0, len(self) - 1, 6).astype(int).tolist())
        return StandIn.__getitem__(self, i) if i in plain else super().__getitem__(i)


def with_pictures(path, clip, *, max_mb, **options):
    """Write a page whose pictures were encoded before, as `inspect` does."""
    pictures = inspector.Pictures(clip, max_mb)
    for i in range(len(clip)):
        pictures.take(i, Noise.__getitem__(clip, i))
    view = inspector.FrameInspector(clip, **options)
    return view.to_html(path, max_mb=max_mb, pictures=pictures)


class Counted(Noise):
    """Noise that counts how often a frame of it is read."""

    looks = 0

    def __getitem__(self, i):
        self.looks += 1
        return super().__getitem__(i)


@pytest.mark.parametrize(("count", "max_mb"), [(60, 24), (60, 6), (400, 6)])
def test_pictures_of_the_first_pass_are_not_read_again(tmp_path, count, max_mb):
    clip = Counted(count, (320, 240))
    page = with_pictures(tmp_path / "p.html", clip, track=track_of(clip), max_mb=max_mb)
    assert clip.looks <= 12  # what the sizes are estimated from
    assert page.stat().st_size < max_mb * 1e6
    pictures = [size for chunk in blocks_of(page).values() for size in chunk.get("buffers", [])]
    assert all(pictures)


def test_pictures_of_the_first_pass_are_those_of_a_second_one(tmp_path):
    clip = Noise(20, (64, 48))
    first = with_pictures(tmp_path / "a.html", clip, max_mb=8)
    assert first.read_bytes() == page_of(tmp_path / "b.html", clip).read_bytes()


def test_more_faces_than_expected_do_not_break_the_bound(tmp_path):
    clip = Noise(200, (320, 240))
    tracks = [track_of(clip)] * 8
    page = with_pictures(tmp_path / "p.html", clip, track=tracks, max_mb=6)
    assert 3e6 < page.stat().st_size < 6e6


def test_pictures_that_are_larger_than_they_looked_do_not_break_the_bound(tmp_path):
    path = page_of(tmp_path / "p.html", Deceptive(150, (320, 240)), max_mb=2)
    assert 1e6 < path.stat().st_size <= 2e6


@pytest.mark.parametrize(
    ("faces", "curves", "count"), [(12, 36, 2000), (1, 9, 40_000), (0, 0, 90_000)]
)
def test_faces_curves_and_the_number_of_frames_count_towards_the_bound(
    tmp_path, faces, curves, count, capsys
):
    clip = StandIn(count)
    series = {f"curve {i}": np.linspace(0, 1, count) for i in range(curves)}
    path = page_of(
        tmp_path / "p.html", clip, track=[track_of(clip)] * faces, series=series, max_mb=4
    )
    assert path.stat().st_size <= 4e6
    assert re.search(r"only one frame in \d+", capsys.readouterr().out)


def test_a_page_names_every_clip_that_it_shows_by_its_hash(tmp_path):
    pages = [page_of(tmp_path / "p.html", compare=StandIn(sha256="b" * 64)).read_text()]
    pages += [page_of(tmp_path / "q.html").read_text()]
    assert [["a" * 64 in page, "b" * 64 in page] for page in pages] == [[True, True], [True, False]]


def test_what_to_know_first_stands_before_the_picture_and_is_plain_text(tmp_path):
    view = inspector.FrameInspector(StandIn())
    path = view.to_html(tmp_path / "p.html", warnings=["One <b>cut</b>.", "Two."], notes={"a": "b"})
    text = path.read_text(encoding="utf-8")
    assert "<li>One &lt;b&gt;cut&lt;/b&gt;.<li>Two.</ul>" in text
    assert text.index("Read this first") < text.index('id="inspector"') < text.index("<dt>a")
    assert "Read this first" not in page_of(path).read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["fifo", "folder", "text", "device"])
def test_a_page_replaces_nothing_but_a_page(tmp_path, place):
    path = tmp_path / "p.html"
    if place == "fifo" and os.name == "nt":
        pytest.skip("this system has no such files")
    if place == "fifo":
        os.mkfifo(path)
    elif place == "folder":
        path.mkdir()
    elif place == "text":
        path.write_text("my own work")
    else:
        path = Path(os.devnull)
    kind = path.stat().st_mode
    for act in (page_of, inspector.check_page):
        with pytest.raises(FileExistsError, match="is not a page of the inspector. Choose another"):
            act(path)
    assert path.stat().st_mode == kind


@pytest.mark.parametrize("name", ["x" * 250 + ".html", "ü" * 120 + ".html"])
def test_a_name_that_is_too_long_is_refused_before_any_work(tmp_path, name):
    clip = StandIn()
    with pytest.raises(ValueError, match="Choose a shorter name"):
        page_of(tmp_path / name, clip)
    assert clip.read == []


def test_a_page_in_no_folder_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("")
    clip = StandIn()
    with pytest.raises(OSError, match="is not a folder that you may change"):
        page_of(tmp_path / "file" / "deep" / "p.html", clip)
    assert clip.read == []


def test_only_its_owner_reads_a_page(tmp_path):
    assert page_of(tmp_path / "p.html").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_name_that_is_no_text_makes_a_page(tmp_path):
    clip = StandIn(2)
    clip.path = Path(os.fsdecode(b"caf\xe9.mp4"))
    path = page_of(tmp_path / "p.html", clip)
    assert "<h1>caf?.mp4</h1>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size_wh", [(1, 1), (16384, 1), (1, 16384), (2, 3)])
@pytest.mark.parametrize("count", [1, 2])
def test_the_smallest_and_the_longest_pictures_make_a_page(tmp_path, size_wh, count):
    clip = StandIn(count, size_wh)
    view = inspector.FrameInspector(clip, track_of(clip), compare=clip)
    blocks = blocks_of(view.to_html(tmp_path / "p.html", max_mb=0.06))  # the program takes as much
    assert blocks["state"]["_info"]["size"] == list(size_wh) and "chunk0-0" in blocks
    view._repr_mimebundle_()


def test_lids_that_were_not_seen_travel_as_missing_beside_a_face_that_was():
    clip = StandIn()
    track = track_of(clip)
    track.eyelids[:, 1] = np.nan
    sent = numbers_of(ask(inspector.FrameInspector(clip, track), 0)[1])[:, 0]
    assert (sent[:, 484:] == packets.MISSING).all() and (sent[:, :484] != packets.MISSING).all()


def test_a_page_is_written_though_a_frame_cannot_be_read(tmp_path):
    blocks = blocks_of(page_of(tmp_path / "p.html", StandIn(broken={0, 29})))
    assert blocks["chunk0-0"]["error"] == "OSError: frame 0 is gone"
    assert [bool(part) for part in blocks["chunk0-0"]["buffers"][:-1]] == [False] + [True] * 7


def test_catalogue_is_listed_with_consent(monkeypatch, capsys):
    word = {"type": "own word", "scope": ["analyse"], "date": "2026-01-01", "contact": "B"}
    entry = {"kind": "original", "title": "A title", "licence": "CC0-1.0", "people": ["B"]}
    entries = [
        {"id": "a", "consent": {"type": "synthetic"}, **entry},
        {"id": "b", "consent": {**word, "expires": "2099-01-01"}, **entry},
        {"id": "c", "consent": {**word, "expires": "2026-01-02"}, **entry},
    ]
    monkeypatch.setattr(inspect_video.consent, "catalogue", lambda: {e["id"]: e for e in entries})
    assert inspect_video.main(["--clips"]) == 0
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("a ") and "no such person" in first
    assert second.startswith("b ") and "consent by word to analyse until 2099-01-01" in second
    assert third.startswith("c ") and "DO NOT USE" in third


def test_a_missing_video_is_one_line(tmp_path, capsys):
    assert inspect_video.main([str(tmp_path / "none.mp4"), "--no-browser"]) == 1
    error = capsys.readouterr().err
    assert re.fullmatch(r"error: .*none\.mp4: there is no such file.*\n", error)


def test_a_clip_without_faces_still_gets_its_page(
    plain_video, tmp_path, monkeypatch, capsys, notices
):
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [])
    out = tmp_path / "page.html"
    assert inspect_video.main([str(plain_video), "--out", str(out), "--no-browser"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "no face was found in the whole clip" in text and "found footage" in text
    assert capsys.readouterr().out.endswith(f"full size\n{out}\n")


def test_curves_of_several_people_carry_their_numbers():
    track = track_of(StandIn())
    names = list(inspect_video._series([track, track]))
    assert names[0] == "face 1: face-present score" and names[-1] == "face 2: mouth opening"
    assert list(inspect_video._series([track]))[1] == "eye opening"


def blinking(clip, seen=True):
    """A track whose lids close by 0.7 in frames 10 to 13, and are not seen in frame 0."""
    track = track_of(clip, missing=range(len(clip)) if not seen else [0])
    track.points[:, 1] = track.points[:, [234, 454]].mean(axis=1)  # the nose in the middle
    shut = np.isin(np.arange(len(clip)), [10, 11, 12, 13])
    lids = np.zeros((16, 2), np.float32)
    lids[:9, 0], lids[9:, 0], lids[9:, 1] = np.arange(9), np.arange(1, 8), -3
    track.eyelids[1:] = lids
    track.eyelids[shut, :, 9:, 1] *= 0.3
    track.eyelids[np.isnan(track.points[:, 0, 0])] = np.nan
    track.score[np.isnan(track.points[:, 0, 0])] = np.nan
    return track


@pytest.fixture
def notices(monkeypatch):
    """What tracking tells of any clip, in place of looking at its pictures."""
    told = []
    monkeypatch.setattr(inspect_video.tracking, "clip_notices", lambda clip: told)
    return told


def with_hash(clip, *notices):
    clip.sha256, clip.entry, clip.damage, clip.notices = "0" * 64, None, str, notices
    return clip


KEYS = [
    "id", "frames_seen", "warnings", "eye_opening", "seconds_watched", "blinks", "closures",
    "blink_rate_per_min", "rate_95", "statement", "cues",
]  # fmt: skip
UNCOUNTED = ["blinks", "closures", "blink_rate_per_min", "rate_95"]


def test_what_is_measured_has_stable_keys(notices):
    clip = with_hash(StandIn(count=100))
    measured = inspect_video.measure(clip, [blinking(clip), blinking(clip, seen=False)])
    assert measured["clip"] == {
        "file": "stand_in.mp4", "sha256": "0" * 64, "frames": 100, "fps": 25.0,
        "duration_s": 4.0, "width": 64, "height": 48, "warnings": [],
    }  # fmt: skip
    first, second = measured["faces"]
    assert list(first) == list(second) == KEYS
    assert (first["id"], first["frames_seen"], len(first["eye_opening"])) == (1, 99, 100)
    assert first["eye_opening"][0] is None
    assert first["eye_opening"][9:11] == [0.375, 0.1125]
    assert first["blinks"] == [{"first": 10, "lowest": 10, "last": 13, "depth": 0.7}]
    assert first["closures"] == [] and first["seconds_watched"] == pytest.approx(3.96)
    assert first["blink_rate_per_min"] == pytest.approx(60 / 3.96, abs=0.01)
    assert first["rate_95"] == pytest.approx([0.025318 * 60 / 3.96, 5.571643 * 60 / 3.96], abs=0.01)
    assert "1 blink in 4.0 s" in first["statement"] and "cannot tell" in first["statement"]
    assert set(second["eye_opening"]) == {None} and second["seconds_watched"] == 0
    assert [second[key] for key in UNCOUNTED] == [None] * 4
    assert "never seen well enough" in second["statement"]
    assert "blinks_not_counted" in [warning["kind"] for warning in second["warnings"]]
    assert inspect_video._spans(measured) == {"face 1: blinks": [(10, 13)]}  # no row of none


def test_long_closures_are_told_on_the_page_and_in_the_json(notices):
    clip = with_hash(StandIn(count=200))
    track = blinking(clip)
    track.eyelids[100:130, :, 9:, 1] *= 0.3  # 1.2 s
    measured = inspect_video.measure(clip, [track])
    (face,) = measured["faces"]
    assert [(one["first"], one["last"]) for one in face["closures"]] == [(100, 129)]
    assert [(one["first"], one["last"]) for one in face["blinks"]] == [(10, 13)]
    assert inspect_video._spans(measured)["closures of more than 0.5 s"] == [(100, 129)]
    said = inspect_video._facts(clip, measured)["face 1: blinks"]
    assert "Blinks in frames 10-13" in said and "more than 0.5 s in frames 100-129." in said


@pytest.mark.parametrize(("count", "fps"), [(40, 8), (1, 25), (2, 25)])
def test_too_few_frames_for_blinks_are_said(count, fps, notices):
    clip = with_hash(StandIn(count=count))
    clip.times, clip.fps = np.arange(count) / fps, fps
    (face,) = inspect_video.measure(clip, [track_of(clip)])["faces"]
    assert face["frames_seen"] == count and face["statement"]
    if count != 2:
        assert [face[key] for key in UNCOUNTED] == [None] * 4
        assert face["statement"] in [one["statement"] for one in face["warnings"]]


def test_the_page_and_the_json_tell_the_same_of_the_blinks(notices):
    clip = with_hash(StandIn(count=100))
    measured = inspect_video.measure(clip, [blinking(clip), blinking(clip, seen=False)])
    facts = inspect_video._facts(clip, measured)
    first, second = measured["faces"]
    rate = f"{first['blink_rate_per_min']:.1f} blinks a minute while both eyes were seen"
    words = f"Blinks in frames 10-13: {rate}. {first['statement']}"
    assert facts["face 1: blinks"] == words and facts["face 2: blinks"] == second["statement"]


def test_warnings_of_the_clip_and_of_each_face_are_told_everywhere(notices, monkeypatch):
    whole = Notice("mirrored", None, None, "The file asks for a mirrored picture.")
    cuts = [Notice("cut", i, i, f"Another shot begins at frame {i}.") for i in range(10, 90, 10)]
    eyes = Notice("covered_eyes", 20, 44, "No eye is seen in frames 20 to 44.")
    notices += cuts
    monkeypatch.setattr(inspect_video.tracking, "track_notices", lambda track: [eyes])
    clip = with_hash(StandIn(count=100), whole)
    measured = inspect_video.measure(clip, [blinking(clip), blinking(clip)])
    assert measured["clip"]["warnings"] == [
        {"kind": kind, "first": first, "last": last, "statement": said}
        for kind, first, last, said in (whole, *cuts)
    ]
    assert measured["faces"][1]["warnings"][0] == eyes._asdict()
    told = inspect_video._warning_words(measured)
    assert told[0] == whole.statement and told[1] == cuts[0].statement
    assert told[5].endswith("frame 50. There are 3 more warnings of this kind.")
    assert told[6:] == [f"Face {i}: {eyes.statement}" for i in (1, 2)]
    spans = inspect_video._spans(measured)
    assert spans["cut"] == [(i, i) for i in range(10, 90, 10)]
    assert spans["face 2: covered eyes"] == [(20, 44)] and "mirrored" not in spans


def test_the_readme_describes_every_key_and_every_kind_of_warning(notices):
    readme = (DATA.parent / "README.md").read_text(encoding="utf-8")
    clip = with_hash(StandIn(count=100))
    measured = inspect_video.measure(clip, [blinking(clip)])
    face = measured["faces"][0]
    keys = {*measured, *measured["clip"], *face, *face["blinks"][0], *face["cues"][0]}
    assert [key for key in keys | {*Notice._fields} if f'"{key}"' not in readme] == []
    assert [kind for kind in KINDS if f"`{kind}`" not in readme] == []


def test_json_is_written_beside_the_page(plain_video, tmp_path, monkeypatch, capsys, notices):
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [blinking(clip)])
    out, numbers = tmp_path / "page.html", tmp_path / "new ü" / "numbers ü.json"
    ask = [str(plain_video), "--out", str(out), "--json", str(numbers), "--no-browser"]
    for _ in range(2):  # a file of ours is replaced
        assert inspect_video.main(ask) == 0
        assert capsys.readouterr().out.endswith(f"\n{out}\n{numbers}\n")
    measured = json.loads(numbers.read_text(encoding="utf-8"))
    assert measured["clip"]["file"] == plain_video.name and measured["clip"]["frames"] == 90
    assert [len(face["blinks"]) for face in measured["faces"]] == [1]
    assert [path.name for path in numbers.parent.iterdir()] == ["numbers ü.json"]


def test_a_clip_without_faces_has_json_without_faces(plain_video, tmp_path, monkeypatch, notices):
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [])
    out, numbers = tmp_path / "page.html", tmp_path / "numbers.json"
    inspect_video.inspect(plain_video, out, numbers)
    assert json.loads(numbers.read_text(encoding="utf-8"))["faces"] == []


@pytest.mark.parametrize("content", ["my own work", "[1]", '{"clip": 1}', b"\xff", None])
def test_only_json_of_ours_is_replaced(content, plain_video, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: 1 / 0)
    yours = tmp_path / "yours.json"
    if content is None:
        yours.mkdir()
    else:
        yours.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert inspect_video.main([str(plain_video), "--json", str(yours), "--no-browser"]) == 1
    assert "not a file of measurements. Choose another name" in capsys.readouterr().err
    assert yours.is_dir() or yours.read_bytes() in (content, str(content).encode())


@pytest.mark.parametrize("place", ["fifo", "device", "long", "nowhere", "deep", "the page"])
def test_a_bad_place_is_refused_before_anything_is_measured(
    plain_video, tmp_path, monkeypatch, capsys, place
):
    if place == "fifo" and os.name == "nt":
        pytest.skip("this system has no such files")
    monkeypatch.setattr(inspect_video.clips, "Clip", lambda path, **_: 1 / 0)
    path = {"device": Path(os.devnull), "long": tmp_path / f"{'x' * 240}.html",
            "nowhere": plain_video / "in" / "a.html"}.get(place, tmp_path / "a.html")  # fmt: skip
    if place == "fifo":
        os.mkfifo(path)
    if place == "deep":
        path.write_text("[" * 100_000)
    ask = [str(plain_video), "--no-browser"]
    for options in (["--out", str(path)], ["--json", str(path)]):
        both = ["--out", str(path), "--json", str(path)]
        assert inspect_video.main(ask + (both if place == "the page" else options)) == 1
        assert re.fullmatch(
            r"error: .*(Choose|Give|cannot be written).*\n", capsys.readouterr().err
        )


@pytest.mark.parametrize("name", ["-x.mp4", "--", "a b -c.mp4", "x" * 245 + ".mp4", b"caf\xe9.mp4"])
def test_odd_names_have_a_page_and_numbers(
    name, plain_video, tmp_path, monkeypatch, capsys, notices
):
    if os.name == "nt" or (isinstance(name, bytes) and sys.platform == "darwin"):
        pytest.skip("this system takes no such names")
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path / "data"))
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [])
    video = plain_video.rename(tmp_path / os.fsdecode(name))
    page = inspect_video.inspect(video, numbers=tmp_path / "n.json")
    assert page.parent == tmp_path / "build" and blocks_of(page)["state"]["_info"]["count"] == 90
    told = json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))["clip"]["file"]
    assert told == os.fsdecode(name).encode(errors="replace").decode()
    assert page.read_text(encoding="utf-8").count(told[:200]) > 1


def test_a_name_that_looks_like_an_option_is_said_in_words(capsys):
    with pytest.raises(SystemExit):
        inspect_video.main(["-talk.mp4"])
    assert "begins with -, write ./ before it" in capsys.readouterr().err


def test_two_videos_of_one_name_have_two_pages(plain_video, tmp_path, monkeypatch, notices):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path / "data"))
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [])
    other = write_video(tmp_path / "other.mp4", count=5)
    (tmp_path / "there").mkdir()
    other = other.rename(tmp_path / "there" / plain_video.name)
    pages = [inspect_video.inspect(video) for video in (plain_video, other, plain_video)]
    assert pages[0] == pages[2] != pages[1]
    assert [blocks_of(page)["state"]["_info"]["count"] for page in pages] == [90, 5, 90]


@pytest.mark.parametrize("stage", ["Clip", "track_faces", "to_html", "write_json"])
@pytest.mark.parametrize(
    ("error", "code", "said"),
    [(KeyboardInterrupt, 130, "Stopped. No file was left half written.\n"),
     (MemoryError, 1, "error: the memory of this computer is full. "
                      "Close other programs, then try again.\n")],
)  # fmt: skip
def test_what_ends_a_run_is_said_in_one_line_at_every_stage(
    stage, error, code, said, plain_video, tmp_path, monkeypatch, capsys, notices
):
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [])
    owner = {"Clip": inspect_video.clips, "track_faces": inspect_video.tracking,
             "to_html": inspector.FrameInspector, "write_json": inspect_video}[stage]  # fmt: skip
    monkeypatch.setattr(owner, stage, lambda *_, **__: (_ for _ in ()).throw(error))
    out = tmp_path / "out" / "p.html"
    ask = [str(plain_video), "--out", str(out), "--json", str(out.with_name("n.json"))]
    assert inspect_video.main([*ask, "--no-browser"]) == code
    assert capsys.readouterr().err == said
    assert [path.name for path in out.parent.glob("*")] == ["p.html"] * (stage == "write_json")


def test_an_error_stands_on_a_line_of_its_own_below_no_bar(plain_video, monkeypatch, capsys):
    def fail(clip, watch):
        for _ in inspect_video.tqdm(range(3), "following faces", leave=False):
            raise OSError("the disk is gone")

    monkeypatch.setattr(inspect_video.tracking, "track_faces", fail)
    assert inspect_video.main([str(plain_video), "--no-browser"]) == 1
    said = capsys.readouterr().err
    before, _, after = said.partition("error: the disk is gone\n")
    assert "following" in before and re.search(r"\r *\r$", before)
    assert after.replace("\r", "").strip() == "" or "following" in after


EDITS = {
    "a key is gone": lambda kept: kept.pop("pts"),
    "another length": lambda kept: kept.update(pts=kept["pts"][:5]),
    "other numbers": lambda kept: kept.update(pts=kept["pts"] + 1),
    "another type": lambda kept: kept.update(pts=kept["pts"].astype(str)),
    "a key more": lambda kept: kept.update(more=np.zeros(3)),
    "no digest": lambda kept: kept.pop("digest"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_a_cache_that_was_edited_is_measured_again(edit, plain_video, tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    times = clips.Clip(plain_video).times
    (file,) = (tmp_path / "cache").iterdir()
    assert cache.load_arrays(file)["pts"].size == 90
    kept = dict(np.load(file))
    edit(kept)
    np.savez_compressed(file, **kept)
    assert cache.load_arrays(file) == {}
    np.testing.assert_array_equal(clips.Clip(plain_video).times, times)
    assert cache.load_arrays(file)["pts"].size == 90


def test_what_killed_runs_left_is_deleted_when_it_is_old(tmp_path):
    path, fresh, old, other = (
        tmp_path / name
        for name in ("p.html", "p.12.partial.html", "p.34.partial.html", "other.5.partial.html")
    )
    for left in (fresh, old, other):
        left.write_text("half")
    for left in (old, other):
        os.utime(left, (0, 0))
    page_of(path)
    assert sorted(tmp_path.iterdir()) == sorted([path, fresh, other])


def test_interrupted_json_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        inspect_video.write_json(tmp_path / "n.json", {"clip": {}, "faces": []})
    assert not list(tmp_path.iterdir())


def test_the_joined_script_is_one_module_that_fetches_nothing():
    files = {path.stem for path in (page.HERE).glob("*.mjs")}
    assert files == set(page.PARTS)
    assert not re.search(r"^\s*(import|export)\b|\bimport\(|</script", page.SCRIPT, re.M)
    assert inspector.FrameInspector(StandIn())._esm.rstrip().endswith("export default { render };")


def test_marks_come_into_the_page_of_a_video_only_when_asked(
    plain_video, tmp_path, monkeypatch, notices
):
    monkeypatch.setattr(inspect_video.tracking, "track_faces", lambda clip, watch: [])
    view = inspector.FrameInspector(clips.Clip(plain_video))
    view.marks = [ONE]
    out = tmp_path / "p.html"
    for flags, expected in ([], []), (["--with-marks"], [ONE]):
        ask = [str(plain_video), "--out", str(out), "--no-browser", *flags]
        assert inspect_video.main(ask) == 0
        assert blocks_of(out)["state"]["marks"] == expected
