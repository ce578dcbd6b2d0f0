"""Landmarks: 468 points of a face, its eyelids and irises, in one picture.

Notebook: 02_landmarks.ipynb

Convention: points are (x, y) pixels, x right and y down; (0, 0) is the middle of the top-left
pixel. Right and left are the subject's own. Points that were not found are NaN.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from framewise import detection
from framewise.workbench import eyes, models

__all__ = [
    "GROUPS",
    "Eyes",
    "Square",
    "check_points",
    "eye_opening",
    "eye_width",
    "face_box",
    "find_eyelids",
    "find_landmarks",
    "head_yaw",
    "look_at_eyes",
    "mesh",
    "mouth_opening",
    "square_of_detection",
    "square_of_points",
]

GROUPS = {
    name: np.array(numbers.split(), int)
    for name, numbers in {
        "outline": "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 "
        "176 149 150 136 172 58 132 93 234 127 162 21 54 103 67 109",
        "right_eye": "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246",
        "left_eye": "263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466",
        "right_brow": "70 63 105 66 107 55 65 52 53 46",
        "left_brow": "300 293 334 296 336 285 295 282 283 276",
        "nose": "168 6 197 195 5 4 1 19 94 2 98 97 326 327",
        "outer_lips": "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185",
        "inner_lips": "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191",
    }.items()
}
"""The numbers of the mesh's points for each part of the face, (N,) int: `points[GROUPS["nose"]]`.

The points of a part form a ring, in order. The nose is no ring. The numbers come from the topology
of MediaPipe Face Mesh 0.10.21 (Apache-2.0).
"""

EYE_CORNERS = ((33, 133), (362, 263))
"""For the right and the left eye, the two corners from left to right in the picture."""

FACE_PRESENT = 0.5
"""Below this face-present score a face counts as lost, as in MediaPipe."""

MOST_TURNED = 30.0
"""Degrees of yaw. If the head is turned further, it hides part of the far eye."""


class Eyes(NamedTuple):
    """Eyelids and irises; index 0 is the subject's right eye, 1 the left."""

    eyelids: np.ndarray
    """(2, 16, 2) float32 pixels: 0 to 8 the lower lid from corner to corner, 9 to 15 the upper"""
    iris: np.ndarray
    """(2, 5, 2) float32 pixels: the centre, then four points on the rim"""


def find_landmarks(
    image: np.ndarray, *, box: np.ndarray | None = None, keypoints: np.ndarray | None = None
) -> np.ndarray:
    """Find the 468 points of one face.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    box : (4,) float xyxy pixels, optional
        Where to look. The face in it is taken to be upright. By default the function looks at the
        detector's best face, and turns it level first.
    keypoints : (6, 2) float pixels, optional
        The detector's keypoints of the face in the box. With them, this face is turned level too.

    Returns
    -------
    (468, 2) float32 pixels
        NaN if there is no face, or none in the box.

    Raises
    ------
    ValueError
        The image is not an RGB picture, or the box is not four numbers with x0 < x1 and y0 < y1.
        Or the keypoints have another shape, are not all finite, or come without a box.

    References
    ----------
    Kartynnik et al. 2019, arXiv:1907.06724.
    """
    detection.check_image(image)
    _check_keypoints(box, keypoints)
    if box is None:
        faces = detection.detect_faces(image)
        if not len(faces):
            return np.full((468, 2), np.nan, np.float32)
        box, keypoints = faces.xyxy[0], faces.keypoints[0]
    upright = keypoints is None
    square = Square(*_checked_box(box), 0.0) if upright else square_of_detection(box, keypoints)
    points, score, _ = mesh(image, square)
    return points if score >= FACE_PRESENT else np.full_like(points, np.nan)


def find_eyelids(image: np.ndarray, points: np.ndarray) -> Eyes:
    """Find the eyelids and irises of a face whose 468 points are known.

    The mesh follows closing lids only part of the way, so another network looks at each eye close
    up. That network draws lids even where there is no eye. So each eye is judged first, and the
    numbers of an eye that cannot be seen are NaN.

    Notebook: 02_landmarks.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
        As `find_landmarks` returns them; NaN gives NaN.

    Returns
    -------
    Eyes
        NaN for an eye that is covered, pixelated or strongly blurred, as `workbench.eyes` judges,
        and NaN for both eyes if they are narrower than `eyes.LEAST_WIDTH`.

    Raises
    ------
    ValueError
        The image is not an RGB picture, or the points have another shape.

    References
    ----------
    Ablavatski et al. 2020, arXiv:2006.11341.
    """
    found, scores = look_at_eyes(image, points)
    hidden = ~eyes.seen(scores) | (eye_width(points) < eyes.LEAST_WIDTH)
    found.eyelids[hidden], found.iris[hidden] = np.nan, np.nan
    return found


