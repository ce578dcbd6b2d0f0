"""The inspector beside a kernel: a fake one in bare Chromium, then JupyterLab and Voila."""

import json

import pytest
from browsing import (
    READ,
    choose,
    click,
    complaints,
    drag,
    jupyterlab,
    marks_in,
    media,
    metrics,
    numbers,
    one,
    open_voila,
    perform,
    press,
    run_in_lab,
    settle,
    voila,
    wait,
)
from framewise import inspector
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from videos import write_video

SIZE, COUNT = (160, 96), 200


# ---- a kernel that is not there ----

FAKE_KERNEL = """
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const module = (await import(address)).default;
  const count = 1000, times = Array.from({ length: count }, (_, i) => i / 25);
  const info = { name: "x", count, times, size: [8, 8], step: 1, chunk: 8, unit: 0.1, faces: 0 };
  Object.assign(info, { points: 0, series: {}, spans: {}, groups: {}, layers: {}, other: null });
  Object.assign(info, { reasons: [], blind: false, areas: [], folded: [], kept: null });
  const state = { _info: info, frame: 0, playing: false, layer: "", marks: [] };
  Object.assign(state, { _committed: false, _verdict: {}, _kept: "" });
  const heard = [];
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
    send(wish) {
      model.sent.push(wish.chunk);
      const told = { ...wish, error: null, areas: Array(8).fill([]) };
      setTimeout(() => fire("msg:custom", told, parts));
    },
  };
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const el = document.body.appendChild(document.createElement("div"));
  const painted = (where = el) => Number(where.querySelector("canvas").dataset.frame ?? NaN);
  const button = (name, where = el) => where.querySelector(`[name=${name}]`);
  const MARK = { id: "a", first: 1, last: 2, box: [1, 2, 3, 4], reason: "eyes", confidence: 1 };
"""


def with_fake_kernel(browser, script):
    """Run the module beside a kernel that answers every wish at once."""
    browser.get("about:blank")
    run = f"""const [source, done] = arguments;
        (async () => {{ {FAKE_KERNEL} {script} }})().catch((error) => done(String(error.stack)));"""
    return browser.execute_async_script(run, inspector.FrameInspector._esm)


def test_scrubbing_among_frames_that_are_here_asks_nothing(browser):
    asked, saves, rested = with_fake_kernel(browser, """
      module.render({ model, el });
      await until(() => model.sent.length === 125 && painted() === 0);
      const before = model.sent.length, saved = model.saves;
      const press = (key) => new KeyboardEvent("keydown", { key, bubbles: true });
      for (let i = 0; i < 200; i++) {
        el.querySelector("section").dispatchEvent(press(i % 9 ? "ArrowRight" : "ArrowLeft"));
      }
      const saves = model.saves - saved;
      await until(() => painted() === model.get("frame") && model.saves > saved);
      done([model.sent.length - before, saves, model.get("frame")]);
    """)  # fmt: skip
    assert (asked, saves) == (0, 0)  # the kernel hears of the frame when the cursor rests
    assert rested > 100


def test_a_view_that_is_removed_leaves_nothing_behind(browser):
    left, outside, observing, timers, paints = with_fake_kernel(browser, """
      let outside = 0, observing = 0;
      for (const target of [window, document]) {
        const { addEventListener: add, removeEventListener: drop } = target;
        target.addEventListener = (...given) => { outside++; add.apply(target, given); };
        target.removeEventListener = (...given) => { outside--; drop.apply(target, given); };
      }
      const Real = ResizeObserver;
      globalThis.ResizeObserver = class extends Real {
        observe(node) { observing++; super.observe(node); }
        disconnect() { observing--; super.disconnect(); }
      };
      const timers = new Set(), [start, stop] = [setInterval, clearInterval];
      globalThis.setInterval = (...given) => {
        timers.add(start(...given));
        return [...timers].at(-1);
      };
      globalThis.clearInterval = (id) => { timers.delete(id); stop(id); };
      state._info = { ...info, other: { ...info, match: times.map((_, i) => i) } };
      for (let i = 0; i < 3; i++) {
        const remove = module.render({ model, el });
        const way = button("way");
        way.value = "flicker";
        way.dispatchEvent(new Event("change", { bubbles: true }));
        await until(() => painted() >= 0);
        const before = model.get("frame");
        model.set("playing", true);
        await until(() => model.get("frame") > before);
        remove();
        el.replaceChildren();
      }
      const frame = model.get("frame");
      for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);
      done([heard.length, outside, observing, timers.size, model.get("frame") - frame]);
    """)  # fmt: skip
    assert (left, outside, observing, timers, paints) == (0, 0, 0, 0, 0)


