"""Keep a video of your own with the consent of everyone in it, and delete it again.

Run by `course.py add-clip VIDEO`, by `course.py forget-clip ID` and by the form of own_clips.py.

Own clips lie in `data/my_clips` beside a catalogue like the course's (see consent.py); git leaves
that folder out, and nothing here sends anything anywhere. Each is written anew: upright, in a form
that every browser plays, without the place and the device that phones write into their files.
Until everything is checked, the new files lie in a scratch folder in `data/my_clips.unfinished`.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import shutil
import signal
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from framewise import DATA, clips, consent, detection, landmarks, tracking
from framewise.workbench import files
from tqdm import tqdm

LONGEST, SIDE = 60, 1280
"""The longest clip that is kept, seconds; its longer side at most, pixels."""
BIGGEST, BIGGEST_FORM = 2e9, 5e7
"""The largest video and the largest photo of a form that are taken, bytes."""
SURE = 0.85
"""The detector's score from which a find counts as a face; below it the landmarks decide."""
HDR = {16: "PQ", 18: "HLG"}
"""Transfer curves of phones' HDR video, by their numbers in ITU-T H.273."""
MADE = (".mp4", ".png", ".jpg", ".jpeg")
SHOWN = (".html", ".json", *MADE)
"""What a made picture or clip is called, and what shows or measures a clip, by their endings."""
PART = "take a part of it, such as 20 seconds from 0:10 (--start 0:10 --seconds 20)"


@dataclass(frozen=True)
class Agreement:
    """What everyone shown agreed to: on a signed form, or one person alone by their own word."""

    people: Sequence[str]
    """The names of all who are shown."""
    scope: Sequence[str]
    """("analyse",) or ("analyse", "make")"""
    until: date
    contact: str
    """Who can withdraw the consent, and how to reach them."""
    form: Path | None = None
    """A photo or scan of the signed form; None where the one person shown gives their word."""

    def problem(self) -> str:
        """Say what is missing or cannot be; empty if nothing."""
        if not any(name.strip() for name in self.people):
            return "who: expected the name of everyone shown, got none."
        if set(self.scope) not in ({"analyse"}, {"analyse", "make"}):
            return f'scope: expected "analyse", with or without "make", got {list(self.scope)}.'
        if self.until < date.today():
            return f"until: expected today or a later day, got {self.until}."
        if not self.contact.strip():
            return (
                "contact: expected the name of the person who can withdraw the consent, and how "
                "to reach them; got nothing."
            )
        if self.form is None and len(self.people) > 1:
            return (
                f"form: {len(self.people)} people are shown, so each of them must sign the form "
                "(data/consent_form.md). Give a photo or scan of all sheets as one file."
            )
        if self.form is None:
            return ""
        size = self.form.stat().st_size if self.form.is_file() else 0
        if not 0 < size <= BIGGEST_FORM:
            found = f"has {size / 1e6:.0f} MB" if size else "is missing or empty"
            return f"form: expected a photo or scan of up to 50 MB; {self.form} {found}."
        return ""

    def suffix(self) -> str:
        """Return how the name of the form's copy ends, such as ".jpg"."""
        plain = self.form and re.fullmatch(r"\.[A-Za-z0-9]{1,5}", self.form.suffix)
        return plain[0].lower() if plain else ""

    def record(self, form: str) -> consent.Entry:
        """Return it as the catalogue keeps it; `form` says where the form's copy lies."""
        found = {"type": "own word", "scope": sorted(self.scope), "date": str(date.today())}
        found |= {"expires": str(self.until), "contact": _in_one_line(self.contact)}
        if self.form is None:
            return found
        signed = {"type": "signed", "form": form, "form_sha256": consent.sha256_of(self.form)}
        return found | signed


