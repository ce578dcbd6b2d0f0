"""Run notebooks from clean kernels and write them, with their outputs, as pages into build/.

Run by `course.py run [NN ...]`. Each notebook's time and peak memory are printed; a cell that
fails is shown with its traceback, its page keeps the outputs so far, and the exit code is 1.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / "build"
CELL_TIMEOUT = 600  # seconds
BAR = 24  # characters
CODE_ONLY = {"exercise", "check", "code-only"}
PRINT = """<style>@media print {
  pre, .highlight { white-space: pre-wrap !important; overflow: visible !important; }
  figure, img, table { break-inside: avoid; }
}</style></head>"""
FOLD = """<script>
let folded;
for (const cell of document.querySelectorAll(".jp-Cell")) {
  if (!cell.matches(".celltag_deeper") && !cell.querySelector(".celltag_deeper")) continue;
  const heading = cell.querySelector("h3");
  if (heading) {
    folded = document.createElement("details");
    folded.append(document.createElement("summary"));
    folded.firstChild.textContent = heading.firstChild.textContent;
    cell.before(folded);
  }
  folded.append(cell);
}
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});
</script></body>"""


class PeakMemory(threading.Thread):
    """Watch the memory of a kernel and of the processes that it starts.

    `peak` is the largest sum of resident memory seen, in bytes. The thread looks every 50 ms and
    after each cell. Pages that processes share count for each process, so `peak` is a little high.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root = psutil.Process(pid)
        self.peak = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self.stopped.wait(0.05):
            self.look()

    def look(self) -> None:
        """Look once; a kernel that is gone holds nothing."""
        try:
            tree = [self.root, *self.root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        self.peak = max(self.peak, sum(map(resident_bytes, tree)))


def resident_bytes(process: psutil.Process) -> int:
    """Return the memory of one process; 0 if it has just ended."""
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


@contextlib.contextmanager
def watched(client: NotebookClient) -> Iterator[PeakMemory]:
    """Start a clean kernel for the client and watch its memory until it ends."""
    with client.setup_kernel(stderr=subprocess.DEVNULL):
        memory = PeakMemory(client.km.provisioner.pid)
        memory.start()
        try:
            yield memory
        finally:
            memory.stopped.set()


def show_progress(name: str, done: int, total: int, begun: float, *, last: bool = False) -> None:
    """Draw the progress bar of one notebook; without a terminal, print only the last state."""
    filled = BAR * done // max(total, 1)
    bar = "#" * filled + "." * (BAR - filled)
    text = f"{name:<22} [{bar}] {done:>3}/{total} cells {time.monotonic() - begun:6.1f} s"
    if sys.stdout.isatty():
        print("\r" + text, end="", flush=True)
    elif last:
        print(text, end="", flush=True)


def execute(path: Path, *, code: bool = True) -> bool:
    """Run one notebook, write its page, print its line; return whether every cell ran."""
    notebook = nbformat.read(path, as_version=4)
    total = len(notebook.cells)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
    )
    begun, problem, done = time.monotonic(), "", 0
    with watched(client) as memory:
        try:
            for done, cell in enumerate(notebook.cells):
                show_progress(path.stem, done, total, begun)
                client.execute_cell(cell, done)
                memory.look()
            done = total
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            problem = str(error)
    show_progress(path.stem, done, total, begun, last=True)
    print(f", {memory.peak / 1e6:5.0f} MB at most, {'FAILED' if problem else 'ok'}", flush=True)
    BUILD.mkdir(exist_ok=True)
    page = page_of(notebook, path.stem, code=code)
    (BUILD / f"{path.stem}.html").write_text(page, encoding="utf-8")
    if problem:
        if not sys.stderr.isatty():
            problem = re.sub(r"\x1b\[[0-9;]*m", "", problem)  # colours
        print(f"\n{path.name}, cell {done + 1}:\n\n{problem}\n", file=sys.stderr)
    return not problem


def page_of(notebook: nbformat.NotebookNode, name: str, *, code: bool = True) -> str:
    """Return a run notebook as a page of HTML, which needs neither a kernel nor a network.

    Without code, the page has no code cells, and no cells that only make sense with them: those
    tagged "exercise", "check" or "code-only". Links to other notebooks lead to their pages. The
    parts tagged "deeper" are folded; printing opens them.
    """
    if not code:
        kept = [c for c in notebook.cells if not CODE_ONLY & set(c.metadata.get("tags", ()))]
        notebook.cells = kept
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in map(without_widget, cell.outputs) if output]
    exporter = HTMLExporter(
        require_js_url="", mathjax_url="", mermaid_js_url="", exclude_input=not code
    )
    exporter.exclude_output_prompt = not code
    page, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    page = re.sub(r'href="(\d\d\w*)\.ipynb', r'href="\1.html', page)
    return page.replace("</head>", PRINT, 1).replace("</body>", FOLD, 1)


def without_widget(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """Return an output with a widget's still pictures in its place; None if it has none."""
    data = output.get("data", {})
    if data.pop("application/vnd.jupyter.widget-view+json", None) and "text/html" not in data:
        return None
    return output


def chosen(numbers: list[str]) -> list[Path]:
    """Return the notebooks with these numbers ("03" or "3"), all if none are given."""
    everything = {
        p.stem.partition("_")[0]: p for p in sorted(NOTEBOOKS.glob("[0-9][0-9]*_*.ipynb"))
    }
    wanted = [number.zfill(3 if number[-1:].isalpha() else 2) for number in numbers] or list(
        everything
    )
    unknown = [number for number in wanted if number not in everything]
    if unknown or not wanted:
        there = ", ".join(everything) or "none at all"
        raise SystemExit(f"No notebook has the number {' '.join(unknown)}; there are {there}.")
    return [everything[number] for number in wanted]


def main(arguments: list[str]) -> int:
    """Run the notebooks with these numbers; return 1 if one failed."""
    begun, code = time.monotonic(), "--no-code" not in arguments
    os.environ["FRAMEWISE_PREVIEW"] = "whole"  # pages hold every frame that a lesson speaks of
    numbers = [argument for argument in arguments if argument != "--no-code"]
    results = [execute(path, code=code) for path in chosen(numbers)]
    failed = results.count(False)
    print(f"{len(results) - failed} of {len(results)} notebooks ran without an error,", end=" ")
    print(f"{time.monotonic() - begun:.0f} s in all; pages are in {BUILD}")
    return int(failed > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nStopped. Only the notebooks listed above ran to their end.", file=sys.stderr)
        sys.exit(130)
