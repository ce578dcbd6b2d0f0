"""Clips: open a video so that frame n is exactly the n-th decoded frame, and write one.

Notebook: 00_start_here.ipynb

Public: Clip, Lost, Truth, open_sample, altered, load_truth, open_still, read_image, write_clip,
cache_file, load_arrays, save_arrays, whole_or_nothing.
"""

from __future__ import annotations

import operator
import os
import re
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from tqdm import tqdm

from framewise import DATA, __version__, consent

KEEP_AFTER = 1.0
"""A file that took longer than this to read through, in seconds, is remembered."""


class Lost(NamedTuple):
    """Frames that the file announces but that do not decode."""

    after: int
    """Index of the last good frame before the gap, -1 at the start."""
    frames: int
    """How many frames are missing there."""


TICK = Fraction(1, 90000)
"""The unit, in seconds, in which uneven times are written."""

MP4 = {"movflags": "+faststart", "max_interleave_delta": "0"}
"""How files are laid out: quick to start, sound beside the picture it belongs to."""

NO_TIME = np.iinfo(np.int64).min
"""Stands for a timestamp that the file does not give."""


class _Index(NamedTuple):
    """What a full decode of a file tells: the truth that seeking is held against."""

    pts: np.ndarray  # (T,) int64 timestamps, or NO_TIME
    keys: np.ndarray  # (K,) frames from which decoding gives what a full decode gives
    lost: np.ndarray  # (L, 2) rows of Lost
    patched: np.ndarray  # (P,) frames that the decoder filled in where the file is damaged


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
        From the file's timestamps; where it gives none, from the mean rate.
    size_wh : (int, int), pixels
        Of the first frame, as stored: pixels that are not square are not stretched.
    sha256 : str
    entry : dict or None
        The catalogue entry; None for found footage.
    lost : tuple of Lost
        Frames that did not decode: how many, and after which frame.
    patched : tuple of int
        Frames that the decoder filled in by guesswork where the file is damaged.

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
        self.lost = tuple(Lost(*row) for row in self._index.lost.tolist())
        self.patched = tuple(self._index.patched.tolist())
        self._reader: Iterator[np.ndarray] | None = None
        self._next = 0
        self._lock = threading.Lock()
        self._current: tuple[int, np.ndarray] = (0, next(self.frames(0, 1)))
        height, width = self._current[1].shape[:2]
        self.size_wh = (width, height)
        if self.lost or self.patched:
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
        i = operator.index(i)
        if not -len(self) <= i < len(self):
            raise IndexError(f"frame {i}: {self.path.name} has frames 0 to {len(self) - 1}.")
        index = i % len(self)
        with self._lock:
            if index != self._current[0]:
                self._current = (index, self._read(index))
            return self._current[1].copy()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """Stream frames start to stop - 1, each (H, W, 3) uint8 RGB, one in memory at a time."""
        start, stop, _ = slice(start, stop).indices(len(self))
        if start >= stop:
            return
        count = 0
        for frame in islice(_decode_from(self.path, self._index, start), stop - start):
            yield _upright_rgb(frame)
            count += 1
        if count < stop - start:
            raise OSError(
                f"{self.path}: frame {start + count} was there when the clip was opened and no "
                "longer decodes; if the file was changed or moved, open it again."
            )

    def damage(self) -> str:
        """Say in words which frames are missing or guessed; empty if none."""
        found = []
        if self.lost:
            where = "; ".join(f"{gap.frames} after frame {gap.after}" for gap in self.lost[:5])
            more = f"; and {len(self.lost) - 5} more places" if len(self.lost) > 5 else ""
            total = sum(gap.frames for gap in self.lost)
            found.append(f"{total} frames are cut off or do not decode ({where}{more})")
        if self.patched:
            where = ", ".join(map(str, self.patched[:8])) + ", ..." * (len(self.patched) > 8)
            found.append(f"{len(self.patched)} frames are partly guessed by the decoder ({where})")
        return f"{self.path.name} is damaged: {'; '.join(found)}" if found else ""

    def _read(self, index: int) -> np.ndarray:
        keys = self._index.keys
        nearer = np.any((keys > self._next) & (keys <= index))
        if self._reader is None or index < self._next or nearer:
            self._reader, self._next = self.frames(index), index
        reader, self._reader = self._reader, None  # kept only if nothing goes wrong
        frame = next(islice(reader, index - self._next, None))
        self._reader, self._next = reader, index + 1
        return frame


