"""The inspector without a browser: traits, chunks, the page as a file, the command line."""

import json
import re
from pathlib import Path

import cv2
import inspect_video
import inspector_page
import numpy as np
import pytest
import traitlets
from framewise import inspector
from framewise.landmarks import FaceTrack


class StandIn:
    """A clip made of numbers: frame i is grey of brightness i."""

    def __init__(self, count=30, size_wh=(64, 48), broken=()):
        self.path, self.count, self.size_wh, self.broken = (
            Path("stand_in.mp4"),
            count,
            size_wh,
            broken,
        )
        self.times, self.fps, self.read = np.arange(count) / 25, 25.0, []

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        self.read.append(i)
        if i in self.broken:
            raise OSError(f"frame {i} is gone")
        return np.full((self.size_wh[1], self.size_wh[0], 3), i, np.uint8)


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


def ask(widget, chunk):
    """Send a browser's wish; return the answer and its buffers."""
    answers = []
    widget.send = lambda content, buffers=None: answers.append((content, buffers))
    widget._handle_custom_msg({"chunk": chunk}, [])
    (answer,) = answers
    return answer


def brightness(jpeg):
    return round(float(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).mean()))


def numbers_of(buffers, faces=1):
    return np.frombuffer(buffers[-1], "<i2").reshape(len(buffers) - 1, faces, 468 + 32, 2)


def test_a_new_inspector_stands_at_the_first_frame():
    view = inspector.FrameInspector(StandIn())
    assert (view.frame, view.playing) == (0, False)
    assert view._info["count"] == 30 and view._info["size"] == [64, 48]
    assert view._info["faces"] == 0 and view._info["series"] == {}


@pytest.mark.parametrize(("wish", "frame"), [(17, 17), (-5, 0), (30, 29), (10**6, 29)])
def test_a_frame_outside_the_clip_becomes_the_nearest_inside(wish, frame):
    view = inspector.FrameInspector(StandIn())
    view.frame = wish
    assert view.frame == frame


@pytest.mark.parametrize(("trait", "value"), [("frame", 1.5), ("frame", "3"), ("playing", "yes")])
def test_traits_take_only_their_type(trait, value):
    with pytest.raises(traitlets.TraitError, match=trait):
        setattr(inspector.FrameInspector(StandIn()), trait, value)


def test_observing_the_frame_works():
    view, seen = inspector.FrameInspector(StandIn()), []
    view.observe(lambda change: seen.append(change.new), "frame")
    view.set_state({"frame": 4})  # as the browser does
    assert seen == [4]


def test_chunks_hold_every_frame_once_and_in_order():
    view = inspector.FrameInspector(StandIn())
    answers = [ask(view, chunk) for chunk in range(4)]
    jpegs = [jpeg for _, buffers in answers for jpeg in buffers[:-1]]
    assert [brightness(jpeg) for jpeg in jpegs] == list(range(30))
    assert [len(buffers) - 1 for _, buffers in answers] == [8, 8, 8, 6]
    assert all(content["error"] is None for content, _ in answers)


def test_a_chunk_reads_only_its_own_frames():
    clip = StandIn(count=10_000)
    view = inspector.FrameInspector(clip)
    ask(view, 700)
    assert clip.read == list(range(5600, 5608))


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
    gone = (numbers_of(buffers) == inspector.MISSING).all(axis=(1, 2, 3))
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


def test_series_keep_their_gaps():
    values = np.array([0.123456, np.nan, np.inf, *range(27)])
    info = inspector.FrameInspector(StandIn(), series={"eye": values})._info
    assert info["series"]["eye"][:4] == [0.1235, None, None, 0.0]
    json.dumps(info, allow_nan=False)


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
    ],
)
def test_what_does_not_fit_the_clip_is_refused(extra, message):
    if "track" in extra:
        extra = {"track": track_of(StandIn(count=extra["track"]))}
    with pytest.raises(ValueError, match=message):
        inspector.FrameInspector(StandIn(), **extra)


def test_shown_without_a_kernel_there_are_still_pictures():
    data, _ = inspector.FrameInspector(StandIn())._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    alts = re.findall(
        r'<img [^>]*src="data:image/jpeg;base64,[^"]+" alt="([^"]+)"', data["text/html"]
    )
    assert len(alts) == 8 and alts[0] == "Frame 0 at 0.000 s" and alts[-1] == "Frame 29 at 1.160 s"


@pytest.mark.parametrize(
    "clip", [StandIn(count=1), StandIn(broken=range(30))], ids=["one", "broken"]
)
def test_still_pictures_never_fail(clip):
    data, _ = inspector.FrameInspector(clip)._repr_mimebundle_()
    assert "stand_in.mp4" in data["text/html"]


