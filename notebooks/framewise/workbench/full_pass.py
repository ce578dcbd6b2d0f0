"""Full pass: decode a file from start to end, and note facts about each frame.

The pass keeps a checksum of each frame. What comes after a seek is compared with these checksums,
so frame n is always the n-th frame of the full pass.
"""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from tqdm import tqdm

from framewise.workbench.clock import NO_TIME, clock
from framewise.workbench.looks import orientation
from framewise.workbench.video import Index, checksum, collect_errors, decode_packets, open_video

__all__ = ["read_through", "record"]


class _Packet(NamedTuple):
    time: int
    key: bool
    harmed: bool
    """The decoder reported an error."""
    failed: bool
    """The decoder gave no frame because of an error."""
    before: int
    """How many frames the decoder had given before this packet."""


class _Frame(NamedTuple):
    time: int
    print: int
    key: bool
    corrupt: bool
    """The decoder itself marks it as damaged."""
    shape: tuple[int, int, int]
    """Stored width and height, and orientation."""
    interlaced: bool


class _Pass(NamedTuple):
    """What one decode of the whole file gave."""

    packets: list[_Packet]
    frames: list[_Frame]
    apart: int
    cut_off: int
    """How many frames the file announces beyond its end."""
    pixel: float
    second: float
    """Ticks of the timestamps per second."""
    rate: float
    """Nominal frames per second."""

    def pts(self) -> np.ndarray:
        return np.array([frame.time for frame in self.frames], np.int64)

    def is_damaged(self) -> bool:
        flaws = [packet.harmed for packet in self.packets] + [one.corrupt for one in self.frames]
        return self.cut_off > 0 or any(flaws)


def read_through(path: Path) -> Index:
    """Decode everything once, and twice more with care if anything is damaged.

    Raises
    ------
    ValueError
        As `open_video`; the video is encrypted; not one frame decodes.
    """
    found = strict = _decode_all(path, strict=True, thread_type="AUTO", apart=8)
    # several threads do not tell which packet failed, and drop frames at the end without a word
    if found.is_damaged() or len(found.frames) != len(found.packets):
        strict = _decode_all(path, strict=True, thread_type="NONE", apart=8)
        found = _decode_all(path, strict=False, thread_type="NONE", apart=1)
    if not found.frames:
        raise ValueError(
            f"{path}: expected a video, but no frame of it can be decoded. Copy or download it "
            "again."
        )
    frames, pts = found.frames, found.pts()
    rising = bool(NO_TIME not in pts and np.all(np.diff(pts) > 0))
    keys = [i for i, frame in enumerate(frames) if frame.key and rising]
    changes = [i for i, frame in enumerate(frames) if not i or frame.shape != frames[i - 1].shape]
    times, fps, restarts, assumed = clock(pts, found.second, found.rate)
    harmed = _harmed_packets(strict, found)
    return Index(
        pts=pts,
        prints=np.array([frame.print for frame in frames], np.uint32),
        apart=np.array(found.apart, np.int64),
        keys=np.array(keys, np.int64),
        times=times,
        fps=np.array(fps),
        restarts=restarts,
        assumed=np.array(assumed),
        pixel=np.array(found.pixel),
        shapes=np.array([(i, *frames[i].shape) for i in changes], np.int64),
        interlaced=np.array(sum(frame.interlaced for frame in frames), np.int64),
        lost=_gaps(found, harmed, pts, rising),
        doubtful=_doubtful(found, harmed, pts),
    )


def _decode_all(path: Path, *, strict: bool, thread_type: str, apart: int) -> _Pass:
    """Decode a file without keeping pixels; checksums cover one row in `apart`."""
    packets, records, way = [], [], None
    bar = tqdm(desc="reading the clip", unit=" frames", delay=1, leave=False)
    opened = open_video(path, strict=strict, thread_type=thread_type)
    with bar, opened as (container, stream), collect_errors(stream) as errors:
        indexed, codec = len(stream.index_entries), stream.codec_context.name
        for packet, frames in decode_packets(container, stream):
            if packet is not None and packet.has_sidedata("encryption_info"):
                raise ValueError(
                    f"{path}: this video is encrypted, so it cannot be measured. Use a copy "
                    "without copy protection."
                )
            if packet is not None and packet.size and not packet.is_discard:
                time = NO_TIME if packet.pts is None else packet.pts
                harmed = frames is None or any(name == codec for _, name, _ in errors)
                key = packet.is_keyframe
                packets.append(_Packet(time, key, harmed, frames is None, len(records)))
            elif frames is None and packets:  # a frame that waited for the end of the file
                packets[-1] = packets[-1]._replace(harmed=True)
            errors.clear()
            while frames:  # each frame is dropped before the next packet: see frames_of
                records.append(record(frames.pop(0), way, apart))
                way = records[-1].shape[2]
                if records[-1].key:  # reading side data makes a frame refer to itself
                    gc.collect(2 if apart == 1 else 0)
                bar.update()
        return _Pass(
            packets,
            records,
            apart,
            _cut_off(container, stream, indexed, [record.time for record in records]),
            pixel=float(stream.sample_aspect_ratio or 1),
            second=float(1 / stream.time_base),
            rate=float(stream.average_rate or stream.guessed_rate or 25),
        )


