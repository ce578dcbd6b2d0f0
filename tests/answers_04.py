"""Right and wrong answers to the exercises of notebook 04."""

import numpy as np
from framewise.swap import Recipe

RIGHT = {
    "04.1": [
        [[0, 8, 12], [2, 0, 8]],
        np.array([[0, 8, 12], [2, 0, 8]]),
        ((0.0, 8.0, 12.0), (2.0, 0.0, 8.0)),
        [[0, 8, 12], [2, 0, 8], [0, 0, 1]],
        np.linalg.solve([[1, 1, 1], [3, 1, 1], [1, 2, 1]], [[20, 10], [20, 14], [28, 10]]).T,
    ],
    "04.2": [(28, 79), [28, 79], np.array([27, 80]), (25.0, 82.0), (31, 76), range(28, 80)],
    "04.3": [
        Recipe(shrink=0.03, feather=0.25),
        Recipe(shrink=0.05, feather=0.25),
        Recipe(shrink=0.03, feather=0.25, blend="pyramid"),
        Recipe(shrink=0.03, feather=0.3, colour=0.5, smooth=0),
    ],
}

WRONG = {
    "04.1": [
        None,
        "0 8 12",
        [[0, 2, 20], [8, 0, 10]],
        [[0, 8, 20], [2, 0, 10]],
        [[0, 8, 12], [4, 0, 6]],
        [[2, 0, 18], [0, 8, 2]],
        [[0, 0.5, -4], [1 / 8, 0, -3 / 2]],
        [[0, 8], [2, 0]],
        [[0, 2], [8, 0], [12, 8]],
        [0, 8, 12, 2, 0, 8],
        [[0, 8, np.nan], [2, 0, 8]],
        [[1, 2, 3], [4, 5]],
    ],
    "04.2": [
        None,
        "28 to 79",
        28,
        (79, 28),
        (126, 176),
        (28, 176),
        (0, 199),
        (28, 100),
        (10, 79),
        (40, 79),
        (28, 60),
        (-5, 79),
        (28, np.nan),
        [28, 50, 79],
        [],
    ],
    "04.3": [
        None,
        "feather",
        Recipe(),
        Recipe(blend="paste"),
        Recipe(feather=0),
        Recipe(blend="poisson"),
        Recipe(shrink=0.12),
        Recipe(shrink=0.3, feather=0.25),
        {"feather": 0.25},
        0.25,
        Recipe(shrink=3),
    ],
}
