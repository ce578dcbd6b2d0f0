"""The pictures and counts of the lesson about detection are what the lesson says."""

import cv2
import numpy as np
from framewise import detection, detection_plots, samples


def test_one_look_and_merging_give_the_box_of_the_module():
    face = samples.open_still("ana_neutral")
    scores, boxes = detection_plots.look_once(face)
    sure = scores > 0.5
    merged = detection.suppress(boxes[sure], scores[sure], np.zeros((sure.sum(), 6, 2)))[0]
    np.testing.assert_allclose(merged, detection.detect_faces(face).xyxy, atol=0.01)


def test_each_stage_leaves_fewer_windows_and_the_last_agrees_with_opencv():
    small = cv2.resize(samples.open_still("ana_neutral"), (128, 128))
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    left, questions = detection_plots.count_stages(grey)
    assert len(left) == 26 and questions.sum() == 2913
    assert (np.diff(left) <= 0).all()
    assert left[-1] == len(detection._cascade().detectMultiScale(grey, 1.1, 0))


def test_the_call_has_a_label_for_each_face():
    call, labels = detection_plots.make_call()
    assert call.shape == (640, 960, 3) and labels.shape == (45, 4)
    assert (labels[:, :2] >= 0).all() and (labels[:, 2:] <= (960, 640)).all()


def test_shuffled_blocks_are_the_same_blocks():
    face = samples.open_still("ana_neutral")
    mixed = detection_plots.shuffle_blocks(face, 16, np.random.default_rng(0))
    assert not np.array_equal(mixed, face)
    sums = [
        sorted(image.reshape(32, 16, 32, 16, 3).sum((1, 3, 4)).ravel().tolist())
        for image in (face, mixed)
    ]
    assert sums[0] == sums[1]


def test_four_quarter_turns_change_nothing():
    face = samples.open_still("ana_neutral")
    assert np.array_equal(detection_plots.turn(face, 180), face[::-1, ::-1])
