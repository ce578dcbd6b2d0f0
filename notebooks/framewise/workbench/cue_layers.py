"""Layers of cues: the maps of the traces in one frame, to be laid over the frame."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from framewise import cues
from framewise.workbench.inspector.layers import Layer

if TYPE_CHECKING:
    from framewise.clips import Clip
    from framewise.tracking import FaceTrack

__all__ = ["SHOWN", "Shown", "cue_layers"]


class Shown(NamedTuple):
    """How the map of a cue is shown."""

    what: str
    """What each pixel of the map tells, and its unit."""
    limits: tuple[float, float]
    """The values at the two ends of the scale."""


SHOWN = {
    "seam": Shown("step across the outline, ratio", (0, 6)),
    "lost_detail": Shown("medium over fine detail, octaves", (-0.5, 1.5)),
    "noise_gap": Shown("noise, grey levels", (0, 3)),
    "colour_gap": Shown("distance from the colour of the neck, CIELAB", (0, 15)),
    "light_gap": Shown("brightness, stops", (-2.5, 2.5)),
    "eye_difference": Shown("difference from the other eye, standard deviations", (0, 2.5)),
    "tooth_detail": Shown("fine detail, grey levels", (0, 20)),
    "spectral_slope": Shown("fall of the spectrum, powers of ten", (2, 6.5)),
    "grid_peaks": Shown("pattern of two pixels, grey levels", (0, 2)),
}
"""The cues that have a map. The limits are the same for every clip, so that maps can be compared.
About 96 % of the values in the untouched sample clips of Ana, Chen, Frank and Hugo lie in them. The
scale of the noise is wider, because the cameras of real clips are noisier."""


def cue_layers(tracks: Sequence[FaceTrack]) -> dict[str, Layer]:
    """Return a layer for each cue that has a map.

    Parameters
    ----------
    tracks : list of FaceTrack
        The faces to measure. A layer shows the maps of all of them.

    Returns
    -------
    dict of str to Layer
        By the name of the cue. Each layer is NaN where its map means nothing.
    """
    maps = lru_cache(maxsize=2)(partial(_maps, tracks))
    return {
        name: Layer(
            f"{name.replace('_', ' ')} ({shown.what})", partial(_of, maps, name), shown.limits
        )
        for name, shown in SHOWN.items()
    }


def _of(maps: object, name: str, clip: Clip, frame: int) -> np.ndarray:
    return maps(clip, frame)[name]


def _maps(tracks: Sequence[FaceTrack], clip: Clip, frame: int) -> dict[str, np.ndarray]:
    """Return the maps of one frame by the name of the cue. The first face lies on top."""
    image = clip[frame]
    maps = {name: np.full(image.shape[:2], np.nan, np.float32) for name in SHOWN}
    for track in reversed(tracks):
        if not np.isfinite(track.points[frame]).all():
            continue
        for name, trace in cues.maps(image, track.points[frame]).items():
            maps[name][trace.mask] = trace.map[trace.mask]
    return maps
