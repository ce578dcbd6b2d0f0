"""Own clips: a form in the notebook that keeps a video of yours with the consent of all in it.

Notebook: 00_start_here.ipynb

Public: form, ClipForm.

The video is chosen from the disk or recorded by the camera. It goes to the kernel and nowhere
else; there the same program as behind `course.py add-clip` checks and keeps it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import anywidget
import traitlets

from framewise import DATA, consent
from framewise.workbench import files

HERE = Path(__file__).parent
PROGRAM = DATA.parent / "scripts" / "my_clips.py"
MOST = {"video": 500_000_000, "form": 50_000_000}
"""How many bytes come through the browser; the command takes larger videos."""

RECORDED = 20
"""The longest recording by the camera, seconds."""


class ClipForm(anywidget.AnyWidget):
    """Ask for a video and for the consent of everyone in it, and keep both.

    Files arrive in pieces, and each piece is answered before the next one is sent. They wait in a
    private folder in `data/my_clips.unfinished`. The folder is deleted when the kernel ends. If the
    kernel is killed, the next form, `add-clip` or `forget-clip` deletes it. The answers are those
    of `course.py add-clip`, by option.

    Notebook: 00_start_here.ipynb

    Attributes
    ----------
    kept : str
        The id of the clip kept last; `clips.open_sample` opens it.
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
        data["text/html"] = "<p>A form for a clip of your own, in the notebook.</p>"
        return data, metadata

    def _serve(self, _widget: object, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        try:
            if "keep" in message:
                self.send(self._keep(message["keep"]))
            else:
                self.send({"at": self._take(message, bytes(buffers[0]))})
        except Exception as error:  # told in the form, which has no other place for it
            self.send({"error": f"{error}"})

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
            files.sweep(consent.unfinished())
            stack = contextlib.ExitStack()
            self._folder = stack.enter_context(files.scratch_folder(consent.unfinished()))
            weakref.finalize(self, stack.close)
        return self._folder

    def _drop(self, kind: str) -> None:
        if kind in self._files:
            self._files.pop(kind).unlink(missing_ok=True)

    def _keep(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Hand the answers to the program; return what it said, for the form."""
        files = {kind: str(path) for kind, path in self._files.items()}
        if answers.get("me"):  # a form may have come before that was chosen
            files.pop("form", None)
        command = [sys.executable, str(PROGRAM), "add", json.dumps(answers | files)]
        pipe, env = subprocess.PIPE, {**os.environ, "PYTHONUTF8": "1"}
        child = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        said = ""
        with child:
            try:
                complaint = self._watch(child.stderr)
                said = child.stdout.read().decode()
            except KeyboardInterrupt:  # the kernel was interrupted
                child.terminate()
                complaint = "error: it was stopped."
        if child.returncode or not said:
            return {"error": complaint.rpartition("error: ")[2].strip() or "it failed."}
        self.kept = re.search(r"Kept as (\w+)", said)[1]
        self._drop("video")
        self._drop("form")
        return {"kept": self.kept, "said": said}

    def _watch(self, stream: IO[bytes]) -> str:
        """Tell the form how far the program is; return all that it complained about."""
        heard = b""
        while news := stream.read1():
            heard += news
            bars = re.findall(r"(\w[\w ]*): +(\d+)%", heard[-200:].decode(errors="replace"))
            if bars:
                self.send({"doing": bars[-1][0], "percent": int(bars[-1][1])})
        return heard.decode(errors="replace")


def form() -> ClipForm:
    """Return the form that keeps a clip of your own; as the last line of a cell it is shown."""
    return ClipForm()
