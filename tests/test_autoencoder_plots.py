"""The figures of lesson 05 show what is given, and mark what a network drew."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from framewise import autoencoder_plots, fakes


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(("made", "count"), [([], 0), (["row 2"], 3), (["b", "c"], 4)])
def test_only_drawn_faces_are_marked(made, count, monkeypatch):
    marked = []
    monkeypatch.setattr(fakes, "mark", lambda image: marked.append(image) or image)
    rows = {name: [np.zeros((64, 64, 3), np.uint8)] * 3 for name in ("row 1", "row 2")}
    figure = autoencoder_plots.plot_faces(rows, ["a", "b", "c"], made=made)
    assert len(marked) == count and len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes[3:]] == ["", "", ""]


@pytest.mark.parametrize("side", [64, 128])
def test_faces_of_any_size_have_room_for_a_mark(side):
    figure = autoencoder_plots.plot_faces(
        {"row": [np.zeros((side, side, 3), np.uint8)]}, made=["row"]
    )
    shown = figure.axes[0].get_images()[0].get_array()
    assert shown.shape == (192, 192, 3) and shown.shape[1] >= fakes.SMALLEST[0]


def test_each_point_is_joined_with_its_rebuilt_one():
    points = np.array([[0.0, 1], [2, 3]])
    (ax,) = autoencoder_plots.plot_rebuilt(points, points + 1).axes
    lines = [np.transpose(line.get_data()).tolist() for line in ax.lines[:2]]
    assert lines == [[[0, 1], [1, 2]], [[2, 3], [3, 4]]]


def test_true_blinks_are_drawn_in_every_panel():
    curves = {"one": np.full(50, 0.3), "two": np.full(50, 0.2)}
    figure = autoencoder_plots.plot_eyes(curves, fps=25, true=[10, 20])
    for ax in figure.axes:
        assert [line.get_xdata()[0] for line in ax.lines[:2]] == [0.4, 0.8]
        assert len(ax.lines[2].get_xdata()) == 50


def test_the_diagram_names_its_parts():
    (ax,) = autoencoder_plots.plot_sharing().axes
    words = " ".join(text.get_text() for text in ax.texts)
    for part in ("encoder", "decoder 0", "decoder 1", "code", "the swap"):
        assert part in words
