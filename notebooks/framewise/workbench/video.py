"""Video: open a file, decode it, and go to a frame by its number."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import dropwhile, islice
from pathlib import Path
from typing import NamedTuple

import av
import av.logging
import numpy as np

__all__ = [
    "Index",
    "Unsure",
    "checksum",
    "collect_errors",
    "decode_from",
    "decode_packets",
    "frames_of",
    "header_size",
    "open_video",
    "refuse_large",
]


LARGEST = 50_000_000
"""Pixels of the largest picture that is decoded. One such frame takes 150 MB as RGB."""


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
    """(S, 4) int64: first frame, width, height, orientation; a row for each run of like frames."""
    interlaced: np.ndarray
    """() int64: how many frames hold two moments in alternating lines."""
    lost: np.ndarray
    """(L, 2) int64: the last frame before each gap, -1 at the start, and how many are missing."""
    doubtful: np.ndarray
    """(D, 2) int64: first and last frame of each run that damaged data may have changed."""


@contextmanager
def open_video(
    path: Path, *, strict: bool = False, thread_type: str = "NONE"
) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a file and choose its moving picture; with `strict`, damaged frames are not guessed.

    Parameters
    ----------
    path : Path
    strict : bool
        Do not guess frames that are damaged.
    thread_type : str
        As in PyAV: "NONE", "FRAME", "SLICE" or "AUTO".

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
        return "expected a video, but this is a still picture. Choose a video file."
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
            f"{container.name}: expected a video, but the file holds no moving picture. Choose a "
            "file that does."
        )
    return max(
        streams,
        key=lambda stream: (bool(stream.disposition & kinds.default), np.prod(_size(stream))),
    )


def _refuse_large(path: Path, stream) -> None:
    """Refuse large pictures; if FFmpeg forgot the size of one that it refused, read the header."""
    size = _size(stream)
    refuse_large(path, header_size(path) if 0 in size else size)


def refuse_large(path: Path, size_wh: tuple[int, int]) -> None:
    """Raise ValueError if pictures of this size are too large to be decoded.

    Parameters
    ----------
    path : Path
        For the message.
    size_wh : (int, int), pixels
    """
    if size_wh[0] * size_wh[1] > LARGEST:
        raise ValueError(
            f"{path}: expected pictures of up to {LARGEST // 10**6} megapixels, but this file has "
            f"{size_wh[0]} x {size_wh[1]} pixels. Scale it down with another program first."
        )


def header_size(path: Path) -> tuple[int, int]:
    """Return the size (w, h) that the header of a video or picture gives; (0, 0) if none."""
    options = {"skip_frame": "all", "max_pixels": str(2**31 - 1)}
    try:
        with av.open(path, options=options) as container:
            return _size(_moving_picture(container))
    except (av.error.FFmpegError, ValueError):
        return 0, 0


def _size(stream) -> tuple[int, int]:
    return stream.codec_context.width, stream.codec_context.height


@contextmanager
def collect_errors(stream) -> Iterator[list[tuple[int, str, str]]]:
    """Collect what FFmpeg reports while it decodes; FFV1 reports damage in no other way.

    This works on one thread only. PyAV can hang if several threads of FFmpeg report something.
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


def decode_packets(container, stream) -> Iterator[tuple[av.Packet | None, list | None]]:
    """Yield each packet and its frames, or None if it did not decode; the last packet is None.

    Parameters
    ----------
    container, stream
        As `open_video` gives them.
    """
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
    """Yield frames; the caller must drop each frame before it asks for the next one.

    Where data is damaged, FFmpeg leaves in a picture what its memory held before. That is always
    the same only if the memory of each frame is free again when the next one is decoded.

    Parameters
    ----------
    container, stream
        As `open_video` gives them.
    """
    for _, frames in decode_packets(container, stream):
        while frames:
            yield frames.pop(0)


def _faultless(container, stream, pts: int) -> Iterator[av.VideoFrame]:
    """Yield the frames from time `pts` on; skip earlier frames that no other frame needs.

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
        with collect_errors(stream) as errors:
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


def checksum(frame: av.VideoFrame, apart: int) -> int:
    """Return a checksum of some rows of each plane.

    Rows 8 apart meet every block of a codec and cost 3 % of decoding 1080p. Damage can be
    smaller than a block, so damaged files have every row checked.

    Parameters
    ----------
    frame : av.VideoFrame
    apart : int
        One row in this many is read.
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


def decode_from(path: Path, index: Index, start: int) -> Iterator[av.VideoFrame]:
    """Yield decoded frames from number `start` on, as a full decode gives them.

    Decoding begins at a key frame. If a frame differs from the full pass, decoding begins again at
    an earlier key frame, and in the end at the start of the file. Only one thread is used: several
    threads guess damaged parts differently, and are slower on small pictures.

    Parameters
    ----------
    path : Path
    index : Index
    start : int
        The number of the first frame.

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
            mark = frame.pts, checksum(frame, int(index.apart))
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
        for _, frames in decode_packets(container, stream):
            if frames is not None:  # the decoder has read the notes that stand only at the start
                break
        container.seek(key, stream=stream)
        frames = frames_of(container, stream)
        yield from dropwhile(lambda frame: frame.pts is not None and frame.pts < pts, frames)
