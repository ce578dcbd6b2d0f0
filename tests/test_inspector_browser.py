"""The inspector in Chromium: the page without a kernel, and the widget in the real JupyterLab.

Every frame of the clips here carries its own number in its pixels, so what the canvas shows is
read back from the canvas itself.
"""

import time
from pathlib import Path

import inspector_page
import numpy as np
import pytest
from browsing import chromium, jupyterlab, metrics, run_in_lab, wait
from conftest import BITS, CELL, write_video
from framewise import clips, inspector
from framewise.landmarks import FaceTrack
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

SIZE, COUNT, MISSING_FACE = (160, 96), 200, 40
MARK = (100.0, 60.0)  # pixels: where the drawn landmarks lie, away from the number
READ = f"""
  const canvas = document.querySelector("canvas"), k = canvas.width / {SIZE[0]};
  const at = (x, y) => [...canvas.getContext("2d").getImageData(x * k, y * k, 1, 1).data];
"""
NUMBER = f"""{READ}
  let number = 0;
  for (let bit = 0; bit < {BITS}; bit++) {{
    number += (at(bit * {CELL} + {CELL / 2}, {CELL / 2})[0] > 127) << bit;
  }}
  return [canvas.dataset.frame ? Number(canvas.dataset.frame) : null, number];
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "numbered.mp4"
    return clips.Clip(write_video(path, count=COUNT, size_wh=SIZE, options={"g": "12"}))


@pytest.fixture(scope="module")
def track():
    points = np.tile(MARK, (COUNT, 468, 1)).astype(np.float32)
    points += np.stack([np.arange(468) % 5, np.arange(468) // 5 % 5], axis=-1) / 2 - 1  # a blot
    points[:, 0], points[:, 1] = (60, 40), (140, 80)  # corners of the face box
    eyelids = np.full((COUNT, 2, 16, 2), np.nan, np.float32)
    points[MISSING_FACE] = np.nan
    iris = np.full((COUNT, 2, 5, 2), np.nan, np.float32)
    return FaceTrack(points, eyelids, iris, np.ones(COUNT, np.float32), np.arange(COUNT) / 25)


@pytest.fixture(scope="module")
def page(clip, track, tmp_path_factory):
    series = {"score": np.where(np.arange(COUNT) % 50 == MISSING_FACE, np.nan, 0.5)}
    return inspector_page.to_html(
        clip, tmp_path_factory.mktemp("page") / "page.html", track, series
    )


@pytest.fixture
def shown(browser, page):
    """The page, freshly opened at 1200 x 900."""
    metrics(browser, 1200, 900)
    browser.get(page.as_uri())
    settle(browser, 0)
    browser.execute_script("document.querySelector('section').focus()")
    yield browser
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def settle(browser, frame, seconds=5):
    """Wait until the canvas says that it shows a frame, then read the number in its pixels."""
    wait(browser, lambda: browser.execute_script(NUMBER)[0] == frame, seconds)
    assert browser.execute_script(NUMBER) == [frame, frame]


def press(browser, *keys, shift=False):
    chain = ActionChains(browser, duration=0)
    (chain.key_down(Keys.SHIFT) if shift else chain).send_keys(*keys)
    (chain.key_up(Keys.SHIFT) if shift else chain).perform()


def slider_value(browser):
    return int(browser.find_element(By.CSS_SELECTOR, "input[type=range]").get_property("value"))


def words(browser):
    return browser.find_element(By.CSS_SELECTOR, ".where").text


def test_each_slow_step_paints_the_frame_asked_for(shown):
    for frame in range(1, 40):
        press(shown, Keys.ARROW_RIGHT)
        settle(shown, frame)
    press(shown, Keys.ARROW_LEFT)
    settle(shown, 38)
    assert words(shown) == f"frame 38 of {COUNT} · 1.520 s"


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


def test_a_fast_drag_ends_where_the_slider_stands(shown):
    slider = shown.find_element(By.CSS_SELECTOR, "input[type=range]")
    width = slider.size["width"]
    drag = ActionChains(shown, duration=5).move_to_element_with_offset(slider, -width // 2 + 8, 0)
    drag.click_and_hold()
    for step in (width // 3, width // 3, -width // 4, width // 5, -width // 3, 37):
        drag.move_by_offset(step, 0)
    drag.release().perform()
    frame = slider_value(shown)
    assert 0 < frame < COUNT - 1
    settle(shown, frame)


def test_buttons_do_what_they_say(shown):
    for name, frame in [("last", COUNT - 1), ("previous", COUNT - 2), ("first", 0), ("next", 1)]:
        button = shown.find_element(By.NAME, name)
        assert button.accessible_name == f"{name} frame"
        button.click()
        settle(shown, frame)


def test_play_keeps_the_time_and_shows_only_true_frames(shown):
    began = time.monotonic()
    press(shown, Keys.SPACE)
    samples = []
    while time.monotonic() < began + 2:
        samples.append((time.monotonic() - began, *shown.execute_script(NUMBER)))
    press(shown, Keys.SPACE)
    seconds, said, read = np.array(samples).T
    np.testing.assert_array_equal(said, read)
    assert (np.diff(read) >= 0).all() and len(set(read)) > 10
    assert abs(read[-1] / 25 - seconds[-1]) < 0.3
    stopped = slider_value(shown)
    time.sleep(0.2)
    settle(shown, stopped)


def test_play_follows_uneven_times_and_speed(browser, clip, tmp_path):
    uneven = clips.Clip(clip.path)
    uneven.times = np.concatenate([np.arange(10) / 25, 0.4 + np.arange(COUNT - 10) * 0.5])
    browser.get(inspector_page.to_html(uneven, tmp_path / "uneven.html").as_uri())
    settle(browser, 0)
    browser.find_element(By.CSS_SELECTOR, "option[value='0.5']").click()
    browser.find_element(
        By.NAME, "play"
    ).click()  # frame 10 comes after 0.8 s, frame 11 after 1.8 s
    time.sleep(1.3)
    assert browser.execute_script(NUMBER) == [10, 10]


def test_play_stops_at_the_end_and_starts_over(shown):
    press(shown, Keys.END, Keys.ARROW_LEFT, Keys.SPACE)
    settle(shown, COUNT - 1)
    wait(shown, lambda: shown.find_element(By.NAME, "play").accessible_name == "play")
    press(shown, Keys.SPACE)
    wait(shown, lambda: shown.execute_script(NUMBER)[0] not in (None, COUNT - 1))
    assert slider_value(shown) < 50


def test_the_space_key_on_a_button_presses_only_that_button(shown):
    shown.execute_script("document.querySelector('[name=next]').focus()")
    press(shown, Keys.SPACE)
    settle(shown, 1)
    assert shown.find_element(By.NAME, "play").accessible_name == "play"


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_landmark_is_drawn_on_its_pixel(shown, ratio):
    metrics(shown, 1200, 900, ratio)
    press(shown, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    mark = f"{READ} return at({MARK[0] + 0.5}, {MARK[1] + 0.5});"
    side = f"{READ} return at(60.5, 60.5);"  # on the left edge of the face box
    wait(shown, lambda: near(shown.execute_script(mark), (0x56, 0xB4, 0xE9)))
    wait(shown, lambda: near(shown.execute_script(side), (0xE6, 0x9F, 0x00), 60))
    for name in ("box", "points", "lids"):
        shown.find_element(By.NAME, name).click()
    plain = np.array([100, 60, 160])  # the picture at MARK in frame 0
    assert near(shown.execute_script(mark), plain, 25)


def near(colour, expected, tolerance=12):
    return np.abs(np.array(colour[:3]) - np.array(expected)).max() <= tolerance


def test_the_canvas_is_as_sharp_as_the_screen(shown):
    metrics(shown, 1200, 900, 2)
    press(shown, Keys.ARROW_RIGHT)
    size = "const c = document.querySelector('canvas'); return [c.width, 2 * c.clientWidth];"
    wait(shown, lambda: len(set(shown.execute_script(size))) == 1)


def test_the_text_alternative_tells_frame_time_and_overlays(shown):
    alternative = lambda: shown.find_element(By.TAG_NAME, "canvas").accessible_name  # noqa: E731
    drawn = "drawn on it: face box, landmarks, eyelids"
    assert alternative() == f"numbered.mp4, frame 0 of {COUNT} · 0.000 s; faces found: 1; {drawn}"
    shown.find_element(By.NAME, "points").click()
    assert alternative().endswith("drawn on it: face box, eyelids")
    press(shown, *[Keys.ARROW_RIGHT] * MISSING_FACE)
    settle(shown, MISSING_FACE)
    assert alternative().endswith("faces found: 0; drawn on it: nothing")
    assert shown.find_element(By.TAG_NAME, "em").text == "no face found in this frame"
    slider = shown.find_element(By.CSS_SELECTOR, "input[type=range]")
    assert slider.get_property("ariaValueText") == f"frame {MISSING_FACE} of {COUNT} · 1.600 s"


def test_the_timeline_shows_gaps_values_and_goes_where_it_is_clicked(shown):
    line = shown.find_element(By.CSS_SELECTOR, ".lane path").get_attribute("d")
    assert line.count("M") == 1 + COUNT // 50  # one stroke more than gaps
    value = shown.find_element(By.CSS_SELECTOR, ".lane b")
    assert value.text == "0.5"
    lanes = shown.find_element(By.CSS_SELECTOR, ".lanes")
    quarter = lanes.size["width"] // 4
    ActionChains(shown, duration=5).move_to_element_with_offset(lanes, quarter, 0).click().perform()
    frame = slider_value(shown)
    assert frame == pytest.approx(0.75 * (COUNT - 1), abs=1)
    settle(shown, frame)


@pytest.mark.parametrize("width", [360, 1600])
def test_everything_is_in_sight_at_this_width(shown, width):
    metrics(shown, width, 900)
    outside = """
      const wide = document.documentElement.clientWidth;
      return [...document.querySelectorAll("canvas, button, input, select, label, b, .lane")]
        .filter((node) => node.getClientRects().length).map((node) => node.getBoundingClientRect())
        .filter((box) => box.left < 0 || box.right > wide || !box.width).length"""
    wait(shown, lambda: shown.execute_script(outside) == 0)
    shown.find_element(By.NAME, "next").click()
    settle(shown, 1)


def test_dark_surroundings_change_the_colours(shown):
    ink = """const style = getComputedStyle(document.querySelector("section"));
      return [style.color, style.backgroundColor];"""
    light = shown.execute_script(ink)
    scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    dark = shown.execute_script(ink)
    shown.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert light != dark


def test_a_frame_that_cannot_be_read_is_told_and_the_others_go_on(browser, clip, tmp_path):
    class Broken(clips.Clip):
        def __getitem__(self, i):
            if i == 3:
                raise OSError("the disk <b>fell</b> off")
            return super().__getitem__(i)

    browser.get(inspector_page.to_html(Broken(clip.path), tmp_path / "broken.html").as_uri())
    settle(browser, 0)
    browser.execute_script("document.querySelector('section').focus()")
    press(browser, *[Keys.ARROW_RIGHT] * 3)
    assert not browser.find_element(By.NAME, "box").is_displayed()  # nothing to draw, no switch
    note = browser.find_element(By.CSS_SELECTOR, "[role=status]")
    wait(
        browser, lambda: note.text == "Frame 3 could not be read: OSError: the disk <b>fell</b> off"
    )
    assert browser.execute_script(NUMBER)[0] is None  # no other picture under this number
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 4)
    assert note.text == ""


FAKE_KERNEL = """
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const module = (await import(address)).default;
  const count = 1000, times = Array.from({ length: count }, (_, i) => i / 25);
  const info = { name: "x", count, times, size: [8, 8], step: 1, chunk: 8, unit: 0.1 };
  Object.assign(info, { faces: 0, points: 0, series: {} });
  const state = { _info: info, frame: 0, playing: false }, heard = [];
  const fire = (name, ...news) => {
    for (const [on, call] of [...heard]) if (on === name) call(...news);
  };
  const canvas = new OffscreenCanvas(8, 8);
  canvas.getContext("2d");
  const jpeg = await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer();
  const parts = [...Array(8).fill(jpeg), new ArrayBuffer(0)].map((part) => new DataView(part));
  const model = {
    sent: [], saves: 0,
    get: (name) => state[name],
    set(name, value) {
      const news = state[name] !== value;
      state[name] = value;
      if (news) fire(`change:${name}`);
    },
    save_changes() { model.saves++; },
    on: (name, call) => heard.push([name, call]),
    off(name, call) {
      heard.splice(heard.findIndex(([on, one]) => on === name && one === call), 1);
    },
    send({ chunk }) {
      model.sent.push(chunk);
      setTimeout(() => fire("msg:custom", { chunk, error: null }, parts), answer);
    },
  };
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const el = document.body.appendChild(document.createElement("div"));
"""


def with_fake_kernel(browser, answer_ms, script):
    """Run the module beside a kernel that answers every wish after so many milliseconds."""
    browser.get("about:blank")
    source = (Path(inspector.__file__).parent / "inspector.js").read_text(encoding="utf-8")
    run = f"""const [source, answer, done] = arguments;
        (async () => {{ {FAKE_KERNEL} {script} }})().catch((error) => done(String(error.stack)));"""
    return browser.execute_async_script(run, source, answer_ms)


def test_a_drag_over_missing_frames_asks_only_for_the_newest_wish(browser):
    sent = with_fake_kernel(browser, 300, """
      module.render({ model, el });
      for (let frame = 0; frame < 1000; frame += 3) {
        model.set("frame", frame);
        if (frame % 30 === 0) await rest(1);
      }
      const before = model.sent.length;
      await rest(700);
      done([before, model.sent]);
    """)  # fmt: skip
    before, wishes = sent
    assert before <= 2  # one on its way, at most one that was answered meanwhile
    assert wishes[before] == 999 // 8  # then at once what the cursor stands on


def test_scrubbing_among_frames_that_are_here_asks_nothing(browser):
    asked, saved = with_fake_kernel(browser, 1, """
      module.render({ model, el });
      while (model.sent.length < 125) await rest(20);
      await rest(50);
      const [before, saves] = [model.sent.length, model.saves];
      const press = new KeyboardEvent("keydown", { key: "ArrowRight" });
      for (let i = 0; i < 200; i++) {
        el.querySelector("section").dispatchEvent(press);
        if (i % 10 === 0) await rest(5);
      }
      await rest(300);
      done([model.sent.length - before, model.saves - saves]);
    """)  # fmt: skip
    assert asked == 0
    assert saved == 1  # the kernel hears of the frame once, when the cursor rests


def test_slow_decoding_piles_nothing_up_and_ends_on_the_newest_frame(browser):
    most, frame = with_fake_kernel(browser, 1, """
      let running = 0, most = 0;
      const real = createImageBitmap;
      globalThis.createImageBitmap = async (jpeg) => {
        most = Math.max(most, ++running);
        await rest(40 - 30 * Math.random());
        running--;
        return real(jpeg);
      };
      module.render({ model, el });
      while (model.sent.length < 125) await rest(20);
      await rest(50);
      for (let i = 1; i <= 100; i++) {
        model.set("frame", i);
        if (i % 10 === 0) await rest(5);
      }
      await rest(150);
      done([most, el.querySelector("canvas").dataset.frame]);
    """)  # fmt: skip
    assert (most, frame) == (1, "100")


def test_a_view_that_is_removed_leaves_no_listeners(browser):
    left, outside, paints = with_fake_kernel(browser, 1, """
      let outside = 0;
      for (const target of [window, document]) {
        const add = target.addEventListener;
        target.addEventListener = (...given) => { outside++; add.apply(target, given); };
      }
      for (let i = 0; i < 3; i++) {
        const remove = module.render({ model, el });
        model.set("playing", true);
        await rest(60);
        remove();
        el.replaceChildren();
      }
      const frame = model.get("frame");
      await rest(120);
      done([heard.length, outside, model.get("frame") - frame]);
    """)  # fmt: skip
    assert (left, outside, paints) == (0, 0, 0)


def test_two_views_of_one_inspector_stay_together(browser):
    frames = with_fake_kernel(browser, 1, """
      const other = document.body.appendChild(document.createElement("div"));
      module.render({ model, el });
      module.render({ model, el: other });
      await rest(100);
      el.querySelector("[name=next]").click();
      other.querySelector("[name=play]").click();
      await rest(500);
      el.querySelector("[name=play]").click();
      await rest(60);
      done([el, other].map((one) => Number(one.querySelector("canvas").dataset.frame)));
    """)  # fmt: skip
    assert frames[0] == frames[1] and 8 <= frames[0] <= 18  # 0.5 s at 25 frames/s


def test_play_waits_for_frames_that_are_under_way(browser):
    frame, shown = with_fake_kernel(browser, 400, """
      module.render({ model, el });
      el.querySelector("[name=play]").click();
      await rest(1400);
      done([model.get("frame"), Number(el.querySelector("canvas").dataset.frame)]);
    """)  # fmt: skip
    assert 8 < frame < 3 * 8  # three chunks of 8 frames came in 1.4 s, where 35 frames were due
    assert frame - shown <= 1


def test_nothing_moves_by_itself_under_reduced_motion(browser):
    motion = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": motion})
    frame = with_fake_kernel(browser, 1, """
      model.set("playing", true);
      module.render({ model, el });
      await rest(200);
      done(model.get("frame"));
    """)  # fmt: skip
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert frame == 0


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab of its own, with a notebook that opens the inspector; yields its port."""
    write_video(tmp_path / "numbered.mp4", count=COUNT, size_wh=SIZE, options={"g": "12"})
    cells = [
        "from pathlib import Path\nfrom framewise import clips, inspector",
        "view = inspector.FrameInspector(clips.Clip('numbered.mp4'))\n"
        "view.observe(lambda change: Path('frame.txt').write_text(str(change.new)), 'frame')\nview",
    ]
    with jupyterlab(tmp_path, cells) as port:
        yield port


def test_in_jupyterlab_a_key_steps_the_frame_and_the_kernel_hears_of_it(browser, lab, tmp_path):
    metrics(browser, 1200, 900)
    run_in_lab(browser, lab)
    wait(browser, lambda: browser.find_elements(By.CSS_SELECTOR, ".framewise canvas"), 20)
    settle(browser, 0)
    browser.find_element(By.CSS_SELECTOR, ".framewise canvas").click()
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 1)
    press(browser, *[Keys.ARROW_RIGHT] * 29)
    press(browser, Keys.ARROW_RIGHT, shift=True)
    settle(browser, 40)
    wait(
        browser,
        lambda: (tmp_path / "frame.txt").exists() and (tmp_path / "frame.txt").read_text() == "40",
    )
