"""Traces in one frame: drawn pictures with known answers, invariances, and what is not measured."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest
from framewise import (
    alignment,
    artifacts,
    artifacts_plots,
    edges,
    eyes_and_teeth,
    fakes,
    landmarks,
    regions,
    seams,
    swap,
)

SIZE = 360, 480  # width, height
SKIN = (190, 140, 120)
CUES = (
    artifacts.seam,
    artifacts.lost_detail,
    artifacts.noise_gap,
    artifacts.colour_gap,
    artifacts.light_gap,
    artifacts.eye_difference,
    artifacts.tooth_detail,
)


def placed(scale=200.0, angle=0.0, shift=(80.0, 60.0)):
    """Return the canonical face as points of a picture of SIZE."""
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    return alignment.canonical_face(1) @ np.array([[cos, sin], [-sin, cos]]) + shift


POINTS = placed()


def plain(colour=SKIN, size_wh=SIZE):
    return np.full((*size_wh[::-1], 3), colour, np.uint8)


def grain(spread, seed=0, size_wh=SIZE):
    """Return grey noise as (H, W, 1) float."""
    return np.random.default_rng(seed).normal(0, spread, (*size_wh[::-1], 1))


def skin(spread=4.0, seed=0):
    """Return a picture that is skin everywhere, with grain."""
    return np.uint8(np.clip(np.rint(plain() + grain(spread, seed)), 0, 255))


def disc(points=POINTS, size_wh=SIZE):
    """Return the whole face inside its outline, (H, W) bool."""
    return regions.face_depth(points, size_wh) > 0


def open_mouth(gap=0.08):
    """Return the points with an open mouth."""
    points, lips = POINTS.copy(), landmarks.GROUPS["inner_lips"]
    middle = points[lips, 1].mean()
    lower = points[lips, 1] >= middle
    points[lips[lower], 1] += gap * regions.face_width(points) / 2
    points[lips[~lower], 1] -= gap * regions.face_width(points) / 2
    return points


# ---- regions ----


def test_usable_pixels_by_hand():
    pixels = np.array([[[25, 25, 25], [26, 0, 0], [249, 1, 1], [0, 250, 0]]], np.uint8)
    assert regions.usable(pixels).tolist() == [[False, True, True, False]]


def test_the_depth_is_a_share_of_the_width():
    points = POINTS.copy()
    away = POINTS[landmarks.GROUPS["outline"]] - POINTS[landmarks.GROUPS["outline"]].mean(0)
    points[landmarks.GROUPS["outline"]] = 180 + 100 * away / np.linalg.norm(
        away, axis=1, keepdims=True
    )  # a circle around (180, 180)
    depth = regions.face_depth(points, SIZE)
    width = regions.face_width(points)
    assert depth[180, 180] * width == pytest.approx(100, abs=2.5)
    assert depth[180, 130] * width == pytest.approx(50, abs=2.5)
    assert depth[180, 70] == 0


def test_the_inner_face_lies_inside_and_leaves_out_eyes_and_mouth():
    inner = regions.inner_face(POINTS, SIZE)
    assert inner.any() and regions.face_depth(POINTS, SIZE)[inner].min() > 0.15
    for name in ("right_eye", "left_eye", "right_brow", "left_brow", "outer_lips"):
        x, y = np.rint(POINTS[landmarks.GROUPS[name]]).astype(int).T
        assert not inner[y, x].any(), name
    x, y = np.rint(POINTS[4]).astype(int)  # the tip of the nose
    assert inner[y, x]


def test_the_inner_face_has_the_same_share_at_every_size():
    shares = []
    for scale in (120, 200, 260):
        points = placed(scale, shift=(40, 60))
        shares.append(regions.inner_face(points, SIZE).sum() / regions.face_width(points) ** 2)
    assert max(shares) < 1.05 * min(shares)


def test_other_skin_lies_below_the_jaw_and_leaves_out_clothes():
    image = plain()
    image[400:] = (40, 60, 150)
    other = regions.other_skin(image, POINTS)
    rows, columns = np.nonzero(other)
    assert len(rows) > 0.02 * regions.face_width(POINTS) ** 2
    assert rows.max() < 400 and not (other & disc()).any()
    assert abs(columns.mean() - POINTS[152, 0]) < 3


def test_a_neck_in_the_shadow_is_skin_and_hair_is_not():
    shadow, hair = plain(), plain()
    shadow[~disc()] = np.array(SKIN) * 0.75
    hair[~disc()] = (40, 30, 28)
    assert regions.other_skin(shadow, POINTS).any()
    assert not regions.other_skin(hair, POINTS).any()


def test_faces_that_are_not_measured():
    image = plain()
    assert regions.check_face(image, POINTS)
    assert not regions.check_face(image, np.full((468, 2), np.nan))
    assert not regions.check_face(image, placed(scale=40))
    assert not regions.check_face(image, POINTS - (POINTS[:, 0].min() + 1, 0))
    assert not regions.check_face(image, POINTS + (0, SIZE[1]))


def test_a_crop_and_its_place():
    part, points, where = regions.crop(skin(), POINTS)
    np.testing.assert_array_equal(part, skin()[where])
    np.testing.assert_allclose(points, POINTS - (where[1].start, where[0].start))
    shown = np.full(part.shape[:2], np.nan)
    shown[3, 5] = 7
    trace = regions.put_back(skin(), 1.5, shown, where)
    assert trace.value == 1.5 and trace.mask.sum() == 1
    assert trace.map[where[0].start + 3, where[1].start + 5] == 7


# ---- all cues ----


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.__name__)
def test_no_face_gives_nan_and_an_empty_map(cue):
    cut_off = POINTS + (0, SIZE[1] - POINTS[:, 1].max())
    for points in (np.full((468, 2), np.nan), placed(scale=30), cut_off):
        trace = cue(skin(), points)
        assert np.isnan(trace.value) and not trace.mask.any() and np.isnan(trace.map).all()
        assert trace.map.shape == trace.mask.shape == SIZE[::-1]


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.__name__)
def test_bad_input_is_named(cue):
    with pytest.raises(ValueError, match=r"image: expected an \(H, W, 3\) uint8 RGB array"):
        cue(np.zeros(SIZE), POINTS)
    with pytest.raises(ValueError, match=r"points: expected \(468, 2\) landmarks"):
        cue(skin(), POINTS[:10])


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.__name__)
def test_the_map_means_something_only_in_the_mask_and_the_input_stays(cue):
    image, points = skin(), open_mouth()
    before = image.copy(), points.copy()
    trace = cue(image, points)
    assert trace.mask.any() and np.isfinite(trace.value)
    assert trace.map.dtype == np.float32 and trace.mask.dtype == bool
    np.testing.assert_array_equal(np.isfinite(trace.map), trace.mask)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(points, before[1])


def test_measure_gives_what_the_cues_give():
    image, points = skin(), open_mouth()
    found = artifacts.measure(image, points)
    assert list(found) == [cue.__name__ for cue in CUES]
    for cue in CUES:
        alone = cue(image, points)
        assert found[cue.__name__].value == alone.value
        np.testing.assert_array_equal(found[cue.__name__].map, alone.map)


def test_nothing_is_found_on_an_untouched_drawn_picture():
    found = {name: trace.value for name, trace in artifacts.measure(skin(), POINTS).items()}
    assert found["seam"] < 1.6
    for name, most in (("lost_detail", 0.05), ("noise_gap", 0.1), ("light_gap", 0.1)):
        assert abs(found[name]) < most, name
    assert found["colour_gap"] < 0.5
    assert np.isnan(found["tooth_detail"])  # the mouth is shut


@pytest.mark.parametrize("name", ["lost_detail", "noise_gap", "colour_gap", "light_gap"])
def test_without_a_neck_there_is_no_number(name):
    image = skin()
    image[~disc()] = (40, 60, 150)
    assert np.isnan(getattr(artifacts, name)(image, POINTS).value)


# ---- detail and noise ----


def test_detail_by_hand_with_opencv():
    image = skin()
    fine, medium = artifacts.fine_and_medium(image)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)
    soft = cv2.GaussianBlur(grey, (0, 0), 1)
    np.testing.assert_allclose(fine, abs(grey - soft), atol=1e-3)
    np.testing.assert_allclose(medium, abs(soft - cv2.GaussianBlur(soft, (0, 0), 2)), atol=1e-3)


def stretched(image, times):
    """Return the picture with its face made `times` smaller and stretched again."""
    small = cv2.resize(image, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, SIZE, interpolation=cv2.INTER_LINEAR)
    return np.where(disc()[..., None], large, image)


def test_a_stretched_face_has_lost_detail_and_noise():
    image = skin(12)
    detail = [artifacts.lost_detail(stretched(image, t), POINTS).value for t in (1, 1.5, 2, 3)]
    noise = [artifacts.noise_gap(stretched(image, t), POINTS).value for t in (1, 1.5, 2, 3)]
    assert abs(detail[0]) < 0.05 and detail[1] > 0.2
    assert detail == sorted(detail) and noise == sorted(noise) and noise[-1] > 1.5


def test_a_stretched_neck_gives_a_negative_number():
    image = skin(12)
    blurred = np.where(disc()[..., None], image, cv2.GaussianBlur(image, (0, 0), 1.5))
    assert artifacts.lost_detail(blurred, POINTS).value < -0.5
    assert artifacts.noise_gap(blurred, POINTS).value < -1


def test_lost_detail_does_not_depend_on_brightness_and_contrast():
    image = stretched(skin(12), 2)
    darker = np.uint8(np.rint(image * 0.6 + 20))
    values = [artifacts.lost_detail(picture, POINTS).value for picture in (image, darker)]
    assert values[0] == pytest.approx(values[1], abs=0.06)


@pytest.mark.parametrize(("face", "neck", "octaves"), [(3, 3, 0), (2, 4, 1), (6, 3, -1)])
def test_the_noise_gap_of_known_noise(face, neck, octaves):
    spread = np.where(disc()[..., None], grain(face, 1), grain(neck, 2))
    image = np.uint8(np.rint(plain() + spread))
    assert artifacts.noise_gap(image, POINTS).value == pytest.approx(octaves, abs=0.12)


@pytest.mark.parametrize("spread", [2, 5, 10])
def test_the_mean_of_the_noise_map_is_the_standard_deviation(spread):
    image = np.uint8(np.rint(plain((128, 128, 128)) + grain(spread)))
    assert artifacts.noise_map(image).mean() == pytest.approx(spread, rel=0.03)


def test_the_noise_map_does_not_see_slopes_and_straight_edges():
    x, y = np.meshgrid(np.arange(100), np.arange(100))
    slope, edge = np.uint8(x + y // 2 * 0 + 20), np.uint8(np.where(x < 50, 40, 200))
    for grey in (slope, edge, edge.T.copy()):
        assert artifacts.noise_map(np.dstack([grey] * 3))[2:-2, 2:-2].max() == 0


# ---- colour and light ----


def test_the_colour_gap_of_two_known_colours():
    other = (190, 150, 130)
    image = np.where(disc()[..., None], plain(), plain(other))
    lab = cv2.cvtColor(np.float32([[SKIN, other]]) / 255, cv2.COLOR_RGB2LAB)[0]
    expected = np.hypot(*(lab[0] - lab[1])[1:])
    assert expected > 3
    assert artifacts.colour_gap(image, POINTS).value == pytest.approx(expected, abs=0.01)


def test_a_darker_neck_of_the_same_colour_is_no_colour_gap():
    lab = np.zeros((*SIZE[::-1], 3), np.float32) + np.float32([65, 15, 18])
    lab[~disc()] -= np.float32([12, 0, 0])
    image = np.uint8(np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255))
    assert artifacts.colour_gap(image, POINTS).value < 1


def lit(stops, angle=0.0, brightness=0.3, points=POINTS):
    """Return skin whose light doubles `stops` times over the width of the face, along an angle."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    along = (x - 180) * np.cos(np.radians(angle)) + (y - 200) * np.sin(np.radians(angle))
    light = brightness * 2 ** (stops * along / regions.face_width(points))
    return np.float32(np.array(SKIN) / 190)[None, None] * 255 * light[..., None] ** (1 / 2.2)


