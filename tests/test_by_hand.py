"""What lessons 02 and 03 do by hand agrees with the module; their figures show what is given."""

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pytest
from framewise import alignment, alignment_plots, detection, landmark_plots, landmarks, samples
from framewise.workbench import models


def ask_network(crop):
    out = models.load("mesh")(crop, 1 / 255)
    score = 1 / (1 + np.exp(-out["conv2d_31"][0]))
    return out["conv2d_21"].reshape(468, 3)[:, :2], score


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_crop_normalise_regress_agrees_with_the_module():
    image = samples.open_still("ana_neutral")
    box = detection.detect_faces(image).xyxy[0]
    side = int(1.5 * (box[2] - box[0]))
    x0, y0 = ((box[:2] + box[2:] - side) / 2).astype(int)
    crop = cv2.resize(image[y0 : y0 + side, x0 : x0 + side], (192, 192))
    points = ask_network(crop)[0] * (side / 192) + (x0, y0)
    assert np.abs(points - landmarks.find_landmarks(image, box=box)).mean() < 1


def test_the_smiley_is_taken_for_a_face():
    assert ask_network(landmark_plots.draw_smiley())[1] > 0.99


def test_the_formula_for_the_best_similarity_agrees_with_the_module():
    rng = np.random.default_rng(3)
    source, target = rng.normal(0, 50, (2, 20, 2))
    (x, y), (u, v) = (source - source.mean(0)).T, (target - target.mean(0)).T
    total = np.sum(x * x + y * y)
    a, b = np.sum(x * u + y * v) / total, np.sum(x * v - y * u) / total
    matrix = alignment.estimate_similarity(source, target)
    assert matrix[:, 0] == pytest.approx([a, b]) and matrix[:, 1] == pytest.approx([-b, a])


def test_views_are_numbered_and_carry_their_points():
    views, points = [np.zeros((192, 192, 3), np.uint8)] * 6, [np.full((468, 2), 50.0)] * 6
    figure = landmark_plots.plot_views(views, points, titles=list("abcdef"))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [f"view {n}: {word}" for n, word in enumerate("abcdef", 1)]
    assert all(ax.lines for ax in figure.axes)
    assert not any(ax.lines for ax in landmark_plots.plot_views(views).axes)


def test_the_first_row_of_eyes_stays_bare():
    clip, points = [np.zeros((60, 80, 3), np.uint8)] * 3, np.full((3, 16, 2), 30.0)
    figure = landmark_plots.plot_eye_strip(clip, [0, 2], points[:, :2], {"mesh": points})
    assert [len(ax.lines) for ax in figure.axes] == [0, 0, 1, 1]


def test_residuals_name_the_longest_line():
    goal = np.zeros((2, 2))
    fitted = np.array([[3.0, 4.0], [0.0, 1.0]])
    image = np.zeros((500, 500, 3), np.uint8)
    figure = alignment_plots.plot_residuals([image] * 2, [fitted, goal], goal)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["longest line: 5 px", "longest line: 0 px"]


def test_each_ratio_is_a_mark_in_the_column_of_its_state():
    ratios = {("Ana", "before"): [1, 2], ("Ana", "after"): [3], ("Ben", "after"): [4]}
    (ax,) = alignment_plots.plot_ratios(ratios).axes
    assert [round(line.get_xdata()[0]) for line in ax.lines] == [0, 1, 1]
    assert len({line.get_marker() for line in ax.lines}) == 2
