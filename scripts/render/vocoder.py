"""Change a voice without changing when it says what: pitch, size of the mouth, breath and age.

The WORLD vocoder (Morise, Yokomori and Ozawa 2016) takes speech apart into pitch, spectral
envelope and breath every 5 ms. We change each of them and put the speech together again. Nothing
moves in time, so the times of the sounds stay exact. The pitch itself comes from Praat (Boersma
1993): WORLD's own measurement is often an octave too high for this voice, whose lowest partial is
weak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

PERIOD = 5.0
"""Milliseconds between two analyses."""
DEEPEST, HIGHEST = 50.0, 220.0
"""Hz: where to look for the pitch of the recorded voice."""
CREAK = 0.4
"""Octaves: deeper than this below its median the recorded voice creaks; we raise such places."""
VOICED = 0.35
"""How regular the sound must be, from 0 to 1, to count as voiced."""
TILT_FROM = 500.0


@dataclass(frozen=True)
class Change:
    """How a new voice differs from the recorded voice.

    `pitch` is the median in Hz. `range` scales how far pitch rises and falls (1 as recorded).
    `formants` scales the resonances of the mouth: above 1 they are higher, as in a smaller mouth;
    `first` scales those below about 1000 Hz once more. `tilt` in dB an octave makes it brighter
    (above 0) or duller. `breath` from 0 to 1 adds air to the voice. `shake` in semitones makes the
    pitch tremble, as it does in old age.
    """

    pitch: float
    range: float = 1.0
    formants: float = 1.0
    first: float = 1.0
    tilt: float = 0.0
    breath: float = 0.0
    shake: float = 0.0


def changed(
    sound: np.ndarray,
    rate: int,
    change: Change,
    sung: list[tuple[float, float]],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the sound (N,) as another voice would say it, just as long.

    `sung` are the times in seconds, from and to, of vowels and other sounds with a pitch. Where the
    recorded voice is too deep there to measure its pitch, we draw the pitch between its neighbours.
    """
    import pyworld

    sound = np.ascontiguousarray(sound, float)
    times = np.arange(int(1000 * len(sound) / rate / PERIOD) + 1) * PERIOD / 1000
    pitch = _pitch(sound, rate, times)
    within = np.any([(start < times) & (times < end) for start, end in sung], axis=0)
    heard = np.flatnonzero(pitch)
    pitch = np.where(within & (pitch == 0), np.interp(times, times[heard], pitch[heard]), pitch)
    size = pyworld.get_cheaptrick_fft_size(rate, DEEPEST)
    envelope = pyworld.cheaptrick(sound, pitch, times, rate, f0_floor=DEEPEST, fft_size=size)
    breath = pyworld.d4c(sound, pitch, times, rate, threshold=0.0, fft_size=size)
    frequencies = np.linspace(0, rate / 2, envelope.shape[1])
    envelope = _warped(envelope, frequencies, change)
    octaves = np.log2(np.maximum(frequencies, TILT_FROM) / TILT_FROM)
    envelope = envelope * 10 ** (change.tilt * octaves / 10)
    breath = _breathier(breath, frequencies, change.breath)
    parts = map(np.ascontiguousarray, (_sung(pitch, change, rng), envelope, breath))
    new = pyworld.synthesize(*parts, rate, PERIOD)
    return np.pad(new, (0, max(len(sound) - len(new), 0)))[: len(sound)]


def _pitch(sound: np.ndarray, rate: int, times: np.ndarray) -> np.ndarray:
    """The pitch in Hz at some times, 0 where the voice is silent."""
    import parselmouth

    found = parselmouth.Sound(sound, rate).to_pitch_ac(
        PERIOD / 1000, DEEPEST, voicing_threshold=VOICED, pitch_ceiling=HIGHEST
    )
    values = found.selected_array["frequency"]
    nearest = np.round((times - found.xs()[0]) * 1000 / PERIOD).astype(int)
    inside = (nearest >= 0) & (nearest < len(values))
    return np.where(inside, values[np.clip(nearest, 0, len(values) - 1)], 0.0)


def _sung(pitch: np.ndarray, change: Change, rng: np.random.Generator) -> np.ndarray:
    """The new pitch in Hz, 0 where the voice is silent."""
    voiced = pitch > 0
    height = np.log2(np.where(voiced, pitch, 1.0) / np.median(pitch[voiced]))
    height = np.where(height < -CREAK, -CREAK + 0.3 * (height + CREAK), height)
    height = np.where(voiced, _smooth(median_filter(height, 5), voiced), 0)
    tremble = gaussian_filter1d(rng.normal(size=len(pitch)), 6)
    tremble *= change.shake / 12 / max(tremble.std(), 1e-9)
    return np.where(voiced, change.pitch * 2 ** (change.range * height + tremble), 0.0)


def _smooth(height: np.ndarray, voiced: np.ndarray) -> np.ndarray:
    """Smooth the pitch within 10 ms, without the places that have none."""
    share = gaussian_filter1d(voiced.astype(float), 1.5)
    return gaussian_filter1d(height * voiced, 1.5) / np.maximum(share, 1e-6)


def _warped(envelope: np.ndarray, frequencies: np.ndarray, change: Change) -> np.ndarray:
    """Move the resonances: scale the frequency axis of the envelope (T, F) by `change.formants`."""
    low = np.clip((1400 - frequencies) / 800, 0, 1)
    source = frequencies / (change.formants * change.first**low)
    source = np.minimum(np.maximum.accumulate(source), frequencies[-1])
    logs = np.log(envelope)
    at = source / frequencies[1]
    below = np.minimum(at.astype(int), len(frequencies) - 2)
    share = at - below
    return np.exp((1 - share) * logs[:, below] + share * logs[:, below + 1])


def _breathier(breath: np.ndarray, frequencies: np.ndarray, more: float) -> np.ndarray:
    """Mix noise into the voiced sound (T, F), most of it at high frequencies."""
    high = np.clip((frequencies - 1500) / 4000, 0, 1)
    return np.clip(breath + more * high * (1 - breath), 0, 1)
