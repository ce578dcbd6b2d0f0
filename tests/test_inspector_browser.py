"""The inspector in Chromium, as a page without a kernel: what it paints, and what hands do to it.

Every frame of the clips here carries its own number in its pixels, so what the canvas shows is
read back from the canvas itself.
"""

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from browsing import (
    READ,
    choose,
    click,
    complaints,
    drag,
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
YELLOW = (0xF0, 0xE4, 0x42)
BLUE, ORANGE, PINK, GREEN = (
    (0x56, 0xB4, 0xE9),
    (0xE6, 0x9F, 0x00),
    (0xCC, 0x79, 0xA7),
    (0x00, 0x9E, 0x73),
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "numbered.mp4"
    return clips.Clip(write_video(path, count=COUNT, size_wh=SIZE, options={"g": "12"}))


@pytest.fixture(scope="module")
def faster(tmp_path_factory):
    """A second clip: 150 frames at 50 frames/s, so shorter as well."""
    path = tmp_path_factory.mktemp("clip") / "faster.mp4"
    return clips.Clip(write_video(path, count=150, size_wh=SIZE, pts=range(0, 3000, 20)))


@pytest.fixture(scope="module")
def track():
    return face_at(np.zeros(COUNT))


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
def page(clip, track, tmp_path_factory):
    series = {"score": np.where(np.arange(COUNT) % 50 == MISSING_FACE, np.nan, 0.5)}
    view = inspector.FrameInspector(clip, track, series, spans={"blinks": [(20, 24), (90, 90)]})
    return view.to_html(tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture(scope="module")
def pair_page(clip, faster, tmp_path_factory):
    view = inspector.FrameInspector(clip, compare=faster)
    return view.to_html(tmp_path_factory.mktemp("page") / "pair.html")


@pytest.fixture
def opened(browser):
    """A function that opens a page at 1200 x 900; no error may be left in the browser's log."""
    complaints(browser)

    def open_page(path):
        metrics(browser, 1200, 900)
        browser.get(path.as_uri())
        wait(browser, lambda: numbers(browser)[0] is not None)
        browser.execute_script("document.querySelector('section').focus()")
        return browser

    yield open_page
    assert not complaints(browser)


@pytest.fixture
def shown(opened, page):
    browser = opened(page)
    settle(browser, 0)
    return browser


def slider_value(browser):
    return int(one(browser, "input.scrub").get_property("value"))


def words(browser):
    return one(browser, ".where").text


def stage(browser):
    return one(browser, ".stage canvas")


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


# ---- the painted frame is the asked frame ----


def test_each_slow_step_paints_the_frame_asked_for(shown):
    for frame in range(1, 40):
        press(shown, Keys.ARROW_RIGHT)
        settle(shown, frame)
    press(shown, Keys.ARROW_LEFT)
    settle(shown, 38)
    assert words(shown) == f"frame 38 · 39 of {COUNT} · 1.520 s"


def test_keys_reach_both_ends_and_stop_there(shown):
    press(shown, Keys.END, Keys.ARROW_RIGHT)
    settle(shown, COUNT - 1)
    press(shown, Keys.ARROW_LEFT, shift=True)
    settle(shown, COUNT - 11)
    press(shown, Keys.HOME, Keys.ARROW_LEFT)
    settle(shown, 0)


def test_a_held_key_ends_on_the_right_frame(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 120)
    settle(shown, 120)
    press(shown, *[Keys.ARROW_LEFT] * 45)
    settle(shown, 75)


def drag_slider(browser):
    """Drag the slider to and fro, fast; return the frame on which it ends."""
    slider = one(browser, "input.scrub")
    width = slider.size["width"]
    by = (width // 3, width // 3, -width // 4, width // 5, -width // 3, 37)
    drag(browser, slider, (-width // 2 + 8, 0), *((step, 0) for step in by))
    frame = slider_value(browser)
    assert 0 < frame < COUNT - 1
    return frame


def test_a_fast_drag_ends_where_the_slider_stands(shown):
    settle(shown, drag_slider(shown))


def test_buttons_do_what_they_say(shown):
    for name, frame in [("last", COUNT - 1), ("previous", COUNT - 2), ("first", 0), ("next", 1)]:
        button = one(shown, f"[name={name}]")
        assert button.accessible_name == f"{name} frame"
        button.click()
        settle(shown, frame)


def play_button(browser):
    return one(browser, "[name=play]").accessible_name


def test_play_shows_only_true_frames_and_none_before_its_time(shown):
    began = time.monotonic()
    press(shown, Keys.SPACE)
    samples = []
    while len({read for _, read, _ in samples}) < 8 and play_button(shown) == "pause":
        samples.append((*numbers(shown)[:2], time.monotonic() - began))
    press(shown, Keys.SPACE)
    said, read, after = np.array(samples).T
    np.testing.assert_array_equal(said, read)
    assert (np.diff(read) >= 0).all() and (read / 25 <= after).all()
    stopped = slider_value(shown)
    time.sleep(0.2)
    settle(shown, stopped)


@pytest.mark.parametrize(("ms", "speed"), [(100, "1"), (10, "1"), (100, "0.25")])
def test_play_keeps_the_time_of_a_made_up_clock(shown, ms, speed):
    press(shown, Keys.END, Keys.HOME)
    settle(shown, 0)
    choose(shown, "speed", speed)
    shown.execute_script("""
      globalThis.now = performance.now();
      globalThis.calls = [];
      performance.now = () => now;
      globalThis.requestAnimationFrame = (call) => calls.push(call);
      document.querySelector("[name=play]").click();
    """)
    for i in range(1, 2000 // ms):
        shown.execute_script(f"now += {ms}; calls.splice(0).forEach((call) => call(now));")
        assert slider_value(shown) == pytest.approx(i * ms / 40 * float(speed), abs=1)


def test_play_follows_uneven_times_and_speed(opened, clip, tmp_path):
    uneven = clips.Clip(clip.path)
    uneven.times = np.concatenate([np.arange(10) / 25, 0.4 + np.arange(COUNT - 10) * 20])
    view = inspector.FrameInspector(uneven)
    browser = opened(view.to_html(tmp_path / "uneven.html"))
    choose(browser, "speed", "0.5")
    click(browser, "play")  # frame 10 comes after 0.8 s, frame 11 not before 40.8 s
    settle(browser, 10)
    time.sleep(0.3)
    settle(browser, 10)
    assert play_button(browser) == "pause"


def test_play_stops_at_the_end_and_starts_over(shown):
    press(shown, Keys.END, Keys.ARROW_LEFT, Keys.SPACE)
    settle(shown, COUNT - 1)
    wait(shown, lambda: play_button(shown) == "play")
    press(shown, Keys.SPACE)
    wait(shown, lambda: numbers(shown)[0] not in (None, COUNT - 1))


def test_the_space_key_on_a_button_presses_only_that_button(shown):
    shown.execute_script("document.querySelector('[name=next]').focus()")
    press(shown, Keys.SPACE)
    settle(shown, 1)
    assert play_button(shown) == "play"


def test_playing_over_a_range_stays_in_it_and_comes_round(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 10, "i", *[Keys.ARROW_RIGHT] * 5, "o")
    settle(shown, 15)
    assert one(shown, ".range").text == "10 to 15"
    click(shown, "loop")
    click(shown, "play")
    seen = []

    def came_round():
        seen.append(numbers(shown)[:2])
        assert seen[-1][0] == seen[-1][1] and 10 <= seen[-1][1] <= 15
        read = [number for _, number in seen]
        return sum(b < a for a, b in pairwise(read)) >= 3

    wait(shown, came_round)
    click(shown, "play")


# ---- looking closer ----


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_landmark_is_drawn_on_its_pixel(shown, ratio):
    metrics(shown, 1200, 900, ratio)
    press(shown, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    middle = (MARK[0] + 0.5) * ratio, (MARK[1] + 0.5) * ratio
    wait(shown, lambda: near(colour(shown, *middle), BLUE))
    edge = 60.5 * ratio, 60.5 * ratio  # on the left edge of the face box
    wait(shown, lambda: line(shown, *edge, ORANGE))
    for name in ("box", "points", "lids"):
        click(shown, f"show-{name}")
    plain = np.array([100, 60, 160])  # the picture at MARK in frame 0
    assert near(colour(shown, *middle), plain, 25)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_wheel_zooms_about_the_pointer_and_overlays_stay_on_their_pixels(shown, turns):
    middle = MARK[0] + 0.5, MARK[1] + 0.5
    for _ in range(turns):
        turn_wheel(shown, *middle, -200)
    factor = 2 ** (turns / 2)
    assert zoom(shown) == pytest.approx(factor, abs=0.02)
    assert near(colour(shown, *middle), BLUE)
    corner = [m + factor * (c - m) for m, c in zip(middle, (60.5, 40.5), strict=True)]
    if min(corner) > 1:
        assert line(shown, corner[0] + 6, corner[1], ORANGE)
        assert line(shown, corner[0], corner[1] + 6, ORANGE)
        assert not line(shown, corner[0] + 6, corner[1] + 4, ORANGE)
    turn_wheel(shown, *middle, 2000)
    assert zoom(shown) == 1
    settle(shown, 0)


def test_single_pixels_stay_sharp_and_in_their_place_when_zoomed_in(shown):
    press(shown, Keys.ARROW_RIGHT)
    settle(shown, 1)
    turn_wheel(shown, 16, 8, -1200)  # where the white cell of frame 1 ends and a black one begins
    assert zoom(shown) == 8
    left, right = (colour(shown, 16 + 8 * d, 8)[0] for d in (-0.3, 0.3))
    assert left > 160 and right < 95
    ends = [colour(shown, 16 - d, 8) for d in (7.5, 0.5)]  # of one pixel
    assert near(*ends, 6)


def test_the_wheel_scrolls_the_page_until_the_inspector_is_in_use(shown):
    shown.execute_script("document.activeElement.blur()")
    turn_wheel(shown, 80, 48, -200)
    assert zoom(shown) == 1


def test_keys_zoom_about_the_middle_and_zero_shows_all(shown):
    press(shown, "+", "+")
    assert zoom(shown) == pytest.approx(2.25, abs=0.01)
    middle = SIZE[0] / 2, SIZE[1] / 2
    place = [m + 2.25 * (p + 0.5 - m) for m, p in zip(middle, MARK, strict=True)]
    assert near(colour(shown, *place), BLUE)
    press(shown, "-")
    assert zoom(shown) == pytest.approx(1.5, abs=0.01)
    press(shown, *"++++", "0")
    assert zoom(shown) == 1
    assert near(colour(shown, MARK[0] + 0.5, MARK[1] + 0.5), BLUE)
    press(shown, *["-"] * 3)
    assert zoom(shown) == 1


def test_a_drag_moves_the_zoomed_picture_with_the_hand_and_never_off_the_stage(shown):
    turn_wheel(shown, MARK[0] + 0.5, MARK[1] + 0.5, -400)
    drag(shown, stage(shown), (0, 0), (-20, -6), (-20, -4))
    assert near(colour(shown, MARK[0] + 0.5 - 20, MARK[1] + 0.5 - 5), BLUE)
    drag(shown, stage(shown), (-100, -60), (250, 140))
    press(shown, Keys.ARROW_RIGHT)
    wait(shown, lambda: numbers(shown, wide=2)[:2] == [1, 1])  # the top left corner, twice as big


def test_a_followed_face_stays_still_while_the_world_moves(opened, clip, tmp_path):
    view = inspector.FrameInspector(clip, face_at(np.arange(COUNT) % 20))
    browser = opened(view.to_html(tmp_path / "moving.html"))
    middle = SIZE[0] / 2, SIZE[1] / 2
    press(browser, "f")
    assert one(browser, "[name=face]").get_attribute("aria-pressed") == "true"
    assert zoom(browser) == pytest.approx(4 / 3, abs=0.01)
    for frame in (0, 1, 2, 12, 13):
        wait(browser, lambda at=frame: numbers(browser)[0] == at)
        assert near(colour(browser, *middle), BLUE), frame
        press(browser, Keys.ARROW_RIGHT, shift=frame == 2)
    press(browser, *[Keys.ARROW_RIGHT] * (MISSING_FACE - 14))
    wait(browser, lambda: numbers(browser)[0] == MISSING_FACE)
    press(browser, Keys.ARROW_RIGHT)
    wait(browser, lambda: numbers(browser)[0] == MISSING_FACE + 1)
    assert near(colour(browser, *middle), BLUE)
    press(browser, "0")
    settle(browser, MISSING_FACE + 1)
    assert not near(colour(browser, *middle), BLUE, 40)


def test_two_fingers_zoom_about_their_middle(shown):
    box = stage(shown).rect
    at = lambda x: {"x": box["x"] + SHARP * x, "y": box["y"] + SHARP * (MARK[1] + 0.5)}  # noqa: E731
    touches = {"enabled": True, "maxTouchPoints": 2}
    shown.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touches)

    def touch(kind, *xs):
        points = [{**at(x), "id": i} for i, x in enumerate(xs)]
        shown.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    middle = MARK[0] + 0.5
    touch("touchStart", middle - 10)
    touch("touchStart", middle - 10, middle + 10)
    for far in (12, 15, 18, 20):
        touch("touchMove", middle - far, middle + far)
    touch("touchEnd")
    shown.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    wait(shown, lambda: zoom(shown) == pytest.approx(2, abs=0.05))
    assert near(colour(shown, middle, MARK[1] + 0.5), BLUE)


def test_the_pixel_under_the_pointer_is_read(shown, clip):
    press(shown, Keys.ARROW_RIGHT)
    settle(shown, 1)
    for x, y in [(30, 50), (110, 30), (8, 8)]:
        hover(shown, x + 0.5, y + 0.5)
        where, values = one(shown, ".pixel").text.split(" ≈ ")
        assert where == f"clip[1][{y}, {x}]"
        assert near(list(map(int, values.split())), clip[1][y, x].astype(int), 14)
    perform(shown, ActionChains(shown, duration=0).move_to_element(one(shown, ".where")))
    assert one(shown, ".pixel").text == ""


def test_the_pixel_is_read_at_zoom_too(shown):
    turn_wheel(shown, 30.5, 50.5, -800)
    hover(shown, 30.5, 50.5)
    assert one(shown, ".pixel").text.startswith("clip[0][50, 30]")
    hover(shown, 30.5 + 4 * 7, 50.5 - 4 * 3)
    assert one(shown, ".pixel").text.startswith("clip[0][47, 37]")


def test_the_loupe_shows_single_pixels_around_the_pointer(shown):
    press(shown, Keys.ARROW_RIGHT, "l")
    settle(shown, 1)
    assert one(shown, "[name=loupe]").get_attribute("aria-pressed") == "true"
    hover(shown, 12.5, 48.5)
    middle = 12.5 + (20 + 75) / SHARP, 48.5
    assert near(colour(shown, *middle), [12 + 3, 48 + 1, 60], 25)
    hover(shown, 12.5, 8.5)  # in the white cell, 3.5 pixels from its right end
    wait(shown, lambda: colour(shown, middle[0], 75 / SHARP)[0] > 160)
    beside = [colour(shown, middle[0] + d * 10 / SHARP, 75 / SHARP)[0] for d in (-3, 3, 5, 7)]
    assert min(beside[:2]) > 160 and max(beside[2:]) < 95
    press(shown, "l", Keys.HOME)
    settle(shown, 0)


def test_the_canvas_is_as_sharp_as_the_screen(shown):
    metrics(shown, 1200, 900, 2)
    press(shown, Keys.ARROW_RIGHT)
    size = "const c = document.querySelector('canvas'); return [c.width, 2 * c.clientWidth];"
    wait(shown, lambda: len(set(shown.execute_script(size))) == 1)


def test_the_text_alternative_tells_frame_time_and_overlays(shown):
    alternative = lambda: stage(shown).accessible_name  # noqa: E731
    drawn = "drawn on it: face box, landmarks, eyelids"
    assert (
        alternative() == f"numbered.mp4, frame 0 · 1 of {COUNT} · 0.000 s; faces found: 1; {drawn}"
    )
    click(shown, "show-points")
    assert alternative().endswith("drawn on it: face box, eyelids")
    press(shown, "m")
    assert alternative().endswith("; marks: 1")
    click(shown, "delete")
    shown.execute_script("document.querySelector('section').focus()")
    press(shown, *[Keys.ARROW_RIGHT] * MISSING_FACE)
    settle(shown, MISSING_FACE)
    assert alternative().endswith("faces found: 0; drawn on it: nothing")
    assert one(shown, "em").text == "no face found in this frame"
    slider = one(shown, "input.scrub")
    assert (
        slider.get_property("ariaValueText")
        == f"frame {MISSING_FACE} · {MISSING_FACE + 1} of {COUNT} · 1.600 s"
    )


def test_areas_and_named_parts_are_drawn_where_they_are(opened, clip, track, tmp_path):
    area = np.zeros(SIZE[::-1], bool)
    area[60:80, 20:40] = True
    view = inspector.FrameInspector(clip, track, areas={"patch": area})
    browser = opened(view.to_html(tmp_path / "area.html"))
    red = (0xD5, 0x5E, 0x00)
    for x, y in [(20, 70), (40, 70), (30, 80)]:  # its outer edges
        assert line(browser, x, y, red), (x, y)
    assert not line(browser, 30, 70, red)
    assert stage(browser).accessible_name.endswith("landmarks, eyelids, area")
    click(browser, "show-areas")
    assert not line(browser, 20, 70, red)
    click(browser, "show-parts")
    assert stage(browser).accessible_name.endswith("landmarks, parts of the face, eyelids")


# ---- the timeline ----


def test_the_timeline_shows_gaps_values_and_goes_where_it_is_clicked(shown):
    line = one(shown, ".series path").get_attribute("d")
    assert line.count("M") == 1 + COUNT // 50  # one stroke more than gaps
    assert one(shown, ".series b").text == "0.5"
    lanes = one(shown, ".lanes")
    quarter = lanes.size["width"] // 4
    chain = ActionChains(shown, duration=5).move_to_element_with_offset(lanes, quarter, 0)
    perform(shown, chain.click())
    frame = slider_value(shown)
    assert frame == pytest.approx(0.75 * (COUNT - 1), abs=1)
    settle(shown, frame)


def test_spans_are_bars_as_long_as_they_last(shown):
    bars = shown.find_elements(By.CSS_SELECTOR, ".bars:not(.range) rect")
    wide = one(shown, ".lanes").size["width"]
    assert [round(bar.rect["width"] / wide * COUNT) for bar in bars] == [5, 1]
    middles = [
        bar.rect["x"] + bar.rect["width"] / 2 - one(shown, ".lanes").rect["x"] for bar in bars
    ]
    assert [round(x / wide * (COUNT - 1)) for x in middles] == [22, 90]
    named = one(shown, ".bars svg").accessible_name
    assert named == "blinks: frames 20 to 24, 90 to 90"


def test_a_drag_on_the_timeline_moves_the_frame_and_with_shift_sets_a_range(shown):
    lanes = one(shown, ".series svg")
    tenth = lanes.size["width"] // 10
    drag(shown, lanes, (-3 * tenth, 0), (tenth, 0), (2 * tenth, 0))
    frame = slider_value(shown)
    assert frame == pytest.approx(0.5 * (COUNT - 1), abs=2)
    settle(shown, frame)
    assert one(shown, ".range").text == ""
    drag(shown, lanes, (2 * tenth, 0), (-tenth, 0), (-3 * tenth, 0), shift=True)
    first, last = map(int, one(shown, ".range").text.split(" to "))
    assert [first, last] == pytest.approx([0.3 * (COUNT - 1), 0.7 * (COUNT - 1)], abs=2)
    settle(shown, first)
    click(shown, "mark")
    assert [(m["first"], m["last"]) for m in marks_in(shown)] == [(str(first), str(last))]
    assert one(shown, ".range").text == ""


# ---- two clips ----


def due(frame):
    return min(2 * frame, 149)


def settle_side(browser, frame):
    wait(browser, lambda: numbers(browser)[::2] == [frame, due(frame)])
    assert numbers(browser, wide=0.5) == [frame, frame, due(frame)]
    assert numbers(browser, left=0.5, wide=0.5) == [frame, due(frame), due(frame)]


def test_side_by_side_both_clips_show_what_is_due(opened, pair_page):
    browser = opened(pair_page)
    settle_side(browser, 0)
    for frame in range(1, 9):
        press(browser, Keys.ARROW_RIGHT)
        settle_side(browser, frame)
    press(browser, *[Keys.ARROW_RIGHT] * 60)
    settle_side(browser, 68)
    settle_side(browser, drag_slider(browser))
    press(browser, Keys.END)
    settle_side(browser, COUNT - 1)
    assert f"compared with faster.mp4, frame {due(COUNT - 1)}" in stage(browser).accessible_name


def test_playing_two_clips_keeps_them_in_step(opened, pair_page):
    browser = opened(pair_page)
    click(browser, "loop")
    click(browser, "play")
    seen = set()

    def both():
        said, number, other = numbers(browser, wide=0.5)
        assert (said, other) == (number, due(number))
        seen.add(number)
        return len(seen) > 8

    wait(browser, both)
    click(browser, "play")
    settle_side(browser, slider_value(browser))


def test_a_second_clip_may_be_longer(opened, clip, faster, tmp_path):
    view = inspector.FrameInspector(faster, compare=clip)  # 3 s beside 8 s
    browser = opened(view.to_html(tmp_path / "longer.html"))
    click(browser, "loop")
    click(browser, "last")
    wait(browser, lambda: numbers(browser, wide=0.5) == [149, 149, 74])
    click(browser, "play")
    wait(browser, lambda: numbers(browser)[0] in range(1, 140))  # and round again


def test_a_wipe_shows_one_clip_on_each_side_of_its_edge(opened, pair_page):
    browser = opened(pair_page)
    choose(browser, "way", "wipe")
    browser.execute_script("document.querySelector('section').focus()")
    press(browser, *[Keys.ARROW_RIGHT] * 45)
    wait(browser, lambda: numbers(browser)[::2] == [45, 90])
    assert numbers(browser)[1] == (45 & 31) | (90 & ~31)  # the edge lies after the fifth cell
    drag(browser, stage(browser), (3, 20), (-40, 0), (-40, 0))
    value = int(one(browser, "[name=edge]").get_property("value"))
    assert value == pytest.approx(25, abs=2)
    assert numbers(browser)[1] & ~4 == ((45 & 3) | (90 & ~7)) & ~4  # it lies in the third cell
    assert zoom(browser) == 1 and numbers(browser)[0] == 45
    one(browser, "[name=edge]").send_keys(Keys.END)
    wait(browser, lambda: numbers(browser) == [45, 45, 90])
    one(browser, "[name=edge]").send_keys(Keys.HOME)
    wait(browser, lambda: numbers(browser) == [45, 90, 90])


def test_flicker_shows_both_clips_in_turn(opened, pair_page):
    browser = opened(pair_page)
    press(browser, *[Keys.ARROW_RIGHT] * 45)
    choose(browser, "way", "flicker")
    for number in (45, 90, 45):
        wait(browser, lambda wanted=number: numbers(browser) == [45, wanted, 90])
    choose(browser, "way", "side")
    settle_side(browser, 45)


def test_with_reduced_motion_only_the_key_flickers(opened, browser, pair_page):
    with media(browser, prefers_reduced_motion="reduce"):
        opened(pair_page)
        press(browser, *[Keys.ARROW_RIGHT] * 45)
        choose(browser, "way", "flicker")
        browser.execute_script("document.querySelector('section').focus()")
        wait(browser, lambda: numbers(browser) == [45, 45, 90])
        time.sleep(1.3)
        assert numbers(browser) == [45, 45, 90]
        press(browser, "x")
        wait(browser, lambda: numbers(browser) == [45, 90, 90])
        press(browser, "x")
        wait(browser, lambda: numbers(browser) == [45, 45, 90])


def test_one_zoom_holds_for_both_clips(opened, pair_page):
    browser = opened(pair_page)
    press(browser, "+", "+")
    half = 160 * SHARP
    same = f"{READ} return [at(160, 100), at(160 + {half}, 100)];"
    left, right = browser.execute_script(same, {})
    assert zoom(browser) == pytest.approx(2.25, abs=0.01) and near(left, right)
    press(browser, "0")
    hover_right = from_middle(30.5, 50.5)[0] + half // 2, from_middle(30.5, 50.5)[1]
    chain = ActionChains(browser, duration=0)
    perform(browser, chain.move_to_element_with_offset(stage(browser), *hover_right))
    assert one(browser, ".pixel").text.startswith("compare[0][50, 30] ≈ ")


# ---- marks ----


def test_the_range_that_is_shown_is_the_range_that_is_marked(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 5, "i", *[Keys.ARROW_RIGHT] * 5)
    assert one(shown, ".range").text == f"5 to {COUNT - 1}"
    press(shown, "m")
    assert [field.get_property("value") for field in shown.find_elements(
        By.CSS_SELECTOR, "li [name=first], li [name=last]"
    )] == ["5", str(COUNT - 1)]  # fmt: skip


def test_marks_carry_their_numbers(shown):
    for _ in range(2):
        press(shown, "m")
        shown.execute_script("document.querySelector('section').focus()")
    painted = """return [...document.querySelectorAll("[name=go]")].map((button) =>
      getComputedStyle(button.closest("li")).counterIncrement +
      getComputedStyle(button, "::before").content)"""
    assert shown.execute_script(painted) == ["mark 1counter(mark)"] * 2


def test_a_box_ends_where_the_picture_ends(shown):
    press(shown, "b")
    drag(shown, stage(shown), from_middle(*MARK), (300, 0), (0, 150))
    (made,) = marks_in(shown)
    assert (made["2"], made["3"]) == (str(SIZE[0]), str(SIZE[1]))


def test_the_picture_moves_under_the_zoom_by_keys(shown):
    look = f"{READ} return at(30, 80);"
    press(shown, "+", "+", "+")
    before = shown.execute_script(look, {})
    press(shown, "w", "a")
    assert shown.execute_script(look, {}) != before


def test_a_box_drawn_by_a_drag_is_a_mark_on_its_pixels(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 3, "b")
    settle(shown, 3)
    drag(shown, stage(shown), from_middle(20, 40), (40, 20), (24, 12))
    (mark,) = marks_in(shown)
    assert (mark["first"], mark["last"], mark["confidence"]) == ("3", "3", "50")
    assert [int(mark[k]) for k in "0123"] == pytest.approx([20, 40, 52, 56], abs=1)
    assert one(shown, "[name=box]").get_attribute("aria-pressed") == "false"
    assert shown.switch_to.active_element.get_attribute("name") == "reason"
    on = [(20, 50), (52, 50), (40, 40), (40, 56)]
    assert all(line(shown, *at, PINK) for at in on)
    shown.execute_script("document.querySelector('section').focus()")
    press(shown, Keys.ARROW_RIGHT)
    settle(shown, 4)
    assert not any(line(shown, *at, PINK) for at in on)


def test_a_box_drawn_at_zoom_lies_on_the_same_pixels(shown):
    turn_wheel(shown, 30, 50, -400)
    press(shown, "b")
    drag(shown, stage(shown), from_middle(30, 50), (40, 24))
    (mark,) = marks_in(shown)
    assert [int(mark[k]) for k in "0123"] == pytest.approx([30, 50, 40, 56], abs=1)


def test_a_click_in_box_mode_draws_nothing(shown):
    press(shown, "b")
    drag(shown, stage(shown), (0, 0), (1, 1))
    assert marks_in(shown) == []


def retype(browser, name, text):
    """Write over what stands in a field of the first mark."""
    field = one(browser, f"li [name='{name}']")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE, text, Keys.ENTER)


def test_a_range_is_set_and_marked_by_keys_and_edited_by_keys(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 10, "i")
    press(shown, Keys.ARROW_RIGHT, shift=True)
    press(shown, "o", "m", *"no blink of mouth io")  # typed into the field that has the focus now
    press(shown, Keys.ENTER)
    (mark,) = marks_in(shown)
    assert (mark["first"], mark["last"], mark["reason"]) == ("10", "20", "no blink of mouth io")
    settle(shown, 20)  # the letters moved nothing
    retype(shown, "last", "25")
    one(shown, "li [name=confidence]").send_keys(*[Keys.ARROW_RIGHT] * 6)
    (mark,) = marks_in(shown)
    assert (mark["last"], mark["confidence"]) == ("25", "80")
    assert one(shown, "li output").text == "80 %"
    retype(shown, "0", "30")  # where there was no box: now one from there to the end
    assert [[m[k] for k in "0123"] for m in marks_in(shown)] == [["30", "0", "160", "96"]]
    retype(shown, "2", "")
    assert [[m[k] for k in "0123"] for m in marks_in(shown)] == [[""] * 4]
    one(shown, "[name=go]").send_keys(Keys.ENTER)
    settle(shown, 10)
    one(shown, "li [name=delete]").send_keys(Keys.ENTER)
    assert marks_in(shown) == []


def test_frames_typed_the_wrong_way_round_or_not_at_all_leave_a_mark_whole(shown):
    press(shown, *[Keys.ARROW_RIGHT] * 10, "i", *[Keys.ARROW_RIGHT] * 5, "o", "m")
    retype(shown, "last", "3")
    (mark,) = marks_in(shown)
    assert int(mark["first"]) <= int(mark["last"])
    retype(shown, "first", "9999")
    retype(shown, "last", "")
    (mark,) = marks_in(shown)
    assert 0 <= int(mark["first"]) <= int(mark["last"]) < COUNT
    assert one(shown, ".mine rect").rect["width"] > 0


def test_the_hand_stays_in_the_inspector_when_its_button_goes(shown):
    inside = "return Boolean(document.activeElement.closest('.framewise'))"
    press(shown, "m")
    one(shown, "li [name=delete]").send_keys(Keys.ENTER)
    assert marks_in(shown) == []
    assert shown.execute_script(inside)  # else the next key goes to the notebook
    press(shown, Keys.ARROW_RIGHT)
    settle(shown, 1)


def test_each_mark_is_deleted_by_its_own_button(shown):
    for _ in range(3):
        shown.execute_script("document.querySelector('section').focus()")
        press(shown, Keys.ARROW_RIGHT, "m")
    assert [mark["first"] for mark in marks_in(shown)] == ["1", "2", "3"]
    shown.find_elements(By.CSS_SELECTOR, "li [name=delete]")[1].click()
    assert [mark["first"] for mark in marks_in(shown)] == ["1", "3"]
    bars = shown.find_elements(By.CSS_SELECTOR, ".mine rect")
    assert len(bars) == 2


def test_marks_of_a_page_are_saved_as_a_file_that_python_opens(shown, clip, tmp_path):
    shown.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    press(shown, *[Keys.ARROW_RIGHT] * 7, "m", *"mouth", Keys.ENTER)
    click(shown, "save")
    wait(shown, lambda: [p for p in tmp_path.glob("*.json") if p.stat().st_size])
    (path,) = tmp_path.glob("*.json")
    view = inspector.FrameInspector(clip)
    view.load_marks(path)
    (mark,) = view.marks
    view.marks = []
    assert path.name == "numbered.mp4.marks.json"
    assert (mark["first"], mark["last"], mark["reason"]) == (7, 7, "mouth")


def test_the_page_shows_the_marks_it_was_written_with(opened, clip, tmp_path):
    view = inspector.FrameInspector(clip)
    view.marks = [{"id": "a", "first": 0, "last": 4, "box": [20, 40, 60, 60], "reason": "<b>x"}]
    browser = opened(view.to_html(tmp_path / "marked.html"))
    view.marks = []
    assert [(m["last"], m["reason"]) for m in marks_in(browser)] == [("4", "<b>x")]
    assert line(browser, 20, 50, PINK)


# ---- blind ----

TRUTH = {"first": 3, "last": 12, "box": [20, 40, 60, 60], "reason": "hush-hush"}


def test_a_page_of_a_blind_clip_holds_nothing_of_the_truth_and_promises_none(
    opened, clip, tmp_path
):
    view = inspector.FrameInspector(clip, truth=[TRUTH])
    path = view.to_html(tmp_path / "blind.html")
    assert "hush-hush" not in path.read_text(encoding="utf-8")
    browser = opened(path)
    press(browser, "m")
    assert len(marks_in(browser)) == 1
    assert not browser.find_elements(By.CSS_SELECTOR, "[name=commit], [name=reveal]")
    press(browser, Keys.ENTER)
    browser.execute_script("document.querySelector('section').focus()")
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 1)


def test_a_page_written_after_the_reveal_shows_the_truth(opened, clip, tmp_path):
    view = inspector.FrameInspector(clip, truth=[TRUTH])
    view._committed = True
    view.reveal()
    browser = opened(view.to_html(tmp_path / "revealed.html"))
    view._committed = False
    assert "You found 0 of 1 altered place" in one(browser, ".blind").text
    assert len(browser.find_elements(By.CSS_SELECTOR, ".true rect")) == 1
    browser.execute_script("document.querySelector('section').focus()")
    press(browser, *[Keys.ARROW_RIGHT] * 5)
    settle(browser, 5)
    greens = [line(browser, 20, y, GREEN) for y in np.arange(42, 58, 0.5)]
    assert any(greens) and not all(greens)  # dashed


# ---- surroundings ----


@pytest.mark.parametrize("width", [360, 1600])
def test_everything_is_in_sight_at_this_width(shown, width):
    metrics(shown, width, 900)
    press(shown, "m")
    outside = """
      const wide = document.documentElement.clientWidth;
      return [...document.querySelectorAll("canvas, button, input, select, label, .where, .lane")]
        .filter((node) => node.getClientRects().length).map((node) => node.getBoundingClientRect())
        .filter((box) => box.left < 0 || box.right > wide || !box.width).length"""
    wait(shown, lambda: shown.execute_script(outside) == 0)
    click(shown, "next")
    settle(shown, 1)


def test_dark_surroundings_change_the_colours(shown):
    ink = """const style = getComputedStyle(document.querySelector("section"));
      return [style.color, style.backgroundColor];"""
    light = shown.execute_script(ink)
    with media(shown, prefers_color_scheme="dark"):
        dark = shown.execute_script(ink)
    assert light != dark


def test_a_frame_that_cannot_be_read_is_told_and_the_others_go_on(opened, clip, tmp_path):
    class Broken(clips.Clip):
        def __getitem__(self, i):
            if i == 3:
                raise OSError("the disk <b>fell</b> off")
            return super().__getitem__(i)

    view = inspector.FrameInspector(Broken(clip.path))
    browser = opened(view.to_html(tmp_path / "broken.html"))
    press(browser, *[Keys.ARROW_RIGHT] * 3)
    # nothing to draw, no switch
    assert not browser.find_elements(By.NAME, "show-box")
    told = "Frame 3 could not be read: OSError: the disk <b>fell</b> off"
    wait(browser, lambda: one(browser, ".stage p").text == told)
    assert numbers(browser)[0] is None  # no other picture under this number
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 4)
    assert one(browser, ".stage p").text == ""


def test_a_thinned_page_steps_from_one_kept_frame_to_the_next(opened, clip, tmp_path):
    view = inspector.FrameInspector(clip)
    browser = opened(view.to_html(tmp_path / "thin.html", max_mb=0.3))
    step = browser.execute_script(
        "return JSON.parse(document.getElementById('state').textContent)._info.step"
    )
    assert step > 1
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    settle(browser, 2 * step)
    press(browser, Keys.END)
    settle(browser, (COUNT - 1) // step * step)
    click(browser, "play")
    wait(browser, lambda: numbers(browser)[0] in range(COUNT // 2))
    seen = set()
    wait(browser, lambda: seen.add(numbers(browser)[0]) or len(seen) > 3)
    assert all(frame % step == 0 for frame in seen)


def test_a_page_that_holds_the_numbers_of_its_frames_only_shows_them_at_the_right_frames(
    opened, clip, tmp_path
):
    curves = {f"curve {i}": np.arange(COUNT) / 1000 + i for i in range(60)}
    view = inspector.FrameInspector(clip, series=curves, compare=clip, spans={"end": [(199, 199)]})
    browser = opened(view.to_html(tmp_path / "thin.html", max_mb=0.25))
    held = "return JSON.parse(document.getElementById('state').textContent)._info"
    names = ("step", "every", "other.step")
    step, every, others = (browser.execute_script(f"{held}.{name}") for name in names)
    assert step == every > 1
    last = (COUNT - 1) // step * step
    for key, frame in ((Keys.ARROW_RIGHT, step), (Keys.END, last), (Keys.ARROW_LEFT, last - step)):
        press(browser, key)
        wait(browser, lambda frame=frame: numbers(browser, wide=0.5, size=160)[0] == frame)
        assert numbers(browser, wide=0.5)[1] == frame
        assert words(browser).endswith(f"{frame / 25:.3f} s · compare {frame // others * others}")
        assert one(browser, ".series b").text == f"{frame / 1000:.3g}"
    assert one(browser, ".lanes > .lane:last-child").text.endswith(f"{(COUNT - 1) / 25:.3f} s")


def test_the_lids_of_an_eye_that_was_not_seen_are_not_drawn(opened, clip, track, tmp_path):
    lids = np.full((COUNT, 2, 16, 2), np.nan, np.float32)
    angle = np.linspace(0, np.pi, 9)
    lids[:, 0, :9] = np.stack([70 - 6 * np.cos(angle), 60 + 4 * np.sin(angle)], axis=-1)
    lids[:, 0, 9:] = np.stack([70 - 6 * np.cos(angle), 60 - 4 * np.sin(angle)], axis=-1)[1:-1]
    partly = lids.copy()
    partly[:, 1] = lids[:, 0] + (60, 0)
    partly[:, 1, 3] = np.nan  # one point is missing: the eye is not drawn
    for eyelids in (lids, partly):
        seen = replace(track, eyelids=eyelids)
        browser = opened(inspector.FrameInspector(clip, seen).to_html(tmp_path / "lids.html"))
        settle(browser, 0)
        assert line(browser, 70, 64, YELLOW) and line(browser, 70, 56, YELLOW)
        assert not line(browser, 130, 64, YELLOW) and not line(browser, 130, 56, YELLOW)


def test_in_an_exported_notebook_a_small_page_stands_for_the_widget(browser, clip, tmp_path):
    data, _ = inspector.FrameInspector(clip)._repr_mimebundle_()
    path = tmp_path / "exported.html"
    path.write_text(f"<!doctype html><title>x</title>{data['text/html']}", encoding="utf-8")
    complaints(browser)
    browser.get(path.as_uri())
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    settle(browser, 0)
    click(browser, "next")
    wait(browser, lambda: numbers(browser)[0])
    step = numbers(browser)[0]
    settle(browser, step)
    click(browser, "last")
    settle(browser, (COUNT - 1) // step * step)
    browser.switch_to.default_content()
    assert not complaints(browser)
