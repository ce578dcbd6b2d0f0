"""The table of a long MP4 file gives the same index as a full decode, or none."""

import json
import random
from pathlib import Path

import inspect_video
import numpy as np
import pytest
from framewise import tracking
from framewise.clips import Clip
from framewise.workbench import file_notices, full_pass, table, video
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


pytestmark = pytest.mark.usefixtures("no_cache")


def quick(path):
    """Open a file as long ones are opened."""
    return Clip(path, quick=True)


@pytest.mark.parametrize("kind", EXACT)
def test_an_exact_table_gives_what_a_full_decode_gives(kind, tmp_path):
    path = write_video(tmp_path / "v.mp4", **EXACT[kind])
    found, truth = table.read_table(path), full_pass.read_through(path)
    for name in set(video.Index._fields) - {"prints", "apart", "keys"}:
        np.testing.assert_array_equal(getattr(found, name), getattr(truth, name), name)
    assert set(found.keys) <= set(truth.keys) and found.keys[0] == 0
    clip = quick(path)
    assert not len(clip._index.prints)
    truth = list(Clip(path))
    for i in random.Random(1).choices(range(90), k=25) + [89, 0]:
        assert np.array_equal(clip[i], truth[i]), f"frame {i}"
    for i, frame in enumerate(clip):
        assert np.array_equal(frame, truth[i]), f"streamed frame {i}"


@pytest.mark.parametrize("kind", UNSURE)
def test_where_a_table_may_mislead_everything_is_decoded(kind, tmp_path):
    path = write_video(tmp_path / "v.mp4", **UNSURE[kind])
    assert table.read_table(path) is None
    assert len(check_random_access(path, open_clip=quick)._index.prints) == 90


def test_the_old_encoder_that_needs_its_note_is_decoded():
    path = Path(__file__).with_name("x264_core148_444.mp4")
    assert table.read_table(path) is None


def test_no_frame_is_decoded_to_open_a_long_file_but_the_first(tmp_path, monkeypatch):
    path = write_video(tmp_path / "v.mp4", options={"g": "30"})
    monkeypatch.setattr(full_pass, "read_through", lambda path: pytest.fail("decoded whole"))
    assert len(quick(path)) == 90


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
def test_damage_is_told_and_no_wrong_frame_is_shown(seed, tmp_path):
    path = write_video(
        tmp_path / "v.mp4",
        options={"g": "20", "bf": "2", "threads": "1"},
        muxer={"movflags": "faststart"},  # what tells of the frames comes first, and stays
        size_wh=(320, 192),
    )
    corrupt(path, seed=seed, changes=3, skip=9000)
    truth, told = full_decode(path), file_notices.damage(full_pass.read_through(path))
    clip = quick(path)
    try:
        for i in random.Random(seed).sample(range(90), 20) if len(truth) == 90 else ():
            assert np.array_equal(clip[i], truth[i]), f"frame {i}"
        assert len(list(clip)) == len(truth)
    except OSError as error:
        assert "Open the clip again" in str(error)
        clip = quick(path)
    if told:
        assert told in clip.damage() and "damaged" in [notice.kind for notice in clip.notices]
    assert len(clip) == len(truth)


def test_a_frame_that_does_not_decode_is_never_replaced_by_its_neighbour(tmp_path):
    plain = write_video(tmp_path / "plain.mp4", options={"g": "15"})

    def change(packet, number):  # the sizes of the units no longer fit
        data = bytes(packet)
        return b"\0\0\x7f\xff" + data[4:] if number == 45 else data

    path = copy_video(plain, tmp_path / "v.mp4", change=change)
    if table.read_table(path) is not None:
        with pytest.raises(OSError, match="Open the clip again"):
            list(quick(path))
    assert check_random_access(path, open_clip=quick).damage()


def test_a_file_that_was_cut_off_is_decoded(tmp_path):
    path = write_video(tmp_path / "v.mp4", muxer={"movflags": "faststart"})
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert table.read_table(path) is None
    with pytest.warns(UserWarning, match="is damaged"):
        assert len(quick(path)) < 90


def test_parameter_sets_that_are_missing_at_the_start(tmp_path):
    plain = write_video(tmp_path / "plain.mp4", options={"g": "15"})
    path = copy_video(plain, tmp_path / "v.mp4", change=without_parameter_sets({0}))
    check_random_access(path, open_clip=quick)


@pytest.mark.parametrize("flaw", ["", "damaged"])
def test_a_page_needs_one_decode_of_a_sound_file(flaw, tmp_path, monkeypatch):
    path = write_video(tmp_path / "v.mp4", muxer={"movflags": "faststart"}, size_wh=(320, 192))
    if flaw:
        corrupt(path, seed=1, changes=3, skip=9000)
    decoded = []
    for module in (video, full_pass):
        monkeypatch.setattr(module, "decode_packets", counting(module.decode_packets, decoded))
    monkeypatch.setattr(video, "_faultless", counting(video._faultless, decoded))
    inspect_video.inspect(path, tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size
    assert flaw or 90 <= len(decoded) <= 1.5 * 90


def test_damage_is_told_too_where_the_faces_are_known_already(tmp_path):
    path = write_video(tmp_path / "v.mp4", muxer={"movflags": "faststart"}, size_wh=(320, 192))
    corrupt(path, seed=1, changes=3, skip=9000)
    with pytest.warns(UserWarning, match="is damaged"):
        tracking.track_faces(Clip(path), progress=False)
    numbers = tmp_path / "numbers.json"
    inspect_video.inspect(path, tmp_path / "page.html", numbers)
    found = json.loads(numbers.read_text(encoding="utf-8"))["clip"]["warnings"]
    assert "damaged" in [warning["kind"] for warning in found]


def counting(decode, decoded):
    """Return a decoder that notes each frame that it gives."""

    def count(*arguments):
        for given in decode(*arguments):
            decoded.extend(given[1] or () if isinstance(given, tuple) else [None])
            yield given
            del given  # its memory serves the next one

    return count
