"""Scoring: what a cue is worth, and how several cues become one number.

Notebook: 09b_what_traces_prove.ipynb

A cue gives each clip one number. A higher number is more suspicious. NaN means that the cue could
not be measured in this clip.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Combination", "auc", "auc_interval", "combine", "fit_combination", "unseen_people"]


def auc(fakes: np.ndarray, originals: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a fake gets a higher number than an original.

    Every fake is compared with every original. A tie counts one half.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    fakes, originals : (N,) and (M,) float
        The numbers of a cue. NaN is left out.

    Returns
    -------
    float, 0 to 1
        1: the cue is higher in every fake than in every original. 0.5: it tells nothing. NaN if no
        fake or no original is left.

    References
    ----------
    Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> auc(np.array([3, 5]), np.array([1, 2, 4]))  # only the pair (3, 4) is in the wrong order
    0.8333333333333334
    """
    fakes, originals = (np.asarray(values, float) for values in (fakes, originals))
    pairs = fakes[np.isfinite(fakes)][:, None] - originals[np.isfinite(originals)]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean()) if pairs.size else float("nan")


def auc_interval(
    fakes: np.ndarray,
    originals: np.ndarray,
    rng: np.random.Generator,
    *,
    confidence: float = 0.95,
    draws: int = 1000,
) -> tuple[float, float]:
    """Return an interval for `auc`, by the bootstrap: draw clips anew, again and again.

    Fakes and originals are drawn separately, each with replacement. The interval leaves out equal
    shares of the lowest and of the highest results. If the AUC is 1, every draw gives 1 again. So
    the interval has no width then, although other clips could give another result.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    fakes, originals : (N,) and (M,) float
        As for `auc`: one number for each clip, never for each frame.
    rng : numpy.random.Generator
    confidence : float, 0 to 1
    draws : int

    Returns
    -------
    (float, float)
        The lower and the upper end of the interval; both are NaN if `auc` is NaN.

    References
    ----------
    Efron 1979, doi:10.1214/aos/1176344552.
    """
    known = [np.asarray(v, float)[np.isfinite(v)] for v in (fakes, originals)]
    if not all(map(len, known)):
        return float("nan"), float("nan")
    found = [auc(*(rng.choice(values, len(values)) for values in known)) for _ in range(draws)]
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


class Combination(NamedTuple):
    """Several cues as one score: the logarithm of the odds, by logistic regression."""

    centre: np.ndarray
    """(C,) the median of each cue in the originals"""
    spread: np.ndarray
    """(C,) the width of the middle 80 % of each cue in the originals"""
    weights: np.ndarray
    """(C,) how much each cue counts"""
    bias: float


def fit_combination(
    cues: np.ndarray, fake: np.ndarray, *, penalty: float = 30.0, limit: float = 3.0
) -> Combination:
    """Fit a logistic regression that turns several cues into one score.

    Each cue is first counted in units of its spread in the originals, and cut off at `limit` such
    units. A cue that could not be measured counts as the median of the originals, so that it says
    nothing. A clip in which fewer than half of the cues could be measured is left out. Fakes and
    originals get the same total weight.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    cues : (N, C) float
        One row for each clip.
    fake : (N,) bool
    penalty : float
        How strongly large weights are punished (ridge regression). 30 was chosen among 1, 3, 10,
        30, 100 and 300 with the clips of Ana, Chen, Frank and Hugo alone.
    limit : float

    Returns
    -------
    Combination

    Raises
    ------
    ValueError
        There is no fake or no original, or too few of their cues could be measured.
    """
    cues, fake = np.asarray(cues, float), np.asarray(fake, bool)
    cues, fake = cues[_enough(cues)], fake[_enough(cues)]
    if fake.all() or not fake.any():
        raise ValueError(
            f"fake: expected fakes and originals, got {fake.sum()} fakes and {(~fake).sum()} "
            "originals in which at least half of the cues could be measured. Add clips, or leave "
            "out cues that are mostly NaN."
        )
    low, centre, high = (_quantile(cues[~fake], q) for q in (0.1, 0.5, 0.9))
    spread = np.where(high - low > 0, high - low, 1)
    x = np.column_stack([_scaled(cues, centre, spread, limit), np.ones(len(cues))])
    share = np.where(fake, 0.5 / fake.sum(), 0.5 / (~fake).sum()) * len(fake)
    ridge = penalty * np.diag([1.0] * len(centre) + [0.0])
    weights = np.zeros(x.shape[1])
    for _ in range(50):  # Newton's method, with the largest weight change as the stopping rule
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (share * (p - fake)) + ridge @ weights
        bend = (x * (share * p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(len(ridge))
        step = np.linalg.solve(bend, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            break
    return Combination(centre, spread, weights[:-1], float(weights[-1]))


def _quantile(values: np.ndarray, share: float) -> np.ndarray:
    """Return a quantile of each column without its NaN; 0 for a column that has no number."""
    columns = [column[np.isfinite(column)] for column in values.T]
    return np.array([np.quantile(column, share) if len(column) else 0.0 for column in columns])


def _scaled(cues: np.ndarray, centre: np.ndarray, spread: np.ndarray, limit: float) -> np.ndarray:
    return np.clip(np.nan_to_num((cues - centre) / spread), -limit, limit)


def combine(model: Combination, cues: np.ndarray, *, limit: float = 3.0) -> np.ndarray:
    """Return the score of each clip: above 0 it is more like the fakes than like the originals.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    model : Combination
        As `fit_combination` returns it.
    cues : (N, C) float
        The same cues in the same order.
    limit : float
        As for `fit_combination`.

    Returns
    -------
    (N,) float
        NaN for a clip in which fewer than half of the cues could be measured. That means "cannot
        tell".
    """
    cues = np.asarray(cues, float)
    score = _scaled(cues, model.centre, model.spread, limit) @ model.weights + model.bias
    return np.where(_enough(cues), score, np.nan)


def _enough(cues: np.ndarray) -> np.ndarray:
    """Tell for each clip (N, C) whether at least half of its cues could be measured."""
    return np.isfinite(cues).mean(1) >= 0.5


def unseen_people(people: Sequence[Sequence[str]]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Split clips again and again, so that nobody in the test part is seen in the training part.

    Each set of people is tested once. The training part holds the clips that show none of them,
    neither as the performer nor as the giver of the face.

    Notebook: 09b_what_traces_prove.ipynb

    Parameters
    ----------
    people : sequence of sequences of str
        Who is in each clip.

    Yields
    ------
    train, test : (A,) and (B,) int
        The positions of the clips in `people`. Every clip is in exactly one test part.
    """
    sets = [frozenset(names) for names in people]
    for group in dict.fromkeys(sets):
        test = [i for i, names in enumerate(sets) if names == group]
        train = [i for i, names in enumerate(sets) if not names & group]
        yield np.array(train, int), np.array(test, int)
