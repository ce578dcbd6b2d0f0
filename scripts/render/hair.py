"""Hair of single strands, grown on the head and in the beard area.

A style is one of a person's `strands`, in decimetres unless it says otherwise:

    kind      a key of _KINDS
    n         number of strands
    length    crop, combed, beard; in the mean
    fade      crop, combed: length at the sides and the nape, as a share of that on top
    lift, lay       crop: how much it stands up, and how much it follows the comb
    mess      crop, combed, long, fall: how much directions differ
    curl      crop, combed, tail, fall: waves along a strand (crop: as a share of its length)
    comb      combed: direction (x, y, z)
    part      combed, tied, long, fall: x of the parting from which it runs to both sides
    bald      combed: height of the hairline above the eyes, in eye distances
    volume    combed, tied, long, fall: height above what it lies on
    spread    tied: how much it first runs away from the parting
    fly       tied: share of strands that stand off
    knot      tied, bun, tail: (x, y, z) of the knot from between the eyes
    size      bun: radius
    width     tail: half its thickness
    drop      tail, fall: how far it falls
    flare     fall: how far it falls to the side
    radius    metres at the root
    taper     radius at the tip, as a share of that at the root
    color, gloss    if not those of the person's other hair
    grey      share of strands that have lost their colour
    lock      crop, combed: strands to a lock

Points are in MakeHuman's space. Hair on the head is that of the person at rest and moves with the
head as a whole. Beards are `Bound` to a mesh and follow its vertices. Long hair needs two styles:
`long` lies on the head, and `fall` hangs from where `long` leaves the head. Give both the same
shape (part, volume, mess); `fall` may have fewer and thicker strands. Hair of the kinds `fall` and
`tail` is `Hanging`: it swings behind the head.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy
import mh
import numpy as np
from human import Human
from mathutils.bvhtree import BVHTree
from meshes import add, attribute, to_blender
from scipy.spatial import cKDTree

BEARD_TOP = (
    [0, 0.28, 0.40, 0.50, 0.58, 0.70, 0.88, 1.00, 1.08, 1.20],
    [0.38, 0.36, 0.28, 0.12, 0.04, 0.10, 0.32, 0.62, 1.05, 1.2],
)
"""Upper edge: distance from the middle, and height above the mouth there, in eye distances."""
HEAD_FROM = 5.5
"""Height (dm) of the neck at which the surface ends that hair lies on."""
TRIES = 12
"""So many times as many points as needed are drawn before a mask thins them out."""
WAVES = (1, 1), (2, 0.7), (3.3, 0.5)
"""Half turns along a strand, and how far they lead away."""
TAIL_DROP = 2.6
TAIL = (
    (0, 0, 0), (0.30, -0.25, 0.05), (0.48, -0.8, 0.55),
    (0.55, -1.4, 1.25), (0.50, -2.0, 1.75), (0.45, -TAIL_DROP, 1.9),
)  # fmt: skip
"""Way of a ponytail from its knot over the left shoulder to the chest."""
TRAILS = 0.6
"""Share of the motion of the head that the tips of hanging hair follow."""
STEPS, STEP = 26, 0.09
"""Long hair on the head: steps, and how long each is (dm)."""
LOCK, TONE_LOCK = 40, 60
"""Strands to a lock; neighbours that have one brightness."""
BESIDE = 0.5
"""Hair hangs no nearer (dm) to the middle than this, so that none crosses the chest."""
PARTING = 0.05
"""How far (dm) strands at the parting stray to the other side."""
SOFTER = 2
"""How often we soften the border of the hair by averaging each vertex with its neighbours."""


class Bound:
    """What ties points of strands to a mesh: the corners of a quad, and an offset from there.

    `key` names the part of the person: 'base', 'brows'.
    """

    def __init__(self, key: str, verts, points, corners, weights) -> None:
        count, long, _ = points.shape
        self.key = key
        self._corners, self._weights = (
            np.broadcast_to(each.reshape(count, -1, 4), (count, long, 4)).reshape(-1, 4)
            for each in (corners, weights)
        )
        self._offset = points.reshape(-1, 3) - self._on_mesh(verts)

    def points(self, verts: dict, head: np.ndarray, _) -> np.ndarray:
        """(N, 3): where they are on vertices (by key) that have moved; the head's turn, (4, 4)."""
        return self._on_mesh(verts[self.key]) + self._offset @ head[:3, :3].T

    def _on_mesh(self, verts: np.ndarray) -> np.ndarray:
        return (verts[self._corners] * self._weights[..., None]).sum(1)


