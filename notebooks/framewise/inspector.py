"""The frame inspector: step through a clip and see what was measured, in a notebook or a page.

Notebook: 00_start_here.ipynb

Public: FrameInspector, Reel, make_reel, base64_of.

The browser holds the frames near the cursor and paints them by itself; Python hands them over in
chunks of JPEG when asked. Look at them here, but measure on `clip[i]`: JPEG leaves traces too.
"""

from __future__ import annotations

import base64
import html
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import cv2
import numpy as np
import traitlets

if TYPE_CHECKING:
    from framewise.clips import Clip
    from framewise.landmarks import FaceTrack

    Tracks = FaceTrack | Sequence[FaceTrack] | None
    Curves = Mapping[str, np.ndarray] | None

HERE = Path(__file__).parent
CHUNK = 8  # frames that travel together
MISSING = -32768  # stands for NaN: no such point
FINE, SMALL = (  # how JPEGs are written: to look closely at, and for a page
    [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    for quality, sampling in ((92, 0x111111), (85, 0x221111))  # colour at full, at half size
)


class FrameInspector(anywidget.AnyWidget):
    """Show a clip frame by frame, with landmarks drawn on it and series under it.

    Keys: space plays at the clip's own timing, arrows step one frame, with shift ten; Home, End.
    A click on a series goes there. Frames are counted from 0, as in `clip[i]`.

    Notebook: 00_start_here.ipynb

    Parameters
    ----------
    clip : Clip
    track : FaceTrack or list of FaceTrack, optional
        One face or several, measured on this clip.
    series : dict of str to (T,) float, optional
        One number per frame under each name; NaN is drawn as a gap.

    Attributes
    ----------
    frame : int
        The frame under the cursor, moved into the clip if set outside it. What the reader does
        in the browser arrives here when the cursor rests.
    playing : bool

    Raises
    ------
    ValueError
        A track or a series without exactly one entry per frame of the clip.
    """

    _esm = HERE / "inspector.js"
    _css = HERE / "inspector.css"
    frame = traitlets.Int(0).tag(sync=True, echo_update=False)
    playing = traitlets.Bool(False).tag(sync=True, echo_update=False)
    _info = traitlets.Dict().tag(sync=True)

    def __init__(self, clip: Clip, track: Tracks = None, series: Curves = None) -> None:
        self._reel = make_reel(clip, track, series)
        super().__init__(_info=self._reel.info())
        self.on_msg(self._serve)

    @traitlets.validate("frame")
    def _clamp(self, proposal: dict[str, Any]) -> int:
        return min(max(proposal["value"], 0), len(self._reel.clip) - 1)

    def _serve(self, _widget: object, wish: dict[str, Any], _buffers: object = None) -> None:
        buffers, error = self._reel.chunk(wish["chunk"])
        self.send({"chunk": wish["chunk"], "error": error}, buffers)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add still pictures, for notebooks shown without a kernel."""
        data, metadata = super()._repr_mimebundle_(**options)
        return {**data, "text/html": self._reel.stills()}, metadata


@dataclass(frozen=True, eq=False)
class Reel:
    """What a browser gets of a clip: every `step`-th frame, scaled, and the numbers measured."""

    clip: Clip
    tracks: list[FaceTrack]
    series: dict[str, np.ndarray]
    step: int = 1
    scale: float = 1.0
    jpeg: Sequence[int] = tuple(FINE)

    @property
    def unit(self) -> float:
        """Pixels per count of the int16 numbers: 0.1, more only for pictures beyond 3000."""
        return max(0.1, max(self.clip.size_wh) / 30000)

    def info(self) -> dict[str, Any]:
        """Return all that the browser must know before it asks for frames, fit for JSON."""
        return {
            "name": Path(self.clip.path).name,
            "count": len(self.clip),
            "size": list(self.clip.size_wh),
            "times": np.round(self.clip.times, 6).tolist(),
            "step": self.step,
            "chunk": CHUNK,
            "faces": len(self.tracks),
            "points": self.tracks[0].points.shape[1] if self.tracks else 0,
            "unit": self.unit,
            "series": {name: list(map(_json, values)) for name, values in self.series.items()},
        }

    def chunk(self, number: int) -> tuple[list[bytes], str | None]:
        """Return a JPEG per frame and then their packed numbers; and what went wrong, if any."""
        span = CHUNK * self.step
        frames = range(number * span, min((number + 1) * span, len(self.clip)), self.step)
        jpegs, error = self.pictures(frames)
        return [*jpegs, self.pack(frames)], error

    def pictures(self, frames: Iterable[int]) -> tuple[list[bytes], str | None]:
        """Return a JPEG per frame, empty where it could not be read, and the last error."""
        jpegs, problem = [], None
        for frame in frames:
            try:
                jpegs.append(self.encode(self.clip[frame]))
            except Exception as error:  # told in the browser, which goes on with other frames
                jpegs.append(b"")
                problem = f"{type(error).__name__}: {error}"
        return jpegs, problem

    def encode(self, image: np.ndarray) -> bytes:
        """Return a picture as JPEG."""
        image = cv2.resize(image, None, None, self.scale, self.scale, cv2.INTER_AREA)
        return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), self.jpeg)[1].tobytes()

    def pack(self, frames: range) -> bytes:
        """Return the points and eyelids of each face as int16 (n, faces, points + 32, 2)."""
        at = list(frames)
        faces = [
            np.concatenate([t.points[at], t.eyelids[at].reshape(len(at), 32, 2)], axis=1)
            for t in self.tracks
        ] or [np.empty((len(at), 0, 2))]
        # points count from the middle of the first pixel, a canvas from its corner
        counts = np.rint((np.stack(faces, axis=1) + 0.5) / self.unit).clip(-32767, 32767)
        return np.nan_to_num(counts, nan=MISSING).astype("<i2").tobytes()

    def stills(self, seconds: float = 0.3) -> str:
        """Return up to eight pictures in HTML, as many as can be read in about that time."""
        began, last = time.monotonic(), len(self.clip) - 1
        wanted = sorted({round(last * i / 7) for i in range(8)})
        quick = takewhile(lambda _: time.monotonic() < began + seconds, wanted)
        jpegs, _ = replace(self, scale=min(1, 240 / self.clip.size_wh[0])).pictures(quick)
        return f"<p>{html.escape(Path(self.clip.path).name)}, {last + 1} frames</p>" + "".join(
            f'<figure style="display: inline-block; margin: 4px"><img width="160" '
            f'src="data:image/jpeg;base64,{base64_of(jpeg)}" alt="Frame {i} at {t:.3f} s">'
            f"<figcaption>frame {i} · {t:.3f} s</figcaption></figure>"
            for i, t, jpeg in zip(wanted, self.clip.times[wanted], jpegs, strict=False)
            if jpeg
        )


def make_reel(clip: Clip, track: Tracks, series: Curves) -> Reel:
    """Put together what belongs to a clip; ValueError where it does not fit the clip."""
    tracks = [] if track is None else [track] if hasattr(track, "points") else list(track)
    curves = {str(name): np.asarray(values, float) for name, values in (series or {}).items()}
    for name, shape in [("track", t.score.shape) for t in tracks] + [
        (name, values.shape) for name, values in curves.items()
    ]:
        if shape != (len(clip),):
            raise ValueError(
                f"{name}: expected one entry for each of the {len(clip)} frames of the clip, "
                f"got shape {shape}; measure it on this very clip."
            )
    return Reel(clip, tracks, curves)


def base64_of(data: bytes) -> str:
    """Return bytes as text that may stand in a page."""
    return base64.b64encode(data).decode()


def _json(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
