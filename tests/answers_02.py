"""Right and wrong answers to the exercises of notebook 02."""

import numpy as np
from framewise import landmarks


def _brow(points, side="right", ends=(33, 263)):
    brow, eye = (points[landmarks.GROUPS[f"{side}_{part}"]].mean(0) for part in ("brow", "eye"))
    return np.linalg.norm(brow - eye) / np.linalg.norm(points[ends[0]] - points[ends[1]])


def _brow_by_loop(points):
    steps = []
    for name in ("right_brow", "right_eye"):
        xs = [points[i][0] for i in landmarks.GROUPS[name]]
        ys = [points[i][1] for i in landmarks.GROUPS[name]]
        steps.append((sum(xs) / len(xs), sum(ys) / len(ys)))
    (ax, ay), (bx, by) = steps
    width = ((points[33][0] - points[263][0]) ** 2 + (points[33][1] - points[263][1]) ** 2) ** 0.5
    return ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5 / width


def _brow_in_y_only(points):
    brow, eye = points[landmarks.GROUPS["right_brow"]], points[landmarks.GROUPS["right_eye"]]
    return abs(brow.mean(0) - eye.mean(0))[1] / np.linalg.norm(points[33] - points[263])


def _brow_in_pixels(points):
    return _brow(points) * np.linalg.norm(points[33] - points[263])


def _brow_as_step(points):
    groups = landmarks.GROUPS
    return points[groups["right_brow"]].mean(0) - points[groups["right_eye"]].mean(0)


RIGHT = {
    "02.1": [
        (392, 320),
        [392.0, 320.0],
        np.array([392, 320]),
        (200 + 96 * 2, 80 + 120 * 2),
        np.array([[392.0, 320.0]]),
    ],
    "02.2": [24, 24.0, np.int64(24), np.array([24]), [24], (24,)],
    "02.4": [
        _brow,
        _brow_by_loop,
        lambda points: round(float(_brow(points)), 2),
        lambda points: np.array([_brow(points)]),
        lambda points: [_brow(points).round(3)],
    ],
    "02.3": [3, 3.0, np.int64(3), np.array([3]), [3]],
}

WRONG = {
    "02.1": [
        None,
        (320, 392),
        (192, 240),
        (296, 200),
        (248, 140),
        (592, 400),
        392,
        "392, 320",
        (1, 2, 3),
        (np.nan, 320),
        [[1, 2], [3]],
    ],
    "02.2": [None, 32, 0.96, 0, 199, 200, -1, "24", [12, 24], np.nan, 100],
    "02.4": [
        None,
        0.185,
        lambda points: None,
        lambda points: 0,
        lambda points: "high",
        lambda points: points[9999],
        lambda: 1,
        lambda points: _brow(points, side="left"),
        lambda points: _brow(points, ends=(133, 362)),
        lambda points: float(np.nan_to_num(_brow(points))),
        _brow_in_y_only,
        _brow_in_pixels,
        _brow_as_step,
    ],
    "02.3": [None, 1, 2, 5, 15, 3.5, "3", [3, 5], np.nan, -3, 0],
}