class Hanging:
    """What ties strands to the head at their roots, and less and less further down.

    The lower end follows the head later (`trail`), and only part of the way: it lies on the body.
    """

    def __init__(self, points: np.ndarray) -> None:
        self._at = points.reshape(-1, 3)
        down = np.linspace(0, 1, points.shape[1]) ** 0.8
        self._free = np.tile(down, len(points))[:, None]

    def points(self, _, head: np.ndarray, trail: np.ndarray) -> np.ndarray:
        """(N, 3): where they are; `head` and `trail` (4, 4) move the head, now and a little ago."""
        with_head, behind = (self._at @ of[:3, :3].T + of[:3, 3] for of in (head, trail))
        hanging = TRAILS * behind + (1 - TRAILS) * self._at
        return with_head + self._free * (hanging - with_head)


Strands = tuple[np.ndarray, "Bound | Hanging | None"]
"""Points (n, k, 3) from root to tip, and what they are tied to; None: to the head."""


def grow(human: Human, style: dict) -> Strands:
    """Grow the strands of a style; the same every time."""
    return _KINDS[style["kind"]](human, style, np.random.default_rng(0))


def make_curves(name: str, points: np.ndarray, radius: float, taper: float, material):
    """Strands (n, k, 3) dm as an object; `radius` m at the root, `taper` times that at the tip.

    The strands of a lock have one `tone`, 0 to 1.
    """
    count, long, _ = points.shape
    data = bpy.data.hair_curves.new(name)
    data.add_curves([long] * count)
    thing = add(name, data, material)
    attribute(thing, "radius", np.tile(np.linspace(radius, radius * taper, long), count))
    attribute(thing, "tone", np.repeat(_tones(points), long))
    move(thing, points)
    return thing


