"""The line game: its buttons, its menu and its sliders do what they say, in JupyterLab too."""

from browsing import jupyterlab, metrics, run_in_lab, wait
from framewise.workbench import line_game
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select


def test_the_form_goes_on_and_starts_again():
    form = line_game.open_game()
    before = form._picture.value
    form.go_on(3)
    assert len(form.gan.steps) == 3 and "Step 3" in form._said.value
    assert form._picture.value != before
    form.rates[0].value = 0.01
    assert not form.gan.steps and form.gan.optimisers[0].rate == 0.01
    form.peaks.value = "two peaks"
    assert form.data.min() < -1
    still = form._repr_mimebundle_()["text/html"]
    assert "<svg" in still and "Step 0" in still and "aria-label" in still


CELLS = ["from framewise.workbench import line_game\nline_game.open_game()"]


def test_in_jupyterlab_the_buttons_the_menu_and_keys_work_it(browser, tmp_path):
    with jupyterlab(tmp_path, CELLS) as port:
        metrics(browser, 1200, 1200)
        run_in_lab(browser, port)

        def all_of(selector):
            return browser.find_elements(By.CSS_SELECTOR, f".jp-OutputArea {selector}")

        def wait_for(words):
            wait(browser, lambda: any(words in p.text for p in all_of("p[role=status]")), 120)

        def picture():
            return all_of("svg[role=img]")[0].get_attribute("innerHTML")

        def press(name):
            (button,) = [b for b in all_of("button.jupyter-button") if b.text == name]
            button.click()

        wait_for("Step 0.")
        untrained = picture()
        press("Train 50 more steps")
        wait_for("Step 50.")
        assert picture() != untrained
        press("Train 500 more steps")
        press("Train 50 more steps")  # while it still trains: the second click is not lost
        wait_for("Step 600.")
        press("Start again")
        wait_for("Step 0.")
        assert picture() == untrained
        Select(all_of(".widget-dropdown select")[0]).select_by_visible_text("two peaks")
        wait(browser, lambda: picture() != untrained)
        press("Train 50 more steps")
        wait_for("Step 50.")
        sliders = all_of(".widget-slider [role=slider]")
        labels = all_of(".widget-slider .widget-label")
        assert len(sliders) == len(labels) == 2 and all(label.text for label in labels)
        sliders[0].send_keys(Keys.ARROW_RIGHT)
        wait_for("Step 0.")
        assert "0.003" in all_of(".widget-slider .widget-readout")[0].text