def record(frame: av.VideoFrame, way: int | None, apart: int) -> _Frame:
    """Return the facts about a frame that the index needs.

    Parameters
    ----------
    frame : av.VideoFrame
    way : int or None
        The orientation of the frame before, if any.
    apart : int
        As in `video.checksum`.
    """
    if frame.key_frame or way is None:
        way = orientation(frame, way or 0)
    return _Frame(
        NO_TIME if frame.pts is None else frame.pts,
        checksum(frame, apart),
        frame.key_frame,
        frame.is_corrupt,
        (frame.width, frame.height, way),
        frame.interlaced_frame,
    )


def _cut_off(container, stream, indexed: int, pts: list[int]) -> int:
    """Count the frames that the file announces beyond its end.

    MP4 and AVI list where each frame lies. An AVI file that was cut off has lost its list, but
    still tells how many frames there were. Matroska tells when its last frame ends.
    """
    beyond = sum(entry.pos >= container.size for entry in stream.index_entries)
    if not pts or NO_TIME in pts:
        return beyond
    if container.format.name == "avi" and indexed < 2:
        return max(0, stream.frames - pts[-1] - 1)
    told = re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", ""))
    if len(pts) < 2 or not told:
        return beyond
    hours, minutes, seconds = told.groups()
    end = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    step = float((pts[-1] - pts[0]) * stream.time_base / (len(pts) - 1))
    missing = end - float(pts[-1] * stream.time_base) - step
    return round(missing / step) if step > 0 and missing > 0.5 else 0


def _harmed_packets(strict: _Pass, found: _Pass) -> np.ndarray:
    """Return the numbers of packets that do not decode cleanly, or build on such packets.

    Harm ends at the next key packet. But packets after it that are shown before it are harmed too.
    """
    frames = [*strict.frames, *found.frames]
    corrupt = {frame.time for frame in frames if frame.corrupt} - {NO_TIME}
    harmed, before, now, shown = [], False, False, NO_TIME
    for i, (first, second) in enumerate(zip(strict.packets, found.packets, strict=False)):
        time = first.time
        if first.key:
            before, now, shown = now, False, time
        now = now or first.harmed or second.harmed or time in corrupt
        if now or (before and NO_TIME < time < shown):
            harmed.append(i)
    return np.array(harmed, np.int64)


def _gaps(found: _Pass, harmed: np.ndarray, pts: np.ndarray, rising: bool) -> np.ndarray:
    """Count harmed packets that gave no frame, by the last frame before them."""
    last, gaps = len(pts) - 1, {}
    given = set(pts.tolist())
    for packet in (found.packets[i] for i in harmed):
        timeless = packet.time == NO_TIME or NO_TIME in given
        if packet.failed if timeless else packet.time not in given:
            after = int(np.searchsorted(pts, packet.time)) - 1 if rising else packet.before - 1
            gaps[after] = gaps.get(after, 0) + 1
    if found.cut_off:
        gaps[last] = gaps.get(last, 0) + found.cut_off
    return np.array(sorted(gaps.items()), np.int64).reshape(-1, 2)


def _doubtful(found: _Pass, harmed: np.ndarray, pts: np.ndarray) -> np.ndarray:
    """Return the runs of frames from harmed packets; without times, all from the first one on."""
    packets = [found.packets[i] for i in harmed]
    doubt = np.isin(pts, [packet.time for packet in packets if packet.time != NO_TIME])
    doubt |= [frame.corrupt for frame in found.frames]
    for packet in packets:
        if packet.time == NO_TIME or NO_TIME in pts:
            doubt[packet.before :] = True
            break
    edges = np.flatnonzero(np.diff(np.concatenate([[0], doubt, [0]])))
    return edges.reshape(-1, 2) - [0, 1]
