"""Keep a video of one's own as a clip, with the consent of everyone in it.

Own clips lie in `data/my_clips` beside a catalogue like the course's (see records.py). Git ignores
that folder, and this module sends nothing over a network. Each clip is written anew: upright, and
in a form that every browser plays. Phones write the place of the recording and the name of the
device into their files; the new file contains neither.
Until everything is checked, the new files lie in a scratch folder in `data/my_clips.unfinished`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from tqdm import tqdm

from framewise import clips, consent
from framewise.tracking import Bar
from framewise.workbench import encode, files, headcount, records
from framewise.workbench.agreement import Agreement, in_one_line, read_agreement

__all__ = [
    "add",
    "add_answered",
    "explain",
    "seconds_of",
    "slug",
    "sweep",
    "tidy",
    "write_catalogue",
]

LONGEST, SIDE = 60, 1280
"""The longest clip that is kept, in seconds, and the most pixels on its longer side."""

LARGEST = 2e9
"""The largest video that is accepted, in bytes."""

BAR: Bar = partial(tqdm, unit=" frames", delay=1, leave=False)
"""The progress bar of a terminal."""

HDR = {16: "PQ", 18: "HLG"}
"""Transfer curves of phones' HDR video, by their numbers in ITU-T H.273."""


def add(
    file: str | Path,
    agreement: Agreement,
    *,
    name: str = "",
    start: float = 0.0,
    seconds: float | None = None,
    bar: Bar = BAR,
) -> records.Entry:
    """Keep a video, or a part of it, as a clip of your own; it appears whole or not at all.

    Pictures wider or higher than 1280 pixels are scaled down. Sound is kept. If the width is an odd
    number, the last column of the picture is repeated once. If the height is odd, the last row is.

    Parameters
    ----------
    file : str or Path
        A video of up to 2 GB in any format that FFmpeg reads. It is not changed.
    agreement : Agreement
        Of everyone in it.
    name : str
        The title of the clip; by default the file's name. The id is made from it.
    start, seconds : float
        Where the part begins and how long it is, in seconds. A part lasts at most 60 s. By
        default, the part goes from the start of the video to its end.
    bar : Bar
        Shows how far the work is; see `tracking.Bar`.

    Returns
    -------
    dict
        The catalogue entry; its "source" says what was done to the video.

    Raises
    ------
    ValueError, OSError
        The agreement is not complete. The file is not a video, is too long or shows no face. A
        clip has this name or these pictures already. The disk is full.
    consent.ConsentError
        More people are seen than are named. Or a catalogue of clips is damaged.
    """
    if problem := agreement.problem():
        raise ValueError(problem)
    source = files.absolute_path(file)
    title = in_one_line(name.strip() or source.stem)
    key = slug(title)
    records.own_records()  # report a damaged catalogue before anything is measured
    _require_free(key)
    sweep()
    clip = _opened(source, seconds)
    part = _part(clip, start, seconds)
    recording = {"sha256": clip.sha256, "first": part.start, "last": part.stop}
    _require_new(source.name, recording, clip.sha256)
    scale = min(1.0, SIDE / max(clip.size_wh))
    _check_faces(clip, part, scale, len(agreement.people), bar)
    entry = {
        "id": key,
        "file": f"{key}.mp4",
        "title": title,
        "own": True,
        "kind": "original",
        "people": [in_one_line(person) for person in agreement.people],
        "licence": "none: not to be passed on",
        "recording": recording,
        "consent": agreement.record(f"forms/{key}{agreement.suffix()}"),
    }
    with files.scratch_folder(records.unfinished()) as folder:
        entry |= _write(folder / entry["file"], clip, part, scale, bar)
        if agreement.form is not None:
            shutil.copyfile(agreement.form, folder / Path(entry["consent"]["form"]).name)
        _require_new(source.name, recording, entry["sha256"])
        headcount.check_shots(folder / entry["file"], len(agreement.people), bar)
        with records.own_lock():  # another command may have kept a clip meanwhile
            _require_free(key)
            _require_new(source.name, recording, entry["sha256"])
            _keep(entry, folder)
    return entry