def open_sample(name: str) -> Clip:
    """Open a clip of the catalogue by its id, e.g. `open_sample("ana_talk")`."""
    return Clip(consent.file_of(name))


def altered(clip: Clip) -> list[dict]:
    """Return what was altered in a clip of the catalogue, as the catalogue tells it.

    Returns
    -------
    list of dict
        Places in the form of `framewise.marks`: "first", "last", "box", "reason"; empty for an
        original.

    Raises
    ------
    ValueError
        Found footage: nobody here knows what was done to it.
    """
    if clip.entry is None:
        raise ValueError(f"{clip.path.name}: not in the catalogue, so its truth is not known.")
    if clip.entry["kind"] == "original":
        return []
    first, last = clip.entry["altered_frames"]
    box, method = clip.entry.get("altered_box"), clip.entry["method"]
    return [{"first": first, "last": last, "box": box, "reason": method}]


@dataclass(frozen=True)
class Truth:
    """What is known of one person in a rendered clip, in each of its T frames.

    It comes from the script that moved the person and from the shape that was rendered, never from
    the pixels. Right and left are the person's own. B blinks, N named points.
    """

    closure: np.ndarray
    """(T, 2) float32: how far the right and the left lids are closed, 0 at rest to 1. Eyes that
    look down lower the lids too; only `blinks` tells which closures are blinks."""
    blinks: np.ndarray
    """(B, 3) int: the first, the lowest and the last frame of each blink, rising; a blink lasts
    while it closes the two lids by more than 0.1 on average."""
    partial: np.ndarray
    """(B,) bool: blinks that by themselves, were the lids not low already, close them by less than
    0.8."""
    pose: np.ndarray
    """(T, 3) float32, degrees: the head's yaw (+ to the person's left), pitch (+ down) and roll
    (+ towards the right shoulder); the head is turned by Ry(yaw) Rx(pitch) Rz(roll)."""
    gaze: np.ndarray
    """(T, 2) float32, degrees: how far the eyes are turned in the head, to the person's left and
    up."""
    jaw: np.ndarray
    """(T,) float32: how far the jaw is open; 0 is shut, 0.4 a wide vowel."""
    phoneme: np.ndarray
    """(T,) str: the speech sound in the middle of the frame (IPA), "" in a pause."""
    names: tuple[str, ...]
    """(N,) what each point is, such as "left_brow_0"; `place` finds those of one place."""
    points: np.ndarray
    """(T, N, 2) float32, pixels x, y; in places good to 1/32."""
    hidden: np.ndarray
    """(T, N) bool: outside the picture, or behind something nearer to the camera."""
    box: np.ndarray
    """(T, 4) float32: the smallest box x0, y0, x1, y1 around all the points."""

    def place(self, name: str) -> np.ndarray:
        """Return the points (T, n, 2) of one place, such as "lips_inner".

        Raises
        ------
        KeyError
            There is no such place.
        """
        found = [i for i, own in enumerate(self.names) if re.sub(r"_\d+$", "", own) == name]
        if not found:
            places = dict.fromkeys(re.sub(r"_\d+$", "", own) for own in self.names)
            raise KeyError(f"no place {name!r}; there are: {', '.join(places)}")
        return self.points[:, found]


