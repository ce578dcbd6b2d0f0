"""Write a page that shows a video frame by frame, or list the clips and their consent.

Run by `course.py inspect VIDEO` and `course.py clips`. With `--json PATH` the measurements are
written too, as the JSON object that `measure` describes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import signal
import sys
import warnings
import webbrowser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # Ctrl-C while the libraries load ends the program without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import inspect_cues
import numpy as np
from framewise import blinks, clips, consent, inspector, landmarks, rates, tracking
from framewise.tracking import FaceTrack
from framewise.workbench import files, places
from framewise.workbench.cue_layers import cue_layers
from framewise.workbench.notices import Notice
from tqdm import tqdm

READING = (
    "The face-present score comes from the landmark network. It says how sure the network is that "
    "it sees a face, from 0 to 1. A break in a curve means that the face or an eye was not seen "
    "there. Eye opening is the gap between the lids, divided by the width of the eye. Mouth "
    "opening is the gap between the lips, divided by the width of the mouth. A hand, a turned head "
    "or blur can change these numbers too, and then blinks may be missed. Shallow blinks are not "
    "counted. Nothing on this page says whether the video is real, and nothing here detects lies. "
    "The page shows where to look; you judge what you see."
)
LARGEST_PAGE = 24  # MB
MOST_TOLD = 5  # warnings of one kind that the page lists; the timeline and the JSON hold all

Measured = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Write the page of a video, or list the catalogue; return the exit code."""
    options = _options(arguments)
    try:
        if options.clips:
            print("\n".join(map(_line, consent.catalogue().values())))
            return 0
        choices = {"with_marks": options.with_marks, "deep": options.deep}
        page = inspect(options.video, options.out, options.json, **choices)
    except KeyboardInterrupt:
        tqdm.write("Stopped. No file was left half written.", file=sys.stderr)
        return 130
    except (OSError, ValueError, MemoryError, consent.ConsentError) as error:
        full = "the memory of this computer is full. Close other programs, then try again."
        words = full if isinstance(error, MemoryError) else error
        tqdm.write(f"error: {words}", file=sys.stderr)  # clears a progress bar first
        return 1
    print(page, *filter(None, [options.json]), sep="\n")
    if not options.no_browser:
        webbrowser.open(page.as_uri())
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", nargs="?", type=Path, help="a video file")
    parser.add_argument("--out", type=Path, help="the page to write; by default a file in build")
    parser.add_argument("--json", type=Path, help="write the measurements to this file too")
    parser.add_argument("--with-marks", action="store_true", help="put your marks into the page")
    parser.add_argument("--deep", action="store_true", help="measure the cues in every frame")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument("--clips", action="store_true", help="list the clips and their consent")
    options, rest = parser.parse_known_args(arguments)
    if rest:
        parser.error(
            f"not understood: {' '.join(rest)}. If a file name begins with -, write ./ before it."
        )
    if options.video is None and not options.clips:
        parser.error("expected a video file, or --clips to list all clips and their consent.")
    return options


def inspect(
    video: Path,
    out: Path | None = None,
    numbers: Path | None = None,
    *,
    with_marks: bool = False,
    deep: bool = False,
) -> Path:
    """Write a page that shows a video with its faces and their measurements.

    Parameters
    ----------
    video : Path
    out : Path, optional
        By default a file in the project's folder build, named after the video and its sha256. So
        two videos of the same name get two pages.
    numbers : Path, optional
        Where to write what `measure` returns, as JSON.
    with_marks : bool
        Whether the page holds the marks that were made on this video.
    deep : bool
        Measure the cues of single frames in every frame, instead of every fifth.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    OSError, ValueError, ConsentError
        As `clips.Clip` and `files.check_target`. Places that cannot be written to are refused
        before anything is measured.
    """
    _check_places(out, numbers)
    with warnings.catch_warnings():  # the page and the terminal tell what the warning says
        warnings.simplefilter("ignore", UserWarning)
        clip = clips.Clip(video, quick=True)
        page = inspector.check_page((out or _default_page(clip)).absolute())
        clip, tracks, pictures = _follow(clip)
    measured = measure(clip, tracks, deep=deep)
    told = _warning_words(measured)
    print(*told, sep="\n", end="\n" if told else "")
    view, kept = _view(clip, tracks, measured)
    notes = _facts(clip, measured, deep=deep)
    head = {"warnings": told, "notes": notes, "with_marks": with_marks, "layers": kept}
    view.to_html(page, max_mb=LARGEST_PAGE, pictures=pictures, **head)
    if numbers:
        write_json(numbers, measured)
    return page


