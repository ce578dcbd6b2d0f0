"""Encode frames and sound in the only format that the course writes: H.264 and AAC.

Public: encode, ticks_of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain

import av
import numpy as np

TICK = Fraction(1, 90000)
"""The unit, in seconds, in which uneven times are written."""


def ticks_of(times: Sequence[float]) -> np.ndarray:
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
        Not one row of finite numbers; a time falls.
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


def encode(
    container: av.container.OutputContainer,
    frames: Iterable[np.ndarray],
    fps: float,
    ticks: np.ndarray | None,
    sound: Iterable[av.AudioFrame],
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
    stream.options = {"crf": "18", "g": "12"}
    return stream


def _checked(frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yield frames of one shape, made even: H.264 needs that."""
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
                f"times: expected one time per frame, got {len(ticks)} times for more frames."
            )
        picture = av.VideoFrame.from_ndarray(image, format="rgb24")
        if ticks is not None:
            picture.pts, picture.time_base = int(ticks[count - 1]), TICK
        yield picture
    if ticks is not None and count < len(ticks):
        raise ValueError(
            f"times: expected one time per frame, got {len(ticks)} times for {count} frames."
        )
