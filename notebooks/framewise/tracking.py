"""Tracking: follow every face of a clip from frame to frame, each under one identity.

Notebook: 02_landmarks.ipynb
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from framewise.clips import Clip
from framewise.landmarks import MOST_TURNED, eye_width, head_yaw
from framewise.workbench import eyes, following
from framewise.workbench.following import LEAST_SEEN_S, Bar
from framewise.workbench.notices import Notice

__all__ = [
    "FaceTrack",
    "clip_notices",
    "find_cuts",
    "find_interruptions",
    "find_repeats",
    "track_face",
    "track_faces",
    "track_notices",
]

FEW = 0.02
"""Repeats that are spread over a clip get a notice only if they are more than this share of its
frames."""


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face along a clip of T frames; NaN in frames where it was not found."""

    points: np.ndarray
    """(T, 468, 2) float32 pixels"""
    eyelids: np.ndarray
    """(T, 2, 16, 2) float32 pixels, see Eyes"""
    iris: np.ndarray
    """(T, 2, 5, 2) float32 pixels, see Eyes"""
    score: np.ndarray
    """(T,) float32, 0 to 1: the network's face-present score"""
    times: np.ndarray
    """(T,) float64 seconds"""
    cuts: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    """(C,) int: frames that begin another shot"""
    repeats: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    """(R,) int: frames whose picture repeats that of the frame before"""

    def __len__(self) -> int:
        return len(self.score)


def track_face(clip: Clip, *, progress: bool = True) -> FaceTrack:
    """Follow one person through a clip, the first that is found.

    If several faces are found first in the same frame, the one with the highest detection score is
    followed. In each frame the landmark network looks where the points were in the frame before.
    The detector runs only at the start, where the picture jumps and where the face-present score
    falls. If a face jumps by half its width between two frames, it may be lost although the score
    does not fall.

    After a cut, the face is followed only if it is recognised as the same person, as in
    `track_faces`. Otherwise its numbers are NaN. A face seen for less than half a second counts as
    a false alarm if there is another face. A face that enters a shot later than others may be
    missed; `track_faces` finds it. The result is kept on disk under the hash of the clip's bytes.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    clip : Clip
    progress : bool
        Show a progress bar.

    Returns
    -------
    FaceTrack
        All NaN if there is no face.
    """
    return _cached_tracks(clip, 1, progress)[0]


def track_faces(
    clip: Clip,
    *,
    progress: bool | Bar = True,
    watch: Callable[[int, np.ndarray], object] | None = None,
) -> list[FaceTrack]:
    """Follow every face of a clip, each under one identity.

    A face that was away, or that appears after a cut, counts as a known person if the portraits of
    the two agree in shape and colour; see `likeness.group`. Nobody is followed through a flash, a
    cross-fade, or a picture that is shown for less than half a second. When two faces cross, the
    hidden face is not guessed: its numbers are NaN. Faces seen for less than half a second in
    total are dropped as false alarms.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    clip : Clip
    progress : bool or callable
        Show a progress bar. A callable (see `Bar`) takes the place of the usual bar.
    watch : callable, optional
        Called with the number and the picture of each frame, in order, from another thread. If the
        tracks are known already, the frames are not decoded, and nothing is called.

    Returns
    -------
    list of FaceTrack
        The face seen longest comes first. The list is empty if there is no face.
    """
    tracks = _cached_tracks(clip, None, progress, watch)
    return sorted(tracks, key=lambda track: np.isnan(track.score).sum())


def find_cuts(clip: Clip, *, progress: bool | Bar = True) -> np.ndarray:
    """Return the frames that begin another shot, (C,) int, also where there is no face.

    Parameters
    ----------
    clip : Clip
    progress : bool or callable
        As in `track_faces`.
    """
    return following.measured(clip, None, progress)["cuts"]


def find_repeats(clip: Clip, *, progress: bool = True) -> np.ndarray:
    """Return the frames whose picture repeats that of the frame before, (R,) int.

    Parameters
    ----------
    clip : Clip
    progress : bool
        Show a progress bar.
    """
    return following.measured(clip, None, progress)["repeats"]


def find_interruptions(clip: Clip, *, progress: bool = True) -> np.ndarray:
    """Return the frames that belong to no shot, (N,) int: flashes, inserts and cross-fades.

    Parameters
    ----------
    clip : Clip
    progress : bool
        Show a progress bar.
    """
    return following.measured(clip, None, progress)["broken"]


