"""Blending: put a face into a picture, so that its colours and its edge fit.

Notebook: 04_swap.ipynb

`framewise.swap` warps the face, and uses these functions for the rest. You can also call them as
`swap.blend`, `swap.face_mask` and so on.
"""

from __future__ import annotations

import cv2
import numpy as np

from framewise import landmarks

__all__ = ["BLENDS", "blend", "face_mask", "match_colour", "sharpen"]

BLENDS = ("paste", "feather", "pyramid", "poisson")
"""The four ways to blend; `blend` explains them."""


def face_mask(
    points: np.ndarray, size_wh: tuple[int, int], *, shrink: float = 0, feather: float = 0
) -> np.ndarray:
    """Return a mask of the face: 1 inside, 0 outside its outline, and a soft edge between.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    points : (468, 2) float pixels
    size_wh : (int, int)
        Size of the picture, pixels.
    shrink : float
        How far the edge lies inside the outline, as a share of the face's width.
    feather : float
        How wide the soft edge is, as a share of the face's width. It is never below one pixel.

    Returns
    -------
    (H, W) float32, 0 to 1
        Exactly 0 on the outline and outside it.
    """
    outline = np.rint(points[landmarks.GROUPS["outline"]] * 16).astype(np.int32)
    inside = cv2.fillPoly(np.zeros(size_wh[::-1], np.uint8), [outline], 1, shift=4)
    depth = (
        cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) - 1
    )  # 0 on the outline
    width = np.linalg.norm(points[454] - points[234])
    soft = (depth - shrink * width) / max(feather * width, 1)
    return np.clip(soft, 0, 1).astype(np.float32)


def match_colour(source: np.ndarray, target: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Give the source the colours of the target.

    Inside the mask, each Lab channel gets the mean and the standard deviation that it has in the
    target. The spread of a channel that is almost constant in the source stays as it is. Reinhard
    and his co-authors use the colour space l-alpha-beta. We use CIELAB, which OpenCV has.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    source, target : (H, W, 3) uint8 RGB
    mask : (H, W) float or bool
        Above 0 where the colours are compared.

    Returns
    -------
    (H, W, 3) uint8 RGB
        The source, recoloured everywhere, also outside the mask.

    Raises
    ------
    ValueError
        The mask is 0 everywhere.

    References
    ----------
    Reinhard et al. 2001, doi:10.1109/38.946629.
    """
    inside = np.asarray(mask) > 0
    if not inside.any():
        raise ValueError("mask: expected a pixel above 0, got none, so no colours can be compared.")
    lab, goal = (
        cv2.cvtColor(np.float32(image) / 255, cv2.COLOR_RGB2LAB) for image in (source, target)
    )
    spread = lab[inside].std(0)
    gain = np.divide(goal[inside].std(0), spread, out=np.ones(3, np.float32), where=spread > 0.5)
    matched = (lab - lab[inside].mean(0)) * gain + goal[inside].mean(0)
    return np.uint8(np.rint(np.clip(cv2.cvtColor(matched, cv2.COLOR_LAB2RGB), 0, 1) * 255))


def sharpen(image: np.ndarray, amount: float, *, radius: float = 1.5) -> np.ndarray:
    """Sharpen by unsharp masking: add `amount` times the detail that a blur takes away.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    image : (H, W, 3) uint8 RGB
    amount : float
        0 leaves the picture as it is.
    radius : float, pixels
        Standard deviation of the blur.

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    soft = cv2.GaussianBlur(image, (0, 0), radius)
    return cv2.addWeighted(image, 1 + amount, soft, -amount, 0)


def blend(face: np.ndarray, target: np.ndarray, mask: np.ndarray, way: str) -> np.ndarray:
    """Put a face into a picture.

    Notebook: 04_swap.ipynb

    Parameters
    ----------
    face, target : (H, W, 3) uint8 RGB
        The warped face, and the picture that receives it.
    mask : (H, W) float, 0 to 1
        How much of the face is shown. "paste" and "poisson" only ask where it is above 0.
    way : str
        One of `BLENDS`. "paste" replaces every pixel whose mask is above 0. "feather" mixes by the
        mask. "pyramid" mixes coarse structures over a wide edge and fine ones over a narrow edge.
        "poisson" keeps the face's gradients and takes the colours at the edge from the target.

    Returns
    -------
    (H, W, 3) uint8 RGB
        Equal to the target wherever the mask is 0.

    Raises
    ------
    ValueError
        `way` is not one of `BLENDS`.

    References
    ----------
    Pyramid: Burt and Adelson 1983, doi:10.1145/245.247. Poisson: Perez et al. 2003,
    doi:10.1145/882262.882269.
    """
    if way not in BLENDS:
        raise ValueError(f"way: expected one of {', '.join(BLENDS)}, got {way!r}.")
    inside = mask > 0
    if not inside.any():
        return target.copy()
    ways = {"paste": _paste, "feather": _feather, "pyramid": _pyramid, "poisson": _poisson}
    return np.where(inside[..., None], ways[way](face, target, mask), target)


def _paste(face: np.ndarray, target: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return face


def _feather(face: np.ndarray, target: np.ndarray, mask: np.ndarray) -> np.ndarray:
    share = mask[..., None].astype(np.float32)
    return np.rint(target + share * (face.astype(np.float32) - target)).astype(np.uint8)


def _pyramid(face: np.ndarray, target: np.ndarray, mask: np.ndarray, levels: int = 5) -> np.ndarray:
    """Mix the details of two pictures level by level, then what the last blur leaves of them."""
    weight = np.repeat(mask[..., None], 3, axis=2).astype(np.float32)
    one, two = np.where(weight > 0, face, target).astype(np.float32), target.astype(np.float32)
    mixed = []
    for _ in range(levels):
        size, small_one, small_two = one.shape[1::-1], cv2.pyrDown(one), cv2.pyrDown(two)
        fine_one = one - cv2.pyrUp(small_one, dstsize=size)
        fine_two = two - cv2.pyrUp(small_two, dstsize=size)
        mixed.append(fine_two + weight * (fine_one - fine_two))
        one, two, weight = small_one, small_two, cv2.pyrDown(weight)
    result = two + weight * (one - two)
    for fine in reversed(mixed):
        result = cv2.pyrUp(result, dstsize=fine.shape[1::-1]) + fine
    return np.uint8(np.rint(np.clip(result, 0, 255)))


def _poisson(face: np.ndarray, target: np.ndarray, mask: np.ndarray) -> np.ndarray:
    edge = 2  # OpenCV needs room around the mask
    room = [(edge, edge), (edge, edge), (0, 0)]
    inside = np.pad(np.uint8(mask > 0) * 255, room[:2])
    x, y, width, height = cv2.boundingRect(inside)
    middle = (x + width // 2, y + height // 2)
    pictures = (np.pad(picture, room, mode="edge") for picture in (face, target))
    mixed = cv2.seamlessClone(*pictures, inside, middle, cv2.NORMAL_CLONE)
    return mixed[edge:-edge, edge:-edge]
