"""Measure speed and memory, and print one table. Nothing here passes or fails.

Run inside the project's .venv:  python scripts/bench.py [OPTIONS]

--against PYTHON   a Python that has mediapipe 0.10.21: its own pipeline with refined eyes runs on
                   the same clip, in turn with ours
--notebooks        also run every notebook and give its time and peak memory
--inspector        also measure the inspector, with Chromium and chromedriver
--swap-bench       also measure the swap bench in JupyterLab, with Chromium and chromedriver
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import av
import cv2
import numpy as np
from framewise import DATA, autoencoder, clips, inspector, pairing, samples, swap
from framewise.workbench import cache, convnet, encode, files, following, models, swap_bench

ROOT = Path(__file__).resolve().parents[1]

MEDIAPIPE = """
import sys, time, cv2, mediapipe
mesh = mediapipe.solutions.face_mesh.FaceMesh(refine_landmarks=True)
video, count, began = cv2.VideoCapture(sys.argv[1]), 0, time.perf_counter()
while True:
    ok, image = video.read()
    if not ok:
        break
    mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    count += 1
print(count / (time.perf_counter() - began))
"""

CHILD = """
import resource, sys, time
from framewise import clips
from framewise import clips
began = time.perf_counter()
clip = clips.Clip(sys.argv[1])
opened = time.perf_counter() - began
for frame in clip.frames(0, 500):
    pass
