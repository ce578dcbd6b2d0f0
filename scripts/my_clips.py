"""Keep a video of one's own with the consent of everyone in it, and forget it again.

Run by `course.py add-clip VIDEO`, by `course.py forget-clip ID` and by the form of own_clips.py.

Own clips lie in `data/my_clips` beside a catalogue like the course's (see consent.py); git leaves
that folder out, and nothing here sends anything anywhere. Each is written anew: upright, in a form
that every browser plays, without the place and the device that phones write into their files.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import re
import shutil
import signal
import sys
import time
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
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
from framewise import DATA, clips, consent, detection, landmarks

LONGEST, SIDE = 60, 1280
"""The longest clip that is kept, seconds; its longer side at most, pixels."""
BIGGEST, BIGGEST_FORM = 2e9, 5e7
"""The largest video and the largest photo of a form that are taken, bytes."""
SURE = 0.85
"""The detector's score from which a find counts as a face; below it the landmarks decide."""
HDR = {16: "PQ", 18: "HLG"}
"""Transfer curves of phones' HDR video, by their numbers in ITU-T H.273."""
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
            return f"until: expected a day to come, got {self.until}."
        if not self.contact.strip():
            return "contact: expected who can withdraw the consent, and how to reach them."
        if self.form is None and len(self.people) > 1:
            return (
                f"form: {len(self.people)} people are shown, so each signs the form "
                "(data/consent_form.md); give a photo or scan of all sheets as one file."
            )
        if self.form is None:
            return ""
        size = self.form.stat().st_size if self.form.is_file() else 0
        if not 0 < size <= BIGGEST_FORM:
            found = f"has {size / 1e6:.0f} MB" if size else "is not there, or empty"
            return f"form: expected a photo or scan of up to 50 MB; {self.form} {found}."
        return ""

    def suffix(self) -> str:
        """Return how the name of the form's copy ends, such as ".jpg"."""
        plain = self.form and re.fullmatch(r"\.[A-Za-z0-9]{1,5}", self.form.suffix)
        return plain[0].lower() if plain else ""

    def record(self, form: str) -> consent.Entry:
        """Return it as the catalogue keeps it; `form` says where the form's copy lies."""
        found = {"type": "own word", "scope": sorted(self.scope), "date": str(date.today())}
        found |= {"expires": str(self.until), "contact": self.contact.strip()}
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
    """Keep a video, or a part of it, among the own clips; it appears whole or not at all.

    Pictures wider or higher than 1280 are scaled down, sound is kept, odd sizes are made even.

    Parameters
    ----------
    file : str or Path
        A video of up to 2 GB in any format that FFmpeg reads. It is not changed.
    agreement : Agreement
        Of everyone in it.
    name : str
        What it is to be called; by default the file's name. The id is made from it.
    start, seconds : float
        Which part; at most 60 s.

    Returns
    -------
    dict
        The catalogue entry; its "source" says what was done to the video.

    Raises
    ------
    ValueError, OSError
        The agreement is not complete; not a video; too long; no face; the disk is full.
    consent.ConsentError
        More people are seen than named.
    """
    source = Path(file).expanduser().absolute()
    title = _in_one_line(name.strip() or source.stem)
    key = slug(title)
    known = consent.catalogue()
    if agreement.problem():
        raise ValueError(agreement.problem())
    if key in known:
        raise ValueError(f"{key} is taken; choose another name (--id), or forget that clip first.")
    _sweep()
    clip = _opened(source, seconds)
    first, last = _part(clip, start, seconds)
    recording = {"sha256": clip.sha256, "first": first, "last": last}
    same = [entry["id"] for entry in known.values() if entry.get("recording") == recording]
    if clip.entry or same:
        there = same[0] if same else clip.entry["id"]
        raise ValueError(f'{source.name} is there already: clips.open_sample("{there}") opens it.')
    scale = min(1.0, SIDE / max(clip.size_wh))
    _check_faces(clip, range(first, last), scale, len(agreement.people))
    entry = {
        "id": key,
        "file": f"{key}.mp4",
        "title": title,
        "own": True,
        "kind": "original",
        "people": [person.strip() for person in agreement.people],
        "licence": "none: not to be passed on",
        "recording": recording,
        "consent": agreement.record(f"forms/{key}{agreement.suffix()}"),
    }
    return _keep(entry, clip, scale, agreement.form)


def _opened(source: Path, seconds: float | None) -> clips.Clip:
    """Open a video of sensible size; a far too long one is refused before it is read through."""
    size = source.stat().st_size if source.is_file() else 0
    if size > BIGGEST:
        raise ValueError(
            f"{source.name} has {size / 1e9:.1f} GB; up to {BIGGEST / 1e9:.0f} GB can be taken. "
            "Cut it shorter on the phone or camera first."
        )
    with contextlib.suppress(av.error.FFmpegError), av.open(str(source)) as container:
        length = (container.duration or 0) / av.time_base
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
        raise ValueError(f"there is no frame from {start:g} to {stop:g} s; ask for a longer part.")
    return first, last


