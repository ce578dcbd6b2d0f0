"""Up-sampling: make pictures larger, as networks and programs do, and find the traces of this.

Notebook: 08b_frequencies.ipynb
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import regions, spectra
from framewise.regions import Trace

__all__ = [
    "bend",
    "bend_spectrum",
    "count_strokes",
    "find_peak",
    "resampling",
    "zoom_resize",
    "zoom_transposed",
]


def count_strokes(length: int, kernel: int, stride: int) -> np.ndarray:
    """Count how often a transposed convolution paints each pixel of a line.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    length : int
        The number of input pixels.
    kernel : int, pixels
        How many output pixels each input pixel paints.
    stride : int, pixels
        How far apart two neighbouring input pixels begin to paint.

    Returns
    -------
    ((length - 1) stride + kernel,) int

    References
    ----------
    Odena, Dumoulin and Olah 2016, doi:10.23915/distill.00003.

    Examples
    --------
    >>> count_strokes(4, kernel=3, stride=2).tolist()
    [1, 1, 2, 1, 2, 1, 2, 1, 1]
    """
    counts = np.zeros((length - 1) * stride + kernel, int)
    for i in range(length):
        counts[i * stride : i * stride + kernel] += 1
    return counts


def zoom_transposed(grey: np.ndarray, kernel: np.ndarray, *, stride: int = 2) -> np.ndarray:
    """Enlarge a picture by a transposed convolution: each pixel paints one copy of the kernel.

    The copies are added where they overlap.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float
    kernel : (k, k) float
    stride : int, pixels
        How far apart two copies lie.

    Returns
    -------
    ((H - 1) stride + k, (W - 1) stride + k) float
    """
    height, width = ((n - 1) * stride + len(kernel) for n in grey.shape)
    large = np.zeros((height, width))
    for (y, x), weight in np.ndenumerate(kernel):
        rows = slice(y, y + (grey.shape[0] - 1) * stride + 1, stride)
        columns = slice(x, x + (grey.shape[1] - 1) * stride + 1, stride)
        large[rows, columns] += weight * grey
    return large


def zoom_resize(grey: np.ndarray, kernel: np.ndarray, *, stride: int = 2) -> np.ndarray:
    """Enlarge a picture by repeating each pixel, and then apply a convolution.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float
    kernel : (k, k) float
        It should add up to 1, so that the brightness stays the same.
    stride : int
        How often each pixel is repeated, across and down.

    Returns
    -------
    (H stride, W stride) float
    """
    large = np.asarray(grey, float).repeat(stride, 0).repeat(stride, 1)
    return cv2.filter2D(large, -1, kernel[::-1, ::-1], borderType=cv2.BORDER_REPLICATE)


def bend(grey: np.ndarray) -> np.ndarray:
    """Return twice the distance of each pixel from the straight line between its two neighbours.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels

    Returns
    -------
    (H, W - 2) float, grey levels
        |left - 2 middle + right|, the size of the second difference.
    """
    return np.abs(np.diff(np.asarray(grey, float), 2, axis=1))


def bend_spectrum(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how strongly the bend repeats from left to right, for each frequency.

    The bend is averaged over each column. Slow changes are taken away. The rest goes through a
    Fourier transform.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels

    Returns
    -------
    frequency : (F,) float, 0 to 0.5 cycles per pixel
    strength : (F,) float
        It is divided by its median above 0.15 cycles per pixel; NaN if this median is 0. A picture
        that was enlarged s times has a peak at 1 / s, or at 1 - 1 / s if 1 / s is above 0.5.

    References
    ----------
    Gallagher 2005, Detection of Linear and Cubic Interpolation in JPEG Compressed Images, Canadian
    Conference on Computer and Robot Vision. The idea that resizing leaves periodic correlations:
    Popescu and Farid 2005, Exposing Digital Forgeries by Detecting Traces of Re-sampling.
    """
    mean = bend(grey).mean(0)
    fast = mean - cv2.GaussianBlur(mean[None], (0, 0), 4)[0]
    strength = np.abs(np.fft.rfft(fast * np.hanning(len(fast)), 1024))
    frequency = np.fft.rfftfreq(1024)
    middle = np.median(strength[frequency > 0.15])
    return frequency, strength / middle if middle > 0 else np.full(len(strength), np.nan)


def find_peak(
    frequency: np.ndarray, strength: np.ndarray, *, near_grid: float = 0.012
) -> tuple[float, float]:
    """Return the frequency and the height of the highest peak.

    Frequencies below 0.15 are left out, because edges of the picture itself, such as the rims of
    glasses, are strong there. Multiples of 1/16 are left out too, because the blocks of JPEG and
    H.264 make peaks there.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    frequency, strength : (F,) float
        As `bend_spectrum` returns them.
    near_grid : float, cycles per pixel
        How much is left out on both sides of a multiple of 1/16.

    Returns
    -------
    (float, float)
        The frequency in cycles per pixel, and the height. Both are NaN if `strength` is NaN.
    """
    off_grid = np.abs(frequency * 16 - np.rint(frequency * 16)) / 16
    used = (frequency > 0.15) & (off_grid > near_grid)
    if not np.isfinite(strength[used]).all():
        return float("nan"), float("nan")
    best = np.flatnonzero(used)[strength[used].argmax()]
    return float(frequency[best]), float(strength[best])


def resampling(image: np.ndarray, points: np.ndarray) -> Trace:
    """Look for the trace of resizing in the middle of a face.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels

    Returns
    -------
    Trace
        value: the height of the highest peak across or of the highest peak down, whichever is
        lower (see `bend_spectrum` and `find_peak`). Untouched faces usually have 2 to 4.
        map: the bend of each pixel, grey levels.
    """
    if not regions.check_face(image, points):
        return regions.nothing(image)
    part, strength = spectra.face_cut(points), regions.nothing(image).map
    grey = spectra.make_grey(image)[part]
    heights = [find_peak(*bend_spectrum(part))[1] for part in (grey, grey.T)]
    rows, columns = part
    strength[rows, columns.start + 1 : columns.stop - 1] = bend(grey)
    return Trace(float(np.min(heights)), strength, np.isfinite(strength))
