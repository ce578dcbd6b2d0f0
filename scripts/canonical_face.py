"""Make the mean shape of the course's rendered people, in two and in three dimensions.

It writes canonical_face.npy and canonical_face_3d.npy in notebooks/framewise.

Run inside the project's .venv, with the test tools installed:  python scripts/canonical_face.py

The resting faces of the stills are aligned to one another (generalised Procrustes analysis,
Gower 1975, doi:10.1007/BF02291478), averaged, and made symmetric: each point pairs
with the one that takes its place when the picture is mirrored.

The third dimension is the depth that the landmark network gives for each point. It is averaged over
the same faces, in the same way.
"""

from pathlib import Path

import numpy as np
from framewise import alignment, consent, landmarks, samples
from framewise.workbench import models
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


def depths(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return how far each point lies behind the mean of all points, (468,) pixels."""
    square = landmarks.square_of_points(points)
    view = landmarks.mesh(picture, square)[2]
    found = models.load("mesh")(view, 1 / 255)["conv2d_21"].reshape(468, 3)[:, 2]
    return (found - found.mean()) * square.side / view.shape[0]


def mean_depth(pictures: dict, shapes: dict, face: np.ndarray) -> np.ndarray:
    """Return the mean depth of the resting faces, (468,), in the unit of the canonical `face`."""
    found = []
    for name in shapes:
        if name.endswith("neutral"):
            to_face = alignment.estimate_similarity(shapes[name], face)
            scale = np.sqrt(np.linalg.det(to_face[:, :2]))
            found.append(scale * depths(pictures[name], shapes[name]))
    return np.mean(found, axis=0)


if __name__ == "__main__":
    pictures = {name: samples.open_still(name) for name in STILLS}
    shapes = {name: landmarks.find_landmarks(picture) for name, picture in pictures.items()}
    gaps = sum(mirror_gaps(pictures[name], shapes[name]) for name in STILLS)
    partners = linear_sum_assignment(gaps)[1]
    mean = level(mean_shape([shapes[name] for name in STILLS if name.endswith("neutral")]))
    face = (mean + mean[partners] * [-1, 1]) / 2 * EYE_DISTANCE + [0.5, EYE_LINE]
    folder = Path(alignment.__file__).parent
    np.save(folder / "canonical_face.npy", face.round(5))
    depth = mean_depth(pictures, shapes, face)
    depth = (depth + depth[partners]) / 2
    np.save(folder / "canonical_face_3d.npy", np.column_stack([face, depth]).round(5))
    print("widest", np.ptp(face, axis=0).round(3), "from", face.min(0).round(3))
