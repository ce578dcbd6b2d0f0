"""Pulse: look for a heartbeat in the colour of the skin.

Notebook: 09_motion.ipynb
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from framewise import blending

__all__ = ["BAND_HZ", "Pulse", "find_pulse", "pulse_signal", "skin_colour"]

BAND_HZ = 0.7, 4.0
"""Lowest and highest frequency of a heart, in beats a second: 42 to 240 beats a minute."""

RATE = 30.0
"""Frames a second to which every series is brought."""

LEAST_S = 5.0
"""Seconds. In less time a slow heart beats too few times to be measured."""


class Pulse(NamedTuple):
    """The strongest rhythm in a series. It is a heartbeat only if there is a heart."""

    per_minute: float
    """its frequency, beats a minute"""
    share: float
    """how much of the power in the band lies at most 0.2 Hz away from it, 0 to 1"""
    frequencies: np.ndarray
    """(F,) float, beats a minute"""
    power: np.ndarray
    """(F,) float: the power at these frequencies, with sum 1"""


def skin_colour(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the mean colour well inside the outline of a face, (3,) float grey levels.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        NaN gives NaN.
    """
    if np.isnan(points).any():
        return np.full(3, np.nan)
    return image[blending.face_mask(points, image.shape[1::-1], shrink=0.15) > 0].mean(0)


def pulse_signal(colours: np.ndarray, times: np.ndarray, *, window_s: float = 1.6) -> np.ndarray:
    """Combine the three colours of skin into one series in which a heartbeat would be seen.

    Blood absorbs green light more than red light. Motion and lamps change all colours together. So
    the method uses only differences of colours, in which such a common change cancels: green minus
    blue, and green plus blue minus twice red. It scales the second to the spread of the first, and
    adds them.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    colours : (T, 3) float
        The mean red, green and blue of the skin in each frame. There is no NaN.
    times : (T,) float, seconds
        They rise.
    window_s : float
        Seconds in which the colours are compared with their mean.

    Returns
    -------
    (N,) float
        The signal at `RATE` samples a second.

    Raises
    ------
    ValueError
        The shapes differ, a number is NaN, or the series is shorter than a window.

    References
    ----------
    Wang et al. 2017, doi:10.1109/TBME.2016.2609282, algorithm 1 ("POS").
    """
    colours, times = np.asarray(colours, float), np.asarray(times, float)
    if colours.shape != (len(times), 3) or not np.isfinite(colours).all():
        raise ValueError(
            f"colours: expected ({len(times)}, 3) numbers without NaN, one row for each time, got "
            f"shape {colours.shape} with {np.sum(~np.isfinite(colours))} NaN or infinite numbers. "
            "Use the longest part without NaN, or call find_pulse, which does this."
        )
    if times[-1] - times[0] <= window_s:
        raise ValueError(f"times: expected more than {window_s} s, got {times[-1] - times[0]:.2f}.")
    even = np.arange(times[0], times[-1], 1 / RATE)
    skin = np.stack([np.interp(even, times, c) for c in colours.T], axis=1)
    signal, length = np.zeros(len(even)), round(window_s * RATE)
    for first in range(len(even) - length + 1):
        part = skin[first : first + length]
        red, green, blue = (part / part.mean(0)).T
        one, two = green - blue, green + blue - 2 * red
        ratio = one.std() / two.std() if two.std() > 0 else 0
        mixed = one + ratio * two
        signal[first : first + length] += mixed - mixed.mean()
    return signal


def find_pulse(
    colours: np.ndarray, times: np.ndarray, *, band_hz: tuple[float, float] = BAND_HZ
) -> Pulse:
    """Find the strongest rhythm in the colour of the skin.

    Any colour that changes has a strongest rhythm. So this function returns a pulse even for a
    film of a stone, because the noise of the camera changes the colour.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    colours : (T, 3) float
        The mean red, green and blue of the skin; NaN where it was not seen. The longest stretch
        without NaN is used.
    times : (T,) float, seconds
    band_hz : (float, float)
        The frequencies that are searched.

    Returns
    -------
    Pulse
        NaN and empty arrays if no stretch lasts `LEAST_S` seconds. NaN and a power of 0 if the
        colour never changes.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    colours, times = np.asarray(colours, float), np.asarray(times, float)
    if colours.shape != (len(times), 3):
        raise ValueError(f"colours: expected ({len(times)}, 3), got {colours.shape}.")
    seen = np.isfinite(colours).all(1)
    edges = np.flatnonzero(np.diff(seen, prepend=False, append=False)).reshape(-1, 2)
    first, after = max(edges.tolist(), key=lambda ends: ends[1] - ends[0], default=(0, 0))
    if after - first < 2 or times[after - 1] - times[first] < LEAST_S:
        return Pulse(np.nan, np.nan, np.zeros(0), np.zeros(0))
    signal = pulse_signal(colours[first:after], times[first:after])
    padded = 8 * len(signal)  # draws the spectrum finely
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)), padded)) ** 2
    hertz = np.fft.rfftfreq(padded, 1 / RATE)
    inside = (hertz >= band_hz[0]) & (hertz <= band_hz[1])
    power, hertz = power[inside] / (power[inside].sum() or np.nan), hertz[inside]
    if np.isnan(power).any():  # a constant colour has no rhythm at all
        return Pulse(np.nan, np.nan, 60 * hertz, np.zeros(len(hertz)))
    best = hertz[power.argmax()]
    return Pulse(60 * best, float(power[np.abs(hertz - best) <= 0.2].sum()), 60 * hertz, power)
