"""Right and wrong answers to the exercises of notebook 00."""

import numpy as np

THIRD = 1 / 3

RIGHT = {
    "00.1": [
        {"guess_1": THIRD, "guess_2": THIRD, "guess_3": THIRD},
        {"guess_3": 1, "guess_1": 0, "guess_2": 0},
        {"guess_1": 0.33, "guess_2": 0.33, "guess_3": 0.33},
        {"guess_1": np.float64(0.2), "guess_2": np.float32(0.6), "guess_3": 0.2},
    ],
    "00.2": [
        ("guess_3", 32),
        ["guess_3", 30],
        {"clip": "guess_3", "frame": 35},
        ("guess_3", 33.0),
        ("guess_3", np.int64(31)),
        np.array(["guess_3", 31], dtype=object),
    ],
    "00.3": [0.087, 0.26 / 3, np.float32(0.0867), np.array([0.08667]), 0.0866],
}

WRONG = {
    "00.1": [
        None,
        [0.2, 0.6, 0.2],
        {"guess_1": 0.5, "guess_2": 0.5},
        {"guess_1": 0.5, "guess_2": 0.5, "guess_3": 0.5},
        {"guess_1": 20, "guess_2": 60, "guess_3": 20},
        {"guess_1": "0.2", "guess_2": "0.6", "guess_3": "0.2"},
        {"guess_1": -0.2, "guess_2": 0.6, "guess_3": 0.6},
    ],
    "00.2": [
        None,
        "guess_3",
        32,
        ("guess_3", 29),
        ("guess_3", 36),
        ("guess_3", 80),
        ("guess_1", 32),
        ("guess_2", 32),
        ("guess_4", 32),
        ("guess_3", "32"),
        ("guess_3", 132),
        ("guess_3", [31, 32]),
        (32, "guess_3"),
    ],
    "00.3": [None, 0.26, 0.09, 0.2667, 0.16, 0.053, 0.1533, 8.67, "0.087", [0.087, 1]],
}
