"""Spectra: stripes with a known frequency, SciPy as the oracle, and drawn faces."""

import cv2
import numpy as np
import pytest
from framewise import alignment, regions, spectra, spectra_plots
from scipy import fft

SIZE = 480, 420  # width, height


def face_points(scale=220.0):
    """Return the canonical face as points of a picture of SIZE."""
    return (alignment.canonical_face(1) * scale + (130, 60)).astype(np.float32)


def skin(seed=0, *, noise=4.0):
    """Return a picture of even skin with grain: soft spots and fine noise."""
    rng = np.random.default_rng(seed)
    spots = cv2.GaussianBlur(rng.normal(0, 60, SIZE[::-1]), (0, 0), 2)
    grain = spots + rng.normal(0, noise, SIZE[::-1])
    colour = np.array([200.0, 150.0, 130.0])
    return np.uint8(np.clip(np.rint(colour + grain[..., None]), 0, 255))


def blur_face(image, points, sigma=2.0):
    """Return the picture with a blurred face, as if a small face had been enlarged."""
    inside = regions.face_depth(points, SIZE) > 0
    return np.where(inside[..., None], cv2.GaussianBlur(image, (0, 0), sigma), image)


# ---- stripes and spectra ----


def test_stripes_by_hand():
    row = spectra.stripes(8, across=0.25, height=10, level=100)[3]
    np.testing.assert_allclose(row, [110, 100, 90, 100, 110, 100, 90, 100], atol=1e-9)


@pytest.mark.parametrize(("across", "down"), [(0.25, 0), (0, 0.125), (0.1875, 0.25)])
def test_the_peak_of_stripes_lies_at_their_frequency(across, down):
    spectrum = spectra.log_spectrum(spectra.stripes(64, across, down))
    y, x = np.unravel_index(spectrum.argmax(), spectrum.shape)
    assert (abs(x - 32) / 64, abs(y - 32) / 64) == (across, down)
    if across and down:
        assert (x - 32) * (y - 32) > 0  # downwards and to the right, or the opposite place


def test_the_log_spectrum_agrees_with_scipy():
    grey = np.random.default_rng(0).normal(128, 20, (40, 56))
    window = np.outer(np.hanning(40), np.hanning(56))
    power = np.abs(fft.fft2((grey - grey.mean()) * window)) ** 2 / (window**2).mean() / grey.size
    expected = np.log10(fft.fftshift(power) + 1 / 12)
    np.testing.assert_allclose(spectra.log_spectrum(grey), expected)


def test_white_noise_is_flat_and_has_its_own_variance():
    grey = np.random.default_rng(1).normal(0, 10, (256, 256))
    frequency, strength = spectra.ring_spectrum(grey)
    assert frequency[0] == 1 / 128 and len(frequency) == 32
    assert np.ptp(strength[2:]) < 0.15
    # the mean logarithm of an exponential variable lies 0.2507 below the logarithm of its mean
    assert strength[2:].mean() == pytest.approx(np.log10(100) - 0.2507, abs=0.02)


def test_blur_lowers_the_right_end_and_brightness_changes_nothing():
    grey = np.random.default_rng(2).normal(100, 20, (128, 128))
    _, sharp = spectra.ring_spectrum(grey)
    _, soft = spectra.ring_spectrum(cv2.GaussianBlur(grey, (0, 0), 1.5))
    _, brighter = spectra.ring_spectrum(grey + 50)
    assert (sharp[16:] - soft[16:] > 1).all()
    np.testing.assert_allclose(sharp, brighter)


def test_a_flat_picture_has_only_the_floor():
    np.testing.assert_allclose(spectra.log_spectrum(np.full((16, 16), 80)), np.log10(1 / 12))


def test_grey_levels():
    colour = np.uint8([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]])
    assert spectra.make_grey(colour).tolist() == [[76, 150, 29]]
    assert spectra.make_grey(np.array([[1, 2]])).dtype == float


@pytest.mark.parametrize("wrong", [np.zeros((4, 40)), np.zeros((9, 9, 3))])
def test_what_is_no_grey_picture(wrong):
    with pytest.raises(ValueError, match="at least 8 x 8 pixels.*make_grey"):
        spectra.log_spectrum(wrong)


# ---- the fall of the spectrum ----


def test_nothing_is_found_on_even_skin_and_a_blurred_face_is():
    points = face_points()
    plain = [spectra.spectral_slope(skin(seed), points).value for seed in range(3)]
    soft = [spectra.spectral_slope(blur_face(skin(s), points), points).value for s in range(3)]
    assert np.abs(plain).max() < 0.25
    assert np.min(soft) > 1


def test_more_blur_falls_further():
    points = face_points()
    values = [
        spectra.spectral_slope(blur_face(skin(), points, sigma), points).value
        for sigma in (0.5, 0.8, 1.2)
    ]
    assert values == sorted(values)


def test_the_map_means_something_only_on_skin():
    points = face_points()
    image = skin()
    trace = spectra.spectral_slope(image, points)
    assert trace.map.shape == trace.mask.shape == image.shape[:2]
    np.testing.assert_array_equal(np.isfinite(trace.map), trace.mask)
    depth = regions.face_depth(points, SIZE)
    other = regions.other_skin(image, points)
    assert trace.mask[depth > 0].any() and trace.mask[other].any()
    assert not trace.mask[(depth == 0) & ~other].any()


