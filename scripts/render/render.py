#!/usr/bin/env python
"""Render the sample clips: all of them, or those that are named.

    python scripts/render/render.py                 render what is missing, write data/clips
    python scripts/render/render.py ana_talk        only this clip
    python scripts/render/render.py --list          what there is, and how far it is
    python scripts/render/render.py --still ana     pictures of one person, to look at
    python scripts/render/render.py --stills        write data/clips/stills

Rendered pictures are kept in build/render; after an interruption it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import camera
import catalogue
import fetch
import numpy as np
import speech
import stills
from catalogue import CLIPS
from fetch import BUILD
from motion import Motion, move
from people import PEOPLE
from shots import SHOTS, VOICES, Shot


@dataclass(frozen=True)
class Plan:
    """Everything about a shot but its pixels."""

    speeches: list[speech.Speech | None]
    motions: list[Motion]
    shaken: np.ndarray

    @classmethod
    def of(cls, shot: Shot) -> Plan:
        """The same for every run."""
        speeches = [
            speech.speak(text, VOICES[person], shot.seconds) if text else None
            for person, text in zip(shot.people, shot.says, strict=True)
        ]
        motions = [
            move(
                act,
                shot.frames,
                _mouth(spoken, shot),
                shot.rng(who),
                shot.fps,
                PEOPLE[who]["bearing"],
            )
            for act, spoken, who in zip(shot.acts, speeches, shot.people, strict=True)
        ]
        return cls(speeches, motions, camera.shake(shot.frames, shot.fps, shot.rng("shake")))

    @property
    def sway(self) -> np.ndarray:
        """(T, 2) px: several people sway as one."""
        return self.motions[0].sway

    def sound(self) -> tuple[np.ndarray, int] | None:
        """What is heard: (samples, rate), or None in a silent clip."""
        heard = [spoken for spoken in self.speeches if spoken]
        return (sum(s.samples for s in heard), heard[0].rate) if heard else None

    def phonemes(self, shot: Shot) -> list[list[str]]:
        """For each person, what they utter in each frame."""
        silent = [""] * shot.frames
        return [
            speech.phoneme_at(spoken, shot.fps, shot.frames) if spoken else silent
            for spoken in self.speeches
        ]


def _mouth(spoken: speech.Speech | None, shot: Shot) -> dict[str, np.ndarray] | None:
    return spoken and speech.mouth(spoken, shot.fps, shot.frames)


def main() -> int:
    options = _parse()
    shots = [shot for shot in SHOTS if shot.id in options.clips or not options.clips]
    sources = [shot for shot in SHOTS if shot.id in {s.source for s in shots}]
    if options.list:
        for shot in sources:
            print(f"{shot.id:18} {_done(shot):5} of {shot.frames:5} frames   {shot.title}")
        return 0
    fetch.makehuman()
    if options.still:
        print(*stills.shoot(options.still), sep="\n")
        return 0
    if options.stills:
        stills.make_all()
        return 0
    progress = Progress(sum(shot.frames - _done(shot) for shot in sources))
    for shot in sources:
        if _done(shot) < shot.frames:
            _render(shot, progress, options.threads)
        for clip in shots:
            if clip.source == shot.id:
                _finish(clip)
                catalogue.add(catalogue.of_clip(clip))
    return 0


def _render(shot: Shot, progress: Progress, threads: int) -> None:
    """Render the frames of a shot that are not there yet."""
    import truth
    from studio import places, quiet, studio

    folder = _folder(shot)
    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan.of(shot)
    with quiet():
        stage = studio(shot)
        stage.use_threads(threads)
        stage.shoot_room(folder / "room.png")
        stage.shoot_people(folder / "people.png")
    for i in range(_done(shot), shot.frames):
        with quiet():
            seconds = i / shot.fps
            poses = [motion.poses[i] for motion in plan.motions]
            stage.act(poses, seconds, places(shot, seconds))
            seen = [truth.see(stage, actor) for actor in stage.actors]
            box = stage.moving_box()
            stage.shoot(folder / "part.png", box=box, shift=-plan.sway[i])
        points, hidden = zip(*seen, strict=True)
        np.savez(folder / f"{i:04}.npz", points=points, hidden=hidden, box=box)
        (folder / "part.png").replace(folder / f"{i:04}.png")
        progress.step(shot, i)


def _finish(shot: Shot) -> None:
    """Make the clip and its truth from what was rendered."""
    import truth

    plan, folder, noise = Plan.of(shot), _folder(shot), shot.rng(f"camera of {shot.id}")
    seen = [np.load(folder / f"{i:04}.npz") for i in range(shot.frames)]
    layers = camera.Layers(folder)
    neck = max(known["points"][..., 1].max() for known in seen)
    moves = zip(seen, plan.sway, plan.shaken, plan.motions[0].body, strict=True)
    pictures = (
        layers.picture(camera.read(folder / f"{i:04}.png"), known["box"], sway, shaken, body, neck)
        for i, (known, sway, shaken, body) in enumerate(moves)
    )
    recorded = camera.look(pictures, shot.frames, shot.fps, noise)
    if shot.smooth:
        recorded = map(camera.smoothed, recorded)
    made = folder / "clip.mp4"
    camera.write(made, recorded, shot.fps, sound=plan.sound(), crf=shot.crf)
    made.replace(CLIPS / f"{shot.id}.mp4")
    people = [
        truth.of_person(
            motion,
            np.array([known["points"][n] for known in seen]),
            np.array([known["hidden"][n] for known in seen]),
            plan.sway + plan.shaken,
            shot.size,
        )
        for n, motion in enumerate(plan.motions)
    ]
    truth.write(CLIPS / f"{shot.id}.truth.npz", people, plan.phonemes(shot))
    print(f"wrote {shot.id}.mp4", flush=True)


@cache
def _folder(shot: Shot) -> Path:
    """Where its pictures lie; other people or motion have another folder."""
    source = next(other for other in SHOTS if other.id == shot.source)
    plan = Plan.of(source)
    looks = [PEOPLE[person] for person in source.people]
    motion = [motion.poses for motion in plan.motions]
    recipe = json.dumps([looks, motion, plan.sway.tolist(), source.holds], sort_keys=True)
    return BUILD / "frames" / f"{source.id}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"


def _done(shot: Shot) -> int:
    """How many frames there are without a gap."""
    folder = _folder(shot)
    return next(i for i in range(shot.frames + 1) if not (folder / f"{i:04}.png").exists())


class Progress:
    """One line that says how far it is, and how long it will take."""

    def __init__(self, frames: int) -> None:
        self._frames, self._done, self._began = frames, 0, time.monotonic()

    def step(self, shot: Shot, frame: int) -> None:
        """A frame is done."""
        self._done += 1
        each = (time.monotonic() - self._began) / self._done
        left = each * (self._frames - self._done) / 60
        line = f"{shot.id} {frame + 1}/{shot.frames}, {each:.2f} s a frame, {left:.0f} min left"
        print(f"\r{line:70}", end="\n" if frame + 1 == shot.frames else "", flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Render the sample clips.")
    parser.add_argument("clips", nargs="*", metavar="CLIP", help="clips, if not all")
    parser.add_argument("--list", action="store_true", help="what there is, and how far it is")
    parser.add_argument("--still", choices=PEOPLE, metavar="PERSON", help="pictures of one person")
    parser.add_argument("--stills", action="store_true", help="new stills of Ana, Ben, Chen, Dalia")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: all cores")
    options = parser.parse_args()
    if unknown := set(options.clips) - {shot.id for shot in SHOTS}:
        parser.error(f"no clip {', '.join(sorted(unknown))}; --list names them")
    return options


if __name__ == "__main__":
    sys.exit(main())