def test_two_views_of_one_inspector_stay_together(browser):
    frames, marks = with_fake_kernel(browser, """
      const other = document.body.appendChild(document.createElement("div"));
      module.render({ model, el });
      module.render({ model, el: other });
      await until(() => painted() === 0 && painted(other) === 0);
      button("mark").click();
      button("play", other).click();
      await until(() => painted() > 8);
      button("play").click();
      const rests = model.get("frame");
      await until(() => painted() === rests && painted(other) === rests);
      for (let i = 0; i < 5; i++) await new Promise(requestAnimationFrame);
      done([[rests, painted(), painted(other)], document.querySelectorAll("li").length]);
    """)  # fmt: skip
    assert len(set(frames)) == 1 and marks == 2


def test_nothing_moves_by_itself_under_reduced_motion(browser):
    with media(browser, prefers_reduced_motion="reduce"):
        frame = with_fake_kernel(browser, """
          model.set("playing", true);
          module.render({ model, el });
          await until(() => painted() === 0);
          for (let i = 0; i < 10; i++) await new Promise(requestAnimationFrame);
          done([model.get("frame"), model.get("playing")]);
        """)  # fmt: skip
    assert frame == [0, False]


def test_an_answer_takes_no_half_typed_word_away_and_no_change_waits_for_none(browser):
    typed, kept, saves = with_fake_kernel(browser, """
      state.marks = [MARK];
      module.render({ model, el });
      const field = el.querySelector("li [name=reason]");
      field.focus();
      field.value = "one eye op";
      model.set("_kept", "Kept on this computer.");
      model.set("marks", [MARK, { ...MARK, id: "b" }]);
      const typed = [document.activeElement.name, field.value, model.get("marks").length];
      field.value = "eyes";
      const before = model.saves;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      done([typed, el.querySelector(".kept").textContent, model.saves - before]);
    """)  # fmt: skip
    assert (typed, kept, saves) == (["reason", "one eye op", 2], "Kept on this computer.", 0)


def test_marks_wait_in_the_tab_until_the_kernel_has_kept_just_them(browser):
    both, one_left, again = with_fake_kernel(browser, """
      const storage = {}, waiting = () => JSON.parse(Object.values(storage)[0]).map(({ id }) => id);
      Object.defineProperty(globalThis, "sessionStorage", { value: storage });
      const show = () => {
        const mine = { marks: [], _kept: "" };
        const where = document.body.appendChild(document.createElement("div"));
        const get = (name) => (name in mine ? mine[name] : state[name]);
        const set = (name, value) => [mine[name] = value, mine[`change:${name}`]?.()];
        const own = { ...model, get, set, on: (name, call) => (mine[name] = call) };
        module.render({ model: own, el: where });
        return { mine, set, where };
      };
      const [first, second] = [show(), show()];
      for (const { where } of [first, second]) button("mark", where).click();
      const both = waiting().length;
      second.set("_kept", "Kept on this computer.");
      const one_left = [waiting(), first.mine.marks.map(({ id }) => id)];
      done([both, one_left, show().mine.marks.map(({ id }) => id)]);
    """)  # fmt: skip
    waiting, made = one_left
    assert both == 2 and waiting == made == again and len(made) == 1


# ---- the real ones ----

