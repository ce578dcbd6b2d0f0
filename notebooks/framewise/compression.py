"""Compression: what JPEG does to a picture, and which traces of earlier files a picture still has.

Notebook: 08b_frequencies.ipynb

JPEG cuts a picture into blocks of 8 x 8 pixels. It describes each block by 64 numbers, the
coefficients of a discrete cosine transform (DCT). It divides each coefficient by a step and rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from framewise import detection
from framewise.regions import Trace, usable
from framewise.spectra import make_grey

__all__ = [
    "block_dct",
    "blocking",
    "coefficient_counts",
    "cosines",
    "double_jpeg",
    "error_level",
    "grid_jumps",
    "grid_phase",
    "jpeg_ghosts",
    "jpeg_steps",
    "save_jpeg",
]

STEPS_AT_50 = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""The steps for brightness that the JPEG standard gives as an example (ITU-T T.81, table K.1). Most
programs use them at quality 50."""


def cosines(size: int = 8) -> np.ndarray:
    """Return the patterns of the DCT in one direction.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    size : int

    Returns
    -------
    (size, size) float
        Row k is a cosine with k half waves. All rows have length 1 and are at right angles to each
        other. Call this array C. Then C @ block @ C.T gives the coefficients of a block, and
        C.T @ coefficients @ C gives the block again.

    References
    ----------
    ITU-T T.81 (1992), the JPEG standard.
    """
    k, x = np.mgrid[:size, :size]
    rows = np.cos(np.pi * k * (2 * x + 1) / (2 * size))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def block_dct(grey: np.ndarray, *, phase: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return the 64 coefficients of each block of 8 x 8 pixels.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels
        As in JPEG, 128 is taken away first.
    phase : (int, int), pixels
        Column x and row y at which the first block begins, 0 to 7.

    Returns
    -------
    (h, w, 8, 8) float
        For each of h x w whole blocks: row v, column u. u counts the half waves from left to
        right, and v those from top to bottom. Pixels at the right and lower border that fill no
        block are left out.
    """
    grey = np.asarray(grey, float)[phase[1] :, phase[0] :] - 128
    rows, columns = grey.shape[0] // 8, grey.shape[1] // 8
    tiles = grey[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8).swapaxes(1, 2)
    return cosines() @ tiles @ cosines().T


def jpeg_steps(quality: int) -> np.ndarray:
    """Return the steps by which most programs divide the coefficients of the brightness.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    quality : int
        1 to 100.

    Returns
    -------
    (8, 8) int, 1 to 255
        Row v, column u, as in `block_dct`.

    Raises
    ------
    ValueError
        `quality` is not a whole number from 1 to 100.

    References
    ----------
    ITU-T T.81 (1992), table K.1. The rule for the quality is that of the Independent JPEG Group's
    program; the standard itself has no "quality".
    """
    _check_quality(quality)
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((STEPS_AT_50 * percent + 50) // 100, 1, 255)


def _check_quality(quality: int) -> None:
    if not (isinstance(quality, int | np.integer) and 1 <= quality <= 100):
        raise ValueError(f"quality: expected a whole number from 1 to 100, got {quality!r}.")


def save_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Save a picture as JPEG, open it again, and return what is left. No file is written.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    quality : int
        1 to 100. Colours are stored at half size, as in most programs.

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    detection.check_image(image)
    _check_quality(quality)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def grid_jumps(grey: np.ndarray) -> np.ndarray:
    """Return how large the extra jump is at each of the eight possible places of a block border.

    A jump is the difference in brightness of two neighbours, without its sign. The extra jump is
    the jump minus the mean of the jumps on both sides of it, but at most 10 and at least -10. For
    each place we take the median, so a single edge in the picture changes almost nothing.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels

    Returns
    -------
    (2, 8) float, grey levels
        First row: number k is the median extra jump between columns x - 1 and x, for all x that
        leave the remainder k when divided by 8. The jump of a column is the mean over its pixels.
        Second row: the same for rows of pixels.

    Raises
    ------
    ValueError
        `grey` is not (H, W), or it is smaller than 16 x 16 pixels.

    References
    ----------
    The idea is that of Fan and de Queiroz 2003, Identification of Bitmap Compression History: JPEG
    Detection and Quantizer Estimation.
    """
    grey = np.asarray(grey, float)
    if grey.ndim != 2 or min(grey.shape) < 16:
        raise ValueError(
            f"grey: expected (H, W) grey levels of at least 16 x 16 pixels, got {grey.shape}. "
            "Make a colour picture grey with spectra.make_grey, or take a larger picture."
        )
    return np.stack([_by_phase(_extra(part)) for part in (grey, grey.T)])


def _extra(grey: np.ndarray) -> np.ndarray:
    """Return the extra jump before each column, (H, W); NaN for the first two and the last one."""
    jump = np.abs(np.diff(grey, axis=1))
    extra = np.full(grey.shape, np.nan)
    extra[:, 2:-1] = jump[:, 1:-1] - (jump[:, :-2] + jump[:, 2:]) / 2
    return np.clip(extra, -10, 10)


def _by_phase(extra: np.ndarray) -> np.ndarray:
    mean = extra.mean(0)
    return np.array([np.nanmedian(mean[k::8]) for k in range(8)])


def grid_phase(grey: np.ndarray, *, strip: int = 16, least: float = 0.5) -> tuple[float, float]:
    """Return where the grid of 8 x 8 blocks begins.

    The picture is cut into strips. In each strip, the place with the largest extra jump gets a
    vote. Without a grid, each of the eight places would get about an eighth of the votes.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels
    strip : int, pixels
        Width of a strip, 16 or more.
    least : float
        The winner needs the votes of this share of the strips, and of at least four strips.

    Returns
    -------
    (float, float), pixels
        Column x and row y of the first border, 0 to 7; NaN in a direction without a clear winner.

    Raises
    ------
    ValueError
        As for `grid_jumps`, or `strip` is below 16.
    """
    return tuple(_winner(part, strip, least) for part in (np.asarray(grey), np.asarray(grey).T))


def _winner(grey: np.ndarray, strip: int, least: float) -> float:
    jumps = [grid_jumps(grey[y : y + strip])[0] for y in range(0, len(grey) - strip + 1, strip)]
    votes = np.bincount([j.argmax() for j in jumps if j.max() > 0], minlength=8)
    return float(votes.argmax()) if votes.max() >= max(least * len(jumps), 4) else float("nan")


def blocking(image: np.ndarray, *, phase: tuple[int, int] | None = None, window: int = 40) -> Trace:
    """Measure how strong the grid of 8 x 8 blocks is.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    phase : (int, int), optional
        Column and row at which the first block begins, 0 to 7; by default where the jumps of the
        whole picture are largest.
    window : int, pixels
        The map averages over squares of this side.

    Returns
    -------
    Trace
        value: how much larger the extra jump is at the borders of the blocks than elsewhere, grey
        levels; the mean of both directions. It says that a picture was compressed, not that it was
        altered.
        map: the same in each place. A part that was pasted in after the compression, or that was
        resized, has a lower value there.
    """
    detection.check_image(image)
    grey = make_grey(image)
    phase = phase or tuple(grid_jumps(grey).argmax(1))
    local = _local_grid(grey, phase[0], window) + _local_grid(grey.T, phase[1], window).T
    mask = np.isfinite(local) & usable(image)
    local = np.where(mask, local / 2, np.nan).astype(np.float32)
    return Trace(float(np.nanmean(local)) if mask.any() else np.nan, local, mask)


def _local_grid(grey: np.ndarray, phase: int, window: int) -> np.ndarray:
    """Return the mean extra jump on the borders minus that elsewhere, around each pixel."""
    extra = _extra(grey)
    border = np.zeros(extra.shape)
    border[:, phase::8] = 1
    known = np.nan_to_num(extra)
    on, off = (
        cv2.blur(known * part, (window, window)) / cv2.blur(part, (window, window))
        for part in (border, 1 - border)
    )
    return np.where(np.isfinite(extra), on - off, np.nan)


def error_level(image: np.ndarray, quality: int) -> np.ndarray:
    """Save a picture as JPEG once more, and return how much each pixel changes.

    This is error level analysis (ELA). The map depends on the quality, on edges and on texture.
    It cannot say which part of a picture was edited.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    quality : int
        1 to 100.

    Returns
    -------
    (H, W) float32, grey levels
        The mean absolute change of red, green and blue.

    References
    ----------
    Krawetz 2007, A Picture's Worth: Digital Image Analysis and Forensics, Black Hat Briefings.
    """
    saved = save_jpeg(image, quality)
    return np.abs(image.astype(np.float32) - saved).mean(2)


def jpeg_ghosts(image: np.ndarray, qualities: Sequence[int], *, window: int = 16) -> np.ndarray:
    """Save a picture at several qualities, and return how much each place changes.

    A part that was once saved at quality q changes least when it is saved at q again, if the grid
    of blocks lies in the same place.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    qualities : sequence of Q int
        At least two, each from 1 to 100.
    window : int, pixels
        The squared change is averaged over squares of this side.

    Returns
    -------
    (Q, H, W) float32, 0 to 1
        In each place, 0 for the quality at which it changes least, and 1 for the one at which it
        changes most. NaN where it changes equally at all qualities.

    References
    ----------
    Farid 2009, doi:10.1109/TIFS.2008.2012215.
    """
    if len(qualities) < 2:
        raise ValueError(f"qualities: expected two or more, got {list(qualities)}.")
    change = []
    for quality in qualities:
        saved = save_jpeg(image, quality)
        squared = (image.astype(np.float32) - saved) ** 2
        change.append(cv2.blur(squared.mean(2), (window, window)))
    least, most = np.min(change, axis=0), np.max(change, axis=0)
    with np.errstate(invalid="ignore"):
        return (np.stack(change) - least) / np.where(most > least, most - least, np.nan)


def coefficient_counts(
    grey: np.ndarray, quality: int, place: tuple[int, int] = (0, 1), *, most: int = 30
) -> np.ndarray:
    """Count how often each value of a coefficient occurs, in units of its step.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    grey : (H, W) float, grey levels
        The brightness of a picture that was read from a JPEG file.
    quality : int
        The quality at which this file was saved.
    place : (int, int)
        Row v and column u of the coefficient.
    most : int
        Values above this, or below minus this, are left out.

    Returns
    -------
    (2 most + 1,) int
        The number of blocks with the value -most, ..., most.
    """
    values = np.rint(block_dct(grey)[..., place[0], place[1]] / jpeg_steps(quality)[place])
    inside = values[np.abs(values) <= most].astype(int)
    return np.bincount(inside + most, minlength=2 * most + 1)


def double_jpeg(counts: np.ndarray) -> float:
    """Measure how regularly high and low counts follow each other.

    If a coefficient was rounded once, larger values are rarer. After a second rounding with another
    step, some values no longer occur, and others collect the blocks of two old values. This repeats
    at equal distances, so the Fourier transform of the counts has a peak.

    Notebook: 08b_frequencies.ipynb

    Parameters
    ----------
    counts : (N,) int
        As `coefficient_counts` returns them.

    Returns
    -------
    float, 0 to 1
        How far the transform rises again after it has fallen, as a share of its value at 0. NaN if
        fewer than 200 blocks were counted, or if three values hold more than 95 % of them.

    References
    ----------
    Battiato and Messina, Digital Forgery Estimation into DCT Domain: A Critical Analysis, explain
    how two tables of steps change such counts.
    """
    counts = np.asarray(counts, float)
    total, three = counts.sum(), np.sort(counts)[-3:].sum()
    if total < 200 or three > 0.95 * total:
        return float("nan")
    faded = counts * np.hanning(len(counts) + 2)[1:-1]  # counts that end abruptly make waves too
    wave = np.abs(np.fft.rfft(faded, 512)) / faded.sum()
    return float((wave - np.minimum.accumulate(wave)).max())
