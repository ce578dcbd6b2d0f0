"""Fakes: write a fake picture or clip, with consent, a mark in every frame, and its origin.

Notebook: 07b_what_blinks_prove.ipynb

The notebooks write a fake to a file only with `write_fake`, which puts a label under each frame. If
a notebook only shows a fake on the screen, it calls `consent.require(clip, "make")` and marks the
picture with `mark`. A marked picture keeps its size, so it can stand beside an untouched one. Only
the exercise clips `guess_N` and `case_NN` carry other words, because the mark would give the answer
away. The scripts that made these clips ask for consent themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from framewise import clips, consent, detection
from framewise.workbench import encode, files

__all__ = ["MARK", "SMALLEST", "Origin", "add_label", "mark", "read_origin", "write_fake"]

MARK = "THIS IS A FAKE"
"""The words in every frame of a fake."""

SMALLEST = (96, 48)
"""Width and height in pixels of the smallest picture that has room for a legible mark."""

STATEMENT = "This is a fake. The course Frame by Frame made it as an exercise."
PICTURES = (".png", ".jpg", ".jpeg")


class Origin(NamedTuple):
    """What the metadata of a fake say about it."""

    method: str
    """How it was made, in words."""
    made_from: list[dict[str, str]]
    """The "id" and the "sha256" of each clip that it was made from."""


def mark(image: np.ndarray) -> np.ndarray:
    """Return a copy of a picture with `MARK` at its lower edge, in white on black.

    The height of the letters is 1/40 of the width of the picture, or 1/20 of its height if that is
    less, and at least 7 pixels. The mark survives strong compression. We drew it on noise, black,
    grey and white, from 96 x 48 to 1280 x 720 pixels. After H.264 compression, the correlation
    with the drawn mark was 0.98 or more at CRF 28, and 0.92 or more at CRF 35. (CRF is the strength
    of the compression; a higher CRF is worse.)

    Notebook: 03_alignment.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB

    Returns
    -------
    (H, W, 3) uint8 RGB

    Raises
    ------
    ValueError
        The image is not (H, W, 3) uint8, or it is smaller than `SMALLEST`.
    """
    _check_size(image)
    height, width = image.shape[:2]
    words = _words(MARK, max(7, round(min(width, 2 * height) / 40)))
    marked, left = image.copy(), (width - words.shape[1]) // 2
    marked[-words.shape[0] :, left : left + words.shape[1]] = words[..., None]
    return marked


def add_label(image: np.ndarray, words: str = MARK) -> np.ndarray:
    """Return a picture with a black band below it that holds white words.

    The band hides nothing of the picture. The height of its letters is 1/26 of the width of the
    picture, so `MARK` can still be read when a film of 640 pixels is shown at half its size. If the
    words do not fit, the letters are smaller, down to 7 pixels.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    words : str

    Returns
    -------
    (H + B, W, 3) uint8 RGB
        B is even, so a film of even size keeps an even size.

    Raises
    ------
    ValueError
        The image is not (H, W, 3) uint8, or it is smaller than `SMALLEST`, or the words are too
        long.
    """
    _check_size(image)
    width = image.shape[1]
    sizes = range(max(8, round(width / 26)), 6, -1)
    label = next((w for w in (_words(words, size) for size in sizes) if w.shape[1] <= width), None)
    if label is None:
        raise ValueError(
            f"words: expected words that fit under a picture {width} pixels wide, got {words!r}. "
            "Use fewer words."
        )
    band = np.zeros((label.shape[0] + label.shape[0] % 2, width, 3), np.uint8)
    left = (width - label.shape[1]) // 2
    band[: label.shape[0], left : left + label.shape[1]] = label[..., None]
    return np.vstack([image, band])


def _check_size(image: np.ndarray) -> None:
    detection.check_image(image)
    height, width = image.shape[:2]
    if width < SMALLEST[0] or height < SMALLEST[1]:
        raise ValueError(
            f"image: expected at least {SMALLEST[0]} x {SMALLEST[1]} pixels, got {width} x "
            f"{height}. The mark cannot be read on a smaller picture. Enlarge the picture first."
        )


def _words(words: str, letter_height: int) -> np.ndarray:
    """Draw words in letters of this height (px) on a black label, (h, w) uint8."""
    font, thick, edge = cv2.FONT_HERSHEY_SIMPLEX, round(letter_height / 8), letter_height // 2
    scale = letter_height / 21  # capital letters of this font are 21 px high at scale 1
    (width, height), _ = cv2.getTextSize(words, font, scale, max(thick, 1))
    label = np.zeros((height + 2 * edge, width + 2 * edge), np.uint8)
    place = (edge, edge + height)
    return cv2.putText(label, words, place, font, scale, 255, max(thick, 1), cv2.LINE_AA)


def write_fake(
    path: str | Path,
    frames: np.ndarray | Iterable[np.ndarray],
    made_from: Sequence[clips.Clip],
    *,
    method: str,
    fps: float | None = None,
    times: Sequence[float] | None = None,
    sound: Iterable[av.AudioFrame] = (),
    overwrite: bool = False,
) -> Path:
    """Write a fake picture or clip: check consent, label every frame, save its origin in the file.

    Nothing is written unless everyone in the clips of `made_from` agreed to fakes. The function
    cannot see who is shown in the frames. So `made_from` must name every clip whose people are
    shown. Each frame gets the band of `add_label`. So the frames in the file are a little taller
    than `frames`.

    Notebook: 07b_what_blinks_prove.ipynb

    Parameters
    ----------
    path : str or Path
        Where to write. A name that ends in .mp4 makes a clip. A name that ends in .png, .jpg or
        .jpeg makes a picture.
    frames : (H, W, 3) uint8 RGB, or an iterable of them
        One picture, or the frames of a clip; see `encode.write_clip`.
    made_from : sequence of Clip
        Every clip of the catalogue that went into the fake.
    method : str
        How the fake was made, in words. It is kept in the file's metadata.
    fps : float, optional
        Frames per second of a clip; by default those of the first clip in `made_from`.
    times, sound, overwrite
        As in `encode.write_clip`; a picture has neither times nor sound.

    Returns
    -------
    Path

    Raises
    ------
    consent.ConsentError
        Somebody in `made_from` has not agreed to fakes, or one of the clips is found footage.
    ValueError, FileExistsError, OSError
        `made_from` or `method` is empty, the name has another ending, a picture of this name
        exists, or `add_label` or `encode.write_clip` raises the error.
    """
    path = Path(path)
    comment = _comment(made_from, method)
    if path.suffix.lower() in PICTURES:
        return _write_picture(path, add_label(frames), comment, overwrite)
    if path.suffix.lower() != ".mp4":
        endings = ", ".join(PICTURES)
        raise ValueError(f"path: expected a name ending in .mp4, {endings}, got {path.name!r}.")
    return encode.write_clip(
        path,
        map(add_label, frames),
        made_from[0].fps if fps is None else fps,
        times=times,
        sound=sound,
        overwrite=overwrite,
        comment=comment,
        preset="veryfast",  # as small and as good as "medium" here, in half the time
    )


def _comment(made_from: Sequence[clips.Clip], method: str) -> str:
    """Check the consent for every clip; return what the metadata of the fake say."""
    if not made_from or not all(isinstance(clip, clips.Clip) for clip in made_from):
        raise ValueError(
            "made_from: expected a list of every clip that the fake is made from, such as "
            f"[clip], got {made_from!r}."
        )
    if not method.strip():
        raise ValueError("method: expected words that say how the fake was made, got none.")
    for clip in made_from:
        consent.require(clip, "make")
    sources = [{"id": clip.entry["id"], "sha256": clip.sha256} for clip in made_from]
    return json.dumps({"statement": STATEMENT, "method": method, "made_from": sources})


def _write_picture(path: Path, image: np.ndarray, comment: str, overwrite: bool) -> Path:
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; choose another name or pass overwrite=True.")
    text = PngInfo()
    text.add_text("comment", comment)
    with files.atomic_write(path) as partial:  # PNG keeps `pnginfo`, JPEG keeps `comment`
        Image.fromarray(image).save(partial, quality=95, comment=comment, pnginfo=text)
    return path


def read_origin(path: str | Path) -> Origin | None:
    """Return what a file says about how it was made, or None if `write_fake` did not write it.

    A file without an origin may still be a fake, because the metadata can be lost when another
    program saves the file again.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Origin or None

    Raises
    ------
    OSError, av.error.FFmpegError
        There is no such file, or it is neither a picture nor a video.
    """
    path = Path(path)
    if path.suffix.lower() in PICTURES:
        with Image.open(path) as picture:
            comment = picture.info.get("comment", "")
    else:
        with av.open(str(path)) as container:
            comment = container.metadata.get("comment", "")
    try:
        told = json.loads(comment)
        return Origin(told["method"], told["made_from"])
    except (ValueError, KeyError, TypeError):  # another program wrote the comment
        return None
