"""Measure the frame inspector in Chromium and a JupyterLab of its own, and print one table.

Run inside the project's .venv, with Chromium and chromedriver:  python tests/bench_inspector.py

A frame counts as painted when it is drawn on the canvas; the screen shows it at its next refresh.
Nothing here passes or fails.
"""

import statistics
import tempfile
from pathlib import Path

import cv2
import numpy as np
from browsing import chromium, jupyterlab, metrics, run_in_lab, wait
from framewise import inspector, samples
from framewise.workbench import encode

WATCH = """
window.painted = [];  // [ms since 1970, frame] of every picture painted
new MutationObserver((news) => news.forEach(({ target }) => target.dataset.frame &&
  window.painted.push([performance.timeOrigin + performance.now(), Number(target.dataset.frame)])))
  .observe(document, { subtree: true, attributes: true, attributeFilter: ["data-frame"] });
"""
TOOLS = """
const done = arguments[arguments.length - 1], root = document.querySelector(".framewise");
const canvas = root.querySelector(".stage canvas"), slider = root.querySelector(".scrub");
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const press = (key) => root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
async function timed(frame, act) {
  const began = performance.now();
  const seen = new Promise((resolve) => {
    const look = new MutationObserver(() => {
      if (Number(canvas.dataset.frame) === frame) [look.disconnect(), resolve()];
    });
    look.observe(canvas, { attributes: true });
  });
  act();
  if (Number(canvas.dataset.frame) !== frame) await seen;
  return performance.now() - began;
}
"""
STEPS = """
const all = [];
for (let i = 1; i <= 500; i++) {
  const back = Math.floor((i - 1) / 200) % 2, at = Number(canvas.dataset.frame);
  all.push(await timed(at + (back ? -1 : 1), () => press(back ? "ArrowLeft" : "ArrowRight")));
  await rest(33);  // as a key repeats
}
done(all);
"""
SEEKS = """
const all = [], count = Number(slider.max) + 1;
const drag = (frame) => {
  slider.value = frame;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
};
for (let i = 0; i < 30; i++) {
  const leap = Math.round(count * (0.35 + 0.3 * ((i * 0.618) % 1)));
  const far = (Number(canvas.dataset.frame) + leap) % count;
  all.push(await timed(far, () => drag(far)));
  await rest(700);
}
done(all);
"""
PLAY = """
press("Home");
await rest(1500);
window.painted = [];
press(" ");
await rest(9000);
press(" ");
done(window.painted);
"""


def row(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {"640x480": (640, 480), "1280x720": (1280, 720)}
        for words, size_wh in sizes.items():
            write(folder / f"{words}.mp4", size_wh, 300)
        write(folder / "long.mp4", (1280, 720), 1800)
        for words in sizes:
            seconds = in_browser(folder, f"{words}.mp4", STEPS)
            row(f"step to painted frame, {words}, median / 95 %", percentiles(seconds))
        row("far seek, 1280x720, median / 95 %", percentiles(in_browser(folder, "long.mp4", SEEKS)))
        painted = in_browser(folder, "1280x720.mp4", PLAY)
        row("play at 30 frames/s, 1280x720, frames late", f"{late(painted):.1%}")
        firsts = [in_browser(folder, "640x480.mp4", "done(0)", first=True) for _ in range(5)]
        row("cell run to first picture, 10 s of 640x480", f"{statistics.median(firsts):.0f} ms")
        clip = samples.open_clip("ana_talk")
        page = inspector.FrameInspector(clip).to_html(folder / "page.html", max_mb=1e3)
        ten = page.stat().st_size / len(clip) * 250
        row("page of 10 s of 640x480, not shrunk", f"{ten / 1e6:.1f} MB")


def write(path: Path, size_wh: tuple[int, int], count: int) -> None:
    sample = [cv2.resize(frame, size_wh) for frame in samples.open_clip("ben_talk")]
    turn = [*range(200), *range(198, 0, -1)]
    encode.write_clip(path, (sample[turn[i % len(turn)]] for i in range(count)), 30)


def in_browser(folder: Path, video: str, script: str, *, first: bool = False):
    """Open a clip in a notebook and run a script beside it; or tell when the first picture came."""
    cells = [
        "import time\nfrom pathlib import Path\nfrom framewise import clips, inspector, marks\n"
        f"os.environ['FRAMEWISE_OWN'] = os.path.abspath('marks')\nclip = clips.Clip('{video}')",
        "Path('began').write_text(str(time.time()))\ninspector.FrameInspector(clip)",
    ]
    with chromium(tempfile.mkdtemp(dir=folder)) as browser, jupyterlab(folder, cells) as port:
        metrics(browser, 1400, 1000)
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        browser.set_script_timeout(120)
        run_in_lab(browser, port)
        wait(browser, lambda: browser.execute_script("return window.painted.length"), 60)
        came = browser.execute_script("return window.painted[0][0]")
        browser.execute_script("document.querySelector('.framewise').focus()")
        wait(browser, lambda: not browser.execute_script("return document.hidden"), 5)
        browser.execute_async_script("setTimeout(arguments[0], 3000)")  # frames come ahead
        result = browser.execute_async_script(
            f"{TOOLS} (async () => {{ {script} }})().catch((error) => done(String(error)))"
        )
        return came - 1000 * float((folder / "began").read_text()) if first else result


def percentiles(milliseconds: list[float]) -> str:
    return f"{statistics.median(milliseconds):.1f} / {np.percentile(milliseconds, 95):.1f} ms"


def late(painted: list[list[float]], fps: float = 30) -> float:
    """Return the share of frames that were not painted before the next one was due."""
    first = {frame: at for at, frame in reversed(painted)}
    start = min(at - 1000 * frame / fps for frame, at in first.items())
    due = range(min(first), max(first) + 1)
    return sum(first.get(i, np.inf) - start > 1000 * (i + 1) / fps for i in due) / len(due)


if __name__ == "__main__":
    main()
