"""Eyes: judge whether an eye can be seen at all, before anything is measured on it.

Notebook: 02_landmarks.ipynb

The iris network draws lids on a black bar as readily as on an eye. Five signs distinguish an eye
that can be seen from a covered eye, and from a picture with too little detail:

- Lids and iris make steps of brightness from row to row. A bar and a blurred eye have few.
- Skin, lashes and sclera vary nearly everywhere. Bars, dark glasses and the blocks of a mosaic are
  flat in large parts.
- The iris network finds the corners of a real eye where the mesh has them.
- The blocks of a mosaic have straight edges, so most changes of brightness lie in few rows and few
  columns of the picture.
- Something dark lies where the network draws the iris: the iris itself, or the lashes of a shut
  eye. On a cover that place is no darker than the rest.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = [
    "CLEAR",
    "DOUBTFUL",
    "LEAST_WIDTH",
    "SIZE",
    "WIDTH",
    "mosaic",
    "seen",
    "seen_along",
    "sight",
    "wide_along",
]

SIZE = 64
"""Side of the network's view of an eye, pixels."""

WIDTH = SIZE / 2.3
"""Pixels between the corners of the eye in that view, as the network was trained to see it. The
mesh's corners lie in the middle row, half of this to the left and to the right of the middle."""

WEIGHTS = {"steps": 1.76, "flat": -18.8, "corners": -39.0, "dark": 14.9}
BIAS = 14.85
"""A logistic regression, fitted on Ana, Chen, Frank and Hugo. The eyes
that count as seen were 2,387 eyes of their clips, most of them in blinks. We used them as they are,
four times darker, with noise, at CRF 40, and at half size with CRF 35. (CRF is the strength of the
compression; a higher CRF is worse.) The eyes that count as not seen were 3,200 eyes under bars,
dark glasses, mosaics of up to 3.5 blocks across an eye, hair, fingers, cards or skin from
elsewhere, or blurred by a fifth of their width or more. They had full or half size and CRF 20 or
30. In the fit, all seen eyes together weighed 60 times as much as all covered eyes together."""

DOUBTFUL, CLEAR = -0.4, 1.5
"""An eye with at least the first score may count as seen. With at least the second score, it always
counts as seen; see `seen`.

The first lies below the lowest score of an eye of those four people (-0.1). The second lies below
the lowest mean of two eyes (1.8). We left this margin because shut eyes of real people score lower
than rendered ones. What the two scores do:

- Eyes refused by mistake. In the clips as they are, we judged 1,750 eyes: all frames around blinks,
  and every twelfth frame. 644 of these eyes are around blinks of the other five people. No eye was
  refused. Under stress, 0 of 1,789 eyes of the four people and 7 of 3,321 eyes of the others were
  refused. In all frames of 13 clips, only the left eye of `imani_talk` was refused, in 3 frames,
  none of them near a blink.
- Covered eyes taken as seen. If both eyes of the other five people are covered, these shares pass:
  bars 0 %, dark glasses 4 %, dense hair 1 %, fingers 17 %. In all nine people, 10 to 31 % pass
  under a blur of 0.2 of the eye's width, and at most 4 % under a blur of 0.3. For mosaics see
  `MOSAIC`.
- If only one eye is covered, more pass. For the other five people: bars 0 %, dark glass 28 %, dense
  hair 19 %, fingers 33 %.
- Stripes as wide as lids (5 to 7 cases of 10) and a mouth in the eye's place (7 of 10) are taken
  for eyes.

The results of the other five people and of five real clips were seen while the features and the
thresholds were chosen, so these shares are a little too good.
"""

LEAST_WIDTH = 9.0
"""If the eyes of a face are narrower than this, in pixels, they are too small to measure. Eyes are
this wide in a face about 55 pixels wide. In smaller faces the measured lids follow the noise.
The openings measured at full size and at small size correlate by 0.96 in faces of 100 pixels, but
only by 0.66 in faces of 30 pixels."""

