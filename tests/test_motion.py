"""Motion: series by hand, heads that are drawn, and what must give nothing."""

import weakref
from functools import cache

import cv2
import numpy as np
import pytest
from framewise import alignment, headflow, landmarks, motion, readings
from framewise.tracking import FaceTrack

SIZE = 320, 240  # width, height
TIMES = np.arange(40) / 25
RNG = np.random.default_rng(9)


def placed(*, scale=130.0, angle=0.0, shift=(160.0, 110.0)):
    """Return the canonical face as points of a picture of SIZE."""
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    return (alignment.CANONICAL - 0.5) @ np.array([[cos, sin], [-sin, cos]]) + shift


def moving(count=40):
    """Return a face that shifts, turns in the picture and grows, (T, 468, 2)."""
    t = np.arange(count)[:, None]
    return np.stack(
        [placed(scale=120 + 0.5 * i, angle=0.4 * i, shift=(150 + 0.6 * i, 110)) for i in t[:, 0]]
    )


@cache
def texture(seed=1):
    """Return a picture with soft spots, which a flow can follow."""
    spots = np.random.default_rng(seed).integers(0, 256, (*SIZE[::-1], 3), np.uint8)
    return np.uint8(np.clip(128 + 5 * (cv2.GaussianBlur(spots, (0, 0), 2.5) - 128.0), 0, 255))


def shifted(image, x, y):
    return cv2.warpAffine(image, np.float64([[1, 0, x], [0, 1, y]]), SIZE, borderMode=4)


# ---- off the line ----


def test_off_line_by_hand():
    found = motion.off_line(np.array([0.0, 1, 2, 6, 4, 2]), TIMES[:6])
    np.testing.assert_allclose(found, [np.nan, 0, -1.5, 3, 0, np.nan], atol=1e-12)


def test_an_even_motion_is_on_the_line_also_if_frames_last_unequally():
    times = np.array([0, 0.03, 0.07, 0.1, 0.16, 0.2])
    values = np.stack([5 * times, 2 - 3 * times], axis=1)
    np.testing.assert_allclose(motion.off_line(values, times)[1:-1], 0, atol=1e-12)


def test_the_neighbours_are_equally_far_away_in_time_at_every_frame_rate():
    slow, fast = np.arange(0, 2, 1 / 25), np.arange(0, 2, 1 / 100)
    curve = [np.sin(9 * t) for t in (slow, fast)]
    one, four = (motion.off_line(c, t) for c, t in zip(curve, (slow, fast), strict=True))
    np.testing.assert_allclose(one[1:-1], four[4:-4:4][: len(one) - 2], atol=1e-9)
    assert np.isnan(four[:4]).all() and np.isnan(four[-4:]).all()


def test_no_line_reaches_over_a_cut_a_gap_or_nan():
    values = np.arange(12.0)
    values[6:] += 100
    found = motion.off_line(values, TIMES[:12], cuts=[6])
    assert np.flatnonzero(np.isnan(found)).tolist() == [0, 5, 6, 11]
    np.testing.assert_allclose(found[[1, 4, 7, 10]], 0, atol=1e-12)
    times = TIMES[:12].copy()
    times[6:] += 1  # nothing was seen for a second
    assert np.flatnonzero(np.isnan(motion.off_line(values, times))).tolist() == [0, 5, 6, 11]
    values[3] = np.nan
    assert np.isnan(motion.off_line(values, TIMES[:12])[[2, 3, 4]]).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_frames_give_nan(count):
    assert np.isnan(motion.off_line(np.zeros(count), TIMES[:count])).all()


def test_off_line_wants_a_time_for_each_value():
    with pytest.raises(ValueError, match="expected 5 times, got shape"):
        motion.off_line(np.zeros(5), TIMES[:4])


# ---- tremble, flicker, slide ----


def test_levelled_points_agree_with_the_similarity_of_notebook_03():
    points = moving(3) + RNG.normal(0, 1, (3, 468, 2))
    level = motion.level_points(points, alignment.STEADY)
    goal = 100 * alignment.CANONICAL / np.ptp(alignment.CANONICAL[:, 0])
    for face, own in zip(points, level, strict=True):
        matrix = alignment.estimate_similarity(face[alignment.STEADY], goal[alignment.STEADY])
        np.testing.assert_allclose(alignment.apply_similarity(matrix, face), own, atol=1e-9)