CELLS = [
    "import os\n"
    "from pathlib import Path\n"
    "from framewise import clips, inspector\n"
    "os.environ['FRAMEWISE_OWN'] = os.path.abspath('data')  # never the reader's own",
    "def moody(clip, frame):\n"
    "    if frame == 2:\n"
    "        raise RuntimeError('no mood today')\n"
    "    return clip[frame][..., 0]\n\n"
    "moods = inspector.Layer('moody', moody)\n"
    "steady = inspector.Layer('steady', lambda clip, i: clip[i][..., 1] * 0.0 + i, (0, 254))\n"
    "view = inspector.FrameInspector(clips.Clip('numbered.mp4'), layers=[moods, steady])\n"
    "view.observe(lambda change: Path('frame.txt').write_text(str(change.new)), 'frame')\n"
    "view.observe(lambda change: Path('layer.txt').write_text(change.new), 'layer')\n"
    "view",
    "truth = [{'first': 3, 'last': 12, 'box': [20, 40, 60, 60], 'reason': 'hush-hush'}]\n"
    "blind = inspector.FrameInspector(clips.Clip('other.mp4'), truth=truth)\n"
    "blind",
]


def write_clips(folder):
    write_video(folder / "numbered.mp4", count=COUNT, size_wh=SIZE, options={"g": "12"})
    write_video(folder / "other.mp4", count=20, size_wh=SIZE)
    return folder


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own; yields its folder and its port."""
    folder = write_clips(tmp_path_factory.mktemp("lab"))
    with jupyterlab(folder, CELLS) as port:
        yield folder, port


def inspectors(browser):
    return browser.find_elements(By.CSS_SELECTOR, ".framewise")


def run_all(browser, port, count=2):
    """Open and run the notebook; wait for its inspectors."""
    metrics(browser, 1200, 2400)
    run_in_lab(browser, port)
    shown(browser, count)


def shown(browser, count=2):
    wait(browser, lambda: len(inspectors(browser)) == count, 120)
    wait(browser, lambda: numbers(browser)[0] is not None)
    wait(browser, lambda: one(browser, ".stage > p").text == "")  # its frames have come


def run_again(browser, script):
    """Run all cells by this script, and wait for the new inspectors."""
    old = inspectors(browser)[0]
    browser.execute_script(script)
    wait(browser, lambda: [new for new in inspectors(browser)[:1] if new != old], 120)
    shown(browser)


def focus(browser, which=0):
    section = inspectors(browser)[which]
    browser.execute_script("arguments[0].scrollIntoView(); arguments[0].focus()", section)
    return section


def read(path):
    return path.read_text() if path.exists() else ""


def test_in_jupyterlab_a_key_steps_the_frame_and_the_kernel_hears_of_it(browser, lab):
    folder, port = lab
    run_all(browser, port)
    settle(browser, 0)
    canvas = one(browser, ".stage canvas")
    perform(browser, ActionChains(browser, duration=0).move_to_element(canvas))
    cells = "return window.jupyterapp.shell.currentWidget.content.widgets.map((c) => c.model.type)"
    before = browser.execute_script(cells)
    press(browser, "b", "m", Keys.ENTER)  # in the notebook these insert and change cells
    press(browser, Keys.ESCAPE)
    assert browser.execute_script(cells) == before and len(marks_in(browser)) == 1
    click(browser, "delete")
    canvas.click()
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 1)
    press(browser, *[Keys.ARROW_RIGHT] * 29)
    press(browser, Keys.ARROW_RIGHT, shift=True)
    settle(browser, 40)
    wait(browser, lambda: read(folder / "frame.txt") == "40")
    press(browser, Keys.END)
    settle(browser, COUNT - 1)
    press(browser, Keys.HOME, *[Keys.ARROW_RIGHT] * 60)
    settle(browser, 60)
    press(browser, Keys.SPACE)
    seen = set()

    def playing():
        said, number, _ = numbers(browser)
        assert said == number
        seen.add(number)
        return len(seen) > 5

    wait(browser, playing)
    press(browser, Keys.SPACE)
    rested = int(one(browser, ".scrub").get_property("value"))
    settle(browser, rested)
    wait(browser, lambda: read(folder / "frame.txt") == str(rested))


def test_in_jupyterlab_layers_are_laid_over_and_an_error_in_one_breaks_nothing(browser, lab):
    folder, port = lab
    run_all(browser, port)
    focus(browser)
    choose(browser, "layer", "luminance")

    def ends():
        return [end.text for end in one(browser, ".scale").find_elements(By.TAG_NAME, "b")]

    wait(browser, lambda: ends() == ["0", "255"])
    wait(browser, lambda: read(folder / "layer.txt") == "luminance")
    inked = f"{READ} return at(canvas.width * 0.6, canvas.height * 0.6)"
    opacity = one(browser, "[name=opacity]")
    opacity.send_keys(Keys.END)
    grey = lambda: max(rgb := browser.execute_script(inked, {})[:3]) - min(rgb) < 6  # noqa: E731
    wait(browser, grey)
    opacity.send_keys(Keys.HOME)
    wait(browser, lambda: not grey())
    settle(browser, 0)
    focus(browser)
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    settle(browser, 2)
    wait(browser, lambda: read(folder / "frame.txt") == "2")
    choose(browser, "layer", "moody")
    told = 'The layer "moody" failed here: RuntimeError: no mood today'
    wait(browser, lambda: one(browser, ".stage > p").text == told)
    focus(browser)
    press(browser, Keys.ARROW_RIGHT)
    settle(browser, 3)
    wait(browser, lambda: one(browser, ".stage > p").text == "")
    choose(browser, "layer", "steady")
    wait(browser, lambda: ends() == ["0", "254"])
    canvas = one(browser, ".stage canvas")
    perform(browser, ActionChains(browser, duration=0).move_to_element_with_offset(canvas, 5, 20))
    wait(browser, lambda: one(browser, ".pixel").text.endswith("· layer 3"))  # its value: i
    assert "layer: steady" in canvas.accessible_name
    choose(browser, "layer", "")
    wait(browser, lambda: not one(browser, ".scale").is_displayed())


def test_in_jupyterlab_marks_outlive_the_cell_and_the_kernel(browser, lab):
    folder, port = lab
    run_all(browser, port)
    focus(browser)
    press(browser, *[Keys.ARROW_RIGHT] * 4, "b")
    drag(browser, one(browser, ".stage canvas"), (-100, 0), (40, 20))
    wait(browser, lambda: marks_in(browser))
    press(browser, *"skin", Keys.ENTER)

    def kept():
        files = [json.loads(path.read_text()) for path in folder.glob("data/my_marks/*.json")]
        return [mark["reason"] for file in files for mark in file["marks"]]

    wait(browser, lambda: kept() == ["skin"])
    wait(browser, lambda: one(browser, ".kept").text == "Kept on this computer.")
    (before,) = marks_in(browser)
    again = [
        "window.jupyterapp.commands.execute('runmenu:run-all')",
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        ".then(() => window.jupyterapp.commands.execute('runmenu:run-all'))",
    ]
    for script in again:
        run_again(browser, script)
        wait(browser, lambda: marks_in(browser) == [before])
        assert one(browser, ".kept").text == "Kept on this computer."
    click(browser, "delete")
    wait(browser, lambda: kept() == [])


def test_in_jupyterlab_a_mark_made_after_a_restart_comes_back_with_the_cell(browser, lab):
    _, port = lab
    run_all(browser, port)
    browser.execute_async_script(
        "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        ".then(arguments[0])"
    )
    focus(browser)
    press(browser, "m", *"late", Keys.ENTER)
    (made,) = marks_in(browser)
    assert one(browser, ".kept").text.startswith("Not kept yet.")
    run_again(browser, "window.jupyterapp.commands.execute('runmenu:run-all')")
    wait(browser, lambda: marks_in(browser) == [made])
    wait(browser, lambda: one(browser, ".kept").text == "Kept on this computer.")
    click(browser, "delete")
    wait(browser, lambda: marks_in(browser) == [])


TOLD = """
  const cells = [...window.jupyterapp.shell.currentWidget.content.widgets];
  const kept = cells.map((cell) => JSON.stringify(cell.outputArea?.model.toJSON() ?? null));
  const shown = [...document.querySelectorAll(".jp-OutputArea")].map((node) => node.innerHTML);
  return [...kept, ...shown].join();
