"""Clip serves exactly the n-th frame of a full decode, on every kind of file."""

import os
import random
import re
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from framewise import clips, samples
from framewise.clips import Clip
from framewise.workbench import clock, encode, full_pass, video
from videos import copy_video, full_decode, numbered_frame, read_number, write_video

pytestmark = pytest.mark.usefixtures("no_cache")

VARIABLE = np.cumsum([random.Random(0).choice([20, 33, 40, 67, 120]) for _ in range(90)]).tolist()

KINDS = {
    "constant rate": ("mp4", {"options": {"g": "30", "bf": "0"}}),
    "B-frames": ("mp4", {"options": {"g": "30", "bf": "3"}}),
    "open groups": ("mp4", {"options": {"g": "15", "bf": "3", "x264-params": "open-gop=1"}}),
    "intra refresh": ("mp4", {"options": {"g": "15", "x264-params": "intra-refresh=1"}}),
    "variable rate": ("mp4", {"options": {"g": "30", "bf": "3"}, "pts": VARIABLE}),
    "variable rate, Matroska": ("mkv", {"options": {"g": "30", "bf": "3"}, "pts": VARIABLE}),
    "WebM without duration": (
        "webm",
        {"codec": "libvpx", "options": {"g": "30", "auto-alt-ref": "1"}, "muxer": {"live": "1"}},
    ),
    "VP9": ("webm", {"codec": "libvpx-vp9", "options": {"g": "30", "cpu-used": "8"}}),
    "odd size": (
        "webm",
        {"codec": "libvpx-vp9", "size_wh": (161, 97), "options": {"cpu-used": "8"}},
    ),
    "odd size, 4:4:4": ("mp4", {"size_wh": (161, 97), "pix_fmt": "yuv444p"}),
    "greyscale": ("mp4", {"pix_fmt": "gray"}),
    "greyscale, lossless": ("mkv", {"codec": "ffv1", "pix_fmt": "gray"}),
    "with sound": ("mp4", {"sound": "aac", "options": {"g": "20", "bf": "2"}}),
    "fragmented": ("mp4", {"muxer": {"movflags": "frag_keyframe+empty_moov"}}),
    "AVI": ("avi", {"codec": "mpeg4", "options": {"g": "20", "bf": "2"}}),
    "transport stream": ("ts", {"options": {"g": "20", "bf": "2"}}),
    "bare H.264, no timestamps": ("h264", {"options": {"g": "20", "bf": "2"}}),
    "MPEG-2": ("mpg", {"codec": "mpeg2video", "options": {"g": "12", "bf": "2"}}),
    "Motion JPEG": ("avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_is_that_of_a_full_decode(kind, tmp_path):
    suffix, how = KINDS[kind]
    path = write_video(tmp_path / f"video.{suffix}", **how)
    truth = full_decode(path)
    clip = Clip(path)
    assert len(clip) == len(truth) == 90
    assert not clip.damage()
    order = random.Random(1).choices(range(90), k=40) + [89, 0, 44, 45, 44]
    for i in order:
        assert np.array_equal(clip[i], truth[i]), f"frame {i}"
        assert read_number(clip[i]) == i
    for i, frame in enumerate(clip):
        assert np.array_equal(frame, truth[i]), f"streamed frame {i}"
    assert [read_number(f) for f in clip.frames(37, 52)] == list(range(37, 52))


def check_random_access(path, count=None, *, open_clip=Clip):
    """Open a file, compare frames in random order with a plain decode, and return the clip."""
    truth = full_decode(path)
    clip = open_clip(path)
    assert len(clip) == len(truth) == (count or len(truth))
    for i in random.Random(1).choices(range(len(clip)), k=25) + [len(clip) - 1, 0]:
        assert np.array_equal(clip[i], truth[i]), f"frame {i}"
    return clip


def test_what_the_decoder_learnt_at_the_start_is_there_after_a_seek():
    """Old x264 coded 4:4:4 in its own way; only a note in the first frame tells the decoder."""
    check_random_access(Path(__file__).with_name("x264_core148_444.mp4"), 150)


def without_parameter_sets(keep):
    """Return a change for `copy_video` that drops H.264 parameter sets, except in some packets."""

    def change(packet, number):
        units = re.split(b"(?=\0\0\0\1)|(?=(?<!\0)\0\0\1)", bytes(packet))
        kept = [u for u in units if u and (u.lstrip(b"\0")[1] & 31) not in (7, 8)]
        return None if number in keep else b"".join(kept)

    return change


@pytest.mark.parametrize("second", [{}, {"coder": "0", "x264-params": "ref=1:8x8dct=0:open-gop=1"}])
def test_parameter_sets_that_come_only_once(second, tmp_path):
    """With other ones from the middle on, a seek into the end lacks those of the middle."""
    halves = [
        write_video(tmp_path / f"{i}.ts", count=40, options={"g": "10", "bf": "2"} | how)
        for i, how in enumerate(({}, second))
    ]
    joined = tmp_path / "joined.ts"
    with av.open(str(joined), "w") as out:
        stream = None
        for half in halves:
            once = copy_video(half, tmp_path / "once.ts", change=without_parameter_sets({0}))
            with av.open(str(once)) as source:
                stream = stream or out.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.pts += 144000 * (half is halves[1])
                        packet.dts += 144000 * (half is halves[1])
                        packet.stream = stream
                        out.mux(packet)
    clip = check_random_access(joined, 80)
    assert not clip.damage()


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "bgr0", "rgb24", "yuv420p10le", "nv12", "gray16le"])
def test_a_change_in_any_byte_of_a_checked_row_is_noticed(pix_fmt):
    rgb = av.VideoFrame.from_ndarray(numbered_frame(3, (150, 96)), format="rgb24")
    frame = rgb.reformat(format=pix_fmt)
    before = video.checksum(frame, 8)
    for plane in frame.planes:
        data = np.frombuffer(plane, np.uint8).copy().reshape(plane.height, -1)
        wide = {"bgr0": 4, "rgb24": 3, "gray16le": 2, "yuv420p10le": 2}.get(pix_fmt, 1)
        at = wide * plane.width - 1 - (pix_fmt == "bgr0")  # its last byte is padding
        data[8, at] ^= 1
        plane.update(data.tobytes())
        assert video.checksum(frame, 8) != before
        data[8, at] ^= 1
        plane.update(data.tobytes())
    assert video.checksum(frame, 8) == before


