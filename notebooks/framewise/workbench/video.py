"""Read video files: which frames a file holds, when they are shown, and how each looks.

A full pass decodes every frame once and keeps a checksum of each. What comes after a seek is
compared with these checksums, so frame n is always the n-th frame of the full pass.

Public: Index, Unsure, open_video, refuse_large, header_size, read_through, record, frames_of,
decode_from, view, clock, file_notices, damage.
"""

from __future__ import annotations

import gc
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import dropwhile, islice
from pathlib import Path
from typing import NamedTuple

import av
import av.logging
import cv2
import numpy as np
from tqdm import tqdm

from framewise.notices import Notice

NO_TIME = np.iinfo(np.int64).min
"""Stands for a timestamp that the file does not give."""

LARGEST = 50_000_000
"""Pixels of the largest picture that is decoded. One such frame takes 150 MB as RGB."""

FASTEST = 10_000
"""A file that shows more frames than this per second has no useful timestamps."""

WIDEST_PIXEL = 5
"""If one side of a pixel is more than this many times the other, this is an error in the file."""

STILL_BRANDS = ("heic", "heix", "heim", "heis", "mif1", "avif")
"""Major brands of ISO files that hold photos (ISO/IEC 23008-12, AVIF 1.1)."""


class Unsure(Exception):
    """A decoded frame does not agree with the table of the file, or is missing or damaged."""


class Index(NamedTuple):
    """Facts about the T frames of a file, from a full decode or from `table`, as arrays."""

    pts: np.ndarray
    """(T,) int64: timestamps as the file gives them, or NO_TIME."""
    prints: np.ndarray
    """(T,) uint32: checksums of the decoded pictures; (0,) if the index comes from `table`."""
    apart: np.ndarray
    """() int64: the checksums cover one row in this many."""
    keys: np.ndarray
    """(K,) int64: frames at which decoding may begin. All later frames are still checked."""
    times: np.ndarray
    """(T,) float64: seconds since the first frame; they never fall."""
    fps: np.ndarray
    """() float64: mean frames per second."""
    restarts: np.ndarray
    """(R,) int64: frames at which the file's clock falls back."""
    assumed: np.ndarray
    """() bool: the file's timestamps cannot be used, so `times` follow the nominal rate."""
    pixel: np.ndarray
    """() float64: the width of a stored pixel over its height, as the file gives it."""
    shapes: np.ndarray
    """(S, 4) int64: first frame, stored width and height, orientation of each run of equal ones."""
    interlaced: np.ndarray
    """() int64: how many frames hold two moments in alternating lines."""
    lost: np.ndarray
    """(L, 2) int64: the last frame before each gap, -1 at the start, and how many are missing."""
    doubtful: np.ndarray
    """(D, 2) int64: first and last frame of each run that damaged data may have changed."""


# ---- opening ----