def _too_long(length: float) -> str:
    minutes, rest = divmod(round(length), 60)
    return f"the video is {minutes}:{rest:02} long, a clip at most {LONGEST} s: {PART}."


def _check_faces(clip: clips.Clip, frames: range, scale: float, named: int) -> None:
    """Look at up to 30 frames: there must be a face, and no more faces at once than names."""
    looks = round(np.clip(len(frames) / clip.fps, 8, 30))
    spots = np.unique(np.linspace(frames[0], frames[-1], looks).astype(int))
    bar = tqdm(spots, desc="looking for faces", unit=" frames", delay=1, leave=False)
    counts = np.array([_faces(_scaled(clip[i], scale)) for i in bar])
    if not counts.any():
        raise ValueError(
            f"no face was found in any of {len(spots)} frames, and all that this course does "
            "begins with one. Take another part of the video (--start), or film nearer, from the "
            "front and in more light. Just to look at it, no consent is needed: clips.Clip(file)."
        )
    at_once = np.sort(counts)[-2] if len(counts) > 2 else counts.max()  # one may be a false alarm
    if at_once > named:
        at = clip.times[spots[np.argmax(counts >= at_once)]]
        raise consent.ConsentError(
            f"{at_once} faces are seen at once (at {at:.1f} s), but the names are only {named}. "
            "Name everyone shown, each of whom has to agree. What is no person, such as a poster, "
            "counts as well: on a signed form it gets a name that says so; without a form, cover "
            "it, or take a part without it (--start, --seconds)."
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


def _keep(entry: consent.Entry, clip: clips.Clip, scale: float, form: Path | None) -> consent.Entry:
    """Write clip, form and catalogue: all three or none."""
    first, last = entry["recording"]["first"], entry["recording"]["last"]
    times = clip.times[first:last] - clip.times[first]
    length = float(times[-1]) + 1 / clip.fps
    sound = list(_sound(clip.path, float(clip.times[first]), length))
    frames = (_scaled(frame, scale) for frame in clip.frames(first, last))
    frames = tqdm(frames, "writing the clip", last - first, unit=" frames", leave=False)
    home = consent.MINE
    (home / "forms" if form else home).mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        write = lambda path: stack.enter_context(clips.whole_or_nothing(home / path))  # noqa: E731
        book, film = write("catalog.json"), write(entry["file"])  # the catalogue appears last
        clips.write_clip(film, frames, clip.fps, times=times, sound=sound)
        if form is not None:
            shutil.copyfile(form, write(entry["consent"]["form"]))
        width, height = clip.size_wh
        entry["sha256"] = consent.sha256_of(film)
        entry["length"] = {"frames": last - first, "fps": clip.fps, "seconds": round(length, 3)}
        curve = _transfer_curve(clip.path)
        entry["source"] = ", ".join(
            [_in_one_line(clip.path.name)]
            + [f"{times.size} frames from {clip.times[first]:.2f} s on"]
            + [f"scaled down from {width} x {height}"] * (scale < 1)
            + ["with sound" if sound else "without sound"]
            + [f"recorded in HDR ({curve}), so darker and paler here"] * bool(curve)
        )
        _write_book(book, [*_own_entries(), entry])
    return entry


def _in_one_line(text: str) -> str:
    return " ".join(text.splitlines())


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
    """Delete what a run that was killed more than an hour ago left half-written."""
    for path in consent.MINE.rglob("*.partial*"):
        if path.stat().st_mtime < time.time() - 3600:
            path.unlink()


def _own_entries() -> list[consent.Entry]:
    return [entry for entry in consent.catalogue().values() if entry.get("own")]


def _write_book(path: Path, entries: list[consent.Entry]) -> None:
    text = json.dumps({"clips": entries}, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")


def falls_with(name: str) -> list[str]:
    """Return the ids that go when an own clip is forgotten: its own, and all that came of it.

    Raises
    ------
    ValueError
        No own clip has this name; the course's clips cannot be forgotten.
    """
    entries, key = consent.catalogue(), slug(name)
    if key not in entries:
        own = ", ".join(entry["id"] for entry in _own_entries()) or "none"
        why = " (a clip of the course is not yours to forget)" if name in entries else ""
        raise ValueError(f"there is no clip of your own called {name!r}{why}; there are: {own}.")
    gone = [key]
    for entry in entries.values():  # whatever was made from others stands after them
        if set(entry.get("made_from", ())) & set(gone):
            gone.append(entry["id"])
    return gone


def forget(name: str) -> list[Path]:
    """Delete an own clip, its form, measurements, marks, and all that was made from it.

    So do pages and numbers of `inspect` in the folder build. What was saved elsewhere, notebooks
    with pictures of it and the recording it came from are yours to delete.

    Returns
    -------
    list of Path
        What was deleted.

    Raises
    ------
    ValueError, OSError
        As `falls_with`; a file cannot be deleted. What is left goes when it is called again.
    """
    gone, entries = falls_with(name), consent.catalogue()
    hashes = {entries[key]["sha256"] for key in gone}
    hashes |= {entries[key].get("recording", {}).get("sha256", "") for key in gone} - {""}
    found = {consent.MINE / entries[key]["file"] for key in gone}
    for key in gone:  # with what an interrupted run left of it
        found |= {*consent.MINE.glob(f"{key}.*"), *consent.MINE.glob(f"forms/{key}.*")}
    for folder, one in itertools.product(("cache", "my_marks"), hashes):
        found |= set((DATA / folder).glob(f"{one[:24]}.*"))
    build = DATA.parent / "build"
    for page in itertools.chain(build.rglob("*.html"), build.rglob("*.json")):
        text = page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
        found |= {page} if any(one in text for one in hashes) else set()
    deleted = sorted(path for path in found if path.is_file())
    for path in deleted:
        path.unlink()
    with clips.whole_or_nothing(consent.MINE / "catalog.json") as book:
        _write_book(book, [entry for entry in _own_entries() if entry["id"] not in gone])
    if not _own_entries():
        (consent.MINE / "catalog.json").unlink()
    for folder in (consent.MINE / "forms", consent.MINE):
        with contextlib.suppress(OSError):  # not empty
            folder.rmdir()
    return deleted


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
    "form": "how they agreed: --me, if you alone are shown and agree, else --form and its photo",
    "scope": "what they agreed to (--scope analyse, or --scope analyse make)",
    "until": "until when (--until, a day such as 2027-01-31)",
    "contact": "who can withdraw the consent, and how to reach them (--contact)",
}


def main(arguments: list[str]) -> int:
    """Run "add" or "forget" with its answers, a JSON object; return the exit code."""
    command, answers = arguments[0], json.loads(arguments[1])
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        print(_add(answers) if command == "add" else _forget(answers))
    except KeyboardInterrupt:
        print("\nStopped; nothing was kept half-written.", file=sys.stderr)
        return 130
    except (OSError, ValueError, consent.ConsentError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        words = "the disk is full; free some space and try again. Nothing was kept." if full else ""
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
            _opened(Path(answers["video"]), part.get("seconds"))  # before anyone is asked
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
    """Read what everyone agreed to from answers by option; ValueError names all that lack."""
    given = {key: answers.get(key) for key in MISSING}
    given["form"] = given["form"] or answers.get("me")
    if not all(given.values()):
        lacking = "".join(f"\n  {MISSING[key]}" for key in given if not given[key])
        raise ValueError(f"a clip needs the consent of everyone in it. Still missing:{lacking}")
    if answers.get("me") and answers.get("form"):
        raise ValueError("form: expected --me or a signed --form, got both; give the form alone.")
    form = None if answers.get("me") else Path(answers["form"]).expanduser().absolute()
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
        answers["who"] = _ask("Who is shown? Every name, with commas between: ", _names)
    if not answers.get("me") and not answers.get("form") and len(answers["who"]) == 1:
        answers["me"] = _ask("Is that you, and may you decide this yourself? [y/n] ", _yes)
    if not answers.get("me") and not answers.get("form"):
        print("Then all who are shown sign the form, data/consent_form.md.")
        answers["form"] = _ask("The photo or scan of the signed form (a file): ", _file)
    if not answers.get("scope"):
        if not _ask("Is it agreed that the clip is looked at and measured here? [y/n] ", _yes):
            raise ValueError("without that consent the clip is not kept.")
        make = _ask("Also that fakes with a visible mark are made from it? [y/n] ", _yes)
        answers["scope"] = ["analyse", "make"] if make else ["analyse"]
    if not answers.get("until"):
        words = f"Until which day? (Enter: {in_a_year}) "
        answers["until"] = _ask(words, lambda text: str(_day(text or in_a_year)))
    if not answers.get("contact"):
        answers["contact"] = _ask("Who can withdraw it, and how are they reached? ", _words)


def _ask(question: str, read: Callable[[str], Any]) -> Any:
    """Ask until the answer can be read."""
    while True:
        try:
            return read(input(question).strip())
        except EOFError:
            raise ValueError("no answer came; nothing was kept.") from None
        except (ValueError, KeyError) as error:
            print(f"  {error.args[0]}" if isinstance(error, ValueError) else "  Answer y or n.")


def _words(text: str) -> str:
    if not text:
        raise ValueError("This needs an answer; Ctrl-C stops.")
    return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in _words(text).split(",") if name.strip()]


def _yes(text: str) -> bool:
    return YES[text.lower()]


def _file(text: str) -> str:
    path = Path(_words(text).strip("\"'")).expanduser()
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    return str(path)


def _forget(answers: dict[str, Any]) -> str:
    gone = falls_with(answers["id"])
    if not answers.get("yes"):
        if not sys.stdin.isatty():
            raise ValueError("not on a terminal, so nobody can be asked: add --yes to delete it.")
        more = f" and what was made from it ({', '.join(gone[1:])})" if gone[1:] else ""
        if not _ask(f"Delete {gone[0]}{more} for good? [y/n] ", _yes):
            return "Nothing was deleted."
    deleted = forget(answers["id"])
    return "\n".join(
        ["Deleted:", *(f"  {path}" for path in deleted)]
        + ["The recording that it came from, copies you passed on, and notebooks, pages and"]
        + ["numbers of it that you saved elsewhere: delete those yourself."]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
