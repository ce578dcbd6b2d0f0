"""The two losses, the best discriminator, the game on a line, and the arms race."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from framewise import adversary, adversary_plots, arms_race, autoencoder, networks

UNDECIDED = 2 * np.log(2)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def slope_by_hand(loss, scores, step=1e-6):
    """Return how a loss changes with each score, from finite differences."""
    shifted = [scores + step * row for row in np.eye(len(scores))]
    lower = [scores - step * row for row in np.eye(len(scores))]
    return [(loss(a) - loss(b)) / (2 * step) for a, b in zip(shifted, lower, strict=True)]


# The losses


def test_an_undecided_discriminator_has_a_loss_of_log_4():
    loss, _ = adversary.discriminator_loss(np.zeros(5), np.zeros(3))
    assert loss == pytest.approx(np.log(4)) == pytest.approx(1.386, abs=1e-3)
    assert adversary.generator_loss(np.zeros(4))[0] == pytest.approx(np.log(2))


def test_losses_by_hand():
    real, made = np.log([0.8 / 0.2]), np.log([0.3 / 0.7])  # D = 0.8 and D = 0.3
    assert adversary.sigmoid(real) == pytest.approx([0.8])
    assert adversary.discriminator_loss(real, made)[0] == pytest.approx(-np.log(0.8) - np.log(0.7))
    assert adversary.generator_loss(made)[0] == pytest.approx(-np.log(0.3))


def test_losses_stay_finite_where_the_logarithm_would_not():
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, slopes = adversary.discriminator_loss(np.array([-2000.0]), np.array([2000.0]))
        assert loss == pytest.approx(4000) and np.ravel(slopes) == pytest.approx([-1, 1])
        loss, slope = adversary.generator_loss(np.array([-2000.0]))
        assert loss == pytest.approx(2000) and slope == pytest.approx([-1])


def test_slopes_agree_with_finite_differences():
    real, made = np.random.default_rng(0).normal(0, 2, (2, 4))
    _, (of_real, of_made) = adversary.discriminator_loss(real, made)
    assert of_real == pytest.approx(
        slope_by_hand(lambda s: adversary.discriminator_loss(s, made)[0], real), abs=1e-6
    )
    assert of_made == pytest.approx(
        slope_by_hand(lambda s: adversary.discriminator_loss(real, s)[0], made), abs=1e-6
    )
    _, slope = adversary.generator_loss(made)
    by_hand = slope_by_hand(lambda s: adversary.generator_loss(s)[0], made)
    assert slope == pytest.approx(by_hand, abs=1e-6)


def test_the_slope_for_the_generator_comes_through_the_discriminator():
    rng = np.random.default_rng(1)
    layers = [
        networks.Layer(rng.normal(size=(2, 3)), rng.normal(size=3)),
        networks.Layer(rng.normal(size=(3, 1)), rng.normal(size=1)),
    ]

    def loss(flat):
        return adversary.generator_loss(networks.forward(layers, flat.reshape(2, 2))[-1][:, 0])[0]

    samples = rng.normal(size=(2, 2))
    values = networks.forward(layers, samples)
    _, slope = adversary.generator_loss(values[-1][:, 0])
    _, slope = networks.backward(layers, values, slope[:, None])
    assert slope.ravel() == pytest.approx(slope_by_hand(loss, samples.ravel()), abs=1e-6)


def test_accuracy_by_hand():
    assert adversary.accuracy([1, 2, -1, 3], [-1, 0]) == pytest.approx((3 / 4 + 1) / 2)
    assert adversary.accuracy([-1], [1]) == 0


# The best discriminator


def test_the_best_discriminator_is_the_share_of_the_data():
    assert adversary.best_discriminator(30, 10) == 0.75
    best = adversary.best_discriminator(np.array([0.5, 0.5, 0, 0]), np.array([0, 1.0, 2, 0]))
    assert best[:3] == pytest.approx([1, 1 / 3, 0]) and np.isnan(best[3])


def test_no_other_discriminator_has_a_lower_loss():
    p_data, p_made = np.array([0.1, 0.2, 0.7]), np.array([0.5, 0.3, 0.2])
    best = adversary.best_discriminator(p_data, p_made)

    def loss(d):
        return -(p_data * np.log(d)).sum() - (p_made * np.log(1 - d)).sum()

    rng = np.random.default_rng(0)
    others = np.clip(best + rng.normal(0, 0.1, (200, 3)), 0.01, 0.99)
    assert all(loss(other) >= loss(best) for other in others)


def test_a_trained_discriminator_comes_near_the_best_one():
    rng = np.random.default_rng(0)
    gan = adversary.start(1, rates=(0, 0.005), seed=3)  # this generator stands still
    samples = adversary.generate(gan, 20_000, seed=1)[:, 0]
    data = rng.normal(np.median(samples), samples.std(), (20_000, 1))
    adversary.train(gan, data, 600, batch=256)
    dense, edges = np.histogram(data, 15, range=np.quantile(samples, [0.02, 0.98]), density=True)
    made, _ = np.histogram(samples, edges, density=True)
    best = adversary.best_discriminator(dense, made)
    chance = adversary.sigmoid(adversary.score(gan, (edges[1:, None] + edges[:-1, None]) / 2))
    assert np.average(np.abs(chance - best), weights=dense + made) < 0.1


# The game


def two_peaks():
    rng = np.random.default_rng(0)
    return rng.normal(rng.choice([-2.0, 2.0], (5000, 1)), 0.4)


def test_the_same_seed_gives_the_same_networks_and_parts_give_the_whole():
    data = two_peaks()
    whole, parts, another = (adversary.start(1, seed=seed) for seed in (4, 4, 5))
    adversary.train(whole, data, 40)
    adversary.train(another, data, 40)
    adversary.train(parts, data, 15)
    adversary.generate(parts, 100)  # looking changes nothing
    adversary.train(parts, data, 25)
    assert whole.steps == parts.steps and len(whole.steps) == 40
    assert np.array_equal(adversary.generate(whole, 9), adversary.generate(parts, 9))
    assert not np.array_equal(adversary.generate(whole, 9), adversary.generate(another, 9))


def test_watching_stops_the_training():
    gan = adversary.start(1)
    adversary.train(gan, two_peaks(), 100, watch=lambda gan: len(gan.steps) == 7)
    assert len(gan.steps) == 7


def test_a_fast_generator_loses_a_peak_and_its_losses_are_those_of_the_formula():
    slow, fast = adversary.start(1), adversary.start(1, rates=(0.005, 0.001))
    for gan in (slow, fast):
        adversary.train(gan, two_peaks(), 1500)
    left = [(adversary.generate(gan, 2000) < 0).mean() for gan in (slow, fast)]
    assert 0.3 < left[0] < 0.7
    assert min(left[1], 1 - left[1]) < 0.02
    loss, generator, accuracy = np.mean(fast.steps[-200:], axis=0)
    assert loss == pytest.approx(-np.log(1 / 3) / 2 - np.log(2 / 3), abs=0.03)
    assert generator == pytest.approx(np.log(3), abs=0.05)
    assert accuracy == pytest.approx(0.75, abs=0.03)


def test_tiny_pictures_are_grey_from_minus_1_to_1():
    images = np.zeros((2, 24, 24, 3), np.uint8)
    images[1] = 255
    rows = adversary.tiny_pictures(images, side=6)
    assert rows.shape == (2, 36) and rows[0] == pytest.approx(-1) and rows[1] == pytest.approx(1)


@pytest.mark.parametrize(
    "bad", [np.zeros(5), np.zeros((0, 1)), np.zeros((5, 2)), np.full((5, 1), np.nan)]
)
def test_bad_data_are_refused(bad):
    with pytest.raises(ValueError, match=r"^data: expected"):
        adversary.train(adversary.start(1), bad, 1)


@pytest.mark.parametrize("bad", [{"noise": 0}, {"hidden": (3,)}, {"rates": (1, -1)}])
def test_bad_settings_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        adversary.start(1, **bad)


# The arms race


@pytest.fixture(scope="module")
def drawn():
    """Faces of two drawn people: discs of another colour and place, with a mouth that moves."""
    rng = np.random.default_rng(0)
    people = []
    for colour in ((210, 170, 150), (130, 80, 60)):
        faces = np.full((60, 24, 24, 3), colour, np.float32)
        for face, wide in zip(faces, rng.integers(1, 5, 60), strict=True):
            face[16:18, 12 - wide : 12 + wide] = (90, 20, 20)
            face[8:10, 7:9] = face[8:10, 15:17] = 20
        faces += rng.normal(0, 6, faces.shape)
        people.append(np.clip(faces, 0, 255).astype(np.uint8))
    return people


@pytest.fixture(scope="module")
def race(drawn):
    train = [faces[:40] for faces in drawn]
    model = autoencoder.start(train, hidden=16, code=8)
    autoencoder.train(model, train, 150)

    def fakes(model, faces):
        return arms_race.prepare(autoencoder.swap_faces(model, faces, 0, 1))

    real = arms_race.prepare(train[1])
    first = arms_race.train_detector(real, fakes(model, train[0]))
    second_model = arms_race.fool(model, train, first)
    second = arms_race.train_detector(real, fakes(second_model, train[0]), seed=1)
    tests = [fakes(m, drawn[0][40:]) for m in (model, second_model)]
    return model, second_model, first, second, tests


def found(detector, faces):
    return (arms_race.detect(detector, faces) <= 0).mean()


def test_accuracy_falls_and_a_new_detector_finds_the_new_fakes(race, drawn):
    _, _, first, second, (old, new) = race
    real = arms_race.prepare(drawn[1][40:])
    assert found(first, old) > 0.8 and found(first, real) < 0.2
    assert found(first, new) < found(first, old) - 0.5
    assert found(second, new) > 0.8 and found(second, real) < 0.2


def test_fooling_leaves_the_old_forger_as_it_is_and_still_rebuilds(race, drawn):
    model, second_model, *_ = race
    assert not np.array_equal(model.decoders[1][0].weight, second_model.decoders[1][0].weight)
    assert np.array_equal(model.decoders[0][0].weight, second_model.decoders[0][0].weight)
    again = autoencoder.swap_faces(second_model, drawn[1][40:], 1, 1)
    real = arms_race.prepare(drawn[1][40:], quality=100)
    assert np.abs(again.astype(float) - real).mean() < 15


def test_the_same_seed_gives_the_same_detector(drawn):
    faces = [arms_race.prepare(images) for images in drawn]
    one, two = (arms_race.train_detector(*faces, steps=5, seed=2) for _ in range(2))
    assert np.array_equal(arms_race.detect(one, faces[0]), arms_race.detect(two, faces[0]))


def test_prepared_faces_are_black_outside_and_nearly_the_same_inside(drawn):
    once = arms_race.prepare(drawn[0])
    area = autoencoder.face_area(24)
    assert not once[:, ~area].any()
    assert np.abs(once[:, area].astype(float) - drawn[0][:, area]).mean() < 12
    assert drawn[0][:, ~area].any(), "the input is not changed"


@pytest.mark.parametrize("bad", [np.zeros((24, 24, 3), np.uint8), np.zeros((1, 24, 24, 3))])
def test_prepare_refuses_what_is_not_faces(bad):
    with pytest.raises(ValueError, match="expected"):
        arms_race.prepare(bad)


def test_wilson_interval_by_hand():
    z = 1.96
    assert arms_race.share_interval(10, 10) == pytest.approx((10 / (10 + z**2), 1))
    low, high = arms_race.share_interval(5, 10)
    assert low + high == pytest.approx(1) and low == pytest.approx(0.2366, abs=1e-4)
    assert arms_race.share_interval(0, 10)[0] == 0
    for count, total in ((3, 2), (-1, 2), (0, 0)):
        with pytest.raises(ValueError, match="expected"):
            arms_race.share_interval(count, total)


# The pictures


def test_a_sheet_of_samples_carries_the_mark_and_real_pictures_do_not():
    rows = np.zeros((4, 144), np.float32)
    real, made = (adversary_plots.sheet(rows, 4, made=made) for made in (False, True))
    assert real.shape == made.shape == (96, 384, 3)
    assert not np.array_equal(real[-12:], made[-12:]) and np.array_equal(real[:70], made[:70])


def test_each_generation_has_its_old_and_its_new_detector():
    figure = adversary_plots.plot_rounds(np.array([[1.0, 0, 0], [0, 1, 0]]))
    path = next(line for line in figure.axes[0].lines if line.get_color() == "grey")
    assert path.get_ydata().tolist() == [1, 0, 1, 0]
