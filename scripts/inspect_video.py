"""Write a page that shows a video frame by frame, or list the clips and their consent.

Run by `course.py inspect VIDEO` and `course.py clips`. With `--json PATH` what was measured is
written as well, as the JSON object that `measure` describes.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import warnings
import webbrowser
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
from framewise import DATA, blinks, clips, consent, inspector, landmarks, rates, tracking

READING = (
    "The face-present score is the landmark network's own answer to one question: is there a face "
    "here? It runs from 0 to 1; gaps are frames without a face. Eye and mouth opening are the gap "
    "between the lids or lips over their width. A hand, a turned head or blur lowers these numbers "
    "as easily as anything else, and with them the count of blinks, which leaves out shallow ones. "
    "Nothing on this page says whether the video is real, and nothing here detects lies: it shows "
    "where to look, and looking is up to you."
)


def main(arguments: list[str] | None = None) -> int:
    """Write the page of a video, or list the catalogue; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path, help="a video file")
    parser.add_argument("--out", type=Path, help="page to write; default build/VIDEO.inspect.html")
    parser.add_argument("--json", type=Path, help="write what was measured to this file as well")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument("--clips", action="store_true", help="list the clips and their consent")
    options = parser.parse_args(arguments)
    try:
        if options.clips:
            print("\n".join(map(_line, consent.catalogue().values())))
            return 0
        if options.video is None:
            parser.error("which video? Give a file, or --clips to list the course's own.")
        page = inspect(options.video, options.out, options.json)
    except (OSError, ValueError, consent.ConsentError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(page, *filter(None, [options.json]), sep="\n")
    if not options.no_browser:
        webbrowser.open(page.as_uri())
    return 0


def inspect(video: Path, out: Path | None = None, numbers: Path | None = None) -> Path:
    """Write a page that shows a video with its faces and what was measured on them.

    Parameters
    ----------
    video : Path
    out : Path, optional
        By default build/<name of the video>.inspect.html in the project.
    numbers : Path, optional
        Where to write what `measure` returns, as JSON.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    OSError, ValueError, ConsentError
        As `clips.Clip`, `inspector.FrameInspector.to_html` and `write_json`.
    """
    if numbers:
        _check_free(numbers)
    out = (out or DATA.parent / "build" / f"{video.name}.inspect.html").expanduser().absolute()
    with warnings.catch_warnings():  # damage is told in a line of its own, and on the page
        warnings.simplefilter("ignore", UserWarning)
        clip = clips.Clip(video)
    if clip.damage():
        print(clip.damage())
    tracks = tracking.track_faces(clip)
    measured = measure(clip, tracks)
    notes = _facts(clip, tracks, measured)
    view = inspector.FrameInspector(clip, tracks, _series(tracks), spans=_spans(measured))
    page = view.to_html(out, notes=notes, max_mb=24)
    if numbers:
        write_json(numbers, measured)
    return page


def measure(clip: clips.Clip, tracks: list[tracking.FaceTrack]) -> dict:
    """Return what was measured in a clip, ready to be written as JSON.

    Returns
    -------
    dict
        "clip": its "file" (name), "sha256", "frames", "fps", "duration_s", "width" and "height"
        (pixels). "faces": for each face its "id" (1 is the one seen longest), "frames_seen",
        "eye_opening" (lid gap over eye width, mean of both eyes, for each frame; None where the
        face was not found), "blinks" (each with its "first", "lowest" and "last" frame, counted
        from 0, and its "depth", 0 to 1), "blink_rate_per_min", "rate_95" ([low, high], its 95 %
        interval) and "statement" (what follows, in words). Where blinks cannot be counted, as with
        fewer than 10 frames a second, "blinks" and both rates are None.
    """
    width, height = clip.size_wh
    about = {"file": clip.path.name, "sha256": clip.sha256, "frames": len(clip), "fps": clip.fps}
    about |= {"duration_s": round(len(clip) / clip.fps, 3), "width": width, "height": height}
    return {"clip": about, "faces": [_face(i, track) for i, track in enumerate(tracks, start=1)]}


def _face(number: int, track: tracking.FaceTrack) -> dict:
    opening = blinks.eye_opening(track).mean(axis=1).tolist()
    return {
        "id": number,
        "frames_seen": int(np.isfinite(track.score).sum()),
        "eye_opening": [round(value, 4) if math.isfinite(value) else None for value in opening],
        **_blinks(track),
    }


def _blinks(track: tracking.FaceTrack) -> dict:
    if len(track) < 2:
        return _uncounted("Cannot tell anything from blinks: one frame shows none.")
    opening, yaw = blinks.eye_opening(track), landmarks.head_yaw(track.points)
    try:
        found = blinks.find_blinks(opening, track.times, yaw=yaw)
        seconds = blinks.seconds_watched(opening, track.times, yaw=yaw)
    except ValueError as error:
        return _uncounted(f"Cannot tell anything from blinks: {error}")
    if not seconds:
        return _uncounted(rates.statement(0, 0))
    return {
        "blinks": [
            {"first": b.first, "lowest": b.lowest, "last": b.last, "depth": round(b.depth, 3)}
            for b in found
        ],
        "blink_rate_per_min": round(60 * len(found) / seconds, 2),
        "rate_95": [round(rate, 2) for rate in rates.rate_interval(len(found), seconds)],
        "statement": rates.statement(len(found), seconds),
    }


def _uncounted(words: str) -> dict:
    return {"blinks": None, "blink_rate_per_min": None, "rate_95": None, "statement": words}


def _spans(measured: dict) -> dict[str, list[tuple[int, int]]]:
    """Return the first and last frame of each blink, for each face whose blinks were counted."""
    faces = measured["faces"]
    return {
        f"face {face['id']}: blinks" if len(faces) > 1 else "blinks": [
            (b["first"], b["last"]) for b in face["blinks"]
        ]
        for face in faces
        if face["blinks"] is not None
    }


def write_json(path: Path, measured: dict) -> None:
    """Write what `measure` returns as JSON in UTF-8, whole or not at all.

    Raises
    ------
    FileExistsError
        Something else lies at `path`; only a file of this function is replaced.
    """
    _check_free(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(measured, ensure_ascii=False, allow_nan=False, indent=1)
    with clips.whole_or_nothing(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def _check_free(path: Path) -> None:
    if not path.exists():
        return
    try:
        ours = json.loads(path.read_text(encoding="utf-8")).keys() >= {"clip", "faces"}
    except (OSError, ValueError, AttributeError):  # a folder, no JSON, no object
        ours = False
    if not ours:
        raise FileExistsError(f"{path} is not a file of measurements; choose another name.")


def _series(tracks: list[tracking.FaceTrack]) -> dict[str, np.ndarray]:
    curves = {}
    for number, track in enumerate(tracks[:3], start=1):
        whose = f"face {number}: " if len(tracks) > 1 else ""
        curves[f"{whose}face-present score"] = track.score
        curves[f"{whose}eye opening"] = landmarks.eye_opening(track.eyelids).mean(axis=-1)
        curves[f"{whose}mouth opening"] = landmarks.mouth_opening(track.points)
    return curves


def _facts(clip: clips.Clip, tracks: list[tracking.FaceTrack], measured: dict) -> dict[str, str]:
    found = [f"{np.isfinite(track.score).mean():.0%} of the frames" for track in tracks]
    return {
        "video": f"{len(clip)} frames, {clip.fps:.4g} frames/s, {len(clip) / clip.fps:.2f} s, "
        f"{clip.size_wh[0]} x {clip.size_wh[1]} pixels",
        "sha256": clip.sha256,
        "damage": clip.damage() or "every frame was read",
        "consent": _consent(clip.entry),
        "faces": ", ".join(f"face {i} in {part}" for i, part in enumerate(found, start=1))
        or "no face was found in the whole clip",
        **{f"face {face['id']}: blinks": _blink_words(face) for face in measured["faces"]},
        "reading it": READING,
    }


def _blink_words(face: dict) -> str:
    """List the blinks of a face, their rate and what follows."""
    if not face["blinks"]:
        return face["statement"]
    frames = ", ".join(f"{b['first']}-{b['last']}" for b in face["blinks"])
    return f"frames {frames}: {face['blink_rate_per_min']:.1f} a minute. {face['statement']}"


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
    kind = "own" if entry.get("own") and entry["kind"] == "original" else kind
    problem = consent.problem_of(entry)
    words = f"NOT TO BE USED. {problem}" if problem else _consent(entry)
    return f"{entry['id']:<16} {kind:<9} {words}"


if __name__ == "__main__":
    sys.exit(main())
