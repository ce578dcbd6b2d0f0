"""Read the times of the frames of a long MP4 file from its packets, without decoding the file.

Ten minutes of 1080p take a minute to decode, but only a second to read. The times in
the packets are exact if three conditions hold. Each packet has its own time. Some pictures refer to
nothing before them, so that decoding may begin there (IDR pictures). Everything that the decoder
must know is at the start of the file. All other files are decoded from start to end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import av
import numpy as np

from framewise.workbench import video
from framewise.workbench.clock import clock
from framewise.workbench.full_pass import record

__all__ = ["read_table"]

PLAIN = ("yuv420p", "yuvj420p", "yuv420p10le")
"""Pixel formats of cameras and of most programs."""

FAULTY_X264 = 151
"""Older builds of x264 coded some pictures wrongly. FFmpeg decodes them correctly only after
it has read the note with the build number. Only the first packet holds this note."""

H264, HEVC = (1, 0x1F), (2, 0x3F)
IDR = {H264: {5}, HEVC: {19, 20}}
PARAMETERS = {H264: {7, 8, 13, 15}, HEVC: {32, 33, 34}}
NOTES = {H264: {6}, HEVC: {39, 40}}
"""Types of the units of a packet: ITU-T H.264 (08/2021), table 7-1; ITU-T H.265 (08/2021), table
7-1. Each key holds the number of bytes in a unit's header, and the bit mask of its
type."""

ORIENTATION = 47
"""The type of a note (SEI message) that turns the picture; ITU-T H.264, D.1.27."""


def read_table(path: Path) -> video.Index | None:
    """Return the index of a file from its packets, or None where only a decode can give it.

    The index has no checksums, so `video.decode_from` compares times, and decodes strictly.

    Raises
    ------
    ValueError
        As `video.open_video`.
    """
    with video.open_video(path, strict=True) as (container, stream):
        codec = {"h264": H264, "hevc": HEVC}.get(stream.codec_context.name)
        head = bytes(stream.codec_context.extradata or b"")
        plain = stream.codec_context.pix_fmt in PLAIN and head[:1] == b"\1" and len(head) > 22
        if codec is None or not plain or "mp4" not in container.format.name.split(","):
            return None
        if any(entry.pos + entry.size > container.size for entry in stream.index_entries):
            return None
        prefix = 1 + (head[4 if codec == H264 else 21] & 3)
        packets = list(_read_packets(container, stream, codec, prefix))
        second = float(1 / stream.time_base)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        pixel = float(stream.sample_aspect_ratio or 1)
    if not packets or None in packets:
        return None
    keys = _keys(*map(np.array, zip(*packets, strict=True)))
    return _index(path, np.sort([time for time, _ in packets]), keys, second, rate, pixel)


def _read_packets(
    container, stream, codec: tuple[int, int], prefix: int
) -> Iterator[tuple[int, bool] | None]:
    """Yield the time of each packet and whether it is an IDR picture; None, and end, if unsure."""
    count = 0
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            kinds, turned = _units(bytes(packet), codec, prefix)
            flaws = packet.pts is None, packet.is_discard, packet.is_corrupt, turned
            odd = any(packet.has_sidedata(name) for name in ("encryption_info", "new_extradata"))
            old = not count and _x264_build(bytes(packet)) < FAULTY_X264
            if any(flaws) or odd or old or (count and kinds & PARAMETERS[codec]):
                break
            yield packet.pts, packet.is_keyframe and bool(kinds & IDR[codec])
            count += 1
        else:
            return
    except (av.error.FFmpegError, IndexError):  # the file ends inside a packet or a unit
        pass
    yield None


def _x264_build(data: bytes) -> float:
    """Return the number of the build that a note names; infinite if there is none."""
    note = re.search(rb"x264 - core (\d+)", data)
    return int(note[1]) if note else np.inf


def _units(data: bytes, codec: tuple[int, int], prefix: int) -> tuple[set[int], bool]:
    """Return the types of the units in a packet, and whether a note turns the picture."""
    (header, bits), kinds, turned, at = codec, set(), False, 0
    while at < len(data):
        begin = at + prefix
        at = begin + int.from_bytes(data[at:begin])
        kind = (data[begin] >> (header - 1)) & bits
        kinds.add(kind)
        if kind in NOTES[codec]:
            turned |= ORIENTATION in _notes(data[begin + header : at].replace(b"\0\0\3", b"\0\0"))
    return kinds, turned


def _notes(data: bytes) -> Iterator[int]:
    """Yield the types of the messages in a unit of notes; ITU-T H.264, 7.3.2.3."""
    at = 0
    while at < len(data) - 1:
        told = []
        for _ in ("type", "size"):
            begin = at
            while data[at] == 255:
                at += 1
            told.append(255 * (at - begin) + data[at])
            at += 1
        yield told[0]
        at += told[1]


def _keys(times: np.ndarray, instant: np.ndarray) -> np.ndarray | None:
    """Return the times of the pictures at which decoding may begin; None if the table is unsure.

    All packets before such a picture in the file must be shown before it, and all later ones after.
    """
    before = np.maximum.accumulate(times)
    after = np.minimum.accumulate(times[::-1])[::-1]
    if len(np.unique(times)) < len(times) or not instant[0]:
        return None
    return times[instant & (before == times) & (after == times)]


def _index(
    path: Path, pts: np.ndarray, keys: np.ndarray | None, second: float, rate: float, pixel: float
) -> video.Index | None:
    """Return the index; size and orientation of all frames are taken from the first one."""
    if keys is None or not len(keys) or keys[0] != pts[0]:
        return None
    with video.open_video(path, strict=True) as (container, stream):
        frames = [record(f, None, 8) for f in islice(video.frames_of(container, stream), 1)]
    times, fps, restarts, assumed = clock(pts, second, rate)
    if not frames or frames[0].time != pts[0] or frames[0].interlaced or assumed:
        return None
    return video.Index(
        pts=pts,
        prints=np.zeros(0, np.uint32),
        apart=np.array(1, np.int64),
        keys=np.searchsorted(pts, keys),
        times=times,
        fps=np.array(fps),
        restarts=restarts,
        assumed=np.array(False),
        pixel=np.array(pixel),
        shapes=np.array([(0, *frames[0].shape)], np.int64),
        interlaced=np.array(0, np.int64),
        lost=np.zeros((0, 2), np.int64),
        doubtful=np.zeros((0, 2), np.int64),
    )