def test_the_page_is_one_file_without_addresses(tmp_path):
    clip = StandIn()
    path = inspector_page.to_html(
        clip, tmp_path / "new" / "page.html", track_of(clip), {"eye": np.ones(30)},
        title="<b>Title</b>", notes={"a & b": "</script><script>alert(1)</script>"},
    )  # fmt: skip
    text = path.read_text(encoding="utf-8")
    assert text.startswith(inspector_page.MARKER)
    assert not re.findall(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", text)
    assert "&lt;b&gt;Title" in text and "<b>Title" not in text and "<script>alert" not in text
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_the_page_holds_every_frame(tmp_path):
    text = inspector_page.to_html(StandIn(), tmp_path / "p.html").read_text(encoding="utf-8")
    blocks = dict(re.findall(r'<script type="application/json" id="(\w+)">(.*?)</script>', text))
    assert json.loads(blocks["info"])["count"] == 30
    assert [len(json.loads(blocks[f"chunk{i}"])["buffers"]) - 1 for i in range(4)] == [8, 8, 8, 6]
    assert "every frame, full size" in text


def test_only_a_page_of_ours_is_replaced(tmp_path):
    mine, yours = tmp_path / "mine.html", tmp_path / "yours.html"
    inspector_page.to_html(StandIn(count=2), mine)
    inspector_page.to_html(StandIn(count=3), mine)
    assert "only one frame" not in mine.read_text(encoding="utf-8")
    yours.write_text("my own work")
    for path in (yours, tmp_path):
        with pytest.raises(FileExistsError, match="choose another name"):
            inspector_page.to_html(StandIn(), path)
    assert yours.read_text() == "my own work"


def test_an_interrupted_page_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        inspector_page.to_html(StandIn(), tmp_path / "p.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "size_wh"), [(60, (640, 480)), (400, (320, 240))])
def test_a_large_page_is_shrunk_below_its_bound_and_says_so(tmp_path, count, size_wh):
    path = inspector_page.to_html(Noise(count, size_wh), tmp_path / "p.html", max_mb=6)
    text = path.read_text(encoding="utf-8")
    assert 4e6 < len(text) < 6e6
    shrunk, thinned = "shrunk from 640 x 480" in text, re.search(r"only one frame in (\d+)", text)
    assert shrunk == (size_wh[0] > 320) and bool(thinned) == (count == 400)
    if thinned:
        info = json.loads(re.search(r'id="info">(.*?)</script>', text)[1])
        assert info["step"] == int(thinned[1]) and info["count"] == count


def test_catalogue_is_listed_with_consent(monkeypatch, capsys):
    signed = {"type": "signed", "scope": ["analyse"], "expires": "2099-01-01"}
    entry = {"kind": "original", "title": "A title", "licence": "CC0-1.0"}
    entries = [
        {"id": "a", "consent": {"type": "synthetic"}, **entry},
        {"id": "b", "consent": signed, **entry},
    ]
    monkeypatch.setattr(inspect_video.consent, "catalogue", lambda: {e["id"]: e for e in entries})
    assert inspect_video.main(["--clips"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("a ") and "no such person" in first
    assert second.startswith("b ") and "signed for analyse until 2099-01-01" in second


def test_a_missing_video_is_one_line(tmp_path, capsys):
    assert inspect_video.main([str(tmp_path / "none.mp4"), "--no-browser"]) == 1
    error = capsys.readouterr().err
    assert re.fullmatch(r"error: .*none\.mp4: no such file.*\n", error)


def test_a_clip_without_faces_still_gets_its_page(plain_video, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(inspect_video.landmarks, "track_faces", lambda clip: [])
    out = tmp_path / "page.html"
    assert inspect_video.main([str(plain_video), "--out", str(out), "--no-browser"]) == 0
    text = out.read_text(encoding="utf-8")
    assert "no face was found in the whole clip" in text and "found footage" in text
    assert capsys.readouterr().out == f"{out}\n"


def test_curves_of_several_people_carry_their_numbers():
    track = track_of(StandIn())
    names = list(inspect_video._series([track, track]))
    assert names[0] == "face 1: face-present score" and names[-1] == "face 2: mouth opening"
    assert list(inspect_video._series([track]))[1] == "eye opening"


def test_nothing_is_imported_that_the_page_would_need():
    source = (inspector.HERE / "inspector.js").read_text(encoding="utf-8")
    assert not re.search(r"^\s*import\b|\bimport\(|</script", source, re.M)
    assert source.rstrip().endswith("export default { render };")