@pytest.mark.parametrize("stops", [-1.5, 0, 0.8])
def test_the_slope_of_known_light(stops):
    image = np.uint8(np.rint(np.clip(lit(stops), 0, 255)))
    area = regions.inner_face(POINTS, SIZE)
    assert artifacts.light_slope(image, POINTS, area) == pytest.approx(stops, abs=0.05)


def test_the_slope_is_measured_from_eye_to_eye():
    points = placed(angle=20, shift=(120, 40))
    image = np.uint8(np.rint(np.clip(lit(1.0, 20, points=points), 0, 255)))
    area = regions.inner_face(points, SIZE)
    assert artifacts.light_slope(image, points, area) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("face", "neck"), [(1, 1), (1, -1), (-0.8, 0.6), (0, 1)])
def test_the_light_gap_is_the_difference_of_the_slopes(face, neck):
    image = np.where(disc()[..., None], lit(face), lit(neck))
    image = np.uint8(np.rint(np.clip(image, 0, 255)))
    assert artifacts.light_gap(image, POINTS).value == pytest.approx(abs(face - neck), abs=0.12)


def test_the_light_gap_does_not_depend_on_brightness():
    values = []
    for brightness in (0.2, 0.4):
        image = np.where(disc()[..., None], lit(1, brightness=brightness), lit(-1, 0, brightness))
        values.append(artifacts.light_gap(np.uint8(np.rint(image.clip(0, 255))), POINTS).value)
    assert values[0] == pytest.approx(values[1], abs=0.1)


