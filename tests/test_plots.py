"""Plots draw what they are given, in its units, and say it in words."""

import matplotlib

matplotlib.use("agg")
import numpy as np
import pytest
from framewise import blink_plots, blinks, landmarks, plots, rates, samples, swap_plots
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_series_keep_their_gaps_and_tell_time_and_frame():
    values = np.array([1, 2, np.nan, 3])
    ax = plots.plot_series(np.arange(4) / 25, values, label="a", ylabel="px", first_frame=10)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values)
    assert ax.get_xlabel() == "time (s)" and ax.get_ylabel() == "px"
    (top,) = ax.child_axes
    ax.figure.canvas.draw()
    assert top.get_xlabel() == "frame" and top.get_xlim() == pytest.approx((10, 13))
    plots.plot_series(np.arange(4) / 25, values, ax=ax, label="b")
    assert len(ax.lines) == 2 and len(ax.child_axes) == 1


def test_a_series_of_one_frame_is_a_dot():
    ax = plots.plot_series(np.array([0.0]), np.array([2.0]), label="a")
    ax.figure.canvas.draw()
    assert ax.lines[0].get_marker() == "." and not ax.child_axes


def test_eye_opening_shows_gaps_level_and_spans():
    opening = np.full((100, 2), 0.3)
    opening[20:25], opening[40:46, 0], opening[60:80] = 0.06, 0.06, 0.06
    opening[90:95] = np.nan
    times = np.arange(100) / 25
    found = blinks.find_closures(opening, times)
    ax = blink_plots.plot_eye_opening(times, opening, found)
    curve, level, shut = (line.get_ydata() for line in ax.lines)
    np.testing.assert_array_equal(curve, opening.mean(axis=1))
    assert level[0] == pytest.approx(0.3) and shut[0] == pytest.approx(0.65 * 0.3)
    assert np.isnan(level[92]) and np.isnan(shut[92])
    edges = [tuple(patch.get_bbox().intervalx) for patch in ax.patches]
    frames = np.array([(19.5, 24.5), (39.5, 45.5), (59.5, 79.5)])
    np.testing.assert_allclose(edges, frames / 25)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words[1:] == ["open level", "0.65 of the level", "blink", "wink", "closure"]
    assert ax.get_ylim()[0] == 0 and ax.get_xlabel() == "time (s)"


def test_eye_opening_without_a_face_is_an_empty_plot():
    ax = blink_plots.plot_eye_opening(np.arange(50) / 25, np.full((50, 2), np.nan))
    ax.figure.canvas.draw()
    assert not ax.patches and np.isnan(ax.lines[0].get_ydata()).all()


@pytest.mark.filterwarnings("error")
def test_eye_opening_of_one_frame_is_a_dot_with_its_level():
    found = [blinks.Blink(0, 0, 0, 0.5)]
    ax = blink_plots.plot_eye_opening(np.array([2.0]), np.full((1, 2), 0.3), found)
    ax.figure.canvas.draw()
    assert [line.get_marker() for line in ax.lines] == ["."] * 3
    assert ax.patches[0].get_bbox().intervalx.tolist() == [2, 2]


def test_blink_statistics_show_the_interval_and_the_usual_rates():
    ax = blink_plots.plot_blink_statistics(0, 40)
    interval, dot = ax.lines
    assert interval.get_xdata() == pytest.approx(rates.rate_interval(0, 40))
    assert list(dot.get_xdata()) == [0] and ax.get_xlabel() == "blinks per minute"
    bars = [tuple(patch.get_bbox().intervalx) for patch in ax.patches[1:]]
    np.testing.assert_allclose(bars, list(rates.RATES.values()))
    assert [text.get_text().strip() for text in ax.texts] == ["cannot tell", "below", "below"]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["this clip", "reading", "at rest", "talking"]
    assert blink_plots.plot_blink_statistics(12, 8).get_xlim()[1] > rates.rate_interval(12, 8)[1]


