"""Finishing: put the faces that a network drew into a clip, repair it, and measure how good it is.

Notebook: 05_autoencoder.ipynb
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from framewise import alignment, autoencoder, blinks, consent, landmarks, opening, pairing, swap
from framewise.clips import Clip
from framewise.tracking import FaceTrack

__all__ = ["Finish", "Quality", "count_blinks", "detail", "finish_clip", "measure_fake"]

Draw = Callable[[np.ndarray], np.ndarray]
"""draw(images) takes faces (N, S, S, 3) uint8 RGB and returns the faces that the network makes."""

BATCH = 16  # faces that the network draws at once

INNER = 0.75
"""The `reach` of `autoencoder.likeness`. Likeness is measured only well inside the outline, because
near the border the fake shows the performer's own pixels."""


@dataclass(frozen=True)
class Finish:
    """How the faces are put into the clip. The defaults repair nothing."""

    smooth: float = 0.0
    """How strongly the landmarks are smoothed: the `frames` of `pairing.smooth_points`."""
    blend: str = "feather"
    """One of `swap.BLENDS`."""
    detail: float = 0.0
    """Sharpen until the face has this share of the detail of the untouched face. 0: not at all."""
    mouth: bool = False
    """Show the performer's own teeth and tongue, that is, everything between the lips."""
    eyes: bool = False
    """Show the performer's own eyes while they are closing, shut or opening."""


def detail(image: np.ndarray, points: np.ndarray) -> float:
    """Return how much fine detail a face has, as the mean absolute Laplacian inside its outline.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    float, grey levels
        How much a pixel differs from the mean of its four neighbours, on average over the face.
    """
    corners = np.clip(landmarks.face_box(points).reshape(2, 2).astype(int), 2, None)
    corner, far = corners + [[-2], [3]]
    image, points = image[corner[1] : far[1], corner[0] : far[0]], points - corner
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    inside = swap.face_mask(points, image.shape[1::-1]) > 0
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F))[inside].mean() / 4)


def finish_clip(
    clip: Clip,
    draw: Draw,
    finish: Finish = Finish(),
    *,
    size: int = 64,
    frames: slice = slice(None),
) -> Iterator[np.ndarray]:
    """Let a network draw the face of each frame, put it back, and repair what can be repaired.

    The frames carry no mark. Write them with `fakes.write_fake`.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    clip : Clip
        The clip of the performer. It shows one face.
    draw : callable
        It takes faces (N, S, S, 3) uint8 RGB of the performer, and returns faces of the other
        person in the same form.
    finish : Finish
    size : int
        Side of the faces that the network takes, pixels.
    frames : slice
        Which frames, such as slice(0, 100); by default all. They must follow each other.

    Yields
    ------
    (H, W, 3) uint8 RGB
        One picture for each of these frames. A frame without a face stays as it is.

    Raises
    ------
    consent.ConsentError
        The person in the clip did not agree to fakes.
    ValueError
        The clip shows no face or several faces. Or the slice has a step other than 1.
    """
    if frames.step not in (None, 1):
        raise ValueError(
            f"frames: expected frames that follow each other, got a step of {frames.step}. Leave "
            "the step out, as in slice(0, 100)."
        )
    consent.require(clip, "make")
    return _finished(clip, pairing.only_track(clip), draw, finish, (size, frames))


def _finished(
    clip: Clip, track: FaceTrack, draw: Draw, finish: Finish, cut: tuple[int, slice]
) -> Iterator[np.ndarray]:
    points = pairing.smooth_points(track.points, finish.smooth, cuts=track.cuts)
    first, stop, _ = cut[1].indices(len(clip))
    made = _draw_faces(clip, points, draw, (cut[0], first, stop))
    sharp = _sharpening(clip, points, made, finish) if finish.detail and made else 0
    recipe = swap.Recipe(blend=finish.blend, sharpen=sharp)
    closed = _closing(track) * finish.eyes
    for i, image in enumerate(clip.frames(first, stop), first):
        if i not in made:
            yield image
            continue
        fake = autoencoder.put_back(*made[i], image, points[i], recipe).frame
        if finish.mouth:
            fake = _show_own(fake, image, points[i], ("inner_lips",), 1.0)
        if closed[i] > 0:
            fake = _show_own(fake, image, points[i], ("right_eye", "left_eye"), closed[i])
        yield fake


