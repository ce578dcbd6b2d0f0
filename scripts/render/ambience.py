"""What a microphone hears besides the voice: the room that answers, its hum, and breaths.

None of this is speech. It only fills the silence that a speech synthesiser leaves, which no
recording of a real room has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

DIRECT_FIRST, WALLS = 0.004, 14
"""Seconds until the first reflection can arrive; how many early reflections we add."""


@dataclass(frozen=True)
class Room:
    """How a room sounds.

    `tone` is the level of its noise and `hum` that of the mains hum, both in dB of full scale.
    `colour` is the change of the noise for each octave upwards, in dB: below 0, high frequencies
    are weaker. `echo` is the amplitude of the reflections as a share of the voice (0 to 1), and
    `fade` the time in seconds in which they fade by 60 dB.
    """

    tone: float
    hum: float
    colour: float
    echo: float
    fade: float


def heard_in(sound: np.ndarray, rate: int, room: Room, rng: np.random.Generator) -> np.ndarray:
    """Return the voice (N,) with reflections: the direct sound stays where it is in time."""
    length = int(room.fade * rate)
    answer = np.zeros(length)
    times = np.sort(rng.uniform(DIRECT_FIRST, 0.035, WALLS))
    answer[(times * rate).astype(int)] += rng.choice([-1, 1], WALLS) * np.exp(-times / 0.02)
    late = rng.normal(size=length) * 10 ** (-3 * np.arange(length) / length)
    late[: int(0.02 * rate)] = 0
    answer += 0.12 * late
    answer = sosfilt(butter(1, (150, 4500), "bandpass", fs=rate, output="sos"), answer)
    answer *= room.echo / np.sqrt((answer**2).sum())
    return sound + fftconvolve(sound, answer)[: len(sound)]


def tone_of(room: Room, samples: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Return the noise and the hum of a room (N,)."""
    frequencies = np.fft.rfftfreq(samples, 1 / rate)
    octaves = np.log2(np.maximum(frequencies, 60) / 60)
    loud = 10 ** (room.colour * octaves / 20) * (frequencies > 30)
    noise = np.fft.irfft(np.fft.rfft(rng.normal(size=samples)) * loud, samples)
    noise *= 10 ** (room.tone / 20) / noise.std()
    time = np.arange(samples) / rate
    hum = sum(
        share * np.sin(2 * np.pi * (50 * n * time + rng.random()))
        for n, share in ((1, 0.4), (2, 1.0), (3, 0.3), (4, 0.5))
    )
    return noise + 10 ** (room.hum / 20) / hum.std() * hum


def breath(seconds: float, rate: int, size: float, rng: np.random.Generator) -> np.ndarray:
    """Return the sound (N,) of breathing in, with a peak of 1: noise with the mouth's resonances.

    It lasts `seconds` at `rate` Hz. `size` scales its resonances as `formants` does in
    `vocoder.Change`.
    """
    samples = round(seconds * rate)
    time = np.linspace(0, 1, samples)
    swell = np.sin(np.pi * time**1.4) ** 1.5
    noise = rng.normal(size=samples)
    air = 0.15 * sosfilt(butter(1, (300, 4000), "bandpass", fs=rate, output="sos"), noise)
    for centre, share in ((700, 0.4), (1600, 1.0), (2700, 0.6), (4200, 0.2)):
        band = np.array([0.85, 1.15]) * centre * size
        air += share * sosfilt(butter(1, band, "bandpass", fs=rate, output="sos"), noise)
    air *= swell
    return air / np.abs(air).max()