@contextmanager
def open_video(
    path: Path, *, strict: bool = False, thread_type: str = "NONE"
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a file and choose its moving picture; with `strict`, damaged frames are not guessed.

    Raises
    ------
    ValueError
        The file is no video, or it is one that cannot or must not be decoded.
    """
    with _open(path) as container:
        stream = _moving_picture(container)
        _refuse_large(path, stream)
        stream.thread_type = thread_type
        stream.codec_context.options = {"max_pixels": str(LARGEST)} | (
            {"err_detect": "crccheck+explode"} if strict else {}
        )
        yield container, stream


def _open(path: Path) -> av.container.InputContainer:
    if not path.stat().st_size:
        raise ValueError(f"{path}: the file is empty (0 bytes). Copy or download it again.")
    try:
        container = av.open(path, options={"max_pixels": str(LARGEST)})
    except av.error.FFmpegError as error:
        raise ValueError(
            f"{path}: expected a video, but FFmpeg cannot read this file ({error.strerror}). "
            "If the recording or download was cut off, fetch it again."
        ) from error
    problem = _no_video(path, container)
    if problem:
        container.close()
        raise ValueError(f"{path}: {problem}")
    return container


def _no_video(path: Path, container) -> str:
    """Say why a file that FFmpeg can open is no video for us; empty if it is one."""
    kind = container.format.name
    if kind == "webp_pipe" and b"ANIM" in _head(path):
        return (
            "this WebP picture is animated, and FFmpeg cannot read such animations. "
            "Convert it to MP4 or GIF with another program first."
        )
    brand = container.metadata.get("major_brand", "")
    if kind.endswith("_pipe") or kind == "image2" or brand in STILL_BRANDS:
        return "expected a video, but this is a still picture."
    if kind in ("concat", "hls", "dash", "sdp"):
        return "expected a video, but this file only lists other files. Open the video itself."
    return ""


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(64)


def _moving_picture(container) -> av.VideoStream:
    """Choose the stream that players show: one marked as default, then the largest."""
    kinds = av.stream.Disposition
    no_film = kinds.attached_pic | kinds.timed_thumbnails | kinds.still_image
    streams = [
        stream
        for stream in container.streams.video
        if stream.codec_context and not stream.disposition & no_film
    ]
    if not streams:
        raise ValueError(
            f"{container.name}: expected a video, but the file holds no moving picture."
        )
    return max(
        streams,
        key=lambda stream: (bool(stream.disposition & kinds.default), np.prod(_size(stream))),
    )


def _refuse_large(path: Path, stream) -> None:
    """FFmpeg forgets the size of a picture that it refused; then only the header is read."""
    size = _size(stream)
    refuse_large(path, header_size(path) if 0 in size else size)


def refuse_large(path: Path, size_wh: tuple[int, int]) -> None:
    """Raise ValueError if pictures of this size are too large to be decoded."""
    if size_wh[0] * size_wh[1] > LARGEST:
        raise ValueError(
            f"{path}: expected pictures of up to {LARGEST // 10**6} megapixels, but this has "
            f"{size_wh[0]} x {size_wh[1]} pixels. Scale it down with another program first."
        )


def header_size(path: Path) -> tuple[int, int]:
    """Return the size (w, h) that the head of a video or picture tells; (0, 0) if none."""
    options = {"skip_frame": "all", "max_pixels": str(2**31 - 1)}
    try:
        with av.open(path, options=options) as container:
            return _size(_moving_picture(container))
    except (av.error.FFmpegError, ValueError):
        return 0, 0


def _size(stream) -> tuple[int, int]:
    return stream.codec_context.width, stream.codec_context.height


# ---- the full pass ----


class _Packet(NamedTuple):
    time: int
    key: bool
    harmed: bool
    """The decoder reported an error."""
    failed: bool
    """It gave no frame for this error."""
    before: int
    """How many frames had come out before."""


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
    """Decode a file without keeping pixels; checksums cover rows so far `apart`."""
    packets, records, way = [], [], None
    bar = tqdm(desc="reading the clip", unit=" frames", delay=1, leave=False)
    opened = open_video(path, strict=strict, thread_type=thread_type)
    with bar, opened as (container, stream), _errors(stream) as errors:
        indexed, codec = len(stream.index_entries), stream.codec_context.name
        for packet, frames in _decode_packets(container, stream):
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
            elif frames is None and packets:  # what waited in the decoder for the end of the file
                packets[-1] = packets[-1]._replace(harmed=True)
            errors.clear()
            while frames:  # each is gone before the next packet is decoded: see frames_of
                records.append(record(frames.pop(0), way, apart))
                way = records[-1].shape[2]
                if records[-1].key:  # a frame whose side data was read holds itself
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
    """Note what is to be kept of a frame; `way` is the orientation of the one before, if any."""
    if frame.key_frame or way is None:
        way = _orientation(frame, way or 0)
    return _Frame(
        NO_TIME if frame.pts is None else frame.pts,
        _print(frame, apart),
        frame.key_frame,
        frame.is_corrupt,
        (frame.width, frame.height, way),
        frame.interlaced_frame,
    )


@contextmanager
def _errors(stream) -> Iterator[list[tuple[int, str, str]]]:
    """Collect what FFmpeg reports while it decodes; FFV1 tells damage in no other way.

    Only on one thread: PyAV can hang where FFmpeg's own threads report something.
    """
    if stream.codec_context.name == "ffv1":
        stream.thread_type = "NONE"
    if stream.thread_type.name != "NONE":
        yield []
        return
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=True) as errors:
            yield errors
    finally:
        av.logging.set_level(level)


def _decode_packets(container, stream) -> Iterator[tuple[av.Packet | None, list | None]]:
    """Yield each packet with the frames it gave, None where it did not decode; None at the end."""
    packets = container.demux(stream)
    packet = stream  # anything but None
    while packet is not None:
        try:
            packet = next(packets)
            if not packet.size and packet.dts is None:
                packet = None
        except IndexError:  # PyAV has no number for a stream that begins later; read on
            packets = container.demux(stream)
            continue
        except (StopIteration, av.error.FFmpegError):  # the file ends inside a packet
            packet = None
        try:
            yield packet, stream.decode(packet)
        except av.error.FFmpegError:
            yield packet, None


def frames_of(container, stream) -> Iterator[av.VideoFrame]:
    """Yield frames; whoever gets one drops it before the next, and so does every pass.

    Where data is damaged, FFmpeg leaves in a picture what its memory held before. That is always
    the same only if the memory of each frame is free again when the next one is decoded.
    """
    for _, frames in _decode_packets(container, stream):
        while frames:
            yield frames.pop(0)


def _faultless(container, stream, pts: int) -> Iterator[av.VideoFrame]:
    """Yield the frames from time `pts` on; skip earlier ones that no other needs.

    Raises
    ------
    Unsure
        A picture is damaged. Later ones may build on it.
    """
    context = stream.codec_context
    context.skip_frame = "NONREF"
    for packet in container.demux(stream):
        if packet.pts is None or packet.pts >= pts:
            context.skip_frame = "DEFAULT"
        with _errors(stream) as errors:
            try:
                frames = stream.decode(packet)
            except av.error.FFmpegError:
                raise Unsure from None
        if any(name == context.name for _, name, _ in errors) or any(f.is_corrupt for f in frames):
            raise Unsure
        while frames:
            frame = frames.pop(0)
            if frame.pts is None or frame.pts >= pts:
                yield frame
            del frame


def _print(frame: av.VideoFrame, apart: int) -> int:
    """Return a checksum of some rows of each plane.

    Rows 8 apart meet every block of a codec and cost 3 % of decoding 1080p. Damage can be
    smaller than a block, so damaged files have every row checked.
    """
    total = 0
    for number, plane in enumerate(frame.planes):
        parts = [part for part in frame.format.components if part.plane == number]
        used = sum(part.width * -(-part.bits // 8) for part in parts)
        if len(frame.planes) == 1:  # samples lie side by side, perhaps with padding: bgr0
            used = frame.width * frame.format.padded_bits_per_pixel // 8
        rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size]
        rows = rows.reshape(plane.height, plane.line_size)[::apart, : min(used, plane.line_size)]
        total = zlib.crc32(np.ascontiguousarray(rows), total)
    return total


# ---- damage ----


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

    Harm goes on to the next key packet, and to the packets after it that are shown before it.
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
    """Return the runs of frames that harmed packets gave; without times, all after the first."""
    packets = [found.packets[i] for i in harmed]
    doubt = np.isin(pts, [packet.time for packet in packets if packet.time != NO_TIME])
    doubt |= [frame.corrupt for frame in found.frames]
    for packet in packets:
        if packet.time == NO_TIME or NO_TIME in pts:
            doubt[packet.before :] = True
            break
    edges = np.flatnonzero(np.diff(np.concatenate([[0], doubt, [0]])))
    return edges.reshape(-1, 2) - [0, 1]


def damage(index: Index) -> str:
    """Say in full sentences which frames are missing or doubtful; empty if none."""
    told, count = [], len(index.pts)
    if len(index.lost):
        missing = int(index.lost[:, 1].sum())
        places = [
            f"{n} after frame {after}" if after >= 0 else f"{n} before frame 0"
            for after, n in index.lost.tolist()
        ]
        told.append(
            f"{count} of {count + missing} frames can be decoded. "
            f"The others are missing or cut off: {_list(places)}."
        )
    if len(index.doubtful):
        runs = [f"{a} to {b}" if b > a else f"{a}" for a, b in index.doubtful.tolist()]
        told.append(
            f"The decoder guessed parts of these frames, or built on guessed ones: {_list(runs)}."
        )
    return " ".join(told)


def _list(places: list[str]) -> str:
    return ", ".join(places[:6]) + f" and {len(places) - 6} more places" * (len(places) > 6)


# ---- time ----


def clock(
    pts: np.ndarray, second: float, rate: float
) -> tuple[np.ndarray, float, np.ndarray, bool]:
    """Turn timestamps into times that never fall.

    Where the timestamps fall, another recording was joined: time goes on with the usual step of
    the part before. Frames without a timestamp are spaced evenly between those that have one, or
    by the usual step. Timestamps are no use if more than one in ten falls, or if they give more
    than 10,000 frames per second.

    Parameters
    ----------
    pts : (T,) int64
        Timestamps, or NO_TIME.
    second : float
        Ticks per second.
    rate : float
        Frames per second to assume if the timestamps are no use.

    Returns
    -------
    times : (T,) float64, seconds
    fps : float
        Mean rate.
    restarts : (R,) int64
        Frames at which the timestamps fall.
    assumed : bool
        `times` follow `rate`.
    """
    known = np.flatnonzero(pts != NO_TIME)
    stamps = (pts[known] - pts[known[:1]]) / second
    steps = np.diff(stamps) / np.diff(known)
    falls = np.flatnonzero(steps < 0) + 1
    span = steps[steps > 0].sum()
    if span <= len(pts) / FASTEST or len(falls) > len(pts) / 10:
        return np.arange(len(pts)) / rate, rate, known[:0], len(pts) > 1
    usual = np.median(steps[steps > 0])
    times = np.full(len(pts), np.nan)
    end = last = 0.0
    for part in np.split(np.arange(len(known)), falls):
        own = steps[part[:-1]]
        usual = np.median(own[own > 0]) if np.any(own > 0) else usual
        frames = known[part]
        begin = end + last * (frames[0] - known[part[0] - 1]) if part[0] else usual * frames[0]
        times[frames] = begin + stamps[part] - stamps[part[0]]
        end, last = times[frames[-1]], usual
    numbers = np.arange(len(pts))
    times = np.interp(numbers, known, times[known])
    first_step = steps[steps > 0][0]
    times[: known[0]] = times[known[0]] - (known[0] - numbers[: known[0]]) * first_step
    times[known[-1] :] += (numbers[known[-1] :] - known[-1]) * last
    times -= times[0]
    return times, round(float((len(pts) - 1) / times[-1]), 9), known[falls], False


# ---- seeking ----


def decode_from(path: Path, index: Index, start: int) -> Iterator[av.VideoFrame]:
    """Yield decoded frames from number `start` on, as a full decode gives them.

    Decoding begins at a key frame. If a frame differs from the full pass, decoding begins again at
    an earlier key frame, and in the end at the start of the file. Only one thread is used: several
    threads guess damaged parts differently, and are slower on small pictures.

    Raises
    ------
    Unsure
        The index comes from `table`, and a frame is missing, damaged, or of another size.
    """
    if not len(index.prints):
        yield from _by_table(path, index, start)
        return
    keys = index.keys[(index.keys > 0) & (index.keys <= start)]
    for key in keys[:-3:-1]:
        for frame in _after_seek(path, int(index.pts[key]), int(index.pts[start])):
            mark = frame.pts, _print(frame, int(index.apart))
            if mark != (index.pts[start], index.prints[start]):
                break
            yield frame
            del frame
            start += 1
        if start == len(index.pts):
            return
    with open_video(path) as (container, stream):
        yield from islice(frames_of(container, stream), start, None)


def _by_table(path: Path, index: Index, start: int) -> Iterator[av.VideoFrame]:
    """Yield frames from `start` on, with an index that `table` made (without checksums)."""
    key, count = index.keys[index.keys <= start][-1], start
    with open_video(path, strict=True) as (container, stream):
        container.seek(int(index.pts[key]), stream=stream)
        for frame in _faultless(container, stream, int(index.pts[start])):
            found = frame.pts, (frame.width, frame.height), frame.interlaced_frame
            if found != (index.pts[count], tuple(index.shapes[0, 1:3]), False):
                raise Unsure
            yield frame
            del frame
            count += 1
    if count < len(index.pts):
        raise Unsure


def _after_seek(path: Path, key: int, pts: int) -> Iterator[av.VideoFrame]:
    """Yield the frames from time `pts` on, decoded from the key frame at time `key`."""
    with open_video(path) as (container, stream):
        for _, frames in _decode_packets(container, stream):
            if frames is not None:  # the decoder has read the notes that stand only at the start
                break
        container.seek(key, stream=stream)
        frames = frames_of(container, stream)
        yield from dropwhile(lambda frame: frame.pts is not None and frame.pts < pts, frames)


# ---- how a frame looks ----


TRANSPOSED, ROWS, COLUMNS, UNUSABLE = 1, 2, 4, 8
"""An orientation is a sum of the first three: swap rows and columns, then reverse rows, columns."""


def _orientation(frame: av.VideoFrame, before: int) -> int:
    """Read how a decoded frame is to be turned or mirrored; UNUSABLE if no such way fits.

    Video data may tell it only now and then; a frame without it is shown as the one `before`.

    The display matrix comes from the container or from the video data itself. It maps (x, y) to
    (a x + c y, b x + d y); see FFmpeg's libavutil/display.h.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return before
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].astype(float)
    straight, crossed = sorted((abs(a), abs(d))), sorted((abs(b), abs(c)))
    if straight[0] > 0 and crossed[1] < 0.01 * straight[0]:
        return ROWS * (d < 0) + COLUMNS * (a < 0)
    if crossed[0] > 0 and straight[1] < 0.01 * crossed[0]:
        return TRANSPOSED + ROWS * (b < 0) + COLUMNS * (c < 0)
    return UNUSABLE