def load_truth(clip: Clip, person: int = 0) -> Truth:
    """Return what is true in every frame of a rendered clip.

    Parameters
    ----------
    clip : Clip
        A sample clip of the course.
    person : int
        Which of the people in the clip's entry, from 0.

    Raises
    ------
    ValueError
        Nothing is known of the clip, or it shows fewer people.
    consent.ConsentError
        The file of the truth is not the one of the catalogue.
    """
    entry = clip.entry or {}
    if "truth" not in entry:
        known = ", ".join(e["id"] for e in consent.catalogue().values() if "truth" in e)
        raise ValueError(f"{clip.path.name}: the truth is known only of rendered clips: {known}.")
    if not 0 <= person < len(entry["people"]):
        raise ValueError(f"person: expected 0 to {len(entry['people']) - 1}, got {person}.")
    arrays = load_arrays(consent.attachment(entry, "truth"))
    own = {key[2:]: value for key, value in arrays.items() if key.startswith(f"{person}/")}
    own["points"] = own["points"].astype(np.float32) / 32
    return Truth(names=tuple(arrays["names"].tolist()), **own)


def open_still(name: str) -> np.ndarray:
    """Read a still of the catalogue by its id as (H, W, 3) uint8 RGB."""
    return read_image(consent.file_of(name))


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture as (H, W, 3) uint8 RGB.

    Raises
    ------
    FileNotFoundError, ValueError, consent.ConsentError
        No such file; not a picture; in the catalogue, but bytes or consent do not hold.
    """
    path = _existing_file(path)
    consent.entry_of(path, consent.sha256_of(path))
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise ValueError(f"{path}: expected a picture such as JPEG or PNG; this file is not one.")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def write_clip(
    path: str | Path,
    frames: Iterable[np.ndarray],
    fps: float,
    *,
    times: Sequence[float] | None = None,
    sound: Iterable[av.AudioFrame] = (),
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
        Frames per second, 0.1 to 1000.
    times : (T,) float, seconds, optional
        When each frame is shown, rising from 0; by default evenly at `fps`.
    sound : iterable of av.AudioFrame
        Kept as AAC, timed by the frames' own timestamps.
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
    if not 0.1 <= fps <= 1000:
        raise ValueError(f"fps: expected a number from 0.1 to 1000, got {fps}.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or pass overwrite=True.")
    with whole_or_nothing(path) as partial, av.open(str(partial), "w", options=MP4) as container:
        container.metadata["comment"] = comment
        _encode(container, frames, fps, times, sound)
    return path


def cache_file(sha256: str, what: str) -> Path:
    """Name the cache file for something measured on the clip with this hash."""
    return DATA / "cache" / f"{sha256[:24]}.{what}-{__version__}.npz"


@contextmanager
def whole_or_nothing(path: Path) -> Iterator[Path]:
    """Give a name to write to; it becomes `path` if all goes well and vanishes if not."""
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _existing_file(path: str | Path) -> Path:
    path = Path(path).expanduser().absolute()
    if path.is_dir():
        raise FileNotFoundError(f"{path}: this is a folder; give the name of a file in it.")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file. Is the name right?")
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
    kind = container.format.name
    if kind.endswith("_pipe") or kind == "image2":
        container.close()
        raise ValueError(f"{path}: expected a video, but this is a still picture.")
    if kind in ("concat", "hls", "dash", "sdp"):
        container.close()
        raise ValueError(f"{path}: this is a list of other files; open the video itself.")
    return container


def _video_stream(container: av.container.InputContainer) -> av.video.stream.VideoStream:
    for stream in container.streams.video:
        if stream.codec_context and not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    raise ValueError(f"{container.name}: expected a video, but the file holds no moving picture.")


def _load_index(path: Path, sha256: str) -> _Index:
    cached = cache_file(sha256, "index")
    kept = load_arrays(cached)
    if kept.keys() == set(_Index._fields):
        return _Index(**kept)
    began = time.monotonic()
    index = _scan(path)
    if time.monotonic() - began > KEEP_AFTER:
        save_arrays(cached, index._asdict())
    return index


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Load what `save_arrays` kept; empty if there is nothing or it is damaged."""
    try:
        with np.load(path) as data:
            return dict(data)
    except Exception:  # however it is damaged, it is measured again
        return {}


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Save arrays whole or not at all; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_or_nothing(path) as partial:
            np.savez_compressed(partial, **arrays)
    except OSError as error:
        warnings.warn(f"not kept for the next time, {path.parent}: {error}", stacklevel=2)


