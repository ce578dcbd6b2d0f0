"""Right and wrong answers to the exercises of notebook 05."""

import numpy as np
from framewise import autoencoder
from framewise.finishing import Finish

FACES = [np.zeros((1, 64, 64, 3), np.uint8)] * 2
MODEL = autoencoder.start(FACES)
LAYERS = [*MODEL.encoder, *MODEL.decoders[0], *MODEL.decoders[1]]
WEIGHTS, BIASES = sum(x.weight.size for x in LAYERS), sum(x.bias.size for x in LAYERS)

RIGHT = {
    "05.1": [
        [3.5, 7, 3, 1.5],
        np.array([3.5, 7, 3, 1.5]),
        (3.507, 7.026, 3.0045, 1.5045),
        [[3.5, 7, 3, 1.5]],
    ],
    "05.2": [WEIGHTS + BIASES, float(WEIGHTS + BIASES), np.array([WEIGHTS + BIASES])],
    "05.3": [
        Finish(detail=0.95, mouth=True),
        Finish(detail=0.9, eyes=True, mouth=True),
        Finish(detail=1.0, mouth=True, blend="pyramid", smooth=0.5),
    ],
}

WRONG = {
    "05.1": [
        None,
        "3.5",
        3.5,
        [3.5, 7, 3],
        [3, 1.5, 3.5, 7],
        [7, 14, 6, 3],
        [-3.5, -7, -3, -1.5],
        [0.0035, 0.007, 0.003, 0.0015],
        [1, 2, 3, 1.5],
        [3.5, 7, 3, np.nan],
    ],
    "05.2": [
        None,
        "many",
        WEIGHTS,
        BIASES,
        WEIGHTS + BIASES + 1,
        sum(layer.weight.size + layer.bias.size for layer in LAYERS[:4]),
        82_100_000,
        [1, 2],
        12288,
    ],
    "05.3": [
        None,
        "detail",
        0.9,
        Finish(),
        Finish(mouth=True),
        Finish(detail=0.9),
        Finish(detail=0.6, mouth=True),
        Finish(detail=1.6, mouth=True),
        Finish(detail=0.95, eyes=True),
        {"detail": 0.9},
    ],
}
