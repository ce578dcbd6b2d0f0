"""Widget: the frame inspector in a notebook. It keeps marks, and shows the truth after a commit."""

from __future__ import annotations

import contextlib
import html
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from framewise import landmarks
from framewise.workbench import marks
from framewise.workbench.files import write_private
from framewise.workbench.inspector import page as pages
from framewise.workbench.inspector.keeper import MarkKeeper
from framewise.workbench.inspector.layers import Layer, as_layers
from framewise.workbench.inspector.reel import SMALL, Reel, words_of

if TYPE_CHECKING:
    from framewise.clips import Clip
    from framewise.tracking import FaceTrack

    Tracks = FaceTrack | Sequence[FaceTrack] | None
    Curves = Mapping[str, np.ndarray] | None
    Spans = Mapping[str, Iterable[Sequence[int]]] | None
    Areas = Mapping[str, np.ndarray] | None

__all__ = ["REASONS", "FrameInspector"]

REASONS = ("edge", "eyes", "mouth or teeth", "skin or light", "jump in time", "sharpness")
"""What a mark may be for; any other words will do as well."""

LARGEST_LAYER = 640  # pixels of the longer side of a layer's picture on a page

FRAME = """<iframe title="frame inspector, without a kernel" srcdoc="{}" allow="fullscreen"
  style="width: 100%; height: 800px; border: 0"></iframe>"""


