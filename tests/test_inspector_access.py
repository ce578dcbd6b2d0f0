"""The inspector for every reader: names, keys, contrast, and paper.

The rules are those of axe-core, which comes from the npm registry and is held to its hash.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile

import numpy as np
import pytest
from browsing import click, media, metrics, numbers, one, press, wait
from framewise import clips, inspector
from framewise.tracking import FaceTrack
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from videos import write_video

AXE = "axe-core@4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
COUNT = 50
MARKS = [
    {"id": "a", "first": 0, "last": 4, "box": [20, 40, 60, 60], "reason": "eyes"},
    {"id": "b", "first": 9, "last": 9, "box": None, "reason": "", "confidence": 0.25},
]
TRUTH = [{"first": 3, "last": 12, "box": [20, 40, 60, 60]}]


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The source of axe-core; skips without npm, but never on CI."""
    folder, npm = tmp_path_factory.mktemp("axe"), shutil.which("npm")
    missing = pytest.fail if os.environ.get("CI") else pytest.skip
    if not npm:
        missing("needs npm for axe-core (Debian: apt-get install npm)")
    run = subprocess.run([npm, "pack", AXE], cwd=folder, capture_output=True, text=True)
    if run.returncode:
        missing(f"npm pack {AXE} failed: {run.stderr[-300:]}")
    (archive,) = folder.glob("*.tgz")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(archive) as pack:
        return pack.extractfile("package/axe.min.js").read().decode()


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
        "track": track(), "series": {"eye opening": np.linspace(0, 1, COUNT)},
        "spans": {"blinks": [(3, 9)]}, "areas": {"mouth": area}, "compare": clip,
    }  # fmt: skip
    views = {"plain": inspector.FrameInspector(clip)}
    for name in ("marked", "blind", "committed", "revealed"):
        truth = None if name == "marked" else TRUTH
        views[name] = view = inspector.FrameInspector(clip, **full, truth=truth)
        view.marks, view._committed = MARKS, name in ("committed", "revealed")
        if name == "revealed":
            view.reveal()
    written = {
        name: view.to_html(
            folder / f"{name}.html", warnings=["A shot begins at frame 9."], notes={"a": "drawn"}
        )
        for name, view in views.items()
    }
    for name in ("blind", "committed"):  # a page alone cannot reveal: shown as in the notebook
        text = written[name].read_text(encoding="utf-8")
        assert '"blind": false' in text
        written[name].write_text(text.replace('"blind": false', '"blind": true'), encoding="utf-8")
    return written


def show(browser, path, width=1200):
    metrics(browser, width, 900)
    browser.get(path.as_uri())
    wait(browser, lambda: numbers(browser)[0] is not None)


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
@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("name", ["plain", "marked", "blind", "committed", "revealed"])
def test_axe_finds_nothing_serious(browser, axe, pages, name, width, scheme):
    with media(browser, prefers_color_scheme=scheme):
        show(browser, pages[name], width)
        assert problems(browser, axe) == []


def test_axe_would_find_something_serious(browser, axe, pages):
    show(browser, pages["marked"])
    browser.execute_script("document.querySelector('.where').style.color = '#ddd'")
    browser.execute_script("document.querySelector('[name=play]').ariaLabel = ''")
    browser.execute_script("document.querySelector('[name=play]').title = ''")
    found = " ".join(problems(browser, axe))
    assert "color-contrast" in found and "button-name" in found


CONTROLS = ".framewise button, .framewise input, .framewise select, .framewise [role=img]"


@pytest.mark.parametrize("name", ["marked", "blind", "committed", "revealed"])
def test_every_control_has_a_name_and_a_key_reaches_it(browser, pages, name):
    show(browser, pages[name])
    controls = [
        node for node in browser.find_elements(By.CSS_SELECTOR, CONTROLS) if node.is_displayed()
    ]
    assert len(controls) > 30
    nameless = [node.get_attribute("outerHTML") for node in controls if not node.accessible_name]
    assert nameless == []
    able = [
        node
        for node in controls
        if node.is_enabled() and node.tag_name in ("button", "select", "input")
    ]
    browser.execute_script("document.querySelector('section').focus()")
    reached = set()
    for _ in range(len(able) + 1):
        reached.add(browser.switch_to.active_element)
        press(browser, Keys.TAB)
    assert [node.accessible_name for node in able if node not in reached] == []


def test_names_in_one_list_of_marks_differ(browser, pages):
    show(browser, pages["marked"])
    names = [node.accessible_name for node in browser.find_elements(By.CSS_SELECTOR, "li button")]
    assert len(names) == 4 and len(set(names)) == 4


def test_the_focus_can_be_seen_on_every_control(browser, pages):
    show(browser, pages["marked"])
    browser.execute_script("document.querySelector('section').focus()")
    ring = """const style = getComputedStyle(document.activeElement);
      return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2"""
    for _ in range(30):
        press(browser, Keys.TAB)
        assert browser.execute_script(ring), browser.switch_to.active_element.accessible_name


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
        assert "You found" in one(browser, ".blind").text
        assert set(seen("button")) <= {"go"}  # the number of a mark
        assert seen(".scrub") == seen("select") == seen(".pixel") == []
        assert numbers(browser, wide=0.5)[:2] == [0, 0]
    assert seen("button")


def test_a_printed_page_holds_its_picture(browser, pages):
    show(browser, pages["marked"])
    whole = len(browser.print_page())
    browser.execute_script("document.querySelector('.stage').remove()")
    assert whole > len(browser.print_page()) + 10_000


def test_what_is_drawn_is_told_in_words_too(browser, pages):
    show(browser, pages["revealed"])
    said = one(browser, ".stage canvas").accessible_name
    for part in ("frame 0 · 1 of 50", "compared with", "faces found: 1", "face box", "marks: 1"):
        assert part in said
    click(browser, "next")
    wait(browser, lambda: "frame 1 · 2 of 50" in one(browser, ".stage canvas").accessible_name)
