"""Motion: measure traces over time, from frame to frame.

Notebook: 09_motion.ipynb

Each cue is one number for each frame, NaN where it cannot be measured. A higher number is more
suspicious. Distances are in per cent of the width of the face. So a cue does not depend on how
large the face is in the film.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from framewise import alignment, landmarks
from framewise.clips import Clip
from framewise.headflow import flow_break
from framewise.pose import OUTER, pose_gap
from framewise.pulse import find_pulse
from framewise.readings import GAP_S, Readings, frames_apart, new_frames, read_clip
from framewise.tracking import FaceTrack

__all__ = [
    "GAP_S",
    "UNITS",
    "Readings",
    "compare_over_time",
    "find_pulse",
    "flicker",
    "flow_break",
    "level_points",
    "measure",
    "off_line",
    "painted_over",
    "pose_gap",
    "read_clip",
    "slide",
    "tremble",
]

UNITS = {
    "tremble": "% of face width",
    "flicker_colour": "grey levels",
    "flicker_detail": "%",
    "pose_gap": "degrees",
    "flow_break": "% of face width",
    "slide": "% of face width",
    "painted_over": "grey levels",
}
"""What `measure` measures, and the unit of each series."""

_CORE = alignment.STEADY[np.abs(alignment.CANONICAL[alignment.STEADY, 0] - 0.5) < 0.22]
_INNER = _CORE[alignment.CANONICAL[_CORE, 1] > 0.27]


def off_line(
    values: np.ndarray, times: np.ndarray, *, cuts: Sequence[int] = (), gap_s: float = GAP_S
) -> np.ndarray:
    """Return how far each value lies off the straight line between its two neighbours in time.

    A slow or even motion lies on the line, and gives 0. A tremble does not.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    values : (T, ...) float
    times : (T,) float, seconds
    cuts : (C,) int
        Frames that begin another shot. No line reaches across them.
    gap_s : float
        How far away the neighbours are, in seconds. It is at least one frame.

    Returns
    -------
    (T, ...) float
        NaN where the value or a neighbour is missing or NaN, and where the two neighbours are more
        than six gaps apart.

    Raises
    ------
    ValueError
        There is not exactly one time for each value.

    Examples
    --------
    >>> off_line(np.array([0.0, 1, 2, 6, 4]), np.arange(5) / 25).round(6).tolist()
    [nan, 0.0, -1.5, 3.0, nan]
    """
    values, times = np.asarray(values, float), np.asarray(times, float)
    if len(values) != len(times) or times.ndim != 1:
        raise ValueError(f"times: expected {len(values)} times, got shape {times.shape}.")
    step = frames_apart(times, gap_s)
    result = np.full(values.shape, np.nan)
    for frames in np.split(np.arange(len(times)), cuts):
        middle = frames[step:-step]
        before, after = middle - step, middle + step
        whole = times[after] - times[before]
        usable = (whole > 0) & (whole <= 6 * max(gap_s, 1e-9) + 1e-3)
        middle, before, after, whole = (a[usable] for a in (middle, before, after, whole))
        share = ((times[middle] - times[before]) / whole).reshape(-1, *[1] * (values.ndim - 1))
        line = values[before] + share * (values[after] - values[before])
        result[middle] = values[middle] - line
    return result


def level_points(points: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Align the faces of all frames to the canonical face, by some of their points.

    Parameters
    ----------
    points : (T, 468, 2) float pixels
    which : (N,) int
        The points by which each face is aligned, as by `alignment.estimate_similarity`.

    Returns
    -------
    (T, 468, 2) float64
        In per cent of the width of the face; NaN where there is no face.
    """
    points = np.asarray(points, float)
    face = 100 * alignment.CANONICAL / np.ptp(alignment.CANONICAL[:, 0])
    goal, here = face[..., 0] + 1j * face[..., 1], points[..., 0] + 1j * points[..., 1]
    here = here - here[:, which].mean(1, keepdims=True)
    away = goal[which] - goal[which].mean()
    with np.errstate(invalid="ignore"):  # frames without a face
        size = (np.abs(here[:, which]) ** 2).sum(1)
    turn = np.full(len(here), np.nan, complex)
    np.divide((here[:, which].conj() * away).sum(1), size, out=turn, where=size > 0)
    level = turn[:, None] * here + goal[which].mean()
    return np.stack([level.real, level.imag], axis=2)


def tremble(
    points: np.ndarray, times: np.ndarray, *, cuts: Sequence[int] = (), gap_s: float = GAP_S
) -> np.ndarray:
    """Measure how much the middle of a face trembles relative to its outline.

    Each face is aligned by its outline, at the forehead and beside the ears. This takes the head's
    own motion away. Then each point of the middle is compared with the straight line between its
    places before and after.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    points : (T, 468, 2) float pixels
        NaN where there is no face.
    times : (T,) float, seconds
    cuts : (C,) int
    gap_s : float
        As in `off_line`.

    Returns
    -------
    (T,) float, per cent of the face's width
        Root mean square over the points around brows, eyes and nose.

    Raises
    ------
    ValueError
        The points have another shape, or there is not one time for each frame.
    """
    if np.ndim(points) != 3 or np.shape(points)[1:] != (468, 2):
        raise ValueError(f"points: expected (T, 468, 2) pixels, got shape {np.shape(points)}.")
    level = level_points(points, OUTER)[:, _INNER]
    return np.sqrt((off_line(level, times, cuts=cuts, gap_s=gap_s) ** 2).sum(2).mean(1))