MOSAIC, MOSAIC_WEIGHT = 0.54, 80
"""The share from `mosaic` above which the score of an eye falls, and how fast it falls.

We chose both on the same four people. We took 250 of their eyes as they are, and 250 for each of
these cases: four times darker, with noise, at CRF 35, at CRF 40, at half size with CRF 23, at half
size with CRF 35, and under mosaics of 2.5, 3.5, 5 and 7 blocks across an eye (each at CRF 20, at
CRF 30 and at half size). Along a shot, no mosaic of 2.5 blocks passes. With 3.5 blocks, 0 % pass on
these four people and at most 6 % on the other five. With 5 blocks, 0 % pass at CRF 20, but 63 to
84 % at CRF 30 or half size. Of the 2,800 uncovered eyes of the other five people, 2 are refused.
Without this rule, 1 would be refused."""

MOST_APART = 0.16
"""See `mosaic`."""

AROUND_S = 1.0
"""Seconds before and after a frame that count in `seen_along`."""

MOST, NEARLY_ALL, VERY_LOW = 0.8, 0.9, -2.6
"""The first two are shares of the nearby frames in which the eye is seen. Below the third, a score,
a refused frame never counts as seen; see `seen_along`."""

_MIDDLE = slice(24, 41), slice(18, 47)
"""Rows and columns of the view that hold the eye from corner to corner."""
_AROUND = slice(19, 46), slice(14, 50)
_CORNERS = np.array([[SIZE - WIDTH, SIZE], [SIZE + WIDTH, SIZE]]) / 2


def sight(view: np.ndarray, lids: np.ndarray, iris: np.ndarray) -> float:
    """Score how surely an eye can be seen.

    Parameters
    ----------
    view : (64, 64, 3) uint8 RGB
        What the iris network saw: the eye level, its outer corner to the left.
    lids : (16, 2) float, pixels of the view
        What the network found; see `landmarks.Eyes`.
    iris : (5, 2) float, pixels of the view

    Returns
    -------
    float
        The log odds of a logistic regression; `seen` says from which score an eye counts as seen.
    """
    grey = cv2.cvtColor(view, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 1)
    brightness = max(_median(grey[8:58, 6:58]), 8)
    found = {
        "steps": np.log(_down(grey, *_MIDDLE).mean() / brightness + 0.003),
        "flat": np.mean(_change(grey) < 0.02 * brightness),
        "corners": np.linalg.norm(lids[[0, 8]] - _CORNERS, axis=1).sum() / WIDTH,
        "dark": _darkness(grey, iris) / brightness,
    }
    return float(BIAS + sum(WEIGHTS[name] * value for name, value in found.items()))


def mosaic(image: np.ndarray, corners: np.ndarray) -> float:
    """Measure how much of the change around an eye lies in few rows and few columns.

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    corners : (2, 2) float pixels
        The corners of the eye.

    Returns
    -------
    float
        The mean of two shares, 0 to 1. One is the share of all changes between columns that lies in
        the quarter of the columns with the largest changes. The other is the same for rows. A shut
        eye changes strongly in a few rows only. So we limit the larger share to the smaller one
        plus `MOST_APART`. Real eyes give 0.4 to 0.55, a mosaic gives 0.55 to 0.9. It is 0 if
        nothing changes there, or if that part of the picture is less than 4 pixels wide or high.
    """
    half = np.array([0.75, 0.5]) * np.linalg.norm(corners[1] - corners[0])
    (x0, y0), (x1, y1) = (np.round(corners.mean(0) + d * half).astype(int) for d in (-1, 1))
    part = np.ascontiguousarray(image[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)])
    if min(part.shape[:2]) < 4:
        return 0.0
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low, high = sorted(_peaked(np.abs(np.diff(side, axis=0)).mean(1)) for side in (grey, grey.T))
    return (low + min(high, low + MOST_APART)) / 2


def seen(scores: np.ndarray) -> np.ndarray:
    """Tell which eyes of a face can be seen in one picture.

    Most covers lie over both eyes, and both eyes blink at the same time. So the mean of the two
    scores is more reliable than one score. An eye with a score from `DOUBTFUL` up counts as seen
    if the mean is at least `CLEAR`.

    Parameters
    ----------
    scores : (..., 2) float
        As `sight` returns them.

    Returns
    -------
    (..., 2) bool

    Examples
    --------
    >>> seen([[5.0, 0.5], [5.0, -3.0], [1.0, 1.0]]).tolist()
    [[True, True], [True, False], [False, False]]
    """
    scores = np.asarray(scores, float)
    mean = scores.mean(axis=-1, keepdims=True)
    return (scores >= CLEAR) | ((scores >= DOUBTFUL) & (mean >= CLEAR))


