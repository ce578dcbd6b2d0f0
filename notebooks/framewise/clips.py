"""Clips: open a video so that frame n is exactly the n-th decoded frame, whatever the file.

Notebook: 00_start_here.ipynb
"""

from __future__ import annotations

import operator
import threading
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from framewise import consent
from framewise.workbench import file_notices, full_pass, looks, table, video
from framewise.workbench.cache import cache_file, load_arrays, save_arrays
from framewise.workbench.files import existing_file, sha256_of

__all__ = ["Clip", "FramesChanged", "read_image"]


LONG = 10_000_000
"""Bytes. A file larger than this is opened from its table of packets, if the table is exact; see
`workbench.table`."""


class FramesChanged(OSError):
    """The table of a file was wrong: its frames have other numbers. Open the clip again."""


class Clip:
    """A video file; `clip[i]` is exactly the i-th frame of a full decode.

    Opening a clip usually decodes the whole file once, without keeping the pixels. So the frame
    numbers are exact even if the frame rate varies, if frames are stored in another order than
    they are shown (B-frames), or if the file does not say how many frames it has. The result is
    kept, and the file opens at once the next time. A long MP4 file whose table of packets is exact
    is not decoded when it is opened. Instead, each frame is compared with the table when it is
    shown. The pixels of only one frame are kept at a time.

    Every frame is shown as the file asks: upright, mirrored if it says so, with square pixels.
    All frames have one size. If the size changes inside the file, later frames are scaled to the
    size of the first frame.

    A clip of the catalogue (the course's or your own) is opened only if its bytes are unchanged and
    its consent is valid. Any other file is found footage. It may be looked at and measured, but
    never used to make a fake.

    Parameters
    ----------
    path : str or Path
        A video in any format that FFmpeg reads, with pictures of up to 50 megapixels.
    quick : bool
        Open a short MP4 file from its table too. Damage is then found only when the frames are
        read.

    Attributes
    ----------
    path : Path
        The absolute path of the file.
    fps : float
        Mean frames per second.
    times : (T,) float64, seconds since the first frame
        They come from the file's timestamps and never fall. If the timestamps cannot be used, they
        come from the file's frame rate.
    size_wh : (int, int), pixels
        Width and height of every frame as it is shown.
    notices : tuple of Notice
        Facts about the file that matter for the measurements, such as damage.
    sha256 : str
    entry : dict or None
        The catalogue entry; None for found footage.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no such file, it is not a video, or none of its frames can be decoded.
    consent.ConsentError
        The clip is in the catalogue, but its bytes have changed or its consent is not valid.
    """

    def __init__(self, path: str | Path, *, quick: bool = False) -> None:
        self.path = existing_file(path)
        self._identity = _identity(self.path)
        self.sha256 = sha256_of(self.path)
        self.entry = consent.entry_of(self.path, self.sha256)
        self._take(_load_index(self.path, self.sha256, 0 if quick else LONG))
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

        Parameters
        ----------
        start, stop : int
            The first frame, and the frame after the last one; by default all frames.

        Raises
        ------
        OSError
            The file was changed or replaced after the clip was opened, or one of its frames can no
            longer be decoded.
        FramesChanged
            The file was opened from its table, and the table turned out to be wrong.
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
            image = looks.view(frame, way, pixel, self.size_wh)
            del frame  # frees its memory for the next frame
            yield image
            count += 1
        if count < stop:
            raise OSError(
                f"{self.path}: frame {count} can no longer be decoded. Open the clip again."
            )

    def _take(self, index: video.Index) -> None:
        self._index = index
        self.times, self.fps = index.times, float(index.fps)
        self.notices = tuple(file_notices.file_notices(index))

    def _read_again(self) -> None:
        """Decode the whole file because its table is wrong, and warn of damaged frames."""
        index = full_pass.read_through(self.path)
        save_arrays(cache_file(self.sha256, "index"), index._asdict())
        if not np.array_equal(index.pts, self._index.pts):
            raise FramesChanged(
                f"{self.path}: the list of frames in this file is wrong, so frame numbers may have "
                "changed. The course has now decoded the whole file. Open the clip again."
            )
        self._take(index)
        if self.damage():
            warnings.warn(self.damage(), stacklevel=4)

    def damage(self) -> str:
        """Say in words which frames are missing or guessed; empty if none."""
        found = file_notices.damage(self._index)
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


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture as (H, W, 3) uint8 RGB.

    Parameters
    ----------
    path : str or Path
        A picture such as JPEG or PNG, of up to 50 megapixels.

    Raises
    ------
    FileNotFoundError, ValueError, consent.ConsentError
        There is no such file. It is not a picture, or it has more than 50 megapixels. It is in the
        catalogue, but its bytes have changed or its consent is not valid.
    """
    path = existing_file(path)
    consent.entry_of(path, sha256_of(path))
    video.refuse_large(path, video.header_size(path))
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise ValueError(
            f"{path}: expected a picture such as JPEG or PNG, but this file cannot be read as one. "
            "Copy or download it again, or choose another file."
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _identity(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _load_index(path: Path, sha256: str, longest: int) -> video.Index:
    cached = cache_file(sha256, "index")
    kept = load_arrays(cached)
    if kept.keys() == set(video.Index._fields):
        return video.Index(**kept)
    index = table.read_table(path) if path.stat().st_size > longest else None
    if index is None:
        index = full_pass.read_through(path)
        save_arrays(cached, index._asdict())
    return index
