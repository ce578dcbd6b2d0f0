"""Find exactly when each speech sound of a sentence starts, from rough start times.

A speech synthesiser that is a neural network says how long it plans each sound to be, but the
sound itself may start some hundredths of a second earlier or later. This module moves the borders
to where the spectrum changes. It chooses all borders of a sentence at once: every sound should
have one steady spectrum, a stop has a silent closure and then a burst, and no border may move far
(Brugnara, Falavigna and Omologo 1993 describe such alignments).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

HOP, WINDOW = 0.004, 0.012
"""Seconds between two spectra, and how much sound each of them sees."""
BANDS, LOWEST, HIGHEST = 18, 100.0, 8000.0
FLOOR_DB = 55.0
"""Weaker than this below the loudest spectrum of the sentence counts as silence."""
REACH, SOFT = 0.06, 0.02
"""Seconds: how far a border may move at most, and the distance that is usual."""


@dataclass(frozen=True)
class Part:
    """A stretch of sound with one steady spectrum. It starts roughly from `early` to `late`.

    `kind` is one of KINDS.
    """

    early: float
    late: float
    kind: str


KINDS = {
    "silence": (0.012, -1.0, -1.0, -1.0),
    "closure": (0.016, 0.0, -1.0, -1.0),
    "burst": (0.008, -0.7, -0.3, 0.5),
    "noise": (0.024, -0.7, -0.3, 0.5),
    "nasal": (0.024, 0.5, -0.4, -0.5),
    "glide": (0.024, 0.5, 0.2, -0.3),
    "open": (0.03, 0.5, 1.0, 0.0),
}
"""For each kind: how many seconds it lasts at least, and whether sound in it is loud (above 0) or
quiet (below 0) at low (to 400 Hz), middle and high (from 3000 Hz) frequencies."""
PULL = 0.5


def starts_of(sound: np.ndarray, rate: int, parts: list[Part]) -> np.ndarray:
    """Return the time in seconds (P,) at which each part starts; the first starts at 0.

    `sound` (N,) has `rate` samples a second. The P `parts` follow each other without a gap. Raises
    ValueError if the parts do not fit into the sound.
    """
    spectra, edges = _spectra(sound, rate)
    count = len(spectra)
    total = np.concatenate([np.zeros((1, BANDS)), np.cumsum(spectra, 0)])
    power = np.concatenate([[0.0], np.cumsum((spectra**2).sum(1))])
    liking = {kind: _liking(spectra, edges, signs) for kind, (_, *signs) in KINDS.items()}

    def cost(kind: str, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        long = np.maximum(last - first, 1)
        spread = power[last] - power[first] - ((total[last] - total[first]) ** 2).sum(-1) / long
        result = spread - PULL * (liking[kind][last] - liking[kind][first])
        return np.where(last - first >= KINDS[kind][0] / HOP, result, np.inf)

    places, best, came = [np.array([0])], [np.zeros(1)], [np.zeros(1, int)]
    for before, part in pairwise(parts):
        here = _candidates(part, count)
        paid = best[-1][:, None] + cost(before.kind, places[-1][:, None], here[None])
        came.append(paid.argmin(0))
        best.append(paid.min(0) + _distance(here * HOP, part))
        places.append(here)
    final = best[-1] + cost(parts[-1].kind, places[-1], np.full(len(places[-1]), count))
    if not np.isfinite(final.min()):
        raise ValueError(
            "the sounds do not fit: each needs at least 8 to 30 ms (see KINDS), but the rough "
            "times leave less; check the rough times, or make the sound longer"
        )
    k, starts = int(final.argmin()), []
    for place, origin in zip(places[::-1], came[::-1], strict=True):
        starts.append(place[k] * HOP)
        k = origin[k]
    return np.array(starts[::-1])


def _candidates(part: Part, count: int) -> np.ndarray:
    """The spectra with which a part may start."""
    first = round((part.early - REACH) / HOP)
    last = round((part.late + REACH) / HOP)
    return np.arange(max(first, 1), min(last, count - 1) + 1)


def _distance(times: np.ndarray, part: Part) -> np.ndarray:
    """What it costs to start at these times: nothing within what was said roughly."""
    outside = np.maximum(part.early - times, 0) + np.maximum(times - part.late, 0)
    return BANDS * (outside / SOFT) ** 2 * 0.1


def _liking(spectra: np.ndarray, edges: np.ndarray, signs: list[float]) -> np.ndarray:
    """How well each spectrum suits a kind of part, summed up from the beginning."""
    middle = (edges[1:-1] >= 400) & (edges[1:-1] < 3000)
    bands = (edges[1:-1] < 400, middle, edges[1:-1] >= 3000)
    suits = sum(sign * spectra[:, band].sum(1) for sign, band in zip(signs, bands, strict=True))
    return np.concatenate([[0.0], np.cumsum(suits)])


def _spectra(sound: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Log spectra (N, BANDS), one every HOP, mean 0 and spread about 1; and the band's edges."""
    size, hop = round(WINDOW * rate), HOP * rate
    padded = np.pad(sound.astype(float), (size // 2, size))
    starts = np.round((np.arange(int(len(sound) / hop)) + 0.5) * hop).astype(int)
    frames = padded[starts[:, None] + np.arange(size)] * np.hanning(size)
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    edges = _from_mel(np.linspace(_mel(LOWEST), _mel(HIGHEST), BANDS + 2))
    frequencies = np.fft.rfftfreq(512, 1 / rate)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rise, fall = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    bands = power @ np.clip(np.minimum(rise, fall), 0, None).T
    db = 10 * np.log10(bands + 1e-12)
    db = np.maximum(db, db.max() - FLOOR_DB)
    return (db - db.mean()) / db.std(), edges


def _mel(frequency):
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def _from_mel(mel):
    return 700 * (10 ** (mel / 2595) - 1)
