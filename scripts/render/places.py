"""Named points of the face whose pixels are the truth of the sample clips.

They are vertices of the MakeHuman base mesh hm08 (19158 vertices, body 0 to 13379), so the same
numbers hold for everybody. Right and left are the person's own, and the two sides are exact
mirrors of each other in the mesh. Read their positions from the subdivided surface: an unsubdivided
vertex lies beside the skin that is rendered.
"""

from __future__ import annotations

import numpy as np

PLACES: dict[str, tuple[int, ...]] = {
    "right_eye_upper": (9, 6, 0, 1, 54, 57, 60),
    "right_eye_lower": (33, 36, 41, 44, 47, 50, 53),
    "right_eye_corners": (24, 69),
    "left_eye_upper": (6793, 6790, 6784, 6785, 6838, 6841, 6844),
    "left_eye_lower": (6817, 6820, 6825, 6828, 6831, 6834, 6837),
    "left_eye_corners": (6808, 6853),
    "right_brow": (212, 178, 176, 171, 181),
    "left_brow": (6987, 6954, 6952, 6947, 6957),
    "nose_bridge": (133, 131, 201, 5054),
    "nose_base": (5056, 354, 317, 7115, 11673),
    "lips_outer": (422, 410, 456, 455, 7215, 7170, 7182, 7166, 7241, 492, 486, 406),
    "lips_inner": (431, 515, 520, 7262, 7191, 7265, 523, 518),
    "jaw": (
        5237, 5235, 5238, 5241, 737, 3698, 916, 918, 732, 7620, 7618, 10366, 7457, 11850, 11847,
        11844, 11846,
    ),
}  # fmt: skip
"""Vertices of the base mesh by place.

Eye upper, lower: the edge of the lid where the lashes sit, outer to inner without the corners;
    upper and lower point of one number are a pair that meets when the eye shuts.
Eye corners: outer, inner.
Brow: along the middle of the brow, outer to inner, on the skin beneath the hair.
Nose bridge: from between the eyes to the tip.
Nose base: right wing, right nostril (its lower rim), below the tip where the nose meets the lip,
    left nostril, left wing.
Lips: clockwise in the picture from the right corner of the mouth. Outer is the edge of the red,
    inner where the lips touch: points 1, 2, 3 are the upper lip, 7, 6, 5 the lower one below them.
Jaw: the edge of the face from beside the right eye, in front of the ear, round the chin to the
    left.
"""

MESH: dict[str, tuple[int, ...]] = {
    "right_eye_upper": (246, 161, 160, 159, 158, 157, 173),
    "right_eye_lower": (7, 163, 144, 145, 153, 154, 155),
    "right_eye_corners": (33, 133),
    "left_eye_upper": (466, 388, 387, 386, 385, 384, 398),
    "left_eye_lower": (249, 390, 373, 374, 380, 381, 382),
    "left_eye_corners": (263, 362),
    "right_brow": (70, 53, 52, 65, 55),
    "left_brow": (300, 283, 282, 295, 285),
    "nose_bridge": (168, 197, 5, 4),
    "nose_base": (48, 75, 2, 305, 278),
    "lips_outer": (61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    "lips_inner": (78, 81, 13, 311, 308, 402, 14, 178),
    "jaw": (127, 234, 132, 58, 136, 150, 149, 148, 152, 377, 378, 379, 365, 288, 361, 454, 356),
}
"""For each place, in the same order, the nearest points of the 468-point face mesh.

The brow's and the jaw's are the least alike: there the two follow different lines.
"""

IRIS_RIMS: dict[str, slice] = {"right_iris": slice(1044, 1064), "left_iris": slice(512, 532)}
"""Vertices of the eye proxy HighPolyEyes (1064 vertices) on the rim of each iris."""


def iris_centres(eyes: np.ndarray) -> np.ndarray:
    """Return the middle of each iris, right and left.

    Parameters
    ----------
    eyes : (1064, D) float
        The posed vertices of HighPolyEyes, in space (D = 3) or in pixels (D = 2).

    Returns
    -------
    (2, D) float
    """
    return np.array([eyes[rim].mean(axis=0) for rim in IRIS_RIMS.values()])