def add(
    file: str | Path,
    agreement: Agreement,
    *,
    name: str = "",
    start: float = 0.0,
    seconds: float | None = None,
) -> consent.Entry:
    """Keep a video, or a part of it, as a clip of your own; it appears whole or not at all.

    Pictures wider or higher than 1280 are scaled down, sound is kept, odd sizes are made even.

    Parameters
    ----------
    file : str or Path
        A video of up to 2 GB in any format that FFmpeg reads. It is not changed.
    agreement : Agreement
        Of everyone in it.
    name : str
        The title of the clip; by default the file's name. The id is made from it.
    start, seconds : float
        Where the part begins and how long it is, in seconds; at most 60 s.

    Returns
    -------
    dict
        The catalogue entry; its "source" says what was done to the video.

    Raises
    ------
    ValueError, OSError
        The agreement is not complete. The file is not a video, is too long or shows no face. The
        name or the pictures are taken. The disk is full.
    consent.ConsentError
        More people are seen than are named.
    """
    if agreement.problem():
        raise ValueError(agreement.problem())
    source = _absolute(file)
    title = _in_one_line(name.strip() or source.stem)
    key = slug(title)
    consent.own_records()  # a damaged catalogue is told before anything is measured
    _require_free(key)
    _sweep()
    clip = _opened(source, seconds)
    first, last = _part(clip, start, seconds)
    recording = {"sha256": clip.sha256, "first": first, "last": last}
    _require_new(source.name, recording, clip.sha256)
    scale = min(1.0, SIDE / max(clip.size_wh))
    _check_faces(clip, range(first, last), scale, len(agreement.people))
    entry = {
        "id": key,
        "file": f"{key}.mp4",
        "title": title,
        "own": True,
        "kind": "original",
        "people": [_in_one_line(person) for person in agreement.people],
        "licence": "none: not to be passed on",
        "recording": recording,
        "consent": agreement.record(f"forms/{key}{agreement.suffix()}"),
    }
    with files.scratch_folder(consent.unfinished()) as folder:
        entry |= _write(folder / entry["file"], clip, range(first, last), scale)
        if agreement.form is not None:
            shutil.copyfile(agreement.form, folder / Path(entry["consent"]["form"]).name)
        _require_new(source.name, recording, entry["sha256"])
        _check_shots(folder / entry["file"], len(agreement.people))
        with consent.own_lock():  # another command may have kept a clip meanwhile
            _require_free(key)
            _require_new(source.name, recording, entry["sha256"])
            _keep(entry, folder)
    return entry


def _absolute(name: str | Path) -> Path:
    """Return the absolute path of a file that a person named; "~" may mean their home."""
    path = Path(name)
    with contextlib.suppress(RuntimeError):  # the name begins with "~", and no user is called so
        path = path if path.exists() else path.expanduser()
    return path.absolute()


def _require_free(key: str) -> None:
    if key in consent.catalogue():
        raise ValueError(
            f"The name {key} is taken. Choose another name (--id), or delete that clip first: "
            f"{consent.FORGET} {key}"
        )


def _require_new(name: str, recording: dict[str, Any], sha256: str) -> None:
    """Make sure that no clip holds the same part of a recording, or the very same pictures."""
    for entry in consent.catalogue().values():
        if entry.get("recording") == recording or entry["sha256"] == sha256:
            there = entry["id"]
            raise ValueError(
                f"the pictures of {name} are already kept as the clip {there}. "
                f'To open it in a notebook, use clips.open_sample("{there}").'
                + f" To keep them under another name, delete that clip first: {consent.FORGET} "
                f"{there}" * bool(entry.get("own"))
            )


