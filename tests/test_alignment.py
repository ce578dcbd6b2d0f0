"""Alignment: by hand, against OpenCV, and there and back."""

import cv2
import numpy as np
import pytest
from framewise import alignment, landmarks, samples


def random_similarity(rng):
    angle, scale = rng.uniform(-np.pi, np.pi), rng.uniform(0.2, 5)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cos, -sin, rng.normal() * 50], [sin, cos, rng.normal() * 50]])


def test_by_hand():
    src = np.array([[0, 0], [1, 0], [0, 1]])
    dst = np.array([[3, 4], [3, 6], [1, 4]])  # a quarter turn, twice the size, moved by (3, 4)
    matrix = alignment.estimate_similarity(src, dst)
    np.testing.assert_allclose(matrix, [[0, -2, 3], [2, 0, 4]], atol=1e-12)
    np.testing.assert_allclose(alignment.apply_similarity(matrix, src), dst, atol=1e-12)


def test_least_squares_by_hand():
    """Two points and their images too far apart by one pixel each: the best scale is between."""
    matrix = alignment.estimate_similarity([[0, 0], [2, 0], [1, 1]], [[0, 0], [4, 0], [2, 1]])
    # Umeyama: variance 8/9, covariance diag(4/3, 2/9): scale (4/3 + 2/9) / (8/9) = 1.75
    np.testing.assert_allclose(matrix[:, :2], 1.75 * np.eye(2), atol=1e-12)


def test_against_opencv_on_exact_points():
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth, src = random_similarity(rng), rng.normal(size=(30, 2)) * 100
        dst = alignment.apply_similarity(truth, src)
        matrix = alignment.estimate_similarity(src, dst)
        np.testing.assert_allclose(matrix, truth, atol=1e-8)
        np.testing.assert_allclose(matrix, cv2.estimateAffinePartial2D(src, dst)[0], atol=1e-4)


def test_no_other_similarity_fits_better():
    rng = np.random.default_rng(1)
    src, dst = rng.normal(size=(2, 40, 2)) * 50

    def error(m):
        return ((alignment.apply_similarity(m, src) - dst) ** 2).sum()

    best = alignment.estimate_similarity(src, dst)
    for _ in range(200):
        a, b, x, y = rng.normal(size=4) * [0.01, 0.01, 1, 1]
        assert error(best) < error(best + np.array([[a, -b, x], [b, a, y]]))


