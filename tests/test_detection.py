"""Detection: arithmetic by hand, faces found, and what is asked of bad input."""

import numpy as np
import pytest
from framewise import consent, detection, samples

STILLS = [name for name, entry in consent.catalogue().items() if entry["file"].endswith(".jpg")]


def test_iou_by_hand():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [0, 0, 2, 2]], float)
    expected = [[1, 1 / 7, 0, 1]]  # overlap 1, union 4 + 4 - 1
    np.testing.assert_allclose(detection.iou(boxes[:1], boxes), expected)
    assert detection.iou(boxes[:0], boxes).shape == (0, 4)


def test_iou_does_not_change_when_everything_moves_and_grows():
    a, b = np.array([[0, 0, 4, 2.0]]), np.array([[1, 1, 5, 3.0]])
    np.testing.assert_allclose(detection.iou(a, b), detection.iou(a * 7 + 3, b * 7 + 3))


def test_anchors_by_hand():
    anchors = detection.anchors()
    assert anchors.shape == (896, 2)
    np.testing.assert_allclose(anchors[[0, 1, 2]], np.array([[1, 1], [1, 1], [3, 1]]) / 32)
    np.testing.assert_allclose(anchors[[512, 517, 518]], np.array([[1, 1], [1, 1], [3, 1]]) / 16)
    np.testing.assert_allclose(anchors.mean(0), 0.5)
    with pytest.raises(ValueError, match="read-only"):
        anchors[0] = 0


def test_decode_by_hand():
    numbers = np.zeros((1, 16), np.float32)
    numbers[0, :6] = 64, 0, 32, 16, 12.8, -12.8  # half the input to the right; first keypoint
    boxes, keypoints = detection.decode(numbers, np.array([[0.25, 0.5]]))
    np.testing.assert_allclose(boxes, [[0.625, 0.4375, 0.875, 0.5625]])
    np.testing.assert_allclose(keypoints[0, :2], [[0.35, 0.4], [0.25, 0.5]], rtol=1e-6)


def test_suppress_by_hand():
    boxes = np.array([[0, 0, 10, 10], [2, 0, 12, 10], [40, 40, 50, 50]], np.float32)
    scores = np.array([0.6, 0.9, 0.7], np.float32)
    xyxy, score, _ = detection.suppress(boxes, scores, np.zeros((3, 6, 2), np.float32))
    np.testing.assert_allclose(score, [0.9, 0.7])
    np.testing.assert_allclose(xyxy, [[1.2, 0, 11.2, 10], [40, 40, 50, 50]], rtol=1e-6)


def test_suppress_nothing():
    empty = np.zeros((0, 4)), np.zeros(0), np.zeros((0, 6, 2))
    assert [part.shape for part in detection.suppress(*empty)] == [(0, 4), (0,), (0, 6, 2)]


def test_suppress_boxes_without_area():
    boxes = np.array([[5, 5, 5, 5], [np.nan] * 4, [0, 0, 4, 4]], np.float32)
    scores = np.array([0.9, 0.8, 0.7], np.float32)
    with np.errstate(invalid="ignore"):
        _, score, _ = detection.suppress(boxes, scores, np.zeros((3, 6, 2), np.float32))
    assert len(score) == 3


def test_integral_image_by_hand():
    grey = np.arange(16).reshape(4, 4).astype(np.uint8)
    integral = detection.integral_image(grey)
    assert integral.shape == (5, 5)
    assert detection.box_sum(integral, (1, 1, 3, 4)) == 5 + 6 + 9 + 10 + 13 + 14
    assert detection.box_sum(integral, (0, 0, 4, 4)) == 120


def test_integral_image_against_plain_sums():
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (60, 80), np.uint8)
    integral = detection.integral_image(grey)
    for _ in range(50):
        x0, x1 = np.sort(rng.integers(0, 81, 2))
        y0, y1 = np.sort(rng.integers(0, 61, 2))
        assert detection.box_sum(integral, (x0, y0, x1, y1)) == grey[y0:y1, x0:x1].sum()