def add_answered(
    answers: dict[str, Any], *, ask: Callable[[], None] | None = None, bar: Bar = BAR
) -> tuple[records.Entry, str]:
    """Keep a video as the answers of a command or a form say.

    Parameters
    ----------
    answers : dict
        Those of `read_agreement`, and "video" (the path of a file). There may also be "id" (the
        name of the clip), and "start" and "seconds" (times as `seconds_of` reads them).
    ask : callable, optional
        Completes the answers. It is called when the video has been opened, so that nobody is asked
        about a file that cannot be kept.
    bar : Bar
        Shows how far the work is; see `tracking.Bar`.

    Returns
    -------
    entry : dict
        The catalogue entry.
    report : str
        What to tell: the warnings, what was kept, and how to open and delete it.

    Raises
    ------
    ValueError, OSError, consent.ConsentError
        As `add` and `read_agreement`.
    """
    part = {"start": seconds_of(answers.get("start") or "0"), "name": answers.get("id") or ""}
    if answers.get("seconds"):
        part["seconds"] = seconds_of(answers["seconds"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if ask:
            _opened(files.absolute_path(answers["video"]), part.get("seconds"))
            ask()
        entry = add(answers["video"], read_agreement(answers), **part, bar=bar)
    told = {str(warning.message): 0 for warning in caught if warning.category is UserWarning}
    return entry, "\n".join([*told, _summary(entry)])


def _summary(entry: records.Entry) -> str:
    key, seconds = entry["id"], entry["length"]["seconds"]
    return (
        f"Kept as {key} ({seconds:.1f} s): {entry['source']}.\n"
        f'In a notebook: samples.open_clip("{key}")\n'
        f"To delete it and all that was made from it: {records.FORGET} {key}"
    )


def explain(error: Exception) -> str:
    """Return what to tell of an error: that the disk is full, or else the error's own words."""
    full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full. Free some space, then try again." if full else str(error)


def _require_free(key: str) -> None:
    if key in consent.catalogue():
        raise ValueError(
            f"The name {key} is taken. Choose another name (--id), or delete that clip first: "
            f"{records.FORGET} {key}"
        )


def _require_new(name: str, recording: dict[str, Any], sha256: str) -> None:
    """Make sure that no clip holds the same part of a recording, or the very same pictures."""
    for entry in consent.catalogue().values():
        if entry.get("recording") == recording or entry["sha256"] == sha256:
            there = entry["id"]
            raise ValueError(
                f"the pictures of {name} are already kept as the clip {there}. "
                f'To open it in a notebook, use samples.open_clip("{there}").'
                + f" To keep them under another name, delete that clip first: {records.FORGET} "
                f"{there}" * bool(entry.get("own"))
            )


def _opened(source: Path, seconds: float | None) -> clips.Clip:
    """Open a video of sensible size; a far too long one is refused before it is read through."""
    size = source.stat().st_size if source.is_file() else 0
    if size > LARGEST:
        raise ValueError(
            f"expected a video of up to {LARGEST / 1e9:.0f} GB, but {source.name} is "
            f"{size / 1e9:.1f} GB. Make the video shorter on the phone or camera first."
        )
    with contextlib.suppress(av.error.FFmpegError), av.open(str(source)) as container:
        length = container.duration or 0
        if container.format.name.startswith("matroska"):  # its duration is the time of the end
            length -= container.start_time or 0
        length /= av.time_base
        if seconds is None and length > 10 * LONGEST:
            raise ValueError(_too_long(length))
    return clips.Clip(source)


def _part(clip: clips.Clip, start: float, seconds: float | None) -> range:
    """Return the frames of the part asked for."""
    length = float(clip.times[-1]) + 1 / clip.fps
    if not 0 <= start < length:
        raise ValueError(f"start: expected 0 to {length:.1f} s, the video's length, got {start:g}.")
    if seconds is None and length - start > LONGEST + 0.5:
        raise ValueError(_too_long(length))
    if seconds is not None and not 0 < seconds <= LONGEST:
        raise ValueError(f"seconds: expected more than 0, up to {LONGEST}, got {seconds:g}.")
    stop = np.inf if seconds is None else start + seconds
    first, last = np.searchsorted(clip.times, [start - 1e-6, stop - 1e-6]).tolist()
    if first == last:
        raise ValueError(
            f"no frame begins between {start:g} s and {stop:g} s. Start earlier, or take a longer "
            "part."
        )
    return range(first, last)


def _too_long(length: float) -> str:
    minutes, rest = divmod(round(length), 60)
    return (
        f"the video is {minutes}:{rest:02} long (minutes:seconds), but a clip may last {LONGEST} s "
        f"at most. You can take a part of it, such as 20 seconds from 0:10 (--start 0:10 "
        "--seconds 20)."
    )


def _check_faces(clip: clips.Clip, part: range, scale: float, named: int, bar: Bar) -> None:
    """Look at 8 to 30 frames of the part, before it is written."""
    looks = round(np.clip(len(part) / clip.fps, 8, 30))
    spots = np.unique(np.linspace(part[0], part[-1], looks).astype(int))
    shown = bar(spots, "looking for faces", len(spots))
    headcount.check_frames((_scaled(clip[i], scale) for i in shown), clip.times[spots], named)


def _scaled(image: np.ndarray, scale: float) -> np.ndarray:
    return cv2.resize(image, None, None, scale, scale, cv2.INTER_AREA) if scale < 1 else image


def _write(film: Path, clip: clips.Clip, part: range, scale: float, bar: Bar) -> records.Entry:
    """Write the new clip; return its hash, its length and what was done to the video."""
    times = clip.times[part.start : part.stop] - clip.times[part.start]
    length = float(times[-1]) + 1 / clip.fps
    sound = list(_sound(clip.path, float(clip.times[part.start]), length))
    shown = bar(clip.frames(part.start, part.stop), "writing the clip", len(part))
    frames = (_scaled(frame, scale) for frame in shown)
    encode.write_clip(film, frames, clip.fps, times=times, sound=sound)
    width, height = clip.size_wh
    curve = _transfer_curve(clip.path)
    source = [
        in_one_line(clip.path.name),
        f"{len(part)} frames from {clip.times[part.start]:.2f} s on",
        *[f"scaled down from {width} x {height}"] * (scale < 1),
        "with sound" if sound else "without sound",
        *[f"recorded in HDR ({curve}), so darker and paler here"] * bool(curve),
    ]
    facts = [n.statement.removesuffix(".") for n in clip.notices if n.kind != "damaged"]
    return {
        "sha256": files.sha256_of(film),
        "length": {"frames": len(part), "fps": clip.fps, "seconds": round(length, 3)},
        "source": ". ".join([", ".join(source), *facts]),
    }


def _keep(entry: records.Entry, folder: Path) -> None:
    """Move the finished files out of the scratch folder and note the entry: all or nothing."""
    home = files.private_folder(records.own_clips_folder())
    moved = [home / entry["file"]]
    if "form" in entry["consent"]:
        moved.append(files.private_folder(home / "forms") / Path(entry["consent"]["form"]).name)
    try:
        for path in moved:
            (folder / path.name).chmod(0o600)
            os.replace(folder / path.name, path)
        write_catalogue([*records.own_records().values(), entry])
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        tidy()
        raise


def write_catalogue(entries: list[Any]) -> None:
    """Replace the copy of the own catalogue, then the catalogue: no copy keeps a deleted clip."""
    text = json.dumps({"clips": entries}, indent=1, ensure_ascii=False) + "\n"
    for name in ("catalog.json.bak", "catalog.json"):
        with files.atomic_write(records.own_clips_folder() / name) as new:
            new.write_text(text, encoding="utf-8")


def tidy() -> None:
    """Remove the folders of own clips that are empty."""
    for folder in (records.own_clips_folder() / "forms", records.own_clips_folder()):
        with contextlib.suppress(OSError):  # it is not empty, or it is not there
            folder.rmdir()


def _transfer_curve(path: Path) -> str | None:
    with av.open(str(path)) as container:
        return HDR.get(container.streams.video[0].codec_context.color_trc)


def _sound(path: Path, start: float, length: float) -> Iterator[av.AudioFrame]:
    """Yield the sound of a part, timed from its start; what cannot be decoded is left out."""
    with contextlib.suppress(av.error.FFmpegError), av.open(str(path)) as container:
        voice = next((one for one in container.streams.audio if one.codec_context), None)
        picture = container.streams.video[0]
        start += float((picture.start_time or 0) * picture.time_base)
        for piece in container.decode(voice) if voice else ():
            at = (piece.time or 0) - start
            if 0 <= at < length:
                piece.pts = round(at / piece.time_base)
                yield piece


def sweep() -> None:
    """Delete what commands that were killed left unfinished."""
    files.sweep(records.unfinished())
    with records.own_lock():  # no other command is writing there
        for path in records.own_clips_folder().rglob("*.partial*"):
            path.unlink()


def slug(name: str) -> str:
    """Return the id for a clip: "my_", then lower-case letters a to z, digits and underscores."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub("[^a-z0-9]+", "_", plain).strip("_").removeprefix("my_")[:40].strip("_")
    return f"my_{words or 'clip'}"


def seconds_of(text: str) -> float:
    """Read a time such as "12.5", "0:10" or "1:02:03" as seconds.

    Raises
    ------
    ValueError
        The text is no such time.
    """
    if not re.fullmatch(r"\s*(\d+:){0,2}\d+(\.\d+)?\s*", text):
        raise ValueError(
            f'expected a time such as "12.5" or "0:10" (minutes:seconds), got {text!r}.'
        )
    return sum(float(part) * 60**i for i, part in enumerate(reversed(text.split(":"))))