# ---- the seam ----


def pasted(shrink=0.03, feather=0.0, points=POINTS, brighter=25):
    mask = swap.face_mask(points, SIZE, shrink=shrink, feather=feather)[..., None]
    return np.uint8(np.rint(skin(2) + mask * brighter))


def test_a_hard_mask_makes_a_seam_and_a_soft_one_does_not():
    hard, soft = (artifacts.seam(pasted(feather=f), POINTS).value for f in (0, 0.15))
    assert hard > 4 and soft < 2


@pytest.mark.parametrize("scale", [120, 200, 260])
def test_the_seam_is_found_at_every_size(scale):
    points = placed(scale, shift=(40, 60))
    assert artifacts.seam(pasted(points=points), points).value > 4
    assert artifacts.seam(skin(2), points).value < 2


def test_the_map_of_a_seam_is_bright_where_the_seam_is():
    trace = artifacts.seam(pasted(shrink=0.05), POINTS)
    depth = regions.face_depth(POINTS, SIZE)
    at = trace.map[trace.mask & (abs(depth - 0.05) < 0.01)]
    off = trace.map[trace.mask & (abs(depth - 0.05) > 0.02)]
    assert np.median(at) > 4 and np.median(off) < 1.5
    ring = (depth > 0.02) & (depth < 0.1)
    assert trace.mask[ring].mean() > 0.95  # the band has no holes


