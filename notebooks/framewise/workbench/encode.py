"""Encode: write frames and sound in the only format that the course writes: H.264 and AAC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np

from framewise.workbench.files import atomic_write

__all__ = ["write_clip"]

TICK = Fraction(1, 90000)
"""The unit, in seconds, in which uneven times are written."""

MP4 = {"movflags": "+faststart", "max_interleave_delta": "0"}
"""How files are laid out: quick to start, sound beside the picture it belongs to."""


def write_clip(
    path: str | Path,
    frames: Iterable[np.ndarray],
    fps: float,
    *,
    times: Sequence[float] | None = None,
    sound: Iterable[av.AudioFrame] = (),
    overwrite: bool = False,
    comment: str = "",
    threads: int = 0,
    preset: str = "medium",
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
        Written as AAC. Each piece starts at its own timestamp, counted from the first frame.
    overwrite : bool
        Replace an existing file.
    comment : str
        Kept in the file's metadata.
    threads : int
        How many threads encode; 0 lets FFmpeg choose. With one thread, the same frames give the
        same bytes.
    preset : str
        One of the presets of x264, such as "veryfast": how much time it takes to make the file
        small.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError, ValueError, OSError
        The file exists. `path`, `fps` or the shape of a frame is not allowed, or there is no
        frame. A time is earlier than the one before it, or there is not one time for each frame.
        The disk is full.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise ValueError(f"path: expected a name ending in .mp4, got {path.name!r}.")
    if not 0.1 <= fps <= 1000:
        raise ValueError(f"fps: expected a number from 0.1 to 1000, got {fps}.")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or pass overwrite=True.")
    ticks = None if times is None else _ticks_of(times)
    with atomic_write(path) as partial, av.open(partial, "w", options=MP4) as container:
        container.metadata["comment"] = comment
        options = {"crf": "18", "g": "12", "preset": preset, "threads": str(threads)}
        _encode(container, frames, fps, ticks, sound, options)
    return path


def _ticks_of(times: Sequence[float]) -> np.ndarray:
    """Return presentation times in units of `TICK`, counted from the first frame.

    H.264 in MP4 needs times that rise. Some files show several frames at the same time; such a
    frame comes one tick (1/90000 s) after the frame before it.

    Parameters
    ----------
    times : (T,) float, seconds
        They may start anywhere. They may stand still, but they must not fall.

    Returns
    -------
    (T,) int64

    Raises
    ------
    ValueError
        The times are not one row of finite numbers, or a time falls.
    """
    seconds = np.asarray(times, float)
    if seconds.ndim != 1 or not np.isfinite(seconds).all():
        raise ValueError(f"times: expected one finite number per frame, got {seconds!r}.")
    falls = np.flatnonzero(np.diff(seconds) < 0)
    if falls.size:
        i = int(falls[0]) + 1
        raise ValueError(
            f"times: expected times that never fall, but frame {i} comes at {seconds[i]:g} s and "
            f"frame {i - 1} at {seconds[i - 1]:g} s. Sort the frames by their times."
        )
    order = np.arange(len(seconds))
    ticks = np.rint((seconds - seconds[:1]) * TICK.denominator).astype(np.int64)
    return np.maximum.accumulate(ticks - order) + order  # rises by at least one


def _encode(
    container: av.container.OutputContainer,
    frames: Iterable[np.ndarray],
    fps: float,
    ticks: np.ndarray | None,
    sound: Iterable[av.AudioFrame],
    options: dict[str, str],
) -> None:
    """Encode frames (H, W, 3) uint8 RGB and sound into an open container.

    Raises
    ------
    ValueError
        There is no frame; a frame differs in shape or type; there are not as many ticks as frames.
    """
    images = _checked(frames)
    first = next(images)
    sound = iter(sound)
    heard = next(sound, None)
    video = _video_stream(container, first, fps)
    video.options = options
    if ticks is not None:
        video.codec_context.time_base = TICK
    if heard is not None:
        voice = container.add_stream("aac", rate=48000)
        for piece in chain([heard], sound):
            container.mux(voice.encode(piece))
        container.mux(voice.encode())
    for picture in _timed(chain([first], images), ticks):
        container.mux(video.encode(picture))
    container.mux(video.encode())


def _video_stream(container, image: np.ndarray, fps: float) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(65535))
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = "yuv420p"
    return stream


def _checked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield frames of one shape, padded to even width and height, as H.264 needs them."""
    shape = None
    for i, image in enumerate(frames):
        shape = shape or image.shape
        if image.shape != shape or image.ndim != 3 or shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(
                "frames: expected (H, W, 3) uint8, all of one size, "
                f"got {image.shape} {image.dtype} at frame {i} (frame 0 has {shape})."
            )
        even = ((0, shape[0] % 2), (0, shape[1] % 2), (0, 0))
        yield np.pad(image, even, mode="edge")
    if shape is None:
        raise ValueError("frames: expected at least one frame, got none.")


def _timed(images: Iterator[np.ndarray], ticks: np.ndarray | None) -> Iterator[av.VideoFrame]:
    count = 0
    for count, image in enumerate(images, 1):
        if ticks is not None and count > len(ticks):
            raise ValueError(
                f"times: expected one time per frame, got {len(ticks)} times but more frames."
            )
        picture = av.VideoFrame.from_ndarray(image, format="rgb24")
        if ticks is not None:
            picture.pts, picture.time_base = int(ticks[count - 1]), TICK
        yield picture
    if ticks is not None and count < len(ticks):
        raise ValueError(
            f"times: expected one time per frame, got {len(ticks)} times for {count} frames."
        )