def view(
    frame: av.VideoFrame, way: int, pixel: float, size_wh: tuple[int, int] | None = None
) -> np.ndarray:
    """Return a frame as it is to be seen: (H, W, 3) uint8 RGB, upright, with square pixels.

    Parameters
    ----------
    way : int
        Its orientation.
    pixel : float
        Width of a stored pixel over its height. The shorter side of the pixel is stretched.
    size_wh : (int, int), pixels, optional
        A picture of another size is scaled to fit, with black bars if its shape is different.
    """
    image = _turned(_squared(frame.to_ndarray(format="rgb24"), pixel), way)
    if size_wh is None or image.shape[1::-1] == size_wh:
        return np.ascontiguousarray(image)
    scale = min(size_wh[0] / image.shape[1], size_wh[1] / image.shape[0])
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    left, top = (size_wh[0] - width) // 2, (size_wh[1] - height) // 2
    whole = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=method)
    whole[top : top + height, left : left + width] = part
    return whole


def _square_size(width: int, height: int, pixel: float) -> tuple[int, int]:
    """Return the size (w, h) with square pixels; nothing gets smaller."""
    if not 1 / WIDEST_PIXEL <= pixel <= WIDEST_PIXEL:
        return width, height
    return round(width * max(1, pixel)), round(height * max(1, 1 / pixel))