def flicker(
    face: np.ndarray,
    rest: np.ndarray,
    times: np.ndarray,
    *,
    cuts: Sequence[int] = (),
    gap_s: float = GAP_S,
) -> np.ndarray:
    """Measure how much the face flickers when the rest of the head does not flicker with it.

    A lamp that flickers changes both in the same way. This common change is subtracted.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    face, rest : (T, K) float
        K readings of the face and of what surrounds it, such as the three mean colours.
    times : (T,) float, seconds
    cuts : (C,) int
    gap_s : float
        As in `off_line`.

    Returns
    -------
    (T,) float
        In the unit of the readings.
    """
    difference = np.asarray(face, float) - np.asarray(rest, float)
    return np.linalg.norm(off_line(difference, times, cuts=cuts, gap_s=gap_s), axis=1)


def slide(
    drift: np.ndarray, times: np.ndarray, *, cuts: Sequence[int] = (), gap_s: float = GAP_S
) -> np.ndarray:
    """Measure how jerkily the middle of the face slides over the skin at its edge.

    When a head turns, its middle moves more than its edge, because the nose is nearer to the
    camera. This motion is smooth. So only what is off the line is counted.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    drift : (T, 2) float, per cent of the face's width
        What `headflow.flow_drift` returns for each frame.
    times : (T,) float, seconds
    cuts : (C,) int
    gap_s : float
        As in `off_line`.

    Returns
    -------
    (T,) float, per cent of the face's width
    """
    return np.linalg.norm(off_line(drift, times, cuts=cuts, gap_s=gap_s), axis=1)


def painted_over(
    patches: np.ndarray,
    times: np.ndarray,
    yaw: np.ndarray,
    *,
    cuts: Sequence[int] = (),
    most_turned: float = 8.0,
) -> np.ndarray:
    """Measure whether something reaches the face from below, but is not seen in front of it.

    Each frame is compared with the frame one second before it. If a patch outside the chin has
    changed, something came or went, such as a mug. If the patch inside the chin has not changed, a
    fake face perhaps hides the mug. A real mug on its way to the mouth does the same for a moment.
    So the number is the least one within 0.2 s before and after.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    patches : (T, N, 2, 3) float, grey levels
        The colours outside and inside the chin at N places, as in `readings.Readings`.
    times : (T,) float, seconds
    yaw : (T,) float, degrees
        How far the head is turned.
    cuts : (C,) int
        Frames that begin another shot.
    most_turned : float, degrees
        If the yaw differs by more than this between the two frames, other skin is seen, and the
        frame is not judged.

    Returns
    -------
    (T,) float, grey levels
        The change outside minus twice the change inside, at the place where this is largest. NaN
        where it cannot be measured, such as in the first second of a shot.
    """
    second, side = frames_apart(times, 1.0), frames_apart(times, 0.2)
    result = np.full(len(patches), np.nan)
    for frames in np.split(np.arange(len(times)), cuts):
        now, before = frames[second:], frames[:-second]
        change = np.linalg.norm(patches[now] - patches[before], axis=3)
        gap = change[..., 0] - 2 * change[..., 1]
        gap[np.abs(yaw[now] - yaw[before]) > most_turned] = np.nan
        if len(gap) > 2 * side:
            around = np.lib.stride_tricks.sliding_window_view(gap, 2 * side + 1, axis=0)
            result[now[side:-side]] = around.min(2).max(1)
    return result


def measure(clip: Clip, track: FaceTrack) -> dict[str, np.ndarray]:
    """Measure all cues over time of one face, in one pass over the frames.

    A picture that repeats the one before it shows nothing new. Only new pictures are compared.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    clip : Clip
    track : FaceTrack
        A face of this clip.

    Returns
    -------
    dict of str to (T,) float
        One series for each name in `UNITS`. NaN where a cue cannot be measured.

    Raises
    ------
    ValueError
        The track does not have as many frames as the clip.
    """
    return compare_over_time(read_clip(clip, track), track, clip.size_wh)


def compare_over_time(
    readings: Readings, track: FaceTrack, size_wh: tuple[int, int]
) -> dict[str, np.ndarray]:
    """Turn what was read from each frame into the series of `measure`.

    Parameters
    ----------
    readings : Readings
    track : FaceTrack
    size_wh : (int, int)
        Size of the picture, pixels.
    """
    new = new_frames(track)
    points, times = track.points[new], track.times[new]
    read = Readings(*(part[new] for part in readings))
    at = {"times": times, "cuts": np.searchsorted(new, track.cuts)}
    series = {
        "tremble": tremble(points, **at),
        "flicker_colour": flicker(read.face, read.rest, **at),
        "flicker_detail": flicker(read.detail[:, :1], read.detail[:, 1:], **at),
        "pose_gap": pose_gap(points, size_wh),
        "flow_break": read.breaks,
        "slide": slide(read.drift, **at),
        "painted_over": painted_over(read.patches, yaw=landmarks.head_yaw(points), **at),
    }
    return {name: _spread(values, new, len(track)) for name, values in series.items()}


def _spread(values: np.ndarray, new: np.ndarray, count: int) -> np.ndarray:
    spread = np.full(count, np.nan)
    spread[new] = values
    return spread
