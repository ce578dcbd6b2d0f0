"""Spectra: take a picture apart into stripes, and see which stripes are too weak or too strong.

Notebook: 08b_frequencies.ipynb

A stripe pattern has a frequency: how many stripes it has in a pixel. The frequency 0.1 means one
stripe in ten pixels. The finest stripes that pixels can show have the frequency 0.5.
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import detection, landmarks, regions
from framewise.regions import Trace

__all__ = [
    "face_cut",
    "fine_power",
    "grid_height",
    "grid_peaks",
    "log_spectrum",
    "make_grey",
    "ring_spectrum",
    "spectral_slope",
    "stripes",
]

ROUNDING = 1 / 12
"""The power of the noise that rounding to whole grey levels makes, in squared grey levels. It is
added before a logarithm is taken: weaker stripes cannot be measured, and the logarithm of 0 does
not exist."""


def make_grey(image: np.ndarray) -> np.ndarray:
    """Return a picture as grey levels, (H, W) float64, 0 to 255.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB, or (H, W) of any number type
        A grey picture keeps its values.
    """
    image = np.asarray(image)
    if image.ndim == 2:
        return image.astype(float)
    detection.check_image(image)
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)


def stripes(
    size: int, across: float, down: float = 0.0, *, height: float = 50.0, level: float = 128.0
) -> np.ndarray:
    """Draw soft stripes.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    size : int
        Side of the square picture, pixels.
    across, down : float, cycles per pixel
        How many stripes lie in one pixel, from left to right and from top to bottom.
    height : float, grey levels
        How far the stripes rise above the level and fall below it.
    level : float, grey levels

    Returns
    -------
    (size, size) float
    """
    y, x = np.mgrid[:size, :size]
    return level + height * np.cos(2 * np.pi * (across * x + down * y))


def log_spectrum(grey: np.ndarray) -> np.ndarray:
    """Return how strong the stripes of each frequency and direction are.

    The mean of the picture is taken away, and its borders are faded out (a Hann window). Without
    the fading, the left border would meet the right one in a hard edge that the picture does not
    have.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels

    Returns
    -------
    (H, W) float
        The logarithm (base 10) of the power. 1 more means ten times the power. The middle, at
        row H // 2 and column W // 2, stands for frequency 0. Each other place stands for one
        pattern of stripes. The further the place lies to the left or right of the middle, the more
        stripes the pattern has from left to right. The further the place lies above or below the
        middle, the more stripes the pattern has from top to bottom.

    Raises
    ------
    ValueError
        The picture is not (H, W), or it is smaller than 8 x 8 pixels.
    """
    grey = np.asarray(grey, float)
    if grey.ndim != 2 or min(grey.shape) < 8:
        raise ValueError(
            f"grey: expected (H, W) grey levels of at least 8 x 8 pixels, got {grey.shape}. "
            "Use spectra.make_grey to make a colour picture grey."
        )
    window = np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))
    window /= np.sqrt((window**2).mean())  # keeps the power of noise
    power = np.abs(np.fft.fft2((grey - grey.mean()) * window)) ** 2 / grey.size
    return np.log10(np.fft.fftshift(power) + ROUNDING)


def ring_spectrum(grey: np.ndarray, *, count: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of the log spectrum on rings around its middle.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels
    count : int
        The number of rings. They have equal widths and reach to the frequency 0.5.

    Returns
    -------
    frequency : (count,) float, cycles per pixel
        The middle of each ring.
    strength : (count,) float
        The mean logarithm (base 10) of the power on the ring; NaN for a ring without any frequency.

    References
    ----------
    Durall et al. 2020, arXiv:2003.01826 (there: azimuthal integration over the radial frequencies).
    """
    spectrum = log_spectrum(grey)
    ring = (_radius(spectrum.shape) * 2 * count).astype(int)
    strength = np.full(count, np.nan)
    for k in range(count):
        if (ring == k).any():
            strength[k] = spectrum[ring == k].mean()
    return (np.arange(count) + 0.5) / (2 * count), strength


