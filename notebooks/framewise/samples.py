"""Samples: the catalogue's clips and stills, and what is known to be true of them.

Notebook: 00_start_here.ipynb
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from framewise import consent
from framewise.clips import Clip, read_image
from framewise.workbench.records import verified_file

__all__ = [
    "Changes",
    "Truth",
    "altered_segments",
    "load_changes",
    "load_truth",
    "open_clip",
    "open_still",
]


def open_clip(name: str) -> Clip:
    """Open a clip of the catalogue by its id, e.g. `open_clip("ana_talk")`."""
    return Clip(consent.file_of(name))


def altered_segments(clip: Clip) -> list[dict]:
    """Return the altered frames of a clip, as the catalogue gives them.

    Returns
    -------
    list of dict
        Places in the form of `workbench.marks`: "first", "last", "box", "reason"; empty for an
        original.

    Raises
    ------
    ValueError
        The clip is found footage, so nobody here knows what was done to it; or it is a fake whose
        entry does not give the altered frames.
    """
    if clip.entry is None:
        raise ValueError(
            f"{clip.path.name}: this clip is not in the catalogue, so nobody here knows what was "
            "altered in it. Use a clip of the catalogue."
        )
    if clip.entry["kind"] == "original":
        return []
    if "altered_frames" not in clip.entry:
        raise ValueError(
            f"{clip.path.name}: the catalogue says that this clip is a fake, but not which frames "
            'were altered. Add "altered_frames": [first, last] to its entry.'
        )
    first, last = clip.entry["altered_frames"]
    box, method = clip.entry.get("altered_box"), clip.entry.get("method", "not given")
    return [{"first": first, "last": last, "box": box, "reason": method}]


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of one person in a rendered clip, in each of its T frames.

    It comes from the script that moved the person and from the shape that was rendered, never from
    the pixels. Right and left are the person's own. There are B blinks and N named points.
    """

    closure: np.ndarray
    """(T, 2) float32: how far the right and the left lids are closed, from 0 at rest to 1 when
    shut. The lids also come down when the person looks down. Only `blinks` tells which closures
    are blinks."""
    blinks: np.ndarray
    """(B, 3) int: the first, the lowest and the last frame of each blink, in order of time. A blink
    lasts while it closes the two lids by more than 0.1 on average."""
    partial: np.ndarray
    """(B,) bool: blinks that close the lids by less than 0.8. If the lids are already low, only the
    part that the blink adds counts."""
    pose: np.ndarray
    """(T, 3) float32, degrees: the head's yaw (+ to the person's left), pitch (+ down) and roll
    (+ towards the right shoulder); the head is turned by Ry(yaw) Rx(pitch) Rz(roll)."""
    gaze: np.ndarray
    """(T, 2) float32, degrees: how far the eyes are turned in the head, to the person's left and
    up."""
    jaw: np.ndarray
    """(T,) float32: how far the jaw is open; 0 is shut, 0.4 a wide vowel."""
    phoneme: np.ndarray
    """(T,) str: the speech sound in the middle of the frame (IPA), "" in a pause."""
    names: tuple[str, ...]
    """(N,) what each point is, such as "left_brow_0"; `place` finds those of one place."""
    points: np.ndarray
    """(T, N, 2) float32, pixels x, y, rounded to 1/32 of a pixel."""
    hidden: np.ndarray
    """(T, N) bool: outside the picture, or behind something nearer to the camera."""
    box: np.ndarray
    """(T, 4) float32: the smallest box x0, y0, x1, y1 around all the points."""

    def place(self, name: str) -> np.ndarray:
        """Return the points (T, n, 2) of one place, such as "lips_inner".

        Raises
        ------
        KeyError
            There is no such place.
        """
        found = [i for i, own in enumerate(self.names) if re.sub(r"_\d+$", "", own) == name]
        if not found:
            places = dict.fromkeys(re.sub(r"_\d+$", "", own) for own in self.names)
            raise KeyError(f"there is no place {name!r}. The places are: {', '.join(places)}.")
        return self.points[:, found]


def load_truth(clip: Clip, person: int = 0) -> Truth:
    """Return what is true in every frame of a rendered clip.

    Parameters
    ----------
    clip : Clip
        A sample clip of the course.
    person : int
        The number of the person in the clip's entry, counted from 0.

    Raises
    ------
    ValueError
        The truth of the clip is not known, or the clip has no person with this number.
    consent.ConsentError
        The file with the truth is not the file that the catalogue names.
    """
    entry = clip.entry or {}
    if "truth" not in entry:
        known = ", ".join(e["id"] for e in consent.catalogue().values() if "truth" in e)
        raise ValueError(
            f"{clip.path.name}: the truth of each frame is known only for rendered clips. "
            f"Use one of these: {known}."
        )
    if not 0 <= person < len(entry["people"]):
        raise ValueError(f"person: expected 0 to {len(entry['people']) - 1}, got {person}.")
    with np.load(verified_file(entry, "truth")) as data:
        arrays = dict(data)
    own = {key[2:]: value for key, value in arrays.items() if key.startswith(f"{person}/")}
    own["points"] = own["points"].astype(np.float32) / 32
    return Truth(names=tuple(arrays["names"].tolist()), **own)


@dataclass(frozen=True, eq=False)
class Changes:
    """What was changed in each of the T frames of an exercise clip, and the performer's blinks."""

    changed: np.ndarray
    """(T, H, W) bool: True where the swap may have changed a pixel. An original has no True.
    Compression does not count as a change. The label below the picture is not part of the array."""
    blinks: np.ndarray
    """(B, 3) int: the first, the lowest and the last frame of each blink of the performer, as in
    `Truth`. A blink that the end of the clip cuts off is left out. A fake need not show them."""


def load_changes(clip: Clip) -> Changes:
    """Return what was changed in an exercise clip such as `case_01`.

    Parameters
    ----------
    clip : Clip

    Returns
    -------
    Changes

    Raises
    ------
    ValueError
        The catalogue holds no changes for this clip.
    consent.ConsentError
        The file with the changes is not the file that the catalogue names.
    """
    entry = clip.entry or {}
    if "changes" not in entry:
        raise ValueError(
            f"{clip.path.name}: the changed pixels are known only for the exercise clips case_01, "
            "case_02 and so on. Use one of these."
        )
    with np.load(verified_file(entry, "changes")) as data:
        width = int(data["size_wh"][0])
        changed = np.unpackbits(data["changed"], axis=2, count=width).astype(bool)
        return Changes(changed, data["blinks"])


def open_still(name: str) -> np.ndarray:
    """Read a still of the catalogue by its id as (H, W, 3) uint8 RGB."""
    return read_image(consent.file_of(name))
