"""Pairing: the one face of a clip, smoothing over time, and the frames that go together."""

import numpy as np
import pytest
from framewise import alignment, pairing


def placed(*, scale=200.0, angle=0.0, shift=(140.0, 80.0)):
    """Return the canonical face as points of a picture of SIZE."""
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    return alignment.canonical_face(1) @ np.array([[cos, sin], [-sin, cos]]) + shift


def test_smoothing_leaves_what_does_not_move():
    still = np.broadcast_to(placed(), (9, 468, 2))
    np.testing.assert_allclose(pairing.smooth_points(still, 2), still)
    moving = np.random.default_rng(0).normal(size=(9, 3, 2))
    np.testing.assert_array_equal(pairing.smooth_points(moving, 0), moving)


def test_smoothing_by_hand():
    weights = np.exp(-0.5 * np.arange(-3, 4) ** 2)
    smooth = pairing.smooth_points(np.eye(7)[3], 1)
    np.testing.assert_allclose(smooth[3], 1 / weights.sum())
    np.testing.assert_allclose(smooth[0], weights[6] / weights[3:].sum())  # the edge is missing


def test_what_is_missing_stays_missing_and_does_not_leak():
    points = np.full((9, 468, 2), 5.0)
    points[4] = np.nan
    smooth = pairing.smooth_points(points, 2)
    assert np.isnan(smooth[4]).all()
    np.testing.assert_allclose(np.delete(smooth, 4, axis=0), 5)


def test_nothing_is_mixed_across_a_cut():
    points = np.repeat([0.0, 100.0], 6)[:, None, None] * np.ones((1, 4, 2))
    np.testing.assert_allclose(pairing.smooth_points(points, 3, cuts=[6]), points)
    assert 1 < pairing.smooth_points(points, 3)[5, 0, 0] < 99


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_noise_falls_as_the_theory_says(frames):
    """The mean of independent values falls by the root of the sum of the squared weights."""
    rng = np.random.default_rng(7)
    noisy = rng.normal(0, 1, (400, 500))
    weights = np.exp(-0.5 * (np.arange(-12, 13) / frames) ** 2)
    weights = weights[np.abs(np.arange(-12, 13)) <= 3 * frames]
    expected = np.sqrt((weights**2).sum()) / weights.sum()
    left = pairing.smooth_points(noisy, frames)[20:-20].std()
    assert left == pytest.approx(expected, rel=0.03)


def test_the_nearest_frame_of_a_clip_is_itself():
    rng = np.random.default_rng(8)
    faces = np.array([placed() + rng.normal(0, 3, (468, 2)) for _ in range(12)])
    order = rng.permutation(12)
    moved = np.array([faces[k] @ (0.7 * np.array([[0, 1], [-1, 0]])) + 30 for k in order])
    np.testing.assert_array_equal(pairing.nearest_frames(faces, moved), order)


def test_frames_without_a_face_are_never_chosen():
    faces = np.array([placed(), placed(angle=3), np.full((468, 2), np.nan)])
    chosen = pairing.nearest_frames(faces[[2, 0, 1]], faces)
    assert chosen[2] == 0 and 0 not in chosen[:2]
    with pytest.raises(ValueError, match="at least one frame"):
        pairing.nearest_frames(faces[2:], faces)


def test_shapes_agree_with_the_similarity_of_lesson_03():
    face = placed(scale=90, angle=20) + np.random.default_rng(1).normal(0, 2, (468, 2))
    goal, steady = alignment.canonical_face(1), alignment.STEADY
    matrix = alignment.estimate_similarity(face[steady], goal[steady])
    expected = alignment.apply_similarity(matrix, face) - goal[steady].mean(0)
    found = pairing._shapes(face[None])[0].reshape(2, 468).T
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("frames", [-1, np.nan, np.inf])
def test_spans_that_are_no_number_from_0_up_are_refused(frames):
    with pytest.raises(ValueError, match=f"frames: expected a number of 0 or more, got {frames}"):
        pairing.smooth_points(np.zeros((5, 468, 2)), frames)
