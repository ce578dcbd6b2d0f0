"""Measure speed and memory, and print one table. Nothing here passes or fails.

Run inside the project's .venv:  python scripts/bench.py [--against PYTHON] [--notebooks]

--against PYTHON   a Python that has mediapipe 0.10.21: its own pipeline with refined eyes runs on
                   the same clip, in turn with ours
--notebooks        also run every notebook and give its time and peak memory
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from framewise import clips, samples
from framewise.workbench import cache, encode, files, following, models

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


def row(what: str, figure: str) -> None:
    print(f"{what:<58} {figure}", flush=True)


def wide_clip(folder: Path) -> Path:
    """Write 750 frames: a sample of 640 x 480, over and over."""
    sample = list(samples.open_clip("ben_talk"))
    return encode.write_clip(folder / "wide.mp4", (sample[i % 200] for i in range(750)), 25)


def long_clip(folder: Path, minutes: float, frames: int = 250) -> Path:
    """Write 1080p video of the given length: one piece of noisy picture, repeated unchanged."""
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


def notebooks() -> None:
    run = [sys.executable, str(ROOT / "scripts" / "run_notebooks.py")]
    subprocess.run(run, check=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--against", metavar="PYTHON")
    parser.add_argument("--notebooks", action="store_true")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        time_tracking(Path(name), choice.against)
        length(Path(name))
    if choice.notebooks:
        notebooks()