def _scan(path: Path) -> _Index:
    """Decode everything once; twice more, with care, if anything about it is odd."""
    decoded = careful = _decode_all(path, strict=True, thread_type="AUTO")
    if decoded.failed or decoded.cut_off or decoded.pts.size != decoded.packets.size:
        careful = _decode_all(path, strict=True, thread_type="NONE")
        decoded = _decode_all(path, strict=False, thread_type="NONE")
    pts = decoded.pts
    if not len(pts):
        raise ValueError(f"{path}: expected a video, but not one frame of it decodes.")
    failed = max(decoded.failed, careful.failed)
    timed = NO_TIME not in pts and bool(np.all(np.diff(pts) > 0))
    lost = _gaps(decoded) if failed or decoded.cut_off else {}
    patched = np.flatnonzero(~np.isin(pts, careful.pts)) if timed else np.array([], np.int64)
    # after damage a frame depends on how all before it were patched: seek only where that is
    # settled, as in a file cut off at its end, and there not into its last group of frames
    placed = sum(lost.values()) - decoded.cut_off + len(patched)
    first = min([*lost, *patched], default=len(pts))
    at_the_end = failed <= placed and first >= max(decoded.keys, default=0)
    keys = decoded.keys[: -1 if failed or decoded.cut_off else None]
    return _Index(
        pts,
        np.array(keys if timed and (at_the_end or not failed) else [], np.int64),
        np.array(sorted(lost.items()), np.int64).reshape(-1, 2),
        patched,
    )


class _Decoded(NamedTuple):
    packets: np.ndarray  # timestamps that the file announces
    pts: np.ndarray  # timestamps of the frames that came out
    keys: list[int]
    failed: int
    cut_off: int


def _decode_all(path: Path, *, strict: bool, thread_type: str) -> _Decoded:
    """Decode a file without keeping pixels; `strict` gives up a frame rather than patch it."""
    packets, pts, keys, failed, total = [], [], [], 0, 0
    with _open(path) as container:
        stream = _video_stream(container)
        stream.thread_type = thread_type
        stream.codec_context.options = {"err_detect": "explode"} if strict else {}
        bar = tqdm(desc="reading the clip", unit=" frames", delay=1, leave=False)
        for packet, frames in _decode_packets(container, stream):
            failed += frames is None
            total += packet is not None
            if packet is not None and packet.size and not packet.is_discard:
                packets.append(NO_TIME if packet.pts is None else packet.pts)
            for frame in frames or ():
                keys += [len(pts)] if frame.key_frame else []
                pts.append(NO_TIME if frame.pts is None else frame.pts)
                bar.update()
        bar.close()
        cut_off = _cut_off(container, stream, total, pts)
    return _Decoded(np.array(packets, np.int64), np.array(pts, np.int64), keys, failed, cut_off)


def _decode_packets(container, stream) -> Iterator[tuple[av.Packet | None, list | None]]:
    """Yield each packet with the frames it gave, None where it did not decode; None at the end."""
    packets = container.demux(stream)
    packet = stream  # anything but None
    while packet is not None:
        try:
            packet = next(packets)
            if not packet.size and packet.dts is None:
                packet = None
        except (StopIteration, av.error.FFmpegError):  # the file ends inside a packet
            packet = None
        try:
            yield packet, stream.decode(packet)
        except av.error.FFmpegError:
            yield packet, None


def _cut_off(container, stream, packets: int, pts: list[int]) -> int:
    """How many frames the container promises that the file no longer holds."""
    if stream.frames and container.format.name.startswith(("mov", "avi")):
        return max(0, stream.frames - packets)
    if "DURATION" not in stream.metadata or len(pts) < 2 or NO_TIME in pts:  # Matroska tells
        return 0
    hours, minutes, seconds = stream.metadata["DURATION"].split(":")
    length = (pts[-1] - pts[0]) * float(stream.time_base)
    missing = int(hours) * 3600 + int(minutes) * 60 + float(seconds) - length
    return round(missing * (len(pts) - 1) / length) if missing > 0.5 else 0