def _draw_faces(
    clip: Clip, points: np.ndarray, draw: Draw, which: tuple[int, int, int]
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return the drawn face and its matrix (picture to face) of each frame that has a face."""
    size, first, stop = which
    faces, matrices = {}, {}
    for i, image in enumerate(clip.frames(first, stop), first):
        if not np.isnan(points[i]).any():
            faces[i], matrices[i] = autoencoder.cut_face(image, points[i], size=size)
    known, made = list(faces), {}
    for start in range(0, len(known), BATCH):
        part = known[start : start + BATCH]
        drawn = draw(np.stack([faces[i] for i in part]))
        made |= {i: (face, matrices[i]) for i, face in zip(part, drawn, strict=True)}
    return made


def _sharpening(clip: Clip, points: np.ndarray, made: dict, finish: Finish) -> float:
    """Return the sharpening that gives the wanted detail.

    Detail grows almost linearly with the sharpening, so we measure it for 0 and 2, and draw a line.
    """
    some = list(made)[:: max(1, len(made) // 5)]
    share = []
    for amount in (0, 2):
        recipe = swap.Recipe(blend=finish.blend, sharpen=amount)
        ratios = []
        for i in some:
            fake = autoencoder.put_back(*made[i], clip[i], points[i], recipe).frame
            ratios.append(detail(fake, points[i]) / detail(clip[i], points[i]))
        share.append(np.mean(ratios))
    if share[1] <= share[0]:  # a flat face has nothing to sharpen
        return 0.0
    return max(0.0, 2 * float((finish.detail - share[0]) / (share[1] - share[0])))


def _closing(track: FaceTrack) -> np.ndarray:
    """Return how strongly the performer's own eyes are shown in each frame, (T,) float, 0 to 1.

    It is 0 while the eyes are open by 90 % of their usual opening or more, or are not seen. It is 1
    at 65 % or less.
    """
    eyes = landmarks.eye_opening(track.eyelids)
    level = opening.open_level(eyes, track.times, cuts=track.cuts)
    share = np.nan_to_num((eyes / level).mean(1), nan=1)
    return np.clip((0.9 - share) / 0.25, 0, 1)


def _show_own(
    fake: np.ndarray, image: np.ndarray, points: np.ndarray, groups: Sequence[str], share: float
) -> np.ndarray:
    """Paste the performer's own eyes or inner mouth over the fake, with a soft edge."""
    mask = np.zeros(fake.shape[:2], np.uint8)
    width = float(np.linalg.norm(points[454] - points[234]))
    for name in groups:
        ring = points[landmarks.GROUPS[name]]
        cv2.fillPoly(mask, [np.rint(ring * 16).astype(np.int32)], 255, shift=4)
    if "right_eye" in groups:  # in a blink, the skin around the eye moves too
        mask = cv2.dilate(mask, np.ones((max(1, round(width / 14)),) * 2, np.uint8))
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), width / 80)
    own = swap.match_colour(image, fake, mask) if "right_eye" in groups else image
    return swap.blend(own, fake, share * soft, "feather")


class Quality(NamedTuple):
    """How good a fake is, measured against the untouched clip of the performer."""

    detail: float
    """Mean detail of the face, as a share of the detail of the untouched face."""
    likeness: float
    """Likeness to the person who gives the face (the giver), minus likeness to the performer, on
    average; see `autoencoder.likeness`."""
    nearer: float
    """Share of the frames whose face is more like the giver than like the performer."""
    mouth: float
    """Correlation of `landmarks.mouth_opening` with that of the untouched clip, -1 to 1."""
    eyes: float
    """The same for the opening of the eyes."""
    tremble: float
    """How much the landmarks of `alignment.STEADY` jump: the median size of their second
    differences, pixels. A second difference is the change of the motion from frame to frame."""
    blinks: int
    """How many blinks are found; -1 if they cannot be counted."""


def measure_fake(
    fake: Clip, clip: Clip, performer: np.ndarray, giver: np.ndarray, *, first: int = 0
) -> Quality:
    """Measure how good a fake is.

    Notebook: 05_autoencoder.ipynb

    Parameters
    ----------
    fake : Clip
        Frames of `clip` in which the face was replaced.
    clip : Clip
        The untouched clip.
    performer, giver : (N, S, S, 3) and (M, S, S, 3) uint8 RGB
        Faces of the two people, as `autoencoder.cut_face` cuts them out.
    first : int
        The frame of `clip` that became the first frame of the fake.

    Returns
    -------
    Quality

    Raises
    ------
    ValueError
        One of the clips shows no face or several faces. Or `fake` has more frames than `clip` has
        from `first` on.
    """
    if len(fake) > len(clip) - first:
        raise ValueError(
            f"fake: expected at most {len(clip) - first} frames, as many as `clip` has from frame "
            f"{first} on, got {len(fake)}. Pass the clip that the fake was made from."
        )
    track, goal = pairing.only_track(fake), pairing.only_track(clip)
    here = slice(first, first + len(fake))
    points, size = goal.points[here], performer.shape[1]
    shares, faces = [], []
    pairs = zip(fake.frames(), clip.frames(here.start, here.stop), points, strict=True)
    for changed, untouched, face in pairs:
        if not np.isnan(face).any():
            shares.append(detail(changed, face) / detail(untouched, face))
            faces.append(autoencoder.cut_face(changed, face, size=size)[0])
    less = autoencoder.likeness(np.stack(faces), giver, reach=INNER)
    less = less - autoencoder.likeness(np.stack(faces), performer, reach=INNER)
    return Quality(
        float(np.mean(shares)),
        float(less.mean()),
        float((less > 0).mean()),
        _correlation(landmarks.mouth_opening(track.points), landmarks.mouth_opening(points)),
        _correlation(_eyes(track), _eyes(goal)[here]),
        _tremble(track.points),
        count_blinks(track),
    )


def count_blinks(track: FaceTrack) -> int:
    """Return how many blinks `blinks.measure` finds, or -1 if it cannot count them.

    Parameters
    ----------
    track : FaceTrack
    """
    found = blinks.measure(track).blinks
    return -1 if found is None else len(found)


def _eyes(track: FaceTrack) -> np.ndarray:
    return landmarks.eye_opening(track.eyelids).mean(1)


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 2:
        return float("nan")
    return float(np.corrcoef(x[known], y[known])[0, 1])


def _tremble(points: np.ndarray) -> float:
    """Return how much the points of `alignment.STEADY` jump; frames around a gap do not count."""
    straight = points[:, alignment.STEADY]
    jumps = np.linalg.norm(np.diff(straight.astype(float), 2, axis=0), axis=2)
    return float(np.nanmedian(jumps))
