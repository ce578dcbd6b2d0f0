"""Compression: SciPy and Pillow as oracles, known histories, and what must not be found."""

import io

import cv2
import numpy as np
import pytest
from framewise import compression, compression_plots, samples, spectra
from framewise.workbench.quality_slider import QualitySlider
from PIL import Image
from scipy.fft import dctn


def scene(seed=0, size=(320, 256)):
    """Return a picture with soft spots, an edge and grain that was never compressed."""
    rng = np.random.default_rng(seed)
    spots = cv2.GaussianBlur(rng.normal(0, 160, (*size[::-1], 3)), (0, 0), 3)
    spots[:, size[0] // 2 :] += 30  # a hard edge where the border of a block would be
    grain = rng.normal(0, 2, spots.shape)
    return np.uint8(np.clip(120 + spots + grain, 0, 255))


def pillow(image, quality):
    """Save with Pillow, which has its own copy of the rules of JPEG, and open again."""
    data = io.BytesIO()
    Image.fromarray(image).save(data, "JPEG", quality=quality)
    return Image.open(data)


# ---- the DCT ----


def test_the_waves_are_at_right_angles():
    waves = compression.cosines()
    np.testing.assert_allclose(waves @ waves.T, np.eye(8), atol=1e-12)
    np.testing.assert_allclose(waves[0], np.sqrt(1 / 8))


def test_an_even_block_has_one_coefficient():
    found = compression.block_dct(np.full((8, 8), 130.0))
    expected = np.zeros((1, 1, 8, 8))
    expected[0, 0, 0, 0] = 8 * 2  # 8 times the mean above 128
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_dct_agrees_with_scipy_at_every_phase():
    grey = np.random.default_rng(0).uniform(0, 255, (30, 37))
    found = compression.block_dct(grey, phase=(3, 5))
    assert found.shape == (3, 4, 8, 8)
    block = grey[5 + 16 : 5 + 24, 3 + 8 : 3 + 16] - 128
    np.testing.assert_allclose(found[2, 1], dctn(block, norm="ortho"))


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 92, 100])
def test_the_steps_are_those_of_pillow(quality):
    table = np.array(pillow(scene(), quality).quantization[0]).reshape(8, 8)
    np.testing.assert_array_equal(compression.jpeg_steps(quality), table)


def test_saving_agrees_with_pillow():
    image = scene()
    ours, theirs = compression.save_jpeg(image, 80), np.asarray(pillow(image, 80))
    assert np.abs(ours.astype(int) - theirs).mean() < 0.5


def test_after_saving_the_coefficients_are_multiples_of_the_steps():
    grey = spectra.make_grey(compression.save_jpeg(scene(), 50))
    share = compression.block_dct(grey)[..., 0, 1] / compression.jpeg_steps(50)[0, 1]
    assert np.median(np.abs(share - np.rint(share))) < 0.06


# ---- the grid ----


