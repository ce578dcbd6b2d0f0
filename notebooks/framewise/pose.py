"""Pose: estimate how a head is turned, from the middle of the face and from its outline.

Notebook: 09_motion.ipynb

Convention: the camera looks along the z axis; x points right and y down. A rotation is a (3, 3)
matrix. It turns `FACE_3D`, a face that looks into the camera, so that this face is turned like the
head in the picture.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from framewise import alignment, landmarks

__all__ = ["FACE_3D", "INNER", "OUTER", "angle_between", "facing", "head_rotation", "pose_gap"]

FACE_3D = np.load(Path(__file__).with_name("canonical_face_3d.npy"))
"""(468, 3) float64: x and y of `alignment.CANONICAL`, and how far each point lies behind the mean
of all points. `scripts/canonical_face.py` averaged the depths that the landmark network gives for
the course's rendered people."""

OUTER = np.intersect1d(landmarks.GROUPS["outline"], alignment.STEADY)
"""The points of the outline that speech hardly moves: at the forehead, the temples and the ears."""

_ALL_INNER = np.array([i for i in alignment.STEADY if 0.3 <= alignment.CANONICAL[i, 0] <= 0.7])
INNER = _ALL_INNER[alignment.CANONICAL[_ALL_INNER, 1] > 0.3][::4]
"""Every fourth point in the middle of the face: brows, eyes and the bridge of the nose."""


def head_rotation(points: np.ndarray, which: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Estimate how a head is turned, from some of its points.

    The function looks for the rotation and the position of the 3D face at which a camera would see
    its points where they are in the picture. It assumes a camera whose focal length in pixels is
    the longer side of the picture.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    points : (468, 2) float pixels
        NaN gives NaN.
    which : (N,) int
        The numbers of the points to use, N >= 6, such as `INNER`.
    size_wh : (int, int)
        Size of the picture, pixels.

    Returns
    -------
    (3, 3) float
        A rotation.

    Raises
    ------
    ValueError
        There are not 468 points, or fewer than six are to be used.

    References
    ----------
    The iterative method of `cv2.solvePnP`: Levenberg-Marquardt, Marquardt 1963,
    doi:10.1137/0111030.
    """
    landmarks.check_points(points)
    if len(which) < 6:
        raise ValueError(f"which: expected the numbers of 6 or more points, got {len(which)}.")
    seen, face = np.asarray(points, float)[which], FACE_3D[which] - [0.5, 0.5, 0]
    if not np.isfinite(seen).all():
        return np.full((3, 3), np.nan)
    focal, middle = float(max(size_wh)), np.array(size_wh) / 2
    camera = np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1]])
    scale = np.ptp(seen[:, 0]) / np.ptp(face[:, 0])
    start = np.append((seen.mean(0) - middle) / scale, focal / scale)  # looks into the camera
    turn, place = np.zeros((3, 1)), start[:, None].copy()
    _, turn, _ = cv2.solvePnP(face, seen, camera, None, turn, place, True, cv2.SOLVEPNP_ITERATIVE)
    return cv2.Rodrigues(turn)[0]


def facing(rotation: np.ndarray) -> np.ndarray:
    """Return the direction in which a face looks, (3,) float of length 1.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    rotation : (3, 3) float

    Examples
    --------
    >>> facing(np.eye(3)).tolist()  # into the camera
    [0.0, 0.0, -1.0]
    """
    return -np.asarray(rotation, float)[:, 2] + 0.0


def angle_between(first: np.ndarray, second: np.ndarray) -> float:
    """Return the angle between the directions in which two heads look.

    A tilt towards the shoulder turns the picture of the face, and does not change this angle.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    first, second : (3, 3) float
        Rotations, as `head_rotation` returns them.

    Returns
    -------
    float, degrees, 0 to 180
        NaN if one of the rotations is NaN.

    Examples
    --------
    >>> half_turn = np.diag([-1, 1, -1])
    >>> angle_between(np.eye(3), half_turn)
    180.0
    """
    return float(np.degrees(np.arccos(np.clip(facing(first) @ facing(second), -1, 1))))


def pose_gap(points: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Return the angle between the pose of the middle of the face and the pose of its outline.

    If a face was put on another head, the two parts may look in different directions.

    Notebook: 09_motion.ipynb

    Parameters
    ----------
    points : (T, 468, 2) float pixels
    size_wh : (int, int)
        Size of the picture, pixels.

    Returns
    -------
    (T,) float, degrees
        NaN where there is no face.

    Raises
    ------
    ValueError
        The points have another shape.

    References
    ----------
    Yang, Li and Lyu 2019, doi:10.1109/ICASSP.2019.8683164. They compare the middle of the face
    with the whole face, and let a classifier learn from the differences.
    """
    points = np.asarray(points)
    if points.ndim != 3 or points.shape[1:] != (468, 2):
        raise ValueError(f"points: expected (T, 468, 2) pixels, got shape {points.shape}.")
    pairs = [[head_rotation(face, part, size_wh) for part in (INNER, OUTER)] for face in points]
    return np.array([angle_between(inner, outer) for inner, outer in pairs])
