"""Write the frame inspector as one page that needs no kernel, no network and no other file."""

from __future__ import annotations

import html
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
from framewise import clips
from framewise.inspector import CHUNK, HERE, SMALL, Reel, base64_of, make_reel

if TYPE_CHECKING:
    from framewise.inspector import Curves, Tracks

SMALLEST = 320  # pixels of the longer side: below it a page leaves out frames instead
MARKER = "<!doctype html><!-- a page of the frame inspector -->"
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


def to_html(
    clip: clips.Clip,
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

    Parameters
    ----------
    clip, track, series
        As for `inspector.FrameInspector`.
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
    path, reel = Path(path), make_reel(clip, track, series)
    if path.exists() and (path.is_dir() or not path.read_bytes().startswith(MARKER.encode())):
        raise FileExistsError(f"{path} is not a page of the inspector; choose another name.")
    page = _page(_fit(reel, max_mb * 1e6), title or Path(clip.path).name, notes or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    with clips.whole_or_nothing(path) as partial:
        partial.write_text(page, encoding="utf-8")
    return path


def _fit(reel: Reel, budget: float) -> Reel:
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


def _page(reel: Reel, title: str, notes: Mapping[str, str]) -> str:
    count = math.ceil(len(reel.clip) / (CHUNK * reel.step))
    blocks = [_block("info", reel.info())]
    for number in tqdm(range(count), "writing the page", unit=" chunks", delay=1, leave=False):
        buffers, error = reel.chunk(number)
        parts = {"error": error, "buffers": list(map(base64_of, buffers))}
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


def _extent(reel: Reel) -> str:
    """Say which frames a page holds, and in what size."""
    whole, shrunk = (
        " x ".join(str(round(n * k)) for n in reel.clip.size_wh) for k in (1, reel.scale)
    )
    which = "every frame" if reel.step == 1 else f"only one frame in {reel.step}"
    return f"{which}, {'full size' if shrunk == whole else f'shrunk from {whole} to {shrunk}'}"


def _block(name: str, content: dict[str, Any]) -> str:
    text = json.dumps(content).replace("<", r"\u003c")  # so that no text can end the script
    return f'<script type="application/json" id="{name}">{text}</script>'
