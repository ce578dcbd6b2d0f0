"""Figures and videos come with their words, and a form answers an exercise."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from framewise import plots, samples
from framewise.workbench import captions, exercises, forms


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, with the words of a lesson of our own."""
    words, ours = captions.words, {"caption": "Two <small> eyes.", "alt": 'A "black" <square>'}
    monkeypatch.setattr(captions, "words", lambda name: ours if name == "98.1" else words(name))
    found = []
    monkeypatch.setattr(captions, "display", lambda html: found.append(html.data))
    return found


def test_a_figure_has_its_caption_and_words_for_those_who_cannot_see_it(shown):
    captions.show(plots.plot_image(np.zeros((4, 4), np.uint8)), "98.1")
    assert not plt.get_fignums()
    assert 'alt="A &quot;black&quot; &lt;square&gt;"' in shown[0]
    assert "<figcaption>Two &lt;small&gt; eyes.</figcaption>" in shown[0]
    assert "data:image/png;base64," in shown[0] and "<details>" not in shown[0]


@pytest.mark.parametrize(
    "numbers", [{"a <b>": 1 / 3, "n": 2}, [{"a <b>": np.float32(1 / 3), "n": 2}]], ids=type
)
def test_the_numbers_of_a_figure_are_in_a_folded_table(shown, numbers):
    captions.show(plt.figure(), "98.1", numbers=numbers)
    table = shown[0].partition("<details>")[2]
    assert re.findall("<th[^>]*>(.*?)</th>", table) == ["a &lt;b&gt;", "n"]
    assert re.findall("<td>(.*?)</td>", table) == ["0.333", "2"]


def test_a_video_plays_and_has_a_still_for_paper(shown):
    captions.show_video(samples.open_clip("guess_1"), "98.1")
    assert "data:video/mp4;base64," in shown[0] and "autoplay" not in shown[0]
    assert shown[0].count("data:image/jpeg;base64,") == 2
    assert 'aria-label="A &quot;black&quot; &lt;square&gt;"' in shown[0]


@pytest.mark.parametrize(("name", "held"), [("00.99", "00.1"), ("97.1", "none")])
def test_a_figure_without_words_is_an_error(shown, name, held):
    with pytest.raises(KeyError, match=rf"no figure '{name}' in figures_{name[:2]}.*: {held}"):
        captions.show(plt.figure(), name)


def test_a_form_gives_its_answer_to_the_check(monkeypatch):
    said = []
    monkeypatch.setattr(
        exercises, "check", lambda *given: said.append(given) or exercises.Result(True, "fine <b>")
    )
    form = forms.ask("98.1", {"first": (0.0, 1.0), "frame": (3, 9), "who": ["Ana", "Ben"]})
    assert form.answer == {"first": 0.0, "frame": 3, "who": "Ana"}
    button = next(child for child in form.children if hasattr(child, "click"))
    button.click()
    assert said == [("98.1", form.answer)]
    assert "Right: fine &lt;b&gt;" in form.children[-1].value


def test_a_form_with_one_field_gives_its_value():
    assert forms.ask("98.1", {"frame": (3, 9)}).answer == 3