def test_jumps_by_hand():
    grey = np.zeros((16, 48))
    grey += 4 * (np.arange(48) // 8 % 2)  # a jump of 4 at every place 0 of the columns
    across, down = compression.grid_jumps(grey)
    assert across.tolist() == [4, -2, 0, 0, 0, 0, 0, -2]
    assert not down.any()


def test_a_single_edge_is_no_grid():
    grey = np.zeros((64, 64))
    grey[:, 32:] = 50
    assert not compression.grid_jumps(grey).any()


@pytest.mark.parametrize("cut", [(0, 0), (3, 5), (7, 1)])
def test_the_phase_after_cropping(cut):
    grey = spectra.make_grey(compression.save_jpeg(scene(), 70))[cut[1] :, cut[0] :]
    assert compression.grid_phase(grey) == ((8 - cut[0]) % 8, (8 - cut[1]) % 8)


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_that_was_never_compressed_has_no_grid(seed):
    image = scene(seed)
    assert np.isnan(compression.grid_phase(spectra.make_grey(image))).all()
    assert compression.blocking(image).value < 0.15


def test_the_grid_becomes_stronger_as_the_quality_falls():
    values = [compression.blocking(compression.save_jpeg(scene(), q)).value for q in (95, 80, 50)]
    assert values == sorted(values) and values[0] > 0.05


def test_a_pasted_part_shows_in_the_map():
    image = scene()
    saved, clean = compression.save_jpeg(image, 60), image.copy()
    saved[80:180, 20:140] = clean[80:180, 20:140]
    trace = compression.blocking(saved)
    inside, around = trace.map[105:155, 45:115], trace.map[:, 200:]
    assert np.nanmean(inside) < 0.3 * np.nanmean(around)
    np.testing.assert_array_equal(np.isfinite(trace.map), trace.mask)


def test_the_map_depends_on_the_phase():
    saved = compression.save_jpeg(scene(), 60)
    right, wrong = (compression.blocking(saved, phase=p).value for p in ((0, 0), (4, 4)))
    assert right > 0.5 and abs(wrong) < 0.2


def test_a_black_picture_has_no_grid():
    trace = compression.blocking(np.zeros((64, 64, 3), np.uint8))
    assert np.isnan(trace.value) and not trace.mask.any()


# ---- saved twice ----


def counts(image, *qualities):
    for quality in qualities:
        image = compression.save_jpeg(image, quality)
    return compression.coefficient_counts(spectra.make_grey(image), qualities[-1])


def test_counts_by_hand():
    grey = np.full((8, 24), 128.0)
    wave = compression.cosines()
    step = compression.jpeg_steps(50)[0, 1]
    grey[:, 8:16] += 2 * step * np.outer(wave[0], wave[1])
    grey[:, 16:] -= 40 * step * np.outer(wave[0], wave[1])  # beyond the most that is counted
    found = compression.coefficient_counts(grey, 50, most=5)
    assert found.tolist() == [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_saving_twice_is_found_if_the_second_quality_is_higher(seed):
    image = scene(seed, size=(640, 480))
    for last in (80, 90, 95):
        assert compression.double_jpeg(counts(image, last)) < 0.1
        assert compression.double_jpeg(counts(image, 60, last)) > 0.25


def test_saving_twice_is_missed_if_the_second_quality_is_much_lower():
    image = scene(size=(640, 480))
    assert compression.double_jpeg(counts(image, 95, 60)) < 0.1


def test_too_few_blocks_say_nothing():
    assert np.isnan(compression.double_jpeg(np.array([0, 50, 100, 40, 0])))
    assert np.isnan(compression.double_jpeg(np.array([0, 0, 5000, 0, 0])))


def test_a_comb_by_hand():
    comb = np.tile([100, 0], 30)
    assert compression.double_jpeg(comb) == pytest.approx(1, abs=0.02)


# ---- error levels and ghosts ----


def test_a_picture_that_was_saved_changes_least_at_its_own_quality():
    once = compression.save_jpeg(scene(), 70)
    tried = list(range(50, 100, 5))
    changes = [compression.error_level(once, q).mean() for q in tried]
    assert tried[int(np.argmin(changes[:-2]))] == 70  # near 100 everything changes little


def test_the_still_of_the_exercise():
    still = samples.open_still("ana_speaking")
    tried = list(range(50, 101))
    assert tried[int(np.argmin([compression.error_level(still, q).mean() for q in tried]))] == 92


def test_a_part_with_another_history_shows_as_a_ghost():
    image = scene(size=(640, 480))
    saved = compression.save_jpeg(image, 70)
    saved[160:320, 240:400] = image[160:320, 240:400]
    last = compression.save_jpeg(saved, 95)
    ghosts = compression.jpeg_ghosts(last, [50, 60, 70, 80, 90])
    at_70 = ghosts[2]
    assert at_70[180:300, 260:380].mean() > 0.25
    assert at_70[20:140, 20:220].mean() < 0.1
    assert np.nanmin(ghosts) == 0 and np.nanmax(ghosts) == 1


def test_one_more_strong_save_hides_it():
    image = scene(size=(640, 480))
    saved = compression.save_jpeg(image, 70)
    saved[160:320, 240:400] = image[160:320, 240:400]
    level = compression.error_level(compression.save_jpeg(saved, 50), 70)
    ratio = level[180:300, 260:380].mean() / level[20:140, 20:220].mean()
    assert 0.8 < ratio < 1.25


def test_a_flat_picture_has_no_ghosts():
    flat = np.full((32, 32, 3), 128, np.uint8)
    assert np.isnan(compression.jpeg_ghosts(flat, [50, 90])).all()
    assert not compression.error_level(flat, 50).any()


# ---- bad input ----


@pytest.mark.parametrize("quality", [0, 101, 75.5, None, "75"])
def test_wrong_qualities(quality):
    for function in (compression.error_level, compression.save_jpeg):
        with pytest.raises(ValueError, match="quality: expected a whole number from 1 to 100"):
            function(scene(), quality)


def test_wrong_pictures():
    for function in (compression.blocking, lambda i: compression.save_jpeg(i, 50)):
        with pytest.raises(ValueError, match="uint8"):
            function(np.zeros((20, 20, 3)))
    with pytest.raises(ValueError, match="at least 16 x 16 pixels.*make_grey"):
        compression.grid_jumps(np.zeros((8, 40)))
    with pytest.raises(ValueError, match="qualities: expected two or more"):
        compression.jpeg_ghosts(scene(), [50])


def test_the_picture_is_not_changed():
    image = scene()
    before = image.copy()
    compression.blocking(image)
    compression.jpeg_ghosts(image, [50, 90])
    np.testing.assert_array_equal(image, before)


# ---- what is shown ----


def test_the_slider_shows_the_quality_that_is_set():
    slider = QualitySlider(scene(), quality=75)
    first = slider._picture.value
    slider.quality.value = 40
    assert "at quality 40" in slider._said.value and slider._picture.value != first
    page = slider._repr_mimebundle_()["text/html"]
    assert "data:image/png" in page and "in the notebook only" in page


def test_a_fake_beside_its_map_is_marked_but_measured_without_the_mark():
    image = scene()
    plain, marked = QualitySlider(image), QualitySlider(image, marked=True)
    assert plain._said.value == marked._said.value
    assert plain._picture.value != marked._picture.value


def test_panels_that_are_compared_share_their_limits():
    grids = compression_plots.plot_grid({"a": scene()[..., 0], "b": scene(1)[..., 0]})
    assert grids.axes[0].get_ylim() == grids.axes[1].get_ylim()
    bars = compression_plots.plot_counts({"a": np.arange(61), "b": 9 * np.arange(61)})
    assert bars.axes[0].get_ylim() == bars.axes[1].get_ylim()