def test_a_head_that_moves_as_a_whole_does_not_tremble():
    points = moving()
    points += RNG.normal(0, 3, (40, 1, 2))  # even if the whole head shakes
    np.testing.assert_allclose(motion.tremble(points, TIMES)[1:-1], 0, atol=1e-9)


def test_a_known_tremble_is_measured_at_every_size():
    """If a point is off by s in x and in y, independently, then off the line by sqrt(3) s."""
    inner = np.setdiff1d(np.arange(468), motion.OUTER)
    for scale in (60, 240):
        points = np.repeat(placed(scale=scale)[None], 400, axis=0)
        width = scale * np.ptp(alignment.CANONICAL[:, 0])
        points[:, inner] += RNG.normal(0, 0.002 * width, (400, len(inner), 2))
        found = motion.tremble(points, np.arange(400) / 25)
        assert np.sqrt(np.nanmean(found**2)) == pytest.approx(0.2 * np.sqrt(3), rel=0.03)


def test_tremble_is_nan_where_no_face_is_and_beside_it():
    points = moving()
    points[20] = np.nan
    found = np.isnan(motion.tremble(points, TIMES))
    assert np.flatnonzero(found).tolist() == [0, 19, 20, 21, 39]
    assert np.isnan(motion.tremble(np.full((5, 468, 2), np.nan), TIMES[:5])).all()


def test_tremble_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"\(T, 468, 2\)"):
        motion.tremble(np.zeros((468, 2)), TIMES)


def test_a_lamp_that_flickers_is_not_held_against_the_face():
    lamp = 20 * np.cos(np.arange(40) * 2.2)[:, None] * np.ones(3)
    face, rest = 150 + lamp, 90 + lamp
    np.testing.assert_allclose(motion.flicker(face, rest, TIMES)[1:-1], 0, atol=1e-9)
    face[20] += [3, 0, 4]
    found = motion.flicker(face, rest, TIMES)
    np.testing.assert_allclose(found[[19, 20, 21]], [2.5, 5, 2.5])


def test_an_even_drift_is_no_slide_and_a_jerky_one_is():
    even = np.stack([0.1 * np.arange(40.0), np.zeros(40)], axis=1)
    jerky = even + np.where(np.arange(40) % 2, 0.3, -0.3)[:, None] * [0.6, 0.8]
    np.testing.assert_allclose(motion.slide(even, TIMES)[1:-1], 0, atol=1e-12)
    np.testing.assert_allclose(motion.slide(jerky, TIMES)[1:-1], 0.6, atol=1e-12)


# ---- something before the face ----


def passing(inside):
    """Return patches in which a blue thing comes below the chin in frame 40, for 3 s."""
    patches = np.full((120, 11, 2, 3), 150.0)
    blue = [30, 60, 180]
    patches[40:115, 3:7, 0] = blue
    if inside:
        patches[44:111, 3:7, 1] = blue  # a little later, it is before the mouth
    return patches


def test_what_is_painted_over_is_told_from_what_is_seen():
    times, yaw = np.arange(120) / 25, np.zeros(120)
    distance = np.linalg.norm(np.array([30, 60, 180]) - 150.0)
    hidden = motion.painted_over(passing(inside=False), times, yaw)
    assert hidden[45:60] == pytest.approx(distance)
    assert np.nanmax(hidden[70:110]) == 0  # it stays, and nothing changes any more
    seen = motion.painted_over(passing(inside=True), times, yaw)
    assert np.nanmax(seen) == 0
    assert np.isnan(hidden[:30]).all()  # no frame a second before these


def test_a_head_that_turns_is_not_judged_and_no_second_reaches_over_a_cut():
    times, yaw = np.arange(120) / 25, np.linspace(0, 60, 120)
    assert np.isnan(motion.painted_over(passing(inside=False), times, yaw)).all()
    cut = motion.painted_over(passing(inside=False), times, np.zeros(120), cuts=[40])
    assert np.nanmax(cut[:110]) == 0
    few = motion.painted_over(passing(inside=False)[:20], times[:20], yaw[:20])
    assert len(few) == 20 and np.isnan(few).all()


# ---- the flow of a head ----


def test_the_flow_of_a_shifted_picture():
    image, points = texture(), placed()
    matrix = headflow.chip_matrix(points)
    flow = headflow.find_flow(image, shifted(image, 1.5, -1.0), matrix)
    zones = headflow.find_zones(points, matrix, SIZE)
    scale = np.sqrt(np.linalg.det(matrix[:, :2]))
    np.testing.assert_allclose(flow[zones.face].mean(0) / scale, [1.5, -1.0], atol=0.1)
    left = headflow.leftover_flow(flow, zones.core)
    assert np.abs(left[zones.core].mean(0)).max() < 1e-6
    level = alignment.apply_similarity(matrix, points)
    assert headflow.flow_break(left, level) < 0.15