def _squared(image: np.ndarray, pixel: float) -> np.ndarray:
    size = _square_size(*image.shape[1::-1], pixel)
    return image if size == image.shape[1::-1] else cv2.resize(image, size)


def _turned(image: np.ndarray, way: int) -> np.ndarray:
    if way & TRANSPOSED:
        image = image.transpose(1, 0, 2)
    return image[:: -1 if way & ROWS else 1, :: -1 if way & COLUMNS else 1]


# ---- what a reader must know ----


def file_notices(index: Index) -> list[Notice]:
    """Return the notices about the file: facts to know before you trust the measurements."""
    whole = [
        *_orientation_facts(index.shapes[:, 3]),
        *_pixel_facts(index),
        *_interlacing_facts(index),
    ]
    return [
        *_damage_notices(index),
        *_size_notices(index),
        *_clock_notices(index),
        *(Notice(kind, None, None, statement) for kind, statement in whole),
    ]


def _damage_notices(index: Index) -> Iterator[Notice]:
    if damage(index):
        at = [*index.doubtful.ravel(), *np.clip(index.lost[:, 0], 0, None)]
        yield Notice("damaged", int(min(at)), int(max(at)), f"The file is damaged. {damage(index)}")


def _size_notices(index: Index) -> Iterator[Notice]:
    sizes = [_shown_size(shape, float(index.pixel)) for shape in index.shapes]
    begins = index.shapes[:, 0].tolist()
    stops = [*begins[1:], len(index.pts)]
    other = [i for i, size in enumerate(sizes) if size != sizes[0]]
    if other:
        width, height = sizes[0]
        places = [f"{sizes[i][0]} x {sizes[i][1]} from frame {begins[i]} on" for i in other]
        yield Notice(
            "size_change",
            begins[other[0]],
            stops[other[-1]] - 1,
            f"The picture begins with {width} x {height} pixels and changes its size "
            f"({_list(places)}). Frames of another size are scaled to the first one.",
        )


