"""The swap bench: what it shows is the swap, and sliders, keys and a phone can work it."""

import base64
import re

import cv2
import numpy as np
import pytest
from browsing import jupyterlab, metrics, run_in_lab, wait
from framewise import clips, consent, fakes, samples, seams, swap, swap_plots
from framewise.workbench import encode, swap_bench
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

PAIR = "gita_talk", "ana_talk"


@pytest.fixture(scope="module")
def bench():
    return swap_bench.open_bench(*map(samples.open_clip, PAIR))


@pytest.fixture(autouse=True)
def back(bench):
    yield
    bench.reset()
    bench.frame.value = 60


def shown(bench):
    return bench._seen.value


def pictures(page):
    found = re.findall(r"data:image/jpeg;base64,([^']*)'", page)
    bytes_ = [np.frombuffer(base64.b64decode(data), np.uint8) for data in found]
    return [cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1] for data in bytes_]


def test_it_shows_the_swap_as_swap_clip_makes_it(bench):
    bench.fields["blend"].value, bench.fields["smooth"].value = "pyramid", 1
    bench.frame.value = 2
    results = swap.swap_clip(*map(samples.open_clip, PAIR), bench.recipe)
    expected = [result.frame for result, _ in zip(results, range(3), strict=False)][2]
    view = bench._pair.view(2, bench.recipe)
    window = bench._pair._window
    np.testing.assert_array_equal(view.pictures[0], samples.open_clip(PAIR[1])[2][window])
    np.testing.assert_array_equal(view.pictures[1], fakes.mark(expected[window]))
    points = bench._pair.points(1.0)[1][2]
    strip = seams.unroll_outline(expected, points)
    np.testing.assert_array_equal(view.strips[1], fakes.mark(swap_plots.magnify(strip)))
    np.testing.assert_allclose(view.curves[1], seams.edge_steps(strip))


def test_all_pictures_have_words_and_the_pairs_have_one_size(bench):
    page = shown(bench)
    images = pictures(page)
    assert len(images) == 4 and len(re.findall(r"<img [^>]*alt='[^']{10,}'", page)) == 4
    assert images[0].shape == images[1].shape and images[2].shape == images[3].shape
    assert page.count("<polyline") == 2 and "role='img' aria-label=" in page
    assert "<p role='status'>" in page


def test_a_change_is_seen_and_a_reset_takes_it_back(bench):
    first = shown(bench)
    for name, value in (("shrink", 0.1), ("feather", 0.3), ("colour", 0), ("sharpen", 2)):
        before = shown(bench)
        bench.fields[name].value = value
        assert shown(bench) != before, name
    bench.fields["blend"].value = "poisson"
    line = 'swap.Recipe(shrink=0.1, feather=0.3, colour=0.0, blend="poisson", sharpen=2.0)'
    assert swap_bench.line_of(bench.recipe) == line
    assert eval(line, {"swap": swap}) == bench.recipe
    bench.button.click()
    assert bench.recipe == swap.Recipe() and shown(bench) == first
    assert swap_bench.line_of(bench.recipe) == "swap.Recipe()"


def test_a_recipe_can_be_given():
    recipe = swap.Recipe(blend="paste", shrink=0.5)
    bench = swap_bench.open_bench(*map(samples.open_clip, PAIR), recipe)
    assert bench.recipe == recipe
    bench.fields["shrink"].value = 0.2
    bench.reset()
    assert bench.recipe == recipe


def test_it_says_how_far_the_curve_rises(bench):
    bench.fields["blend"].value = "paste"
    view = bench._pair.view(60, bench.recipe)
    above = (view.curves[1] - view.curves[0]).max()
    assert above > 5 and f"rises by at most {above:.2f} grey levels" in shown(bench)
    assert f"{view.changed:.0%} of the pixels" in shown(bench)


def test_a_frame_that_cannot_be_swapped_says_why(bench, monkeypatch):
    source, target = bench._pair.points(0.0)
    monkeypatch.setattr(bench._pair, "points", lambda smooth: (source / 10, target))
    bench.fields["shrink"].value = 0.05
    assert "cannot be swapped: source: expected a face of 48 pixels" in shown(bench)
    assert len(pictures(shown(bench))) == 2  # the untouched frame and its strip


def test_a_frame_without_a_face_says_so(bench, monkeypatch):
    source, target = bench._pair.points(0.0)
    monkeypatch.setattr(
        bench._pair, "points", lambda smooth: (source, np.full_like(target, np.nan))
    )
    view = bench._pair.view(60, bench.recipe)
    assert len(view.pictures) == 1 and "no face in this frame" in view.problem


def test_without_a_kernel_its_picture_remains(bench):
    page = bench._repr_mimebundle_()["text/html"]
    assert "When you run this notebook" in page and len(pictures(page)) == 4


def test_consent_comes_first(tmp_path):
    clip = samples.open_clip("ana_talk")
    found = clips.Clip(encode.write_clip(tmp_path / "found.mp4", clip.frames(0, 3), 25))
    for pair in ((clip, found), (found, clip)):
        with pytest.raises(consent.ConsentError, match="found footage"):
            swap_bench.open_bench(*pair)


# ---- in a real browser ----

CELLS = [
    "from framewise import samples\nfrom framewise.workbench import swap_bench\n"
    f"swap_bench.open_bench(*map(samples.open_clip, {PAIR}))"
]


def test_in_jupyterlab_keys_and_the_button_work_it(browser, tmp_path):
    with jupyterlab(tmp_path, CELLS) as port:
        metrics(browser, 1200, 1600)
        run_in_lab(browser, port)

        def text():
            found = browser.find_elements(By.CSS_SELECTOR, ".swap-bench")
            return found[0].text if found else ""

        wait(browser, lambda: "swap.Recipe()" in text(), 120)
        sliders = browser.find_elements(By.CSS_SELECTOR, ".widget-slider [role=slider]")
        labels = browser.find_elements(By.CSS_SELECTOR, ".widget-slider .widget-label")
        assert len(sliders) == len(labels) == 6 and all(label.text for label in labels)
        sliders[1].send_keys(Keys.ARROW_RIGHT)
        wait(browser, lambda: "swap.Recipe(shrink=0.04)" in text())
        menu = browser.find_element(By.CSS_SELECTOR, ".widget-dropdown select")
        Select(menu).select_by_visible_text("paste")
        wait(browser, lambda: 'shrink=0.04, blend="paste"' in text())
        browser.find_element(By.CSS_SELECTOR, "button.jupyter-button").click()
        wait(browser, lambda: "swap.Recipe()" in text())


def test_its_picture_fits_a_phone(browser, bench, tmp_path):
    head = "<meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
    page = tmp_path / "bench.html"
    page.write_text(head + bench._repr_mimebundle_()["text/html"], encoding="utf-8")
    metrics(browser, 390, 900)
    browser.get(page.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    left, right = browser.find_elements(By.CSS_SELECTOR, ".swap-bench .faces img")
    assert left.location["y"] == right.location["y"] and left.size == right.size
    label = browser.find_element(By.CSS_SELECTOR, ".swap-bench svg text")
    assert label.rect["height"] >= 11  # pixels on the screen