@pytest.mark.parametrize("name", STILLS)
def test_one_face_in_every_still(name):
    faces = detection.detect_faces(samples.open_still(name))
    assert len(faces) == 1 and faces.score[0] > 0.8
    assert faces.xyxy.dtype == faces.keypoints.dtype == np.float32
    x0, y0, x1, y1 = faces.xyxy[0]
    assert 0 < x0 < x1 < 512 and 0 < y0 < y1 < 512
    right_eye, left_eye, nose, mouth = faces.keypoints[0, :4]
    assert right_eye[0] < nose[0] < left_eye[0]  # the subject's right is on the left
    assert right_eye[1] < nose[1] < mouth[1]


def crowd():
    """Four people small in a wide picture, and the middle of each one's place."""
    picture = np.full((600, 1200, 3), 128, np.uint8)
    places = []
    for i, name in enumerate(("ana", "ben", "cato", "dora")):
        small = samples.open_still(f"{name}_neutral")[::4, ::4]
        x, y = 100 + 280 * i, 60 + 100 * i
        picture[y : y + 128, x : x + 128] = small
        places.append((x + 64, y + 64))
    return picture, np.array(places)


def test_small_faces_are_found_through_tiles():
    picture, places = crowd()
    faces = detection.detect_faces(picture, smallest=30)
    middles = (faces.xyxy[:, :2] + faces.xyxy[:, 2:]) / 2
    nearest = np.linalg.norm(places[:, None] - middles[None], axis=-1).min(1)
    assert len(faces) == 4 and nearest.max() < 20
    assert not len(detection.detect_faces(picture, smallest=1200))  # one look sees none of them
    assert list(faces.score) == sorted(faces.score, reverse=True)


def test_a_higher_threshold_only_takes_away():
    picture, _ = crowd()
    low = detection.detect_faces(picture, min_score=0.5)
    high = detection.detect_faces(picture, min_score=0.9)
    assert {tuple(box) for box in high.xyxy} <= {tuple(box) for box in low.xyxy}


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1, 3), (7, 300, 3)])
def test_no_face_is_an_empty_result(shape):
    faces = detection.detect_faces(np.full(shape, 90, np.uint8))
    assert len(faces) == 0
    assert (faces.xyxy.shape, faces.score.shape) == ((0, 4), (0,))
    assert faces.keypoints.shape == (0, 6, 2)
    assert detection.detect_faces_haar(np.full(shape, 90, np.uint8)).shape == (0, 4)


def test_faces_are_chosen_by_mask():
    faces = detection.detect_faces(crowd()[0])
    assert len(faces[faces.score > 2]) == 0
    assert len(faces[:1]) == 1


def test_faces_are_chosen_by_number():
    faces = detection.detect_faces(crowd()[0])
    assert len(faces[0]) == 1 and faces[-1].score == faces.score[-1]
    assert [float(face.score[0]) for face in faces] == faces.score.tolist()


@pytest.mark.parametrize("smallest", [0, -3])
def test_no_face_is_smaller_than_a_pixel(smallest):
    with pytest.raises(ValueError, match="1 pixel or more"):
        detection.detect_faces(np.zeros((9, 9, 3), np.uint8), smallest=smallest)


def test_integral_image_wants_whole_numbers():
    with pytest.raises(ValueError, match="whole numbers"):
        detection.integral_image(np.zeros((4, 4)))


def test_haar_finds_upright_faces():
    found = [detection.detect_faces_haar(samples.open_still(name)) for name in STILLS]
    assert all(len(boxes) == 1 for boxes in found)
    assert all(0 <= box[0] < box[2] <= 512 for boxes in found for box in boxes)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros((10, 10), np.uint8), id="grey"),
        pytest.param(np.zeros((10, 10, 4), np.uint8), id="with alpha"),
        pytest.param(np.zeros((10, 10, 3)), id="floats"),
        pytest.param(np.zeros((0, 10, 3), np.uint8), id="empty"),
        pytest.param(None, id="nothing"),
        pytest.param("face.jpg", id="a name"),
    ],
)
@pytest.mark.parametrize("detect", [detection.detect_faces, detection.detect_faces_haar])
def test_not_a_picture(detect, image):
    with pytest.raises(ValueError, match=r"expected an \(H, W, 3\) uint8 RGB array"):
        detect(image)