def _shown_size(shape: np.ndarray, pixel: float) -> tuple[int, int]:
    _, width, height, way = shape.tolist()
    size = _square_size(width, height, pixel)
    return size[::-1] if way & TRANSPOSED else size


def _clock_notices(index: Index) -> Iterator[Notice]:
    if index.assumed:
        yield Notice(
            "assumed_times",
            None,
            None,
            "The file has no timestamps that can be used. Times and rates assume that "
            f"{index.fps:.3g} frames are shown per second.",
        )
    if len(index.restarts):
        frames = index.restarts.tolist()
        yield Notice(
            "clock_restart",
            frames[0],
            frames[-1],
            f"The file's clock jumps back at {_list([f'frame {i}' for i in frames])}. This happens "
            "when recordings are joined. We let the time go on there with the usual step from "
            "frame to frame.",
        )


def _orientation_facts(ways: np.ndarray) -> Iterator[tuple[str, str]]:
    flips = [bin(way & (TRANSPOSED | ROWS | COLUMNS)).count("1") for way in ways.tolist()]
    if any(count % 2 for count in flips):
        yield (
            "mirrored",
            "The file asks players to mirror its picture, so the picture is shown mirrored. "
            "Left and right are meant as in the picture that is shown.",
        )
    if UNUSABLE in ways:
        yield (
            "orientation",
            "The file asks for a turn that is no multiple of 90 degrees, or its display matrix is "
            "not valid. This is ignored, so the picture may not be upright.",
        )


def _pixel_facts(index: Index) -> Iterator[tuple[str, str]]:
    pixel, (width, height) = float(index.pixel), index.shapes[0, 1:3].tolist()
    shown = _square_size(width, height, pixel)
    if not 1 / WIDEST_PIXEL <= pixel <= WIDEST_PIXEL:
        yield (
            "pixel_aspect",
            f"The file says that its pixels are {pixel:.3g} times as wide as high. "
            "No camera records such pixels, so this is ignored.",
        )
    elif shown != (width, height):
        yield (
            "pixel_aspect",
            f"Stored pixels are {pixel:.3g} times as wide as high. The picture is stretched from "
            f"{width} x {height} to {shown[0]} x {shown[1]}. This changes fine traces such as "
            "noise. Do not look for such traces in the stretched picture.",
        )


def _interlacing_facts(index: Index) -> Iterator[tuple[str, str]]:
    if index.interlaced > len(index.pts) / 2:
        yield (
            "interlaced",
            "Each frame holds two moments in alternating lines (interlacing). So moving things "
            "have edges like the teeth of a comb. These edges are no trace of a fake.",
        )
