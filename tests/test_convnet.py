"""Convnet: convolution and pixel shuffle by hand, and the shipped networks on held-out frames."""

import cv2
import numpy as np
import pytest
from framewise import DATA, autoencoder, samples
from framewise.workbench import convnet

SIZES = [64, 128]


@pytest.mark.parametrize("kernel", [3, 5])
def test_convolve_agrees_with_opencv(kernel):
    rng = np.random.default_rng(kernel)
    x = rng.normal(size=(1, 9, 12, 1)).astype(np.float32)
    weight = rng.normal(size=(1, 1, kernel, kernel)).astype(np.float32)
    goal = cv2.filter2D(x[0, :, :, 0], -1, weight[0, 0], borderType=cv2.BORDER_CONSTANT)
    assert convnet.convolve(x, weight, np.zeros(1))[0, :, :, 0] == pytest.approx(goal, abs=1e-5)


@pytest.mark.parametrize(("stride", "size"), [(1, 6), (2, 8), (2, 7)])
def test_convolve_agrees_with_a_loop(stride, size):
    rng = np.random.default_rng(size)
    x = rng.normal(size=(2, size, size, 3)).astype(np.float32)
    weight, bias = rng.normal(size=(4, 3, 5, 5)).astype(np.float32), np.arange(4.0)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    made = convnet.convolve(x, weight, bias, stride=stride)
    assert made.shape == (2, -(-size // stride), -(-size // stride), 4)
    for n, i, j, d in np.ndindex(made.shape):
        part = padded[n, i * stride : i * stride + 5, j * stride : j * stride + 5]
        goal = (part.transpose(2, 0, 1) * weight[d]).sum() + bias[d]
        assert made[n, i, j, d] == pytest.approx(goal, abs=1e-3)


def test_pixel_shuffle_by_hand():
    x = np.array([[[[1, 2, 3, 4, 10, 20, 30, 40]]]])  # one pixel, two channels of four
    made = convnet.pixel_shuffle(x)
    assert made.shape == (1, 2, 2, 2)
    assert made[0, :, :, 0].tolist() == [[1, 2], [3, 4]]
    assert made[0, :, :, 1].tolist() == [[10, 20], [30, 40]]


def test_pixel_shuffle_keeps_neighbours_together():
    x = np.arange(2 * 3 * 4).reshape(1, 2, 3, 4)
    made = convnet.pixel_shuffle(x)[0, :, :, 0]
    assert made[2:4, 4:6].tolist() == [[20, 21], [22, 23]]


@pytest.fixture(scope="module", params=SIZES)
def shipped(request):
    path = DATA / "networks" / f"ana_gita_{request.param}.npz"
    return request.param, convnet.load_network(path)


def test_the_shipped_networks_draw_gita_on_held_out_frames(shipped):
    size, network = shipped
    ana = autoencoder.collect_faces(samples.open_clip("ana_talk"), size=size).images
    gita = autoencoder.collect_faces(samples.open_clip("gita_talk"), size=size).images[:120]
    drawn = convnet.swap_faces(network, ana[120::4], 0, 1)
    to_gita, to_ana = (autoencoder.likeness(drawn, faces) for faces in (gita, ana[:120]))
    assert (to_gita > to_ana).mean() >= 0.9
    rebuilt = convnet.swap_faces(network, ana[120::4], 0, 0)
    area = autoencoder.face_area(size)
    error = np.abs(rebuilt[:, area].astype(float) - ana[120::4][:, area]).mean()
    still = np.abs(ana[:120, area].mean(0) - ana[120::4][:, area]).mean()
    assert error < 0.7 * still  # better than the mean face


def test_faces_may_come_one_by_one(shipped):
    size, network = shipped
    faces = np.random.default_rng(0).integers(0, 255, (3, size, size, 3)).astype(np.uint8)
    together = convnet.swap_faces(network, faces, 1, 0).astype(int)
    alone = np.concatenate([convnet.swap_faces(network, face[None], 1, 0) for face in faces])
    assert np.abs(together - alone).max() <= 1


def test_weights_are_read_as_float32(shipped):
    _, network = shipped
    kinds = {key: value.dtype for key, value in network.items() if key.endswith("weight")}
    assert set(kinds.values()) == {np.dtype(np.float32)} and len(kinds) == 16