def clip_notices(clip: Clip, *, progress: bool = True) -> list[Notice]:
    """Return the notices about a clip's pictures: cuts, interruptions, and repeated pictures.

    Parameters
    ----------
    clip : Clip
    progress : bool
        Show a progress bar.
    """
    again = np.zeros(len(clip), bool)
    again[find_repeats(clip, progress=progress)] = True
    frozen = _stretches(again, clip.times, gap_s=0)
    spread = again.sum() - sum(again[first : last + 1].sum() for first, last in frozen)
    notices = [
        Notice("cut", cut, cut, f"Another shot begins at frame {cut}.")
        for cut in find_cuts(clip, progress=progress).tolist()
    ]
    broken = find_interruptions(clip, progress=progress)
    if len(broken):
        statement = (
            f"In {len(broken)} of {len(again)} frames the shot is interrupted by a flash, a "
            "cross-fade, or another picture for a moment. Nobody is followed in these frames, so "
            "blinks there are missed."
        )
        notices.append(Notice("interrupted", int(broken[0]), int(broken[-1]), statement))
    notices += _told(
        "repeated_pictures",
        [(*span, "The picture does not change") for span in frozen],
        "Blinks cannot be seen there.",
    )
    if spread > FEW * len(again):
        statement = (
            f"{spread} of {len(again)} frames, spread over the clip, only repeat the picture "
            "before them. Blinks are counted in the new pictures only."
        )
        notices.append(Notice("repeated_pictures", None, None, statement))
    return notices


def track_notices(track: FaceTrack) -> list[Notice]:
    """Return the notices about one face: where its eyes are covered or too small."""
    here = ~np.isnan(track.score)
    lost = np.isnan(track.eyelids).any((2, 3)) & here[:, None]
    small = np.zeros_like(here)
    small[here] = ~eyes.wide_along(eye_width(track.points[here]), track.times[here])
    unseen = lost & ~small[:, None] & (np.abs(head_yaw(track.points)) < MOST_TURNED)[:, None]
    covered = [
        (first, last, f"{_which_eyes(unseen[first : last + 1])} cannot be seen")
        for first, last in _stretches(unseen.any(axis=1), track.times)
    ]
    tiny = [
        (*span, f"The eyes are less than {eyes.LEAST_WIDTH} pixels wide")
        for span in _stretches(lost.all(axis=1) & small, track.times)
    ]
    return [
        *_told("covered_eyes", covered, "Blinks are counted only while both eyes are seen."),
        *_told("small_face", tiny, "The lids of such small eyes cannot be measured."),
    ]


def _which_eyes(unseen: np.ndarray) -> str:
    right, left = unseen.mean(axis=0) > 0.5
    if right == left:
        return "The eyes" if right else "One eye or the other"
    return "The right eye" if right else "The left eye"


def _stretches(
    where: np.ndarray, times: np.ndarray, *, gap_s: float = LEAST_SEEN_S / 2
) -> list[tuple[int, int]]:
    """Return first and last frame of each stretch of 0.5 s or more; fill gaps below `gap_s`."""
    ends = np.append(times[1:], times[-1] + np.median(np.diff(times, append=times[-1])))
    edges = np.flatnonzero(np.diff(where, prepend=False, append=False)).reshape(-1, 2)
    spans: list[list[int]] = []
    for first, after in edges.tolist():
        if spans and times[first] - ends[spans[-1][1]] < gap_s:
            spans[-1][1] = after - 1
        else:
            spans.append([first, after - 1])
    return [(a, b) for a, b in spans if ends[b] - times[a] >= LEAST_SEEN_S]


def _told(kind: str, spans: list[tuple[int, int, str]], follows: str) -> list[Notice]:
    return [
        Notice(kind, first, last, f"{what} in frames {first} to {last}. {follows}")
        for first, last, what in spans
    ]


def _cached_tracks(
    clip: Clip, most: int | None, progress: bool | Bar, watch: Callable | None = None
) -> list[FaceTrack]:
    arrays = following.measured(clip, most, progress, watch)
    rows = zip(*(arrays[name] for name in following.PER_FACE), strict=True)
    return [FaceTrack(*row, clip.times, arrays["cuts"], arrays["repeats"]) for row in rows]
