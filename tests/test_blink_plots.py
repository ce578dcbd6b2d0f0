"""The plots of the blink lessons draw what they are given."""

import matplotlib

matplotlib.use("agg")
import numpy as np
import pytest
from framewise import blink_plots
from matplotlib import pyplot as plt

EYE = np.array([[0, 10], [10, 5], [20, 5], [30, 10], [20, 14], [10, 14]])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_six_points_are_named_and_y_counts_downwards():
    ax = blink_plots.plot_six_points(EYE)
    assert words(ax)[:2] == ["p1 (0, 10)", "p2 (10, 5)"] and len(ax.texts) == 6
    bottom, top = ax.get_ylim()
    assert bottom > 14 and top < 5


def test_eyes_are_compared_at_one_scale_and_stay_visible():
    images = [np.zeros((40, 60, 3), np.uint8)] * 2
    figure = blink_plots.compare_eyes(images, np.stack([EYE, EYE + 3]), ["a", "b"])
    sizes = {(np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())) for ax in figure.axes}
    assert len(figure.axes) == 4 and len({(round(w, 6), round(h, 6)) for w, h in sizes}) == 1
    above, below = figure.axes[:2], figure.axes[2:]
    assert not any(ax.lines for ax in above)
    assert all(line.get_markerfacecolor() == "none" for ax in below for line in ax.lines)


def test_clips_are_compared_with_the_same_axes_and_named_thresholds():
    times = np.arange(50) / 25
    curves = {"a": np.full(50, 0.3), "b": np.full(50, 0.2)}
    figure = blink_plots.compare_clips(times, curves, levels=(0.2, 0.25), ylabel="gap")
    first, second = figure.axes
    assert (first.get_title(loc="left"), second.get_title(loc="left")) == ("a", "b")
    assert first.get_ylim() == second.get_ylim() and first.get_xlim() == second.get_xlim()
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["threshold 0.2", "threshold 0.25"]
    assert not blink_plots.compare_clips(times, curves).legends


def test_spans_cover_their_frames():
    ax = blink_plots.plot_spans(np.arange(50) / 25, {"true": [(5, 9)], "found": []})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["true", "found"]
    (bar,) = ax.collections[0].get_paths()
    assert bar.get_extents().intervalx == pytest.approx((4.5 / 25, 9.5 / 25))


@pytest.mark.parametrize(
    ("alarms", "named"),
    [("3", ["found", "missed", "false alarm"]), ("0", ["found", "missed"])],
)
def test_evaluation_shows_found_missed_and_false_alarms(alarms, named):
    row = {"method": "lids", "blinks": "10", "hits": "7", "false_alarms": alarms}
    ax = blink_plots.plot_evaluation([row, row], "method")
    widths = [patch.get_width() for patch in ax.patches]
    assert widths == [7, 3, -3][: len(named)] * 2
    assert [text.strip() for text in words(ax)] == ["7 of 10"] * 2
    (legend,) = ax.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == named
