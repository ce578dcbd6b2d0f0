"""Pages: the inspector as one file that needs no kernel, no network and no other file."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from framewise.workbench.files import check_target
from framewise.workbench.inspector import packets
from framewise.workbench.inspector.reel import SMALL, Reel, Sample

if TYPE_CHECKING:
    import numpy as np

    from framewise.clips import Clip

__all__ = [
    "CSS",
    "MARKER",
    "PARTS",
    "SCRIPT",
    "Pictures",
    "build_page",
    "check_page",
    "join_parts",
    "page_within",
]

HERE = Path(__file__).parent
PARTS = (
    "protocol", "view", "timeline", "frames", "shapes", "paint", "layers", "controls", "play",
    "marks", "share", "present", "hands", "show", "answer", "app", "acts", "main",
)  # fmt: skip
"""The JavaScript files, in the order in which they are loaded. While a part is loaded, it can use
only what the parts before it export."""

ONE_FACE = 2200  # bytes of numbers and curves that a frame with one face takes in a page, about
MARKER = "<!doctype html><!-- a page of the frame inspector -->"


def join_parts(parts: Iterable[str] = PARTS) -> str:
    """Return the JavaScript files as one script; each keeps to itself what it does not export."""
    whole = []
    for part in parts:
        source = (HERE / f"{part}.mjs").read_text(encoding="utf-8")
        source = re.sub(r'^import [^;]*? from "\./[^;]*;\n', "", source, flags=re.M)
        names = ", ".join(re.findall(r"^export (?:async )?[a-z]+\*? (\w+)", source, re.M))
        source = re.sub(r"^export ", "", source, flags=re.M)
        whole.append(f"const {{ {names} }} = (() => {{\n{source}return {{ {names} }};\n}})();\n")
    return "".join(whole)


SCRIPT = join_parts()
CSS = (HERE / "inspector.css").read_text(encoding="utf-8")

PAGE = """<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:;
  style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>{css}</style></head><body class="framewise-page"><main><h1>{title}</h1>{warnings}
<div id="inspector"><noscript>This page needs JavaScript.</noscript></div><dl>{notes}</dl></main>
{blocks}<script type="module">{script}
render({{ model: pageModel(document), el: document.getElementById("inspector") }});
</script></body></html>
"""
WARNINGS = """<div class="warnings" role="note"><h2>Read this first</h2><ul>{}</ul></div>"""


def build_page(
    state: dict,
    answers: Iterable[dict],
    *,
    title: str = "",
    warnings: Sequence[str] = (),
    notes: Mapping[str, str],
) -> str:
    """Return a page that holds an inspector.

    Parameters
    ----------
    state : dict
        The state of the widget; see `packets`.
    answers : iterable of dict
        The chunks of frames and the pictures of layers that the page holds; see `packets`.
    title : str
        By default the name of the clip.
    warnings : sequence of str
        Sentences that stand above the inspector.
    notes : mapping of str to str
        Facts that stand below it.
    """
    blocks = [_block("state", state)]
    for answer in answers:
        text = [base64.b64encode(part).decode() for part in answer["buffers"]]
        name = packets.element_of(answer, state["_info"]["layers"])
        blocks.append(_block(name, {**answer, "buffers": text}))
    listed = "".join(f"<li>{html.escape(one)}" for one in warnings)
    return MARKER + PAGE.format(
        title=html.escape(title or state["_info"]["name"]),
        css=CSS,
        script=SCRIPT,
        warnings=WARNINGS.format(listed) if warnings else "",
        notes="".join(f"<dt>{html.escape(k)}<dd>{html.escape(v)}" for k, v in notes.items()),
        blocks="".join(blocks),
    )


def _block(name: str, content: dict[str, Any]) -> str:
    text = json.dumps(content).replace("<", r"\u003c")  # so that no text can end the script
    return f'<script type="application/json" id="{name}">{text}</script>'


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
        reel = Reel(clip, jpeg=SMALL)
        self._reel = reel.fit(reel.sample(len(clip), ONE_FACE), 0.95e6 * max_mb)
        self._jpegs: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._jpegs)

    def take(self, frame: int, image: np.ndarray) -> None:
        """Encode the picture of a frame, (H, W, 3) uint8 RGB, if the page is to hold it."""
        if frame % self._reel.step == 0:
            self._jpegs[frame] = self._reel.encode(image)

    def of(self, reel: Reel) -> Reel:
        """Return a reel of the same clip with these pictures, as far as there are any."""
        return replace(reel, scale=self._reel.scale, ready=self._jpegs) if self._jpegs else reel


def page_within(
    limit: float,
    whole: Sequence[Reel],
    counts: Sequence[int],
    content_of: Callable[[Sequence[Reel]], tuple[dict[str, Any], list[dict[str, Any]]]],
    head: dict[str, Any],
) -> tuple[bytes, str]:
    """Return a page of at most `limit` bytes, and which frames it keeps in what size.

    The size of the frames is estimated from a few of them. If the estimate was too low, they are
    shrunk further.

    Parameters
    ----------
    limit : float
    whole : list of Reel
        Of the clip, and of the one that it is compared with.
    counts : list of int
        How many frames of each are ever shown.
    content_of : function (list of Reel) -> (dict, list of dict)
        What the page knows of the widget, and the pictures of layers that it holds, given its
        frames.
    head : dict
        What `build_page` writes around the inspector.
    """
    rest = len(build_page(*content_of(whole), **head))
    samples = [reel.sample(count) for reel, count in zip(whole, counts, strict=True)]
    spare = limit - rest - 500
    while True:
        reels = _fit_all(whole, samples, max(spare, 1))
        kept = "; compared with ".join(reel.extent() for reel in reels)
        notes = {**head["notes"], "this page": f"{kept}; nothing is sent or fetched"}
        state, layers = content_of(reels)
        answers = chain(_chunks(reels, counts), layers)
        text = build_page(state, answers, **{**head, "notes": notes})
        page = text.encode(errors="replace")
        least = all(reel.step == count for reel, count in zip(reels, counts, strict=True))
        if len(page) <= limit or least:
            return page, kept
        needs = [reel.need(sample) / reel.step for reel, sample in zip(reels, samples, strict=True)]
        spare = min(spare, sum(needs)) * 0.97 * limit / len(page)


def _chunks(reels: Sequence[Reel], counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    wanted = [(i, n) for i, count in enumerate(counts) for n in reels[i].chunks(count)]
    with tqdm(wanted, "making the page", unit=" chunks", delay=1, leave=False) as bar:
        yield from ({"reel": i, **reels[i].chunk(n)} for i, n in bar)


def _fit_all(whole: Sequence[Reel], samples: Sequence[Sample], spare: float) -> list[Reel]:
    """Fit one or two reels into `spare` bytes; one reel may use the bytes that the other leaves."""
    needs = [reel.need(sample) for reel, sample in zip(whole, samples, strict=True)]
    budgets = [max(spare / len(needs), spare - (sum(needs) - need)) for need in needs]
    return list(map(Reel.fit, whole, samples, budgets))


def check_page(path: str | Path) -> Path:
    """Return a path at which a page of the inspector may be written, as `check_target` does."""
    return check_target(path, _is_page, "a page of the inspector")


def _is_page(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(MARKER)) == MARKER.encode()