"""
"""All outputs as they are shown and kept in the notebook; a cell holds the truth, it made it."""


def test_in_jupyterlab_the_truth_comes_only_after_the_commit(browser, lab):
    run_all(browser, lab[1])
    section = focus(browser, 1)
    find = lambda selector: section.find_element(By.CSS_SELECTOR, selector)  # noqa: E731
    press(browser, *[Keys.ARROW_RIGHT] * 5, "m")
    wait(browser, lambda: section.find_elements(By.CSS_SELECTOR, "li"))
    assert "hush-hush" not in browser.execute_script(TOLD)
    assert not section.find_elements(By.CSS_SELECTOR, "[name=reveal], .true")
    find("[name=commit]").click()
    wait(browser, lambda: section.find_elements(By.CSS_SELECTOR, "[name=reveal]"))
    assert "hush-hush" not in browser.execute_script(TOLD)
    find("[name=reveal]").click()
    wait(browser, lambda: "You found 1 of 1 altered place." in find(".blind").text)
    assert "Brier score is 0.25" in find(".blind").text
    assert len(section.find_elements(By.CSS_SELECTOR, ".true rect")) == 1
    find("[name=again]").click()
    wait(browser, lambda: section.find_elements(By.CSS_SELECTOR, "[name=commit]"))
    wait(browser, lambda: not section.find_elements(By.CSS_SELECTOR, ".true rect"))
    find("li [name=delete]").click()
    wait(browser, lambda: not section.find_elements(By.CSS_SELECTOR, "li"))


@pytest.fixture(scope="module")
def voila_port(tmp_path_factory):
    with voila(write_clips(tmp_path_factory.mktemp("voila")), CELLS) as port:
        yield port


QUIET = """
  const done = arguments[0], wait = () => setTimeout(done, 1000);
  let timer = wait();
  new MutationObserver(() => [clearTimeout(timer), timer = wait()])
    .observe(document.body, { childList: true, subtree: true });
