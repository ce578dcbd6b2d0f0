"""The script that trains the shipped networks: the same steps again, with a pause or without."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch, which only authors have")

import train_swap


@pytest.fixture
def people():
    rng = np.random.default_rng(0)
    return {
        who: (rng.random((6, 64, 64, 3), np.float32), np.ones((6, 64, 64), np.float32))
        for who in "ab"
    }


def trained(people, count, *, steps=8, seed=0, path=None):
    training = train_swap.Training(people, 64, steps, seed)
    if path:
        training.load(path)
    while len(training.losses) < count:
        training.step()
    return training


def test_a_training_with_a_pause_equals_one_without(people, tmp_path):
    whole = trained(people, 8)
    trained(people, 3).save(tmp_path / "state.pt")
    rest = trained(people, 8, path=tmp_path / "state.pt")
    assert rest.losses == whole.losses
    for name, array in whole.network.arrays().items():
        np.testing.assert_array_equal(rest.network.arrays()[name], array)


def test_another_seed_trains_otherwise(people):
    assert trained(people, 2, seed=1).losses != trained(people, 2).losses


def test_the_rate_falls_in_the_last_quarter_and_depends_on_nothing_but_the_step(people):
    rates = [train_swap.rate_at(step, 8) for step in range(8)]
    assert rates == [5e-4] * 6 + [pytest.approx(1e-4)] * 2
    training = trained(people, 7)
    assert training.optimiser.param_groups[0]["lr"] == pytest.approx(1e-4)


def test_a_state_of_another_plan_is_refused(people, tmp_path):
    trained(people, 1).save(tmp_path / "state.pt")
    with pytest.raises(ValueError, match="a training of 8 steps, not of 9"):
        trained(people, 2, steps=9, path=tmp_path / "state.pt")
