"""Lashes, wet lid edges and brows as single strands, and the shade of the lids on the eyeballs.

Strands are opaque and few: strips of painted hair before the face cost more to render. Those of the
lids are tied to the edges of the lids on the smoothed skin, and turn with them. Those of the brows
grow where MakeHuman's picture of the brow has hair; its strip itself is not rendered.
"""

from __future__ import annotations

import hair
import numpy as np
import room
from human import SIDES, Human
from lids import EDGES, in_order
from PIL import Image
from shapes import smooth_path, unit

FINE = np.linspace(0, 8, 241)
"""Places along an edge, which has nine points from the outer to the inner corner."""
LASH = {"upper": (76, 0.072, 6), "lower": (36, 0.036, 4)}
"""By edge: lashes of an eye, their length (dm), points of each."""
LASH_RADIUS = {"upper": 0.00006, "lower": 0.00004}
BROW_RADIUS = 0.00005
"""Metres, at the root."""
WET = (0.0, 0.1, 0.8, 0.9, 1.0), (0.0001, 0.00018, 0.0002, 0.0004, 0.0005)
"""The wet edge of the lower lid, from the outer to the inner corner, where it ends in the
caruncle: places, and radius (m) there."""
CORNEA = 0.047
"""Radius (dm) at which the bulge of an eye ends."""
SHADE = 0.028
"""Decimetres below the upper lid at which its shade on the eyeball ends."""
BROWS, BROW_LENGTH, BROW_POINTS = 900, 0.05, 4
"""Hairs of both brows; length (dm) and points of each."""


class LidStrands:
    """What ties points to one edge of the lids of both eyes.

    `places` (n, k) are where on the edge they belong, as an index of FINE; `local` (n, k, 3) dm is
    how far they are off in the direction of the inner corner, outwards from the eyeball, and up.
    """

    key = "base"

    def __init__(self, human: Human, edge: str, places: np.ndarray, local: np.ndarray) -> None:
        self._human, self._edge, self._local = human, edge, local.reshape(-1, 3)
        fine = smooth_path(np.eye(9), len(FINE))
        self._at = fine[places.ravel()]
        self._ahead = np.gradient(fine, axis=0)[places.ravel()]
        self._eyes = {
            side: human.group(f"helper-{letter}-eye") for side, (letter, _) in SIDES.items()
        }

    def points(self, verts: dict, *_) -> np.ndarray:
        """(2 * n * k, 3): where they are on the vertices of a base mesh, left eye first."""
        return np.concatenate([self._of_eye(verts["base"], side) for side in SIDES])

    def _of_eye(self, verts: np.ndarray, side: str) -> np.ndarray:
        line = self._human.edges(verts, side, self._edge)
        at, ahead = self._at @ line, unit(self._ahead @ line)
        out = at - verts[self._eyes[side]].mean(0)
        out = unit(out - (out * ahead).sum(1)[:, None] * ahead)
        up = np.cross(ahead, out) * SIDES[side][1]
        right, forward, high = self._local.T[..., None]
        return at + right * ahead + forward * out + high * up


def lashes(human: Human, edge: str) -> tuple[np.ndarray, LidStrands]:
    """Lashes of both eyes (2 * n, k, 3) along the 'upper' or 'lower' lids."""
    rng = np.random.default_rng(EDGES.index(edge))
    count, length, long = LASH[edge]
    curl = human.spec.get("lash_curl", 0.5)
    along = np.linspace(0.03, 0.90, count) + rng.normal(0, 0.006, count)
    size = length * rng.uniform(0.65, 1.1, count) * human.spec.get("lash_length", 1.0)
    size *= np.interp(along, (0, 0.3, 0.9), (1.05, 1.0, 0.6))
    fan = np.interp(along, (0, 0.35, 0.9), (-0.75, -0.2, 0.35)) + rng.normal(0, 0.1, count)
    t = np.linspace(0, 1, long)
    if edge == "upper":
        rise = curl * (1.3 * t**2 - 0.3 * t) - 0.12 * t
    else:
        rise = -0.75 * t + 0.25 * t**2
    lean = rng.normal(0, 0.06, (count, 1)) * t
    local = np.stack([fan[:, None] * t, np.tile(0.8 * t, (count, 1)), rise + lean], 2)
    places = np.repeat((along * (len(FINE) - 1)).astype(int)[:, None], long, 1)
    strands = LidStrands(human, edge, places.clip(0), local * size[:, None, None])
    return strands.points({"base": human.rest}).reshape(2 * count, long, 3), strands


def wet_edges(human: Human) -> tuple[np.ndarray, LidStrands, np.ndarray]:
    """The wet edges of both lower lids (2, k, 3), and their radius (2, k) m."""
    places = np.arange(0, len(FINE), 6)[None]
    t = places / places.max()
    off = np.stack([0 * t, -0.004 - 0.006 * (t > 0.85), np.full(t.shape, 0.0015)], 2)
    strands = LidStrands(human, "lower", places, off)
    radius = np.interp(np.concatenate([t, t]), *WET)
    return strands.points({"base": human.rest}).reshape(2, -1, 3), strands, radius


