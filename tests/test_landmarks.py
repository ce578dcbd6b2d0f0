"""Landmarks: against MediaPipe's own output, and along clips whose truth is known."""

from functools import cache

import cv2
import numpy as np
import pytest
from framewise import detection, landmarks, samples, tracking
from framewise.workbench import eyes, following

SHARED = ("ana_talk", "ben_talk")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))


@pytest.fixture(scope="module")
def tracks():
    return {
        name: tracking.FaceTrack(
            *(arrays[part][0] for part in following.PER_FACE), samples.open_clip(name).times
        )
        for name in SHARED
        for arrays in [following.follow(samples.open_clip(name), 1, progress=False)]
    }


def test_against_mediapipe_on_a_public_domain_photo(request):
    """NASA's portrait of Eileen Collins, from scikit-image, and MediaPipe 0.10.21's points."""
    from skimage.data import astronaut

    reference = np.load(request.path.with_name("mediapipe_astronaut.npy"))
    points = landmarks.find_landmarks(astronaut())
    error = np.linalg.norm(points - reference, axis=1).mean()
    assert error < 0.015 * np.linalg.norm(reference[33] - reference[263])


def test_points_move_with_the_face():
    picture = samples.open_still("ben_neutral")
    moved = np.roll(picture, (24, -40), axis=(0, 1))
    shift = landmarks.find_landmarks(moved) - landmarks.find_landmarks(picture)
    np.testing.assert_allclose(shift.mean(0), [-40, 24], atol=1)


def test_points_of_a_mirror_image_are_mirrored():
    picture = samples.open_still("dora_neutral")
    points = landmarks.find_landmarks(picture)
    mirrored = landmarks.find_landmarks(np.ascontiguousarray(picture[:, ::-1]))
    eyes, swapped = [33, 133, 362, 263], [263, 362, 133, 33]
    np.testing.assert_allclose(511 - mirrored[swapped, 0], points[eyes, 0], atol=3)
    np.testing.assert_allclose(mirrored[swapped, 1], points[eyes, 1], atol=3)


def test_groups():
    points = landmarks.find_landmarks(samples.open_still("ana_neutral"))
    middle = {name: points[list(part)].mean(0) for name, part in landmarks.GROUPS.items()}
    assert middle["right_eye"][0] < middle["nose"][0] < middle["left_eye"][0]
    assert middle["right_brow"][1] < middle["right_eye"][1] < middle["outer_lips"][1]
    for name, part in landmarks.GROUPS.items():
        assert len(set(part)) == len(part) and 0 <= min(part) and max(part) < 468, name


def test_no_face_is_nan():
    blank = np.full((200, 300, 3), 99, np.uint8)
    points = landmarks.find_landmarks(blank)
    assert points.shape == (468, 2) and np.isnan(points).all()
    assert np.isnan(landmarks.find_landmarks(blank, box=[10, 10, 90, 90])).all()
    eyes = landmarks.find_eyelids(blank, points)
    assert (eyes.eyelids.shape, eyes.iris.shape) == ((2, 16, 2), (2, 5, 2))
    assert np.isnan(eyes.eyelids).all() and np.isnan(eyes.iris).all()


def test_the_detectors_keypoints_turn_a_head_that_lies_on_its_side():
    picture = np.rot90(samples.open_still("ana_neutral")).copy()
    faces = detection.detect_faces(picture)
    box, keypoints = faces.xyxy[0], faces.keypoints[0]
    points = landmarks.find_landmarks(picture, box=box, keypoints=keypoints)
    np.testing.assert_array_equal(points, landmarks.find_landmarks(picture))
    assert abs(points[33] - points[263])[1] > 3 * abs(points[33] - points[263])[0]


def test_a_given_box_is_used():
    picture = samples.open_still("ana_neutral")
    both = np.hstack([picture, samples.open_still("ben_neutral")])
    box = detection.detect_faces(picture).xyxy[0]
    points = landmarks.find_landmarks(both, box=box + [512, 0, 512, 0])
    assert points[:, 0].min() > 512


@pytest.mark.parametrize("box", [[1, 2, 3], [5, 5, 5, 9], [9, 0, 1, 5], "here", [0, 0, np.nan, 1]])
def test_bad_box(box):
    with pytest.raises(ValueError, match="expected x0, y0, x1, y1"):
        landmarks.find_landmarks(np.zeros((9, 9, 3), np.uint8), box=box)


@pytest.mark.parametrize(
    "given", [{}, {"box": [0, 0, 9, 9], "keypoints": np.zeros((5, 2))}, {"box": [0, 0, 9, 9]}]
)
def test_keypoints_that_cannot_be_used_are_refused(given):
    keypoints = {"keypoints": np.full((6, 2), np.nan if "box" in given else 5.0)}
    with pytest.raises(ValueError, match="keypoints: expected"):
        landmarks.find_landmarks(np.zeros((9, 9, 3), np.uint8), **(keypoints | given))


# ---- can an eye be seen? ----

