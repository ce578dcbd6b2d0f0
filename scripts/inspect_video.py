"""Write a page that shows a video frame by frame, or list the clips and their consent.

Run by `course.py inspect VIDEO` and `course.py clips`.
"""

from __future__ import annotations

import argparse
import sys
import warnings
import webbrowser
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
from framewise import DATA, clips, consent, inspector, landmarks

READING = (
    "The face-present score is the landmark network's own answer to one question: is there a face "
    "here? It runs from 0 to 1; gaps are frames without a face. Eye and mouth opening are the gap "
    "between the lids or lips over their width. A hand, a turned head or blur lowers these numbers "
    "as easily as anything else. Nothing on this page says whether the video is real, and nothing "
    "here detects lies: it shows where to look, and looking is up to you."
)


def main(arguments: list[str] | None = None) -> int:
    """Write the page of a video, or list the catalogue; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path, help="a video file")
    parser.add_argument("--out", type=Path, help="page to write; default build/VIDEO.inspect.html")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument("--clips", action="store_true", help="list the clips and their consent")
    options = parser.parse_args(arguments)
    try:
        if options.clips:
            print("\n".join(map(_line, consent.catalogue().values())))
            return 0
        if options.video is None:
            parser.error("which video? Give a file, or --clips to list the course's own.")
        page = inspect(options.video, options.out)
    except (OSError, ValueError, consent.ConsentError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(page)
    if not options.no_browser:
        webbrowser.open(page.as_uri())
    return 0


def inspect(video: Path, out: Path | None = None) -> Path:
    """Write a page that shows a video with its faces and what was measured on them.

    Parameters
    ----------
    video : Path
    out : Path, optional
        By default build/<name of the video>.inspect.html in the project.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    OSError, ValueError, ConsentError
        As `clips.Clip` and `inspector.FrameInspector.to_html`.
    """
    out = (out or DATA.parent / "build" / f"{video.name}.inspect.html").expanduser().absolute()
    with warnings.catch_warnings():  # damage is told in a line of its own, and on the page
        warnings.simplefilter("ignore", UserWarning)
        clip = clips.Clip(video)
    if clip.damage():
        print(clip.damage())
    tracks = landmarks.track_faces(clip)
    view = inspector.FrameInspector(clip, tracks, _series(tracks))
    return view.to_html(out, notes=_facts(clip, tracks), max_mb=24)


def _series(tracks: list[landmarks.FaceTrack]) -> dict[str, np.ndarray]:
    curves = {}
    for number, track in enumerate(tracks[:3], start=1):
        whose = f"face {number}: " if len(tracks) > 1 else ""
        curves[f"{whose}face-present score"] = track.score
        curves[f"{whose}eye opening"] = landmarks.eye_opening(track.eyelids).mean(axis=-1)
        curves[f"{whose}mouth opening"] = landmarks.mouth_opening(track.points)
    return curves


def _facts(clip: clips.Clip, tracks: list[landmarks.FaceTrack]) -> dict[str, str]:
    found = [f"{np.isfinite(track.score).mean():.0%} of the frames" for track in tracks]
    return {
        "video": f"{len(clip)} frames, {clip.fps:.4g} frames/s, {len(clip) / clip.fps:.2f} s, "
        f"{clip.size_wh[0]} x {clip.size_wh[1]} pixels",
        "sha256": clip.sha256,
        "damage": clip.damage() or "every frame was read",
        "consent": _consent(clip.entry),
        "faces": ", ".join(f"face {i} in {part}" for i, part in enumerate(found, start=1))
        or "no face was found in the whole clip",
        "reading it": READING,
    }


def _consent(entry: dict | None) -> str:
    if entry is None:
        return "found footage: analysed only, never used to make a fake"
    record = entry["consent"]
    if record["type"] == "synthetic":
        return f"{entry['title']}: rendered, no such person exists ({entry['licence']})"
    how = "agreed to" if record["type"] == "own word" else "signed for"
    return f"{entry['title']}: {how} {', '.join(record['scope'])} until {record['expires']}"


def _line(entry: dict) -> str:
    kind = "exercise" if entry["title"].startswith("Exercise") else entry["kind"]  # no spoiler
    kind = "own" if entry.get("own") and kind == "original" else kind
    problem = consent.problem_of(entry) if entry.get("own") else ""
    flag = f"NOT TO BE USED, {problem} (delete it: {consent.FORGET} {entry['id']})"
    return f"{entry['id']:<16} {kind:<9} " + (flag if problem else _consent(entry))


if __name__ == "__main__":
    sys.exit(main())
