"""Worth: thresholds, alarms and base rates by hand, and the plots of lesson 09b."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from framewise import alignment, selfblend, worth, worth_plots
from framewise.networks import Layer
from framewise.plots import ORANGE

TABLE = """condition,on,cue,auc,auc_low,auc_high,fakes,originals
as it is,paste,seam,0.91,0.8,1,9,20
as it is,paste,lost_detail,0.7,0.45,0.9,9,20
as it is,generation 4,seam,0.4,0.2,0.6,4,20
as it is,generation 4,lost_detail,,,,0,20
as it is,crude,seam,0.9,0.8,1,18,20
CRF 40,crude,seam,0.55,0.4,0.7,18,20
"""
ALARMS = """condition,clip,people,combination,threshold,alarm
as it is,ana_talk,Ana,-1.5,0.2,0
as it is,ben_talk,Ben,0.5,0.2,1
CRF 40,ana_talk,Ana,,0.2,0
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "artifacts.csv").write_text(TABLE)
    (tmp_path / "false_alarms.csv").write_text(ALARMS)
    return tmp_path


def test_share_above_counts_only_what_lies_above_and_was_measured():
    assert worth.share_above([1, 2, 3, np.nan], 2) == 1 / 3
    assert np.isnan(worth.share_above([np.nan], 2))


@pytest.mark.parametrize(("allowed", "wanted"), [(0, 9), (0.19, 9), (0.2, 7), (0.4, 5), (1, 1)])
def test_the_threshold_by_hand(allowed, wanted):
    values = [5, 9, 1, 7, 3, np.nan]
    threshold = worth.threshold_for(values, allowed=allowed)
    assert threshold == wanted
    assert worth.share_above(values, threshold) <= allowed


def test_a_threshold_needs_numbers_and_a_share():
    with pytest.raises(ValueError, match="0 numbers"):
        worth.threshold_for([np.nan])
    with pytest.raises(ValueError, match=r"2 numbers and 1\.5"):
        worth.threshold_for([1, 2], allowed=1.5)


def test_the_known_base_rates():
    counts = worth.alarms_among(1000, 0.01, found=0.95, accused=0.05)
    assert counts == pytest.approx((9.5, 0.5, 49.5, 940.5))
    assert worth.alarm_is_right(0.01, found=0.95, accused=0.05) == pytest.approx(9.5 / 59)
    assert worth.alarm_is_right(0.1, found=0.95, accused=0.05) == pytest.approx(95 / 140)
    assert worth.alarm_is_right(0.5, found=0.3, accused=0) == 1
    assert np.isnan(worth.alarm_is_right(0.5, found=0, accused=0))


def test_bayes_rule_agrees():
    rng = np.random.default_rng(0)
    for share, found, accused in rng.uniform(0.01, 0.99, (20, 3)):
        odds = share / (1 - share) * found / accused
        assert worth.alarm_is_right(share, found=found, accused=accused) == pytest.approx(
            odds / (1 + odds)
        )


@pytest.mark.parametrize("bad", [(-1, 0.1, 0.5, 0.5), (9, 1.1, 0.5, 0.5), (9, 0.1, -0.5, 0.5)])
def test_impossible_shares_are_refused(bad):
    with pytest.raises(ValueError, match="shares from 0 to 1"):
        worth.alarms_among(bad[0], bad[1], found=bad[2], accused=bad[3])


def test_a_table_is_read_with_its_numbers_and_its_gaps(folder):
    rows = worth.read_table("artifacts", folder=folder)
    assert rows[0] == {
        "condition": "as it is", "on": "paste", "cue": "seam", "auc": 0.91, "auc_low": 0.8,
        "auc_high": 1, "fakes": 9, "originals": 20,
    }  # fmt: skip
    assert np.isnan(rows[3]["auc"])


def words(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_the_expiry_chart_shows_each_auc_once_and_a_star_where_it_is_sure(folder):
    rows = worth.read_table("artifacts", folder=folder)
    shown = words(worth_plots.plot_expiry(rows))
    assert shown == ["0.91*", "0.40", "0.90*", "0.70", "-", "-"]
    assert words(worth_plots.plot_gauntlet(rows, on="crude")) == ["0.90*", "0.55"]
    plt.close("all")


def test_alarms_are_counted_for_each_condition_where_there_is_a_score(folder):
    figure = worth_plots.plot_alarms(worth.read_table("false_alarms", folder=folder))
    assert words(figure) == ["1 of 2", "cannot tell"]
    plt.close("all")


def test_dots_above_the_threshold_are_filled():
    figure = worth_plots.plot_scores({"a": [1, 5], "b": [7]}, threshold=5)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    filled = [x for line in dots if line.get_mfc() == ORANGE for x in line.get_xdata()]
    assert filled == [7]
    plt.close("all")


def test_every_clip_is_a_square():
    figure = worth_plots.plot_base_rate(worth.alarms_among(1000, 0.01, found=0.9, accused=0.1))
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [9, 1, 99, 891]
    plt.close("all")


def test_weights_and_faces_are_drawn():
    size = selfblend.SIZE
    layer = Layer(np.zeros((3 * size**2, 1), np.float32), np.zeros(1, np.float32))
    detector = selfblend.Detector(layer, np.zeros((3, size, size)), np.ones((3, size, size)))
    assert len(worth_plots.plot_weights(detector).axes) == 4
    face = np.full((300, 300, 3), 120, np.uint8), alignment.canonical_face(200) + 50
    figure = worth_plots.plot_faces(dict.fromkeys("ABCD", face))
    assert words(figure) == list("ABCD")
    assert np.ptp(figure.axes[0].images[0].get_array()) > 200  # the mark
    plt.close("all")