def _opened(source: Path, seconds: float | None) -> clips.Clip:
    """Open a video of sensible size; a far too long one is refused before it is read through."""
    size = source.stat().st_size if source.is_file() else 0
    if size > BIGGEST:
        raise ValueError(
            f"expected a video of up to {BIGGEST / 1e9:.0f} GB, but {source.name} has "
            f"{size / 1e9:.1f} GB. Make it shorter on the phone or camera first."
        )
    with contextlib.suppress(av.error.FFmpegError), av.open(str(source)) as container:
        length = container.duration or 0
        if container.format.name.startswith("matroska"):  # there it is the time of the end
            length -= container.start_time or 0
        length /= av.time_base
        if seconds is None and length > 10 * LONGEST:
            raise ValueError(_too_long(length))
    return clips.Clip(source)


def _part(clip: clips.Clip, start: float, seconds: float | None) -> tuple[int, int]:
    """Return the first frame of the part asked for, and the one after its last."""
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
            f"no frame begins from {start:g} to {stop:g} s. Start earlier, or take a longer part."
        )
    return first, last


def _too_long(length: float) -> str:
    minutes, rest = divmod(round(length), 60)
    return (
        f"the video is {minutes}:{rest:02} long (minutes:seconds), but a clip may last {LONGEST} s "
        f"at most. You can {PART}."
    )


def _check_faces(clip: clips.Clip, frames: range, scale: float, named: int) -> None:
    """Look at up to 30 frames: there must be a face, and no more faces at once than names."""
    looks = round(np.clip(len(frames) / clip.fps, 8, 30))
    spots = np.unique(np.linspace(frames[0], frames[-1], looks).astype(int))
    bar = tqdm(spots, desc="looking for faces", unit=" frames", delay=1, leave=False)
    counts = np.array([_faces(_scaled(clip[i], scale)) for i in bar])
    if not counts.any():
        raise ValueError(
            f"no face was found in any of {len(spots)} frames, but the course needs a face. Take "
            "another part of the video (--start), or film again: nearer, from the front and in "
            "more light. If you only want to look at the video, you need not add it: open it in a "
            "notebook with clips.Clip(file)."
        )
    _require_names(counts, clip.times[spots], named)


def _check_shots(path: Path, named: int) -> None:
    """Look at three frames of each shot, and compare the people of the shots by their looks.

    Parameters
    ----------
    path : Path
        The new clip. What is measured of it here stays in the cache for its first use.
    named : int
        How many people are named.

    Raises
    ------
    consent.ConsentError
        There are more faces at once than names, or the shots show more different people than names.
    """
    film = clips.Clip(path)
    cuts, tracks = tracking.find_cuts(film), tracking.track_faces(film)
    for shot in np.split(np.arange(len(film)), cuts) if len(cuts) else ():
        spots = np.unique(np.linspace(shot[0], shot[-1], 5).astype(int)[1:-1])  # cuts may blend
        _require_names(np.array([_faces(film[i]) for i in spots]), film.times[spots], named)
    if len(tracks) <= named:
        return
    firsts = sorted(film.times[np.isfinite(track.score)][0] for track in tracks)
    where = ", ".join(f"{first:.1f} s" for first in firsts)
    seen = (
        f"{len(tracks)} people who do not look alike seem to be shown (first seen at {where}), but "
        f"you named only {named}."
    )
    if len(cuts):
        raise consent.ConsentError(
            f"{seen} Name everyone shown. Each of them has to agree. If several shots show one "
            "person in different light, keep each shot as a clip of its own (--start, --seconds)."
        )
    warnings.warn(
        f"{seen} Please check this. If everyone shown is named, all is well. If not, delete the "
        "clip and add it again with the consent of everyone.",
        stacklevel=3,
    )


def _require_names(counts: np.ndarray, times: np.ndarray, named: int) -> None:
    """Make sure that no more faces are seen at once than people are named."""
    at_once = np.sort(counts)[-2] if len(counts) > 2 else counts.max()  # one may be a false alarm
    if at_once > named:
        at = times[np.argmax(counts >= at_once)]
        raise consent.ConsentError(
            f"{at_once} faces are seen at once (at {at:.1f} s), but you named only {named}. "
            "Name everyone shown. Each of them has to agree. A face on a poster counts as well. "
            "If there is a signed form, give the poster a name that says so, such as poster. If "
            "there is no form, cover it, or take a part without it (--start, --seconds)."
        )


