"""Swap: by hand, against OpenCV, and what must not change."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from framewise import alignment, clips, consent, fakes, landmarks, samples, seams, swap, swap_plots
from framewise.swap import Recipe
from framewise.workbench import encode
from PIL import Image

SIZE = 480, 360  # width, height
OUTLINE = landmarks.GROUPS["outline"]


def placed(*, scale=200.0, angle=0.0, shift=(140.0, 80.0)):
    """Return the canonical face as points of a picture of SIZE."""
    cos, sin = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    return alignment.canonical_face(1) @ np.array([[cos, sin], [-sin, cos]]) + shift


def noise(seed, size_wh=SIZE):
    """Return a picture with soft spots of all colours."""
    spots = np.random.default_rng(seed).integers(0, 256, (*size_wh[::-1], 3), np.uint8)
    soft = cv2.GaussianBlur(spots, (0, 0), 3).astype(float)
    return np.uint8(np.clip(128 + 6 * (soft - 128), 0, 255))


@pytest.fixture(scope="module")
def pair():
    """A frame of Gita with its points, and a frame of Ana with hers: real, and not alike."""
    found = []
    for name in ("gita_talk", "ana_talk"):
        image = samples.open_clip(name)[30]
        found += [image, landmarks.find_landmarks(image)]
    return found


# ---- the mesh and the warp ----


def test_triangles_cover_the_mesh_once_and_without_gaps():
    points, triangles = placed(), swap.mesh_triangles()
    assert set(triangles.ravel()) == set(range(468))
    (a, b, c) = points[triangles].transpose(1, 0, 2)
    (ux, uy), (vx, vy) = (b - a).T, (c - a).T
    areas = np.abs(ux * vy - uy * vx) / 2
    hull = cv2.convexHull(points.astype(np.float32))
    assert areas.sum() == pytest.approx(cv2.contourArea(hull), rel=1e-3)
    times = np.zeros(SIZE[::-1], int)  # how many triangles cover each pixel, without the borders
    for corners in np.rint(points[triangles] * 16).astype(np.int32):
        times += cv2.fillConvexPoly(np.zeros(SIZE[::-1], np.uint8), corners, 1, shift=4)
    inside = cv2.fillConvexPoly(np.zeros(SIZE[::-1], np.uint8), np.int32(hull), 1)
    assert times[cv2.erode(inside, np.ones((5, 5))) == 1].min() >= 1


def test_each_edge_of_a_triangle_belongs_to_two_triangles_or_to_the_hull():
    sides = swap.mesh_triangles()[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    _, counts = np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)
    hull = cv2.convexHull(placed().astype(np.float32), returnPoints=False)
    assert counts.max() == 2 and (counts == 1).sum() == len(hull)


def test_one_triangle_as_in_the_notebook():
    maps = swap._affine_maps(
        np.array([[[0, 0], [4, 0], [0, 2]]]), np.array([[[10, 10], [14, 12], [10, 16]]])
    )
    np.testing.assert_allclose(maps[0].T, [[1, 0, 10], [0.5, 3, 10]], atol=1e-12)


def test_an_affine_face_agrees_with_opencv():
    source = noise(0)
    start, matrix = placed(), np.array([[0.9, -0.2, 60.0], [0.25, 1.1, -40.0]])
    goal = start @ matrix[:, :2].T + matrix[:, 2]
    warped = swap.warp_face(source, start, goal, SIZE)
    expected = cv2.warpAffine(source, matrix, SIZE)
    inside = swap.face_mask(goal, SIZE, shrink=0.02) > 0
    assert inside.sum() > 10_000
    off = np.abs(warped.astype(int) - expected)[inside]
    assert off.max() <= 12 and off.mean() < 0.6  # both round the place to 1/32 of a pixel


def test_each_vertex_comes_from_its_vertex():
    """A picture whose colour is its own place tells where each pixel came from."""
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    places = np.dstack([x / 2, y / 2, 0 * x]).astype(np.uint8)
    start = placed()
    bent = start + 6 * np.sin(start[:, ::-1] / 25)  # no single affine map does this
    warped = swap.warp_face(places, start, bent, SIZE)
    inner = np.setdiff1d(np.arange(468), OUTLINE)
    came = warped[tuple(np.rint(bent[inner]).astype(int).T[::-1])][:, :2] * 2.0
    assert np.abs(came - start[inner]).max() < 3  # half a level of colour, half a pixel


def test_the_warp_agrees_with_the_notebooks_solution_by_hand(pair):
    source, start, _, goal = pair
    warped = swap.warp_face(source, start, goal, (640, 480))
    triangles = swap.mesh_triangles()
    sizes = [cv2.contourArea(np.float32(goal[three])) for three in triangles]
    for three in triangles[np.argsort(sizes)[-5:]]:
        rows = [[x, y, 1] for x, y in goal[three]]
        matrix = np.linalg.solve(rows, start[three]).T
        backwards = cv2.WARP_INVERSE_MAP + cv2.INTER_LINEAR
        expected = cv2.warpAffine(source, matrix, (640, 480), flags=backwards)
        inside = np.zeros((480, 640), np.uint8)
        cv2.fillConvexPoly(inside, np.rint(goal[three]).astype(np.int32), 1)
        core = cv2.erode(inside, np.ones((5, 5))) == 1
        assert core.sum() > 20
        assert np.abs(warped[core].astype(int) - expected[core]).max() <= 2


# ---- the mask and the colours ----


def rectangle(x0, y0, x1, y1):
    """Return points whose outline is a rectangle, with its corners among them."""
    points, middle = np.zeros((468, 2)), np.array([x0 + x1, y0 + y1]) / 2
    away = placed()[OUTLINE] - placed()[OUTLINE].mean(0)
    half = np.array([x1 - x0, y1 - y0]) / 2
    ring = middle + away / np.abs(away / half).max(1, keepdims=True)
    for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)):
        ring[np.linalg.norm(ring - corner, axis=1).argmin()] = corner
    points[OUTLINE] = ring
    assert points[454, 0] == x1 and points[234, 0] == x0  # so the face is x1 - x0 wide
    return points


def test_the_mask_of_a_drawn_outline():
    points = rectangle(20, 10, 60, 90)
    hard = swap.face_mask(points, (100, 100))
    expected = np.zeros((100, 100))
    expected[11:90, 21:60] = 1  # strictly inside the outline
    np.testing.assert_array_equal(hard > 0, expected)
    assert (hard == 1).sum() >= expected.sum() - 4  # but for the corners
    shrunk = swap.face_mask(points, (100, 100), shrink=0.1)  # 4 px of 40
    expected[:], expected[15:86, 25:56] = 0, 1
    np.testing.assert_array_equal(shrunk > 0, expected)


def test_the_soft_edge_is_the_row_of_the_notebook():
    mask = swap.face_mask(rectangle(20, 10, 60, 90), (100, 100), shrink=3 / 40, feather=4 / 40)
    row = mask[50, 20:30]  # depth 0 to 9
    np.testing.assert_allclose(row, [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1], atol=1e-5)


def test_colours_by_hand():
    """Greys keep the two colour channels at 0; their lightness is matched as in the notebook."""
    levels = np.array([[60, 70, 80]]).T @ np.ones((1, 3))
    lab = np.zeros((3, 1, 3), np.float32)
    lab[:, 0, 0] = [30, 35, 40]
    source = np.uint8(np.rint(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)))
    lab[:, 0, 0] = [50, 60, 70]
    target = np.uint8(np.rint(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)))
    assert source.shape == (3, 1, 3) and levels.shape == (3, 3)
    matched = swap.match_colour(source, target, np.ones((3, 1)))
    assert np.abs(matched.astype(int) - target).max() <= 2


def test_matched_colours_have_the_mean_and_the_deviation_of_the_target(pair):
    source, start, target, goal = pair
    warped = swap.warp_face(source, start, goal, (640, 480))
    inside = swap.face_mask(goal, (640, 480)) > 0
    matched = swap.match_colour(warped, target, inside)
    labs = [
        cv2.cvtColor(np.float32(image) / 255, cv2.COLOR_RGB2LAB)[inside]
        for image in (warped, matched, target)
    ]
    assert np.abs(labs[0].mean(0) - labs[2].mean(0)).max() > 5  # there was something to do
    np.testing.assert_allclose(labs[1].mean(0), labs[2].mean(0), atol=0.5)
    np.testing.assert_allclose(labs[1].std(0), labs[2].std(0), atol=0.5)


def test_a_source_of_one_colour_does_not_explode():
    flat = np.full((8, 8, 3), 90, np.uint8)
    matched = swap.match_colour(flat, noise(1, (8, 8)), np.ones((8, 8)))
    assert np.ptp(matched.reshape(-1, 3), axis=0).max() == 0
    with pytest.raises(ValueError, match="expected a pixel above 0"):
        swap.match_colour(flat, flat, np.zeros((8, 8)))


def test_sharpening_by_zero_changes_nothing():
    image = noise(2)
    np.testing.assert_array_equal(swap.sharpen(image, 0), image)
    assert cv2.Laplacian(swap.sharpen(image, 1), 5).std() > cv2.Laplacian(image, 5).std()


# ---- the blends ----


@pytest.mark.parametrize("way", swap.BLENDS)
def test_outside_the_mask_nothing_changes(pair, way):
    source, start, target, goal = pair
    before = target.copy()
    result = swap.swap_face(source, start, target, goal, Recipe(blend=way))
    assert result.frame.dtype == np.uint8 and result.frame.shape == target.shape
    np.testing.assert_array_equal(result.frame[~result.changed], target[~result.changed])
    np.testing.assert_array_equal(target, before)
    assert (result.frame != target).any(2)[result.changed].mean() > 0.5
    outline = swap.face_mask(goal, (640, 480)) > 0
    assert not (result.changed & ~outline).any()


@pytest.mark.parametrize("way", swap.BLENDS)
@pytest.mark.parametrize("shrink", [0, 0.05])
def test_a_face_on_itself_is_the_face(pair, way, shrink):
    image, points = pair[2:]
    recipe = Recipe(shrink=shrink, feather=0.1, colour=0, blend=way)
    frame = swap.swap_face(image, points, image, points, recipe).frame
    off = np.abs(frame.astype(int) - image)
    assert off.max() <= 1
    assert off.mean() < (0.1 if way == "poisson" else 0.01)  # OpenCV's Poisson rounds down


def test_a_face_on_itself_keeps_its_colours(pair):
    image, points = pair[2:]
    off = np.abs(swap.swap_face(image, points, image, points).frame.astype(int) - image)
    assert off.max() <= 1 and off.mean() < 0.01


def test_feathering_by_hand():
    face, target = np.full((1, 10, 3), 60, np.uint8), np.full((1, 10, 3), 100, np.uint8)
    mask = np.array([[0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1]])
    mixed = swap.blend(face, target, mask, "feather")[0, :, 0]
    assert mixed.tolist() == [100, 100, 100, 100, 90, 80, 70, 60, 60, 60]
    pasted = swap.blend(face, target, mask, "paste")[0, :, 0]
    assert pasted.tolist() == [100] * 4 + [60] * 6


def test_the_pyramid_of_a_full_mask_is_the_face():
    face, target = noise(3), noise(4)
    mixed = swap.blend(face, target, np.ones(SIZE[::-1]), "pyramid")
    assert np.abs(mixed.astype(int) - face).max() <= 1


def test_poisson_takes_its_colours_from_the_edge():
    """A flat face has no gradients: only the flat target remains."""
    target, face = np.full((60, 60, 3), 100, np.uint8), np.full((60, 60, 3), 20, np.uint8)
    mask = np.zeros((60, 60))
    mask[15:45, 15:45] = 1
    assert np.abs(swap.blend(face, target, mask, "poisson").astype(int) - 100).max() <= 1


def test_an_empty_mask_gives_the_target(pair):
    source, start, target, goal = pair
    result = swap.swap_face(source, start, target, goal, Recipe(shrink=3))
    np.testing.assert_array_equal(result.frame, target)
    assert not result.changed.any()
    for way in swap.BLENDS:
        mixed = swap.blend(source, target, np.zeros((480, 640)), way)
        np.testing.assert_array_equal(mixed, target)


def test_pictures_of_two_sizes(pair):
    source, start, target, goal = pair
    large, points = cv2.resize(source, None, fx=2, fy=2), (start + 0.5) * 2 - 0.5
    one = swap.swap_face(source, start, target, goal).frame
    two = swap.swap_face(large, points, target, goal).frame
    assert np.abs(one.astype(int) - two).mean() < 0.3


# ---- the seam ----


def test_the_strip_of_a_drawn_face():
    """Outside 40, inside 200: one step of 160, in the middle of the strip."""
    points = placed()
    image = np.full((*SIZE[::-1], 3), 40, np.uint8)
    cv2.fillPoly(image, [np.rint(points[OUTLINE] * 16).astype(np.int32)], (200,) * 3, shift=4)
    strip = seams.unroll_outline(image, points, count=180)
    reach = len(strip) // 2
    assert strip.shape == (2 * reach + 1, 180, 3)
    assert reach == round(0.12 * np.linalg.norm(points[454] - points[234]))
    assert strip[: reach - 2].max() == 40 and strip[reach + 3 :].min() == 200
    steps = seams.edge_steps(strip)
    assert len(steps) == 2 * reach and abs(steps.argmax() - reach) <= 1
    assert steps.sum() == pytest.approx(160, abs=2) and steps[: reach - 3].max() == 0


def test_steps_by_hand():
    strip = np.repeat(np.array([[10, 10, 10], [10, 16, 10], [50, 50, 50]])[..., None], 3, axis=2)
    np.testing.assert_allclose(seams.edge_steps(np.uint8(strip)), [2, 38])


def test_a_paste_makes_the_highest_step(pair):
    source, start, target, goal = pair
    before = seams.edge_steps(seams.unroll_outline(target, goal))
    rise = {}
    for way in swap.BLENDS:
        frame = swap.swap_face(source, start, target, goal, Recipe(blend=way)).frame
        rise[way] = (seams.edge_steps(seams.unroll_outline(frame, goal)) - before).max()
    assert rise["paste"] > 5 > 5 * max(rise[way] for way in ("feather", "pyramid", "poisson"))


# ---- whole clips ----


def test_a_clip_is_swapped_frame_by_frame():
    source, target = samples.open_clip("gita_talk"), samples.open_clip("ana_talk")
    results = swap.swap_clip(source, target, Recipe(smooth=1))
    given, taken = swap.only_track(source), swap.only_track(target)
    start, goal = (swap.smooth_points(t.points, 1, cuts=t.cuts) for t in (given, taken))
    which = swap.nearest_frames(start, goal)
    for i, result in zip(range(3), results, strict=False):
        k = int(which[i])
        expected = swap.swap_face(source[k], start[k], target[i], goal[i])
        np.testing.assert_array_equal(result.frame, expected.frame)


def test_where_there_is_no_face_the_frame_stays(monkeypatch):
    clip = samples.open_clip("ana_talk")
    points = swap.only_track(clip).points.copy()
    points[1] = np.nan
    track = replace(swap.only_track(clip), points=points)
    monkeypatch.setattr(swap, "only_track", lambda _: track)
    _, second, *_ = (result for result, _ in zip(swap.swap_clip(clip, clip), "ab", strict=False))
    np.testing.assert_array_equal(second.frame, clip[1])
    assert not second.changed.any()


def test_found_footage_is_refused(tmp_path):
    clip = samples.open_clip("ana_talk")
    found = clips.Clip(encode.write_clip(tmp_path / "found.mp4", clip.frames(0, 3), 25))
    for source, target in ((found, clip), (clip, found)):
        with pytest.raises(consent.ConsentError, match="found footage"):
            swap.swap_clip(source, target)


def test_consent_without_make_is_refused(monkeypatch):
    clip, entries = samples.open_clip("ana_talk"), consent.catalogue()
    record = {"type": "own word", "scope": ["analyse"], "date": "2026-01-31"}
    record |= {"expires": "2099-01-31", "contact": "Ana"}
    entries = {**entries, "ana_talk": {**entries["ana_talk"], "consent": record}}
    monkeypatch.setattr(consent, "catalogue", lambda: entries)
    with pytest.raises(consent.ConsentError, match="agreed to .'analyse'., but not to 'make'"):
        swap.swap_clip(samples.open_clip("gita_talk"), clip)


def test_two_people_are_refused():
    with pytest.raises(ValueError, match="chen_gita.mp4: expected a clip that shows one face, got"):
        swap.swap_clip(samples.open_clip("chen_gita"), samples.open_clip("ana_talk"))


@pytest.mark.parametrize("content", [b"", b"no video at all", b"\0" * 5000])
def test_wrong_files_fail_as_clips_do(tmp_path, content):
    path = tmp_path / "wrong.mp4"
    path.write_bytes(content)
    with pytest.raises((ValueError, OSError), match="wrong.mp4"):
        swap.swap_clip(clips.Clip(path), samples.open_clip("ana_talk"))


def test_a_truncated_video_is_not_swapped(tmp_path):
    path = tmp_path / "short.mp4"
    path.write_bytes(samples.open_clip("ana_talk").path.read_bytes()[:20_000])
    with pytest.warns(UserWarning, match="short.mp4 is damaged"):
        clip = clips.Clip(path)
    with pytest.raises(consent.ConsentError, match="found footage"):  # other bytes, other clip
        swap.swap_clip(clip, samples.open_clip("ana_talk"))


def test_the_mug_hides_the_lips_where_the_exercise_says():
    truth = samples.load_truth(samples.open_clip("ben_mug"))
    inner = [name.startswith("lips_inner") for name in truth.names]
    changes = np.flatnonzero(np.diff(truth.hidden[:, inner].any(1))) + 1
    assert changes.tolist()[:2] == [28, 80]


# ---- bad input ----


def test_faces_that_cannot_be_swapped(pair):
    source, start, target, goal = pair
    nothing = np.full((468, 2), np.nan)
    with pytest.raises(ValueError, match="source: expected a picture with a face"):
        swap.swap_face(source, nothing, target, goal)
    with pytest.raises(ValueError, match="target: expected a picture with a face"):
        swap.swap_face(source, start, target, nothing)
    with pytest.raises(ValueError, match="expected a face of 48 pixels or more in height, got"):
        swap.swap_face(source, start, target, goal / 6)
    with pytest.raises(ValueError, match="the edge of the picture cuts it off"):
        swap.swap_face(source, start, target, goal - [250, 0])
    with pytest.raises(ValueError, match=r"turned alike, got \d+ degrees"):
        swap.swap_face(source, turn(start, 1), target, turn(goal, -1))


def turn(points, side):
    """Squeeze one half of a face towards the nose, as a turn of the head does."""
    turned, nose = points.copy(), points[1, 0]
    far = side * (points[:, 0] - nose) > 0
    turned[far, 0] = nose + (points[far, 0] - nose) / 6
    return turned


@pytest.mark.parametrize(
    ("source", "points", "words"),
    [
        pytest.param(np.zeros((9, 9), np.uint8), np.zeros((468, 2)), "expected an", id="grey"),
        pytest.param(np.zeros((9, 9, 3)), np.zeros((468, 2)), "expected an", id="float"),
        pytest.param(np.zeros((9, 9, 3), np.uint8), np.zeros((17, 2)), "468", id="17 points"),
    ],
)
def test_what_is_not_a_picture_with_points(pair, source, points, words):
    with pytest.raises(ValueError, match=words):
        swap.swap_face(source, points, *pair[2:])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"blend": "magic"}, "expected one of paste, feather, pyramid, poisson, got 'magic'"),
        ({"shrink": -0.1}, "shrink: expected a number of 0 or more, got -0.1"),
        ({"feather": np.nan}, "feather: expected a number"),
        ({"smooth": np.inf}, "smooth: expected a number"),
    ],
)
def test_wrong_recipes(wrong, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**wrong)


# ---- what is shown ----


def test_the_pair_of_the_guess_is_marked_once_and_on_the_border(pair):
    _, _, image, points = pair
    (ax,) = swap_plots.plot_pair(image, image, points).axes
    shown = ax.get_images()[0].get_array()
    plain = np.hstack([swap_plots.crop_face(image, points)] * 2)
    np.testing.assert_array_equal(shown, fakes.mark(plain))
    assert {text.get_text() for text in ax.texts} == {"A", "B"}


def test_rows_of_seams_have_one_scale_and_the_fakes_are_marked(pair):
    source, start, image, points = pair
    fake = swap.swap_face(source, start, image, points).frame
    axes = np.reshape(swap_plots.plot_seams(image, {"feather": fake}, points).axes, (2, 3))
    assert axes[0, 2].get_ylim() == axes[1, 2].get_ylim()
    shapes = {axes[row, 1].get_images()[0].get_array().shape for row in (0, 1)}
    assert len(shapes) == 1
    strip = swap_plots.magnify(seams.unroll_outline(fake, points))
    shown = axes[1, 1].get_images()[0].get_array()
    np.testing.assert_array_equal(shown, fakes.mark(strip))
    height = len(seams.unroll_outline(fake, points)) * swap_plots.ACROSS
    np.testing.assert_array_equal(shown[:height], strip[:height])  # the mark hides no pixel of it


def test_a_swap_is_written_with_its_origin(tmp_path, pair):
    source, start, target, goal = pair
    made_from = [samples.open_clip("gita_talk"), samples.open_clip("ana_talk")]
    frame = swap.swap_face(source, start, target, goal).frame
    path = fakes.write_fake(tmp_path / "swap.png", frame, made_from, method="a swap")
    assert [entry["id"] for entry in fakes.read_origin(path).made_from] == ["gita_talk", "ana_talk"]
    np.testing.assert_array_equal(np.asarray(Image.open(path)), fakes.add_label(frame))


def test_unknown_ways_are_refused():
    black = np.zeros((60, 60, 3), np.uint8)
    with pytest.raises(ValueError, match="way: expected one of paste, .*got 'glue'"):
        swap.blend(black, black, np.ones((60, 60)), "glue")