seconds = []
for i in range(7, len(clip), max(1, len(clip) // 20)):
    began = time.perf_counter()
    clip[i]
    seconds.append(time.perf_counter() - began)
print(opened, sorted(seconds)[len(seconds) // 2], max(seconds),
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


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
SLIDES = """
const done = arguments[arguments.length - 1], name = arguments[0];
const slider = [...document.querySelectorAll(".widget-slider")]
  .find((field) => field.textContent.includes(name)).querySelector("[role=slider]");
const pictures = () => [...document.querySelectorAll(".swap-bench img")];
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
async function timed(key) {
  const before = pictures()[1].src, began = performance.now();
  const seen = new Promise((resolve) => {
    const look = new MutationObserver(() => {
      if (pictures()[1] && pictures()[1].src !== before) [look.disconnect(), resolve()];
    });
    look.observe(document, { subtree: true, childList: true, attributes: true });
  });
  slider.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await seen;
  await Promise.all(pictures().map((picture) => picture.decode()));
  await painted();
  return performance.now() - began;
}
(async () => {
  const all = [];
  for (let i = 0; i < 40; i++) {
    all.push(await timed(i < 20 ? "ArrowRight" : "ArrowLeft"));
    await rest(200);
  }
  return all;
})().then(done, (error) => done(String(error)));
"""


def row(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def wide_clip(folder: Path) -> Path:
    """Write 750 frames: a sample of 640 x 480, over and over."""
    sample = list(samples.open_clip("ben_talk"))
    return encode.write_clip(folder / "wide.mp4", (sample[i % 200] for i in range(750)), 25)


def long_clip(folder: Path, minutes: float, frames: int = 250) -> Path:
    """Write 1080p video of the given length: one noisy piece, repeated unchanged."""
    rng = np.random.default_rng(0)
    base = rng.integers(0, 255, (1080 // 8, 1920 // 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    piece = encode.write_clip(
        folder / "piece.mp4", (np.roll(base, 4 * i, 1) for i in range(frames)), 30, overwrite=True
    )
    path = folder / f"{minutes}min.mp4"
    with av.open(str(path), "w") as out:
        stream, shift = None, 0
        while shift < minutes * 1800:
            with av.open(str(piece)) as source:
                video = source.streams.video[0]
                stream = stream or out.add_stream_from_template(video)
                tick = int(1 / (30 * video.time_base))
                for packet in source.demux(video):
                    if packet.size:
                        packet.pts += shift * tick
                        packet.dts += shift * tick
                        packet.stream = stream
                        out.mux(packet)
            shift += frames
    return path


def time_tracking(folder: Path, against: str | None) -> None:
    path = wide_clip(folder)
    clip = clips.Clip(path)
    ours, theirs = [], []
    for _ in range(5):
        began = time.perf_counter()
        following.follow(clip, 1, progress=False)
        ours.append(len(clip) / (time.perf_counter() - began))
        if against:
            command = [against, "-c", MEDIAPIPE, str(path)]
            theirs.append(float(subprocess.run(command, capture_output=True, check=True).stdout))
    name = f"track_face with eyelids, 640x480, {models.backend()}"
    row(name, f"{statistics.median(ours):.0f} frames/s")
    if against:
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        name = "MediaPipe with refined eyes, same clip, in turn"
        row(name, f"{statistics.median(theirs):.0f} frames/s")
        row("ratio, median of pairs", f"{ratio:.2f}")


def time_swaps() -> None:
    """Measure one swapped frame of 640 x 480, landmarks known, and one change of the bench."""
    source, target = samples.open_clip("gita_talk"), samples.open_clip("ana_talk")
    given, taken = (pairing.only_track(clip).points for clip in (source, target))
    which = pairing.nearest_frames(given, taken)
    pairs = [(source[int(which[i])], given[which[i]], target[i], taken[i]) for i in (20, 60, 100)]
    for way in ("feather", "poisson"):
        recipe = swap.Recipe(blend=way)
        each = [timed(lambda p=p, r=recipe: swap.swap_face(*p, r)) for p in pairs * 20]
        row(f"swap one frame, 640x480, {way}, median / 95 %", percentiles(each))
    bench = swap_bench.open_bench(source, target)
    for name in ("shrink", "feather", "smooth"):
        field = bench.fields[name]
        values = np.linspace(field.max / 20, field.max, 20)
        each = [timed(lambda f=field, v=v: setattr(f, "value", v)) for v in values]
        row(f"swap bench, move the slider {name}, median / 95 %", percentiles(each))
        bench.reset()


def timed(act: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def time_networks() -> None:
    """Measure a step of the learner's own network, and the shipped networks."""
    faces = [
        autoencoder.collect_faces(samples.open_clip(name), stop=120).images
        for name in ("ana_talk", "gita_talk")
    ]
    model = autoencoder.start(faces)
    autoencoder.train(model, faces, 5)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        autoencoder.train(model, faces, 20)
        seconds.append((time.perf_counter() - began) / 20)
    row("training the face-swap network, 64 px, a step", f"{1000 * min(seconds):.0f} ms")
    for size in (64, 128):
        began = time.perf_counter()
        network = convnet.load_network(DATA / "networks" / f"ana_gita_{size}.npz")
        images = np.zeros((16, size, size, 3), np.uint8)
        convnet.swap_faces(network, images[:1], 0, 1)
        row(f"{size} px network: load and draw the first face", f"{since(began):.2f} s")
        began = time.perf_counter()
        for _ in range(4):
            convnet.swap_faces(network, images, 0, 1)
        row(f"{size} px network", f"{64 / since(began):.0f} frames/s")


def since(began: float) -> float:
    return time.perf_counter() - began


def length(folder: Path) -> None:
    for minutes in (1, 10):
        path = long_clip(folder, minutes)
        kept = cache.cache_file(files.sha256_of(path), "index")
        for time_ in ("first", "second"):
            command = [sys.executable, "-c", CHILD, str(path)]
            run = subprocess.run(command, capture_output=True, check=True, text=True)
            opened, median, worst, memory = map(float, run.stdout.split())
            name = f"{minutes} min of 1080p, {time_} time"
            row(f"{name}: open", f"{opened:.2f} s")
            row(f"{name}: frame at random, median / worst", f"{median:.3f} / {worst:.3f} s")
            row(f"{name}: peak memory", f"{memory:.0f} MB")
        kept.unlink(missing_ok=True)


def inspect(folder: Path) -> None:
    """Measure the inspector in Chromium and in a JupyterLab of its own.

    A frame counts as painted when it is drawn on the canvas; the screen shows it at its next
    refresh.
    """
    sizes = {"640x480": (640, 480), "1280x720": (1280, 720)}
    for words, size_wh in sizes.items():
        write_frames(folder / f"{words}.mp4", size_wh, 300)
    write_frames(folder / "long.mp4", (1280, 720), 1800)
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


def slide(folder: Path) -> None:
    """Measure the swap bench in Chromium, in a JupyterLab of its own.

    The time runs from the key press that moves a slider to the new pictures on the page. It
    includes the way to the kernel, the swap, and the way back.
    """
    cells = [
        "from framewise import samples\nfrom framewise.workbench import swap_bench\n"
        "swap_bench.open_bench(samples.open_clip('gita_talk'), samples.open_clip('ana_talk'))"
    ]
    with in_lab(folder, cells) as (browser, browsing):
        there = "return document.querySelectorAll('.swap-bench img').length"
        browsing.wait(browser, lambda: browser.execute_script(there) == 4, 300)
        for name in ("shrink", "feather", "frame of"):
            each = browser.execute_async_script(SLIDES, name)
            row(f"swap bench, slider {name}, key to painted, median / 95 %", percentiles(each))


def write_frames(path: Path, size_wh: tuple[int, int], count: int) -> None:
    sample = [cv2.resize(frame, size_wh) for frame in samples.open_clip("ben_talk")]
    turn = [*range(200), *range(198, 0, -1)]
    encode.write_clip(path, (sample[turn[i % len(turn)]] for i in range(count)), 30)


def from_tests(name: str) -> ModuleType:
    """Return a module of the folder tests, in which Python does not look for modules."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / f"{name}.py")
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@contextmanager
def in_lab(folder: Path, cells: list[str], script: str = "") -> Iterator[tuple]:
    """Run a notebook of these cells in JupyterLab; yield the browser and the module `browsing`.

    The script runs in the page before everything else.
    """
    from_tests("videos")  # the next one imports it
    browsing = from_tests("browsing")
    with (
        browsing.chromium(tempfile.mkdtemp(dir=folder)) as browser,
        browsing.jupyterlab(folder, cells) as port,
    ):
        browsing.metrics(browser, 1400, 1000)
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        browser.set_script_timeout(600)
        browsing.run_in_lab(browser, port)
        yield browser, browsing


def in_browser(folder: Path, video: str, script: str, *, first: bool = False):
    """Open a clip in a notebook, run a script beside it, and return the result of the script.

    With `first`, return after how many milliseconds the first picture came.
    """
    cells = [
        "import os, time\nfrom pathlib import Path\nfrom framewise import clips, inspector\n"
        f"os.environ['FRAMEWISE_OWN'] = os.path.abspath('marks')\nclip = clips.Clip('{video}')",
        "Path('began').write_text(str(time.time()))\ninspector.FrameInspector(clip)",
    ]
    with in_lab(folder, cells, WATCH) as (browser, browsing):
        browsing.wait(browser, lambda: browser.execute_script("return window.painted.length"), 60)
        came = browser.execute_script("return window.painted[0][0]")
        browser.execute_script("document.querySelector('.framewise').focus()")
        browsing.wait(browser, lambda: not browser.execute_script("return document.hidden"), 5)
        browser.execute_async_script("setTimeout(arguments[0], 3000)")  # frames come ahead
        result = browser.execute_async_script(
            f"{TOOLS} (async () => {{ {script} }})().catch((error) => done(String(error)))"
        )
        return came - 1000 * float((folder / "began").read_text()) if first else result


def load() -> str:
    """Return how many tasks wanted a core in the last minute, and how many cores there are."""
    waiting = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return f"{waiting} on {os.cpu_count()} cores"


def percentiles(milliseconds: list[float]) -> str:
    return f"{statistics.median(milliseconds):.1f} / {np.percentile(milliseconds, 95):.1f} ms"


def late(painted: list[list[float]], fps: float = 30) -> float:
    """Return the share of frames that were not painted before the next one was due."""
    first = {frame: at for at, frame in reversed(painted)}
    start = min(at - 1000 * frame / fps for frame, at in first.items())
    due = range(min(first), max(first) + 1)
    return sum(first.get(i, np.inf) - start > 1000 * (i + 1) / fps for i in due) / len(due)


def notebooks() -> None:
    run = [sys.executable, str(ROOT / "scripts" / "run_notebooks.py")]
    subprocess.run(run, check=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--against", metavar="PYTHON")
    parser.add_argument("--notebooks", action="store_true")
    parser.add_argument("--inspector", action="store_true")
    parser.add_argument("--swap-bench", action="store_true")
    choice = parser.parse_args()
    row("load of this machine before", load())
    with tempfile.TemporaryDirectory() as name:
        time_tracking(Path(name), choice.against)
        time_swaps()
        time_networks()
        length(Path(name))
        if choice.inspector:
            inspect(Path(name))
        if choice.swap_bench:
            slide(Path(name))
    if choice.notebooks:
        notebooks()
    row("load of this machine after", load())