def test_a_frame_that_differs_after_a_seek_is_decoded_from_the_start(plain_video, monkeypatch):
    clip = Clip(plain_video)
    after_seek = video._after_seek
    late = lambda *how: islice(after_seek(*how), 1, None)  # noqa: E731
    monkeypatch.setattr(video, "_after_seek", late)  # shows each frame's follower
    assert [read_number(clip[i]) for i in (80, 30, 14)] == [80, 30, 14]


TURNS = {
    "90": ((0, 1, -1, 0), lambda f: np.rot90(f, -1)),
    "180": ((-1, 0, 0, -1), lambda f: np.rot90(f, 2)),
    "270": ((0, -1, 1, 0), lambda f: np.rot90(f)),
    "mirrored": ((-1, 0, 0, 1), lambda f: f[:, ::-1]),
    "upside down, mirrored": ((1, 0, 0, -1), lambda f: f[::-1]),
    "transposed": ((0, 1, 1, 0), lambda f: f.transpose(1, 0, 2)),
    "transposed the other way": ((0, -1, -1, 0), lambda f: f.transpose(1, 0, 2)[::-1, ::-1]),
    "twice as large": ((0, 2, -2, 0), lambda f: np.rot90(f, -1)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_the_whole_display_matrix_is_honoured(turn, tmp_path):
    matrix, upright = TURNS[turn]
    path = write_video(tmp_path / "phone.mp4", matrix=matrix, count=20)
    clip = Clip(path)
    expected = upright(full_decode(path)[7])
    assert np.array_equal(clip[7], expected)
    assert clip.size_wh == expected.shape[1::-1]
    mirrored = np.linalg.det(np.reshape(matrix, (2, 2))) < 0
    assert [notice.kind for notice in clip.notices] == ["mirrored"] * int(mirrored)


@pytest.mark.parametrize("matrix", [(0, 0, 0, 0), (0.7, 0.7, -0.7, 0.7), (1, 0, 0, 0)])
def test_a_matrix_that_is_no_turn_is_ignored_with_a_word(matrix, tmp_path):
    path = write_video(tmp_path / "odd.mp4", matrix=matrix, count=5)
    clip = Clip(path)
    assert np.array_equal(clip[3], full_decode(path)[3])
    assert [notice.kind for notice in clip.notices] == ["orientation"]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "h264"])
@pytest.mark.parametrize(
    ("how", "upright"),
    [("flip=horizontal", lambda f: f[:, ::-1]), ("rotate=90", np.rot90)],
)
def test_the_orientation_in_h264_itself_counts(how, upright, suffix, tmp_path):
    source = write_video(tmp_path / "plain.ts", count=20, options={"bf": "0"})
    bsf = f"h264_metadata=display_orientation=insert:{how}"
    path = copy_video(source, tmp_path / f"turned.{suffix}", bsf=bsf)
    assert np.array_equal(Clip(path)[7], upright(full_decode(path)[7]))


