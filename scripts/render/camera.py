"""From rendered pictures to a clip: what a phone's camera does to them, and the file.

Pictures are (H, W, 3) float, 0 to 1, as shown on a screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np
from motion import drift
from PIL import Image

SIZE = 640, 480
"""Pixels of a clip, if its shot does not say otherwise."""
MARGIN = 8
"""Pixels that are rendered around the final picture, so that it can be moved."""
FEATHER = 10
NECK_PX = 90
"""The motion of the body grows from 0 at the neck to its full size this many pixels below it."""
EDGE_BLUR = 0.8
"""Pixels: the outline of the still bodies is rendered without noise reduction."""
KEY_FRAMES = 12
"""A key frame at least so often."""
SOUND_RATE = 44100


def shake(frames: int, fps: int, rng) -> np.ndarray:
    """(T, 2) px: the hand that holds the camera."""
    wander = np.stack([drift(frames, 0.9, 0.35 * fps, rng) for _ in range(2)], 1)
    return np.clip(wander, -2.5, 2.5)


def read(path: Path) -> np.ndarray:
    """A rendered picture; alpha, if there is one, as the fourth channel."""
    return np.asarray(Image.open(path), np.float32) / 255


class Layers:
    """What is rendered once a clip: the room, and the people, whose bodies keep still."""

    def __init__(self, folder: Path) -> None:
        self._room = read(folder / "room.png")[..., :3]
        people = read(folder / "people.png")
        alpha = people[..., 3:]
        self._people = _blurred(people[..., :3] * alpha, EDGE_BLUR)
        self._alpha = _blurred(alpha, EDGE_BLUR)[..., None]

    def picture(self, moving: np.ndarray, box, sway, shaken, body, neck: float) -> np.ndarray:
        """One frame: `moving` was rendered in the box; sway and shake are (right, down) px.

        Below the row `neck`, everything moves by `body`: px right and down, and a turn in radians.
        """
        room = _moved(self._room, -sway)
        whole = room * (1 - self._alpha) + self._people
        x0, y0, x1, y1 = box
        share = _feather(box, whole.shape[1::-1])[..., None]
        inside = whole[y0:y1, x0:x1]
        inside += share * (moving[..., :3] - inside)
        whole = _leaning(whole, body, neck)
        return _moved(whole, sway + shaken)[MARGIN:-MARGIN, MARGIN:-MARGIN]


def look(pictures: Iterable[np.ndarray], frames: int, fps: int, rng) -> Iterator[np.ndarray]:
    """As a phone records it: exposure and focus that hunt a little, sharpening, sensor noise."""
    gain = 1.10 * (1 + drift(frames, 0.012, 1.0 * fps, rng))
    blur = np.clip(0.30 + drift(frames, 0.16, 0.7 * fps, rng), 0.05, 0.8)
    for i, picture in enumerate(pictures):
        seen = np.clip(_blurred(picture, blur[i]) * gain[i], 0, 1)
        seen = seen + 0.35 * (seen * seen * (3 - 2 * seen) - seen)
        seen += 0.40 * (seen - _blurred(seen, 1.2))
        yield np.clip(_vignette(seen) + _noise(seen, rng), 0, 1)


def smoothed(picture: np.ndarray) -> np.ndarray:
    """A beauty filter: skin-coloured areas lose their fine detail, edges stay."""
    soft = _blurred(picture, 3.0)
    detail = np.abs(picture - soft).max(-1, keepdims=True)
    keep = np.clip((detail - 0.05) / 0.08, 0, 1)
    return soft + (picture - soft) * np.maximum(keep, 0.12)


def write(path: Path, pictures: Iterable[np.ndarray], fps: int, *, sound=None, crf=20) -> None:
    """An H.264 MP4 that browsers play; `sound` is (samples, rate), a higher `crf` throws more
    away."""
    pictures = iter(pictures)
    first = next(pictures)
    options = {"crf": str(crf), "preset": "medium", "bf": "2"}
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", fps, options=options)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        video.gop_size = KEY_FRAMES
        video.codec_context.thread_count = 1
        voice = container.add_stream("aac", SOUND_RATE, layout="mono") if sound else None
        for picture in chain([first], pictures):
            frame = av.VideoFrame.from_ndarray((picture * 255).round().astype(np.uint8))
            container.mux(video.encode(_tagged(frame)))
        container.mux(video.encode())
        if voice:
            for frame in _sound_frames(*sound):
                container.mux(voice.encode(frame))
            container.mux(voice.encode())


def _tagged(frame: av.VideoFrame) -> av.VideoFrame:
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _sound_frames(samples: np.ndarray, rate: int) -> Iterator[av.AudioFrame]:
    frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), "fltp", "mono")
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    resampler = av.AudioResampler("fltp", "mono", SOUND_RATE)
    yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _leaning(picture: np.ndarray, body: np.ndarray, neck: float) -> np.ndarray:
    """Move what lies below the neck, little at first, so that nothing tears."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    share = np.clip((y - neck) / NECK_PX, 0, 1) ** 2
    right, down, turn = (float(value) for value in body)
    moved_y = share * (down + turn * (x - width / 2))
    sources = (x - share * right).astype(np.float32), (y - moved_y).astype(np.float32)
    return cv2.remap(picture, *sources, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)


def _moved(picture: np.ndarray, by: np.ndarray) -> np.ndarray:
    shift = np.array([[1, 0, by[0]], [0, 1, by[1]]])
    size = picture.shape[1::-1]
    border = cv2.BORDER_REPLICATE
    return cv2.warpAffine(picture, shift, size, flags=cv2.INTER_LANCZOS4, borderMode=border)


def _blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma)


def _feather(box, size: tuple[int, int]) -> np.ndarray:
    """1 inside a box, falling to 0 at its border; at the border of the picture it does not fall."""
    far = []
    for low, high, end in zip(box[:2], box[2:], size, strict=True):
        n = high - low
        left = np.arange(n) if low > 0 else np.full(n, FEATHER)
        right = np.arange(n)[::-1] if high < end else np.full(n, FEATHER)
        far.append(np.minimum(left, right))
    return np.clip(np.minimum(far[0], far[1][:, None]) / FEATHER, 0, 1).astype(np.float32)


def _vignette(picture: np.ndarray) -> np.ndarray:
    x, y = (np.linspace(-1, 1, n, dtype=np.float32) for n in picture.shape[1::-1])
    return picture * (1 - 0.09 * (x * x + (y * y)[:, None])[..., None])


def _noise(picture: np.ndarray, rng) -> np.ndarray:
    """Sensor noise: more in the dark, most of it the same in all colours."""
    grey = rng.standard_normal((*picture.shape[:2], 1), np.float32)
    colour = rng.standard_normal(picture.shape, np.float32)
    dark = 0.6 + 0.8 * (1 - picture.mean(2, keepdims=True))
    return 0.008 * dark * (0.7 * grey + 0.5 * colour)