def _faces(image: np.ndarray) -> int:
    """Count the faces; what the detector is not sure of has to have landmarks too."""
    faces = detection.detect_faces(image)
    looks = [
        landmarks.find_landmarks(image, box=box, keypoints=keypoints)
        for box, keypoints in zip(faces.xyxy, faces.keypoints, strict=True)
    ]
    seen = np.array([np.isfinite(points).all() for points in looks], bool)
    return int(np.count_nonzero(seen | (faces.score >= SURE)))


def _scaled(image: np.ndarray, scale: float) -> np.ndarray:
    return cv2.resize(image, None, None, scale, scale, cv2.INTER_AREA) if scale < 1 else image


def _write(film: Path, clip: clips.Clip, part: range, scale: float) -> consent.Entry:
    """Write the new clip; return its hash, its length and what was done to the video."""
    times = clip.times[part.start : part.stop] - clip.times[part.start]
    length = float(times[-1]) + 1 / clip.fps
    sound = list(_sound(clip.path, float(clip.times[part.start]), length))
    frames = (_scaled(frame, scale) for frame in clip.frames(part.start, part.stop))
    frames = tqdm(frames, "writing the clip", len(part), unit=" frames", leave=False)
    clips.write_clip(film, frames, clip.fps, times=times, sound=sound)
    width, height = clip.size_wh
    curve = _transfer_curve(clip.path)
    source = [
        _in_one_line(clip.path.name),
        f"{len(part)} frames from {clip.times[part.start]:.2f} s on",
        *[f"scaled down from {width} x {height}"] * (scale < 1),
        "with sound" if sound else "without sound",
        *[f"recorded in HDR ({curve}), so darker and paler here"] * bool(curve),
    ]
    facts = [n.statement.removesuffix(".") for n in clip.notices if n.kind != "damaged"]
    return {
        "sha256": consent.sha256_of(film),
        "length": {"frames": len(part), "fps": clip.fps, "seconds": round(length, 3)},
        "source": ". ".join([", ".join(source), *facts]),
    }


def _keep(entry: consent.Entry, folder: Path) -> None:
    """Move the finished files out of the scratch folder and note the entry: all or nothing."""
    home = files.private_folder(consent.MINE)
    moved = [home / entry["file"]]
    if "form" in entry["consent"]:
        moved.append(files.private_folder(home / "forms") / Path(entry["consent"]["form"]).name)
    try:
        for path in moved:
            (folder / path.name).chmod(0o600)
            os.replace(folder / path.name, path)
        _write_catalogue([*consent.own_records().values(), entry])
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        _tidy()
        raise


def _write_catalogue(records: list[Any]) -> None:
    """Replace the catalogue of own clips, its copy first: a copy never knows more than it."""
    text = json.dumps({"clips": records}, indent=1, ensure_ascii=False) + "\n"
    for name in ("catalog.json.bak", "catalog.json"):
        with files.whole_or_nothing(consent.MINE / name) as partial:
            partial.write_text(text, encoding="utf-8")


def _tidy() -> None:
    """Remove the folders of own clips that are empty."""
    for folder in (consent.MINE / "forms", consent.MINE):
        with contextlib.suppress(OSError):  # it is not empty, or it is not there
            folder.rmdir()


def _in_one_line(text: str) -> str:
    """Replace what a list or a file cannot hold: line breaks, other controls, broken letters."""
    odd = {"Cc", "Cs", "Zl", "Zp"}
    return "".join(" " if unicodedata.category(c) in odd else c for c in text).strip()


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


def _sweep() -> None:
    """Delete what commands that were killed left unfinished."""
    files.sweep(consent.unfinished())
    with consent.own_lock():  # no other command is writing there
        for path in consent.MINE.rglob("*.partial*"):
            path.unlink()