@pytest.mark.parametrize(
    ("pixel", "size_wh"), [("4/3", (213, 96)), ("1/2", (160, 192)), ("1/1", (160, 96))]
)
@pytest.mark.parametrize("matrix", [None, (0, 1, -1, 0)])
def test_pixels_are_made_square(pixel, size_wh, matrix, tmp_path):
    how = {"pixel": Fraction(pixel), "matrix": matrix, "count": 5}
    clip = Clip(write_video(tmp_path / "anamorphic.mp4", **how))
    assert clip.size_wh == clip[3].shape[1::-1] == (size_wh[::-1] if matrix else size_wh)
    upright = np.rot90(clip[3]) if matrix else clip[3]
    stored = cv2.resize(upright, (160, 96), interpolation=cv2.INTER_AREA)
    assert read_number(stored) == 3
    kinds = [notice.kind for notice in clip.notices]
    assert kinds == ["pixel_aspect"] * (pixel != "1/1")


def test_pixels_of_no_camera_are_ignored_with_a_word(tmp_path):
    clip = Clip(write_video(tmp_path / "odd.mp4", pixel=Fraction(8), count=5))
    assert clip.size_wh == (160, 96)
    assert [notice.kind for notice in clip.notices] == ["pixel_aspect"]


@pytest.mark.parametrize("suffix", ["ts", "h264"])
@pytest.mark.parametrize(
    ("size_wh", "inside"),
    [((320, 192), np.s_[:, :]), ((160, 48), np.s_[24:72, :]), ((80, 96), np.s_[:, 40:120])],
)
def test_another_size_inside_a_file_is_scaled_to_the_first(size_wh, inside, suffix, tmp_path):
    parts = [
        write_video(tmp_path / f"{i}.{suffix}", count=25, size_wh=wh, options={"bf": "0"})
        for i, wh in enumerate(((160, 96), size_wh))
    ]
    path = tmp_path / f"joined.{suffix}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    first, second = map(full_decode, parts)
    clip = Clip(path)
    assert {frame.shape for frame in clip} == {(96, 160, 3)}
    assert np.array_equal(clip[20], first[20])
    height, width = clip[40][inside].shape[:2]
    expected = cv2.resize(second[15], (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(clip[40][inside].astype(float) - expected).mean() < 3
    beside = np.ones((96, 160), bool)
    beside[inside] = False
    assert not clip[40][beside].any()
    (notice,) = [notice for notice in clip.notices if notice.kind == "size_change"]
    assert (notice.first, notice.last) == (25, 49)


def test_interlacing_is_told(tmp_path):
    clip = Clip(write_video(tmp_path / "i.mp4", options={"x264-params": "tff=1"}, count=20))
    assert [notice.kind for notice in clip.notices] == ["interlaced"]


@pytest.mark.parametrize("marked", [0, 1])
def test_the_stream_marked_as_default_is_shown(marked, tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("mjpeg", rate=25) for _ in range(2)]
        for number, stream in enumerate(streams):
            stream.width, stream.height, stream.pix_fmt = 160, 96 * (2 - number), "yuvj420p"
            stream.disposition = av.stream.Disposition(int(number == marked))
        for i in range(5):
            for stream in streams:
                image = numbered_frame(i, (stream.width, stream.height))
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
    assert Clip(path).size_wh == (160, 192 - 96 * marked)


def test_times_come_from_timestamps(tmp_path):
    clip = Clip(write_video(tmp_path / "v.mp4", pts=VARIABLE))
    expected = (np.array(VARIABLE) - VARIABLE[0]) / 1000
    np.testing.assert_allclose(clip.times, expected, atol=1e-4)
    assert clip.fps == pytest.approx(89 / expected[-1], rel=1e-3)


NONE = clock.NO_TIME
EVEN = [0, 40, 80, 120, 160, 200, 240, 280, 320, 360]


@pytest.mark.parametrize(
    ("stamps", "times", "restarts"),
    [
        pytest.param(EVEN, EVEN, [], id="even"),
        pytest.param([7 + t for t in EVEN], EVEN, [], id="late start"),
        pytest.param([NONE] * 3 + EVEN[3:], EVEN, [], id="none at the start"),
        pytest.param(EVEN[:7] + [NONE] * 3, EVEN, [], id="none at the end"),
        pytest.param(EVEN[:4] + [NONE] * 2 + EVEN[6:], EVEN, [], id="none in the middle"),
        pytest.param(
            [0, 0, 40, 40, *EVEN[2:]], [0, 0, 40, 40, *EVEN[2:]], [], id="equal times stay"
        ),
        pytest.param(
            EVEN + [t // 4 for t in EVEN], EVEN + [400 + t // 4 for t in EVEN], [10], id="joined"
        ),
        pytest.param(
            [900 + t for t in EVEN] + [NONE, *EVEN[1:]],
            EVEN + [400 + t for t in EVEN],
            [11],
            id="joined, none where the second begins",
        ),
        pytest.param([0] * 10, EVEN, "assumed", id="all equal"),
        pytest.param([NONE] * 10, EVEN, "assumed", id="none at all"),
        pytest.param([0, 200, 400, 120, 320, 520, 240, 440, 640, 360], EVEN, "assumed", id="mixed"),
        pytest.param(EVEN[::-1], EVEN, "assumed", id="backwards"),
        pytest.param([5], [0], [], id="one frame"),
    ],
)
def test_times_never_fall_and_keep_the_rate_of_each_part(stamps, times, restarts):
    found, fps, falls, assumed = clock.clock(np.array(stamps, np.int64), 1000.0, 25.0)
    np.testing.assert_allclose(found, np.array(times) / 1000, atol=1e-9)
    assert assumed == (restarts == "assumed")
    assert falls.tolist() == ([] if assumed else restarts)
    assert fps == pytest.approx((len(times) - 1) / found[-1] if len(times) > 1 else 25)


def test_joined_recordings_keep_their_length_and_say_so(tmp_path):
    """4 s at 25 pictures a second, then 2 s at 75."""
    slow, fast = list(range(0, 4000, 40)), [round(i * 1000 / 75) for i in range(150)]
    path = tmp_path / "joined.ts"
    path.write_bytes(
        b"".join(
            write_video(tmp_path / f"{len(pts)}.ts", count=len(pts), pts=pts).read_bytes()
            for pts in (slow, fast)
        )
    )
    clip = check_random_access(path, 250)
    assert clip.times[-1] + 1 / 75 == pytest.approx(6, abs=0.03)
    assert np.diff(clip.times[:100]).mean() == pytest.approx(1 / 25, rel=0.01)
    assert np.diff(clip.times[100:]).mean() == pytest.approx(1 / 75, rel=0.01)
    assert [(n.kind, n.first) for n in clip.notices] == [("clock_restart", 100)]
    assert not clip.damage()


def test_facts_of_a_plain_clip(plain_video):
    clip = Clip(plain_video)
    assert (len(clip), clip.fps, clip.size_wh, clip.entry) == (90, 25.0, (160, 96), None)
    np.testing.assert_allclose(clip.times, np.arange(90) / 25)
    assert repr(clip) == "Clip('plain.mp4', 90 frames, 25 fps, 160x96)"


def test_negative_index_and_outside(plain_video):
    clip = Clip(plain_video)
    assert read_number(clip[-1]) == 89
    for outside in (90, -91):
        with pytest.raises(IndexError, match="has frames 0 to 89"):
            clip[outside]


def test_only_whole_numbers_name_a_frame(plain_video):
    clip = Clip(plain_video)
    assert read_number(clip[np.int64(7)]) == 7
    for wrong in (1.5, "7", slice(0, 3)):
        with pytest.raises(TypeError, match="integer"):
            clip[wrong]


def test_a_frame_may_be_changed_without_harm(plain_video):
    clip = Clip(plain_video)
    clip[5][:] = 0
    assert read_number(clip[5]) == 5


def test_seeking_reads_no_more_than_one_group(plain_video, monkeypatch):
    clip = Clip(plain_video)
    read = []
    decode = video.frames_of

    def counted(*opened):
        return (read.append(frame.pts) or frame for frame in decode(*opened))

    monkeypatch.setattr(video, "frames_of", counted)
    clip[80]
    assert len(read) <= 12


def test_a_scan_is_kept_and_found_again(plain_video, monkeypatch):
    first = Clip(plain_video)
    monkeypatch.setattr(full_pass, "read_through", None)
    again = Clip(plain_video)
    assert len(again) == 90 and np.array_equal(first[33], again[33])


def test_a_cache_that_was_cut_off_is_measured_again(plain_video, tmp_path):
    Clip(plain_video)
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    for bad in (whole[:50], whole[:200] + bytes(300) + whole[500:], b"", b"no archive"):
        kept.write_bytes(bad)
        assert len(Clip(plain_video)) == 90


def test_memory_does_not_grow_with_length(tmp_path):
    code = (
        "import resource, sys\n"
        "from framewise.clips import Clip\n"
        "clip = Clip(sys.argv[1])\nfor frame in clip: pass\nclip[len(clip) // 2]\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    if sys.platform == "win32":
        pytest.skip("the resource module is not there on Windows")
    peaks = []
    for count in (40, 400):
        path = write_video(
            tmp_path / f"{count}.mp4",
            count=count,
            size_wh=(640, 480),
            options={"preset": "ultrafast"},
        )
        command = [sys.executable, "-c", code, str(path)]
        peaks.append(int(subprocess.check_output(command)))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    frames = 360 * 640 * 480 * 3  # what keeping them would take, bytes
    assert (peaks[1] - peaks[0]) * unit < frames / 10


# ---- damage ----


def cut(path, share):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def announced(clip):
    """How many frames the message of damage counts in all."""
    found = re.search(r"of (\d+) frames can be decoded", clip.damage())
    return int(found[1]) if found else len(clip)


def fast_start(tmp_path, **how):
    how = {"options": {"g": "20", "bf": "2"}, "muxer": {"movflags": "faststart"}} | how
    return write_video(tmp_path / "d.mp4", **how)


def test_a_trimmed_file_is_not_called_damaged(tmp_path):
    """A trim without re-encoding hides frames behind an edit list; nothing of it is lost."""
    path = write_video(tmp_path / "whole.mp4", options={"g": "20", "bf": "0"})
    trimmed = tmp_path / "trimmed.mp4"
    with av.open(str(path)) as source, av.open(str(trimmed), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                start = round(0.5 / packet.time_base)
                packet.pts, packet.dts, packet.stream = (
                    packet.pts - start,
                    packet.dts - start,
                    stream,
                )
                out.mux(packet)
    truth = full_decode(trimmed)
    clip = Clip(trimmed)
    assert len(clip) == len(truth) < 90 and not clip.damage()
    for i in (0, 40, 7, len(clip) - 1):
        assert np.array_equal(clip[i], truth[i])


def test_a_list_of_files_is_no_video(plain_video):
    for name, text in (
        ("a.mp4", f"ffconcat version 1.0\nfile {plain_video.name}\n"),
        ("b.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{plain_video.name}\n"),
    ):
        path = plain_video.with_name(name)
        path.write_text(text)
        with pytest.raises(ValueError, match="lists other files|cannot read"):
            Clip(path)


def test_several_threads_read_one_clip(plain_video):
    clip = Clip(plain_video)
    order = random.Random(2).choices(range(90), k=120)
    with ThreadPoolExecutor(4) as pool:
        assert [read_number(f) for f in pool.map(clip.__getitem__, order)] == order


def test_another_folder_later_does_no_harm(plain_video, monkeypatch):
    monkeypatch.chdir(plain_video.parent)
    clip = Clip(plain_video.name)
    monkeypatch.chdir("/")
    assert read_number(clip[60]) == 60


def test_a_cut_off_file_serves_what_is_left_and_says_what_is_not(tmp_path):
    path = cut(fast_start(tmp_path), 0.6)
    truth = full_decode(path)
    with pytest.warns(UserWarning, match="missing or cut off"):
        clip = Clip(path)
    assert 0 < len(clip) == len(truth) < 90
    assert f"{len(clip)} of 90 frames can be decoded" in clip.damage()
    assert f"after frame {len(clip) - 1}" in clip.damage()
    (notice,) = clip.notices
    assert notice.kind == "damaged" and notice.last == len(clip) - 1
    for i in (len(clip) - 1, 3, 30, len(clip) - 2):
        assert np.array_equal(clip[i], truth[i])


@pytest.mark.parametrize("suffix", ["mp4", "ts", "flv"])
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_what_waits_in_the_decoder_at_the_end_is_not_lost(suffix, share, tmp_path):
    muxer = {"movflags": "faststart"} if suffix == "mp4" else {}
    options = {"g": "12", "bf": "3", "crf": "10"}
    path = cut(write_video(tmp_path / f"c.{suffix}", options=options, muxer=muxer), share)
    truth = full_decode(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        clip = Clip(path)
    assert len(clip) == len(truth)
    assert np.array_equal(clip[-1], truth[-1])


def test_a_cut_off_matroska_file_says_about_how_many(tmp_path):
    path = cut(write_video(tmp_path / "d.mkv", options={"g": "20"}), 0.5)
    with pytest.warns(UserWarning):
        clip = Clip(path)
    assert announced(clip) == pytest.approx(90, abs=2)


def test_a_hole_in_the_middle(tmp_path):
    path = fast_start(tmp_path, size_wh=(480, 320), options={"g": "20", "bf": "2", "crf": "10"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8000] = bytes(8000)
    path.write_bytes(data)
    truth = full_decode(path)
    with pytest.warns(UserWarning, match="is damaged"):
        clip = Clip(path)
    assert len(clip) == len(truth)
    assert announced(clip) == 90
    for i in (len(clip) - 1, 0, len(clip) // 2, len(clip) // 2 - 1, 70):
        assert np.array_equal(clip[i], truth[i])


def test_damage_in_a_file_without_timestamps(tmp_path):
    path = write_video(tmp_path / "d.h264", options={"g": "20", "bf": "0"})
    data = bytearray(path.read_bytes())
    places = [i for i in range(len(data)) if data[i : i + 4] == b"\0\0\0\1"]
    hole = places[len(places) // 2] + 5
    data[hole : hole + 2000] = b"\xff" * 2000
    path.write_bytes(data)
    truth = full_decode(path)
    with pytest.warns(UserWarning, match="is damaged"):
        clip = Clip(path)
    assert len(clip) == len(truth)
    for i in (len(clip) - 1, 0, len(clip) // 2):
        assert np.array_equal(clip[i], truth[i])


@pytest.mark.parametrize("how", ["written over", "replaced by one of the same size", "deleted"])
def test_a_file_that_changes_while_open(how, plain_video):
    clip = Clip(plain_video)
    frames = iter(clip)
    next(frames)
    clip[5]
    if how == "written over":
        write_video(plain_video, count=30)
    elif how == "deleted":
        plain_video.unlink()
    else:
        other = plain_video.with_name("other.mp4")
        other.write_bytes(plain_video.read_bytes())
        other.replace(plain_video)
    for read in (lambda: clip[6], lambda: clip[80], lambda: next(frames)):
        with pytest.raises(OSError, match="changed or replaced"):
            read()


# ---- files that only look damaged ----


def test_repeated_pictures_of_avi_are_no_damage(tmp_path):
    """AVI repeats a picture by an empty packet, also at its end."""
    pts = [*range(0, 1000, 40), 3000]
    path = write_video(tmp_path / "skip.avi", codec="mpeg4", pts=pts, count=len(pts))
    clip = check_random_access(path, len(pts))
    assert clip.notices == () and clip.times[-1] == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize("suffix", ["mkv", "webm", "mp4", "ts"])
def test_a_file_that_starts_late_is_no_damage(suffix, tmp_path):
    how = {"codec": "libvpx-vp9", "options": {"cpu-used": "8"}} if suffix == "webm" else {}
    pts = [1_000_000 + 40 * i for i in range(30)]
    clip = Clip(write_video(tmp_path / f"late.{suffix}", pts=pts, count=30, **how))
    assert clip.notices == () and clip.times[-1] == pytest.approx(29 / 25)


def corrupt(path, *, seed, changes, skip=5000):
    """Flip one bit in some of the bytes of a file; its head and its end stay."""
    data, rng = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(changes):
        data[rng.randrange(skip, len(data) - 1500)] ^= 16
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        ("mkv", "ffv1", {"level": "3", "slicecrc": "1"}),
        ("mkv", "libx264", {"g": "20", "bf": "2"}),
        ("mkv", "libx264", {"x264-params": "intra-refresh=1", "g": "15"}),
        ("mkv", "mpeg4", {"qscale": "2"}),
        ("ts", "mpeg2video", {"g": "12", "bf": "2"}),
        ("avi", "mjpeg", {}),
    ],
)
def test_frames_of_damaged_files_are_those_of_a_full_decode(suffix, codec, options, seed, tmp_path):
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = tmp_path / f"d.{suffix}"
    write_video(path, codec=codec, options=options, pix_fmt=pix_fmt, size_wh=(320, 192))
    whole = full_decode(path)
    corrupt(path, seed=seed, changes=12)
    with pytest.warns(UserWarning, match="is damaged"):
        clip = Clip(path)
    truth = full_decode(path)
    assert len(clip) == len(truth)
    for i in random.Random(seed).sample(range(len(clip)), 30):
        assert np.array_equal(clip[i], truth[i]), f"frame {i}"
    if codec == "ffv1":  # it has checksums; elsewhere a changed bit may be as good as another
        named = {i for a, b in clip._index.doubtful.tolist() for i in range(a, b + 1)}
        changed = {i for i in range(90) if not np.array_equal(truth[i], whole[i])}
        assert changed <= named


# ---- not a video ----


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        Clip(tmp_path / "nothing.mp4")
    with pytest.raises(FileNotFoundError, match="folder"):
        Clip(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"these are words, not pictures\n" * 50, "cannot read", id="text"),
        pytest.param(bytes(5000), "cannot read", id="zeros"),
    ],
)
def test_not_a_video(content, words, tmp_path):
    path = tmp_path / "thing.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        Clip(path)


def test_a_still_picture_is_no_video(tmp_path):
    for name in ("a.jpg", "b.png", "c.mp4"):
        cv2.imwrite(str(tmp_path / "x.png"), numbered_frame(3))
        (tmp_path / "x.png").replace(tmp_path / name)
        with pytest.raises(ValueError, match="still picture"):
            Clip(tmp_path / name)


def test_a_photo_of_a_phone_is_no_video(tmp_path):
    path = write_video(tmp_path / "photo.heic", count=1, container="mp4")
    path.write_bytes(path.read_bytes().replace(b"ftypisom", b"ftypheic"))
    with pytest.raises(ValueError, match="still picture"):
        Clip(path)


def test_an_animated_webp_cannot_be_read(tmp_path):
    head = b"VP8X" + bytes([10, 0, 0, 0, 2, 0, 0, 0, 159, 0, 0, 95, 0, 0])
    body = head + b"ANIM" + bytes([6, 0, 0, 0]) + bytes(406)
    path = tmp_path / "a.webp"
    path.write_bytes(b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body)
    with pytest.raises(ValueError, match="animated.*Convert it"):
        Clip(path)


@pytest.mark.parametrize("muxer", [{}, {"movflags": "faststart"}])
def test_an_encrypted_video_is_called_so(muxer, tmp_path):
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "0f" * 16}
    key |= {"encryption_kid": "a7" * 16}
    path = write_video(tmp_path / "e.mp4", muxer=key | muxer, count=20)
    with pytest.raises(ValueError, match="encrypted"):
        Clip(path)


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"), [("mp4", "libx264", "yuv420p"), ("mov", "png", "rgb24")]
)
def test_too_large_pictures_are_refused_before_they_are_decoded(suffix, codec, pix_fmt, tmp_path):
    how = {"codec": codec, "pix_fmt": pix_fmt, "frames": [np.zeros((7000, 7200, 3), np.uint8)]}
    path = write_video(tmp_path / f"large.{suffix}", **how)
    with pytest.raises(ValueError, match="megapixels, but this file has 7200 x 7000"):
        Clip(path)


@pytest.mark.parametrize(
    "name",
    ["~talk.mp4", "-dash.mp4", "%d.mp4", "x" * 246 + ".mp4", "ü" * 120 + ".mp4", b"\xff.mp4"],
)
def test_odd_names(name, plain_video, monkeypatch):
    if isinstance(name, bytes) and sys.platform != "linux":
        pytest.skip("only Linux has names that are not text")
    monkeypatch.chdir(plain_video.parent)
    plain_video.rename(os.fsdecode(name))
    clip = Clip(os.fsdecode(name))
    assert read_number(clip[40]) == 40
    if isinstance(name, str):
        assert len(Clip(encode.write_clip(clip.path, clip.frames(0, 3), 25, overwrite=True))) == 3


def test_what_is_no_file_is_called_so(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("pipes with a name are not there on Windows")
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(FileNotFoundError, match="not an ordinary file"):
        Clip(tmp_path / "pipe.mp4")


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 4800), np.float32), "fltp", "stereo")
        frame.sample_rate = 48000
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(ValueError, match="no moving picture"):
        Clip(path)


def test_a_header_without_frames(tmp_path):
    path = cut(fast_start(tmp_path), 0.03)
    with pytest.raises(ValueError, match="cannot read|not one frame|no moving picture"):
        Clip(path)


# ---- writing ----


def test_written_and_read_back(tmp_path):
    frames = [numbered_frame(i, (161, 97)) for i in range(30)]
    path = encode.write_clip(tmp_path / "w.mp4", iter(frames), 29.97, comment="a word")
    clip = Clip(path)
    assert (len(clip), clip.size_wh) == (30, (162, 98))
    assert clip.fps == pytest.approx(29.97, rel=1e-4)
    assert [read_number(f) for f in clip] == list(range(30))
    error = np.abs(clip[12][:97, :161].astype(float) - frames[12]).mean()
    assert error < 12
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert container.metadata["comment"] == "a word"
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        keys = [p.pts for p in container.demux(video) if p.is_keyframe]
        assert len(keys) >= 3


def test_writing_overwrites_nothing_unasked(tmp_path):
    path = tmp_path / "mine.mp4"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        encode.write_clip(path, [numbered_frame(0)], 25)
    assert path.read_bytes() == b"mine"
    encode.write_clip(path, [numbered_frame(0)], 25, overwrite=True)
    assert len(Clip(path)) == 1


@pytest.mark.parametrize(
    ("frames", "fps", "name", "words"),
    [
        pytest.param([], 25, "x.mp4", "at least one", id="no frames"),
        pytest.param([numbered_frame(0)], 0, "x.mp4", "0.1 to 1000", id="no rate"),
        pytest.param([numbered_frame(0)], 25, "x.avi", ".mp4", id="other ending"),
        pytest.param([numbered_frame(0) / 255], 25, "x.mp4", "uint8", id="floats"),
        pytest.param([numbered_frame(0)[..., 0]], 25, "x.mp4", "expected", id="grey"),
        pytest.param(
            [numbered_frame(0), numbered_frame(0)[:50]], 25, "x.mp4", "frame 1", id="two sizes"
        ),
    ],
)
def test_writing_bad_input_leaves_nothing(frames, fps, name, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        encode.write_clip(tmp_path / name, frames, fps)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param([0, 0.1, 0.25], [0, 0.1, 0.25], id="uneven"),
        pytest.param([-5, -4.9, -4], [0, 0.1, 1], id="from before 0"),
        pytest.param([70.5, 70.6, 71.5], [0, 0.1, 1], id="late"),
        pytest.param([0, 0, 0.1], [0, 1 / 90000, 0.1], id="two equal"),
        pytest.param([3, 3, 3], [0, 1 / 90000, 2 / 90000], id="all equal"),
    ],
)
def test_written_times(times, expected, tmp_path):
    frames = [numbered_frame(i) for i in range(3)]
    path = encode.write_clip(tmp_path / "w.mp4", frames, 25, times=times)
    with av.open(str(path)) as container:
        stamps = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(np.array(stamps) - stamps[0], expected, atol=1e-6)
    assert [read_number(frame) for frame in Clip(path)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([0, 0.04], "one time per frame, got 2"),
        ([0, 0.04, 0.08, 0.12], "got 4 times for 3 frames"),
        ([], "one time per frame, got 0"),
        ([0, 0.08, 0.04], "frame 2 comes at 0.04 s"),
        ([0, np.nan, 0.08], "finite"),
        ([[0, 0.04, 0.08]], "finite number per frame"),
    ],
)
def test_times_that_cannot_be_written(times, words, tmp_path):
    frames = (numbered_frame(i) for i in range(3))
    with pytest.raises(ValueError, match=words):
        encode.write_clip(tmp_path / "w.mp4", frames, 25, times=times)
    assert not list(tmp_path.iterdir())


