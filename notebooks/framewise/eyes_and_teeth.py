"""Eyes and teeth: compare the two eyes, and look for the edges of teeth.

Notebook: 08_artifacts.ipynb

Matern, Riess and Stamminger (2019) found that early fakes had eyes of different colours, no light
spots in the eyes, and teeth that were one white area. The measures here are simpler than theirs.
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import landmarks, regions
from framewise.regions import Trace

__all__ = ["cut_eye", "eye_difference", "tooth_detail"]

EYE_WH = (48, 32)
"""Width and height of an eye that was cut out, pixels."""


def eye_difference(
    image: np.ndarray, points: np.ndarray, *, least_width: float = 16, most_turned: float = 25
) -> Trace:
    """Measure how different the two eyes look.

    Both eyes look at the same thing and reflect the same lamps. So we cut both out in the same size
    and compare them as they are. We do not mirror one of them.

    A gaze to the side, half-shut lids, glasses and light from the side also make the eyes differ.
    And nobody's two eyes are exactly alike.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    least_width : float, pixels
        The eyes must be at least this wide.
    most_turned : float, degrees
        If the head is turned further, one eye is seen from the side.

    Returns
    -------
    Trace
        value: 1 minus the correlation of the two eyes, from 0 (alike) to 2 (opposite). It does not
        depend on brightness or contrast. NaN if no face was found, or the face is narrower than
        `regions.LEAST_FACE` or not wholly in the picture. Also NaN if the eyes are too small, the
        head is turned too far, or an eye is uniform. map: how much each pixel differs from the same
        place in the other eye, in standard deviations of the eye.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.

    References
    ----------
    Matern et al. 2019, doi:10.1109/WACVW.2019.00020.
    """
    if not regions.check_face(image, points) or landmarks.eye_width(points) < least_width:
        return regions.nothing(image)
    part, points, where = regions.crop(image, points)
    eyes = [cut_eye(part, points, side) for side in (0, 1)]
    grey = [cv2.cvtColor(eye, cv2.COLOR_RGB2GRAY).astype(np.float32) for eye, _ in eyes]
    if abs(landmarks.head_yaw(points)) > most_turned or min(map(np.std, grey)) == 0:
        return regions.nothing(image)
    right, left = ((eye - eye.mean()) / eye.std() for eye in grey)
    off, size = np.abs(right - left), part.shape[1::-1]
    shown, back = np.full(size[::-1], np.nan, np.float32), cv2.WARP_INVERSE_MAP + cv2.INTER_LINEAR
    for _, matrix in eyes:
        inside = cv2.warpAffine(np.ones_like(off), matrix, size, flags=back) > 0.99
        shown[inside] = cv2.warpAffine(off, matrix, size, flags=back)[inside]
    return regions.put_back(image, 1 - (right * left).mean(), shown, where)


def cut_eye(image: np.ndarray, points: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut out an eye, upright and in a standard size.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    side : int
        0 for the subject's right eye, 1 for the left one.

    Returns
    -------
    eye : (32, 48, 3) uint8 RGB
        The distance between the corners is 0.7 of the width.
    matrix : (2, 3) float64
        Maps points of the picture to points of the cut-out eye, pixels.
    """
    width, height = EYE_WH
    first, last = points[list(landmarks.EYE_CORNERS[side])].astype(float)
    along = (last - first) * 0.7 * width / ((last - first) ** 2).sum()
    turn = np.array([[along[0], along[1]], [-along[1], along[0]]])
    shift = np.array([width - 1, height - 1]) / 2 - turn @ (first + last) / 2
    matrix = np.column_stack([turn, shift])
    return cv2.warpAffine(image, matrix, EYE_WH, borderMode=cv2.BORDER_REPLICATE), matrix


def tooth_detail(image: np.ndarray, points: np.ndarray, *, least_open: float = 0.02) -> Trace:
    """Measure how little fine detail there is between the lips, compared with the contrast there.

    Teeth, tongue and shadow have sharp borders. A network that is not sure where they lie draws the
    mean of all possible places. A mean has no sharp borders.

    The cue says nothing if the mouth is shut. It misses fakes in which the performer's own mouth is
    shown. It accuses blurred and strongly compressed pictures.

    Notebook: 08_artifacts.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    points : (468, 2) float pixels
    least_open : float
        The gap between the lips must be at least this share of the face's width, and 3 pixels.

    Returns
    -------
    Trace
        value: the contrast between the lips divided by the fine detail there, as a logarithm to
        base 2 (octaves); higher means softer. It does not depend on brightness, and hardly on
        contrast. NaN if the mouth is shut, if no face was found, or if the face is narrower than
        `regions.LEAST_FACE` or not wholly in the picture. map: the fine detail of each pixel, grey
        levels.

    Raises
    ------
    ValueError
        The picture or the points have the wrong shape or type.

    References
    ----------
    Matern et al. 2019, doi:10.1109/WACVW.2019.00020.
    """
    if not regions.check_face(image, points):
        return regions.nothing(image)
    gap = np.linalg.norm(points[13] - points[14])
    if gap < max(3, least_open * regions.face_width(points)):
        return regions.nothing(image)
    part, points, where = regions.crop(image, points)
    mouth = regions.part_area(points, part.shape[1::-1], ("inner_lips",))
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(cv2.Laplacian(grey, -1)) / 4
    value = np.log2((grey[mouth].std() + 1) / (detail[mouth].mean() + 0.05))
    return regions.put_back(image, value, np.where(mouth, detail, np.nan), where)