def _radius(shape: tuple[int, int]) -> np.ndarray:
    down, across = (np.fft.fftshift(np.fft.fftfreq(n)) for n in shape)
    return np.hypot(down[:, None], across)


def spectral_slope(
    image: np.ndarray, points: np.ndarray, *, side: int = 16, least: int = 12
) -> Trace:
    """Compare how far the spectrum falls in the inner face and in other skin of the person.

    The picture is cut into square tiles that overlap by half. The fall of a tile is log10 of the
    mean power from 0.1 to 0.2 cycles per pixel, minus log10 of the mean power from 0.3 to 0.45. It
    is large where fine detail is missing.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    side : int
        Side of a tile, pixels.
    least : int
        Both regions must have at least this many tiles.

    Returns
    -------
    Trace
        value: the fall in the inner face minus that in other skin, powers of ten. For a region, the
        power is averaged over its tiles first. NaN if one of the regions has too few tiles.
        map: the fall of each tile, at its middle part.

    References
    ----------
    Durall et al. 2020, arXiv:2003.01826, used the shape of the spectrum to find faces that a
    network made.
    """
    if not regions.check_face(image, points):
        return regions.nothing(image)
    fall, total = regions.nothing(image).map, []
    part, near, where = regions.crop(image, points)
    inner, skin = regions.inner_face(near, part.shape[1::-1]), regions.other_skin(part, near)
    for mask in (inner, skin):
        corners = _tiles_inside(mask & regions.usable(part), side)
        coarse, fine = _band_powers(make_grey(part), corners, side)
        enough = len(corners) >= least
        total.append(_fall(coarse.mean(), fine.mean()) if enough else np.nan)
        for (y, x), value in zip(corners + side // 4, _fall(coarse, fine), strict=True):
            fall[where][y : y + side // 2, x : x + side // 2] = value
    return Trace(float(total[0] - total[1]), fall, np.isfinite(fall))


def fine_power(image: np.ndarray, mask: np.ndarray, *, side: int = 16) -> float:
    """Return how strong the fine stripes are in a part of a picture.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    mask : (H, W) bool
        The part. Pixels that are too dark or too bright are left out.
    side : int
        The part is cut into square tiles of this side, pixels. They overlap by half.

    Returns
    -------
    float
        The mean power from 0.3 to 0.45 cycles per pixel over all tiles, in squared grey levels. For
        fine noise it is the square of the standard deviation. NaN if the part holds no whole tile.

    Raises
    ------
    ValueError
        The picture has the wrong shape or type, or the mask has another size.
    """
    detection.check_image(image)
    if np.shape(mask) != image.shape[:2]:
        raise ValueError(
            f"mask: expected one value for each pixel, {image.shape[:2]}, got {np.shape(mask)}."
        )
    corners = _tiles_inside(np.asarray(mask, bool) & regions.usable(image), side)
    _, fine = _band_powers(make_grey(image), corners, side)
    return float(fine.mean()) if len(corners) else float("nan")


def _tiles_inside(mask: np.ndarray, side: int) -> np.ndarray:
    """Return the top left corners (N, 2), y and x, of the tiles that lie fully in the mask."""
    sums, step = cv2.integral(mask.astype(np.uint8)), side // 2
    full = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return step * np.argwhere(full[::step, ::step] == side * side)


def _band_powers(grey: np.ndarray, corners: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean power of the coarse and of the fine stripes in each tile, (N,) and (N,)."""
    if not len(corners):
        return np.zeros(0), np.zeros(0)
    tiles = np.lib.stride_tricks.sliding_window_view(grey, (side, side))[*corners.T]
    window = np.outer(np.hanning(side), np.hanning(side))
    tiles = (tiles - tiles.mean((1, 2), keepdims=True)) * window
    power = np.abs(np.fft.fft2(tiles)) ** 2 / (window**2).sum()
    radius = np.fft.ifftshift(_radius((side, side)))
    bands = (radius > 0.1) & (radius < 0.2), (radius > 0.3) & (radius < 0.45)
    return tuple(power[:, band].mean(1) for band in bands)


def _fall(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    return np.log10(coarse + ROUNDING) - np.log10(fine + ROUNDING)


def grid_peaks(image: np.ndarray, points: np.ndarray, *, period: int = 2) -> Trace:
    """Measure how far a pattern that repeats after a few pixels stands out in the face.

    Up-sampling in a network can leave a checkerboard that repeats every 2 or 4 pixels. In the
    spectrum it makes peaks at 1 / period cycles per pixel: across, down, and in both at once.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    period : int, pixels
        After how many pixels the pattern repeats, 2 to 8.

    Returns
    -------
    Trace
        value: the mean log10 power at the peaks minus the median around them. About 0.2 without a
        pattern. NaN if no face at least 48 pixels wide lies wholly in the picture.
        map: grey levels, how strong the pattern is in each place of the face.

    References
    ----------
    Frank et al. 2020, arXiv:2003.08685. Odena et al. 2016, doi:10.23915/distill.00003.
    """
    if not regions.check_face(image, points):
        return regions.nothing(image)
    strength, part = regions.nothing(image).map, face_cut(points)
    grey = make_grey(image)[part]
    strength[part] = _local_pattern(grey, period)
    return Trace(grid_height(grey, period), strength, np.isfinite(strength))


def grid_height(grey: np.ndarray, period: int = 2) -> float:
    """Return how far a pattern that repeats after a few pixels stands out of the spectrum.

    Parameters
    ----------
    grey : (H, W) float, grey levels
        It should have at least 32 x 32 pixels. A smaller picture has few frequencies around each
        peak.
    period : int, pixels
        2 to 8.

    Returns
    -------
    float
        The mean log10 power at the peaks minus the median around them.

    Raises
    ------
    ValueError
        The picture is not (H, W) or is smaller than 8 x 8 pixels, or the period is not 2 to 8.
    """
    spectrum = np.fft.ifftshift(log_spectrum(grey))
    return float(np.mean([_height(spectrum, at) for at in _grid_frequencies(period)]))


def face_cut(points: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and the columns of a box inside the face.

    The box leaves out a fifth of the face at each side.

    Parameters
    ----------
    points : (468, 2) float pixels
    """
    first, last = landmarks.face_box(points).reshape(2, 2)
    border = (last - first) / 5
    left, top = np.rint(first + border).astype(int)
    right, bottom = np.rint(last - border).astype(int)
    return slice(top, bottom), slice(left, right)


def _grid_frequencies(period: int) -> list[tuple[float, float]]:
    """Return the frequencies, down and across, of patterns that repeat after `period` pixels."""
    if not 2 <= period <= 8:
        raise ValueError(f"period: expected 2 to 8 pixels, got {period!r}.")
    one = 1 / period
    return [(0, one), (one, 0), (one, one), (one, -one)]


def _height(spectrum: np.ndarray, at: tuple[float, float], *, near: int = 1, far: int = 6) -> float:
    """Return log10 of the mean power at a frequency, minus the median of log10 power around it."""
    centre = [round(f * n) for f, n in zip(at, spectrum.shape, strict=True)]
    moved = np.roll(spectrum, [far - c for c in centre], (0, 1))[: 2 * far + 1, : 2 * far + 1]
    inner = moved[far - near : far + near + 1, far - near : far + near + 1]
    return float(np.log10((10**inner).mean()) - np.median(moved))


def _local_pattern(grey: np.ndarray, period: int, *, window: int = 17) -> np.ndarray:
    """Return how strong the patterns of `_grid_frequencies` are in each place, grey levels."""
    fine, total = grey - cv2.GaussianBlur(grey, (0, 0), period), 0
    y, x = np.indices(grey.shape)
    for down, across in _grid_frequencies(period):
        angle = 2 * np.pi * (down * y + across * x)
        waves = [cv2.blur(fine * wave, (window, window)) for wave in (np.cos(angle), np.sin(angle))]
        total = total + np.square(waves).sum(0)
    return np.sqrt(total)