def test_a_line_across_a_part_of_the_outline_is_no_seam():
    image = pasted()
    image[:, :230] = skin(2)[:, :230]  # more than half of the face has no seam
    assert artifacts.seam(image, POINTS).value < 2


def test_ratios_of_a_drawn_strip_by_hand():
    """Grey rows: one step of lightness in the middle, none elsewhere."""
    strip = np.full((41, 48, 3), 100, np.uint8)
    strip[21:] = 160
    ratios, depth = edges.step_ratios(strip, 100.0)
    assert ratios.shape == (39, 24) and depth[19] == 0
    lab = cv2.cvtColor(np.float32([[[100] * 3, [160] * 3]]) / 255, cv2.COLOR_RGB2LAB)[0]
    expected = (lab[1, 0] - lab[0, 0]) / 0.5  # no step at the neighbours, only the 0.5
    assert ratios[19:21] == pytest.approx(expected, rel=1e-4)
    assert ratios[:17].max() == 0 and ratios[23:].max() == 0


def test_a_strip_of_another_width_is_refused():
    with pytest.raises(ValueError, match="expected a multiple of 24 columns, got 25"):
        edges.step_ratios(np.zeros((9, 25, 3), np.uint8), 100)


def test_the_strip_of_places_leads_back_into_the_picture():
    rows, columns = np.indices(SIZE[::-1], dtype=np.float32)
    places = seams.unroll_outline(np.dstack([columns, rows]), POINTS, reach=0.2, count=48)
    ring = POINTS[landmarks.GROUPS["outline"]]
    np.testing.assert_allclose(places[len(places) // 2, 0], ring[0], atol=0.05)


# ---- eyes and teeth ----


def with_eyes(right, left):
    """Return skin with two pictures (32, 48) in the places of the eyes."""
    image = skin(1)
    for side, eye in enumerate((right, left)):
        _, matrix = eyes_and_teeth.cut_eye(image, POINTS, side)
        flags = cv2.WARP_INVERSE_MAP + cv2.INTER_LINEAR
        there = cv2.warpAffine(np.float32(eye), matrix, SIZE, flags=flags)
        inside = cv2.warpAffine(np.ones((32, 48), np.float32), matrix, SIZE, flags=flags) > 0.99
        image[inside] = np.rint(there[inside])[:, None]
    return image


def drawn_eye():
    eye = cv2.circle(np.full((32, 48), 200.0), (24, 16), 10, 60.0, -1)
    return cv2.GaussianBlur(cv2.circle(eye, (20, 12), 3, 240.0, -1), (0, 0), 1)


def test_equal_opposite_and_different_eyes():
    eye = drawn_eye()
    moved = np.roll(eye, 8, axis=1)
    alike, other, opposite = (
        artifacts.eye_difference(with_eyes(eye, left), POINTS).value
        for left in (eye, moved, 260 - eye)
    )
    assert alike < 0.05 and 0.2 < other < 1.5 and opposite > 1.8


def test_darker_eyes_are_not_different():
    eye = drawn_eye()
    value = artifacts.eye_difference(with_eyes(eye, 0.5 * eye + 10), POINTS).value
    assert value < 0.12  # the skin around the eye stays as it is


def test_the_map_shows_where_the_eyes_differ():
    eye = drawn_eye()
    spotted = cv2.circle(eye.copy(), (24, 16), 4, 250.0, -1)
    trace = artifacts.eye_difference(with_eyes(eye, spotted), POINTS)
    middle = np.rint(POINTS[[362, 263]].mean(0)).astype(int)
    assert trace.map[middle[1], middle[0]] > 4 * np.nanmedian(trace.map)


def test_eyes_that_cannot_be_compared():
    assert np.isnan(artifacts.eye_difference(plain(), POINTS).value)  # uniform
    small = placed(110, shift=(100, 100))
    assert landmarks.eye_width(small) < 16 and regions.check_face(skin(), small)
    assert np.isnan(artifacts.eye_difference(skin(), small).value)
    turned = POINTS.copy()
    turned[1, 0] += 0.4 * regions.face_width(POINTS)
    assert abs(landmarks.head_yaw(turned)) > 25
    assert np.isnan(artifacts.eye_difference(skin(), turned).value)


def with_mouth(points, sharp=True):
    image = skin(1)
    mouth = regions.part_area(points, SIZE, ("inner_lips",))
    teeth = (np.indices(SIZE[::-1])[1] // 5) % 2 * 120.0 + 60
    teeth = teeth if sharp else cv2.GaussianBlur(teeth, (0, 0), 2)
    image[mouth] = np.rint(teeth[mouth])[:, None]
    return image


def test_blurred_teeth_are_softer():
    points = open_mouth()
    sharp, soft = (artifacts.tooth_detail(with_mouth(points, s), points).value for s in (1, 0))
    assert soft > sharp + 0.4


def test_darker_teeth_are_not_softer():
    points = open_mouth()
    image = with_mouth(points)
    values = [artifacts.tooth_detail(np.uint8(image * k), points).value for k in (1, 0.5)]
    assert values[0] == pytest.approx(values[1], abs=0.1)


def test_a_shut_mouth_has_no_teeth():
    assert np.isnan(artifacts.tooth_detail(skin(), POINTS).value)


# ---- plots ----


def test_pictures_of_fakes_are_marked_and_others_are_not():
    image = artifacts_plots.crop_marked(skin(), POINTS)
    marked = artifacts_plots.crop_marked(skin(), POINTS, made=True)
    np.testing.assert_array_equal(marked, fakes.mark(image))
    assert (marked != image).any() and image.shape[0] == 240


def test_all_maps_share_their_limits():
    faces = {"one": (skin(), POINTS), "two": (stretched(skin(12), 2), POINTS)}
    traces = {name: artifacts.lost_detail(*face) for name, face in faces.items()}
    figure = artifacts_plots.plot_traces(faces, traces, unit="octaves", made=["two"])
    maps = [ax.images[-1].get_clim() for ax in figure.axes if len(ax.images) == 2]
    assert len(maps) == 2 and maps[0] == maps[1]
    plt.close(figure)


def test_values_that_cannot_be_measured_are_said_so():
    figure = artifacts_plots.plot_values({"a": [1, np.nan, 2], "b": [np.nan]}, unit="px")
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.texts] == ["cannot be measured"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2])
    plt.close(figure)


def test_other_figures_can_be_drawn():
    faces = {"a": (skin(), POINTS), "b": (pasted(), POINTS)}
    shares = {"seam": {"x": 0.5, "y": np.nan}, "light": {"x": 0.0, "y": 1.0}}
    for figure, count in (
        (artifacts_plots.plot_regions(skin(), POINTS), 4),
        (artifacts_plots.plot_depths(faces), 1),
        (artifacts_plots.plot_light(faces, made=["b"]), 4),
        (artifacts_plots.plot_eyes(faces, made=["b"]), 2),
        (artifacts_plots.plot_shares(shares), 1),
    ):
        assert len(figure.axes) == count
        figure.canvas.draw()
        plt.close(figure)
    figure = artifacts_plots.plot_shares(shares)
    assert [text.get_text() for text in figure.axes[0].texts] == ["50%", "-", "0%", "100%"]
    plt.close(figure)
