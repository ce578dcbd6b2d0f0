"""Make notebooks/framewise/canonical_face.npy: the mean shape of the course's rendered people.

Run inside the project's .venv, with the test tools installed:  python scripts/canonical_face.py

The resting faces of the stills are aligned to one another (generalised Procrustes analysis,
Gower 1975, doi:10.1007/BF02291478), averaged, and made symmetric with their mirror image.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notebooks"))
from framewise import alignment, clips, landmarks

STILLS = ("ana_neutral", "ben_neutral", "cato_neutral", "dora_neutral")
EYE_LINE, EYE_DISTANCE = 0.42, 0.42
"""Where the eyes lie in the unit square, and how far apart their outer corners are."""


def mean_shape(shapes: list[np.ndarray]) -> np.ndarray:
    """Return the Procrustes mean of (468, 2) shapes, in the frame of the first one."""
    mean = shapes[0]
    for _ in range(20):
        maps = [alignment.estimate_similarity(shape, mean) for shape in shapes]
        moved = [alignment.apply_similarity(m, s) for m, s in zip(maps, shapes, strict=True)]
        mean = np.mean(moved, axis=0)
        to_first = alignment.estimate_similarity(mean, shapes[0])
        mean = alignment.apply_similarity(to_first, mean)
    return mean


def symmetric(shape: np.ndarray) -> np.ndarray:
    """Return the mean of a shape and its mirror image, upright, the eyes about (0, 0)."""
    level = alignment.estimate_similarity(shape[[33, 263]], np.array([[-0.5, 0], [0.5, 0]]))
    shape = alignment.apply_similarity(level, shape)
    mirrored = shape * [-1, 1]
    gaps = np.square(shape[:, None] - mirrored[None]).sum(-1)
    partner = linear_sum_assignment(gaps)[1]
    if not np.array_equal(partner[partner], np.arange(len(shape))):
        raise RuntimeError("the points do not pair up left and right; use other stills.")
    return (shape + mirrored[partner]) / 2


if __name__ == "__main__":
    shapes = [landmarks.find_landmarks(clips.open_still(name)) for name in STILLS]
    face = symmetric(mean_shape(shapes)) * EYE_DISTANCE + [0.5, EYE_LINE]
    np.save(Path(alignment.__file__).with_name("canonical_face.npy"), face.round(5))
    print("widest", np.ptp(face, axis=0).round(3), "from", face.min(0).round(3))