def look_at_eyes(image: np.ndarray, points: np.ndarray) -> tuple[Eyes, np.ndarray]:
    """Return the lids and irises that the network draws, and a score for how visible each eye is.

    Parameters
    ----------
    image, points
        As in `find_eyelids`.

    Returns
    -------
    Eyes
        NaN only if the points are NaN. All zeros for an eye that is less than half as wide as
        `eyes.LEAST_WIDTH`.
    scores : (2,) float
        The score of `eyes.sight`, lowered if `eyes.mosaic` sees blocks. It is minus infinity for an
        eye less than half as wide as `eyes.LEAST_WIDTH`, and NaN if the points are NaN.
    """
    detection.check_image(image)
    check_points(points)
    if np.isnan(points).any():
        nothing = Eyes(*(np.full((2, n, 2), np.nan, np.float32) for n in (16, 5)))
        return nothing, np.full(2, np.nan)
    pair = [_eye(image, points[list(ends)], side) for side, ends in enumerate(EYE_CORNERS)]
    eyelids, iris, scores = (np.stack(part) for part in zip(*pair, strict=True))
    return Eyes(eyelids, iris), scores


def eye_width(points: np.ndarray) -> np.ndarray:
    """Return how wide the eyes of a face are.

    Parameters
    ----------
    points : (..., 468, 2) float pixels

    Returns
    -------
    (...) float pixels
        The distance between the corners of an eye, mean of both eyes. If the head is turned a
        little, one eye looks narrower and the other one wider.
    """
    corners = points[..., EYE_CORNERS, :]
    return np.linalg.norm(corners[..., 1, :] - corners[..., 0, :], axis=-1).mean(-1)


def eye_opening(eyelids: np.ndarray) -> np.ndarray:
    """Return how far each eye is open: the gap between its lids, divided by its width.

    Parameters
    ----------
    eyelids : (..., 2, 16, 2) float pixels

    Returns
    -------
    (..., 2) float
        0 when shut, about 0.2 to 0.4 when open; right eye, left eye.
    """
    gap = np.linalg.norm(eyelids[..., 11:14, :] - eyelids[..., 3:6, :], axis=-1).mean(-1)
    return gap / np.linalg.norm(eyelids[..., 8, :] - eyelids[..., 0, :], axis=-1)


def mouth_opening(points: np.ndarray) -> np.ndarray:
    """Return how far the mouth is open: the gap between the lips, divided by the mouth's width.

    Parameters
    ----------
    points : (..., 468, 2) float pixels

    Returns
    -------
    (...) float, 0 when shut
    """
    gap, width = (points[..., a, :] - points[..., b, :] for a, b in ((13, 14), (61, 291)))
    return np.linalg.norm(gap, axis=-1) / np.linalg.norm(width, axis=-1)


def head_yaw(points: np.ndarray) -> np.ndarray:
    """Estimate how far the head is turned to the side.

    A turn moves the tip of the nose off the middle between the two sides of the face, as measured
    along the line through the outer eye corners: tan(yaw) = 0.66 (a - b) / (a + b), where a and b
    are the nose's distances from the right and the left side. The 0.66 fits the true turn of four
    of the sample people. On the other five the estimate is 0.5 to 1.7 degrees off on average, and 4
    at most. It was not tested beyond 20 degrees.

    Parameters
    ----------
    points : (..., 468, 2) float pixels

    Returns
    -------
    (...) float degrees
        + to the subject's left, as in `samples.Truth.pose`.
    """
    level = points[..., 263, :] - points[..., 33, :]
    right, nose, left = ((points[..., i, :] * level).sum(-1) for i in (234, 1, 454))
    return np.degrees(np.arctan(0.66 * (2 * nose - right - left) / (left - right)))


def face_box(points: np.ndarray) -> np.ndarray:
    """Return the smallest box around the points, (..., 4) xyxy pixels."""
    return np.concatenate([points.min(-2), points.max(-2)], axis=-1)


def check_points(points: np.ndarray) -> None:
    """Raise ValueError unless these are the (468, 2) points of one face."""
    if np.shape(points) != (468, 2):
        raise ValueError(f"points: expected (468, 2) landmarks, got shape {np.shape(points)}.")