def test_a_face_without_a_neck_cannot_be_compared():
    points, image = face_points(), skin()
    image[regions.face_depth(points, SIZE) == 0] = (0, 0, 255)
    assert np.isnan(spectra.spectral_slope(image, points).value)


def test_the_fine_power_of_noise_is_its_variance():
    noise = np.random.default_rng(2).normal(128, 5, (240, 320, 1)).repeat(3, axis=2)
    image, mask = np.uint8(np.rint(noise)), np.zeros((240, 320), bool)
    mask[:, :160] = True
    image[:, 160:] = 128  # outside the mask, nothing is measured
    assert spectra.fine_power(image, mask) == pytest.approx(25, rel=0.05)
    assert spectra.fine_power(image, ~mask) == 0


def test_coarse_stripes_have_no_fine_power():
    grey = np.rint(spectra.stripes(128, across=0.125, height=40))
    coarse = np.uint8(grey)[..., None].repeat(3, axis=2)
    assert spectra.fine_power(coarse, np.ones((128, 128), bool)) < 0.5
    grey = np.rint(spectra.stripes(128, across=0.375, height=40))
    fine = np.uint8(grey)[..., None].repeat(3, axis=2)
    assert spectra.fine_power(fine, np.ones((128, 128), bool)) > 100


def test_fine_power_without_a_tile_and_with_a_wrong_mask():
    image = skin()
    assert np.isnan(spectra.fine_power(image, np.zeros(image.shape[:2], bool)))
    with pytest.raises(ValueError, match=r"mask: expected one value for each pixel, \(420, 480\)"):
        spectra.fine_power(image, np.ones((10, 10), bool))


@pytest.mark.parametrize("cue", [spectra.spectral_slope, spectra.grid_peaks])
def test_no_face_gives_nan_and_the_picture_stays_as_it_is(cue):
    image, points = skin(), face_points()
    before = image.copy()
    for absent in (np.full((468, 2), np.nan), points / 8):
        trace = cue(image, absent)
        assert np.isnan(trace.value) and not trace.mask.any() and np.isnan(trace.map).all()
    cue(image, points)
    np.testing.assert_array_equal(image, before)
    with pytest.raises(ValueError, match="uint8"):
        cue(image.astype(float), points)
    with pytest.raises(ValueError, match="468"):
        cue(image, points[:5])


# ---- patterns that repeat ----


@pytest.mark.parametrize("period", [2, 4])
def test_a_weak_checkerboard_is_found_in_the_face(period):
    image, points = skin(), face_points()
    y, x = np.indices(image.shape[:2])
    wave = np.cos(2 * np.pi * x / period) + np.cos(2 * np.pi * y / period)
    pattern = np.uint8(np.clip(image + 3 * wave[..., None], 0, 255))
    plain = spectra.grid_peaks(image, points, period=period)
    found = spectra.grid_peaks(pattern, points, period=period)
    assert abs(plain.value) < 0.6 and found.value > plain.value + 1
    assert np.nanmedian(found.map) > 2 * np.nanmedian(plain.map)


def test_another_period_is_not_found():
    grey = 100 + np.random.default_rng(0).normal(0, 2, (120, 120))
    grey += spectra.stripes(120, 1 / 3, height=5, level=0)
    assert spectra.grid_height(grey, 3) > 1
    assert abs(spectra.grid_height(grey, 4)) < 0.5
    with pytest.raises(ValueError, match="period: expected 2 to 8 pixels, got 1"):
        spectra.grid_height(grey, 1)


def test_the_box_leaves_out_a_fifth_at_each_side():
    points = np.zeros((468, 2))
    points[0], points[1] = (10, 20), (110, 220)
    points[2:] = (50, 100)
    assert spectra.face_cut(points) == (slice(60, 180), slice(30, 90))


# ---- what is shown ----


def test_maps_share_one_scale_and_only_fakes_are_marked():
    image = skin()
    maps = {"a": [np.zeros(SIZE[::-1])], "b": [np.full(SIZE[::-1], 2.0)]}
    figure = spectra_plots.plot_maps({"a": image, "b": image}, maps, ["map"], marked=["b"])
    pictures = [ax.get_images()[0] for ax in figure.axes[:4]]
    assert pictures[1].get_clim() == pictures[3].get_clim()
    np.testing.assert_array_equal(pictures[0].get_array(), image)
    assert (pictures[2].get_array()[-1] != image[-1]).any()


def test_a_gap_in_a_map_does_not_spread():
    values = np.ones((20, 20))
    values[5, 5] = np.nan
    smooth = spectra_plots._smooth(values)
    assert np.isnan(smooth).sum() == 1 and np.nanmax(np.abs(smooth - 1)) < 1e-6


def test_curves_that_are_compared_have_the_same_limits():
    frequency = np.linspace(0, 0.5, 100)
    figure = spectra_plots.plot_peaks(
        {"low": (frequency, np.ones(100)), "high": (frequency, np.full(100, 9.0))}
    )
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim() == (0, pytest.approx(9.45))
