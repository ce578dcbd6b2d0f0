"""Captions: show a figure or a video with the lesson's words, which appear only with the picture.

A text that says what a figure shows would give the answer away before the cell runs. So these texts
do not stand in the notebook. They lie in `lessons/figures_NN.json`, which holds for each figure of
notebook NN {"NN.1": {"caption": "...", "alt": "..."}}.
"""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from framewise.clips import Clip
from framewise.workbench.exercises import LESSONS

__all__ = ["show", "show_video", "words"]

Row = Mapping[str, Any]


def show(figure: Figure | Axes, name: str, *, numbers: Row | Sequence[Row] = ()) -> None:
    """Show a figure with its caption and with a text for those who cannot see it, and close it.

    Parameters
    ----------
    figure : Figure or Axes
    name : str
        The figure's id, such as "01.3"; its texts are in `lessons/figures_01.json`.
    numbers : mapping, or sequence of mappings, optional
        The most important numbers of the figure by name, or rows of such numbers. They are shown in
        a folded table under the caption.

    Raises
    ------
    KeyError
        The lesson has no texts for this figure.
    """
    texts = words(name)
    figure = figure.figure
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    plt.close(figure)
    picture = f'<img alt="{html.escape(texts["alt"])}" src="{_data(buffer, "image/png")}">'
    _display(
        picture, texts["caption"], _table([numbers] if isinstance(numbers, Mapping) else numbers)
    )


def show_video(clip: Clip, name: str, *, width: int = 480) -> None:
    """Show a clip as a video that plays on a click; on paper, its first frame takes its place.

    Parameters
    ----------
    clip : Clip
        Its file must be one that browsers play, such as the course's own clips.
    name : str
        As for `show`.
    width : int
        Pixels.
    """
    texts = words(name)
    buffer = io.BytesIO()
    Image.fromarray(clip[0]).save(buffer, format="JPEG", quality=85)
    still, label = _data(buffer, "image/jpeg"), html.escape(texts["alt"])
    film = _data(io.BytesIO(clip.path.read_bytes()), "video/mp4")
    _display(
        f'<video controls muted playsinline width="{width}" poster="{still}" src="{film}"'
        f' aria-label="{label}"></video>'
        f'<img class="on-paper" width="{width}" alt="{label}" src="{still}">',
        texts["caption"],
    )


def words(name: str) -> dict[str, str]:
    """Return the texts of a figure: its "caption", and "alt" for those who cannot see it.

    Parameters
    ----------
    name : str
        As for `show`.

    Raises
    ------
    KeyError
        The lesson has no texts for this figure.
    """
    path = LESSONS / f"figures_{name[:2]}.json"
    texts = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if name not in texts:
        raise KeyError(f"no figure {name!r} in {path.name}; it holds: {', '.join(texts) or 'none'}")
    return texts[name]


def _data(buffer: io.BytesIO, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _display(picture: str, caption: str, table: str = "") -> None:
    display(
        HTML(
            f"{STYLE}<figure class='frame-by-frame'>{picture}"
            f"<figcaption>{html.escape(caption)}</figcaption>{table}</figure>"
        )
    )


def _table(rows: Sequence[Row]) -> str:
    if not rows or not rows[0]:
        return ""
    head = "".join(f'<th scope="col">{html.escape(str(key))}</th>' for key in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(_number(value))}</td>" for value in row.values())
        + "</tr>"
        for row in rows
    )
    return (
        "<details><summary>The numbers of this figure</summary>"
        f"<table><tr>{head}</tr>{body}</table></details>"
    )


def _number(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float | np.floating) else str(value)


STYLE = """<style>
.frame-by-frame { margin: 0; }
.frame-by-frame > img, .frame-by-frame > video { max-width: 100%; }
.frame-by-frame figcaption { max-width: 46em; margin: 0.3em 0; font-style: italic; }
.frame-by-frame > .on-paper { display: none; }
@media print {
  .frame-by-frame > video { display: none; }
  .frame-by-frame > .on-paper { display: block; }
}
</style>"""