def _files_of(key: str) -> set[Path]:
    """Return the files of an own clip by its name alone, unfinished ones as well."""
    if not consent.OWN_ID.fullmatch(key):
        return set()
    home = consent.MINE
    found = {*home.glob(f"{key}.*"), *home.glob(f"forms/{key}.*")}
    for path in consent.unfinished().rglob("*"):  # films and forms by their id, uploads by title
        found |= {path} if path.name.startswith(f"{key}.") or slug(path.stem) == key else set()
    return {path for path in found if path.is_file() and _lies_inside(path)}


def _lies_inside(path: Path) -> bool:
    homes = (consent.MINE.resolve(), consent.unfinished().resolve())
    return any(path.parent.resolve().is_relative_to(home) for home in homes)


def falls_with(name: str) -> list[str]:
    """Return the ids that are deleted with an own clip: its own, and those made from it.

    This includes clips whose records are not valid, and files that a killed command left.

    Raises
    ------
    ValueError, consent.ConsentError
        No own clip has this name; the course's clips cannot be forgotten. The catalogue of own
        clips is damaged.
    """
    records = consent.own_records()
    key = name if name in records else slug(name)
    if key not in records and not _files_of(key):
        own = ", ".join(records) or "none"
        course = name in consent.catalogue(consent.CLIPS)
        why = " (it is a clip of the course, which cannot be deleted here)" * course
        raise ValueError(f"you have no clip called {name!r}{why}. Your own clips: {own}.")
    gone = [key]
    for other, record in records.items():  # whatever was made from others stands after them
        sources = record.get("made_from") if isinstance(record, dict) else None
        if isinstance(sources, list) and any(source in gone for source in sources):
            gone.append(other)
    return list(dict.fromkeys(gone))


def forget(name: str) -> list[Path]:
    """Delete an own clip, its form, measurements, marks, and all that was made from it.

    Pages, numbers and fakes in the folder build are deleted too if they hold its hash or its id,
    and so are such fakes in the folder notebooks. This function does not delete files saved in
    other places, notebooks with pictures of the clip, or the recording that it came from.

    Returns
    -------
    list of Path
        What was deleted.

    Raises
    ------
    ValueError, consent.ConsentError, OSError
        As `falls_with`; a file cannot be deleted. Call the function again to delete the rest.
    """
    with consent.own_lock():
        gone, records = falls_with(name), consent.own_records()
        rest = {key: record for key, record in records.items() if key not in gone}
        deleted = sorted(_traces(gone, [records.get(key) for key in gone], list(rest.values())))
        for path in deleted:
            path.unlink(missing_ok=True)
        if rest:
            _write_catalogue(list(rest.values()))
        else:
            for file in ("catalog.json.bak", "catalog.json"):
                (consent.MINE / file).unlink(missing_ok=True)
        _tidy()
    _sweep()
    return deleted


def _traces(gone: list[str], records: list[Any], rest: list[Any]) -> set[Path]:
    """Return all files of the clips that go: their own, and those that hold what came of them.

    Nothing in a record is taken for a path. Two clips may hold the very same film: what belongs
    to the one that stays is left alone.
    """
    found = set().union(*map(_files_of, gone))
    hashes = {consent.sha256_of(path) for path in found} | set(_hashes(records, "sha256"))
    hashes -= set(_hashes(rest, "sha256"))
    hashes |= set(_hashes([r.get("recording") for r in records if isinstance(r, dict)], "sha256"))
    found |= {p for p in consent.MINE.glob("*") if p.is_file() and consent.sha256_of(p) in hashes}
    for folder, sha256 in itertools.product(("cache", "my_marks"), hashes):
        found |= set((DATA / folder).glob(f"{sha256[:24]}.*"))
    return {path for path in found if path.is_file()} | _pages(hashes, gone)


