"""Scoring: AUC by hand and with scipy, the bootstrap, the combination, splits without leak."""

import numpy as np
import pytest
from framewise import scoring
from scipy import optimize, stats


def test_auc_by_hand():
    assert scoring.auc([3, 5], [1, 2, 4]) == 5 / 6
    assert scoring.auc([1, 2], [1, 2]) == 0.5
    assert scoring.auc([2, np.nan], [1, np.nan]) == 1
    assert np.isnan(scoring.auc([np.nan], [1]))


def test_auc_agrees_with_the_test_of_mann_and_whitney():
    rng = np.random.default_rng(0)
    fakes, originals = rng.integers(0, 9, 30), rng.integers(0, 7, 50)  # with ties
    expected = stats.mannwhitneyu(fakes, originals).statistic / 1500
    assert scoring.auc(fakes, originals) == pytest.approx(expected)


def test_auc_is_the_same_for_any_rising_scale_and_turns_with_the_sign():
    rng = np.random.default_rng(1)
    fakes, originals = rng.normal(1, 1, 20), rng.normal(0, 1, 30)
    value = scoring.auc(fakes, originals)
    assert scoring.auc(np.exp(fakes), np.exp(originals)) == value
    assert scoring.auc(-fakes, -originals) == pytest.approx(1 - value)


def test_the_interval_holds_the_true_value_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    true, inside = stats.norm.cdf(1 / np.sqrt(2)), 0
    for _ in range(100):
        low, high = scoring.auc_interval(rng.normal(1, 1, 40), rng.normal(0, 1, 40), rng, draws=200)
        inside += low <= true <= high
    assert 87 <= inside <= 100


def test_an_interval_without_width_and_one_without_numbers():
    rng = np.random.default_rng(0)
    assert scoring.auc_interval(np.array([3.0, 4]), np.array([1.0, 2]), rng) == (1, 1)
    assert np.isnan(scoring.auc_interval(np.array([np.nan]), np.array([1.0]), rng)).all()


def examples(count=200, seed=0):
    """Return cues and labels: the first cue tells a little, the second nothing."""
    rng = np.random.default_rng(seed)
    fake = np.arange(count) % 4 == 0
    return rng.normal(0, 1, (count, 2)) + np.outer(fake, [2, 0]), fake


def test_the_combination_is_the_optimum_that_scipy_finds():
    cues, fake = examples()
    model = scoring.fit_combination(cues, fake, penalty=1)
    x = np.clip((cues - model.centre) / model.spread, -3, 3)
    share = np.where(fake, 0.5 / fake.sum(), 0.5 / (~fake).sum()) * len(fake)

    def loss(w):
        z = x @ w[:2] + w[2]
        return (share * (np.logaddexp(0, z) - fake * z)).sum() + 0.5 * (w[:2] ** 2).sum()

    best = optimize.minimize(loss, np.zeros(3), tol=1e-10).x
    np.testing.assert_allclose([*model.weights, model.bias], best, atol=1e-4)


def test_the_combination_uses_what_tells_and_ignores_what_does_not():
    cues, fake = examples()
    model = scoring.fit_combination(cues, fake)
    assert model.weights[0] > 5 * abs(model.weights[1])
    score = scoring.combine(model, examples(seed=1)[0])
    assert scoring.auc(score[fake], score[~fake]) > 0.85


def test_a_cue_that_was_not_measured_says_nothing():
    cues, fake = examples()
    model = scoring.fit_combination(cues, fake)
    middle = scoring.combine(model, np.array([[np.nan, 0.3], [model.centre[0], 0.3]]))
    assert middle[0] == middle[1]
    never = np.column_stack([cues, np.full(len(cues), np.nan)])
    assert scoring.fit_combination(never, fake).weights[2] == 0


def test_too_few_cues_give_no_score_and_teach_nothing():
    cues, fake = examples()
    cues = np.column_stack([cues, cues[:, 1:]])
    model = scoring.fit_combination(cues, fake)
    assert np.isnan(scoring.combine(model, np.array([[np.nan, np.nan, 0.3]]))).all()
    poor = np.full((400, 3), np.nan)
    poor[:, 0] = -9
    again = scoring.fit_combination(np.vstack([cues, poor]), np.append(fake, np.ones(400, bool)))
    np.testing.assert_allclose(again.weights, model.weights)


def test_the_scale_of_a_cue_does_not_matter():
    cues, fake = examples()
    one = scoring.combine(scoring.fit_combination(cues, fake), cues)
    other = scoring.combine(scoring.fit_combination(1000 * cues + 7, fake), 1000 * cues + 7)
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("fake", [[True, True], [False, False]])
def test_fakes_and_originals_are_needed(fake):
    with pytest.raises(ValueError, match="expected fakes and originals, got"):
        scoring.fit_combination(np.zeros((2, 1)), fake)


def test_nobody_is_in_both_parts():
    people = [["Ana"], ["Ana", "Gita"], ["Gita"], ["Ben"], ["Ben", "Chen"], ["Dalia"], ["Ana"]]
    seen = []
    for train, test in scoring.unseen_people(people):
        names = {name for i in test for name in people[i]}
        assert not any(names & set(people[i]) for i in train)
        seen += test.tolist()
    assert sorted(seen) == list(range(len(people)))
