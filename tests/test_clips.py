"""Clip serves exactly the n-th frame of a full decode, on every kind of file."""

import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import av
import cv2
import numpy as np
import pytest
from framewise import DATA, clips
from framewise.clips import Clip
from framewise.workbench import video
from videos import full_decode, numbered_frame, read_number, write_video

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


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, -1)])
def test_phone_video_is_turned_upright(degrees, turns, tmp_path):
    path = write_video(tmp_path / "phone.mp4", rotation=degrees, count=20)
    clip = Clip(path)
    upright = np.rot90(full_decode(path)[7], turns)
    assert np.array_equal(clip[7], upright)
    assert clip.size_wh == upright.shape[1::-1]


def test_times_come_from_timestamps(tmp_path):
    clip = Clip(write_video(tmp_path / "v.mp4", pts=VARIABLE))
    expected = (np.array(VARIABLE) - VARIABLE[0]) / 1000
    np.testing.assert_allclose(clip.times, expected, atol=1e-4)
    assert clip.fps == pytest.approx(89 / expected[-1], rel=1e-3)


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
    decode = video._frames
    monkeypatch.setattr(video, "_frames", lambda *a: (read.append(f.pts) or f for f in decode(*a)))
    clip[80]
    assert len(read) <= 12


def test_a_long_scan_is_kept_and_found_again(plain_video, monkeypatch, tmp_path):
    monkeypatch.setattr(clips, "DATA", tmp_path)
    monkeypatch.setattr(clips, "KEEP_AFTER", -1)
    first = Clip(plain_video)
    monkeypatch.setattr(video, "read_through", None)
    again = Clip(plain_video)
    assert len(again) == 90 and np.array_equal(first[33], again[33])


def test_a_cache_that_was_cut_off_is_measured_again(plain_video, monkeypatch, tmp_path):
    monkeypatch.setattr(clips, "DATA", tmp_path)
    monkeypatch.setattr(clips, "KEEP_AFTER", -1)
    Clip(plain_video)
    (kept,) = (tmp_path / "cache").iterdir()
    whole = kept.read_bytes()
    for bad in (whole[:50], whole[:200] + bytes(300) + whole[500:], b"", b"no archive"):
        kept.write_bytes(bad)
        assert len(Clip(plain_video)) == 90


def test_memory_does_not_grow_with_length(tmp_path):
    code = (
        "import resource, sys; sys.path = sys.argv[2:] + sys.path\n"
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
        command = [sys.executable, "-c", code, str(path), str(DATA.parent / "notebooks")]
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
    found = re.search(r"of (\d+) frames decode", clip.damage())
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
        with pytest.raises(ValueError, match="list of other files|cannot read"):
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
    assert f"{len(clip)} of 90 frames decode" in clip.damage()
    assert f"after frame {len(clip) - 1}" in clip.damage()
    (notice,) = clip.notices
    assert notice.kind == "damaged" and notice.last == len(clip) - 1
    for i in (len(clip) - 1, 3, 30, len(clip) - 2):
        assert np.array_equal(clip[i], truth[i])


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


def test_a_file_that_changes_while_open(plain_video):
    clip = Clip(plain_video)
    write_video(plain_video, count=30)
    with pytest.raises(OSError, match="Open it again"):
        clip[80]


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
    path = clips.write_clip(tmp_path / "w.mp4", iter(frames), 29.97, comment="a word")
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
        clips.write_clip(path, [numbered_frame(0)], 25)
    assert path.read_bytes() == b"mine"
    clips.write_clip(path, [numbered_frame(0)], 25, overwrite=True)
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
        clips.write_clip(tmp_path / name, frames, fps)
    assert not list(tmp_path.iterdir())


def test_pictures(tmp_path):
    path = tmp_path / "ü b.png"
    path.write_bytes(cv2.imencode(".png", numbered_frame(9)[..., ::-1])[1])
    assert np.array_equal(clips.read_image(path), numbered_frame(9))
    path.write_bytes(b"no picture")
    with pytest.raises(ValueError, match="expected a picture"):
        clips.read_image(path)
