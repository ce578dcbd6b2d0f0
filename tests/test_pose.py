"""Pose: known turns are found, and the shape of the 3D face is that of a face."""

import cv2
import numpy as np
import pytest
from framewise import alignment, landmarks, pose, samples

SIZE = 640, 480
CAMERA = np.array([[640.0, 0, 320], [0, 640, 240], [0, 0, 1]])


def turned(yaw=0.0, pitch=0.0, roll=0.0, *, scale=150.0, shift=(0.0, 0.0)):
    """Return the points (468, 2) of the 3D face, turned and seen by the camera, and the turn."""
    around = [
        cv2.Rodrigues(np.radians(a) * axis)[0]
        for a, axis in zip((pitch, yaw, roll), np.eye(3), strict=True)
    ]
    rotation = around[2] @ around[1] @ around[0]
    place = (pose.FACE_3D - [0.5, 0.5, 0]) @ rotation.T + [*shift, 640 / scale]
    seen = place @ CAMERA.T
    return seen[:, :2] / seen[:, 2:], rotation


def test_the_3d_face_is_the_canonical_face_with_a_depth():
    np.testing.assert_array_equal(pose.FACE_3D[:, :2], alignment.CANONICAL)
    depth = pose.FACE_3D[:, 2]
    assert depth.argmin() in landmarks.GROUPS["nose"]  # the nose is nearest to the camera
    assert depth[[234, 454]].min() > depth[[33, 263]].max() > depth[1]
    assert abs(depth[234] - depth[454]) < 1e-4 and abs(depth[33] - depth[263]) < 1e-4
    assert abs(depth.mean()) < 1e-4


@pytest.mark.parametrize("which", [pose.INNER, pose.OUTER], ids=["inner", "outer"])
@pytest.mark.parametrize("angles", [(0, 0, 0), (20, 0, 0), (-15, 10, 0), (5, -12, 25)])
def test_a_known_turn_is_found(angles, which):
    points, rotation = turned(*angles, shift=(0.3, -0.2))
    np.testing.assert_allclose(pose.head_rotation(points, which, SIZE), rotation, atol=2e-3)


def test_the_turn_does_not_depend_on_size_or_place():
    small, large = (turned(12, scale=s)[0] for s in (60, 200))
    for points in (small, large):
        rotation = pose.head_rotation(points, pose.INNER, SIZE)
        assert pose.angle_between(rotation, np.eye(3)) == pytest.approx(12, abs=0.1)


def test_the_gap_between_two_known_poses():
    front, _ = turned(0)
    side, _ = turned(15)
    mixed = front.copy()
    mixed[pose.OUTER] = side[pose.OUTER]
    tilted, _ = turned(0, 0, 30)
    found = pose.pose_gap(np.stack([front, mixed, tilted, front * np.nan]), SIZE)
    np.testing.assert_allclose(found[:3], [0, 15, 0], atol=0.2)
    assert np.isnan(found[3])


def test_a_tilt_to_the_shoulder_is_no_gap():
    one, two = turned(0, 0, 0)[1], turned(0, 0, 40)[1]
    assert pose.angle_between(one, two) == pytest.approx(0, abs=1e-6)


def test_the_yaw_of_a_rendered_head_follows_the_truth():
    clip = samples.open_clip("ana_turn")
    yaw, frames = [], (0, 16, 40, 64)
    for i in frames:
        points = landmarks.find_landmarks(clip[i])
        x, _, z = pose.facing(pose.head_rotation(points, pose.INNER, clip.size_wh))
        yaw.append(np.degrees(np.arctan2(x, -z)))
    truth = samples.load_truth(clip).pose[list(frames), 0]
    assert np.ptp(truth) > 15
    assert np.corrcoef(yaw, truth)[0, 1] > 0.98


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"expected \(468, 2\)"):
        pose.head_rotation(np.zeros((5, 2)), pose.INNER, SIZE)
    with pytest.raises(ValueError, match="6 or more points, got 3"):
        pose.head_rotation(np.zeros((468, 2)), np.arange(3), SIZE)
    with pytest.raises(ValueError, match=r"expected \(T, 468, 2\)"):
        pose.pose_gap(np.zeros((468, 2)), SIZE)


def test_no_points_of_one_part_belong_to_the_other():
    assert not set(pose.INNER) & set(pose.OUTER)
    assert set(pose.OUTER) <= set(landmarks.GROUPS["outline"])