def _follow(clip: clips.Clip) -> tuple[clips.Clip, list[FaceTrack], inspector.Pictures]:
    """Follow the faces of a clip that was opened from its table, and read each of its frames.

    If the table was wrong, or the tracks were known and no frame was read, the file is decoded
    from start to end. So damage is always found.
    """
    with contextlib.suppress(clips.FramesChanged):
        pictures = inspector.Pictures(clip, LARGEST_PAGE)
        tracks = tracking.track_faces(clip, watch=pictures.take)
        if len(pictures):
            return clip, tracks, pictures
    clip = clips.Clip(clip.path)
    pictures = inspector.Pictures(clip, LARGEST_PAGE)
    return clip, tracking.track_faces(clip, watch=pictures.take), pictures


def _view(
    clip: clips.Clip, tracks: list[FaceTrack], measured: Measured
) -> tuple[inspector.FrameInspector, dict[str, list[int]]]:
    """Return an inspector with all curves, and the frames for which a page keeps each layer."""
    curves, folded = inspect_cues.curves(measured["faces"])
    layers = cue_layers(tracks[: inspect_cues.MOST_FACES])
    kept = inspect_cues.kept_layers(measured["faces"])
    view = inspector.FrameInspector(
        clip,
        tracks,
        {**_series(tracks), **curves},
        [layers[name] for name in kept],
        spans=_spans(measured),
        folded=folded,
    )
    return view, {layers[name].name: frames for name, frames in kept.items()}


def _check_places(out: Path | None, numbers: Path | None) -> None:
    if out:
        inspector.check_page(out)
    if numbers:
        files.check_target(numbers, _is_measured, "a file of measurements")
    if out and numbers and out.resolve() == numbers.resolve():
        raise ValueError(f"--out and --json both name {out}. Give two different names.")


def _default_page(clip: clips.Clip) -> Path:
    short = os.fsencode(clip.path.name)[:150].decode(errors="ignore")
    return files.private_folder(places.pages_folder()) / f"{short}.{clip.sha256[:8]}.inspect.html"


def measure(clip: clips.Clip, tracks: list[tracking.FaceTrack], *, deep: bool = False) -> Measured:
    """Return the measurements of a clip, ready to be written as JSON.

    Frames are counted from 0. A warning is a dict of "kind" (a key of `notices.KINDS`), "first" and
    "last" (the frames concerned, None where the warning concerns the whole) and "statement".

    Parameters
    ----------
    clip : Clip
    tracks : list of FaceTrack
        The faces of the clip, as `tracking.track_faces` returns them.
    deep : bool
        Measure the cues of single frames in every frame, instead of every fifth.

    Returns
    -------
    dict
        "clip": its "file" (name), "sha256", "frames", "fps", "duration_s", "width" and "height"
        (pixels), and "warnings".

        "faces": for each face its "id" (1 is the one seen longest), "frames_seen", "warnings",
        "eye_opening" (lid gap over eye width, mean of both eyes, for each frame; None where the
        face or an eye was not seen), "seconds_watched" (how long both eyes were seen well enough
        to count blinks), "blinks" and "closures" (both eyes shut for more than 0.5 s), each with
        its "first", "lowest" and "last" frame and its "depth" (0 to 1), "blink_rate_per_min",
        "rate_95" ([low, high], the 95 % interval of the rate) and "statement" (what the count
        means, in words). Where blinks cannot be counted, "blinks", "closures" and both rates are
        None, and the statement says why.

        "cues": what a fake may have left in the picture, as `cues.measure` finds it, for the first
        three faces; [] for any other face. Each cue has its "name", "value" (of most cues the
        median over the frames in which it could be measured, see `cues.Cue.share`; higher is more
        suspicious), "unit", "series" (the number of each frame; None where it was not or could not
        be measured), "usable_share" (in what share of the frames that were tried it could be
        measured, 0 to 1), "reference_range" ([low, high], see `cues.reference_range`)
        and "statement" (what the value means, in words). The cues of single frames are tried in
        every fifth frame; with `deep` in every frame. If a cue could not be measured, its value
        and its whole series are None, and the statement says why.
    """
    width, height = clip.size_wh
    about = {"file": files.readable(clip.path.name), "sha256": clip.sha256}
    about |= {"frames": len(clip), "fps": clip.fps, "duration_s": round(len(clip) / clip.fps, 3)}
    about |= {"width": width, "height": height}
    about["warnings"] = _warnings([*clip.notices, *tracking.clip_notices(clip)])
    faces = [_face(i, track) for i, track in enumerate(tracks, start=1)]
    for face, found in zip(faces, inspect_cues.measure_cues(clip, tracks, deep=deep), strict=True):
        face["cues"] = found
    return {"clip": about, "faces": faces}


