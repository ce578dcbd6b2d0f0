"""The frame inspector: step through a clip, see what was measured, and mark what you found.

Notebook: 00_start_here.ipynb

Public: FrameInspector, Layer, Pictures, Reel, base64_of, check_page, check_target, readable,
write_private.

The browser holds the frames near the cursor and paints them by itself; Python hands them over in
chunks of JPEG when asked. Look at them here, but measure on `clip[i]`: JPEG leaves traces too.
"""

from __future__ import annotations

import base64
import contextlib
import glob
import html
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import anywidget
import cv2
import matplotlib
import numpy as np
import traitlets
from tqdm import tqdm

from framewise import landmarks
from framewise.workbench import marks
from framewise.workbench.files import atomic_write, private_folder

__all__ = [
    "FrameInspector",
    "Layer",
    "Pictures",
    "Reel",
    "base64_of",
    "check_page",
    "check_target",
    "readable",
    "write_private",
]

if TYPE_CHECKING:
    from framewise.clips import Clip
    from framewise.tracking import FaceTrack

    Tracks = FaceTrack | Sequence[FaceTrack] | None
    Curves = Mapping[str, np.ndarray] | None
    Spans = Mapping[str, Iterable[Sequence[int]]] | None
    Areas = Mapping[str, np.ndarray] | None

HERE = Path(__file__).parent
CHUNK = 8  # frames of 640 x 480 that travel together; of larger ones fewer
MISSING = -32768  # stands for NaN: no such point
KEPT_LAYERS = 64  # pictures of layers that are not computed again
SMALLEST = 320  # pixels of the longer side: below it a page leaves out frames instead
LONGEST_NAME = 220  # bytes of a file's name: 255 less what its half-written file adds
REASONS = ("edge", "eyes", "mouth or teeth", "skin or light", "jump in time", "sharpness")
"""What a mark may be for; any other words will do as well."""


def _jpeg(quality: int, sampling: int) -> list[int]:
    return [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]


FINE, SMALL = _jpeg(92, 0x111111), _jpeg(82, 0x221111)
"""How JPEGs are written: to look closely at (colour at full size), and for a page (at half)."""