def test_a_turn_and_a_change_of_size_leave_nothing():
    y, x = np.mgrid[: headflow.SIDE, : headflow.SIDE] - 60.0
    flow = np.stack([0.03 * x - 0.02 * y + 1, 0.02 * x + 0.03 * y - 2], axis=2)
    where = np.hypot(x, y) < 20
    np.testing.assert_allclose(headflow.leftover_flow(flow, where), 0, atol=1e-9)


def test_a_middle_that_moves_alone_drifts_and_breaks():
    """The flow is 0 outside the core and 1 % of the face's width to the right inside."""
    points, matrix = placed(), headflow.chip_matrix(placed())
    zones = headflow.find_zones(points, matrix, SIZE)
    flow = np.zeros((headflow.SIDE, headflow.SIDE, 2))
    flow[..., 0] = 0.01 * 0.75 * headflow.SIDE * np.ptp(alignment.CANONICAL[:, 0]) * zones.core
    left = headflow.leftover_flow(flow, zones.core)
    np.testing.assert_allclose(headflow.flow_drift(left, zones), [-1, 0], atol=1e-3)
    level = alignment.apply_similarity(matrix, points)
    assert headflow.flow_break(left, level) == pytest.approx(1, abs=0.1)


def test_the_zones_lie_where_they_should():
    points = placed()
    matrix = headflow.chip_matrix(points)
    zones = headflow.find_zones(points, matrix, SIZE)
    assert not (zones.face & zones.rest).any() and not (zones.face & zones.edge).any()
    assert (zones.core <= zones.face).all() and zones.core.any()
    far = headflow.find_zones(points - [150, 0], matrix, SIZE)
    assert far.face.sum() < zones.face.sum()
    cut_off = placed(shift=(0, 110))
    part = headflow.find_zones(cut_off, headflow.chip_matrix(cut_off), SIZE)
    assert 0 < part.face.sum() < 0.8 * zones.face.sum()  # nothing outside the picture


def test_a_large_face_is_averaged_and_not_shifted():
    y, x = np.mgrid[:960, :1280]
    image = np.dstack([x / 5, y / 4, 0 * x]).astype(np.uint8)
    points = placed(scale=700, shift=(640, 480))
    matrix = headflow.chip_matrix(points)
    chip = headflow.cut_chip(image, matrix)
    middle = alignment.apply_similarity(alignment.invert_similarity(matrix), np.array([64.0, 64.0]))
    np.testing.assert_allclose(chip[64, 64, :2], middle / [5, 4], atol=1.5)


def test_the_map_is_nan_far_from_the_head_and_without_a_face():
    image, points = texture(), placed(scale=80)
    found = headflow.motion_map(image, shifted(image, 1, 0), points)
    assert found.shape == SIZE[::-1] and found.dtype == np.float32
    assert np.isnan(found[0, 0]) and np.isfinite(found[110, 160]) and np.nanmedian(found) < 0.3
    nothing = headflow.motion_map(image, image, np.full((468, 2), np.nan))
    assert np.isnan(nothing).all()


def test_the_flow_refuses_pictures_of_two_sizes():
    with pytest.raises(ValueError, match="expected pictures of one size"):
        headflow.find_flow(texture(), texture()[:100], headflow.chip_matrix(placed()))


# ---- a whole clip ----


class Drawn:
    """A clip that is drawn: a textured head that moves evenly, with a face that may jump in it."""

    size_wh = SIZE

    def __init__(self, count=40, *, jump=0.0, repeats=(), light=0.0):
        self.count, self.jump, self.repeats, self.light = count, jump, set(repeats), light

    def __len__(self):
        return self.count

    def points(self, i):
        return placed(shift=(140 + 0.7 * i, 110 + 0.2 * i))

    def draw(self, i):
        i = max(n for n in range(i + 1) if n not in self.repeats)
        x, y = 0.7 * i - 20, 0.2 * i
        head, side = shifted(texture(), x, y), self.jump * (1 if i % 2 else -1)
        face = shifted(texture(2), x + side, y)
        outline = self.points(i)[landmarks.GROUPS["outline"]]
        middle = outline.mean(0)
        inner = np.int32(np.rint((middle + 0.85 * (outline - middle) + [side, 0]) * 16))
        mask = cv2.fillPoly(np.zeros(SIZE[::-1], np.uint8), [inner], 1, shift=4)
        image = np.where(mask[..., None] == 1, face, head)
        return np.uint8(np.clip(image + self.light * (i % 2), 0, 255))

    def frames(self):
        for i in range(self.count):
            yield self.draw(i)


