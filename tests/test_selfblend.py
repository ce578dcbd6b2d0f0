"""Self-blended images: what changes and what does not, the features, and the small detector."""

import cv2
import numpy as np
import pytest
from framewise import alignment, autoencoder, blending, ladder, samples, scoring, selfblend, swap
from framewise.clips import Clip
from framewise.consent import ConsentError
from videos import write_video

POINTS = alignment.canonical_face(300).astype(np.float32) + (20, 10)


def drawn(seed=0, contrast=1.0):
    """Return a picture of grains of several sizes, (330, 340, 3) uint8."""
    rng, grey = np.random.default_rng(seed), np.zeros((330, 340))
    for size in (0.6, 1.5, 4):
        grain = cv2.GaussianBlur(rng.standard_normal(grey.shape), (0, 0), size)
        grey += 12 * grain / grain.std()
    return np.repeat(np.uint8(np.clip(128 + contrast * grey, 0, 255))[..., None], 3, axis=2)


def blended(seed, image=None):
    image = drawn() if image is None else image
    return selfblend.blend_with_itself(image, POINTS, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(8))
def test_only_the_face_changes_and_the_picture_that_is_given_does_not(seed):
    image = drawn()
    given = image.copy()
    result = blended(seed, image)
    assert np.array_equal(image, given)
    assert np.array_equal(result.frame[~result.changed], image[~result.changed])
    assert result.changed.any() and not np.array_equal(result.frame, image)
    wide = alignment.canonical_face(300) + (20, 10)
    wide = np.float32(wide.mean(0) + 1.15 * (wide - wide.mean(0)))
    outside = blending.face_mask(wide, image.shape[1::-1]) == 0
    assert not result.changed[outside].any()


def test_the_same_random_numbers_give_the_same_picture_and_others_another_one():
    assert np.array_equal(blended(3).frame, blended(3).frame)
    assert not np.array_equal(blended(3).frame, blended(4).frame)


def test_a_flat_picture_changes_only_its_colour():
    flat = np.full((330, 340, 3), 120, np.uint8)
    for seed in range(4):
        result = blended(seed, flat)
        inside = blending.face_mask(POINTS, (340, 330), shrink=0.3) == 1
        colours = np.unique(result.frame[inside].reshape(-1, 3), axis=0)
        assert len(colours) == 1
        assert np.abs(colours.astype(int) - 120).max() <= 17  # 16 and the contrast


def test_no_face_and_bad_input_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="no face was found"):
        selfblend.blend_with_itself(drawn(), np.full((468, 2), np.nan), rng)
    with pytest.raises(ValueError, match="468"):
        selfblend.blend_with_itself(drawn(), POINTS[:5], rng)
    with pytest.raises(ValueError, match="uint8"):
        selfblend.features(drawn().astype(float), POINTS)


def test_no_face_has_no_features():
    rows = selfblend.features(drawn(), np.full((468, 2), np.nan))
    assert rows.shape == (3, 16, 16) and np.isnan(rows).all()


def test_features_of_a_flat_picture_are_those_of_no_detail():
    rows = selfblend.features(np.full((330, 340, 3), 90, np.uint8), POINTS)
    assert np.allclose(rows[:2], 0, atol=1e-4) and np.allclose(rows[2], np.log(0.3), atol=1e-4)


def test_the_first_two_layers_do_not_change_with_the_contrast():
    low, high = (selfblend.features(drawn(contrast=c), POINTS) for c in (1.0, 2.0))
    assert np.abs(high[:2] - low[:2]).max() < 0.12
    assert np.allclose(high[2] - low[2], np.log(2), atol=0.12)


def test_blur_lowers_the_finest_band_where_it_is_and_nowhere_else():
    image = drawn()
    mask = blending.face_mask(POINTS, image.shape[1::-1])
    soft = blending.blend(cv2.GaussianBlur(image, (0, 0), 1.5), image, mask, "paste")
    change = selfblend.features(soft, POINTS) - selfblend.features(image, POINTS)
    assert change[0, 8, 8] < -0.5
    assert np.abs(change[:, 0]).max() < 0.05  # above the face


def test_features_move_and_grow_with_the_face():
    image, moved = drawn(), np.full((400, 420, 3), 128, np.uint8)
    moved[50:380, 60:400] = image
    there = selfblend.features(moved, POINTS + (60, 50))[:, 3:13, 3:13]
    assert np.allclose(there, selfblend.features(image, POINTS)[:, 3:13, 3:13], atol=0.02)


