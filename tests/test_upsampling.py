"""Up-sampling: by hand, against SciPy, and traces that must or must not be found."""

import cv2
import numpy as np
import pytest
from framewise import spectra, upsampling
from scipy.signal import convolve2d
from test_spectra import face_points, skin


@pytest.mark.parametrize(
    ("length", "kernel", "stride", "counts"),
    [
        (3, 2, 2, [1, 1, 1, 1, 1, 1]),
        (3, 3, 2, [1, 1, 2, 1, 2, 1, 1]),
        (3, 4, 2, [1, 1, 2, 2, 2, 2, 1, 1]),
    ],
)
def test_strokes_by_hand(length, kernel, stride, counts):
    assert upsampling.count_strokes(length, kernel, stride).tolist() == counts


def test_a_transposed_convolution_paints_copies_of_the_kernel():
    kernel = np.array([[1.0, 2], [3, 4]])
    large = upsampling.zoom_transposed(np.array([[1.0, 10]]), kernel)
    assert large.tolist() == [[1, 2, 10, 20], [3, 4, 30, 40]]


@pytest.mark.parametrize(("size", "stride"), [(3, 2), (4, 2), (5, 3)])
def test_it_is_the_same_as_a_full_convolution_of_the_spread_out_pixels(size, stride):
    rng = np.random.default_rng(size)
    grey, kernel = rng.normal(size=(6, 7)), rng.normal(size=(size, size))
    spread = np.zeros((5 * stride + 1, 6 * stride + 1))
    spread[::stride, ::stride] = grey
    found = upsampling.zoom_transposed(grey, kernel, stride=stride)
    np.testing.assert_allclose(found, convolve2d(spread, kernel))


def test_an_even_wall_shows_how_often_each_pixel_was_painted():
    large = upsampling.zoom_transposed(np.ones((5, 5)), np.ones((3, 3)))
    counts = upsampling.count_strokes(5, 3, 2)
    np.testing.assert_array_equal(large, np.outer(counts, counts))


def test_resizing_first_keeps_an_even_wall_even():
    kernel = np.array([[0.1, 0.3, 0.1], [0, 0.2, 0], [0.1, 0.1, 0.1]])
    np.testing.assert_allclose(upsampling.zoom_resize(np.full((4, 5), 7.0), kernel), 7)


def test_resizing_first_is_a_convolution():
    rng = np.random.default_rng(0)
    grey, kernel = rng.normal(size=(6, 6)), rng.normal(size=(3, 3))
    large = grey.repeat(2, 0).repeat(2, 1)
    found = upsampling.zoom_resize(grey, kernel)
    np.testing.assert_allclose(found[1:-1, 1:-1], convolve2d(large, kernel, mode="valid"))


def test_the_bend_by_hand():
    assert upsampling.bend(np.array([[1, 2, 3, 7, 7]])).tolist() == [[0, 3, 4]]


@pytest.mark.parametrize(("factor", "at"), [(1.3, 1 - 1 / 1.3), (1.7, 1 - 1 / 1.7), (2.5, 0.4)])
def test_an_enlarged_picture_has_its_peak_where_it_is_expected(factor, at):
    small = spectra.make_grey(skin())
    large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    frequency, height = upsampling.find_peak(*upsampling.bend_spectrum(large))
    assert frequency == pytest.approx(at, abs=0.003) and height > 20


def test_nothing_is_found_in_a_picture_that_was_not_enlarged():
    heights = [
        upsampling.find_peak(*upsampling.bend_spectrum(spectra.make_grey(skin(seed))))[1]
        for seed in range(5)
    ]
    assert max(heights) < 5


def test_the_grid_of_a_file_is_left_out():
    frequency = np.linspace(0, 0.5, 513)
    strength = np.ones(513)
    strength[[64, 128, 256]] = 50  # 1/16, 1/8 and 1/4
    strength[300] = 2
    assert upsampling.find_peak(frequency, strength) == (frequency[300], 2)


def test_a_flat_picture_has_no_peak():
    assert np.isnan(upsampling.find_peak(*upsampling.bend_spectrum(np.zeros((40, 60))))).all()


def test_an_enlarged_face_is_found_and_an_untouched_one_is_not():
    image, points = skin(), face_points()
    small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    part = cv2.resize(small, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_LINEAR)
    height, width = image.shape[:2]
    assert upsampling.resampling(image, points).value < 4
    assert upsampling.resampling(part[:height, :width].copy(), points).value > 8


def test_resampling_without_a_face():
    trace = upsampling.resampling(skin(), np.full((468, 2), np.nan))
    assert np.isnan(trace.value) and not trace.mask.any()
    seen = upsampling.resampling(skin(), face_points())
    np.testing.assert_array_equal(np.isfinite(seen.map), seen.mask)


def test_the_lesson_of_the_checkerboard():
    """A balanced kernel leaves no pattern, a kernel that is nearly balanced does, a resize none."""
    tiny = cv2.resize(spectra.make_grey(skin()), (100, 100), interpolation=cv2.INTER_AREA)
    balanced = np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    nearly = balanced + np.random.default_rng(0).normal(0, 0.03, (3, 3))
    heights = [
        spectra.grid_height(large)
        for large in (
            upsampling.zoom_transposed(tiny, balanced),
            upsampling.zoom_transposed(tiny, nearly),
            upsampling.zoom_resize(tiny, nearly / nearly.sum()),
        )
    ]
    assert heights[1] > 1.5 and max(heights[0], heights[2]) < 0.6