def _gaps(decoded: _Decoded) -> dict[int, int]:
    """Count the frames announced that never came out, by the last frame before them.

    Where timestamps are missing nobody knows the place: they count as after the last frame.
    """
    last = len(decoded.pts) - 1
    missing = np.setdiff1d(decoded.packets, [*decoded.pts, NO_TIME])
    after = np.searchsorted(decoded.pts, missing) - 1
    gaps = {int(a): int(np.sum(after == a)) for a in np.unique(after)}
    timeless = decoded.packets.size - decoded.pts.size if NO_TIME in decoded.packets else 0
    unplaced = decoded.cut_off + max(0, timeless - missing.size)
    return gaps | ({last: gaps.get(last, 0) + unplaced} if unplaced else {})


def _clock(pts: np.ndarray, stream) -> tuple[np.ndarray, float]:
    """Return times in seconds since the first frame, and the mean rate in frames per second."""
    known = np.flatnonzero(pts != NO_TIME)
    ordered = len(known) > 1 and np.all(np.diff(pts[known]) >= 0) and pts[known[-1]] > pts[known[0]]
    if not ordered:
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        return np.arange(len(pts)) / rate, rate
    ticks = np.interp(np.arange(len(pts)), known, (pts[known] - pts[known[0]]).astype(float))
    length = int(pts[known[-1]] - pts[known[0]]) * stream.time_base
    return ticks * float(stream.time_base), float((known[-1] - known[0]).item() / length)


def _decode_from(path: Path, index: _Index, start: int) -> Iterator[av.VideoFrame]:
    """Yield decoded frames from number `start` on, seeking to a key frame where that is exact.

    On one thread: damage is patched in other ways on several, and small pictures take longer.
    """
    before = index.keys[(index.keys <= start) & (index.keys > 0)]
    for key in [*before[::-1][:3], None]:
        with _open(path) as container:
            stream = _video_stream(container)
            stream.thread_type = "NONE"
            if key is None:
                yield from islice(_frames(container, stream), start, None)
                return
            container.seek(int(index.pts[key]), stream=stream)
            frames = _frames(container, stream)
            first = next((f for f in frames if f.pts is None or f.pts >= index.pts[start]), None)
            if first is not None and first.pts == index.pts[start]:
                yield first
                yield from frames
                return


def _frames(container, stream) -> Iterator[av.VideoFrame]:
    for _, frames in _decode_packets(container, stream):
        yield from frames or ()


def _upright_rgb(frame: av.VideoFrame) -> np.ndarray:
    image = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4  # the display matrix, counter-clockwise
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def _encode(container, frames, fps: float, times: Sequence[float] | None, sound) -> None:
    frames, sound = iter(frames), iter(sound)
    first, heard = next(frames, None), next(sound, None)
    if first is None:
        raise ValueError("frames: expected at least one frame, got none.")
    height, width = first.shape[:2]
    even = ((0, height % 2), (0, width % 2), (0, 0))
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(65535))
    stream.height, stream.width = height + height % 2, width + width % 2
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": "18", "g": "12"}
    if times is not None:
        stream.codec_context.time_base = TICK
    if heard is not None:
        voice = container.add_stream("aac", rate=48000)
        for piece in chain([heard], sound):
            container.mux(voice.encode(piece))
        container.mux(voice.encode())
    for number, image in enumerate(chain([first], frames)):
        if image.shape != (height, width, 3) or image.dtype != np.uint8:
            raise ValueError(
                f"frames: expected ({height}, {width}, 3) uint8 like the first one, "
                f"got {image.shape} {image.dtype} at frame {number}."
            )
        picture = av.VideoFrame.from_ndarray(np.pad(image, even, mode="edge"), format="rgb24")
        if times is not None:
            picture.pts, picture.time_base = round(times[number] / TICK), TICK
        container.mux(stream.encode(picture))
    container.mux(stream.encode())