"""


def show_voila(browser, port):
    """Open the page and wait until it stays as it is: Voila may draw its widgets twice."""
    open_voila(browser, port)
    shown(browser)
    browser.execute_async_script(QUIET)


def test_in_voila_the_inspector_works_as_in_the_notebook(browser, voila_port):
    metrics(browser, 1200, 2400)
    complaints(browser)
    show_voila(browser, voila_port)
    settle(browser, 0)
    focus(browser)
    for frame in range(1, 6):
        press(browser, Keys.ARROW_RIGHT)
        settle(browser, frame)
    press(browser, *[Keys.ARROW_RIGHT] * 60)
    settle(browser, 65)
    press(browser, Keys.END)
    settle(browser, COUNT - 1)
    choose(browser, "layer", "steady")
    wait(browser, lambda: one(browser, ".scale").is_displayed())
    focus(browser)
    press(browser, "m", *"skin", Keys.ENTER)
    wait(browser, lambda: one(browser, ".kept").text == "Kept on this computer.")
    assert "hush-hush" not in browser.page_source
    show_voila(browser, voila_port)  # a new kernel
    wait(browser, lambda: [mark["reason"] for mark in marks_in(browser)] == ["skin"])
    settle(browser, 0)


def test_in_voila_a_blind_clip_is_committed_and_revealed(browser, voila_port):
    metrics(browser, 1200, 2400)
    show_voila(browser, voila_port)

    def in_blind(selector):  # looked up anew each time: Voila may draw its page twice
        return inspectors(browser)[1].find_elements(By.CSS_SELECTOR, f".blind {selector}")

    wait(browser, lambda: [button.click() for button in in_blind("[name=commit]")])
    wait(browser, lambda: in_blind("[name=reveal]"))
    assert "hush-hush" not in browser.page_source
    wait(browser, lambda: [button.click() for button in in_blind("[name=reveal]")])
    told = "The truth: You found 0 of 1 altered place."
    wait(browser, lambda: [p for p in in_blind("p") if p.text.startswith(told)])
