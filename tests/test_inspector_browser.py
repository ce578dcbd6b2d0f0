"""The inspector in Chromium, as a page without a kernel: what it paints, and what hands do to it.

Every frame of the clips here carries its own number in its pixels, so what the canvas shows is
read back from the canvas itself. What can be worked out without a browser is tested in
`tests/inspector`.
"""

from dataclasses import replace

import numpy as np
import pytest
from browsing import (
    READ,
    choose,
    click,
    complaints,
    drag,
    fingers,
    marks_in,
    media,
    metrics,
    numbers,
    one,
    perform,
    press,
    settle,
    wait,
)
from framewise import clips, inspector
from framewise.tracking import FaceTrack
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from videos import write_video

SIZE, COUNT, MISSING_FACE = (160, 96), 200, 40
SHARP = 2  # pixels of the canvas for one of the clip, where the whole clip is shown
MARK = (100.0, 60.0)  # pixels: where the drawn landmarks lie, away from the number
BLUE, ORANGE, YELLOW, RED = (86, 180, 233), (230, 159, 0), (240, 228, 66), (213, 94, 0)
PINK, GREEN = (204, 121, 167), (0, 158, 115)
TRUTH = {"first": 3, "last": 12, "box": [20, 40, 60, 60], "reason": "hush-hush"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="module")
def clip(folder):
    return clips.Clip(write_video(folder / "numbered.mp4", count=COUNT, options={"g": "12"}))


@pytest.fixture(scope="module")
def faster(folder):
    """A second clip: 150 frames at 50 frames/s, so shorter as well."""
    return clips.Clip(write_video(folder / "faster.mp4", count=150, pts=range(0, 3000, 20)))


