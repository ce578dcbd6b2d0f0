"""Right and wrong answers to the exercises of notebook 03."""

import numpy as np
from framewise import alignment, landmarks

CORNERS = [33, 133, 362, 263]
PLACES = alignment.canonical_face()
UPPER = [i for i in range(468) if PLACES[i, 1] < PLACES[2, 1] and i not in CORNERS]
MASK = np.isin(np.arange(468), UPPER)
BROWS = landmarks.GROUPS["right_brow"], landmarks.GROUPS["left_brow"]
LOWEST = 2.384  # the lowest untouched ratio is a little more than 2.385

RIGHT = {
    "03.1": [
        [[0, 3, 10], [-3, 0, 0]],
        np.array([[0, 3, 10], [-3, 0, 0]]),
        ((0.0, 3.0, 10.0), (-3.0, 0.0, 0.0)),
        [[0, 3, 10], [-3, 0, 0], [0, 0, 1]],
        [[3 * np.cos(np.pi / 2), 3, 10], [-3, 3 * np.cos(np.pi / 2), 0]],
    ],
    "03.2": [UPPER, np.array(UPPER), set(UPPER), tuple(UPPER), MASK, [float(i) for i in UPPER]],
    "03.3": [LOWEST, np.float64(LOWEST), np.array([LOWEST]), [2.38], 2.39, 2.35],
}

WRONG = {
    "03.1": [
        None,
        "0 3 10",
        [[0, -3, 10], [3, 0, 0]],
        [[0, 1, 10], [-1, 0, 0]],
        [[0, 3, 30], [-3, 0, 0]],
        [[0, 3, 0], [-3, 0, -30]],
        [[0, 3, 0], [-3, 0, 10]],
        [[0, 3], [-3, 0]],
        [[0, 3, 10], [3, 0, 0]],
        [0, 3, 10, -3, 0, 0],
        [[0, 3, np.nan], [-3, 0, 0]],
        [[1, 2, 3], [4, 5]],
    ],
    "03.2": [
        None,
        [],
        5,
        "all",
        [1.5, 2.5],
        [500, 501],
        [-1, 10],
        list(range(468)),
        [33, 10, 151],
        [i for i in range(468) if i not in CORNERS],
        list(landmarks.GROUPS["nose"]),
        list(landmarks.GROUPS["inner_lips"]),
        [10, 151],
        [[10, 151], ["a"]],
    ],
    "03.3": [None, "2.38", np.nan, 5, 2.9, 2.45, 1.5, 2.1, 0, [2.38, 2.8], []],
}