@dataclass(frozen=True)
class Layer:
    """A picture computed from a frame, to be laid over it.

    Parameters
    ----------
    name : str
    of : function (clip, frame number) -> (H, W) float
        NaN is left clear. It may have another size than the frame and is stretched over it.
    limits : (float, float), optional
        Values for the two ends of the colour scale; by default those of each picture itself.
    colours : str
        A colour map of matplotlib. For values around a meaningful zero take a diverging one.
    """

    name: str
    of: Callable[[Clip, int], np.ndarray]
    limits: tuple[float, float] | None = None
    colours: str = "magma"

    def render(self, clip: Clip, frame: int) -> tuple[bytes, list[float]]:
        """Return a grey PNG, 0 clear and 1 to 255 along the scale, and the ends of the scale."""
        values = np.asarray(self.of(clip, frame), float)
        if values.ndim != 2 or not values.size:
            raise ValueError(f"expected an (H, W) array of numbers, got shape {values.shape}")
        known = np.isfinite(values)
        low, high = self.limits or (
            (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
        )
        steps = np.where(known, (values - low) / ((high - low) or 1.0), 0).clip(0, 1)
        grey = np.where(known, 1 + np.rint(254 * steps), 0).astype(np.uint8)
        return cv2.imencode(".png", grey)[1].tobytes(), [float(low), float(high)]

    def table(self) -> str:
        """Return the 255 colours of the scale, 3 bytes each, in base64."""
        colours = matplotlib.colormaps[self.colours](np.linspace(0, 1, 255))[:, :3]
        return base64_of(np.rint(255 * colours).astype(np.uint8).tobytes())


def _luminance(clip: Clip, frame: int) -> np.ndarray:
    return cv2.cvtColor(clip[frame], cv2.COLOR_RGB2GRAY).astype(np.float32)


def _difference(clip: Clip, frame: int) -> np.ndarray:
    now = _luminance(clip, frame)
    return now - _luminance(clip, frame - 1) if frame else np.full_like(now, np.nan)


def _residual(clip: Clip, frame: int) -> np.ndarray:
    now = _luminance(clip, frame)
    return now - cv2.GaussianBlur(now, (0, 0), 1.5)


LAYERS = (
    Layer("luminance", _luminance, (0, 255), "gray"),
    Layer("difference to the frame before", _difference, (-40, 40), "RdBu_r"),
    Layer("high-pass residual", _residual, (-16, 16), "RdBu_r"),
)
"""What every inspector offers: brightness (ITU-R BT.601, 0 to 255), its change since the frame
before, and what a Gaussian blur of 1.5 pixels takes away from it."""


class _Sample(NamedTuple):
    """What the size of a page is estimated from."""

    images: list[np.ndarray]
    numbers: float
    """Bytes that the numbers of one frame take, before base64."""
    count: int
    """The number of frames in all."""


ONE_FACE = 2200
"""Bytes of numbers and curves that a frame with one face takes in a page, about."""


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
    def unit(self) -> float:
        """Pixels per count of the int16 numbers: 0.1, more only for pictures beyond 3000."""
        return max(0.1, max(self.clip.size_wh) / 30000)

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
            "unit": self.unit,
            "areas": list(self.areas),
        }

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return math.ceil(len(self.clip) / (self.together * self.step))

    def chunk(self, number: int) -> dict[str, Any]:
        """Return a chunk; its "buffers" are a JPEG per frame, then their packed numbers."""
        span = self.together * self.step
        frames = range(number * span, min((number + 1) * span, len(self.clip)), self.step)
        jpegs, error = self.pictures(frames)
        outlines = [[self.outline(mask, i) for mask in self.areas.values()] for i in frames]
        buffers = [*jpegs, self.pack(frames)]
        return {"chunk": number, "error": error, "areas": outlines, "buffers": buffers}

    def pictures(self, frames: Iterable[int]) -> tuple[list[bytes], str | None]:
        """Return a JPEG per frame, empty where it could not be read, and the last error."""
        jpegs, problem = [], None
        for frame in frames:
            try:
                jpegs.append(self.ready.get(frame) or self.encode(self.clip[frame]))
            except Exception as error:  # told in the browser, which goes on with other frames
                jpegs.append(b"")
                problem = _words(error)
        return jpegs, problem

    def encode(self, image: np.ndarray) -> bytes:
        """Return a picture as JPEG."""
        if self.scale != 1:
            size_wh = [max(1, round(n * self.scale)) for n in image.shape[1::-1]]
            while image.shape[1] >= 2 * size_wh[0] and min(image.shape[:2]) > 1:  # halving is fast
                half_wh = [n // 2 for n in image.shape[1::-1]]
                image = cv2.resize(image, half_wh, interpolation=cv2.INTER_AREA)
            image = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
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

    def outline(self, mask: np.ndarray, frame: int) -> list[list[int]]:
        """Return the edges of an area in one frame: x, y, x, y ... counted from pixel corners."""
        area = np.asarray(mask if mask.ndim == 2 else mask[frame], np.uint8)
        # doubled, an outline through pixel middles runs along the pixels' outer edges
        edges, _ = cv2.findContours(
            np.kron(area, np.ones((2, 2), np.uint8)), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
        )
        return [np.rint((edge.ravel() + 0.5) / 2).astype(int).tolist() for edge in edges]

    def fit(self, sample: _Sample, budget: float) -> Reel:
        """Shrink the frames, then leave some out, until a page holds them in `budget` bytes."""
        reel, smallest = self, min(1.0, SMALLEST / max(self.clip.size_wh))
        while True:
            ratio = reel.need(sample) / budget
            if ratio <= 1 or reel.scale == smallest:
                return replace(reel, step=min(math.ceil(ratio), sample.count))
            scale = max(smallest, reel.scale * min(0.95, ratio**-0.5))
            reel = replace(reel, scale=scale, ready={})

    def need(self, sample: _Sample) -> float:
        """Estimate what those frames take in a page, in bytes."""
        each = np.mean([len(self.encode(image)) for image in sample.images] or [0])
        return float((each + sample.numbers) * sample.count * 1.4)  # base64 takes 4/3

    def sample(self, count: int, extra: float = 0) -> _Sample:
        """Look at a few of the first `count` frames; `extra` bytes of text belong to each."""
        at = np.linspace(0, count - 1, 6).astype(int).tolist()
        outlines = [json.dumps([self.outline(mask, i) for mask in self.areas.values()]) for i in at]
        text = extra + np.mean([*map(len, outlines)])
        numbers = 2000 * len(self.tracks) + text * 3 / 4  # text does not grow by base64
        return _Sample(list(self._readable(at)), float(numbers), count)

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


class Pictures:
    """Pictures of a clip for `FrameInspector.to_html`, encoded while the clip is decoded elsewhere.

    Parameters
    ----------
    clip : Clip
    max_mb : float
        The greatest size of the page, in MB (1e6 bytes). The size of the pictures is chosen for a
        clip with one face. If more faces are seen, the frames are decoded again and shrunk further.
    """

    def __init__(self, clip: Clip, max_mb: float) -> None:
        reel = replace(Reel(clip), jpeg=SMALL)
        self._reel = reel.fit(reel.sample(len(clip), ONE_FACE), 0.95e6 * max_mb)
        self._jpegs: dict[int, bytes] = {}

    def take(self, frame: int, image: np.ndarray) -> None:
        """Encode the picture of a frame, (H, W, 3) uint8 RGB, if the page is to hold it."""
        if frame % self._reel.step == 0:
            self._jpegs[frame] = self._reel.encode(image)

    def of(self, reel: Reel) -> Reel:
        """Return a reel of the same clip with these pictures, as far as there are any."""
        return replace(reel, scale=self._reel.scale, ready=self._jpegs) if self._jpegs else reel


class FrameInspector(anywidget.AnyWidget):
    """Show a clip frame by frame, with what was measured on it, and take marks.

    Keys: space plays at the clip's own timing, arrows step one frame, with shift ten; Home, End;
    + and - zoom, w a s d move the picture under the zoom, 0 shows all of it, f follows the face, l
    is a loupe; i and o set the first and last frame of a range, m marks it, b draws a box; x swaps
    two clips. A click on a series goes there. Frames are counted from 0, as in `clip[i]`.

    Notebook: 00_start_here.ipynb

    Parameters
    ----------
    clip : Clip
    track : FaceTrack or list of FaceTrack, optional
        One face or several, measured on this clip.
    series : dict of str to (T,) float, optional
        One number per frame under each name; NaN is drawn as a gap.
    layers : list of Layer or function frame -> (H, W), optional
        Pictures to lay over the frame, beside those that are always offered (`LAYERS`).
    compare : Clip, optional
        A second clip, shown in step: at each moment the frame that is due in it.
    spans : dict of str to list of (first, last), optional
        Stretches of frames, such as blinks, shown as bars.
    areas : dict of str to (H, W) or (T, H, W) bool, optional
        Parts of the picture to outline, such as where a face was replaced.
    truth : list of dict, optional
        What was altered, as in `workbench.marks`; empty if nothing was. It is kept from the
        reader until the marks are committed, see `reveal`.

    Attributes
    ----------
    frame : int
        The frame under the cursor, moved into the clip if set outside it. What the reader does
        in the browser arrives here when the cursor rests.
    playing : bool
    layer : str
        The name of the layer that is shown; "" for none.
    marks : list of dict
        What the reader marked, as in `workbench.marks`. It is kept in `data/my_marks` under the
        clip's sha256, and there again when the clip is opened the next time. What is marked while
        the kernel is gone waits in the browser's tab, until the cell is run again; what is deleted
        meanwhile comes back.

    Raises
    ------
    ValueError
        A track, series or area without exactly one entry per frame of the clip.
    TypeError
        Something else than a clip, a track, a dict or a layer where one is expected.
    """

    _esm = HERE / "inspector.js"
    _css = HERE / "inspector.css"
    frame = traitlets.Int(0).tag(sync=True, echo_update=False)
    playing = traitlets.Bool(False).tag(sync=True, echo_update=False)
    layer = traitlets.Unicode("").tag(sync=True)
    marks = traitlets.List(traitlets.Dict()).tag(sync=True)
    _info = traitlets.Dict().tag(sync=True)
    _committed = traitlets.Bool(False).tag(sync=True)
    _verdict = traitlets.Dict().tag(sync=True)
    _kept = traitlets.Unicode("").tag(sync=True)
    _preview = traitlets.List().tag(sync=True)

    def __init__(
        self,
        clip: Clip,
        track: Tracks = None,
        series: Curves = None,
        layers: Iterable[Layer | Callable[[np.ndarray], np.ndarray]] = (),
        compare: Clip | None = None,
        *,
        spans: Spans = None,
        areas: Areas = None,
        truth: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        tracks = [] if track is None else list(track) if isinstance(track, Sequence) else [track]
        dicts = {"series": series, "spans": spans, "areas": areas}
        _require_kinds(clip, compare, tracks, layers, dicts)
        areas = {str(name): _numbers(name, m, None) > 0.5 for name, m in (areas or {}).items()}
        curves = {str(name): _numbers(name, values) for name, values in (series or {}).items()}
        _require_fit(clip, tracks, curves, areas)
        self._reels = [Reel(clip, tracks, areas)] + ([Reel(compare)] if compare else [])
        self._layers = _named(map(_as_layer, (*LAYERS, *layers)))
        self._pictures: dict[tuple[str, int], tuple[bytes, list[float]]] = {}
        self._truth = None if truth is None else marks.check_marks(truth, len(clip))
        info = self._describe(curves, spans or {}, compare)
        super().__init__(_info=info, **self._recall())
        self.on_msg(self._serve)
        self.observe(self._keep, ["marks", "_committed"])

    def _describe(self, curves: dict, spans: Spans, compare: Clip | None) -> dict[str, Any]:
        clip = self._reels[0].clip
        return {
            **self._reels[0].info(),
            "times": np.round(clip.times, 6).tolist(),
            "series": {name: list(map(_json, values)) for name, values in curves.items()},
            "spans": {str(name): _pairs(name, pairs) for name, pairs in spans.items()},
            "groups": {name: at.tolist() for name, at in landmarks.GROUPS.items()},
            "layers": {name: layer.table() for name, layer in self._layers.items()},
            "other": compare and {**self._reels[1].info(), "match": _match(clip, compare)},
            "reasons": REASONS,
            "blind": self._truth is not None,
        }

    @traitlets.validate("frame")
    def _clamp(self, proposal: dict[str, Any]) -> int:
        return min(max(proposal["value"], 0), len(self._reels[0].clip) - 1)

    @traitlets.validate("layer")
    def _check_layer(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in ("", *self._layers):
            names = ", ".join(map(repr, self._layers))
            raise traitlets.TraitError(f"layer: expected '' or {names}; got {proposal['value']!r}.")
        return proposal["value"]

    @traitlets.validate("marks")
    def _check_marks(self, proposal: dict[str, Any]) -> list[marks.Mark]:
        return marks.check_marks(proposal["value"], len(self._reels[0].clip))

    def _serve(self, _widget: object, wish: dict[str, Any], _buffers: object = None) -> None:
        if "chunk" in wish:
            answer = self._reels[wish["reel"]].chunk(wish["chunk"])
        elif "layer" in wish:
            answer = self._draw(wish["layer"], wish["frame"])
        else:  # {"reveal": true}
            self.reveal()
            return
        buffers = answer.pop("buffers")
        self.send({**wish, **answer}, buffers)

    def _draw(self, name: str, frame: int) -> dict[str, Any]:
        try:
            if (name, frame) not in self._pictures:
                for old in list(self._pictures)[: 1 - KEPT_LAYERS]:
                    del self._pictures[old]
                self._pictures[name, frame] = self._layers[name].render(self._reels[0].clip, frame)
            png, limits = self._pictures[name, frame]
            return {"limits": limits, "error": None, "buffers": [png]}
        except Exception as error:  # a reader's own function: told in the browser, which goes on
            return {"error": _words(error), "buffers": []}

    def _recall(self) -> dict[str, Any]:
        """Read back what was marked on this clip before."""
        self._path: Path | None = marks.marks_file(self._reels[0].clip.sha256)
        try:
            kept = marks.load_marks(self._path)
            made = marks.check_marks(kept["marks"], len(self._reels[0].clip))
        except (OSError, ValueError) as error:
            self._path = None
            return {"_kept": f"not kept: {_words(error)}"}
        known = "kept on this computer" if made else ""
        return {"marks": made, "_committed": kept["committed"], "_kept": known}

    def _keep(self, change: dict[str, Any]) -> None:
        """Write what changed to disk; another inspector of this clip may have written there too."""
        self._verdict = {}
        if self._path is None:
            return
        made, committed = self.marks, self._committed
        try:
            if self._path.exists() and change["name"] == "marks":
                kept = marks.load_marks(self._path)
                there = marks.check_marks(kept["marks"], len(self._reels[0].clip))
                made = marks.merge_marks(there, change["old"], change["new"])
                committed = kept["committed"]
            clip = self._reels[0].clip.sha256
            private_folder(self._path.parent)
            marks.save_marks(self._path, made, committed=committed, clip=clip)
            self._kept = "kept on this computer"
        except (OSError, ValueError) as error:
            self._kept = f"not kept: {_words(error)}"

    def save_marks(self, path: str | Path) -> Path:
        """Write the marks to a JSON file of your own; OSError where that fails."""
        clip = self._reels[0].clip.sha256
        return marks.save_marks(path, self.marks, committed=self._committed, clip=clip)

    def load_marks(self, path: str | Path) -> None:
        """Add the marks of a JSON file to those that are here.

        Raises
        ------
        FileNotFoundError, ValueError
            There is no such file; it holds no marks, or those of another clip.
        """
        if not Path(path).exists():
            raise FileNotFoundError(f"{path}: no such file; save_marks writes one.")
        here, kept = {mark["id"] for mark in self.marks}, marks.load_marks(path)
        clip = self._reels[0].clip
        if kept["clip"] not in ("", clip.sha256):
            raise ValueError(f"{path} holds marks of another clip than {Path(clip.path).name}.")
        read = marks.check_marks(kept["marks"], len(clip))
        new = [mark for mark in read if mark["id"] not in here]
        self.marks = [*self.marks, *new]

    def reveal(self) -> marks.Score:
        """Show the truth over the marks, and return how well they fit it.

        Raises
        ------
        ValueError
            There is no truth, or the marks are not committed yet.
        """
        if self._truth is None:
            raise ValueError("there is nothing to reveal: the inspector was opened without truth=.")
        if not self._committed:
            raise ValueError("nothing is revealed before you commit: press commit, then reveal.")
        score = marks.score_marks(self.marks, self._truth)
        self._verdict = {"truth": self._truth, "words": score.words}
        return score

    def to_html(
        self,
        path: str | Path,
        *,
        title: str = "",
        warnings: Sequence[str] = (),
        notes: Mapping[str, str] | None = None,
        max_mb: float = 8,
        pictures: Pictures | None = None,
    ) -> Path:
        """Write the inspector as one page that needs no kernel, no network and no other file.

        The page is not larger than `max_mb`, if that is possible at all. If its frames would make
        it larger, the frames are shrunk. If that is not enough, the page keeps only every n-th
        frame. If the clip is very long, the page also keeps the numbers of those frames only. The
        page says which frames it keeps. Its size is printed before it is written. Layers need the
        kernel and are left out. The page appears whole or not at all, and only its owner may read
        it.

        Parameters
        ----------
        path : str or Path
            Where to write; missing folders are made.
        title : str
            The heading; by default the name of the clip's file.
        warnings : list of str
            Facts to know before looking at any number: sentences in plain text, listed above the
            picture.
        notes : dict of str to str, optional
            What to list under the picture: plain text by name.
        max_mb : float
            The greatest size of the page, in MB (1e6 bytes). The page's program and one small
            picture are written even if they are larger than this.
        pictures : Pictures, optional
            Pictures of the clip that are encoded already.

        Raises
        ------
        FileExistsError, ValueError
            As `check_page`.
        """
        path = check_page(path)
        head = {"title": title, "warnings": warnings, "notes": notes or {}}
        page, kept = self._page_within(max_mb * 1e6, head, pictures)
        print(f"writing {path.name}: {len(page) / 1e6:.1f} MB, {kept}")
        write_private(path, page)
        return path

    def _page_within(
        self, limit: float, head: dict[str, Any], pictures: Pictures | None
    ) -> tuple[bytes, str]:
        """Return a page of at most `limit` bytes, and which frames it keeps in what size.

        The size of the frames is estimated from a few of them. If the estimate was too low, they
        are shrunk further.
        """
        whole, counts = [replace(reel, jpeg=SMALL) for reel in self._reels], self._counts()
        whole[0] = pictures.of(whole[0]) if pictures else whole[0]
        numbers = len(json.dumps(self._page_state(whole)))
        thin = numbers > limit / 4  # then only the frames that the page keeps have numbers
        rest = len(_page({"_info": {"name": ""}}, (), **head)) + (0 if thin else numbers)
        samples = [whole[0].sample(counts[0], numbers / counts[0] if thin else 0)]
        samples += [reel.sample(count) for reel, count in zip(whole[1:], counts[1:], strict=True)]
        spare = limit - rest - 500
        while True:
            reels = _fit_all(whole, samples, max(spare, 1))
            kept = "; compared with ".join(reel.extent() for reel in reels)
            notes = {**head["notes"], "this page": f"{kept}; nothing is sent or fetched"}
            state = self._page_state(reels, reels[0].step if thin else 1)
            page = _page(state, self._chunks(reels), **{**head, "notes": notes}).encode(
                errors="replace"
            )
            least = all(reel.step == count for reel, count in zip(reels, counts, strict=True))
            if len(page) <= limit or least:
                return page, kept
            needs = [r.need(sample) / r.step for r, sample in zip(reels, samples, strict=True)]
            spare = min(spare, sum(needs)) * 0.97 * limit / len(page)

    def _chunks(self, reels: Sequence[Reel]) -> Iterator[dict[str, Any]]:
        wanted = [
            (r, n)
            for r, (reel, count) in enumerate(zip(reels, self._counts(), strict=False))
            for n in range(math.ceil(count / (reel.together * reel.step)))
        ]
        with tqdm(wanted, "making the page", unit=" chunks", delay=1, leave=False) as bar:
            yield from ({"reel": r, **reels[r].chunk(n)} for r, n in bar)

    def _counts(self) -> list[int]:
        """Return how many frames of the clip, and of a second one, are ever shown."""
        other = self._info["other"]
        return [len(self._reels[0].clip)] + ([max(other["match"]) + 1] if other else [])

    def _page_state(self, reels: Sequence[Reel], every: int = 1) -> dict[str, Any]:
        """Return what a page knows of this widget, given the frames that it holds.

        Of the times, the series and the match the page gets every `every`-th number. To the times
        the last one is added, so that the page can fill in those between.
        """
        info, other = self._info, None
        if len(reels) > 1:
            match = {"match": info["other"]["match"][::every]}
            other = {**info["other"], **reels[1].info(), "count": self._counts()[1], **match}
        news = {"layers": {}, "other": other, "blind": bool(self._verdict)}
        if every > 1:
            news |= {"every": every, "times": info["times"][::every] + info["times"][-1:]}
            news["series"] = {name: values[::every] for name, values in info["series"].items()}
        shown = ("frame", "marks", "_committed", "_verdict")
        state = {name: getattr(self, name) for name in shown}
        return {"_info": {**info, **reels[0].info(), **news}, **state}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add what is shown without a kernel: a small reel for the widget, still pictures else."""
        reel = _preview(self._reels[0])
        chunks = [{"reel": 0, **reel.chunk(n)} for n in range(reel.chunks)]
        self._preview = [{"info": reel.info()}, *chunks]
        notes = {"here": f"a preview, {reel.extent()}"}
        page = _page(self._page_state([reel]), chunks, notes=notes)
        data, metadata = super()._repr_mimebundle_(**options)
        return {**data, "text/html": FRAME.format(html.escape(page))}, metadata


MARKER = "<!doctype html><!-- a page of the frame inspector -->"
PAGE = """<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:;
  style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>{css}</style></head><body class="framewise-page"><main><h1>{title}</h1>{warnings}
<div id="inspector"><noscript>This page needs JavaScript.</noscript></div><dl>{notes}</dl></main>
{blocks}<script type="module">{js}
render({{ model: pageModel(document), el: document.getElementById("inspector") }});
</script></body></html>
"""


FRAME = """<iframe title="frame inspector, without a kernel" srcdoc="{}"
  style="width: 100%; height: 800px; border: 0"></iframe>"""


WARNINGS = """<div class="warnings" role="note"><h2>Read this first</h2><ul>{}</ul></div>"""


def _page(
    state: dict,
    chunks: Iterable[dict],
    *,
    title: str = "",
    warnings: Sequence[str] = (),
    notes: Mapping[str, str],
) -> str:
    blocks = [_block("state", state)]
    for chunk in chunks:
        text = {**chunk, "buffers": list(map(base64_of, chunk["buffers"]))}
        blocks.append(_block(f"chunk{chunk['reel']}-{chunk['chunk']}", text))
    return MARKER + PAGE.format(
        title=html.escape(title or state["_info"]["name"]),
        css=(HERE / "inspector.css").read_text(encoding="utf-8"),
        js=(HERE / "inspector.js").read_text(encoding="utf-8"),
        warnings=WARNINGS.format("".join(f"<li>{html.escape(one)}" for one in warnings))
        if warnings
        else "",
        notes="".join(f"<dt>{html.escape(k)}<dd>{html.escape(v)}" for k, v in notes.items()),
        blocks="".join(blocks),
    )


def _block(name: str, content: dict[str, Any]) -> str:
    text = json.dumps(content).replace("<", r"\u003c")  # so that no text can end the script
    return f'<script type="application/json" id="{name}">{text}</script>'


def _fit_all(whole: Sequence[Reel], samples: Sequence[_Sample], spare: float) -> list[Reel]:
    """Fit one or two reels into `spare` bytes; one reel may use the bytes that the other leaves."""
    needs = [reel.need(sample) for reel, sample in zip(whole, samples, strict=True)]
    budgets = [max(spare / len(needs), spare - (sum(needs) - need)) for need in needs]
    return list(map(Reel.fit, whole, samples, budgets))


def check_page(path: str | Path) -> Path:
    """Return a path at which a page of the inspector may be written, as `check_target` does."""
    return check_target(path, _is_page, "a page of the inspector")


def check_target(path: str | Path, ours: Callable[[Path], bool], what: str) -> Path:
    """Return a path at which a file may be written, before any work is done for it.

    Parameters
    ----------
    path : str or Path
    ours : function Path -> bool
        Whether a file may be replaced.
    what : str
        What such a file is called.

    Raises
    ------
    FileExistsError
        Something else is there, such as a folder, a device, or a file that may not be replaced.
    ValueError
        The name is too long.
    OSError
        The folder cannot be written to.
    """
    path = Path(path)
    size = len(os.fsencode(path.name))
    if size > LONGEST_NAME:
        raise ValueError(
            f"{path.name[:40]}...: expected a name of up to {LONGEST_NAME} bytes, got {size}. "
            "Choose a shorter name."
        )
    if path.exists() and not (path.is_file() and ours(path)):
        raise FileExistsError(f"{path} exists and is not {what}. Choose another name.")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise OSError(
            f"{path} cannot be written: {folder} is not a folder that you may change. Choose "
            "another folder."
        )
    return path


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all; make missing folders.

    Half-written files that killed runs left there more than an hour ago are deleted.

    Parameters
    ----------
    path : Path
    content : bytes
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f"{glob.escape(path.stem[:50])}*.partial{path.suffix}"):
        if left.stat().st_mtime < time.time() - 3600:
            left.unlink()
    with atomic_write(path) as partial:
        partial.write_bytes(content)


def _is_page(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(MARKER)) == MARKER.encode()


def _preview(reel: Reel, seconds: float = 0.1, most: int = 24) -> Reel:
    """Return a reel of small pictures, as many as can be read in about that time."""
    began, count = time.monotonic(), len(reel.clip)
    reel.pictures([count // 2])
    affordable = int(seconds / max(time.monotonic() - began, 1e-3))
    step = math.ceil(count / min(max(affordable, 1), most))
    return replace(reel, step=step, scale=min(1, SMALLEST / max(reel.clip.size_wh)), jpeg=SMALL)


def _require_kinds(
    clip: Clip, compare: Clip | None, tracks: Sequence, layers: Iterable, named: Mapping[str, Any]
) -> None:
    whole = "a Clip, such as samples.open_clip(name) or clips.Clip(path) returns"
    wanted = [("clip", clip, hasattr(clip, "size_wh"), whole)]
    wanted += [("compare", compare, compare is None or hasattr(compare, "size_wh"), whole)]
    wanted += [("track", t, hasattr(t, "points"), "a FaceTrack or a list of them") for t in tracks]
    listed = isinstance(layers, Iterable) and not isinstance(layers, str)
    wanted += [("layers", layers, listed, "a list of Layer or functions frame -> (H, W)")]
    wanted += [
        (name, one, one is None or isinstance(one, Mapping), "a dict of name to values")
        for name, one in named.items()
    ]
    for name, one, fits, what in wanted:
        if not fits:
            raise TypeError(f"{name}: expected {what}, got {str(one)[:60]!r}.")


def _numbers(name: str, values: np.ndarray, dtype: type | None = float) -> np.ndarray:
    with contextlib.suppress(TypeError, ValueError):
        values = np.asarray(values, dtype)
        if values.dtype.kind in "biuf":
            return values
    raise ValueError(f"{name}: expected numbers, got {str(values)[:60]!r}.")


def _pairs(name: str, spans: Iterable[Sequence[int]]) -> list[list[int]]:
    try:
        return [sorted((int(first), int(last))) for first, last in spans]
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected pairs (first, last) of frames, got {spans}.") from None


def _require_fit(clip: Clip, tracks: Sequence, curves: Mapping, areas: Mapping) -> None:
    count, (width, height) = len(clip), clip.size_wh
    wanted = [("track", t.score.shape, [(count,)]) for t in tracks]
    wanted += [(name, values.shape, [(count,)]) for name, values in curves.items()]
    whole = (height, width)
    wanted += [(name, mask.shape, [whole, (count, *whole)]) for name, mask in areas.items()]
    for name, shape, fitting in wanted:
        if shape not in fitting:
            raise ValueError(
                f"{name}: expected one entry for each of the {count} frames of the clip, of shape "
                f"{' or '.join(map(str, fitting))}, got {shape}; measure it on this very clip."
            )


def _named(layers: Iterable[Layer]) -> dict[str, Layer]:
    named: dict[str, Layer] = {}
    for layer in layers:
        if layer.name in named:
            raise ValueError(
                f"layers: two are called {layer.name!r}; give one another name: Layer(name, of)."
            )
        named[layer.name] = layer
    return named


def _as_layer(layer: Layer | Callable[[np.ndarray], np.ndarray]) -> Layer:
    if isinstance(layer, Layer):
        return layer
    if not callable(layer):
        raise TypeError(f"layers: expected a Layer or a function frame -> (H, W), got {layer!r}.")
    name = getattr(layer, "__name__", type(layer).__name__)
    return Layer(name, lambda clip, frame: layer(clip[frame]))


def _match(clip: Clip, other: Clip) -> list[int]:
    """For each frame, the one of the other clip that is on the screen at its time."""
    since = clip.times - clip.times[0] + other.times[0]
    return (np.searchsorted(other.times, since + 1e-6, "right") - 1).clip(0).tolist()


def readable(name: str) -> str:
    """Return a file's name as text for a page; bytes that are not valid text become "?"."""
    return os.fsencode(name).decode(errors="replace").replace("\ufffd", "?")


def base64_of(data: bytes) -> str:
    """Return bytes as text that may stand in a page."""
    return base64.b64encode(data).decode()


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _json(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