def brows(human: Human) -> tuple[np.ndarray, hair.Bound]:
    """Hairs of both brows (n, k, 3)."""
    rng = np.random.default_rng(3)
    part = human.parts["brows"]
    verts = part.fit(human.rest)
    number = round(BROWS * human.spec.get("brow_dense", 1.0))
    roots, normals, corners, weights = _painted(part, verts, number, rng)
    count = len(roots)
    beside = np.abs(roots[:, 0])
    share = (beside - beside.min()) / np.ptp(beside)
    middle = np.polyval(np.polyfit(share, roots[:, 1], 3), share)
    above = (roots[:, 1] - middle) / np.abs(roots[:, 1] - middle).max()
    angle = np.interp(share, (0, 0.12, 0.35, 0.65, 1), (65, 50, 28, 6, -22))
    angle = np.radians(angle - 28 * above + rng.normal(0, 9, count))
    way = np.stack([np.cos(angle) * np.sign(roots[:, 0]), np.sin(angle), 0 * angle], 1)
    way = unit(way - (way * normals).sum(1)[:, None] * normals)
    size = (
        BROW_LENGTH * rng.uniform(0.6, 1.15, count) * np.interp(share, (0, 0.2, 1), (0.8, 1, 0.7))
    )
    t = np.linspace(0, 1, BROW_POINTS)[:, None]
    bend = np.sign(roots[:, :1]) * [1, 0, 0] * 0.25 - normals * 0.15
    points = roots[:, None] + size[:, None, None] * (way[:, None] * t + bend[:, None] * t**2)
    points -= 0.004 * normals[:, None]
    return points, hair.Bound("brows", verts, points, corners, weights)


def _painted(part, verts: np.ndarray, count: int, rng):
    """Places on a strip of painted hair where the picture is dense.

    Gives places (n, 3), normals (n, 3), and the corners (n, 4) and weights (n, 4) they are made of.
    """
    alpha = np.asarray(Image.open(part.texture).convert("RGBA"))[::-1, :, 3] / 255
    a, b, _, d = (verts[part.faces[:, corner]] for corner in range(4))
    normal = np.cross(b - a, d - a)
    area = np.linalg.norm(normal, axis=1)
    tries = 4 * hair.TRIES * count
    face = rng.choice(len(area), tries, p=area / area.sum())
    u, v = rng.random((2, tries))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], 1)
    uv = (part.uv[part.face_uv[face]] * weights[..., None]).sum(1)
    x, y = (uv * alpha.shape[::-1]).astype(int).T
    dense = alpha[y.clip(0, alpha.shape[0] - 1), x.clip(0, alpha.shape[1] - 1)]
    kept = np.flatnonzero(dense > rng.uniform(0.1, 1, tries))[:count]
    face, weights = face[kept], weights[kept]
    corners = part.faces[face]
    places = (verts[corners] * weights[..., None]).sum(1)
    normals = unit(normal[face])
    return places, normals * np.sign(normals[:, 2:]), corners, weights


def lamp(spec: dict) -> np.ndarray:
    """Direction (3,) of the main lamp from the head."""
    return unit(np.array(room.key_lamp(room.values(spec))) - room.HEAD)


def bulge(human: Human) -> np.ndarray:
    """(N,): 1 on each cornea, 0 elsewhere on the eyes."""
    eyes = human.parts["eyes"].fit(human.rest)
    centres = np.array(list(human.eye_centre.values()))
    off = np.linalg.norm(eyes[:, None, :2] - centres[:, :2], axis=2).min(1)
    return np.clip((CORNEA - off) / 0.016, 0, 1) * (eyes[:, 2] > centres[:, 2].mean())


def shade(human: Human, verts: dict[str, np.ndarray], turn: np.ndarray) -> np.ndarray:
    """(N,): how bright each vertex of the eyes is, 1 where the lids take no light from it.

    `verts` are the posed vertices by part, `turn` is the head's rotation (3, 3).
    """
    eyes = verts["eyes"] @ turn
    shaded = np.ones(len(eyes))
    left = np.arange(len(eyes)) < len(eyes) // 2
    for side, own in (("left", left), ("right", ~left)):
        above, below = (
            np.interp(eyes[own, 0], *in_order(human.edges(verts["base"], side, edge) @ turn).T[:2])
            for edge in EDGES
        )
        under = np.clip((above - eyes[own, 1]) / SHADE, 0, 1)
        over = np.clip((eyes[own, 1] - below) / (0.4 * SHADE), 0, 1)
        shaded[own] = (0.45 + 0.55 * under * (2 - under)) * (0.8 + 0.2 * over)
    return shaded