def _face(number: int, track: tracking.FaceTrack) -> Measured:
    found = blinks.measure(track)
    opening = found.opening.mean(axis=1).tolist()
    return {
        "id": number,
        "frames_seen": int(np.isfinite(track.score).sum()),
        "warnings": _warnings([*tracking.track_notices(track), *found.notices]),
        "eye_opening": [round(value, 4) if math.isfinite(value) else None for value in opening],
        "seconds_watched": round(found.seconds, 2),
        **_blinks(found),
        "statement": found.statement(),
    }


def _blinks(found: blinks.Measurement) -> Measured:
    if found.blinks is None or not found.seconds:
        return dict.fromkeys(["blinks", "closures", "blink_rate_per_min", "rate_95"])
    count, seconds = len(found.blinks), found.seconds
    return {
        "blinks": list(map(_closure, found.blinks)),
        "closures": [_closure(one) for one in found.closures if one.kind == "closure"],
        "blink_rate_per_min": round(60 * count / seconds, 2),
        "rate_95": [round(rate, 2) for rate in rates.rate_interval(count, seconds)],
    }


def _closure(one: blinks.Blink) -> Measured:
    depth = round(one.depth, 3)
    return {"first": one.first, "lowest": one.lowest, "last": one.last, "depth": depth}


def _warnings(notices: Iterable[Notice]) -> list[Measured]:
    return [notice._asdict() for notice in notices]


def _owners(measured: Measured) -> Iterator[tuple[str, Measured]]:
    """Yield the clip and then each face, with the words that tell whose a warning is."""
    yield "", measured["clip"]
    for face in measured["faces"]:
        yield f"face {face['id']}: " if len(measured["faces"]) > 1 else "", face


def _warning_words(measured: Measured) -> list[str]:
    """List the warnings as sentences, only the first few of each kind."""
    words = []
    for whose, owner in _owners(measured):
        for kind in dict.fromkeys(warning["kind"] for warning in owner["warnings"]):
            said = [one["statement"] for one in owner["warnings"] if one["kind"] == kind]
            words += [f"{whose.capitalize()}{statement}" for statement in said[:MOST_TOLD]]
            if len(said) > MOST_TOLD:
                words[-1] += f" There are {len(said) - MOST_TOLD} more warnings of this kind."
    return words