class Square(NamedTuple):
    """A square of the picture, turned by an angle."""

    x: float
    """How far right the middle of the square is, pixels."""
    y: float
    """How far down the middle of the square is, pixels."""
    side: float
    """The length of a side, pixels."""
    angle: float
    """Radians, clockwise on the screen."""


def _checked_box(box: np.ndarray) -> tuple[float, float, float]:
    x0, y0, x1, y1 = np.asarray(box, float) if np.shape(box) == (4,) else (0, 0, 0, 0)
    if not (x0 < x1 and y0 < y1 and np.isfinite([x0, y0, x1, y1]).all()):
        raise ValueError(f"box: expected x0, y0, x1, y1 with x0 < x1 and y0 < y1, got {box}.")
    return (x0 + x1) / 2, (y0 + y1) / 2, 1.5 * max(x1 - x0, y1 - y0)


def _check_keypoints(box: np.ndarray | None, keypoints: np.ndarray | None) -> None:
    if keypoints is None:
        return
    if box is None:
        raise ValueError(
            "keypoints: expected the box of the same face as well, got no box. Pass box= too, or "
            "leave keypoints out to find the best face."
        )
    if np.shape(keypoints) != (6, 2) or not np.isfinite(keypoints).all():
        raise ValueError(
            "keypoints: expected (6, 2) pixels without NaN or infinity, got shape "
            f"{np.shape(keypoints)} with {np.sum(~np.isfinite(keypoints))} NaN or infinite "
            "numbers. Use the keypoints that `detect_faces` returns for this face."
        )


def square_of_detection(xyxy: np.ndarray, keypoints: np.ndarray) -> Square:
    """Return the square to look in for the landmarks of a detected face.

    Parameters
    ----------
    xyxy : (4,) float pixels
    keypoints : (6, 2) float pixels
        Both as `detection.detect_faces` returns them.
    """
    dx, dy = keypoints[1] - keypoints[0]
    return Square(*_checked_box(xyxy), np.arctan2(dy, dx))


def square_of_points(points: np.ndarray) -> Square:
    """Return the square to look in, given where the 468 points were in the frame before."""
    dx, dy = points[263] - points[33]
    return Square(*_checked_box(face_box(points)), np.arctan2(dy, dx))


def _cut(image: np.ndarray, square: Square, size: int, mirror: bool = False):
    """Return the square as (size, size, 3), and the (2, 3) map from its pixels to the picture."""
    step = square.side / size
    cos, sin = np.cos(square.angle) * step, np.sin(square.angle) * step
    flip = -1 if mirror else 1
    turn = np.array([[cos * flip, -sin], [sin * flip, cos]])
    centre = np.array([square.x, square.y]) - turn @ [size / 2, size / 2]
    matrix = np.column_stack([turn, centre])
    return detection.cut(image, matrix, size), matrix


def _to_picture(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def mesh(image: np.ndarray, square: Square) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the points (468, 2), the face-present score and the network's view (192, 192, 3).

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    square : Square
        Where to look.
    """
    crop, matrix = _cut(image, square, 192)
    out = models.load("mesh")(crop, 1 / 255)
    points = out["conv2d_21"].reshape(468, 3)[:, :2]
    return _to_picture(matrix, points), float(1 / (1 + np.exp(-out["conv2d_31"][0]))), crop


def _eye(image: np.ndarray, corners: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the lids (16, 2), the iris (5, 2) and the score of one eye."""
    (dx, dy), (x, y) = corners[1] - corners[0], corners.mean(0)
    width = np.hypot(dx, dy)
    if width < eyes.LEAST_WIDTH / 2:
        return np.zeros((16, 2), np.float32), np.zeros((5, 2), np.float32), -np.inf
    square = Square(x, y, width * eyes.SIZE / eyes.WIDTH, np.arctan2(dy, dx))
    view, matrix = _cut(image, square, eyes.SIZE, mirror=side == 1)
    out = models.load("iris")(view, 1 / 255)
    names = ("output_eyes_contours_and_brows", 16), ("output_iris", 5)
    lids, iris = (out[name].reshape(-1, 3)[:count, :2] for name, count in names)
    blocks = max(eyes.mosaic(image, corners) - eyes.MOSAIC, 0)
    score = eyes.sight(view, lids, iris) - eyes.MOSAIC_WEIGHT * blocks
    return _to_picture(matrix, lids), _to_picture(matrix, iris), score