SEEN = {
    "ana_talk": (0, 33),
    "frank_talk": (0, 159),  # glasses
    "imani_talk": (0, 138),  # dark skin
    "elsa_talk": (0, 41),
    "hugo_down": (100,),
    "gita_smile": (100,),
    "chen_aside": (60, 100),
}
"""Frames with open, lowered, narrowed and shut eyes, by clip; the second ones are in blinks."""


@cache
def sample(name, frame):
    picture = samples.open_clip(name)[frame]
    return picture, landmarks.find_landmarks(picture)


def picture_and_points(name, frame=0):
    picture, points = sample(name, frame)
    return picture.copy(), points


def around_eye(points, side):
    """Return the rows and the columns of an eye with what is around it."""
    a, b = points[list(landmarks.EYE_CORNERS[side])]
    half = abs(b[0] - a[0]) * np.array([0.9, 0.72])
    x, y = np.round([(a + b) / 2 - half, (a + b) / 2 + half]).astype(int).T
    return slice(*y), slice(*x)


def filled(*colour):
    return lambda part: np.full_like(part, colour)


def pixelated(part):
    """Return the part in three blocks each way, 1.7 across the eye."""
    small = cv2.resize(part, (3, 3), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def finely_pixelated(part):
    """Return the part in six blocks each way, 3.5 across the eye."""
    small = cv2.resize(part, (6, 6), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, part.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def dark_glass(part):
    y, x = np.mgrid[-1 : 1 : len(part) * 1j, -1 : 1 : part.shape[1] * 1j]
    lens = np.full_like(part, (22, 20, 24)) + part // 24
    return np.where((x**2 + y**2 < 1)[..., None], lens, part)


COVERS = {
    "black": filled(0, 0, 0),
    "grey": filled(128, 128, 128),
    "red": filled(200, 20, 30),
    "skin": lambda part: np.full_like(part, np.median(part, axis=(0, 1))),
    "dark glass": dark_glass,
    "mosaic": pixelated,
    "finer mosaic": finely_pixelated,
    "blur": lambda part: cv2.GaussianBlur(part, (0, 0), part.shape[1] / 5),
}


@pytest.mark.parametrize("sides", [(0, 1), (0,), (1,)], ids=["both", "right", "left"])
@pytest.mark.parametrize("cover", COVERS)
def test_a_covered_eye_is_not_seen_and_the_other_one_is(cover, sides):
    for name in ("ben_talk", "frank_talk", "imani_talk"):
        picture, points = picture_and_points(name)
        for side in sides:
            place = around_eye(points, side)
            picture[place] = COVERS[cover](picture[place])
        found = landmarks.find_eyelids(picture, points)
        for side in (0, 1):
            seen = [np.isfinite(part[side]) for part in found]
            assert all(np.all(part == (side not in sides)) for part in seen), (name, side)


@pytest.mark.parametrize("name", SEEN)
def test_open_narrowed_and_shut_eyes_are_seen(name):
    for frame in SEEN[name]:
        picture, points = picture_and_points(name, frame)
        small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        dim = picture // 3
        for view, place in ((picture, points), (dim, points), (small, points / 2)):
            assert np.isfinite(landmarks.find_eyelids(view, place).eyelids).all(), frame


def test_the_frames_in_blinks_show_shut_eyes():
    for name in (name for name in SEEN if name.endswith("_talk")):
        truth = samples.load_truth(samples.open_clip(name))
        assert truth.closure[SEEN[name][1]].min() > 0.8, name


@pytest.mark.parametrize(("width", "seen"), [(8.7, False), (9.6, True)])
def test_an_eye_narrower_than_nine_pixels_is_not_seen(width, seen):
    picture, points = picture_and_points("ana_talk")
    ends = [points[b] - points[a] for a, b in landmarks.EYE_CORNERS]
    scale = width / np.mean([np.hypot(*end) for end in ends])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = landmarks.find_eyelids(small, points * scale)
    assert all((np.isfinite(part) == seen).all() for part in found)


def test_a_doubtful_eye_counts_if_the_two_together_are_clear():
    clear, doubtful, none = eyes.CLEAR + 3, (eyes.CLEAR + eyes.DOUBTFUL) / 2, eyes.DOUBTFUL - 1
    assert eyes.seen([clear, doubtful]).tolist() == [True, True]
    assert eyes.seen([doubtful, doubtful]).tolist() == [False, False]
    assert eyes.seen([none, 99]).tolist() == [False, True]
    assert eyes.seen([clear, -np.inf]).tolist() == [True, False]


def test_an_eye_that_trembles_around_nine_pixels_is_judged_by_its_median():
    times, scores = np.arange(100) / 25, np.full((100, 2), 9.0)
    trembling = np.where(np.arange(100) % 3 == 0, 8.4, 9.1)
    assert eyes.seen_along(scores, trembling, times).all()
    assert not eyes.seen_along(scores, trembling - 0.4, times).any()
    nearer = np.linspace(6, 12, 100)
    assert eyes.wide_along(nearer, times).tolist() == [False] * 50 + [True] * 50


def test_widths_of_eyes_by_hand():
    points = np.zeros((3, 468, 2))
    points[:, 133], points[1, 362] = (3, 4), (0, -7)
    assert landmarks.eye_width(points).tolist() == [2.5, 6, 2.5]


def test_openings_by_hand():
    eyelids = np.zeros((2, 16, 2))
    eyelids[:, :9, 0] = np.arange(9)  # the lower lid along x from 0 to 8
    eyelids[:, 9:, 0] = np.arange(1, 8)
    eyelids[:, 9:, 1] = [[-2], [-1]]  # the upper lid 2 and 1 above it
    np.testing.assert_allclose(landmarks.eye_opening(eyelids), [2 / 8, 1 / 8])
    points = np.zeros((468, 2))
    points[[61, 291]], points[[13, 14]] = [[0, 0], [10, 0]], [[5, 1], [5, 4]]
    assert landmarks.mouth_opening(points) == pytest.approx(0.3)
    assert landmarks.face_box(points).tolist() == [0, 0, 10, 4]


def test_openings_ignore_turn_and_size():
    rng = np.random.default_rng(0)
    eyelids = rng.normal(size=(5, 2, 16, 2))
    turned = eyelids @ np.array([[0, 3], [-3, 0]]) + 7
    np.testing.assert_allclose(landmarks.eye_opening(turned), landmarks.eye_opening(eyelids))


@pytest.mark.parametrize("name", SHARED)
def test_a_face_in_every_frame(name, tracks):
    track = tracks[name]
    assert len(track) == 200 and track.points.shape == (200, 468, 2)
    assert np.isfinite(track.points).all() and track.score.min() > 0.9
    assert np.abs(np.diff(track.points, axis=0)).mean() < 2  # px a frame: no jumps


@pytest.mark.parametrize("name", SHARED)
def test_eyelids_close_where_the_renderer_closed_them(name, tracks):
    truth = samples.load_truth(samples.open_clip(name))
    opening = landmarks.eye_opening(tracks[name].eyelids).mean(1)
    closed = np.flatnonzero(opening < np.median(opening) / 2)
    starts, lowest, ends = truth.blinks.T
    assert all(np.abs(closed - frame).min() <= 1 for frame in lowest)
    assert all(((starts <= frame) & (frame <= ends)).any() for frame in closed)
    assert np.corrcoef(opening, truth.closure.mean(1))[0, 1] < -0.94


@pytest.mark.parametrize(
    ("name", "shut", "open_"), [("ana_talk", 32, 50), ("ben_talk", 69, 50), ("ben_talk", 146, 120)]
)
def test_eyelids_in_frames_looked_at_by_eye(name, shut, open_, tracks):
    opening = landmarks.eye_opening(tracks[name].eyelids).mean(1)
    assert opening[shut] < 0.1 and opening[open_] > 0.25


# the mesh points that stand for the named points of the truth
SAME = {
    "right_eye_corners": [33, 133],
    "left_eye_corners": [263, 362],
    "nose_base": [48, 75, 2, 305, 278],
    "lips_inner": [78, 81, 13, 311, 308, 402, 14, 178],
}


@pytest.mark.parametrize("name", SHARED)
def test_points_lie_where_the_renderer_put_them(name, tracks):
    truth, points = samples.load_truth(samples.open_clip(name)), tracks[name].points
    width = np.linalg.norm(points[:, 33] - points[:, 263], axis=1).mean()
    for place, numbers in SAME.items():
        off = np.linalg.norm(points[:, numbers] - truth.place(place), axis=-1)
        assert off.mean() < 0.03 * width, place


@pytest.mark.parametrize("name", SHARED)
def test_the_mouth_opens_where_the_renderer_opened_it(name, tracks):
    lips = samples.load_truth(samples.open_clip(name)).place("lips_inner")
    gap = np.linalg.norm(lips[:, 2] - lips[:, 6], axis=1)
    opening = landmarks.mouth_opening(tracks[name].points)
    assert np.corrcoef(gap, opening)[0, 1] > 0.9


def test_irises_lie_between_the_lids(tracks):
    track = tracks["ana_talk"]
    opening = landmarks.eye_opening(track.eyelids)
    low, high = track.eyelids.min(2), track.eyelids.max(2)
    inside = ((track.iris[:, :, 0] > low) & (track.iris[:, :, 0] < high)).all(-1)
    assert inside[opening > 0.2].mean() > 0.99


def test_tracking_agrees_with_detecting_anew(tracks):
    clip = samples.open_clip("ben_talk")
    for i in (20, 90, 150):
        anew = landmarks.find_landmarks(clip[i])
        difference = np.linalg.norm(tracks["ben_talk"].points[i] - anew, axis=1).mean()
        assert difference < 0.06 * np.linalg.norm(anew[33] - anew[263])


def test_points_of_another_shape_are_refused():
    picture = np.zeros((9, 9, 3), np.uint8)
    with pytest.raises(ValueError, match=r"expected \(468, 2\) landmarks"):
        landmarks.find_eyelids(picture, np.zeros((5, 2)))
