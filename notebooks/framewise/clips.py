"""Clips: open a video so that frame n is exactly the n-th decoded frame, and write one.

Notebook: 00_start_here.ipynb

Public: Clip, Lost, open_sample, open_still, read_image, write_clip, cache_file.
"""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from tqdm import tqdm

from framewise import DATA, consent

__all__ = ["Clip", "Lost", "cache_file", "open_sample", "open_still", "read_image", "write_clip"]


class Lost(NamedTuple):
    """Frames that the file announces but that do not decode."""

    after: int
    """Index of the last good frame before the gap, -1 at the start."""
    frames: int
    """How many frames are missing there."""


class _Index(NamedTuple):
    """What one full decode of a file tells: the truth that seeking is held against."""

    pts: np.ndarray  # (T,) int64 timestamps, -1 everywhere if the file has no usable ones
    keys: np.ndarray  # (K,) frames from which decoding can start
    lost: np.ndarray  # (L, 2) rows of Lost


class Clip:
    """A video file; `clip[i]` is exactly the i-th frame of a full decode.

    Opening decodes the whole file once without keeping pixels; this is what makes the frame
    numbers exact on variable frame rates, B-frames and files without a frame count. The result
    is kept for long files, so that they open at once the next time. Memory does not grow with
    length. Frames are turned upright when the file says that the camera was held rotated.

    A clip of the course's catalogue is opened only if its bytes and its consent hold; any other
    file is found footage: it may be looked at and measured, never used to make a fake.

    Parameters
    ----------
    path : str or Path
        A video in any format that FFmpeg reads.

    Attributes
    ----------
    fps : float
        Mean frames per second.
    times : (T,) float64, seconds since the first frame
    size_wh : (int, int), pixels
    sha256 : str
    entry : dict or None
        The catalogue entry; None for found footage.
    lost : tuple of Lost
        Frames that did not decode. A frame whose damage the decoder conceals is not lost.

    Raises
    ------
    FileNotFoundError, ValueError
        No such file; not a video, or no frame of it decodes.
    consent.ConsentError
        The clip is in the catalogue, but its bytes or its consent do not hold.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _existing_file(path)
        self.sha256 = consent.sha256_of(self.path)
        self.entry = consent.entry_of(self.path, self.sha256)
        self._index = _load_index(self.path, self.sha256)
        with _open(self.path) as container:
            stream = _video_stream(container)
            self.times, self.fps = _clock(self._index.pts, stream)
        self.lost = tuple(Lost(*map(int, row)) for row in self._index.lost)
        self._reader: Iterator[np.ndarray] | None = None
        self._next = 0
        self._current: tuple[int, np.ndarray] = (0, next(self.frames(0, 1)))
        height, width = self._current[1].shape[:2]
        self.size_wh = (width, height)
        if self.lost:
            warnings.warn(self.damage(), stacklevel=2)

    def __len__(self) -> int:
        return len(self._index.pts)

    def __repr__(self) -> str:
        width, height = self.size_wh
        return f"Clip({self.path.name!r}, {len(self)} frames, {self.fps:.3g} fps, {width}x{height})"

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.frames()

    def __getitem__(self, i: int) -> np.ndarray:
        """Return frame i as (H, W, 3) uint8 RGB; negative i counts from the end."""
        if not -len(self) <= i < len(self):
            raise IndexError(f"frame {i}: {self.path.name} has frames 0 to {len(self) - 1}.")
        index = i % len(self)
        if index != self._current[0]:
            self._current = (index, self._read(index))
        return self._current[1].copy()

    def frames(
        self, start: int = 0, stop: int | None = None, *, threads: int = 0
    ) -> Iterator[np.ndarray]:
        """Stream frames start to stop - 1, each (H, W, 3) uint8 RGB, one in memory at a time.

        `threads` is the number of decoding threads; 0 lets FFmpeg choose.
        """
        start, stop, _ = slice(start, stop).indices(len(self))
        if start >= stop:
            return
        with _open(self.path) as container:
            decoded = _decode_from(container, self._index, start, threads)
            for _ in range(stop - start):
                yield _upright_rgb(next(decoded))

    def damage(self) -> str:
        """Say in words which frames are missing; empty if none."""
        if not self.lost:
            return ""
        total = sum(gap.frames for gap in self.lost)
        where = ", ".join(
            "before the first frame"
            if gap.after < 0
            else f"{gap.frames} after frame {gap.after} ({self.times[gap.after]:.2f} s)"
            for gap in self.lost[:5]
        )
        more = f" and {len(self.lost) - 5} more places" if len(self.lost) > 5 else ""
        return (
            f"{self.path.name}: {total} frames are damaged or cut off and did not decode "
            f"({where}{more}); the other {len(self)} are served"
        )

    def _read(self, index: int) -> np.ndarray:
        keys = self._index.keys
        ahead = keys[(keys > self._next) & (keys <= index)]
        if self._reader is None or index < self._next or len(ahead):
            self._reader, self._next = self.frames(index), index
        for _ in range(index - self._next):
            next(self._reader)
        self._next = index + 1
        return next(self._reader)


def open_sample(name: str) -> Clip:
    """Open a clip of the catalogue by its id, e.g. `open_sample("ana_talk")`."""
    return Clip(consent.file_of(name))


def open_still(name: str) -> np.ndarray:
    """Read a still of the catalogue by its id as (H, W, 3) uint8 RGB."""
    path = consent.file_of(name)
    consent.entry_of(path, consent.sha256_of(path))
    return read_image(path)


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture as (H, W, 3) uint8 RGB; ValueError if it is not one."""
    data = np.frombuffer(_existing_file(path).read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise ValueError(f"{path}: expected a picture such as JPEG or PNG; this file is not one.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def write_clip(
    path: str | Path,
    frames: Iterable[np.ndarray],
    fps: float,
    *,
    overwrite: bool = False,
    comment: str = "",
) -> Path:
    """Write frames as an H.264 file (yuv420p, MP4) that every browser plays.

    A key frame comes at least every 12 frames, so that stepping back stays quick. H.264 needs
    even sizes: an odd last row or column is repeated once. The file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Where to write; must end in .mp4.
    frames : iterable of (H, W, 3) uint8 RGB
        All of one size. May be a generator: only one frame is held in memory.
    fps : float
        Frames per second, above 0.
    overwrite : bool
        Replace an existing file.
    comment : str
        Kept in the file's metadata.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError, ValueError, OSError
        The file exists; bad fps, shapes or an empty sequence; the disk is full.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise ValueError(f"path: expected a name ending in .mp4, got {path.name!r}.")
    if not fps > 0:
        raise ValueError(f"fps: expected a number above 0, got {fps}.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or pass overwrite=True.")
    handle, partial = tempfile.mkstemp(suffix=".mp4", dir=path.parent)
    os.close(handle)
    try:
        _encode(partial, frames, fps, comment)
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise
    return path


def cache_file(sha256: str, what: str) -> Path:
    """Name the cache file for something measured on the clip with this hash."""
    return DATA / "cache" / f"{sha256[:24]}.{what}.npz"


def _existing_file(path: str | Path) -> Path:
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. Looked in {path.absolute().parent}.")
    return path


def _open(path: Path) -> av.container.InputContainer:
    if not path.stat().st_size:
        raise ValueError(f"{path}: the file is empty (0 bytes); copy or download it again.")
    try:
        container = av.open(str(path))
    except av.error.FFmpegError as error:
        raise ValueError(
            f"{path}: expected a video, but FFmpeg cannot read this file ({error.strerror}). "
            "If the recording or download was cut off, fetch it again."
        ) from error
    if container.format.name.endswith("_pipe") or container.format.name == "image2":
        container.close()
        raise ValueError(f"{path}: this is a still picture; open it with clips.read_image.")
    return container


def _video_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream:
    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & cover:
            return stream
    raise ValueError(f"{container.name}: expected a video, but the file holds no moving picture.")


def _load_index(path: Path, sha256: str) -> _Index:
    cached = cache_file(sha256, "index")
    if cached.is_file():
        with np.load(cached) as data:
            return _Index(**data)
    began = time.monotonic()
    index = _scan(path)
    if not len(index.pts):
        raise ValueError(f"{path}: expected a video, but not one frame of it decodes.")
    if time.monotonic() - began > 1:
        save_arrays(cached, index._asdict())
    return index


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Save arrays whole or not at all; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez_compressed(file, **arrays)
        os.replace(file.name, path)
    except OSError as error:
        warnings.warn(f"not kept for the next time, {path.parent}: {error}", stacklevel=2)


def _scan(path: Path) -> _Index:
    """Decode everything once, keeping only timestamps, key frames and what did not decode."""
    packets, pts, keys, failed = [], [], [], 0
    with _open(path) as container:
        stream = _video_stream(container)
        stream.thread_type = "AUTO"
        stream.codec_context.options = {"skip_loop_filter": "all"}
        bar = tqdm(desc="reading the clip", unit=" frames", delay=1, leave=False)
        for packet, frames in _decode_packets(container, stream):
            failed += frames is None
            if packet and packet.size and not packet.is_discard:
                packets.append(-1 if packet.pts is None else packet.pts)
            for frame in frames or ():
                keys += [len(pts)] if frame.key_frame else []
                pts.append(-1 if frame.pts is None else frame.pts)
                bar.update()
        bar.close()
        cut_off = max(0, _announced(stream) - len(packets))
    times = np.array(pts, np.int64)
    lost = _gaps(times, np.array(packets, np.int64), cut_off) if failed or cut_off else []
    usable = np.all(np.diff(times) > 0) and times[:1] != -1
    # what follows damage is rebuilt from what came before: only a start before it is exact
    keys = [k for k in keys if usable and (not lost or k <= lost[0][0])]
    return _Index(
        times if usable else np.full(len(pts), -1),
        np.array(keys, np.int64),
        np.array(lost, np.int64).reshape(-1, 2),
    )


def _decode_packets(container, stream) -> Iterator[tuple[av.Packet | None, list | None]]:
    """Yield each packet with the frames it gave, None where it did not decode."""
    packets = container.demux(stream)
    ended = False
    while not ended:
        try:
            packet = next(packets)
            ended = not packet.size
        except (StopIteration, av.error.FFmpegError):  # the file ends inside a packet
            packet, ended = None, True
        try:
            yield packet, stream.decode(packet)
        except av.error.FFmpegError:
            yield packet, None


def _announced(stream) -> int:
    """How many frames the container promises; 0 if it does not say."""
    if stream.frames or "DURATION" not in stream.metadata or not stream.average_rate:
        return stream.frames
    hours, minutes, seconds = stream.metadata["DURATION"].split(":")
    length = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return int(length * stream.average_rate) - 1


def _gaps(pts: np.ndarray, packets: np.ndarray, cut_off: int) -> list[tuple[int, int]]:
    missing = np.setdiff1d(packets, pts)
    after = np.searchsorted(pts, missing) - 1
    rows = [(int(a), int(np.sum(after == a))) for a in np.unique(after)]
    if cut_off:
        end = len(pts) - 1
        known = rows.pop()[1] if rows and rows[-1][0] == end else 0
        rows.append((end, known + cut_off))
    return rows


def _clock(pts: np.ndarray, stream) -> tuple[np.ndarray, float]:
    """Return times in seconds since the first frame, and the mean rate in frames per second."""
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    if pts[0] == -1 or len(pts) == 1:
        return np.arange(len(pts)) / rate, rate
    length = int(pts[-1] - pts[0]) * stream.time_base
    return (pts - pts[0]) * float(stream.time_base), float((len(pts) - 1) / length)


def _decode_from(container, index: _Index, start: int, threads: int) -> Iterator[av.VideoFrame]:
    """Yield decoded frames from number `start` on, seeking to a key frame where that is exact."""
    stream = _video_stream(container)
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    candidates = index.keys[(index.keys <= start) & (index.keys > 0)]
    for key in candidates[::-1][:3]:
        container.seek(int(index.pts[key]), stream=stream)
        decoded = _frames(container, stream)
        frame = next((f for f in decoded if f.pts is None or f.pts >= index.pts[start]), None)
        if frame is not None and frame.pts == index.pts[start]:
            yield frame
            yield from decoded
            return
    with _open(Path(container.name)) as fresh:
        stream = _video_stream(fresh)
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        decoded = _frames(fresh, stream)
        for _ in range(start):
            next(decoded)
        yield from decoded


def _frames(container, stream) -> Iterator[av.VideoFrame]:
    for _, frames in _decode_packets(container, stream):
        yield from frames or ()


def _upright_rgb(frame: av.VideoFrame) -> np.ndarray:
    image = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4  # the display matrix, counter-clockwise
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _encode(path: str, frames: Iterable[np.ndarray], fps: float, comment: str) -> None:
    shape = None
    with av.open(path, "w", options={"movflags": "+faststart"}) as container:
        container.metadata["comment"] = comment
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(65535))
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18", "g": "12"}
        for number, image in enumerate(frames):
            shape = shape or image.shape
            if image.shape != shape or image.ndim != 3 or image.dtype != np.uint8:
                raise ValueError(
                    f"frames: expected (H, W, 3) uint8 of one size {shape}, "
                    f"got {image.shape} {image.dtype} at frame {number}."
                )
            height, width = shape[:2]
            image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        if shape is None:
            raise ValueError("frames: expected at least one frame, got none.")
        container.mux(stream.encode())
