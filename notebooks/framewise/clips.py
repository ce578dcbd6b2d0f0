"""Clips: open a video so that frame n is exactly the n-th decoded frame, and write one.

Notebook: 00_start_here.ipynb

Public: Clip, Truth, open_sample, altered, load_truth, open_still, read_image, write_clip,
cache_file, load_arrays, save_arrays.
"""

from __future__ import annotations

import hashlib
import operator
import re
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from framewise import DATA, __version__, consent
from framewise.workbench import encode, table, video
from framewise.workbench.files import whole_or_nothing

MP4 = {"movflags": "+faststart", "max_interleave_delta": "0"}
"""How files are laid out: quick to start, sound beside the picture it belongs to."""

LONG = 10_000_000
"""Bytes. Longer files are opened from their table, if it is exact; see `workbench.table`."""

KEEP_AFTER = 1.0
"""A file that took longer than this to read through, in seconds, is remembered."""


class Clip:
    """A video file; `clip[i]` is exactly the i-th frame of a full decode.

    Opening a clip usually decodes the whole file once, without keeping the pixels. So the frame
    numbers are exact even if the frame rate varies, if frames are stored in another order than
    they are shown (B-frames), or if the file does not say how many frames it has. If this takes
    more than a second, the result is kept, and the file opens at once the next time. A long MP4
    file whose table of packets is exact is not decoded when it is opened. Instead, each frame is
    compared with the table when it is shown. The pixels of only one frame are kept at a time.

    Every frame is shown as the file asks: upright, mirrored if it says so, with square pixels.
    All frames have one size; where it changes inside the file, later frames are scaled to the
    first one's.

    A clip of the catalogue (the course's or your own) is opened only if its bytes are unchanged and
    its consent is valid. Any other file is found footage. It may be looked at and measured, but
    never used to make a fake.

    Parameters
    ----------
    path : str or Path
        A video in any format that FFmpeg reads, with pictures of up to 50 megapixels.

    Attributes
    ----------
    fps : float
        Mean frames per second.
    times : (T,) float64, seconds since the first frame
        They come from the file's timestamps and never fall. If the timestamps cannot be used, they
        come from the file's frame rate.
    size_wh : (int, int), pixels
        Of every frame as it is shown.
    notices : tuple of Notice
        Facts about the file that matter for the measurements, such as damage.
    sha256 : str
    entry : dict or None
        The catalogue entry; None for found footage.

    Raises
    ------
    FileNotFoundError, ValueError
        No such file; not a video, or no frame of it decodes.
    consent.ConsentError
        The clip is in the catalogue, but its bytes have changed or its consent is not valid.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _existing_file(path)
        self._identity = _identity(self.path)
        self.sha256 = consent.sha256_of(self.path)
        self.entry = consent.entry_of(self.path, self.sha256)
        self._take(_load_index(self.path, self.sha256))
        self.size_wh: tuple[int, int] | None = None
        self._reader: Iterator[np.ndarray] | None = None
        self._next = 0
        self._lock = threading.Lock()
        self._current: tuple[int, np.ndarray] = (0, next(self.frames(0, 1)))
        height, width = self._current[1].shape[:2]
        self.size_wh = (width, height)
        if self.damage():
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
        """Stream frames start to stop - 1, each (H, W, 3) uint8 RGB, one in memory at a time.

        Raises
        ------
        OSError
            The file was changed or replaced since the clip was opened.
        """
        start, stop, _ = slice(start, stop).indices(len(self))
        if start >= stop:
            return
        count = start
        try:
            for image in self._decoded(start, stop):
                yield image
                count += 1
        except video.Unsure:
            self._read_again()
            yield from self._decoded(count, stop)

    def _decoded(self, start: int, stop: int) -> Iterator[np.ndarray]:
        begins, ways = self._index.shapes[:, 0], self._index.shapes[:, 3]
        count, pixel = start, float(self._index.pixel)
        self._check_unchanged()
        for frame in islice(video.decode_from(self.path, self._index, start), stop - start):
            self._check_unchanged()
            way = int(ways[np.searchsorted(begins, count, side="right") - 1])
            image = video.view(frame, way, pixel, self.size_wh)
            del frame  # its memory serves the next one
            yield image
            count += 1
        if count < stop:
            raise OSError(f"{self.path}: frame {count} no longer decodes. Open the clip again.")

    def _take(self, index: video.Index) -> None:
        self._index = index
        self.times, self.fps = index.times, float(index.fps)
        self.notices = tuple(video.file_notices(index))

    def _read_again(self) -> None:
        """Decode the whole file because its table is wrong, and warn of damaged frames."""
        index = video.read_through(self.path)
        save_arrays(cache_file(self.sha256, "index"), index._asdict())
        if not np.array_equal(index.pts, self._index.pts):
            raise OSError(
                f"{self.path}: the list of frames in this file is wrong, so frame numbers may have "
                "changed. The course has now decoded the whole file. Open the clip again."
            )
        self._take(index)
        if self.damage():
            warnings.warn(self.damage(), stacklevel=4)

    def damage(self) -> str:
        """Say in words which frames are missing or guessed; empty if none."""
        found = video.damage(self._index)
        return f"{self.path.name} is damaged: {found}" if found else ""

    def _check_unchanged(self) -> None:
        if not self.path.is_file() or _identity(self.path) != self._identity:
            raise OSError(
                f"{self.path}: the file was changed or replaced after it was opened, so its frames "
                "and its consent may have changed too. Open it again."
            )

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
    """Return the altered frames of a clip, as the catalogue gives them.

    Returns
    -------
    list of dict
        Places in the form of `framewise.marks`: "first", "last", "box", "reason"; empty for an
        original.

    Raises
    ------
    ValueError
        The clip is found footage, so nobody here knows what was done to it; or it is a fake whose
        entry does not give the altered frames.
    """
    if clip.entry is None:
        raise ValueError(
            f"{clip.path.name}: this clip is not in the catalogue, so nobody here knows what was "
            "altered in it. Use a clip of the catalogue."
        )
    if clip.entry["kind"] == "original":
        return []
    if "altered_frames" not in clip.entry:
        raise ValueError(
            f"{clip.path.name}: the catalogue says that this clip is a fake, but not which frames "
            'were altered. Add "altered_frames": [first, last] to its entry.'
        )
    first, last = clip.entry["altered_frames"]
    box, method = clip.entry.get("altered_box"), clip.entry.get("method", "not told")
    return [{"first": first, "last": last, "box": box, "reason": method}]


@dataclass(frozen=True, eq=False)
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
    """(B,) bool: blinks that close the lids by less than 0.8. If the lids are already low, only the
    part that the blink adds counts."""
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
        raise ValueError(
            f"{clip.path.name}: the truth of each frame is known only for rendered clips. "
            f"Use one of these: {known}."
        )
    if not 0 <= person < len(entry["people"]):
        raise ValueError(f"person: expected 0 to {len(entry['people']) - 1}, got {person}.")
    with np.load(consent.attachment(entry, "truth")) as data:
        arrays = dict(data)
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
        There is no such file. It is not a picture, or it has more than 50 megapixels. It is in the
        catalogue, but its bytes have changed or its consent is not valid.
    """
    path = _existing_file(path)
    consent.entry_of(path, consent.sha256_of(path))
    video.refuse_large(path, video.header_size(path))
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise ValueError(
            f"{path}: expected a picture such as JPEG or PNG, but this file cannot be read as one. "
            "Copy or download it again, or choose another file."
        )
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
        When each frame is shown; by default evenly at `fps`. They may start anywhere, and the
        first becomes 0. Frames of equal times are written 1/90000 s apart.
    sound : iterable of av.AudioFrame
        Kept as AAC, timed by the pieces' own timestamps; 0 is the first frame.
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
        The file exists; bad fps, shapes or an empty sequence; times that fall, or are not one
        per frame; the disk is full.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise ValueError(f"path: expected a name ending in .mp4, got {path.name!r}.")
    if not 0.1 <= fps <= 1000:
        raise ValueError(f"fps: expected a number from 0.1 to 1000, got {fps}.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or pass overwrite=True.")
    ticks = None if times is None else encode.ticks_of(times)
    with whole_or_nothing(path) as partial, av.open(partial, "w", options=MP4) as container:
        container.metadata["comment"] = comment
        encode.encode(container, frames, fps, ticks, sound)
    return path