def track_of(clip, **more):
    count = len(clip)
    points = np.stack([clip.points(i) for i in range(count)]).astype(np.float32)
    lids, iris = np.zeros((count, 2, 16, 2)), np.zeros((count, 2, 5, 2))
    return FaceTrack(points, lids, iris, np.ones(count, np.float32), np.arange(count) / 25, **more)


def test_a_face_that_jumps_in_its_head_is_told_from_one_that_does_not():
    calm, jumping = (motion.measure(c, track_of(c)) for c in (Drawn(), Drawn(jump=0.5)))
    assert set(calm) == set(motion.UNITS)
    assert all(len(series) == 40 for series in calm.values())
    assert np.nanmedian(calm["slide"]) < 0.1 < 0.5 < np.nanmedian(jumping["slide"])
    assert np.nanmedian(jumping["flow_break"]) > 2 * np.nanmedian(calm["flow_break"])
    assert np.nanmax(calm["tremble"]) < 0.01  # the points move evenly in both


def test_light_that_changes_everywhere_changes_no_cue_much():
    dark, flickering = (motion.measure(c, track_of(c)) for c in (Drawn(), Drawn(light=8.0)))
    for name in ("flicker_colour", "flicker_detail"):
        assert np.nanmedian(flickering[name]) < np.nanmedian(dark[name]) + 1


def test_repeats_cuts_and_lost_faces_are_nan():
    clip = Drawn(30, repeats=[10, 20])
    track = track_of(clip, repeats=np.array([10, 20]), cuts=np.array([15]))
    track.points[25] = np.nan
    found = motion.measure(clip, track)
    for name, series in found.items():
        assert np.isnan(series[[10, 20, 25]]).all(), name
    assert np.flatnonzero(np.isnan(found["flow_break"])).tolist() == [0, 10, 15, 20, 25]
    assert np.isnan(found["tremble"][[0, 14, 15, 24, 26, 29]]).all()
    assert np.isfinite(found["tremble"][[9, 11, 19, 21]]).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_clips_give_nan_and_no_error(count):
    clip = Drawn(count)
    found = motion.measure(clip, track_of(clip))
    assert all(len(series) == count for series in found.values())
    assert np.isfinite(found["pose_gap"]).all() and np.isnan(found["painted_over"]).all()


def test_a_clip_without_a_face_gives_nan_everywhere():
    clip = Drawn(5)
    track = track_of(clip)
    track.points[:] = np.nan
    assert all(np.isnan(series).all() for series in motion.measure(clip, track).values())


def test_a_face_that_is_too_small_is_not_read():
    clip = Drawn(6)
    clip.points = lambda i: placed(scale=90)  # 57 pixels wide
    read = readings.read_clip(clip, track_of(clip))
    assert all(np.isnan(part).all() for part in read)
    clip.points = lambda i: placed(scale=100)  # 63 pixels wide
    assert np.isfinite(readings.read_clip(clip, track_of(clip)).drift[1:]).all()


def test_a_track_of_another_clip_is_refused():
    with pytest.raises(ValueError, match="expected a track of this clip with 5 frames, got 4"):
        motion.measure(Drawn(5), track_of(Drawn(4)))


def test_only_the_last_few_frames_are_kept():
    alive, most = weakref.WeakValueDictionary(), []

    class Counted(Drawn):
        def frames(self):
            for i in range(self.count):
                image = self.draw(i)
                alive[i] = image
                most.append(len(alive))
                yield image

    clip = Counted(12)
    readings.read_clip(clip, track_of(clip))
    assert max(most) <= 4


def test_the_readings_by_hand():
    """A grey picture with a darker face: both colours are known, and nothing is fine."""
    clip = Drawn(2)
    clip.draw = lambda i: np.full((*SIZE[::-1], 3), 120, np.uint8)
    read = readings.read_clip(clip, track_of(clip))
    np.testing.assert_allclose(read.face, 120)
    np.testing.assert_allclose(read.rest, 120)
    np.testing.assert_allclose(read.patches, 120)
    np.testing.assert_allclose(read.detail, 100 * np.log(0.01))