def face_at(shift):
    """A face of 80 x 40 pixels around MARK, moved to the right by so much in each frame."""
    points = np.tile(MARK, (COUNT, 468, 1)).astype(np.float32)
    points += np.stack([np.arange(468) % 5, np.arange(468) // 5 % 5], axis=-1) / 2 - 1  # a blot
    points[:, 0], points[:, 1] = (60, 40), (140, 80)  # corners of the face box
    points[..., 0] += np.asarray(shift)[:, None]
    points[MISSING_FACE] = np.nan
    eyelids = np.full((COUNT, 2, 16, 2), np.nan, np.float32)
    iris = np.full((COUNT, 2, 5, 2), np.nan, np.float32)
    return FaceTrack(points, eyelids, iris, np.ones(COUNT, np.float32), np.arange(COUNT) / 25)


@pytest.fixture(scope="module")
def track():
    return face_at(np.zeros(COUNT))


@pytest.fixture(scope="module")
def page(clip, track, folder):
    series = {"score": np.where(np.arange(COUNT) % 50 == MISSING_FACE, np.nan, 0.5)}
    view = inspector.FrameInspector(clip, track, series, spans={"blinks": [(20, 24), (90, 90)]})
    return view.to_html(folder / "page.html")


@pytest.fixture(scope="module")
def pair_page(clip, faster, folder):
    return inspector.FrameInspector(clip, compare=faster).to_html(folder / "pair.html")


@pytest.fixture
def opened(browser):
    """A function that opens a page; no error may be left in the browser's log.

    Each pixel of the clip is shown as SHARP pixels, or in the size that the page gives it.
    """
    complaints(browser)

    def open_page(path, *, sharp=True, size=(1200, 900)):
        metrics(browser, *size)
        browser.get(path.as_uri())
        wait(browser, lambda: numbers(browser)[0] is not None)
        if sharp:
            size = f"canvas.style.width = `${{{SHARP * SIZE[0]} * panes}}px`"
            browser.execute_script(
                "const canvas = document.querySelector('canvas'), "
                "panes = document.querySelector('.framewise').style.getPropertyValue('--panes');"
                f"{size};"
            )
            wide = "return document.querySelector('canvas').width"
            wait(browser, lambda: browser.execute_script(wide) % (SHARP * SIZE[0]) == 0)
        look(browser)
        return browser

    yield open_page
    assert not complaints(browser)


@pytest.fixture
def shown(opened, page):
    return opened(page)


def look(browser):
    """Give the keyboard to the picture."""
    browser.execute_script("document.querySelector('section').focus()")


def stage(browser):
    return one(browser, ".stage canvas")


def at_frame(browser):
    return int(one(browser, "input.scrub").get_property("value"))


def colour(browser, x, y):
    """Return the colour that the canvas has at this place of the whole clip, in its pixels."""
    return browser.execute_script(f"{READ} return at({x * SHARP}, {y * SHARP});", {})


def near(colour, expected, tolerance=12):
    return np.abs(np.array(colour[:3]) - np.array(expected[:3])).max() <= tolerance


def line(browser, x, y, ink, tolerance=60):
    """Tell whether a line of this colour runs through a place, give or take a canvas pixel."""
    around = [(x + i / SHARP, y + j / SHARP) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return any(near(colour(browser, *place), ink, tolerance) for place in around)


def from_middle(x, y):
    """Return how far a place of the whole clip lies from the middle of the canvas, on screen."""
    return round((x - SIZE[0] / 2) * SHARP), round((y - SIZE[1] / 2) * SHARP)


def hover(browser, x, y):
    chain = ActionChains(browser, duration=0)
    perform(browser, chain.move_to_element_with_offset(stage(browser), *from_middle(x, y)))


def turn_wheel(browser, x, y, by):
    origin = ScrollOrigin.from_element(stage(browser), *from_middle(x, y))
    perform(browser, ActionChains(browser, duration=0).scroll_from_origin(origin, 0, by))


def zoom(browser):
    return int(one(browser, ".zoom").text.removesuffix(" %")) / 100


def switch_on(browser, *names):
    browser.execute_script("document.querySelector('details').open = true")
    for name in names:
        click(browser, name)
        assert one(browser, f"[name={name}]").get_attribute("aria-pressed") == "true"
    browser.execute_script("document.querySelector('details').open = false")
    look(browser)


# ---- the painted frame is the asked frame ----


def test_keys_and_buttons_paint_the_frame_asked_for(shown):
    for frame in range(1, 20):
        press(shown, Keys.ARROW_RIGHT)
        settle(shown, frame)
    assert one(shown, ".where").text == f"frame 19 (0 to {COUNT - 1}) · 0.760 s"
    press(shown, *[Keys.ARROW_RIGHT] * 120)  # a held key
    settle(shown, 139)
    press(shown, *[Keys.ARROW_LEFT] * 45)
    settle(shown, 94)
    press(shown, Keys.END, Keys.ARROW_RIGHT)
    settle(shown, COUNT - 1)
    press(shown, Keys.ARROW_LEFT, shift=True)
    settle(shown, COUNT - 11)
    for name, frame in [("last", COUNT - 1), ("previous", COUNT - 2), ("first", 0), ("next", 1)]:
        click(shown, name)
        settle(shown, frame)
    press(shown, Keys.SPACE)  # on a button, it presses only that button
    settle(shown, 2)
    assert one(shown, "[name=play]").text == "▶ play"


def drag_slider(browser):
    """Drag the slider to and fro, fast; return the frame on which it ends."""
    slider = one(browser, "input.scrub")
    width = slider.size["width"]
    by = (width // 3, width // 3, -width // 4, width // 5, -width // 3, 37)
    drag(browser, slider, (-width // 2 + 8, 0), *((step, 0) for step in by))
    assert 0 < at_frame(browser) < COUNT - 1
    return at_frame(browser)


def test_a_fast_drag_ends_where_the_slider_stands(shown):
    settle(shown, drag_slider(shown))


def test_play_shows_only_true_frames_and_stops_at_the_end(shown):
    press(shown, Keys.SPACE)
    seen = set()
    wait(shown, lambda: seen.add(tuple(numbers(shown)[:2])) or len(seen) > 5)
    assert all(said == read for said, read in seen)
    press(shown, Keys.SPACE)
    settle(shown, at_frame(shown))
    press(shown, Keys.END, Keys.ARROW_LEFT, Keys.SPACE)
    settle(shown, COUNT - 1)
    wait(shown, lambda: one(shown, "[name=play]").text == "▶ play")


def test_playing_over_a_range_stays_in_it(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 10, "i", *[Keys.ARROW_RIGHT] * 5, "o", "r", Keys.SPACE)
    seen = []
    wait(shown, lambda: seen.append(numbers(shown)[0]) or len(set(seen)) > 4)
    wait(shown, lambda: numbers(shown)[0] == 10)
    assert all(10 <= frame <= 15 for frame in seen)
    press(shown, Keys.SPACE)


# ---- looking closer ----


@pytest.mark.parametrize("ratio", [1, 2])
def test_overlays_are_drawn_on_their_pixels_and_only_the_face_box_at_first(shown, ratio):
    metrics(shown, 1200, 900, ratio)
    middle, edge = np.multiply((MARK[0] + 0.5, MARK[1] + 0.5), ratio), np.multiply(60.5, ratio)
    wait(shown, lambda: line(shown, edge, edge, ORANGE))
    plain = np.array([100, 60, 160])  # the picture at MARK in frame 0
    assert near(colour(shown, *middle), plain, 25)
    switch_on(shown, "points")
    wait(shown, lambda: near(colour(shown, *middle), BLUE))


def test_the_wheel_zooms_about_the_pointer_once_the_picture_has_the_keyboard(shown):
    switch_on(shown, "points")
    shown.execute_script("document.activeElement.blur()")
    middle = MARK[0] + 0.5, MARK[1] + 0.5
    hover(shown, *middle)  # the pointer brings the keyboard with it
    turn_wheel(shown, *middle, -400)
    assert zoom(shown) == pytest.approx(2, abs=0.02) and near(colour(shown, *middle), BLUE)
    corner = [m + 2 * (c - m) for m, c in zip(middle, (60.5, 40.5), strict=True)]
    assert line(shown, corner[0] + 6, corner[1], ORANGE)
    drag(shown, stage(shown), (0, 0), (-20, -6), (-20, -4))  # the picture follows the hand
    assert near(colour(shown, middle[0] - 20, middle[1] - 5), BLUE)
    drag(shown, stage(shown), (-100, -60), (250, 140))  # but never leaves the stage
    press(shown, Keys.ARROW_RIGHT)
    wait(shown, lambda: numbers(shown, wide=2)[:2] == [1, 1])  # the top left corner, twice as big
    before = colour(shown, 30, 80)
    press(shown, "s", "d")
    assert colour(shown, 30, 80) != before
    press(shown, "0")
    settle(shown, 1)


def test_single_pixels_stay_sharp_under_the_zoom_and_can_be_read(shown, clip):
    press(shown, Keys.ARROW_RIGHT)
    settle(shown, 1)
    for x, y in [(30, 50), (110, 30), (8, 8)]:
        hover(shown, x + 0.5, y + 0.5)
        where, values = one(shown, ".pixel").text.split(" ≈ ")
        assert where == f"clip[1][{y}, {x}]"
        assert near(list(map(int, values.split())), clip[1][y, x].astype(int), 14)
    turn_wheel(shown, 16, 8, -1200)  # where the white cell of frame 1 ends and a black one begins
    left, right = (colour(shown, 16 + 8 * d, 8)[0] for d in (-0.3, 0.3))
    assert zoom(shown) == 8 and left > 160 and right < 95
    hover(shown, 16.1, 8.1)
    assert one(shown, ".pixel").text.startswith("clip[1][8, 16]")
    perform(shown, ActionChains(shown, duration=0).move_to_element(one(shown, ".where")))
    assert one(shown, ".pixel").text == ""


def test_the_loupe_shows_single_pixels_around_the_pointer(shown):
    press(shown, Keys.ARROW_RIGHT, "l")
    settle(shown, 1)
    hover(shown, 12.5, 48.5)
    middle = 12.5 + (20 + 75) / SHARP
    assert near(colour(shown, middle, 48.5), [12 + 3, 48 + 1, 60], 25)
    hover(shown, 12.5, 8.5)  # in the white cell, 3.5 pixels from its right end
    beside = [colour(shown, middle + d * 10 / SHARP, 75 / SHARP)[0] for d in (-3, 3, 5, 7)]
    assert min(beside[:2]) > 160 and max(beside[2:]) < 95


def test_a_finger_moves_the_loupe_which_stays_clear_of_it_and_not_the_picture(shown):
    press(shown, Keys.ARROW_RIGHT, "l")
    settle(shown, 1)
    with fingers(shown, stage(shown)) as touch:
        touch("touchStart", (40 * SHARP, 60 * SHARP))
        for x in (30, 20, 12.5):
            touch("touchMove", (x * SHARP, 48.5 * SHARP))
        beside, above = 12.5 + (48 + 75) / SHARP, 75 / SHARP  # as high as the canvas allows
        wait(shown, lambda: near(colour(shown, beside, above), [12 + 3, 48 + 1, 60], 25))
        touch("touchEnd")
    wait(shown, lambda: near(colour(shown, 12.5, 48.5), [12 + 3, 48 + 1, 60], 25))


def test_a_followed_face_stays_still_while_the_world_moves(opened, clip, folder):
    view = inspector.FrameInspector(clip, face_at(np.arange(COUNT) % 20))
    browser = opened(view.to_html(folder / "moving.html"))
    switch_on(browser, "points")
    press(browser, "f")
    middle = SIZE[0] / 2, SIZE[1] / 2
    for frame in (0, 1, 2, 12, 13):
        wait(browser, lambda at=frame: numbers(browser)[0] == at)
        assert near(colour(browser, *middle), BLUE), frame
        press(browser, Keys.ARROW_RIGHT, shift=frame == 2)
    press(browser, "f")
    assert zoom(browser) == 1 and not near(colour(browser, *middle), BLUE, 40)


def test_two_fingers_zoom_about_their_middle(shown):
    switch_on(shown, "points")
    with fingers(shown, stage(shown)) as touch:
        x, y = SHARP * (MARK[0] + 0.5), SHARP * (MARK[1] + 0.5)
        touch("touchStart", (x - 10, y))
        for far in (10, 12, 15, 18, 20):
            kind = "touchStart" if far == 10 else "touchMove"
            touch(kind, (x - far, y), (x + far, y))
        touch("touchEnd")
    wait(shown, lambda: zoom(shown) == pytest.approx(2, abs=0.05))
    assert near(colour(shown, MARK[0] + 0.5, MARK[1] + 0.5), BLUE)


def test_the_text_alternative_tells_frame_time_and_overlays(shown):
    alternative = lambda: stage(shown).accessible_name  # noqa: E731
    start = f"numbered.mp4, frame 0 (0 to {COUNT - 1}) · 0.000 s; faces found: 1"
    assert alternative() == f"{start}; drawn on it: face box"
    switch_on(shown, "points")
    press(shown, "m")
    assert alternative().endswith("drawn on it: face box, landmarks; marks: 1")
    look(shown)
    press(shown, *[Keys.ARROW_RIGHT] * MISSING_FACE)
    settle(shown, MISSING_FACE)
    assert alternative().endswith("faces found: 0; drawn on it: nothing")
    said = one(shown, "input.scrub").get_property("ariaValueText")
    assert said == f"frame {MISSING_FACE} (0 to {COUNT - 1}) · 1.600 s"


def test_areas_parts_and_the_lids_that_were_seen_are_drawn(opened, clip, track, folder):
    area, angle = np.zeros(SIZE[::-1], bool), np.linspace(0, np.pi, 9)
    area[60:80, 20:40] = True
    lids = np.full((COUNT, 2, 16, 2), np.nan, np.float32)
    lids[:, 0, :9] = np.stack([70 - 6 * np.cos(angle), 60 + 4 * np.sin(angle)], axis=-1)
    lids[:, 0, 9:] = np.stack([70 - 6 * np.cos(angle), 60 - 4 * np.sin(angle)], axis=-1)[1:-1]
    lids[:, 1] = lids[:, 0] + (60, 0)
    lids[:, 1, 3] = np.nan  # one point is missing: the eye is not drawn
    view = inspector.FrameInspector(clip, replace(track, eyelids=lids), areas={"patch": area})
    browser = opened(view.to_html(folder / "area.html"))
    assert not line(browser, 20, 70, RED)
    switch_on(browser, "areas", "lids", "parts")
    assert all(line(browser, x, y, RED) for x, y in [(20, 70), (40, 70), (30, 80)])
    assert line(browser, 70, 64, YELLOW) and line(browser, 70, 56, YELLOW)
    assert not line(browser, 130, 64, YELLOW) and not line(browser, 30, 70, RED)
    said = stage(browser).accessible_name
    assert said.endswith("drawn on it: face box, parts of the face, eyelids, area")


# ---- layers that a page keeps ----


@pytest.fixture
def layered(opened, clip, track, folder):
    """A page with a layer of frames 3 and 150: its lower right quarter is white, the rest clear."""
    quarter = np.full((2, 2), np.nan)
    quarter[1, 1] = 4
    layer = inspector.Layer("quarter", lambda clip, i: quarter, (0, 4), "gray")
    view = inspector.FrameInspector(clip, track, layers=[layer])
    return opened(view.to_html(folder / "layered.html", layers={"quarter": [3, 150]}))


def kept_frames(browser):
    return [b.text for b in browser.find_elements(By.CSS_SELECTOR, "[name='kept-frame']")]


def told(browser):
    return one(browser, ".stage > p").text


def test_a_page_says_in_which_frames_a_layer_is_kept_and_goes_there(layered):
    assert kept_frames(layered) == [] and told(layered) == ""
    names = [option.text for option in layered.find_elements(By.CSS_SELECTOR, "[name=layer] *")]
    choose(layered, "layer", "quarter")
    assert len(names) == 2  # "none", and the layer that the page keeps
    wait(layered, lambda: told(layered).startswith("This page keeps this layer only for frames 3"))
    assert kept_frames(layered) == ["frame 3", "frame 150"]
    layered.find_elements(By.CSS_SELECTOR, "[name='kept-frame']")[1].click()
    settle(layered, 150)
    wait(layered, lambda: told(layered) == "")
    hover(layered, 120.5, 90.5)
    wait(layered, lambda: one(layered, ".pixel").text.endswith("· layer 4"))
    hover(layered, 20.5, 90.5)
    wait(layered, lambda: one(layered, ".pixel").text.endswith("· layer none"))
    assert "layer: quarter" in stage(layered).accessible_name
    press(layered, Keys.ARROW_RIGHT)
    settle(layered, 151)
    assert told(layered).startswith("This page keeps this layer only")
    choose(layered, "layer", "")
    wait(layered, lambda: told(layered) == "" and kept_frames(layered) == [])


def test_the_picture_of_a_kept_layer_lies_over_the_frame(layered):
    press(layered, *[Keys.ARROW_RIGHT] * 3)
    settle(layered, 3)
    before = [colour(layered, x, 90.5) for x in (20.5, 120.5)]
    choose(layered, "layer", "quarter")
    wait(layered, lambda: not near(colour(layered, 120.5, 90.5), before[1], 20))
    assert near(colour(layered, 20.5, 90.5), before[0])
    white = [0.3 * part + 0.7 * 255 for part in before[1]]  # an opacity of 70 %
    assert near(colour(layered, 120.5, 90.5), white, 12)


def test_in_a_narrow_window_a_long_layer_name_makes_nothing_wider(opened, clip, folder):
    layer = inspector.Layer("a name that is far too long " * 3, lambda clip, i: clip[i][..., 0])
    view = inspector.FrameInspector(clip, layers=[layer])
    page = view.to_html(folder / "narrow.html", layers={layer.name: [0]})
    browser = opened(page, sharp=False, size=(390, 800))
    browser.execute_script("document.querySelector('.framewise details').open = true")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390


# ---- the timeline ----


def test_folded_curves_open_under_a_button_that_moves_no_frame(opened, clip, folder):
    series = {"b": np.arange(COUNT) * 1.0, "a": np.where(np.arange(COUNT) % 5, np.nan, 2.0)}
    view = inspector.FrameInspector(clip, None, series, folded=["b"])
    browser = opened(view.to_html(folder / "folded.html"))
    shown = [lane.is_displayed() for lane in browser.find_elements(By.CSS_SELECTOR, ".series svg")]
    assert shown == [True, False]
    one(browser, ".curves summary").click()
    wait(browser, lambda: one(browser, ".curves .series svg").is_displayed())
    assert at_frame(browser) == 0
    look(browser)
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 1)
    values = [value.text for value in browser.find_elements(By.CSS_SELECTOR, ".series b")]
    assert values == ["–", "1"]  # "a" was not measured in frame 1
    assert one(browser, ".series path").get_attribute("d").count("M") == 1


def test_the_timeline_goes_where_it_is_pressed_and_with_shift_sets_a_range(shown):
    assert one(shown, ".series path").get_attribute("d").count("M") == 1 + COUNT // 50
    assert one(shown, ".series b").text == "0.5"
    lane = one(shown, ".series svg")
    tenth = lane.size["width"] // 10
    drag(shown, lane, (-3 * tenth, 0), (tenth, 0), (2 * tenth, 0))
    assert at_frame(shown) == pytest.approx(0.5 * (COUNT - 1), abs=2)
    settle(shown, at_frame(shown))
    playhead = one(shown, ".lanes > i").rect["x"] - lane.rect["x"]
    assert playhead == pytest.approx(0.5 * lane.size["width"], abs=8)
    drag(shown, lane, (2 * tenth, 0), (-tenth, 0), (-3 * tenth, 0), shift=True)
    press(shown, "m")
    (mark,) = marks_in(shown)
    assert [int(mark["first"]), int(mark["last"])] == pytest.approx([60, 139], abs=3)


# ---- two clips ----


def due(frame):
    return min(2 * frame, 149)


def settle_side(browser, frame):
    wait(browser, lambda: numbers(browser)[::2] == [frame, due(frame)])
    assert numbers(browser, wide=0.5) == [frame, frame, due(frame)]
    assert numbers(browser, left=0.5, wide=0.5) == [frame, due(frame), due(frame)]


def test_side_by_side_both_clips_show_what_is_due_under_one_zoom(opened, pair_page):
    browser = opened(pair_page)
    for frame in range(4):
        settle_side(browser, frame)
        press(browser, Keys.ARROW_RIGHT)
    settle_side(browser, drag_slider(browser))
    look(browser)
    press(browser, Keys.SPACE)
    seen = set()
    wait(browser, lambda: seen.add(tuple(numbers(browser, wide=0.5))) or len(seen) > 5)
    assert all((said, other) == (read, due(read)) for said, read, other in seen)
    press(browser, Keys.SPACE, Keys.END)
    settle_side(browser, COUNT - 1)
    assert f"compared with faster.mp4, frame {due(COUNT - 1)}" in stage(browser).accessible_name
    press(browser, Keys.HOME, "+", "+")
    settled = lambda: numbers(browser)[::2] == [0, 0]  # noqa: E731
    wait(browser, settled)
    left, right = browser.execute_script(f"{READ} return [at(160, 100), at(480, 100)];", {})
    assert zoom(browser) == pytest.approx(2.25, abs=0.01) and near(left, right)


def test_a_second_clip_may_be_longer(opened, clip, faster, folder):
    view = inspector.FrameInspector(faster, compare=clip)  # 3 s beside 8 s
    browser = opened(view.to_html(folder / "longer.html"))
    press(browser, Keys.END)
    wait(browser, lambda: numbers(browser, wide=0.5) == [149, 149, 74])


def test_a_wipe_shows_one_clip_on_each_side_of_its_edge(opened, pair_page):
    browser = opened(pair_page)
    press(browser, *[Keys.ARROW_RIGHT] * 45)
    choose(browser, "way", "wipe")
    wait(browser, lambda: numbers(browser)[::2] == [45, 90])
    assert numbers(browser)[1] == (45 & 31) | (90 & ~31)  # the edge lies after the fifth cell
    one(browser, "[name=edge]").send_keys(Keys.END)
    wait(browser, lambda: numbers(browser) == [45, 45, 90])
    one(browser, "[name=edge]").send_keys(Keys.HOME)
    wait(browser, lambda: numbers(browser) == [45, 90, 90])


def test_flicker_shows_both_clips_in_turn_but_only_by_key_under_reduced_motion(
    opened, browser, pair_page
):
    opened(pair_page)
    press(browser, *[Keys.ARROW_RIGHT] * 45)
    choose(browser, "way", "flicker")
    for number in (45, 90, 45):
        wait(browser, lambda wanted=number: numbers(browser) == [45, wanted, 90])
    with media(browser, prefers_reduced_motion="reduce"):
        opened(pair_page)
        browser.execute_script("globalThis.setInterval = () => { throw new Error('moves') }")
        press(browser, *[Keys.ARROW_RIGHT] * 45)
        choose(browser, "way", "flicker")
        for number in (45, 90, 45):
            wait(browser, lambda wanted=number: numbers(browser) == [45, wanted, 90])
            look(browser)
            press(browser, "x")


# ---- marks ----


def test_a_box_drawn_by_a_drag_is_a_mark_on_its_pixels(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 3, "b")
    settle(shown, 3)
    assert (
        one(shown, ".task").text
        == "Press on the picture and drag to draw a box. Press b or Escape to stop."
    )
    drag(shown, stage(shown), (0, 0), (1, 1))  # too small: nothing is marked
    assert marks_in(shown) == []
    drag(shown, stage(shown), from_middle(20, 40), (40, 20), (24, 12))
    (mark,) = marks_in(shown)
    assert (mark["first"], mark["last"], mark["confidence"]) == ("3", "3", "50")
    assert [int(mark[k]) for k in "0123"] == pytest.approx([20, 40, 52, 56], abs=1)
    assert shown.switch_to.active_element.get_attribute("name") == "reason"
    on = [(20, 50), (52, 50), (40, 40), (40, 56)]
    assert all(line(shown, *at, PINK) for at in on)
    look(shown)
    press(shown, Keys.ARROW_RIGHT)
    settle(shown, 4)
    assert not any(line(shown, *at, PINK) for at in on)


def test_a_box_drawn_at_zoom_lies_on_the_same_pixels_and_ends_with_the_picture(shown):
    turn_wheel(shown, 30, 50, -400)
    press(shown, "b")
    drag(shown, stage(shown), from_middle(30, 50), (40, 24))
    look(shown)
    press(shown, "0", "b")
    drag(shown, stage(shown), from_middle(*MARK), (300, 0), (0, 150))
    boxes = [[int(mark[k]) for k in "0123"] for mark in marks_in(shown)]
    assert boxes[0] == pytest.approx([30, 50, 40, 56], abs=1) and boxes[1][2:] == list(SIZE)


def test_marks_are_made_edited_and_deleted_by_keys(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 10, "i")
    press(shown, Keys.ARROW_RIGHT, shift=True)
    press(shown, "o", "m", *"no blink of mouth io", Keys.ENTER)  # typed into the new field
    settle(shown, 20)  # the letters moved nothing
    field = one(shown, "li [name=last]")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE, "25", Keys.ENTER)
    one(shown, "li [name=confidence]").send_keys(*[Keys.ARROW_DOWN] * 6)
    (mark,) = marks_in(shown)
    assert (mark["first"], mark["last"], mark["reason"]) == ("10", "25", "no blink of mouth io")
    assert mark["confidence"] == "80"
    look(shown)
    press(shown, Keys.ARROW_RIGHT, "m")
    one(shown, "[name=go]").send_keys(Keys.ENTER)
    settle(shown, 10)
    one(shown, "li [name=delete]").send_keys(Keys.ENTER)
    assert [mark["first"] for mark in marks_in(shown)] == ["21"]
    assert len(shown.find_elements(By.CSS_SELECTOR, ".mine rect")) == 1
    press(shown, Keys.ARROW_RIGHT)  # the keyboard stays in the inspector
    settle(shown, 11)


def test_marks_of_a_page_are_saved_as_a_file_that_python_merges(shown, clip, tmp_path):
    behaviour = {"behavior": "allow", "downloadPath": str(tmp_path)}
    shown.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    press(shown, *[Keys.ARROW_RIGHT] * 7, "m", *"mouth", Keys.ENTER)
    click(shown, "save")
    wait(shown, lambda: [p for p in tmp_path.glob("*.json") if p.stat().st_size])
    assert "numbered.mp4.marks.json among your downloads" in one(shown, ".kept").text
    view = inspector.FrameInspector(clip)
    view.load_marks(tmp_path / "numbered.mp4.marks.json")
    (mark,) = view.marks
    view.marks = []
    assert (mark["first"], mark["last"], mark["reason"]) == (7, 7, "mouth")


def test_a_phone_shares_the_file_of_marks(opened, page, browser):
    with fingers(browser, None):
        opened(page)
        browser.execute_script("""
          navigator.canShare = () => true;
          navigator.share = async ({ files }) => { globalThis.shared = await files[0].text(); };
        """)
        press(browser, "m")
        click(browser, "save")
        wait(browser, lambda: browser.execute_script("return globalThis.shared"))


def test_a_page_with_the_revealed_truth_shows_it_over_the_marks(opened, clip, folder):
    view = inspector.FrameInspector(clip, truth=[TRUTH])
    view.marks = [TRUTH | {"id": "a", "last": 4, "reason": "<b>x", "box": [80, 40, 120, 70]}]
    view._committed = True
    view.reveal()
    browser = opened(view.to_html(folder / "revealed.html", with_marks=True))
    view.marks, view._committed = [], False
    assert [(m["last"], m["reason"]) for m in marks_in(browser)] == [("4", "<b>x")]
    assert "You found 0 of 1 altered place" in one(browser, ".blind").text
    press(browser, *[Keys.ARROW_RIGHT] * 4)
    settle(browser, 4)
    assert line(browser, 80, 50, PINK)
    greens = [line(browser, 20, y, GREEN) for y in np.arange(42, 58, 0.5)]
    assert any(greens) and not all(greens)  # dashed


# ---- surroundings ----

OUTSIDE = """
  const wide = document.documentElement.clientWidth;
  document.querySelector("details").open = true;
  return [...document.querySelectorAll("canvas, button, input, select, label, .where, .lane")]
    .filter((node) => node.getClientRects().length).map((node) => node.getBoundingClientRect())
    .filter((box) => box.left < 0 || box.right > wide || !box.width).length"""
OVERLAPPING = """
  const boxes = [...document.querySelectorAll(".bar button")]
    .map((node) => node.getBoundingClientRect()).filter((box) => box.width);
  return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => a.left < b.right - 1
    && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)).length"""


@pytest.mark.parametrize("size", [(360, 800), (390, 844), (844, 390), (1600, 900)])
def test_everything_is_in_sight_at_this_size(opened, page, size):
    browser = opened(page, sharp=False, size=size)
    press(browser, "m")
    wait(browser, lambda: browser.execute_script(OUTSIDE) == 0)
    assert browser.execute_script(OVERLAPPING) == 0
    if size[0] < 400:
        targets = """return [...document.querySelectorAll("button, input, select, summary")]
          .map((node) => [node.name, node.getBoundingClientRect()])
          .filter(([, box]) => box.width && (box.height < 44 || box.width < 44))
          .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""
        assert browser.execute_script(targets) == []
    click(browser, "next")
    settle(browser, 1)


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
@pytest.mark.parametrize("view", ["full", "present"])
def test_on_a_phone_a_larger_view_is_not_smaller_and_nothing_sticks_out(opened, page, size, view):
    browser = opened(page, sharp=False, size=size)

    def scale():  # of the picture inside the canvas
        box = stage(browser).rect
        return min(box["width"] / SIZE[0], box["height"] / SIZE[1])

    before = scale()
    click(browser, view)
    wait(browser, lambda: browser.execute_script("return !!document.fullscreenElement"))
    wait(browser, lambda: browser.execute_script(OUTSIDE) == 0)
    assert browser.execute_script(OVERLAPPING) == 0
    wait(browser, lambda: scale() >= 0.95 * before)


@pytest.mark.parametrize("size", [(1200, 900), (1600, 900)])
def test_the_picture_takes_most_of_the_room(opened, page, size):
    browser = opened(page, sharp=False, size=size)
    areas = browser.execute_script("""return ["canvas", ".framewise"].map((name) => {
      const box = document.querySelector(name).getBoundingClientRect();
      return box.width * box.height; })""")
    assert areas[0] / areas[1] >= 0.65


def test_the_keyboard_comes_with_the_pointer_and_goes_with_it(opened, page):
    browser = opened(page, sharp=False)
    listening = lambda: one(browser, ".listening").is_displayed()  # noqa: E731
    has = "return document.activeElement === document.querySelector('section')"
    browser.execute_script("document.activeElement.blur()")
    assert not browser.execute_script(has)
    browser.execute_script("document.querySelector('h1').tabIndex = -1")
    browser.execute_script("document.querySelector('h1').focus()")
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 0)  # keys elsewhere are not ours
    hover(browser, 80, 48)
    wait(browser, lambda: browser.execute_script(has))
    assert listening() and not one(browser, ".deaf").is_displayed()
    title = browser.find_element(By.TAG_NAME, "h1")
    perform(browser, ActionChains(browser, duration=0).move_to_element(title))
    assert browser.switch_to.active_element == title and not listening()
    hover(browser, 80, 48)
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 1)
    perform(browser, ActionChains(browser, duration=0).move_to_element(title))
    assert browser.execute_script(has)  # it was used, so it stays


def test_a_box_drawn_with_a_finger_does_not_scroll_the_page_away(opened, page, browser):
    with fingers(browser, None):
        opened(page, sharp=False, size=(390, 844))
        click(browser, "boxing")
        canvas = stage(browser)
        browser.execute_script("scrollTo(0, 0)")
        with fingers(browser, canvas) as touch:
            for kind, y in [("touchStart", 20), *(("touchMove", y) for y in range(30, 190, 20))]:
                touch(kind, (100 + y / 2, y))
            touch("touchEnd")
        wait(browser, lambda: len(marks_in(browser)) == 1)
        assert browser.execute_script("return scrollY") == 0
        assert browser.switch_to.active_element.get_attribute("name") != "reason"  # no keyboard


def test_the_full_screen_and_the_view_for_a_projector(opened, page):
    browser = opened(page, sharp=False)
    height = lambda name: one(browser, name).rect["height"]  # noqa: E731
    before = height("canvas"), height("[name=next]")
    click(browser, "full")
    filled = "return document.fullscreenElement === document.querySelector('section')"
    wait(browser, lambda: browser.execute_script(filled))
    press(browser, Keys.ARROW_RIGHT)
    wait(browser, lambda: numbers(browser)[0] == 1)
    press(browser, "p")
    wait(browser, lambda: height("[name=next]") >= 60 > before[1])
    assert not one(browser, ".lanes").is_displayed()
    hover(browser, 80, 48)
    wait(browser, lambda: one(browser, ".spot").is_displayed())
    press(browser, Keys.SPACE)
    click(browser, "freeze")
    assert one(browser, "[name=play]").text == "▶ play"
    press(browser, *"aab")
    click(browser, "vote-b")
    click(browser, "vote-b")
    assert [one(browser, f"[name=vote-{name}]").text for name in "ab"] == ["A: 2", "B: 3"]
    click(browser, "go-on")
    wait(browser, lambda: one(browser, "[name=play]").text == "❚❚ pause")
    press(browser, Keys.SPACE)
    click(browser, "present")
    wait(browser, lambda: not browser.execute_script(filled))
    wait(browser, lambda: (height("canvas"), height("[name=next]")) == before)


def test_a_frame_that_cannot_be_read_is_told_and_the_others_go_on(opened, clip, folder):
    class Broken(clips.Clip):
        def __getitem__(self, i):
            if i == 3:
                raise OSError("the disk <b>fell</b> off")
            return super().__getitem__(i)

    view = inspector.FrameInspector(Broken(clip.path))
    browser = opened(view.to_html(folder / "broken.html"))
    press(browser, *[Keys.ARROW_RIGHT] * 3)
    assert not browser.find_elements(By.NAME, "points")  # nothing to draw, no switch
    told = "Frame 3 could not be read: OSError: the disk <b>fell</b> off"
    wait(browser, lambda: one(browser, ".stage > p").text == told)
    assert numbers(browser)[0] is None  # no other picture under this number
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 4)
    assert one(browser, ".stage > p").text == ""


def test_a_thinned_page_steps_from_one_kept_frame_to_the_next(opened, clip, folder):
    curve = {"n": np.arange(COUNT) / 1000}
    path = inspector.FrameInspector(clip, series=curve).to_html(folder / "thin.html", max_mb=0.3)
    browser = opened(path)
    state = "return JSON.parse(document.getElementById('state').textContent)._info.step"
    step = browser.execute_script(state)
    assert step > 1
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    settle(browser, 2 * step)
    assert one(browser, ".series b").text == f"{2 * step / 1000:.3g}"
    press(browser, Keys.END)
    settle(browser, (COUNT - 1) // step * step)


def test_in_an_exported_notebook_a_page_of_every_frame_stands_for_the_widget(
    browser, clip, tmp_path, monkeypatch
):
    monkeypatch.setenv("FRAMEWISE_PREVIEW", "whole")
    data, _ = inspector.FrameInspector(clip)._repr_mimebundle_()
    path = tmp_path / "exported.html"
    path.write_text(f"<!doctype html><title>x</title>{data['text/html']}", encoding="utf-8")
    complaints(browser)
    browser.get(path.as_uri())
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    settle(browser, 0)
    for frame in range(1, 4):
        click(browser, "next")
        settle(browser, frame)
    click(browser, "last")
    settle(browser, COUNT - 1)
    browser.switch_to.default_content()
    assert not complaints(browser)