def _tones(points: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    locks = _locks(points[:, 0], TONE_LOCK, rng)
    return rng.random(locks.max() + 1)[locks]


def _locks(roots: np.ndarray, size: int, rng) -> np.ndarray:
    """(n,): the number of the lock of each strand; those of a lock grow side by side."""
    count = max(len(roots) // size, 1)
    heads = roots[rng.choice(len(roots), count, replace=False)]
    return cKDTree(heads).query(roots)[1]


def _gathered(points: np.ndarray, size: int, pull: float, bend: float, rng) -> np.ndarray:
    """Strands (n, k, 3) in locks of about `size`: the tips draw together by `pull` (0 to 1), and
    each lock bends its own way by up to `bend` dm at its tip."""
    locks = _locks(points[:, 0], size, rng)
    count, long = locks.max() + 1, points.shape[1]
    members = np.bincount(locks, minlength=count)[:, None]
    middle = np.stack(
        [np.bincount(locks, flat, count) for flat in points.reshape(len(points), -1).T], 1
    )
    middle = (middle / np.maximum(members, 1)).reshape(count, long, 3)
    t = np.linspace(0, 1, long)[:, None]
    bent = _waves(rng, count, long) * bend
    return points + pull * t * (middle[locks] - points) + bent[locks]


def move(thing: bpy.types.Object, points: np.ndarray) -> None:
    """Give every point of strands a new place, (..., 3) dm."""
    places = to_blender(points).astype(np.float32).ravel()
    thing.data.position_data.foreach_set("vector", places)
    thing.data.update_tag()


def scalp_mask(human: Human) -> np.ndarray:
    """1 where hair grows on the head: what a tight proxy is bound to, without the ears."""
    bound = np.unique(mh.proxy("hair", "ponytail01").ref)
    mask = np.zeros(len(human.rest))
    mask[bound[bound < mh.BODY]] = 1
    for _ in range(SOFTER):
        mask = (mask + _around(human, mask)) / 2
    return mask * ~_ears(0.3)


def _around(human: Human, values: np.ndarray) -> np.ndarray:
    """The mean of the corners of all faces at each vertex."""
    faces = human.base.faces[human.base.material == 0]
    means = np.repeat(values[faces].mean(1), 4)
    total = np.bincount(faces.ravel(), means, len(values))
    return total / np.maximum(np.bincount(faces.ravel(), minlength=len(values)), 1)


def lip_mask() -> np.ndarray:
    """1 on the lips, soft at their edges; the same vertices for everybody."""
    lips = _moved_by("mouth/mouth-upperlip-volume-incr", "mouth/mouth-lowerlip-volume-incr")
    return np.clip((lips - 0.12) / 0.25, 0, 1)


def beard_mask(human: Human) -> np.ndarray:
    """1 on a short boxed beard with moustache, soft at its edges; the lips stay free."""
    verts, apart = human.rest, _eye_distance(human)
    x, y = np.abs(verts[:, 0]) / apart, (verts[:, 1] - _mouth(human)[1]) / apart
    forward = verts[:, 2] - _between_eyes(human)[2]
    under_line = np.clip((np.interp(x, *BEARD_TOP) - y) / 0.10, 0, 1)
    above_throat = np.clip((y + 0.85 - 0.3 * np.clip(x - 0.3, 0, 1)) / 0.12, 0, 1)
    before_ear = np.clip((forward + 1.25 * apart) / (0.15 * apart), 0, 1)
    on_head = np.clip((human.head_share - 0.5) / 0.3, 0, 1)
    off_lips = 1 - np.clip(lip_mask() * 3, 0, 1)
    in_mouth_or_nose = (x < 0.48) & (y > -0.13) & (forward / apart < 0.47 - 0.45 * x)
    mask = under_line * above_throat * before_ear * on_head * off_lips * ~in_mouth_or_nose
    mask[mh.BODY :] = 0
    return mask


def _hairline_mask(human: Human, line: float) -> np.ndarray:
    """1 below a line so many eye distances above the eyes, higher at the back; thin above it."""
    middle, apart = _between_eyes(human), _eye_distance(human)
    back = np.clip((middle[2] - 0.9 * apart - human.rest[:, 2]) / (2.5 * apart), 0, 1)
    height = (human.rest[:, 1] - middle[1]) / apart
    return np.clip((line + 0.5 * back - height) / 0.35, 0, 1)


def _ears(share: float) -> np.ndarray:
    """What protruding ears move by at least this share of the most."""
    return _moved_by("ears/l-ear-wing-incr", "ears/r-ear-wing-incr") > share


def _moved_by(*targets: str) -> np.ndarray:
    """How far morph targets move each vertex of the base mesh, as a share of the most."""
    offsets = mh.Targets()
    far = sum(np.linalg.norm(offsets(name), axis=1) for name in targets)
    return far / far.max()


def _between_eyes(human: Human) -> np.ndarray:
    return (human.eye_centre["left"] + human.eye_centre["right"]) / 2


def _eye_distance(human: Human) -> float:
    return human.eye_centre["left"][0] - human.eye_centre["right"][0]


def _mouth(human: Human) -> np.ndarray:
    joints = human.base.meta["joint_pos_idxs"]
    upper, lower = (human.rest[joints[f"oris{n}____head"]].mean(0) for n in ("02", "06"))
    return (upper + lower) / 2


def _unit(v: np.ndarray) -> np.ndarray:
    """The same direction, of length 1; 0 stays 0."""
    return v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-9)


def _flat(ways: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Directions (n, 3) without what leads away from the surface."""
    return ways - (ways * normals).sum(1)[:, None] * normals


class _Surface:
    """Quads to find the nearest point on; their normals point away from the skull's middle."""

    def __init__(self, verts: np.ndarray, faces: np.ndarray, human: Human) -> None:
        self._middle = _between_eyes(human) * [0, 1, 1] + [0, 0.25, -1.05]
        self._tree = BVHTree.FromPolygons(verts.tolist(), faces.tolist())

    def nearest(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places (n, 3), normals (n, 3) and quads (n,) next to points."""
        hits = [self._tree.find_nearest(point) for point in points.tolist()]
        places, normals, quads, _ = (np.array(each) for each in zip(*hits, strict=True))
        normals[((places - self._middle) * normals).sum(1) < 0] *= -1
        return places, normals, quads


def _head(human: Human) -> _Surface:
    """The head without ears, smooth: along the edges of coarse quads, strands would gather."""
    base = human.base
    above = human.rest[base.faces][:, :, 1].min(1) > HEAD_FROM
    used = (base.material == 0) & above & ~_ears(0.1)[base.faces].all(1)
    return _Surface(*_subdivided(human.rest, base.faces[used]), human)


def _subdivided(verts: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each quad as 16 smooth ones."""
    used, own = np.unique(faces, return_inverse=True)
    data = bpy.data.meshes.new("head")
    data.from_pydata(verts[used].tolist(), [], own.reshape(faces.shape).tolist())
    thing = add("head", data)
    thing.modifiers.new("smooth", "SUBSURF").levels = 2
    made = thing.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    places, corners = np.empty(3 * len(made.vertices)), np.empty(4 * len(made.polygons), int)
    made.vertices.foreach_get("co", places)
    made.polygons.foreach_get("vertices", corners)
    bpy.data.objects.remove(thing)
    return places.reshape(-1, 3), corners.reshape(-1, 4)


def _scatter(verts: np.ndarray, faces: np.ndarray, count: int, rng, mask=None):
    """Random places on quads, denser where the mask is high.

    Gives places (count, 3), and the corners (count, 4) and weights (count, 4) they are made of.
    """
    if mask is not None:
        faces = faces[mask[faces].max(1) > 0.02]
    a, b, c, d = (verts[faces[:, corner]] for corner in range(4))
    halves = np.cross(b - a, c - a), np.cross(c - a, d - a)
    area = sum(np.linalg.norm(half, axis=1) for half in halves)
    tries = TRIES * count
    corners = faces[rng.choice(len(faces), tries, p=area / area.sum())]
    u, v = rng.random(tries), rng.random(tries)
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], 1)
    if mask is not None:
        kept = (mask[corners] * weights).sum(1) > rng.uniform(0.05, 1, tries)
        corners, weights = corners[kept], weights[kept]
    corners, weights = corners[:count], weights[:count]
    return (verts[corners] * weights[..., None]).sum(1), corners, weights


def _scalp_roots(human: Human, style: dict, rng) -> np.ndarray:
    mask = scalp_mask(human)
    if "bald" in style:
        mask = mask * _hairline_mask(human, style["bald"])
    faces = human.base.faces[human.base.material == 0]
    return _scatter(human.rest, faces, style["n"], rng, mask)[0]


def _calm(human: Human, roots: np.ndarray) -> np.ndarray:
    """(n, 1): how far strands may stray, less at the face: no single hair lies across it."""
    at_face = np.clip((roots[:, 2] - _between_eyes(human)[2] + 0.5) / 0.3, 0, 1)
    return 1 - 0.75 * at_face[:, None]


def _lengths(style: dict, low: np.ndarray, spread: float, rng) -> np.ndarray:
    """(n,): they differ by about `spread`; `low` is 1 where they have faded."""
    chance = rng.normal(1, spread, len(low)).clip(0.5, 1.5)
    return style["length"] * chance * (1 - (1 - style["fade"]) * low)


def _waves(rng, count: int, long: int) -> np.ndarray:
    """(count, long, 3): random smooth curves, 0 at the root, about 1 wide at the tip."""
    t = np.linspace(0, 1, long)
    sines = [np.sin(turns * np.pi * t) * t * size for turns, size in WAVES]
    return np.einsum("nij,ik->nkj", rng.normal(0, 1, (count, 4, 3)), np.stack([t, *sines]))


def _creep(surface: _Surface, roots, lengths, long: int, direction: Callable, height: Callable):
    """(n, long, 3): strands that lie on a surface.

    `direction(places, t)` (n, 3) is where they run to, `height(t)` (n,) dm how far above it they
    are; t is 0 at the root, 1 at the tip.
    """
    places, normals = roots, surface.nearest(roots)[1]
    way = [places]
    step = (lengths / (long - 1))[:, None]
    for t in np.linspace(0, 1, long)[1:]:
        ahead = _unit(_flat(direction(places, t), normals))
        found, normals, _ = surface.nearest(places + ahead * step)
        places = found + normals * height(t)[:, None]
        way.append(places)
    return np.stack(way, 1)


def _crop(human: Human, style: dict, rng) -> Strands:
    """Short hair that stands up a little; shorter at the sides and the nape."""
    roots = _scalp_roots(human, style, rng)
    normals = _head(human).nearest(roots)[1].astype(float)
    top = human.rest[: mh.BODY, 1].max()
    side = np.clip((top - 0.30 - roots[:, 1]) / 0.9, 0, 1)
    lengths = _lengths(style, side, 0.18, rng)[:, None, None]
    down = np.clip((side - 0.15) / 0.5, 0, 1)[:, None]
    comb = _flat((1 - down) * [0.1, 0, -1] + down * [0, -0.7, -0.7], normals)
    stray = rng.normal(0, style["mess"], (len(roots), 3))
    way = _unit(normals * style["lift"] + comb * style["lay"] + stray)
    t = np.linspace(0, 1, 5)[:, None]
    points = roots[:, None] + way[:, None] * lengths * t
    points += comb[:, None] * (lengths * 0.25) * t**2
    points += _waves(rng, len(roots), 5) * (lengths * style["curl"])
    return _gathered(points, style.get("lock", LOCK), 0.6, 0.25 * style["length"], rng), None


def _combed(human: Human, style: dict, rng) -> Strands:
    """Hair combed over the head, one way or away from a parting; it falls at the sides."""
    roots = _scalp_roots(human, style, rng)
    count, eyes, apart = len(roots), _between_eyes(human)[1], _eye_distance(human)
    comb = np.tile(np.array(style["comb"], float), (count, 1))
    if "part" in style:
        comb[:, 0] += np.sign(roots[:, 0] - style["part"]) * 1.4
    stray = rng.normal(0, style["mess"], (count, 3)) * _calm(human, roots)
    low = np.clip((eyes + 0.9 * apart - roots[:, 1]) / (1.2 * apart), 0, 1)
    lengths = _lengths(style, low, 0.15, rng)
    rise = style["volume"] * rng.uniform(0.25, 1, count) * (1 - 0.5 * low)

    def direction(places: np.ndarray, _) -> np.ndarray:
        fall = np.clip((eyes + 1.6 * apart - places[:, 1]) / apart, 0, 1)
        return comb + fall[:, None] * [0, -1.2, -0.35] + stray

    def height(t: float) -> np.ndarray:
        return rise * np.sin(min(t * 1.6, np.pi / 2)) + 0.01

    points = _creep(_head(human), roots, lengths, 10, direction, height)
    points += _waves(rng, count, 10) * style.get("curl", 0.03)
    return _gathered(points, style.get("lock", LOCK), 0.55, 0.12 * style["length"], rng), None


def _tied(human: Human, style: dict, rng) -> Strands:
    """Hair drawn tight over the head to a knot behind it."""
    roots, knot = _scalp_roots(human, style, rng), _knot(human, style)
    count = len(roots)
    lay = rng.random(count) ** 1.5 * style["volume"] + 0.012
    lengths = np.linalg.norm(knot - roots, axis=1) * 1.35
    beside = roots[:, 0] - style.get("part", 0.0)
    away = np.sign(beside) * np.exp(-np.abs(beside) / 0.5)

    def direction(places: np.ndarray, t: float) -> np.ndarray:
        way = _unit(knot - places)
        way[:, 0] += away * max(0, style["spread"] - 1.6 * t)
        way[:, 1] += max(0, 0.25 - t)
        return way

    def height(t: float) -> np.ndarray:
        return lay * min(1, t * 3.5) * (1.4 - 0.5 * t)

    points = _creep(_head(human), roots, lengths, 14, direction, height)
    points += _waves(rng, count, 14) * 0.012
    fly = rng.random(count) < style["fly"]
    points[fly] += _waves(rng, fly.sum(), 14) * 0.09
    return _gathered(points, LOCK, 0.5, 0.02, rng), None


def _knot(human: Human, style: dict) -> np.ndarray:
    return _between_eyes(human) + style["knot"]


def _bun(human: Human, style: dict, rng) -> Strands:
    """A loose knot: circles about axes that lie roughly along z."""
    count = style["n"]
    radius = style["size"] * rng.normal(1, 0.12, count)
    axis = _unit(rng.normal(0, 1, (count, 3)) * [0.35, 0.35, 1])
    across = _unit(np.cross(axis, [0.3, 1, 0.2]))
    up = np.cross(axis, across)
    start = rng.random(count)[:, None] * 2 * np.pi
    angle = (np.linspace(0, 1, 16) * 3.5 + start)[..., None]
    circle = (np.cos(angle) * across[:, None] + np.sin(angle) * up[:, None]) * radius[:, None, None]
    shift = axis[:, None] * rng.normal(0, 0.12, count)[:, None, None]
    return _knot(human, style) + circle + shift, None


def _tail(human: Human, style: dict, rng) -> Strands:
    """A ponytail that falls from the knot over one shoulder."""
    count, t = style["n"], np.linspace(0, 1, 14)
    way = np.array(TAIL) * [1, style["drop"] / TAIL_DROP, 1] + _knot(human, style)
    soft = [np.convolve(np.pad(axis, 1, "edge"), (0.25, 0.5, 0.25), "valid") for axis in way.T]
    middle = np.stack([np.interp(t, np.linspace(0, 1, len(way)), axis) for axis in soft], 1)
    wide = style["width"] * (0.45 + 0.75 * np.sin(np.pi * np.clip(t * 0.8 + 0.08, 0, 1)))
    place = rng.normal(0, 0.5, (count, 1, 3)).clip(-1, 1) * wide[:, None]
    points = middle + place + _waves(rng, count, 14) * style["curl"]
    points = points[rng.permutation(count)]
    return points, Hanging(points)


def _beard(human: Human, style: dict, rng) -> Strands:
    """Short hair that grows down and a little outwards; the moustache is trimmed."""
    faces = human.base.faces[human.base.material == 0]
    mask = beard_mask(human)
    roots, corners, weights = _scatter(human.rest, faces, style["n"], rng, mask)
    count = len(roots)
    normals = _head(human).nearest(roots)[1]
    down = np.tile([0, -1, 0.15], (count, 1))
    down[:, 0] = 0.35 * np.sign(roots[:, 0])
    stray = rng.normal(0, 0.3, (count, 3))
    way = _unit(normals * 0.55 + _unit(_flat(down, normals)) + stray)[:, None]
    lengths = style["length"] * rng.uniform(0.6, 1.2, count)[:, None, None]
    lengths[roots[:, 1] > _mouth(human)[1]] *= 0.75
    points = roots[:, None] + way * lengths * np.linspace(0, 1, 5)[:, None]
    points += _waves(rng, count, 5) * lengths * 0.15
    return points, Bound("base", human.rest, points, corners, weights)


def _long(human: Human, style: dict, rng) -> Strands:
    """Long hair from its roots to where it leaves the head, below the ears."""
    return _tresses(human, style, rng)[0], None


def _fall(human: Human, style: dict, rng) -> Strands:
    """Long hair from where it leaves the head: it hangs down and lies on the shoulders."""
    points = _tresses(human, style, rng)[1]
    return points, Hanging(points)


def _tresses(human: Human, style: dict, rng) -> tuple[np.ndarray, np.ndarray]:
    """Long hair, parted to both sides: on the head (n, 10, 3) and below it (n, 10, 3)."""
    roots = _scalp_roots(human, style, rng)
    eyes, apart = _between_eyes(human), _eye_distance(human)
    count, surface, low = len(roots), _head(human), eyes[1] - 0.75 * apart
    parting = style.get("part", 0.0) + rng.normal(0, PARTING, count)
    side = np.where(roots[:, 0] > parting, 1.0, -1.0)
    stray = rng.normal(0, style["mess"], (count, 3)) * _calm(human, roots)
    rise = style["volume"] * rng.uniform(0.35, 1, count)
    places, normals = roots, surface.nearest(roots)[1]
    way = [places]
    for step in range(1, STEPS):
        fall = np.clip((eyes[1] + 1.7 * apart - places[:, 1]) / (1.1 * apart), 0, 1)[:, None]
        sweep = np.stack([1.3 * side, 0 * side + 0.25, 0 * side - 0.8], 1)
        before = np.clip((places[:, 2] - eyes[2] + 0.95 * apart) / (0.5 * apart), 0, 1)
        down = np.stack([0 * side, 0 * side - 1.3, -0.1 - 1.1 * before], 1)
        ahead = (1 - fall) * sweep + fall * down + stray
        found, normals, _ = surface.nearest(places + _unit(_flat(ahead, normals)) * STEP)
        lifted = found + normals * (rise * min(1, step / 4))[:, None]
        places = np.where((places[:, 1] > low)[:, None], lifted, places)
        way.append(places)
    on_head = _evenly(np.stack(way, 1), 10)
    on_head = _gathered(on_head, LOCK, 0.35, 0.03, rng)
    on_head += _over_ears(human, on_head)
    return on_head, _drop(human, style, on_head[:, -1], side, rng)


def _evenly(ways: np.ndarray, long: int) -> np.ndarray:
    """The same ways (n, k, 3) through `long` points that are evenly spaced on each."""
    walked = np.linalg.norm(np.diff(ways, axis=1), axis=2).cumsum(1)
    walked = np.pad(walked, ((0, 0), (1, 0))) + np.arange(ways.shape[1]) * 1e-6
    return np.stack([
        [np.interp(np.linspace(0, far[-1], long), far, axis) for axis in way.T]
        for far, way in zip(walked, ways, strict=True)
    ]).transpose(0, 2, 1)  # fmt: skip


def _over_ears(human: Human, points: np.ndarray) -> np.ndarray:
    """(..., 3): how far hair must move sideways to lie over the ears."""
    ears = human.rest[_ears(0.3)] * [1, 1, 1]
    ears[:, 0] = np.abs(ears[:, 0])
    middle, outermost = ears.mean(0), ears[:, 0].max()
    beside = np.abs(points[..., 0])
    near = np.exp(-(((points - middle)[..., 1:] / 0.38) ** 2).sum(-1))
    missing = np.clip(outermost + 0.03 - beside, 0, None) * (beside > 0.4)
    push = np.zeros_like(points)
    push[..., 0] = np.sign(points[..., 0]) * near * missing
    return push


def _drop(human: Human, style: dict, start: np.ndarray, side: np.ndarray, rng) -> np.ndarray:
    """(n, 10, 3): strands that hang from `start` (n, 3), in locks, and lie on the shoulders."""
    count, t = len(start), np.linspace(0, 1, 10)
    length = style["drop"] * rng.uniform(0.75, 1.1, count)[:, None]
    front = np.clip((start[:, 2] - start[:, 2].mean()) / 0.25 + 0.5, 0, 1)[:, None]
    points = np.repeat(start[:, None], 10, 1)
    points[..., 0] += side[:, None] * style["flare"] * np.sin(np.pi / 2 * t)
    points[..., 1] -= length * t
    points[..., 2] += (front * 0.5 - (1 - front) * 0.25) * t
    points += _waves(rng, count, 10) * 0.25 * style["curl"]
    points = _gathered(points, LOCK, 0.6, style["curl"], rng)
    points[..., 0] = side[:, None] * np.maximum(side[:, None] * points[..., 0], BESIDE)
    return _off_body(human, points)


def _off_body(human: Human, points: np.ndarray) -> np.ndarray:
    """The same points, none of them inside the trunk or its clothes."""
    verts, _ = human.pose({})
    part = human.parts["clothes"]
    base = human.base.faces[human.base.material == 0]
    trees = [
        BVHTree.FromPolygons(of.tolist(), faces.tolist())
        for of, faces in ((verts["base"], base), (verts["clothes"], part.faces))
    ]
    flat = points.reshape(-1, 3).copy()
    for tree in trees:
        for i, point in enumerate(flat.tolist()):
            found, normal, _, _ = tree.find_nearest(point, 0.6)
            if found is None:
                continue
            away = np.array(normal) * np.sign(np.dot(normal, np.array(found) * [1, 0, 1]) or 1)
            if np.dot(np.array(point) - found, away) < 0.03:
                flat[i] = np.array(found) + away * 0.03
    return flat.reshape(points.shape)


_KINDS = {
    "crop": _crop, "combed": _combed, "tied": _tied, "bun": _bun, "tail": _tail,
    "beard": _beard, "long": _long, "fall": _fall,
}  # fmt: skip
