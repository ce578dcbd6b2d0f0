"""The frame inspector: step through a clip and see what was measured, in a notebook or a page.

Notebook: 00_start_here.ipynb

Public: FrameInspector, to_html.

The browser holds the frames near the cursor and paints them by itself; Python hands them over in
chunks of JPEG when asked. Look at them here, but measure on `clip[i]`: JPEG leaves traces too.
"""

from __future__ import annotations

import base64
import html
import json
import math
import os
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
from tqdm.auto import tqdm

if TYPE_CHECKING:
    from framewise.clips import Clip
    from framewise.landmarks import FaceTrack

    Tracks = FaceTrack | Sequence[FaceTrack] | None
    Curves = Mapping[str, np.ndarray] | None

HERE = Path(__file__).parent
CHUNK = 8  # frames that travel together
MISSING = -32768  # stands for NaN: no such point
SMALLEST = 320  # pixels of the longer side: below it a page leaves out frames instead
FINE, SMALL = (  # how JPEGs are written: to look closely at, and for a page
    [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    for quality, sampling in ((92, 0x111111), (85, 0x221111))  # colour at full, at half size
)
MARKER = "<!doctype html><!-- a page of framewise.inspector.to_html -->"
PAGE = """<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:;
  style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>{css}</style></head><body class="framewise-page"><main><h1>{title}</h1>
<div id="inspector"><noscript>This page needs JavaScript.</noscript></div><dl>{notes}</dl></main>
{blocks}<script type="module">{js}
render({{ model: pageModel(document), el: document.getElementById("inspector") }});
</script></body></html>
"""


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
        self._reel = _reel(clip, track, series)
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


def to_html(
    clip: Clip,
    path: str | Path,
    track: Tracks = None,
    series: Curves = None,
    *,
    title: str = "",
    notes: Mapping[str, str] | None = None,
    max_mb: float = 24,
) -> Path:
    """Write the inspector as one page that needs no kernel, no network and no other file.

    Where its frames would make the page larger than `max_mb` they are shrunk, and of a long clip
    only every n-th is kept; the page says so. It appears whole or not at all.

    Notebook: 00_start_here.ipynb

    Parameters
    ----------
    clip, track, series
        As for `FrameInspector`.
    path : str or Path
        Where to write; missing folders are made.
    title : str
        The heading; by default the name of the clip's file.
    notes : dict of str to str, optional
        What to list under the picture: plain text by name.
    max_mb : float
        About how large the page may become, in MB (1e6 bytes).

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError
        Something else lies at `path`; only a page of this function is replaced.
    ValueError
        A track or a series that does not fit the clip.
    """
    path, reel = Path(path), _reel(clip, track, series)
    if path.exists() and (path.is_dir() or not path.read_bytes().startswith(MARKER.encode())):
        raise FileExistsError(f"{path} is not a page of the inspector; choose another name.")
    page = _page(_fit(reel, max_mb * 1e6), title or Path(clip.path).name, notes or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(page, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return path


@dataclass(frozen=True, eq=False)
class _Reel:
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
            f'src="data:image/jpeg;base64,{_base64(jpeg)}" alt="Frame {i} at {t:.3f} s">'
            f"<figcaption>frame {i} · {t:.3f} s</figcaption></figure>"
            for i, t, jpeg in zip(wanted, self.clip.times[wanted], jpegs, strict=False)
            if jpeg
        )


def _reel(clip: Clip, track: Tracks, series: Curves) -> _Reel:
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
    return _Reel(clip, tracks, curves)


def _fit(reel: _Reel, budget: float) -> _Reel:
    """Shrink the frames, then leave some out, until the page takes `budget` bytes or less."""
    reel = replace(reel, jpeg=SMALL)
    sample = [reel.clip[i] for i in np.linspace(0, len(reel.clip) - 1, 6).astype(int)]
    smallest = min(1.0, SMALLEST / max(reel.clip.size_wh))
    budget = max(budget - len(json.dumps(reel.info())) - 40_000, 1)  # less curves and program
    while True:
        each = np.mean([len(reel.encode(image)) for image in sample]) + 2000 * len(reel.tracks)
        ratio = each * len(reel.clip) * 1.4 / budget  # base64 takes 4/3
        if ratio <= 1 or reel.scale == smallest:
            return replace(reel, step=math.ceil(ratio))
        reel = replace(reel, scale=max(smallest, reel.scale * min(0.95, ratio**-0.5)))


def _page(reel: _Reel, title: str, notes: Mapping[str, str]) -> str:
    count = math.ceil(len(reel.clip) / (CHUNK * reel.step))
    blocks = [_block("info", reel.info())]
    for number in tqdm(range(count), "writing the page", unit=" chunks", delay=1, leave=False):
        buffers, error = reel.chunk(number)
        parts = {"error": error, "buffers": list(map(_base64, buffers))}
        blocks.append(_block(f"chunk{number}", parts))
    size = sum(map(len, blocks)) / 1e6
    facts = {**notes, "this page": f"{size:.1f} MB, {_extent(reel)}; nothing is fetched or sent"}
    return MARKER + PAGE.format(
        title=html.escape(title),
        css=(HERE / "inspector.css").read_text(encoding="utf-8"),
        js=(HERE / "inspector.js").read_text(encoding="utf-8"),
        notes="".join(f"<dt>{html.escape(k)}<dd>{html.escape(v)}" for k, v in facts.items()),
        blocks="".join(blocks),
    )


def _extent(reel: _Reel) -> str:
    """Say which frames a page holds, and in what size."""
    whole, shrunk = (
        " x ".join(str(round(n * k)) for n in reel.clip.size_wh) for k in (1, reel.scale)
    )
    which = "every frame" if reel.step == 1 else f"only one frame in {reel.step}"
    return f"{which}, {'full size' if shrunk == whole else f'shrunk from {whole} to {shrunk}'}"


def _block(name: str, content: dict[str, Any]) -> str:
    text = json.dumps(content).replace("<", r"\u003c")  # so that no text can end the script
    return f'<script type="application/json" id="{name}">{text}</script>'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _json(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