def _spans(measured: Measured) -> dict[str, list[tuple[int, int]]]:
    """Return the first and last frames of blinks, long closures and warnings, by name."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for whose, owner in _owners(measured):
        if owner.get("blinks") is not None:
            spans[f"{whose}blinks"] = list(map(_frames, owner["blinks"]))
        if owner.get("closures"):
            spans[f"{whose}closures of more than 0.5 s"] = list(map(_frames, owner["closures"]))
        for warning in owner["warnings"]:
            if warning["first"] is not None:
                name = f"{whose}{warning['kind'].replace('_', ' ')}"
                spans.setdefault(name, []).append(_frames(warning))
    return spans


def _frames(one: Measured) -> tuple[int, int]:
    return one["first"], one["last"]


def write_json(path: Path, measured: Measured) -> None:
    """Write what `measure` returns as JSON in UTF-8, whole or not at all.

    Only the owner of the file may read it.

    Raises
    ------
    FileExistsError, ValueError, OSError
        As `files.check_target`: only a file of this function is replaced.
    """
    files.check_target(path, _is_measured, "a file of measurements")
    text = json.dumps(measured, ensure_ascii=False, allow_nan=False, indent=1)
    files.write_private(path, f"{text}\n".encode())


def _is_measured(path: Path) -> bool:
    try:
        return json.loads(path.read_text(encoding="utf-8")).keys() >= {"clip", "faces"}
    except (OSError, ValueError, AttributeError, RecursionError):  # it holds no such JSON object
        return False


def _series(tracks: list[tracking.FaceTrack]) -> dict[str, np.ndarray]:
    curves = {}
    for number, track in enumerate(tracks[:3], start=1):
        whose = f"face {number}: " if len(tracks) > 1 else ""
        curves[f"{whose}face-present score"] = track.score
        curves[f"{whose}eye opening"] = landmarks.eye_opening(track.eyelids).mean(axis=-1)
        curves[f"{whose}mouth opening"] = landmarks.mouth_opening(track.points)
    return curves


def _facts(clip: clips.Clip, measured: Measured, *, deep: bool = False) -> dict[str, str]:
    faces = measured["faces"]
    found = [
        f"face {one['id']} in {one['frames_seen'] / len(clip):.0%} of the frames" for one in faces
    ]
    return {
        "video": f"{len(clip)} frames, {clip.fps:.4g} frames/s, {len(clip) / clip.fps:.2f} s, "
        f"{clip.size_wh[0]} x {clip.size_wh[1]} pixels",
        "faces": ", ".join(found) or "no face was found in the whole clip",
        **{f"face {face['id']}: blinks": _blink_words(face) for face in faces},
        **inspect_cues.facts(faces, deep=deep),
        "how to read it": READING,
        "damage": clip.damage() or "every frame was read",
        "consent": _consent(clip.entry),
        "sha256": clip.sha256,
    }


def _blink_words(face: Measured) -> str:
    """List the blinks and the long closures of a face, the rate and what follows from it."""
    words = []
    if face["blinks"]:
        rate = f"{face['blink_rate_per_min']:.1f} blinks a minute while both eyes were seen"
        words.append(f"Blinks in frames {_listed(face['blinks'])}: {rate}.")
    if face["closures"]:
        words.append(f"Eyes shut for more than 0.5 s in frames {_listed(face['closures'])}.")
    return " ".join([*words, face["statement"]])


def _listed(found: list[Measured]) -> str:
    return ", ".join(f"{one['first']}-{one['last']}" for one in found)


def _consent(entry: dict | None) -> str:
    if entry is None:
        return "found footage: it may be analysed, but never used to make a fake"
    record = entry["consent"]
    if record["type"] == "synthetic":
        return f"{entry['title']}: rendered, so no such person exists ({entry['licence']})"
    how = "consent by word to" if record["type"] == "own word" else "signed consent to"
    return f"{entry['title']}: {how} {', '.join(record['scope'])} until {record['expires']}"


def _line(entry: dict) -> str:
    kind = "exercise" if entry["title"].startswith("Exercise") else entry["kind"]  # no spoiler
    kind = "own" if entry.get("own") and entry["kind"] == "original" else kind
    problem = consent.problem_of(entry)
    words = f"DO NOT USE. {problem}" if problem else _consent(entry)
    return f"{entry['id']:<16} {kind:<9} {words}"


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a path may hold bytes that are not text
    for name in {"SIGINT", "SIGTERM", "SIGHUP"} & set(dir(signal)):
        signal.signal(signal.Signals[name], signal.default_int_handler)
    sys.exit(main())
