"""Reel: what a browser gets of one clip, which frames in what size, cut into chunks."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from framewise.workbench.files import readable
from framewise.workbench.inspector import packets

if TYPE_CHECKING:
    from framewise.clips import Clip
    from framewise.tracking import FaceTrack

__all__ = ["Reel", "Sample", "words_of"]

CHUNK = 8  # frames of 640 x 480 that travel together; of larger ones fewer
SMALLEST = 320  # pixels of the longer side: below it a page leaves out frames instead
WHOLE, SPREAD = 250, 24  # a preview holds all frames if there are at most 250, else at most 24


def _jpeg(quality: int, sampling: int) -> list[int]:
    return [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]


FINE, SMALL = _jpeg(92, 0x111111), _jpeg(82, 0x221111)
"""How JPEGs are written: to look closely at (colour at full size), and for a page (at half)."""


class Sample(NamedTuple):
    """What the size of a page is estimated from."""

    frames: list[int]
    """Frames to encode and weigh. They are at the start, where they are quick to reach."""
    numbers: float
    """Bytes that the numbers of one frame take, before base64."""
    count: int
    """The number of frames in all."""


@dataclass(frozen=True, eq=False)
class Reel:
    """What a browser gets of a clip: every `step`-th frame, scaled, and the numbers measured."""

    clip: Clip
    tracks: list[FaceTrack] = field(default_factory=list)
    areas: dict[str, np.ndarray] = field(default_factory=dict)
    step: int = 1
    scale: float = 1.0
    jpeg: Sequence[int] = tuple(FINE)
    ready: Mapping[int, bytes] = field(default_factory=dict)
    """Pictures that are encoded already, by frame."""

    @property
    def together(self) -> int:
        """How many frames make a chunk: few enough that none keeps the next wish waiting."""
        width, height = self.clip.size_wh
        return min(CHUNK, max(2, round(CHUNK * 640 * 480 / (width * height * self.scale**2))))

    def info(self) -> dict[str, Any]:
        """Return all that the browser must know before it asks for frames, fit for JSON."""
        return {
            "name": readable(Path(self.clip.path).name),
            "sha256": self.clip.sha256,
            "count": len(self.clip),
            "size": list(self.clip.size_wh),
            "step": self.step,
            "chunk": self.together,
            "faces": len(self.tracks),
            "points": self.tracks[0].points.shape[1] if self.tracks else 0,
            # a tenth of a pixel, more only for pictures beyond 3000 pixels
            "unit": max(0.1, max(self.clip.size_wh) / 30000),
            "areas": list(self.areas),
        }

    def chunks(self, count: int | None = None) -> range:
        """Return the numbers of the chunks of the first `count` frames, by default of all."""
        return packets.chunk_numbers(count or len(self.clip), self.together * self.step)

    def chunk(self, number: int) -> dict[str, Any]:
        """Return a chunk as `packets` describes it, its buffers under "buffers"."""
        span = self.together * self.step
        frames = range(number * span, min((number + 1) * span, len(self.clip)), self.step)
        jpegs, error = self.pictures(frames)
        outlines = [[packets.outline(mask, i) for mask in self.areas.values()] for i in frames]
        points = packets.pack_points(self.tracks, frames, self.info()["unit"])
        return {"chunk": number, "error": error, "areas": outlines, "buffers": [*jpegs, points]}

    def pictures(self, frames: Iterable[int]) -> tuple[list[bytes], str | None]:
        """Return a JPEG per frame, empty where it could not be read, and the last error."""
        jpegs, problem = [], None
        for frame in frames:
            try:
                jpegs.append(self.ready.get(frame) or self.encode(self.clip[frame]))
            except Exception as error:  # told in the browser, which goes on with other frames
                jpegs.append(b"")
                problem = words_of(error)
        return jpegs, problem

    def encode(self, image: np.ndarray) -> bytes:
        """Return a picture, (H, W, 3) uint8 RGB, as JPEG of this reel's size."""
        if self.scale != 1:
            size_wh = [max(1, round(n * self.scale)) for n in image.shape[1::-1]]
            while image.shape[1] >= 2 * size_wh[0] and min(image.shape[:2]) > 1:  # halving is fast
                half_wh = [n // 2 for n in image.shape[1::-1]]
                image = cv2.resize(image, half_wh, interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
        return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), self.jpeg)[1].tobytes()

    def preview(self, whole: bool) -> Reel:
        """Return a reel of small pictures.

        Parameters
        ----------
        whole : bool
            Keep every frame of a clip of up to 250 frames, and at most 24 frames, evenly spaced, of
            a longer clip. If False, keep only the first frame.
        """
        count, scale = len(self.clip), min(1, SMALLEST / max(self.clip.size_wh))
        step = (1 if count <= WHOLE else -(-count // SPREAD)) if whole else count
        return replace(self, step=step, scale=scale, jpeg=SMALL)

    def fit(self, sample: Sample, budget: float) -> Reel:
        """Shrink the frames, then leave some out, until a page holds them in `budget` bytes."""
        reel, smallest = self, min(1.0, SMALLEST / max(self.clip.size_wh))
        while True:
            ratio = reel.need(sample) / budget
            if ratio <= 1 or reel.scale == smallest:
                return replace(reel, step=min(math.ceil(ratio), sample.count))
            scale = max(smallest, reel.scale * min(0.95, ratio**-0.5))
            reel = replace(reel, scale=scale, ready={})

    def need(self, sample: Sample) -> float:
        """Estimate what the frames of a sample take in a page, in bytes."""
        sizes = [len(jpeg) for jpeg in self.ready.values()]
        if not sizes:
            sizes = [len(self.encode(image)) for image in self._readable(sample.frames)] or [0]
        return float((np.mean(sizes) + sample.numbers) * sample.count * 1.4)  # base64 takes 4/3

    def sample(self, count: int, extra: float = 0) -> Sample:
        """Choose a few of the first `count` frames; `extra` bytes of text belong to each."""
        at = np.linspace(0, min(count - 1, 24), 6).astype(int).tolist()
        outlines = [[packets.outline(mask, i) for mask in self.areas.values()] for i in at]
        text = extra + np.mean([len(json.dumps(edges)) for edges in outlines])
        numbers = 2000 * len(self.tracks) + text * 3 / 4  # text does not grow by base64
        return Sample(at, float(numbers), count)

    def _readable(self, frames: Iterable[int]) -> Iterator[np.ndarray]:
        for frame in frames:
            with contextlib.suppress(Exception):  # a frame that cannot be read takes no room
                yield self.clip[frame]

    def extent(self) -> str:
        """Say which frames are kept, and in what size."""
        whole, shrunk = (
            " x ".join(str(round(n * k)) for n in self.clip.size_wh) for k in (1, self.scale)
        )
        which = "every frame" if self.step == 1 else f"only one frame in {self.step}"
        return f"{which}, {'full size' if shrunk == whole else f'shrunk from {whole} to {shrunk}'}"


def words_of(error: Exception) -> str:
    """Return an error as one line of text."""
    return f"{type(error).__name__}: {error}"
