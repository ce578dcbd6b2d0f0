"""Networks: layers, gradients and the optimiser agree with hand, formula and finite differences."""

import numpy as np
import pytest
from framewise import networks
from framewise.networks import Adam, Layer


def double(layers):
    return [Layer(*(array.astype(float) for array in layer)) for layer in layers]


def test_forward_by_hand():
    first = Layer(np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([0.0, 1.0]))
    second = Layer(np.array([[3.0], [10.0]]), np.array([0.5]))
    values = networks.forward([first, second], np.array([[1.0, 2.0], [2.0, 0.0]]))
    # row 0: (1 + 4, -1 + 1) = (5, 0) -> (5, 0) -> 15.5; row 1: (2, -1) -> (2, -0.1) -> 5.5
    assert values[1] == pytest.approx(np.array([[5, 0], [2, -0.1]]))
    assert values[2] == pytest.approx(np.array([[15.5], [5.5]]))


def test_the_last_layer_has_no_rectifier():
    values = networks.forward([Layer(-np.eye(2), np.zeros(2))], np.ones((1, 2)))
    assert values[-1].tolist() == [[-1, -1]]


@pytest.mark.parametrize("sizes", [[3, 2], [4, 3, 2], [5, 4, 3, 2, 4]])
def test_gradients_against_finite_differences(sizes):
    rng = np.random.default_rng(len(sizes))
    layers = double(networks.make_layers(sizes, rng))
    x, goal = rng.normal(size=(6, sizes[0])), rng.normal(size=(6, sizes[-1]))

    def loss(inputs):
        return ((networks.forward(layers, inputs)[-1] - goal) ** 2).sum()

    values = networks.forward(layers, x)
    gradients, slope = networks.backward(layers, values, 2 * (values[-1] - goal))
    arrays = [array for layer in layers for array in layer] + [x]
    found = [array for layer in gradients for array in layer] + [slope]
    for array, gradient in zip(arrays, found, strict=True):
        assert array.shape == gradient.shape
        for at in np.ndindex(array.shape):
            before, step = array[at], 1e-6
            array[at] = before + step
            high = loss(x)
            array[at] = before - step
            low = loss(x)
            array[at] = before
            assert gradient[at] == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-6)


def test_the_first_step_of_adam_by_hand():
    layer = Layer(np.array([[1.0]]), np.array([2.0]))
    Adam([layer], rate=0.1).step([Layer(np.array([[4.0]]), np.array([-0.5]))])
    # at t = 1, m / (1 - beta1) is the gradient and v / (1 - beta2) its square: a step of the rate
    assert layer.weight[0, 0] == pytest.approx(0.9) and layer.bias[0] == pytest.approx(2.1)


def test_adam_against_algorithm_1_of_the_paper():
    rng = np.random.default_rng(5)
    weight = rng.normal(size=(3, 2))
    theta, m, v = weight.copy(), np.zeros((3, 2)), np.zeros((3, 2))
    adam = Adam([Layer(weight, np.zeros(2))], rate=0.01, beta1=0.8, beta2=0.99)
    for t in range(1, 30):
        g = rng.normal(size=(3, 2))
        adam.step([Layer(g, np.zeros(2))])
        m, v = 0.8 * m + 0.2 * g, 0.99 * v + 0.01 * g**2
        theta = theta - 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
    assert weight == pytest.approx(theta, rel=1e-5)


def test_adam_changes_a_large_layer_as_it_changes_the_small_layers_that_make_it():
    rng = np.random.default_rng(6)
    large = [Layer(rng.normal(size=(300, 150)), rng.normal(size=40_000))]
    small = [Layer(rows.copy(), np.zeros(150)) for rows in np.array_split(large[0].weight, 20)]
    small += [Layer(np.zeros((1, 1)), part.copy()) for part in np.array_split(large[0].bias, 20)]
    one, many = Adam(large), Adam(small)
    for _ in range(3):
        weight, bias = rng.normal(size=(300, 150)), rng.normal(size=40_000)
        one.step([Layer(weight, bias)])
        parts = [Layer(rows, np.zeros(150)) for rows in np.array_split(weight, 20)]
        parts += [Layer(np.zeros((1, 1)), part) for part in np.array_split(bias, 20)]
        many.step(parts)
    assert np.array_equal(large[0].weight, np.concatenate([part.weight for part in small[:20]]))
    assert np.array_equal(large[0].bias, np.concatenate([part.bias for part in small[20:]]))


def test_a_network_learns_a_rule_that_it_can_hold():
    rng = np.random.default_rng(1)
    layers = double(networks.make_layers([2, 8, 1], rng))
    x = rng.normal(size=(64, 2))
    goal = np.abs(x[:, :1])
    adam, losses = Adam(layers, rate=0.01), []
    for _ in range(500):
        values = networks.forward(layers, x)
        error = values[-1] - goal
        losses.append((error**2).mean())
        adam.step(networks.backward(layers, values, 2 * error / len(x))[0])
    assert losses[-1] < 0.02 * losses[0]


def test_random_weights_have_the_size_of_he_and_come_from_the_rng():
    first, again = (networks.make_layers([400, 300], np.random.default_rng(2)) for _ in range(2))
    assert first[0].weight.std() == pytest.approx(np.sqrt(2 / 400), rel=0.02)
    assert (first[0].weight == again[0].weight).all() and not first[0].bias.any()
    assert first[0].weight.dtype == np.float32


def test_the_network_of_the_lesson_by_hand_agrees_with_the_module():
    a, b, p, q, x, y = 0.5, 0.5, 1, 1.5, 2, 4
    code = a * x + b * y
    errors = p * code - x, q * code - y
    slope = errors[0] * p + errors[1] * q  # of the code; the loss is the mean of two squares
    layers = [
        Layer(np.array([[a], [b]]), np.zeros(1)),
        Layer(np.array([[p, q]]), np.zeros(2)),
    ]
    values = networks.forward(layers, np.array([[x, y]]))
    gradients, _ = networks.backward(layers, values, values[-1] - [[x, y]])
    assert gradients[0].weight.ravel() == pytest.approx([slope * x, slope * y])
    assert gradients[1].weight.ravel() == pytest.approx([errors[0] * code, errors[1] * code])