@pytest.fixture(scope="module")
def grains():
    """Features of 24 drawn pictures, and of the same blended with themselves."""
    images = [drawn(seed) for seed in range(24)]
    points = np.repeat(POINTS[None], 24, axis=0)
    return selfblend.pairs_of(images, points, np.random.default_rng(0))


def test_the_detector_finds_blended_pictures_that_it_has_not_seen(grains):
    untouched, made = grains
    detector = selfblend.train(untouched[:16], made[:16])
    scores = [selfblend.score_features(detector, rows[16:]) for rows in (made, untouched)]
    assert scoring.auc(*scores) > 0.9
    again = selfblend.train(untouched[:16], made[:16])
    assert np.array_equal(again.layer.weight, detector.layer.weight)


def test_pairs_that_are_equal_teach_nothing(grains):
    untouched, _ = grains
    detector = selfblend.train(untouched, untouched)
    assert scoring.auc(*[selfblend.score_features(detector, untouched)] * 2) == 0.5


def test_the_score_of_a_picture_is_that_of_its_features_and_nan_without_a_face(grains):
    detector, image = selfblend.train(*grains), drawn(50)
    rows = selfblend.features(image, POINTS)[None]
    score = selfblend.score(detector, image, POINTS)
    assert score == pytest.approx(float(selfblend.score_features(detector, rows)[0]))
    assert np.isnan(selfblend.score(detector, image, np.full((468, 2), np.nan)))


def test_training_needs_pairs(grains):
    untouched, made = grains
    with pytest.raises(ValueError, match="of the same pictures"):
        selfblend.train(untouched, made[:5])
    with pytest.raises(ValueError, match="of the same pictures"):
        selfblend.train(untouched[:0], made[:0])


def test_a_crude_swap_of_a_person_who_was_not_seen_scores_higher_than_the_untouched_clip():
    rng, pairs = np.random.default_rng(0), []
    for name in ("chen_talk", "frank_talk", "hugo_talk"):
        seen = ladder.look_at(ladder.some_frames(samples.open_clip(name)), quality=100)
        pairs.append(selfblend.pairs_of(*seen, rng))
    detector = selfblend.train(*map(np.concatenate, zip(*pairs, strict=True)))
    ana, gita = samples.open_clip("ana_talk"), samples.open_clip("gita_talk")
    hard = swap.Recipe(shrink=0, feather=0, colour=0, blend="paste")
    made = ladder.warp_face(ana, gita, {"paste": hard})["paste"]
    untouched = ladder.look_at(ladder.some_frames(ana))
    scores = [selfblend.score_features(detector, ladder.features_of(f)) for f in (made, untouched)]
    assert scoring.auc(*scores) > 0.9
    assert ladder.score_clip(detector, made) == pytest.approx(np.median(scores[0]))


def test_a_network_draws_only_inside_the_face():
    ana = samples.open_clip("ana_talk")

    def black(images):
        return np.zeros_like(images)

    made = ladder.draw_face(ana, black, swap.Recipe(colour=0), size=64)
    untouched = ladder.look_at(ladder.some_frames(ana))
    change = np.abs(made.images.astype(int) - untouched.images).max(3)
    assert len(made.images) == len(made.points) == 10
    assert change[:, :20].max() < 25 and change[0][change[0] > 60].size > 1000
    assert autoencoder.face_area(64).any()


def test_pictures_without_a_face_are_left_out_and_none_is_an_error():
    frames = ladder.some_frames(samples.open_clip("ana_talk"))[:2]
    grey = np.full_like(frames[0], 128)
    assert len(ladder.look_at([frames[0], grey]).images) == 1
    with pytest.raises(ValueError, match="none of the 2 pictures"):
        ladder.look_at([grey, grey])


def test_nothing_is_made_from_found_footage(tmp_path):
    found = Clip(write_video(tmp_path / "found.mp4"))
    ana = samples.open_clip("ana_talk")
    with pytest.raises(ConsentError):
        ladder.warp_face(found, ana, {"soft": swap.Recipe()})
    with pytest.raises(ConsentError):
        ladder.warp_face(ana, found, {"soft": swap.Recipe()})
    with pytest.raises(ConsentError):
        ladder.draw_face(found, lambda images: images, swap.Recipe(), size=64)