def test_what_was_altered_is_told_or_asked_for(plain_video):
    clip = Clip(plain_video)
    clip.entry = {"kind": "fake", "altered_frames": [3, 9]}
    (place,) = samples.altered_segments(clip)
    assert (place["first"], place["last"], place["box"]) == (3, 9, None)
    clip.entry = {"kind": "fake", "method": "swap"}
    with pytest.raises(ValueError, match="altered_frames"):
        samples.altered_segments(clip)


def test_truths_can_be_compared():
    clip = samples.open_clip("ana_talk")
    truth = samples.load_truth(clip)
    assert truth == truth
    assert (truth == samples.load_truth(clip)) is False  # by identity, as arrays have no one answer


def test_pictures(tmp_path):
    path = tmp_path / "ü b.png"
    path.write_bytes(cv2.imencode(".png", numbered_frame(9)[..., ::-1])[1])
    assert np.array_equal(clips.read_image(path), numbered_frame(9))
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="expected a picture"):
        clips.read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_picture_that_is_too_large_is_refused(suffix, tmp_path):
    path = tmp_path / f"large{suffix}"
    path.write_bytes(cv2.imencode(suffix, numbered_frame(9))[1])
    assert read_number(clips.read_image(path)) == 9
    path.write_bytes(cv2.imencode(suffix, np.zeros((7000, 7200, 3), np.uint8))[1])
    with pytest.raises(ValueError, match="megapixels, but this file has 7200 x 7000"):
        clips.read_image(path)