def cache_file(sha256: str, what: str) -> Path:
    """Name the cache file for something measured on the clip with this hash."""
    return DATA / "cache" / f"{sha256[:24]}.{what}-{__version__}.npz"


def _existing_file(path: str | Path) -> Path:
    path = Path(path)
    if path.parts[:1] == ("~",):  # a file may be called ~talk.mp4
        path = path.expanduser()
    path = path.absolute()
    if path.is_dir():
        raise FileNotFoundError(f"{path}: this is a folder. Give the name of a file in it.")
    if path.exists() and not path.is_file():
        raise FileNotFoundError(f"{path}: this is not an ordinary file. Copy the video to one.")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such file. Check the name and the folder.")
    return path


def _identity(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _load_index(path: Path, sha256: str) -> video.Index:
    cached = cache_file(sha256, "index")
    kept = load_arrays(cached)
    if kept.keys() == set(video.Index._fields):
        return video.Index(**kept)
    index = table.read_table(path) if path.stat().st_size > LONG else None
    if index is None:
        began = time.monotonic()
        index = video.read_through(path)
        if time.monotonic() - began > KEEP_AFTER:
            save_arrays(cached, index._asdict())
    return index


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Load what `save_arrays` kept; empty if there is nothing, or if it was damaged or edited."""
    try:
        with np.load(path) as data:
            arrays = dict(data)
        return arrays if str(arrays.pop("digest")) == _digest(arrays) else {}
    except Exception:  # however it is damaged, it is measured again
        return {}


def save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Save arrays whole or not at all; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with whole_or_nothing(path) as partial:
            np.savez_compressed(partial, **arrays, digest=_digest(arrays))
    except OSError as error:
        warnings.warn(
            f"The measurements cannot be kept in {path.parent} ({error}). They will be made again "
            "the next time.",
            stacklevel=2,
        )


def _digest(arrays: dict[str, np.ndarray]) -> str:
    """Return a checksum of arrays, with their names, types and shapes."""
    whole = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        values = np.ascontiguousarray(values)
        whole.update(f"{name} {values.dtype} {values.shape} ".encode() + values.tobytes())
    return whole.hexdigest()