def test_boxes_and_landmarks_lie_where_they_should():
    picture = samples.open_still("ana_neutral")
    points = landmarks.find_landmarks(picture)
    ax = plots.plot_image(picture, title="Ana")
    plots.plot_boxes(landmarks.face_box(points), ax=ax, labels=["0.9"])
    plots.plot_landmarks(points, ax=ax, groups=["nose", "left_eye"])
    (box,) = ax.patches
    np.testing.assert_allclose(box.get_bbox().extents, landmarks.face_box(points), rtol=1e-6)
    assert ax.lines[0].get_xydata() == pytest.approx(points)
    nose, eye = (line.get_xydata() for line in ax.lines[1:])
    assert len(nose) == len(landmarks.GROUPS["nose"]) and (eye[0] == eye[-1]).all()
    assert ax.yaxis_inverted()


def test_images_share_one_height():
    tall, wide = np.zeros((40, 20, 3), np.uint8), np.zeros((40, 80), np.uint8)
    figure = plots.show_images([tall, wide], ["one", "two\nlines"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["one", "two\nlines"]
    figure.canvas.draw()
    heights = [ax.get_window_extent().height for ax in figure.axes]
    assert heights[0] == pytest.approx(heights[1], rel=0.05)


def test_a_picture_is_enlarged_smoothly():
    large = plots.enlarge(np.array([[0, 100]], np.uint8).repeat(4, 0), 3)
    assert large.shape == (12, 6)
    assert (np.diff(large[5].astype(int)) >= 0).all() and len(set(large[5].tolist())) > 2
    assert plots.enlarge(np.full((4, 5, 3), 7, np.uint8), 1.5).shape == (6, 8, 3)
    assert (plots.enlarge(np.full((4, 4, 3), 7, np.uint8), 2.5) == 7).all()


def test_nothing_is_dropped_in_silence():
    curve = np.arange(5.0)
    figure = swap_plots.plot_path({str(k): curve + k for k in range(3)})
    assert [line.get_ydata()[0] for line in figure.axes[0].lines] == [0, 1, 2]
    with pytest.raises(ValueError, match="paths: expected at most 3 curves, .*got 4"):
        swap_plots.plot_path({str(k): curve for k in range(4)})
    with pytest.raises(ValueError, match="heights: expected at most 5 people, .*got 6"):
        swap_plots.plot_heights({(str(k), "untouched"): [1.0] for k in range(6)})
    with pytest.raises(ValueError, match="levels: expected at most 3, .*got 4"):
        blink_plots.compare_clips(curve, {"a": curve}, levels=[1, 2, 3, 4])
    with pytest.raises(ValueError, match="titles: expected at most 1, .*got 2"):
        plots.show_images([np.zeros((4, 4), np.uint8)], ["a", "b"])


def test_spans_have_a_row_each_however_many():
    ax = blink_plots.plot_spans(np.arange(50) / 25, {f"row {k}": [(k, k + 2)] for k in range(25)})
    assert len(ax.collections) == 25


def test_a_curve_is_heard():
    times = np.arange(0, 2, 0.04)
    values = np.where(times < 1, 3.0, 1.0)
    values[times > 1.5] = np.nan
    sound = plots.play(times, values)
    heard = np.frombuffer(sound.data[44:], np.int16).astype(float)
    assert len(heard) / plots.SOUND_RATE == pytest.approx(times[-1], abs=1e-3)
    parts = [slice(0.1, 0.9), slice(1.1, 1.4), slice(1.6, 1.9)]
    high, low, silent = (heard[cut(part, plots.SOUND_RATE)] for part in parts)
    assert pitch(high) == pytest.approx(880, rel=0.02)
    assert pitch(low) == pytest.approx(220, rel=0.02)
    assert not silent.any()


def cut(part, rate):
    return slice(int(part.start * rate), int(part.stop * rate))


def pitch(heard):
    """Return the strongest frequency of a sound, in Hz."""
    strength = np.abs(np.fft.rfft(heard))
    return strength.argmax() * plots.SOUND_RATE / len(heard)


def test_a_sound_lasts_as_long_as_wanted_and_a_flat_curve_is_no_error():
    sound = plots.play(np.arange(5), np.ones(5), seconds=0.5)
    assert len(sound.data) - 44 == 2 * round(0.5 * plots.SOUND_RATE)


@pytest.mark.parametrize("values", [[], [1], [np.nan, np.nan], [1, 2, 3]])
def test_what_cannot_be_heard_is_said(values):
    with pytest.raises(ValueError, match="expected two series of one length"):
        plots.play(np.arange(min(len(values), 2)), values)
