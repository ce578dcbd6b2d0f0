"""Own clips: a form in the notebook that keeps a video of yours with the consent of all in it.

Notebook: 00_start_here.ipynb

The video is chosen from the disk or recorded by the camera. It goes to the kernel and nowhere
else. There `workbench.keeping` checks and keeps it, as it does for `course.py add-clip`.
"""

from __future__ import annotations

import contextlib
import re
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from framewise.workbench import files, keeping, records

__all__ = ["ClipForm", "form"]

HERE = Path(__file__).parent
MOST = {"video": 500_000_000, "form": 50_000_000}
"""The most bytes of a file that come through the browser. The command accepts larger videos."""

RECORDED = 20
"""The longest recording by the camera, seconds."""


class ClipForm(anywidget.AnyWidget):
    """Ask for a video and for the consent of everyone in it, and keep both.

    Files arrive in pieces, and each piece is answered before the next one is sent. The files wait
    in a private folder in `data/my_clips.unfinished`. The folder is deleted when the kernel ends.
    If the kernel is killed, the next form, `add-clip` or `forget-clip` deletes it. The answers are
    those of `course.py add-clip`, by option.

    Notebook: 00_start_here.ipynb

    Attributes
    ----------
    kept : str
        The id of the clip kept last; `samples.open_clip` opens it.
    """

    _esm = HERE / "own_clips.js"
    _css = HERE / "own_clips.css"
    _info = traitlets.Dict().tag(sync=True)
    kept = traitlets.Unicode("")

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._files: dict[str, Path] = {}
        super().__init__(_info={"most": MOST, "longest": RECORDED})
        self.on_msg(self._serve)

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add a sentence, for notebooks shown without a kernel."""
        data, metadata = super()._repr_mimebundle_(**options)
        data["text/html"] = "<p>When you run this notebook, a form for a clip appears here.</p>"
        return data, metadata

    def _serve(self, _widget: object, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        try:
            if "keep" in message:
                self.send(self._keep(message["keep"]))
            else:
                self.send({"at": self._take(message, bytes(buffers[0]))})
        except Exception as error:  # the form is the only place that can show it
            self.send({"error": keeping.explain(error)})

    def _take(self, piece: dict[str, Any], data: bytes) -> int:
        """Add a piece to the video or the form; return how many bytes of it are here."""
        kind, at = piece["kind"], piece["at"]
        if kind not in MOST:
            raise ValueError(f"expected a file of kind {' or '.join(MOST)}, got {kind!r}.")
        if at == 0:
            self._drop(kind)
            folder = self._scratch() / kind
            folder.mkdir(exist_ok=True)
            plain = re.sub(r"[^\w.-]", "_", piece["name"])[-60:]  # a name has 255 bytes at most
            self._files[kind] = folder / plain
            self._files[kind].write_bytes(b"")
        here = self._files[kind].stat().st_size if kind in self._files else -1
        if at != here or here + len(data) > MOST[kind]:
            raise ValueError("the file did not arrive as it was sent; choose it again.")
        with open(self._files[kind], "ab") as file:
            file.write(data)
        return here + len(data)

    def _scratch(self) -> Path:
        """Return the folder in which the files wait; it is made for the first of them."""
        if self._folder is None:
            files.sweep(records.unfinished())
            stack = contextlib.ExitStack()
            self._folder = stack.enter_context(files.scratch_folder(records.unfinished()))
            weakref.finalize(self, stack.close)
        return self._folder

    def _drop(self, kind: str) -> None:
        if kind in self._files:
            self._files.pop(kind).unlink(missing_ok=True)

    def _keep(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Keep the clip as the answers say; return what the form is to show."""
        paths = dict(self._files)
        if answers.get("me"):  # a signed form may have come before that was chosen
            paths.pop("form", None)
        try:
            entry, report = keeping.add_answered(answers | paths, bar=self._show)
        except KeyboardInterrupt:  # the kernel was interrupted
            return {"error": "it was stopped."}
        self.kept = entry["id"]
        self._drop("video")
        self._drop("form")
        return {"kept": self.kept, "said": report}

    def _show(self, items: Iterable[Any], doing: str, total: int) -> Iterator[Any]:
        """Show in the form how far a task is; a `tracking.Bar`."""
        shown = -1
        for done, item in enumerate(items):
            percent = 100 * done // total
            if percent > shown:
                self.send({"doing": doing, "percent": percent})
                shown = percent
            yield item


def form() -> ClipForm:
    """Return the form that keeps a clip of your own. The last line of a cell shows it."""
    return ClipForm()