def seen_along(scores: np.ndarray, widths: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Tell in which frames of a shot each eye can be seen.

    A cover seldom comes and goes within a moment, but a blink is that short. So the frames within
    one second before and after a frame count as well. If the eye is refused in one in five of them
    or more, it counts as not seen. If it is refused in one in ten or fewer, a refused frame counts
    as seen all the same, unless its score is very low. Eyes that are not wide enough count as not
    seen, as `wide_along` judges them.

    We covered the eyes in 100 frames of Gita and in 100 frames of Dalia. No frame counts as seen
    under a bar over both eyes, under dark glass over one eye or both, under hair over one eye, or
    under a mosaic of 2.5 blocks across the eye, not even at half size. Under fingers, up to 18 % of
    the frames count as seen. For finer mosaics see `MOSAIC`.

    Parameters
    ----------
    scores : (T, 2) float
        As `sight` returns them, in consecutive frames of one face.
    widths : (T,) float pixels
        How wide the eyes are; see `landmarks.eye_width`.
    times : (T,) float, seconds

    Returns
    -------
    (T, 2) bool
    """
    alone = seen(scores)
    begin, end = _around(times)
    total = np.vstack([np.zeros(2), alone.cumsum(axis=0)])
    share = (total[end] - total[begin]) / (end - begin)[:, None]
    spared = (share >= NEARLY_ALL) & (scores >= VERY_LOW)
    return (share > MOST) & (alone | spared) & wide_along(widths, times)[:, None]


def wide_along(widths: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Tell in which frames of a shot the eyes are wide enough to measure.

    The corners of eyes tremble from frame to frame. So the median width within one second before
    and after a frame counts.

    Parameters
    ----------
    widths : (T,) float pixels
        How wide the eyes are, in consecutive frames of one face; see `landmarks.eye_width`.
    times : (T,) float, seconds

    Returns
    -------
    (T,) bool
    """
    medians = [np.median(widths[a:b]) for a, b in zip(*_around(times), strict=True)]
    return np.array(medians) >= LEAST_WIDTH


def _around(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where the frames within one second of each frame begin, and where they end."""
    begin = np.searchsorted(times, times - AROUND_S, "left")
    return begin, np.searchsorted(times, times + AROUND_S, "right")


def _down(grey: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
    """Return the absolute change of brightness over two rows around each pixel."""
    above, below = slice(rows.start - 1, rows.stop - 1), slice(rows.start + 1, rows.stop + 1)
    return np.abs(grey[below, columns] - grey[above, columns])


def _change(grey: np.ndarray) -> np.ndarray:
    """Return the greater of the changes over two rows and over two columns around each pixel."""
    rows, columns = _AROUND
    return np.maximum(_down(grey, rows, columns), _down(grey.T, columns, rows).T)


def _peaked(changes: np.ndarray) -> float:
    """Return which share of the sum is in the greatest quarter of these numbers."""
    greatest = np.sort(changes)[-round(len(changes) / 4) :]
    return float(greatest.sum() / max(changes.sum(), 1e-6))


def _darkness(grey: np.ndarray, iris: np.ndarray) -> float:
    """Return how much darker the middle of the iris is than the middle of the view."""
    (x, y), half = iris[0], 0.53 * np.linalg.norm(iris[1:] - iris[0], axis=1).mean()
    edges = (x - half, x + half, y - half, y + half)
    left, right, top, bottom = (min(max(round(float(edge)), 0), SIZE - 1) for edge in edges)
    inside = grey[top : bottom + 1, left : right + 1]
    return _median(grey[_MIDDLE]) - float(inside.mean())


def _median(values: np.ndarray) -> float:
    """Return the median; `np.median` takes several times as long for so few numbers."""
    half = values.size // 2
    return float(np.partition(values, half, axis=None)[half])
