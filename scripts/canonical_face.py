"""Make notebooks/framewise/canonical_face.npy: the mean shape of the course's rendered people.

Run inside the project's .venv, with the test tools installed:  python scripts/canonical_face.py

The resting faces of the stills are aligned to one another (generalised Procrustes analysis,
Gower 1975, doi:10.1007/BF02291478), averaged, and made symmetric: each point pairs
with the one that takes its place when the picture is mirrored.
"""

from pathlib import Path

import numpy as np
from framewise import alignment, consent, landmarks, samples
from scipy.optimize import linear_sum_assignment

STILLS = [name for name, entry in consent.catalogue().items() if entry["file"].endswith(".jpg")]
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


def level(shape: np.ndarray) -> np.ndarray:
    """Return the shape upright, its outer eye corners at (-0.5, 0) and (0.5, 0)."""
    corners = np.array([[-0.5, 0], [0.5, 0]])
    return alignment.apply_similarity(
        alignment.estimate_similarity(shape[[33, 263]], corners), shape
    )


def mirror_gaps(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the squared distance of each point to each point of the mirrored face, (468, 468)."""
    mirrored = landmarks.find_landmarks(np.ascontiguousarray(picture[:, ::-1]))
    mirrored[:, 0] = picture.shape[1] - 1 - mirrored[:, 0]
    return np.square(points[:, None] - mirrored[None]).sum(-1)


if __name__ == "__main__":
    pictures = {name: samples.open_still(name) for name in STILLS}
    shapes = {name: landmarks.find_landmarks(picture) for name, picture in pictures.items()}
    gaps = sum(mirror_gaps(pictures[name], shapes[name]) for name in STILLS)
    partners = linear_sum_assignment(gaps)[1]
    mean = level(mean_shape([shapes[name] for name in STILLS if name.endswith("neutral")]))
    face = (mean + mean[partners] * [-1, 1]) / 2 * EYE_DISTANCE + [0.5, EYE_LINE]
    np.save(Path(alignment.__file__).with_name("canonical_face.npy"), face.round(5))
    print("widest", np.ptp(face, axis=0).round(3), "from", face.min(0).round(3))
