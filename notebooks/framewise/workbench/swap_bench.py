"""The swap bench: change a recipe with sliders, and see the fake and its seam at once.

The bench shows its results as one piece of HTML: small JPEG pictures with alternative texts, and a
drawing of the curves in SVG. This is faster than a figure of Matplotlib, and an exported page can
show it too.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import ipywidgets as widgets
import numpy as np

from framewise import consent, fakes, pairing, seams, swap
from framewise.clips import Clip
from framewise.landmarks import face_box
from framewise.swap_plots import magnify

__all__ = ["SwapBench", "View", "line_of", "open_bench"]

SLIDERS = {
    "shrink": ("shrink (edge inside the outline)", 0.3, 0.01),
    "feather": ("feather (width of the soft edge)", 0.4, 0.01),
    "colour": ("colour (how far it is matched)", 1.0, 0.05),
    "sharpen": ("sharpen", 2.0, 0.1),
    "smooth": ("smooth (landmarks, in frames)", 5.0, 0.5),
}
"""For each number of a recipe: the label, the greatest value and the step of its slider."""


class View(NamedTuple):
    """What the bench shows of one frame."""

    pictures: list[np.ndarray]
    """The face untouched and swapped, (H, W, 3) uint8 RGB; the fake carries its mark."""
    strips: list[np.ndarray]
    """The enlarged strips along the two outlines, (H, W, 3) uint8 RGB."""
    curves: list[np.ndarray]
    """The steps across the two strips, (2 R,) float grey levels; see `seams.edge_steps`."""
    changed: float
    """Share of the pixels inside the outline that the swap changed, 0 to 1."""
    problem: str
    """Why this frame cannot be swapped; empty if it can be swapped. A frame that cannot be swapped
    has only the untouched picture."""


class _Pair:
    """A source and a target: everything that `SwapBench` needs to know of the two clips."""

    def __init__(self, source: Clip, target: Clip) -> None:
        self.clips = source, target
        self._tracks = [pairing.only_track(clip) for clip in self.clips]
        self.frame = lru_cache(8)(lambda which, i: self.clips[which][i])
        self.points = lru_cache(4)(self._points)
        self.nearest = lru_cache(64)(self._nearest)
        boxes = np.array([face_box(face) for face in self._tracks[1].points])
        x0, y0, x1, y1 = *np.nanmin(boxes[:, :2], 0), *np.nanmax(boxes[:, 2:], 0)
        room = (y1 - y0) / 5
        corners = np.rint([x0 - room, y0 - room, x1 + room, y1 + room]).astype(int)
        x0, y0, x1, y1 = np.clip(corners, 0, [*target.size_wh, *target.size_wh])
        self._window = slice(y0, y1), slice(x0, x1)  # the same in all frames, so nothing jumps

    def _points(self, smooth: float) -> tuple[np.ndarray, ...]:
        """Return the points of the source and of the target, smoothed."""
        return tuple(pairing.smooth_points(t.points, smooth, cuts=t.cuts) for t in self._tracks)

    def _nearest(self, smooth: float, i: int) -> int:
        start, goal = self.points(smooth)
        return int(pairing.nearest_frames(start, goal[i : i + 1])[0])

    def view(self, i: int, recipe: swap.Recipe) -> View:
        """Swap one frame of the target, as `swap.swap_clip` does, and measure its seam."""
        start, goal = self.points(recipe.smooth)
        image, k = self.frame(1, i), self.nearest(recipe.smooth, i)
        pictures, problem, changed = [image], "", 0.0
        if np.isnan(goal[i]).any():
            return View([image[self._window]], [], [], 0.0, "there is no face in this frame.")
        try:
            result = swap.swap_face(self.frame(0, k), start[k], image, goal[i], recipe)
            inside = swap.face_mask(goal[i], self.clips[1].size_wh) > 0
            changed = float(result.changed[inside].mean())
            pictures.append(result.frame)
        except ValueError as error:
            problem = str(error)
        strips = [seams.unroll_outline(picture, goal[i]) for picture in pictures]
        curves = [seams.edge_steps(strip) for strip in strips]
        shown = [picture[self._window] for picture in pictures]
        large = [magnify(strip) for strip in strips]
        shown[1:], large[1:] = map(fakes.mark, shown[1:]), map(fakes.mark, large[1:])
        return View(shown, large, curves, changed, problem)


class SwapBench(widgets.VBox):
    """Sliders for a recipe, and one frame of the target: untouched, swapped, and the seam."""

    def __init__(self, source: Clip, target: Clip, recipe: swap.Recipe | None = None) -> None:
        for clip in (source, target):
            consent.require(clip, "make")
        recipe = recipe or swap.Recipe()
        self._pair, self._start = _Pair(source, target), recipe
        wide = {"style": {"description_width": "14em"}, "layout": {"width": "auto"}}
        self._names = [clip.path.stem for clip in (source, target)]
        last = len(target) - 1
        self.frame = widgets.IntSlider(
            min(60, last), 0, last, description=f"frame of {self._names[1]}", **wide
        )
        self.fields = {
            name: widgets.FloatSlider(
                getattr(recipe, name),
                min=0,
                max=max(most, getattr(recipe, name)),
                step=step,
                description=words,
                **wide,
            )
            for name, (words, most, step) in SLIDERS.items()
        }
        self.fields["blend"] = widgets.Dropdown(
            options=swap.BLENDS, value=recipe.blend, description="blend", **wide
        )
        self.button = widgets.Button(description="Reset", tooltip="Back to the first recipe")
        self.button.on_click(lambda _: self.reset())
        self._seen = widgets.HTML()
        for field in (self.frame, *self.fields.values()):
            field.observe(lambda _: self._show(), "value")
        super().__init__([self.frame, *self.fields.values(), self.button, self._seen])
        self._show()

    @property
    def recipe(self) -> swap.Recipe:
        """The recipe that is set now."""
        return swap.Recipe(**{name: field.value for name, field in self.fields.items()})

    def reset(self) -> None:
        """Go back to the recipe that the bench was opened with."""
        with self.hold_sync():
            for name, field in self.fields.items():
                field.value = getattr(self._start, name)

    def _show(self) -> None:
        view = self._pair.view(self.frame.value, self.recipe)
        self._seen.value = _page_of(view, self.frame.value, self._names, self.recipe)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """Add what is shown without a kernel: the present picture, without sliders."""
        data = super()._repr_mimebundle_(**options)
        note = "<p>When you run this notebook, sliders for the recipe appear here.</p>"
        return {**data, "text/html": note + self._seen.value}


def open_bench(source: Clip, target: Clip, recipe: swap.Recipe | None = None) -> SwapBench:
    """Return a bench for the face of one clip on another. Make it the last line of a cell.

    Parameters
    ----------
    source, target : Clip
        The clip that gives the face, and the clip that receives it. Each shows one face.
    recipe : Recipe, optional
        Where the sliders stand at first.

    Raises
    ------
    consent.ConsentError
        Not everyone in the clips agreed to fakes.
    ValueError
        A clip shows no face, or several faces.
    """
    return SwapBench(source, target, recipe)


def line_of(recipe: swap.Recipe) -> str:
    """Return a recipe as a line of Python, without the values that are equal to the defaults."""
    usual = asdict(swap.Recipe())
    rounded = replace(recipe, **{name: round(getattr(recipe, name), 4) for name in SLIDERS})
    own = [f"{name}={value!r}" for name, value in asdict(rounded).items() if value != usual[name]]
    return f"swap.Recipe({', '.join(own)})".replace("'", '"')


def _page_of(view: View, frame: int, names: Sequence[str], recipe: swap.Recipe) -> str:
    """Draw a view as HTML."""
    titles = [f"{names[1]}, untouched", f"{names[1]} with the face of {names[0]}"]
    pairs = [
        [
            _figure(picture, title, f"{what}: {title}, frame {frame}")
            for picture, title in zip(pictures, titles, strict=False)
        ]
        for what, pictures in (("face", view.pictures), ("strip", view.strips))
    ]
    above = _highest_above(view.curves)
    words = (
        f"This frame cannot be swapped: {html.escape(view.problem)}"
        if view.problem
        else f"The curve of the fake rises by at most {above:.2f} grey levels above the curve of "
        "the untouched picture. "
        f"{view.changed:.0%} of the pixels inside the outline are changed."
    )
    return (
        f"{STYLE}<div class='swap-bench'><div class='pair faces'>{''.join(pairs[0])}</div>"
        f"<div class='pair'>{''.join(pairs[1])}</div>{_curve(view.curves)}"
        f"<p role='status'>{words}</p><p>The recipe in Python: "
        f"<code>{html.escape(line_of(recipe))}</code></p></div>"
    )


def _highest_above(curves: Sequence[np.ndarray]) -> float:
    """Return how far the second curve rises above the first one; 0 if there is only one."""
    return float((curves[1] - curves[0]).max()) if len(curves) == 2 else 0.0


def _figure(image: np.ndarray, title: str, alt: str) -> str:
    jpeg = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    height, width = image.shape[:2]
    return (
        f"<figure><figcaption>{html.escape(title)}</figcaption><img decoding='sync' "
        f"width='{width}' height='{height}' alt='{html.escape(alt)}' "
        f"src='data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}'></figure>"
    )


WIDE, HIGH, LEFT, FOOT = 420, 200, 34, 36
"""Size of the drawing of the curves, and its room for numbers at the left and below."""


def _curve(curves: Sequence[np.ndarray]) -> str:
    """Draw the curves over each other as SVG; the scale changes only if a curve does not fit."""
    if not curves:
        return ""
    most = max(40, 10 * np.ceil(max(map(np.max, curves)) / 10))
    reach = len(curves[0]) / 2

    def place(at: float, step: float) -> tuple[float, float]:
        x = LEFT + (WIDE - LEFT) * (at + reach) / (2 * reach)
        return round(x, 1), round((HIGH - FOOT) * (1 - step / most) + 4, 1)

    lines = []
    for step in range(0, int(most) + 1, 10):
        (x0, y), (x1, _) = place(-reach, step), place(reach, step)
        lines.append(f"<path class='grid' d='M{x0} {y}H{x1}'/><text x='{x0 - 6}' y='{y + 5}'")
        lines.append(f" text-anchor='end'>{step}</text>")
    for at in range(-10 * int(reach // 10), int(reach) + 1, 10):
        (x, y0), (_, y1) = place(at, 0), place(at, most)
        kind = "grid" if at else "outline"
        lines.append(f"<path class='{kind}' d='M{x} {y0}V{y1}'/>")
        lines.append(f"<text x='{x}' y='{y0 + 15}' text-anchor='middle'>{at}</text>")
    for values, kind in zip(curves, ("before", "after"), strict=False):
        points = (place(j + 0.5 - reach, value) for j, value in enumerate(values))
        lines.append(
            f"<polyline class='{kind}' points='{' '.join(f'{x},{y}' for x, y in points)}'/>"
        )
    middle = (LEFT + WIDE) / 2
    label = "outside - pixels from the outline - inside"
    lines.append(f"<text x='{middle}' y='{HIGH - 2}' text-anchor='middle'>{label}</text>")
    told = " and ".join(f"{values.max():.0f}" for values in curves)
    alt = f"Steps across the outline: untouched, swapped. The highest steps are {told} grey levels."
    return (
        "<figure class='curve'><figcaption>Steps across the outline (grey levels). Wide grey line: "
        f"untouched. Thin line: your fake.</figcaption><svg role='img' aria-label='{alt}' "
        f"viewBox='0 0 {WIDE} {HIGH}'>{''.join(lines)}</svg></figure>"
    )


STYLE = """<style>
.swap-bench .pair { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-end; }
.swap-bench figure { margin: 0 0 8px; flex: 1 1 260px; max-width: 460px; }
.swap-bench .faces figure { flex-basis: 140px; }
.swap-bench img { width: 100%; height: auto; }
.swap-bench figcaption, .swap-bench p { line-height: 1.4; font-size: 14px; }
.swap-bench svg { width: 100%; max-width: 640px; background: white; }
.swap-bench .curve { max-width: 640px; }
.swap-bench text { font: 13px sans-serif; fill: #222; }
.swap-bench path, .swap-bench polyline { fill: none; }
.swap-bench .grid { stroke: #ddd; }
.swap-bench .outline { stroke: #555; stroke-dasharray: 3 3; }
.swap-bench .before { stroke: #999; stroke-width: 5; }
.swap-bench .after { stroke: black; stroke-width: 1.8; }
.swap-bench code { user-select: all; overflow-wrap: anywhere; }
</style>"""