class FrameInspector(anywidget.AnyWidget):
    """Show a clip frame by frame, with what was measured on it, and take marks.

    Keys work while the picture has the keyboard. Space plays the clip in its own time. The left and
    right arrows step one frame, or ten with shift. Home and End go to the first and the last frame.
    + and - zoom; w, a, s and d look up, left, down and right in the enlarged picture; 0 shows the
    whole picture; f follows the face; l opens a loupe. i and o set the first and the last frame of
    a range, r repeats the range, m marks it (or this frame), and b draws a box. x switches between
    two clips. u fills the screen, p is for a projector, and v stops for a vote by show of hands. A
    click on a curve moves the cursor to that time. Frames are counted from 0, as in `clip[i]`.

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
        A second clip, shown in step with the first. For each frame of the first clip you see the
        frame that the second clip shows at the same time, counted from the start of each clip.
    spans : dict of str to list of (first, last), optional
        Stretches of frames, such as blinks, shown as bars.
    folded : list of str
        Names of series that are folded away at first, behind a button "more curves".
    areas : dict of str to (H, W) or (T, H, W) bool, optional
        Parts of the picture to outline, such as where a face was replaced.
    truth : list of dict, optional
        What was altered, as in `workbench.marks`; empty if nothing was. It is kept from the
        reader until the marks are committed, see `reveal`.

    Attributes
    ----------
    frame : int
        The number of the frame under the cursor. If you set a number outside the clip, the nearest
        frame is taken. When the reader moves the cursor in the browser, this number changes as soon
        as the cursor rests.
    playing : bool
        Whether the clip is playing.
    layer : str
        The name of the layer that is shown; "" for none.
    marks : list of dict
        What the reader marked, as in `workbench.marks`. The marks are kept in `data/my_marks` under
        the clip's sha256, and they are there again when the clip is opened the next time. If the
        kernel is not running, new marks wait in the tab of the browser until the cell is run again.
        Marks that the reader deletes in that time come back.

    Raises
    ------
    ValueError
        A track or a series without exactly one entry for each frame of the clip. An area that has
        the shape of neither the picture nor the clip. Values that are not numbers, spans that are
        not pairs, truth outside the clip, or two layers with the same name.
    TypeError
        Something other than a clip, a track, a dict or a layer where one is expected.
    """

    _esm = f"{pages.SCRIPT}\nexport default {{ render }};\n"
    _css = pages.CSS
    frame = traitlets.Int(0).tag(sync=True, echo_update=False)
    playing = traitlets.Bool(False).tag(sync=True, echo_update=False)
    layer = traitlets.Unicode("").tag(sync=True)
    marks = traitlets.List(traitlets.Dict()).tag(sync=True)
    _info = traitlets.Dict().tag(sync=True)
    _committed = traitlets.Bool(False).tag(sync=True)
    _verdict = traitlets.Dict().tag(sync=True)
    _kept = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        clip: Clip,
        track: Tracks = None,
        series: Curves = None,
        layers: Iterable[Layer | Callable[[np.ndarray], np.ndarray]] = (),
        compare: Clip | None = None,
        *,
        spans: Spans = None,
        folded: Sequence[str] = (),
        areas: Areas = None,
        truth: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        tracks = [] if track is None else list(track) if isinstance(track, Sequence) else [track]
        whole = "a Clip, such as samples.open_clip(name) or clips.Clip(path) returns"
        for name, one in {"clip": clip, "compare": compare or clip}.items():
            _require(name, one, hasattr(one, "size_wh"), whole)
        for one in tracks:
            _require("track", one, hasattr(one, "points"), "a FaceTrack or a list of them")
        listed = isinstance(layers, Iterable) and not isinstance(layers, str)
        _require("layers", layers, listed, "a list of Layer or functions frame -> (H, W)")
        for name, one in {"series": series, "spans": spans, "areas": areas}.items():
            _require(name, one, isinstance(one, Mapping | None), "a dict of name to values")
        areas = {str(name): _numbers(name, m, None) > 0.5 for name, m in (areas or {}).items()}
        curves = {str(name): _numbers(name, values) for name, values in (series or {}).items()}
        count, size = (len(clip),), clip.size_wh[::-1]
        for name, one in [*(("track", t.score) for t in tracks), *curves.items()]:
            _require_shape(name, one.shape, [count])
        for name, mask in areas.items():
            _require_shape(name, mask.shape, [size, count + size])
        self._reels = [Reel(clip, tracks, areas)] + ([Reel(compare)] if compare else [])
        self._layers = as_layers(layers)
        self._truth = None if truth is None else _inside(truth, len(clip))
        self._keeper = MarkKeeper(clip)
        self._folded = [name for name in curves if name in folded]
        curves = dict(sorted(curves.items(), key=lambda curve: curve[0] in self._folded))
        info = self._describe(curves, spans or {}, compare)
        made, committed, told = self._keeper.read()
        super().__init__(_info=info, marks=made, _committed=committed, _kept=told)
        self.on_msg(self._serve)
        self.observe(self._keep, ["marks", "_committed"])

    def _describe(self, curves: dict, spans: Spans, compare: Clip | None) -> dict[str, Any]:
        clip = self._reels[0].clip
        return {
            **self._reels[0].info(),
            "times": np.round(clip.times, 6).tolist(),
            "series": {name: list(map(_json, values)) for name, values in curves.items()},
            "folded": self._folded,
            "spans": {str(name): _pairs(name, pairs) for name, pairs in spans.items()},
            "groups": {name: at.tolist() for name, at in landmarks.GROUPS.items()},
            "layers": {name: layer.table() for name, layer in self._layers.items()},
            "kept": None,
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

    def _draw(self, name: str, frame: int, longest: int | None = None) -> dict[str, Any]:
        try:
            png, limits = self._layers[name].render(self._reels[0].clip, frame, longest)
            return {"limits": limits, "error": None, "buffers": [png]}
        except Exception as error:  # a reader's own function: told in the browser, which goes on
            return {"error": words_of(error), "buffers": []}

    def _keep(self, change: dict[str, Any]) -> None:
        self._verdict = {}
        self._kept = self._keeper.keep(self.marks, self._committed, change)

    def save_marks(self, path: str | Path) -> Path:
        """Write the marks to a JSON file of your own; OSError where that fails."""
        clip = self._reels[0].clip.sha256
        return marks.save_marks(path, self.marks, committed=self._committed, clip=clip)

    def load_marks(self, *paths: str | Path) -> None:
        """Add the marks of files that were saved here or on a page; see `MarkKeeper.merge`."""
        self.marks = self._keeper.merge(self.marks, paths)

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
        pictures: pages.Pictures | None = None,
        layers: Mapping[str, Iterable[int]] | None = None,
        with_marks: bool = False,
    ) -> Path:
        """Write the inspector as one page that needs no kernel, no network and no other file.

        The page is not larger than `max_mb`, if that is possible at all. If its frames would make
        it larger, the frames are shrunk. If that is not enough, the page keeps only every n-th
        frame. The page says which frames it keeps. Its size is printed before it is written. Of the
        layers it offers only those that you name, in the frames that you name. The page appears
        whole or not at all, and only its owner may read it.

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
            The greatest size of the page, in MB (1e6 bytes). The page's program, the numbers and
            one small picture are written even if they are larger than this.
        pictures : Pictures, optional
            Pictures of the clip that are encoded already.
        layers : dict of str to list of int, optional
            The frames for which the page keeps a layer, by the name of the layer. If the page keeps
            only every n-th frame, the nearest earlier frame takes the place of each.
        with_marks : bool
            Whether the page holds the marks too, and the truth if it was revealed.

        Raises
        ------
        FileExistsError, ValueError
            As `check_page`; or a layer or a frame does not exist.
        """
        path = pages.check_page(path)
        wanted = {name: sorted({*frames}) for name, frames in (layers or {}).items() if frames}
        self._check_kept(wanted)
        head = {"title": title, "warnings": warnings, "notes": notes or {}}
        whole = [replace(reel, jpeg=SMALL) for reel in self._reels]
        whole[0] = pictures.of(whole[0]) if pictures else whole[0]
        other = self._info["other"]
        counts = [len(whole[0].clip)] + ([max(other["match"]) + 1] if other else [])
        draw = cache(lambda name, frame: self._draw(name, frame, LARGEST_LAYER))

        def content_of(reels: Sequence[Reel]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
            step = reels[0].step
            kept = {name: sorted({i - i % step for i in at}) for name, at in wanted.items()}
            asked = sorted((frame, name) for name, at in kept.items() for frame in at)
            drawn = [{"layer": name, "frame": i, **draw(name, i)} for i, name in asked]
            return self._page_state(reels, kept, with_marks), drawn

        page, kept = pages.page_within(max_mb * 1e6, whole, counts, content_of, head)
        print(f"writing {path.name}: {len(page) / 1e6:.1f} MB, {kept}")
        write_private(path, page)
        return path

    def _check_kept(self, wanted: Mapping[str, Sequence[int]]) -> None:
        count = len(self._reels[0].clip)
        for name, frames in wanted.items():
            if name not in self._layers:
                names = ", ".join(map(repr, self._layers))
                raise ValueError(f"layers: expected names of {names}; got {name!r}.")
            if frames and not 0 <= frames[0] <= frames[-1] < count:
                raise ValueError(
                    f"layers: expected frames from 0 to {count - 1}, got {frames} for {name!r}."
                )

    def _page_state(
        self, reels: Sequence[Reel], kept: Mapping[str, list[int]], with_marks: bool = False
    ) -> dict[str, Any]:
        """Return what a page knows of this widget, given the frames and layers that it holds."""
        other = None
        if len(reels) > 1:
            match = self._info["other"]["match"]
            other = {**reels[1].info(), "match": match, "count": max(match) + 1}
        state = {"frame": self.frame, "marks": [], "_committed": False, "_verdict": {}}
        if with_marks:
            state = {name: getattr(self, name) for name in state}
        layers = {name: self._info["layers"][name] for name in kept}
        news = {"layers": layers, "kept": kept, "other": other, "blind": bool(state["_verdict"])}
        return {"_info": {**self._info, **reels[0].info(), **news}, **state}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add what is shown without a kernel: a page of small pictures, without marks.

        The page holds only the first frame, so that the reader does not have to wait. If a notebook
        is run to be exported, the environment variable FRAMEWISE_PREVIEW is set to "whole". Then
        the page holds every frame of a clip of up to 250 frames, and at most 24 frames of a longer
        clip.
        """
        reel = self._reels[0].preview(os.environ.get("FRAMEWISE_PREVIEW") == "whole")
        chunks = ({"reel": 0, **reel.chunk(n)} for n in reel.chunks())
        notes = {"here": f"a preview, {reel.extent()}; run the cell to see all of the clip"}
        page = pages.build_page(self._page_state([reel], {}), chunks, notes=notes)
        data, metadata = super()._repr_mimebundle_(**options)
        return {**data, "text/html": FRAME.format(html.escape(page))}, metadata


def _inside(truth: Sequence[Mapping[str, Any]], count: int) -> list[marks.Mark]:
    """Return a truth in the form of marks; refuse frames outside the clip."""
    for place, given in zip(marks.check_marks(truth, sys.maxsize), truth, strict=True):
        frames = [int(given["first"]), int(given["last"])]
        if min(frames) < 0 or place["last"] >= count:
            raise ValueError(
                f"truth: expected frames from 0 to {count - 1}, got {frames[0]} to {frames[1]}. "
                "Give the truth of this very clip."
            )
    return marks.check_marks(truth, count)


def _require(name: str, given: Any, fits: bool, expected: str) -> None:
    if not fits:
        raise TypeError(f"{name}: expected {expected}, got {str(given)[:60]!r}.")


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


def _require_shape(name: str, shape: tuple, fitting: list[tuple]) -> None:
    if shape not in fitting:
        raise ValueError(
            f"{name}: expected one entry for each of the {fitting[-1][0]} frames of the clip, of "
            f"shape {' or '.join(map(str, fitting))}, got {shape}. Measure it on this very clip."
        )


def _match(clip: Clip, other: Clip) -> list[int]:
    """For each frame, the one of the other clip that is on the screen at its time."""
    since = clip.times - clip.times[0] + other.times[0]
    return (np.searchsorted(other.times, since + 1e-6, "right") - 1).clip(0).tolist()


def _json(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None