def _pages(hashes: set[str], gone: list[str]) -> set[Path]:
    """Return pages, numbers and fakes of the course that hold one of the hashes or ids."""
    words = sorted(hashes) + [rf"\b{key}\b" for key in gone if consent.OWN_ID.fullmatch(key)]
    if not words:
        return set()
    pattern = re.compile("|".join(words).encode())
    shown = [p for p in (DATA.parent / "build").rglob("*") if p.suffix.lower() in SHOWN]
    shown += [p for p in (DATA.parent / "notebooks").rglob("*") if p.suffix.lower() in MADE]
    return {path for path in shown if path.is_file() and pattern.search(path.read_bytes())}


def _hashes(records: list[Any], key: str) -> list[str]:
    """Return the values of `key` that are hashes; a record may be damaged."""
    values = [str(record.get(key)) for record in records if isinstance(record, dict)]
    return [value for value in values if consent.SHA256.fullmatch(value)]


def slug(name: str) -> str:
    """Return the id of an own clip: small plain letters, digits and _, beginning with "my_"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub("[^a-z0-9]+", "_", plain).strip("_").removeprefix("my_")[:40].strip("_")
    return f"my_{words or 'clip'}"


def seconds_of(text: str) -> float:
    """Read a time such as "12.5", "0:10" or "1:02:03" as seconds."""
    if not re.fullmatch(r"\s*(\d+:){0,2}\d+(\.\d+)?\s*", text):
        raise ValueError(
            f'expected a time such as "12.5" or "0:10" (minutes:seconds), got {text!r}.'
        )
    return sum(float(part) * 60**i for i, part in enumerate(reversed(text.split(":"))))


# The command line

YES = {"y": True, "yes": True, "n": False, "no": False}
MISSING = {
    "who": "who is shown (--who NAME, once for each)",
    "form": "how they agreed (--me if only you are shown and you agree, otherwise --form and the "
    "photo of the signed form)",
    "scope": "what they agreed to (--scope analyse, or --scope analyse make)",
    "until": "until which day the consent lasts (--until, a day such as 2027-01-31)",
    "contact": "who can withdraw the consent, and how to reach them (--contact WORDS)",
}


def main(arguments: list[str]) -> int:
    """Run "add" or "forget" with its answers, a JSON object; return the exit code."""
    command, answers = arguments[0], json.loads(arguments[1])
    for name in ("SIGTERM", "SIGHUP"):  # a closed terminal ends us as Ctrl-C does
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    try:
        print(_add(answers) if command == "add" else _forget(answers))
    except KeyboardInterrupt:
        print("\nStopped. No file was left half written.", file=sys.stderr)
        return 130
    except (OSError, ValueError, consent.ConsentError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        words = "the disk is full. Free some space, then run this command again." if full else ""
        print(f"error: {words or error}", file=sys.stderr)
        return 1
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _add(answers: dict[str, Any]) -> str:
    part = {"start": seconds_of(answers.get("start") or "0"), "name": answers.get("id") or ""}
    if answers.get("seconds"):
        part["seconds"] = seconds_of(answers["seconds"])
    with warnings.catch_warnings(record=True) as damage:
        warnings.simplefilter("always")
        if sys.stdin.isatty():
            _opened(_absolute(answers["video"]), part.get("seconds"))  # before anyone is asked
            _ask_for_missing(answers)
        agreement = read_agreement(answers)
        entry = add(answers["video"], agreement, **part)
    seconds = entry["length"]["seconds"]
    return "\n".join(
        [*{str(warning.message): 0 for warning in damage if warning.category is UserWarning}]
        + [f"Kept as {entry['id']} ({seconds:.1f} s): {entry['source']}."]
        + [f'In a notebook: clips.open_sample("{entry["id"]}")']
        + [f"To delete it and all that comes of it: {consent.FORGET} {entry['id']}"]
    )


def read_agreement(answers: dict[str, Any]) -> Agreement:
    """Read the agreement from answers by option; the ValueError names all that are missing."""
    given = {key: answers.get(key) for key in MISSING}
    given["form"] = given["form"] or answers.get("me")
    if not all(given.values()):
        lacking = "".join(f"\n  {MISSING[key]}" for key in given if not given[key])
        raise ValueError(f"a clip needs the consent of everyone in it. Still missing:{lacking}")
    if answers.get("me") and answers.get("form"):
        raise ValueError("form: expected --me or --form, got both. Give --form alone.")
    form = None if answers.get("me") else _absolute(answers["form"])
    if any("," in name for name in answers["who"]):
        raise ValueError(f"who: expected one name for each person, got {answers['who']}.")
    until = _day(answers["until"])
    return Agreement(answers["who"], answers["scope"], until, answers["contact"], form)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"until: expected a day such as 2027-01-31, got {text!r}.") from None


def _ask_for_missing(answers: dict[str, Any]) -> None:
    """Ask on the terminal for what no option told."""
    in_a_year = str(date.today() + timedelta(days=365))
    if not answers.get("who"):
        answers["who"] = _ask("Who is shown? Type every name, with commas between: ", _names)
    if not answers.get("me") and not answers.get("form") and len(answers["who"]) == 1:
        answers["me"] = _ask("Is that you, and may you agree to this yourself? [y/n] ", _yes)
    if not answers.get("me") and not answers.get("form"):
        print("Then everyone who is shown must sign the form data/consent_form.md.")
        answers["form"] = _ask("Which file is the photo or scan of the signed form? ", _file)
    if not answers.get("scope"):
        if not _ask("Did everyone agree that the clip may be analysed here? [y/n] ", _yes):
            raise ValueError(
                "without this consent the clip cannot be kept. Ask everyone shown first."
            )
        make = _ask("May fakes with a visible mark be made from it as well? [y/n] ", _yes)
        answers["scope"] = ["analyse", "make"] if make else ["analyse"]
    if not answers.get("until"):
        words = f"Until which day does the consent last? (Press Enter for {in_a_year}.) "
        answers["until"] = _ask(words, lambda text: str(_day(text or in_a_year)))
    if not answers.get("contact"):
        question = "Who can withdraw the consent, and how can we reach them? "
        answers["contact"] = _ask(question, _words)


def _ask(question: str, read: Callable[[str], Any]) -> Any:
    """Ask until the answer can be read."""
    while True:
        try:
            return read(input(question).strip())
        except EOFError:
            raise ValueError("there was no answer, so nothing was kept.") from None
        except (ValueError, KeyError) as error:
            print(f"  {error.args[0]}" if isinstance(error, ValueError) else "  Answer y or n.")


def _words(text: str) -> str:
    if not text:
        raise ValueError("Please type an answer. Ctrl-C stops the program.")
    return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in _words(text).split(",") if name.strip()]


def _yes(text: str) -> bool:
    return YES[text.lower()]


def _file(text: str) -> str:
    path = _absolute(_words(text).strip("\"'"))
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    return str(path)


def _forget(answers: dict[str, Any]) -> str:
    gone = falls_with(answers["id"])
    if not answers.get("yes"):
        if not sys.stdin.isatty():
            raise ValueError(
                "this is not a terminal, so nobody can be asked. Add --yes to delete the clip."
            )
        more = f" and what was made from it ({', '.join(gone[1:])})" if gone[1:] else ""
        if not _ask(f"Delete {gone[0]}{more} for good? [y/n] ", _yes):
            return "Nothing was deleted."
    deleted = forget(answers["id"])
    return "\n".join(
        ["Deleted:" if deleted else "The record was deleted. There were no files."]
        + [f"  {path}" for path in deleted]
        + ["This command cannot find the recording that the clip came from, copies that you passed"]
        + ["on, and notebooks, pages and numbers that you saved elsewhere. Delete them yourself."]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
