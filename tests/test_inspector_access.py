"""The inspector for every reader: names, keys, contrast, and paper."""

import numpy as np
import pytest
from browsing import marks_in, media, metrics, numbers, one, press, wait
from framewise import clips, inspector
from framewise.tracking import FaceTrack
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from videos import write_video

COUNT = 50
MARKS = [
    {"id": "a", "first": 0, "last": 4, "box": [20, 40, 60, 60], "reason": "eyes"},
    {"id": "b", "first": 9, "last": 9, "box": None, "reason": "", "confidence": 0.25},
]
TRUTH = [{"first": 3, "last": 12, "box": [20, 40, 60, 60]}]


@pytest.fixture(scope="module")
def axe(npm_tools):
    """The source of axe-core, which knows the rules."""
    return (npm_tools / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "numbered.mp4"
    return clips.Clip(write_video(path, count=COUNT))


def track():
    points = np.tile((100.0, 60.0), (COUNT, 468, 1)).astype(np.float32)
    eyelids = np.full((COUNT, 2, 16, 2), 50, np.float32)
    iris = np.zeros((COUNT, 2, 5, 2), np.float32)
    return FaceTrack(points, eyelids, iris, np.ones(COUNT, np.float32), np.arange(COUNT) / 25)


@pytest.fixture(scope="module")
def pages(clip, tmp_path_factory):
    """A page for each state that the inspector may be in, with all that it can show."""
    folder, area = tmp_path_factory.mktemp("pages"), np.zeros((96, 160), bool)
    area[50:60, 20:40] = True
    full = {
        "track": track(), "folded": ["seam"],
        "series": {"eye opening": np.linspace(0, 1, COUNT), "seam": np.ones(COUNT)},
        "spans": {"blinks": [(3, 9)]}, "areas": {"mouth": area}, "compare": clip,
    }  # fmt: skip
    written = {}
    for name in ("plain", "marked", "blind", "committed", "revealed"):
        truth = None if name in ("plain", "marked") else TRUTH
        options = {} if name == "plain" else full
        view = inspector.FrameInspector(clip, **options, truth=truth)
        view.marks = [] if name == "plain" else MARKS
        view._committed = name in ("committed", "revealed")
        if name == "revealed":
            view.reveal()
        path = view.to_html(
            folder / f"{name}.html",
            warnings=["A shot begins."],
            notes={"a": "b"},
            layers={"luminance": [1, 3]} if options else {},
            with_marks=True,
        )
        view._committed = False
        if name in ("blind", "committed"):  # a page alone cannot reveal: as in the notebook
            text = path.read_text(encoding="utf-8")
            assert '"blind": false' in text
            path.write_text(text.replace('"blind": false', '"blind": true'), encoding="utf-8")
        written[name] = path
    return written


def show(browser, path, width=1200):
    metrics(browser, width, 900)
    browser.get(path.as_uri())
    wait(browser, lambda: numbers(browser)[0] is not None)
    browser.execute_script("""
      document.querySelectorAll("details").forEach((part) => (part.open = true));
      const layers = document.querySelector("[name=layer]");
      layers.value = [...layers.options].at(-1).value;
      layers.dispatchEvent(new Event("change", { bubbles: true }));""")


def problems(browser, axe):
    """Return what axe-core calls serious or critical: the rule, and where it is broken."""
    browser.execute_script(axe)
    found = browser.execute_async_script("""
      const done = arguments[0];
      axe.run(document, { resultTypes: ["violations"] }).then(done, (error) => done(String(error)));
    """)  # fmt: skip
    assert isinstance(found, dict), found
    assert len(found["passes"]) > 10  # it did look
    return [
        f"{broken['id']} ({broken['impact']}): {node['target']} {node['failureSummary']}"
        for broken in found["violations"]
        if broken["impact"] in ("serious", "critical")
        for node in broken["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 700, 390])
@pytest.mark.parametrize("name", ["plain", "marked", "blind", "committed", "revealed"])
def test_axe_finds_nothing_serious(browser, axe, pages, name, width, scheme):
    with media(browser, prefers_color_scheme=scheme):
        show(browser, pages[name], width)
        assert problems(browser, axe) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_view_for_a_projector(browser, axe, pages, scheme):
    with media(browser, prefers_color_scheme=scheme):
        show(browser, pages["marked"])
        one(browser, "[name=present]").click()
        press(browser, "v")
        wait(browser, lambda: one(browser, ".vote").is_displayed())
        assert problems(browser, axe) == []


def test_axe_would_find_something_serious(browser, axe, pages):
    show(browser, pages["marked"])
    browser.execute_script("document.querySelector('.where').style.color = '#ddd'")
    browser.execute_script("document.querySelector('[name=save]').textContent = ''")
    found = " ".join(problems(browser, axe))
    assert "color-contrast" in found and "button-name" in found


CONTROLS = ".framewise button, .framewise input, .framewise select, .framewise [role=img]"


def test_every_control_has_a_name_of_its_own_and_a_key_reaches_it_visibly(browser, pages):
    show(browser, pages["marked"])
    controls = browser.find_elements(By.CSS_SELECTOR, CONTROLS)
    controls = [node for node in controls if node.is_displayed()]
    assert len(controls) > 40
    assert [node.get_attribute("outerHTML") for node in controls if not node.accessible_name] == []
    buttons = [node.accessible_name for node in controls if node.tag_name == "button"]
    assert len(set(buttons)) == len(buttons) and {"first", "back", "play", "next"} < set(buttons)
    able = [node for node in controls if node.tag_name in ("button", "select", "input")]
    browser.execute_script("document.querySelector('section').focus()")
    ring = """const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2"""
    reached = set()
    for _ in range(len(able) + 2):
        press(browser, Keys.TAB)
        node = browser.switch_to.active_element
        reached.add(node)
        assert node not in able or browser.execute_script(ring), node.accessible_name
    assert [node.accessible_name for node in able if node not in reached] == []


def test_dark_surroundings_change_the_colours(browser, pages):
    show(browser, pages["plain"])
    ink = """const style = getComputedStyle(document.querySelector("section"));
      return [style.color, style.backgroundColor];"""
    light = browser.execute_script(ink)
    with media(browser, prefers_color_scheme="dark"):
        assert browser.execute_script(ink) != light


def test_on_paper_there_are_the_picture_the_curves_and_the_marks_but_no_buttons(browser, pages):
    show(browser, pages["revealed"])
    with media(browser, media="print"):
        seen = lambda selector: [  # noqa: E731
            node.get_attribute("name") or node.tag_name
            for node in browser.find_elements(By.CSS_SELECTOR, f".framewise {selector}")
            if node.is_displayed()
        ]
        assert seen(".stage canvas") and seen(".where") and seen(".series svg")
        assert len(seen("li")) == 2 and len(seen(".mine rect")) == 2 and seen(".true rect")
        assert "You found" in one(browser, ".blind").text and marks_in(browser)
        assert set(seen("button")) <= {"go"}  # the number of a mark
        assert seen(".scrub") == seen("select:not(li select)") == seen(".pixel") == []
        assert numbers(browser, wide=0.5)[:2] == [0, 0]
    whole = len(browser.print_page())
    browser.execute_script("document.querySelector('.stage').remove()")
    assert whole > len(browser.print_page()) + 10_000