def test_against_the_complex_number_solution():
    rng = np.random.default_rng(2)
    src, dst = rng.normal(size=(2, 12, 2))
    z, w = src @ [1, 1j], dst @ [1, 1j]
    a, b = np.linalg.lstsq(np.stack([z, np.ones(12)], axis=1), w, rcond=None)[0]
    expected = [[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]
    np.testing.assert_allclose(alignment.estimate_similarity(src, dst), expected, atol=1e-12)


def test_never_a_mirror_image():
    src = np.array([[0, 0], [1, 0], [0, 2], [1, 3]], float)
    matrix = alignment.estimate_similarity(src, src * [-1, 1])
    assert np.linalg.det(matrix[:, :2]) > 0


def test_missing_points_are_left_out():
    rng = np.random.default_rng(3)
    truth, src = random_similarity(rng), rng.normal(size=(10, 2))
    dst = alignment.apply_similarity(truth, src)
    src[3], dst[7] = np.nan, np.nan
    np.testing.assert_allclose(alignment.estimate_similarity(src, dst), truth, atol=1e-9)


def test_inverse():
    rng = np.random.default_rng(4)
    matrix, points = random_similarity(rng), rng.normal(size=(7, 5, 2))
    there = alignment.apply_similarity(matrix, points)
    back = alignment.apply_similarity(alignment.invert_similarity(matrix), there)
    np.testing.assert_allclose(back, points, atol=1e-9)


@pytest.mark.parametrize(
    ("src", "dst", "words"),
    [
        pytest.param(np.zeros((0, 2)), np.zeros((0, 2)), "two or more", id="no points"),
        pytest.param([[1, 2]], [[3, 4]], "two or more", id="one point"),
        pytest.param([[1, 2], [1, 2]], [[3, 4], [5, 6]], "src: .*got 1", id="one place"),
        pytest.param(np.zeros((3, 2)), np.zeros((4, 2)), r"\(N, 2\)", id="other numbers"),
        pytest.param(np.zeros((3, 3)), np.zeros((3, 3)), r"\(N, 2\)", id="three coordinates"),
        pytest.param(np.full((3, 2), np.nan), np.zeros((3, 2)), "src: .*got 0", id="all missing"),
        pytest.param([[1, 2], [3, 4]], [[5, 6], [5, 6]], "dst: .*got 1", id="one target"),
        pytest.param(
            [[1, 2], [3, 4], [5, 6]],
            [[7, 8], [9, np.nan], [7, 8]],
            "dst: .*got 1",
            id="one target that is known",
        ),
    ],
)
def test_bad_points(src, dst, words):
    with pytest.raises(ValueError, match=words):
        alignment.estimate_similarity(src, dst)


def test_the_canonical_face_is_upright_and_symmetric():
    face = alignment.canonical_face(100)
    assert face.shape == (468, 2) and face.min() > 0 and face.max() < 100
    for right, left in ((33, 263), (133, 362), (61, 291), (234, 454)):
        np.testing.assert_allclose(face[right] + face[left], [100, 2 * face[left, 1]], atol=1e-3)
    middle = {name: face[list(part)].mean(0) for name, part in landmarks.GROUPS.items()}
    assert middle["right_eye"][0] < 50 < middle["left_eye"][0]
    assert middle["right_eye"][1] < middle["nose"][1] < middle["outer_lips"][1]


@pytest.mark.parametrize("name", ["ana_neutral", "ben_closed", "cato_speaking"])
def test_a_chip_holds_the_face_upright(name):
    picture = samples.open_still(name)
    points = landmarks.find_landmarks(picture)
    chip, matrix = alignment.align_face(picture, points, size=200)
    placed = alignment.apply_similarity(matrix, points)[[33, 263]]
    assert chip.shape == (200, 200, 3) and chip.dtype == np.uint8
    np.testing.assert_allclose(placed, alignment.canonical_face(200)[[33, 263]], atol=9)


def test_turning_the_picture_does_not_turn_the_chip():
    picture = samples.open_still("ana_neutral")
    points = landmarks.find_landmarks(picture)
    turn = cv2.getRotationMatrix2D((256, 256), 25, 0.8)
    turned = cv2.warpAffine(picture, turn, (512, 512))
    straight, _ = alignment.align_face(picture, points)
    again, _ = alignment.align_face(turned, alignment.apply_similarity(turn, points))
    middle = slice(60, 200)
    assert np.abs(straight[middle, middle].astype(float) - again[middle, middle]).mean() < 4


def test_there_and_back():
    picture = samples.open_still("ben_neutral")
    chip, matrix = alignment.align_face(picture, landmarks.find_landmarks(picture), size=512)
    back, covered = alignment.unalign_face(chip, matrix, (512, 512))
    inside = covered == 1
    assert inside.mean() > 0.1 and covered.min() == 0
    assert np.abs(back.astype(float) - picture)[inside].mean() < 1.5
    assert not back[covered == 0].any()


def test_unaligning_a_grey_map_keeps_its_kind():
    matrix = np.array([[0.5, 0, 0], [0, 0.5, 0]])
    picture, _ = alignment.unalign_face(np.ones((50, 50), np.float32), matrix, (120, 110))
    assert picture.shape == (110, 120) and picture.dtype == np.float32
    assert picture[:90, :90].min() == 1 and picture[105:].max() == 0


def test_no_face_to_align():
    with pytest.raises(ValueError, match="no face was found"):
        alignment.align_face(np.zeros((9, 9, 3), np.uint8), np.full((468, 2), np.nan))


def test_bad_input_to_align():
    picture, points = np.zeros((9, 9, 3), np.uint8), alignment.canonical_face(9)
    with pytest.raises(ValueError, match="1 pixel or more"):
        alignment.align_face(picture, points, size=0)
    with pytest.raises(ValueError, match="expected an"):
        alignment.align_face(picture / 255, points)


@pytest.fixture(scope="module", params=["ana_talk", "ben_talk"])
def talk(request):
    """Every tenth frame of a talking clip: its points, and the true turn of the head."""
    clip = samples.open_clip(request.param)
    points = np.stack([landmarks.find_landmarks(clip[i]) for i in range(0, len(clip), 10)])
    return points, samples.load_truth(clip).pose[::10]


def maps(faces, which):
    target = alignment.canonical_face(256)[which]
    return np.stack([alignment.estimate_similarity(face[which], target) for face in faces])


def test_the_tilt_taken_out_is_the_heads_own(talk):
    points, pose = talk
    matrices = maps(points, alignment.STEADY)
    tilt = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    np.testing.assert_allclose(tilt, pose[:, 2], atol=2)  # degrees
    assert np.corrcoef(tilt, pose[:, 2])[0, 1] > 0.8


def test_steady_points_hold_the_eye_corners_stillest(talk):
    points, _ = talk
    corners = [33, 133, 362, 263]

    def shift(which):
        pairs = zip(maps(points, which), points[:, corners], strict=True)
        places = np.stack([alignment.apply_similarity(m, face) for m, face in pairs])
        return np.linalg.norm(places - places[:, None], axis=-1).mean()  # any frame to any other

    steady = shift(np.setdiff1d(alignment.STEADY, corners))
    assert steady < 0.95 * shift(np.arange(468))
    assert steady < 0.8 * shift([*corners, *landmarks.GROUPS["nose"]])


def test_mean_face():
    picture = samples.open_still("dora_neutral")
    points = landmarks.find_landmarks(picture)
    nothing = np.full_like(points, np.nan)
    one, _ = alignment.align_face(picture, points, size=64)
    dark = picture // 2
    mean = alignment.mean_face([picture, picture, dark], [points, nothing, points], size=64)
    half, _ = alignment.align_face(dark, points, size=64)
    np.testing.assert_allclose(mean, (one.astype(float) + half) / 2, atol=0.51)
    with pytest.raises(ValueError, match="in at least one frame"):
        alignment.mean_face([picture], [nothing])
    with pytest.raises(ValueError):
        alignment.mean_face([picture], [points, points])
