"""The table of a long MP4 file gives the same index as a full decode, or none."""

import random
from pathlib import Path

import numpy as np
import pytest
from framewise import clips
from framewise.clips import Clip
from framewise.workbench import table, video
from test_clips import KINDS, check_random_access, corrupt, without_parameter_sets
from videos import copy_video, full_decode, write_video

EXACT = {
    **{
        kind: KINDS[kind][1]
        for kind in ("constant rate", "B-frames", "variable rate", "with sound", "fragmented")
    },
    "HEVC": {"codec": "libx265", "options": {"x265-params": "log-level=0:keyint=20"}},
    "HEVC, open groups": {
        "codec": "libx265",
        "options": {"x265-params": "log-level=0:keyint=20:open-gop=1:bframes=3"},
    },
    "open groups": KINDS["open groups"][1],
    "intra refresh": KINDS["intra refresh"][1],
    "turned": {"matrix": (0, 1, -1, 0), "options": {"g": "20"}},
    "pixels that are not square": {"pixel": 2, "options": {"g": "20"}},
    "10 bits": {"pix_fmt": "yuv420p10le", "options": {"g": "20"}},
    "starts late": {"pts": [1_000_000 + 40 * i for i in range(90)], "options": {"g": "20"}},
}
UNSURE = {
    "4:4:4, where old encoders had faults": {"pix_fmt": "yuv444p"},
    "another codec": {"codec": "mpeg4"},
    "interlaced": {"options": {"x264-params": "interlaced=1", "flags": "+ilme+ildct"}},
}


@pytest.fixture
def long(monkeypatch, tmp_path):
    """Treat every file as a long one, and keep nothing in the reader's own cache."""
    monkeypatch.setattr(clips, "LONG", 0)
    monkeypatch.setattr(clips, "DATA", tmp_path)


@pytest.mark.parametrize("kind", EXACT)
def test_an_exact_table_gives_what_a_full_decode_gives(kind, tmp_path, long, monkeypatch):
    path = write_video(tmp_path / "v.mp4", **EXACT[kind])
    found, truth = table.read_table(path), video.read_through(path)
    for name in set(video.Index._fields) - {"prints", "apart", "keys"}:
        np.testing.assert_array_equal(getattr(found, name), getattr(truth, name), name)
    assert set(found.keys) <= set(truth.keys) and found.keys[0] == 0
    monkeypatch.setattr(clips, "LONG", 10**9)
    truth = list(Clip(path))
    monkeypatch.setattr(clips, "LONG", 0)
    clip = Clip(path)
    assert not len(clip._index.prints)
    for i in random.Random(1).choices(range(90), k=25) + [89, 0]:
        assert np.array_equal(clip[i], truth[i]), f"frame {i}"
    for i, frame in enumerate(clip):
        assert np.array_equal(frame, truth[i]), f"streamed frame {i}"


@pytest.mark.parametrize("kind", UNSURE)
def test_where_a_table_may_mislead_everything_is_decoded(kind, tmp_path, long):
    path = write_video(tmp_path / "v.mp4", **UNSURE[kind])
    assert table.read_table(path) is None
    assert len(check_random_access(path)._index.prints) == 90


def test_the_old_encoder_that_needs_its_note_is_decoded(long):
    path = Path(__file__).with_name("x264_core148_444.mp4")
    assert table.read_table(path) is None


def test_no_frame_is_decoded_to_open_a_long_file_but_the_first(tmp_path, long, monkeypatch):
    path = write_video(tmp_path / "v.mp4", options={"g": "30"})
    monkeypatch.setattr(video, "read_through", lambda path: pytest.fail("decoded whole"))
    assert len(Clip(path)) == 90


@pytest.mark.parametrize(
    "units",
    [
        pytest.param(b"\0\0\0\2\x68\0", id="other parameters"),
        pytest.param(b"\0\0\0\x05\x06\x2f\x02\0\0", id="a note that turns the picture"),
    ],
)
def test_what_a_decoder_learns_later_makes_the_table_unsure(units, tmp_path):
    plain = write_video(tmp_path / "plain.mp4", options={"g": "30"})
    same = copy_video(plain, tmp_path / "same.mp4", change=lambda packet, n: bytes(packet))
    assert table.read_table(same) is not None

    def change(packet, number):
        return (units if number == 40 else b"") + bytes(packet)

    assert table.read_table(copy_video(plain, tmp_path / "v.mp4", change=change)) is None


@pytest.mark.parametrize("seed", range(8))
def test_damage_is_told_and_no_wrong_frame_is_shown(seed, tmp_path, long):
    path = write_video(
        tmp_path / "v.mp4",
        options={"g": "20", "bf": "2", "threads": "1"},
        muxer={"movflags": "faststart"},  # what tells of the frames comes first, and stays
        size_wh=(320, 192),
    )
    corrupt(path, seed=seed, changes=3, skip=9000)
    truth, told = full_decode(path), video.damage(video.read_through(path))
    clip = Clip(path)
    try:
        for i in random.Random(seed).sample(range(90), 20) if len(truth) == 90 else ():
            assert np.array_equal(clip[i], truth[i]), f"frame {i}"
        assert len(list(clip)) == len(truth)
    except OSError as error:
        assert "Open the clip again" in str(error)
        clip = Clip(path)
    if told:
        assert told in clip.damage() and "damaged" in [notice.kind for notice in clip.notices]
    assert len(clip) == len(truth)


def test_a_frame_that_does_not_decode_is_never_replaced_by_its_neighbour(tmp_path, long):
    plain = write_video(tmp_path / "plain.mp4", options={"g": "15"})

    def change(packet, number):  # the sizes of the units no longer fit
        data = bytes(packet)
        return b"\0\0\x7f\xff" + data[4:] if number == 45 else data

    path = copy_video(plain, tmp_path / "v.mp4", change=change)
    if table.read_table(path) is not None:
        with pytest.raises(OSError, match="Open the clip again"):
            list(Clip(path))
    assert check_random_access(path).damage()


def test_a_file_that_was_cut_off_is_decoded(tmp_path, long):
    path = write_video(tmp_path / "v.mp4", muxer={"movflags": "faststart"})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert table.read_table(path) is None
    with pytest.warns(UserWarning, match="is damaged"):
        assert len(Clip(path)) < 90


def test_parameter_sets_that_are_missing_at_the_start(tmp_path, long):
    plain = write_video(tmp_path / "plain.mp4", options={"g": "15"})
    path = copy_video(plain, tmp_path / "v.mp4", change=without_parameter_sets({0}))
    check_random_access(path)
