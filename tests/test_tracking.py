"""Tracking: who is followed, over what, and what a reader is told of it."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count, pairwise

import av
import cv2
import numpy as np
import pytest
from framewise import clips, landmarks, samples, tracking
from framewise.workbench import encode, following, likeness, repeats, shots
from videos import read_number, write_video

SHARED = ("ana_talk", "ben_talk")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))


class Film:
    """Frames in memory, where a clip is expected."""

    def __init__(self, frames, fps=25.0):
        self._frames, self.fps = frames, fps
        self.times = np.arange(len(frames)) / fps

    def __len__(self):
        return len(self._frames)

    def frames(self):
        return iter(self._frames)


@cache
def sample(name, count=50):
    return tuple(samples.open_clip(name).frames(60, 60 + count))


def follow(frames, most=None):
    """Return who is seen in which frames, a set for each person, and all that was measured."""
    arrays = following.follow(Film(frames), most, progress=False)
    return [set(np.flatnonzero(np.isfinite(score))) for score in arrays["score"]], arrays


# ---- gaps, absences, the cache ----


def test_gaps_are_nan_and_the_face_is_found_again(tmp_path):
    frames = list(samples.open_clip("ana_talk").frames(0, 60))
    for i in range(20, 40):
        frames[i] = np.full_like(frames[i], 70)
    clip = clips.Clip(encode.write_clip(tmp_path / "gap.mp4", frames, 25))
    track = tracking.track_face(clip, progress=False)
    missing = np.isnan(track.score)
    assert missing[20:40].all() and not missing[:20].any() and not missing[46:].any()
    assert np.array_equal(missing, np.isnan(track.points).all((1, 2)))
    assert np.array_equal(missing, np.isnan(track.eyelids).all((1, 2, 3)))


def test_no_face_at_all(tmp_path):
    clip = clips.Clip(write_video(tmp_path / "none.mp4", count=12))
    track = tracking.track_face(clip, progress=False)
    assert len(track) == 12 and np.isnan(track.points).all() and np.isnan(track.score).all()
    assert tracking.track_faces(clip, progress=False) == []
    assert tracking.track_faces(clip, progress=False) == []  # from the cache as well


def test_tracks_are_kept_by_content(tmp_path, monkeypatch):
    path = encode.write_clip(tmp_path / "a.mp4", samples.open_clip("ana_talk").frames(0, 5), 25)
    first = tracking.track_face(clips.Clip(path), progress=False)
    monkeypatch.setattr(following, "follow", None)
    again = tracking.track_face(clips.Clip(path.rename(tmp_path / "b.mp4")), progress=False)
    assert np.array_equal(first.points, again.points)
    assert np.array_equal(first.times, again.times)


# ---- several people ----


def heads():
    """Frames of Ana and Ben, each cut to the head, (96, 96, 3)."""
    cut = slice(60, 444, 4), slice(112, 496, 4)
    return [[frame[cut] for frame in samples.open_clip(name).frames(0, 100)] for name in SHARED]


def film(tmp_path, places, name="film.mp4"):
    """Write a clip of 100 frames with the heads where `places(i)` says; the last in front."""
    cast = heads()
    frames = []
    for i in range(100):
        frame = np.full((200, 560, 3), (150, 160, 170), np.uint8)
        for who, x in places(i):
            frame[50:146, x : x + 96] = cast[who][i]
        frames.append(frame)
    return clips.Clip(encode.write_clip(tmp_path / name, frames, 25))


def path_of(track):
    return track.points[:, :, 0].mean(axis=1)


def test_two_people_side_by_side(tmp_path):
    clip = film(tmp_path, lambda i: [(0, 60), (1, 380)])
    tracks = tracking.track_faces(clip, progress=False)
    assert len(tracks) == 2
    assert all(np.isfinite(track.score).mean() > 0.99 for track in tracks)


def test_identity_survives_a_crossing(tmp_path):
    clip = film(tmp_path, lambda i: [(0, 440 - 4 * i), (1, 20 + 4 * i)])
    tracks = tracking.track_faces(clip, progress=False)
    assert len(tracks) == 2
    paths = [path_of(track) for track in tracks]
    ana = max(paths, key=lambda path: path[0])
    ben = min(paths, key=lambda path: path[0])
    assert ana[-1] < 120 and ben[-1] > 400
    middle = np.arange(100)
    for path, expected in ((ana, 488 - 4 * middle), (ben, 68 + 4 * middle)):
        seen = np.isfinite(path)
        assert seen.mean() > 0.7
        assert np.abs(path - expected)[seen].max() < 25


def test_identity_survives_an_absence(tmp_path):
    def places(i):
        return [(1, 380)] + ([(0, 60)] if not 40 <= i < 60 else [])

    tracks = tracking.track_faces(film(tmp_path, places), progress=False)
    assert len(tracks) == 2
    away = min(tracks, key=lambda track: np.isfinite(track.score).sum())
    assert np.isnan(away.score[41:59]).all()
    assert np.isfinite(away.score[:40]).all() and np.isfinite(away.score[66:]).all()


def test_a_cut_to_somebody_else_is_another_person(tmp_path):
    ana, ben = (list(samples.open_clip(name).frames(0, 30)) for name in SHARED)
    frames = [*ana[:15], *ben[:15], *ana[15:], *ben[15:]]
    clip = clips.Clip(encode.write_clip(tmp_path / "cut.mp4", frames, 25))
    tracks = tracking.track_faces(clip, progress=False)
    assert len(tracks) == 2
    seen = [set(np.flatnonzero(np.isfinite(track.score)) // 15) for track in tracks]
    assert sorted(map(sorted, seen)) == [[0, 2], [1, 3]]


def test_two_who_swap_places_while_away(tmp_path):
    def places(i):
        if i < 40:
            return [(0, 60), (1, 380)]
        return [(0, 380), (1, 60)] if i >= 60 else []

    tracks = tracking.track_faces(film(tmp_path, places), progress=False)
    assert len(tracks) == 2
    for track in tracks:
        path = path_of(track)
        assert (path[0] < 280) != (path[-1] < 280)


# ---- cuts ----


@pytest.mark.parametrize("most", [None, 1])
@pytest.mark.parametrize(
    "pair", [("ben", "dalia"), ("frank", "elsa"), ("ana", "gita"), ("hugo", "chen")]
)
def test_nobody_is_followed_over_a_cut_as_somebody_else(pair, most):
    one, other = (sample(f"{name}_talk") for name in pair)
    people, arrays = follow([*one[:25], *other[:25], *one[25:]], most)
    assert arrays["cuts"].tolist() == [25, 50]
    assert people[0] == {*range(25), *range(50, 75)}  # known again after the cut back
    assert people[1:] == ([set(range(25, 50))] if most is None else [])


def test_the_same_person_is_known_after_a_cut_to_another_place():
    frames = sample("ben_talk")
    moved = [np.roll(cv2.flip(frame, -1)[::-1], 130, axis=1) for frame in frames[25:]]
    people, arrays = follow([*frames[:25], *(frame[:, ::-1] for frame in moved)])
    assert arrays["cuts"].tolist() == [25] and people == [set(range(50))]


def test_a_cut_from_two_people_to_one_of_them():
    frames = sample("chen_gita")
    truths = [
        samples.load_truth(samples.open_clip("chen_gita"), person).box[60] for person in (0, 1)
    ]
    top = int(max(truths, key=lambda box: box[0])[1]) - 60
    closer = [cv2.resize(frame[top : top + 240, 320:], (640, 480)) for frame in frames[25:]]
    people, arrays = follow([*frames[:25], *closer])
    assert arrays["cuts"].tolist() == [25]
    assert sorted(people, key=len) == [set(range(25)), set(range(50))]


@pytest.mark.parametrize("most", [None, 1])
def test_two_people_in_the_same_place_before_the_same_wall(most):
    ana, ben = heads()
    wall = np.full((200, 560, 3), (150, 160, 170), np.uint8)
    frames = [wall.copy() for _ in range(50)]
    for i, frame in enumerate(frames):
        frame[50:146, 200:296] = (ana if i < 25 else ben)[i]
    people, _ = follow(frames, most)
    assert people == [set(range(25)), set(range(25, 50))][: most or 2]


@pytest.mark.parametrize("length", [1, 10, 25])
def test_a_cross_fade_parts_two_people(length):
    one, other = sample("ana_talk"), sample("dalia_talk")
    weights = (np.arange(length) + 1) / (length + 1)
    mixed = [cv2.addWeighted(one[20 + i], 1 - w, other[i], w, 0) for i, w in enumerate(weights)]
    people, arrays = follow([*one[:20], *mixed, *other[25:45]])
    assert len(arrays["cuts"]) == 1 and 19 <= arrays["cuts"][0] <= 21 + length
    assert len(people) == 2 and max(people[0]) < arrays["cuts"][0] <= min(people[1])


def brighter(frame, levels):
    return np.clip(frame.astype(int) + levels, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("first", "after"), [(20, 22), (20, 27), (20, 50)])
def test_a_flash_or_a_change_of_light_is_no_cut(first, after):
    frames = list(sample("ben_talk"))
    frames[first:after] = [brighter(frame, 127) for frame in frames[first:after]]
    people, arrays = follow(frames)
    flash = set(range(first, after)) if after < 50 else set()
    assert arrays["cuts"].tolist() == [] and people == [set(range(50)) - flash]
    assert set(arrays["broken"].tolist()) == flash


def test_a_hand_before_the_face_is_no_cut():
    frames = [frame.copy() for frame in sample("ben_talk")]
    for i, frame in enumerate(frames[12:35]):
        frame[:, max(0, 40 * i - 260) : 40 * i] = (170, 120, 100)
    people, arrays = follow(frames)
    assert arrays["cuts"].tolist() == [] and len(people) == 1
    assert people[0] >= {*range(12), *range(40, 50)}


# ---- shots: small pictures alone ----

RNG = np.random.default_rng(0)
ONE, OTHER = (
    np.clip(cv2.GaussianBlur(RNG.normal(128, 200, (24, 32)), (0, 0), 2) + 0, 0, 255)
    for _ in range(2)
)


def find(pictures, repeated=(), fps=25):
    pictures = np.round(np.clip(pictures, 0, 255)).astype(np.uint8)
    return shots.find_shots(pictures, np.arange(len(pictures)) / fps, np.array(repeated, int))


def test_a_cut_by_hand():
    cuts, shot_of = find([ONE] * 10 + [OTHER] * 10)
    assert cuts.tolist() == [10] and shot_of.tolist() == [0] * 10 + [1] * 10


@pytest.mark.parametrize("length", [1, 4, 12])
def test_a_picture_put_in_for_a_moment_belongs_to_no_shot(length):
    cuts, shot_of = find([ONE] * 10 + [OTHER] * length + [ONE] * 20)
    assert cuts.tolist() == [] and shot_of.tolist() == [0] * 10 + [-1] * length + [0] * 20
    assert find([ONE] * 10 + [OTHER] * 14 + [ONE] * 20)[0].tolist() == [10, 24]


def test_fast_camera_work_is_no_cut():
    wide = np.clip(cv2.GaussianBlur(RNG.normal(128, 200, (24, 400)), (0, 0), 2), 0, 255)
    pan = [wide[:, x : x + 32] for x in [0] * 10 + [*range(0, 300, 6)] + [300] * 10]
    assert shots.is_new(*np.array(pan[30:32], np.uint8))
    assert find(pan)[0].tolist() == []


def test_a_cross_fade_needs_that_nobody_is_the_same_after_it():
    mixed = [ONE + (OTHER - ONE) * i / 11 for i in range(1, 11)]
    pictures = np.array([ONE] * 20 + mixed + [OTHER] * 20, np.uint8)
    told = []
    times, none = np.arange(50) / 25, np.zeros(0, int)
    cuts, _ = shots.find_shots(pictures, times, none, lambda *span: told.append(span) or True)
    assert cuts.tolist() == [] and len(told) == 1 and told[0][0] < 25 < told[0][1]
    assert find(pictures)[0].tolist() in ([24], [25])


def test_repeated_pictures_hide_no_cut_and_make_none():
    pictures = np.repeat([ONE + 10 * np.sin(i) for i in range(10)] + [OTHER] * 10, 3, axis=0)
    again = np.delete(np.arange(60), np.arange(0, 60, 3))
    cuts, shot_of = find(pictures, again)
    assert cuts.tolist() == [30] and shot_of.tolist() == [0] * 30 + [1] * 30


@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_black_frames_have_no_cuts(count):
    cuts, shot_of = find(RNG.integers(0, 3, (count, 24, 32)))
    assert len(cuts) == 0 and shot_of.tolist() == [0] * count


# ---- repeated pictures ----


def repeats_in(tmp_path, name, source, crf):
    """Return which frames repeat, as measured in the box of the face once the film is encoded."""
    clip = samples.open_clip(name)
    shown = list(clip.frames(0, max(source) + 1))
    frames, box = [shown[i] for i in source], samples.load_truth(clip).box[:1]
    path = write_video(tmp_path / f"{crf}.mp4", frames=frames, options={"crf": str(crf)})
    with av.open(str(path)) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    pairs = pairwise(decoded)
    changes = [(np.inf, np.inf), *(repeats.face_change(a, b, box) for a, b in pairs)]
    return set(repeats.find_repeats(np.array(changes), 25).tolist())


@pytest.mark.parametrize(("step", "crf", "least"), [(6, 18, 0.95), (6, 35, 0.7), (2, 23, 0.8)])
def test_a_raised_frame_rate_is_seen(tmp_path, step, crf, least):
    found = repeats_in(tmp_path, "ben_talk", [i - i % step for i in range(90)], crf)
    true = {i for i in range(90) if i % step}
    assert len(found & true) >= least * len(true)
    assert len(found - true) <= 0.1 * (90 - len(true))


@pytest.mark.parametrize("crf", [18, 35])
def test_a_photo_in_a_loop_stands_still(tmp_path, crf):
    assert len(repeats_in(tmp_path, "ben_talk", [40] * 60, crf)) >= 50


@pytest.mark.parametrize(
    ("name", "crf"), [("elsa_reads", 35), ("imani_rare", 18), ("imani_rare", 35)]
)
def test_quiet_people_are_not_taken_for_photos(tmp_path, name, crf):
    assert repeats_in(tmp_path, name, list(range(90)), crf) == set()


# ---- likeness ----


def test_portraits_do_not_depend_on_size_turn_or_brightness():
    picture, other = samples.open_still("ben_neutral"), samples.open_still("ana_neutral")
    points = landmarks.find_landmarks(picture)
    turn = np.array([[0.6, -0.2, 150], [0.2, 0.6, 60]])
    size = picture.shape[1::-1]
    turned = cv2.warpAffine(picture, turn, size, flags=cv2.INTER_AREA)
    same = likeness.portray(brighter(turned, 0) // 4 * 3, points @ turn[:, :2].T + turn[:, 2])
    own = likeness.portray(picture, points)
    stranger = likeness.portray(other, landmarks.find_landmarks(other))
    near, far = likeness.appearance_distance([own], [same, stranger])[0]
    assert near < 0.5 < likeness.SAME_IN_SHOT < far


def test_people_in_one_frame_are_never_joined():
    twin = likeness.Portrait(np.ones(900, np.float32) / 30, np.ones(192, np.float32))
    group = likeness.group([[twin]] * 3, [0, 0, 1], [{1, 2}, {2, 3}, {9}])
    assert group == [[0, 2], [1]]
    assert likeness.group([], [], []) == []


# ---- notices ----


def track(*, width=20.0, unseen=(), eyes=(0, 1), frames=100):
    """A level face whose eyes are so wide; lids are NaN in the frames `unseen`."""
    points = np.zeros((frames, 468, 2), np.float32)
    for outer, inner, x in ((33, 133, 40), (263, 362, 80)):
        points[:, outer, 0] = x - np.sign(60 - x) * np.asarray(width) / 2
        points[:, inner, 0] = x + np.sign(60 - x) * np.asarray(width) / 2
    points[:, [234, 1, 454], 0] = [0, 60, 120]
    lids = np.zeros((frames, 2, 16, 2), np.float32)
    for eye in eyes:
        lids[list(unseen), eye] = np.nan
    iris = np.zeros((frames, 2, 5, 2), np.float32)
    return tracking.FaceTrack(points, lids, iris, np.ones(frames), np.arange(frames) / 25)


@pytest.mark.parametrize(
    ("eyes", "words"), [((0, 1), "The eyes"), ((0,), "The right eye"), ((1,), "The left eye")]
)
def test_covered_eyes_are_told(eyes, words):
    (notice,) = tracking.track_notices(track(unseen=[*range(20, 40), *range(43, 60)], eyes=eyes))
    assert notice[:3] == ("covered_eyes", 20, 59) and notice.statement.startswith(words)
    assert tracking.track_notices(track(unseen=range(20, 30))) == []


def test_eyes_that_are_hidden_in_turn_are_not_said_to_be_both_hidden():
    one_by_one = track(unseen=range(20, 40), eyes=(0,))
    one_by_one.eyelids[40:60, 1] = np.nan
    (notice,) = tracking.track_notices(one_by_one)
    assert notice.statement.startswith("One eye or the other cannot be seen in frames 20 to 59")


def test_small_faces_are_told_and_not_called_covered():
    (notice,) = tracking.track_notices(track(width=8.5, unseen=range(100)))
    assert notice[:3] == ("small_face", 0, 99)


def test_every_stretch_is_told():
    unseen = [i for i in range(500) if i % 50 < 20]
    notices = tracking.track_notices(track(unseen=unseen, frames=500))
    assert [notice[1:3] for notice in notices] == [(i, i + 19) for i in range(0, 500, 50)]


def test_an_interruption_is_told(monkeypatch):
    nothing = np.zeros(0, int)
    arrays = {"cuts": nothing, "repeats": nothing, "broken": np.array([20, 21, 60])}
    monkeypatch.setattr(following, "measured", lambda *_: arrays)
    (notice,) = tracking.clip_notices(Film([None] * 100))
    assert notice[:3] == ("interrupted", 20, 60) and "In 3 of 100 frames" in notice.statement


def test_a_watcher_sees_each_frame_once_and_in_order(plain_video, monkeypatch, tmp_path):
    monkeypatch.setenv("FRAMEWISE_OWN", str(tmp_path))
    clip, seen = clips.Clip(plain_video), []
    for _ in range(2):  # the second time the tracks come from the cache
        tracking.track_faces(
            clip, progress=False, watch=lambda i, image: seen.append((i, read_number(image)))
        )
    assert seen == [(i, i) for i in range(90)]


def test_a_single_frame_has_nothing_to_tell():
    assert tracking.track_notices(track(frames=1)) == []


@pytest.mark.parametrize(
    ("again", "spans"),
    [(range(30, 60), [(30, 59)]), (range(1, 100, 2), [(None, None)]), ([5], [])],
)
def test_cuts_and_repeated_pictures_are_told(again, spans, monkeypatch):
    arrays = {"cuts": np.array([70]), "repeats": np.array(again), "broken": np.zeros(0, int)}
    monkeypatch.setattr(following, "measured", lambda *_: arrays)
    cut, *notices = tracking.clip_notices(Film([None] * 100))
    assert cut[:3] == ("cut", 70, 70)
    assert [notice[:3] for notice in notices] == [("repeated_pictures", *span) for span in spans]


# ---- the pass itself ----


@pytest.mark.parametrize(("shape", "most"), [((480, 640, 3), 8), ((4320, 7680, 3), 1)])
def test_large_pictures_are_not_decoded_far_ahead(shape, most):
    number = count()
    pictures = (np.broadcast_to(np.uint8(next(number)), shape) for _ in range(20))
    with ThreadPoolExecutor(1) as decoder:
        ahead = following._ahead(pictures, decoder)
        first = next(ahead)
        decoder.submit(int).result()  # what was asked for has been decoded by now
        assert first[0, 0, 0] == 0 and next(number) == 1 + most


def test_a_track_of_another_source_or_network_is_not_used_again(tmp_path):
    package, networks = tmp_path / "package", tmp_path / "networks"
    versions = set()
    for file in (package / "a.py", package / "b" / "c.py", networks / "models.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("1")
    versions.add(following._version(package, networks))
    for file in (package / "a.py", package / "b" / "c.py", networks / "models.json"):
        file.write_text("2")
        following._version.cache_clear()
        versions.add(following._version(package, networks))
    assert len(versions) == 4
