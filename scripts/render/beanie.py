"""A knitted beanie with a turned-up cuff, and the hair under it.

Built in head space: that of the person at rest. Everything in dm.
"""

from __future__ import annotations

import bpy
import hair
import materials
import nodes
import numpy as np
from human import Human
from meshes import attribute, mesh, to_human
from shapes import Shape, Skin, grid_faces, unit

RIBS, COLUMNS = 88, 5
"""Ribs around the head, and columns of vertices in each."""
RIB_HIGH, STITCH_HIGH = 0.020, 0.048
CUFF = 0.50
"""Height of the turned-up part."""
FAR = 0.95
"""Radius that turns heights of the cuff into elevations."""
FIBRES, FIBRE_LONG = 9000, 0.035
TUCK = 0.02
"""Radians below the edge at which hair is cut."""


def beanie(human: Human, colour: tuple) -> list[bpy.types.Object]:
    """Knitting of a colour (linear RGB) and its loose fibres, to be moved with the head."""
    shape, rib, stitch = _knitted(_Skull(human))
    thing, used = mesh("beanie", *shape, _wool(colour), rest=shape[0])
    attribute(thing, "rib", rib[used])
    attribute(thing, "stitch", stitch[used])
    fibres = materials.strands(colour, gloss=0.02)
    return [thing, hair.make_curves("fibres", _fibres(shape), 0.00006, 1 / 3, fibres)]


def tuck(human: Human, strands: list[bpy.types.Object]) -> None:
    """Remove grown hair under the beanie."""
    skull = _Skull(human)
    for thing in strands:
        places = np.empty(len(thing.data.points) * 3, np.float32)
        thing.data.position_data.foreach_get("vector", places)
        places = to_human(places.reshape(len(thing.data.curves), -1, 3))
        under = skull.covers(places).any(1)
        thing.data.remove_curves(indices=np.flatnonzero(under).tolist())


class _Skull:
    """The head without ears: radius by azimuth (0 in front) and elevation about its middle."""

    azimuths, elevations = np.radians(np.arange(0, 360, 5)), np.radians(np.arange(-50, 91, 2.5))

    def __init__(self, human: Human) -> None:
        skin = Skin(human)
        eye = (human.eye_centre["left"] + human.eye_centre["right"]) / 2
        self.middle = eye * [0, 1, 1] + [0, 0.25, -1.05]
        self._radius = _even(self._reach(skin))
        ear = max(skin.above_ear(side)[1] for side in human.eye_centre)
        self._edge = self._elevation(front=eye[1] + 0.53, side=ear + 0.03, back=eye[1] - 0.05)

    def edge(self, azimuth: np.ndarray) -> np.ndarray:
        """Elevation of the beanie's lower edge."""
        return np.interp(azimuth, self.azimuths, self._edge, period=2 * np.pi)

    def radius(self, azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
        """From the middle to the skin, between the values of the table."""
        i = azimuth % (2 * np.pi) / self.azimuths[1]
        j = (elevation - self.elevations[0]) / (self.elevations[1] - self.elevations[0])
        j = np.clip(j, 0, len(self.elevations) - 1.001)
        i0, j0 = i.astype(int) % len(self.azimuths), j.astype(int)
        i1, a, b = (i0 + 1) % len(self.azimuths), i % 1, j % 1
        table = self._radius
        lower = table[i0, j0] * (1 - a) + table[i1, j0] * a
        upper = table[i0, j0 + 1] * (1 - a) + table[i1, j0 + 1] * a
        return lower * (1 - b) + upper * b

    def covers(self, points: np.ndarray) -> np.ndarray:
        """Which points are under the beanie."""
        x, y, z = np.moveaxis(points - self.middle, -1, 0)
        return np.arctan2(y, np.hypot(x, z)) > self.edge(np.arctan2(x, z)) - TUCK

    def _reach(self, skin: Skin) -> np.ndarray:
        ways = _direction(self.azimuths[:, None], self.elevations)
        hits = [[skin.hit(self.middle + 3 * way, -way) for way in row] for row in ways]
        return np.linalg.norm(np.array(hits) - self.middle, axis=-1)

    def _elevation(self, front: float, side: float, back: float) -> np.ndarray:
        """By azimuth, of a line at these heights."""
        ahead = np.cos(self.azimuths)
        line = side + (front - side) * ahead.clip(0) ** 1.5
        line += (back - side) * (-ahead).clip(0) ** 1.5
        heights = self.middle[1] + self._radius * np.sin(self.elevations)
        rows = zip(line, heights, strict=True)
        return np.array([np.interp(y, row, self.elevations) for y, row in rows])


def _direction(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """Unit vectors (..., 3)."""
    flat = np.cos(elevation)
    x, y, z = flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)
    return np.stack(np.broadcast_arrays(x, y, z), -1)


def _even(reach: np.ndarray) -> np.ndarray:
    """Without ears, and soft."""
    wide = np.pad(reach, ((4, 4), (0, 0)), mode="wrap")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(wide, 9, 0), -1)
    soft = np.minimum(reach, usual + 0.02)
    for _ in range(3):
        wide = np.pad(soft, ((1, 1), (0, 0)), mode="wrap")
        soft = (wide[:-2] + 2 * soft + wide[2:]) / 4
        wide = np.pad(soft, ((0, 0), (1, 1)), mode="edge")
        soft = (wide[:, :-2] + 2 * soft + wide[:, 2:]) / 4
    soft[:, -1] = soft[:, -1].mean()
    return soft


def _cuff() -> np.ndarray:
    """(height above the edge, distance from the skin) from the inside round to the fold's top."""
    turn = np.linspace(0, np.pi, 7)
    low = np.column_stack([0.03 - 0.03 * np.sin(turn), 0.08 - 0.065 * np.cos(turn)])
    wall = np.column_stack([np.linspace(0.08, CUFF - 0.05, 9), np.full(9, 0.145)])
    fold = np.column_stack([CUFF - 0.03 + 0.03 * np.sin(turn), 0.11 + 0.035 * np.cos(turn)])
    return np.concatenate([low, wall, fold])


def _knitted(skull: _Skull) -> tuple[Shape, np.ndarray, np.ndarray]:
    """The shape; rib and stitch, counted at every vertex."""
    count = RIBS * COLUMNS
    turn = (np.arange(count) + 0.5) / count * 2 * np.pi
    azimuth = turn + np.pi
    rib = RIB_HIGH * np.sqrt(np.abs(np.sin(azimuth * RIBS / 2)))
    edge = skull.edge(azimuth)
    rows = [(edge + height / FAR, off + rib) for height, off in _cuff()]
    rows += _crown(azimuth, edge + (CUFF - 0.02) / FAR, rib)
    verts = [
        skull.middle
        + _direction(azimuth, elevation) * (skull.radius(azimuth, elevation) + off)[:, None]
        for elevation, off in rows
    ]
    stitch = np.concatenate([elevation for elevation, _ in rows]) / STITCH_HIGH
    faces = grid_faces(len(rows), count)
    return (np.concatenate(verts), faces), np.tile(turn / (2 * np.pi) * RIBS, len(rows)), stitch


def _crown(azimuth: np.ndarray, low: np.ndarray, rib: np.ndarray) -> list[tuple]:
    """Rows of (elevation, distance from the skin) from the cuff to the top, slack and wavy."""
    wave = 0.012 * np.sin(3 * azimuth + 1) + 0.008 * np.sin(7 * azimuth)
    rows = []
    for up in np.linspace(0, 1, 20):
        elevation = low + (np.pi / 2 - 1e-3 - low) * up
        high = elevation.clip(0)
        off = 0.075 + 0.05 * np.sin(np.pi * up**0.7)
        slack = up * (1 - up) * 4 * wave + 0.24 * np.sin(high) ** 2
        rows.append((elevation, off + slack + rib * np.cos(high) ** 0.5))
    return rows


def _wool(colour: tuple) -> bpy.types.Material:
    """Columns of V-shaped stitches in relief and shade."""
    made, n = nodes.material("wool")
    leg = n.math("SUBTRACT", n.math("FRACT", n.attribute("rib")), 0.5)
    slant = n.math("MULTIPLY", n.math("ABSOLUTE", leg), -1.4)
    phase = n.math("MULTIPLY", n.math("ADD", n.attribute("stitch"), slant), 2 * np.pi)
    stitch = n.math("ADD", n.math("MULTIPLY", n.math("SINE", phase), 0.5), 0.5)
    grain = n.noise(n.attribute("rest", "Vector"), 700, 3, 0.7)
    gap = n.ramp(stitch, (0.0, 0.55), (0.6, 0.0))
    shaded = n.mix(gap, colour, [0.45 * c for c in colour])
    height = n.math("ADD", stitch, n.math("MULTIPLY", grain, 0.6))
    n.shade(
        Base_Color=n.tint(0.6, shaded, n.ramp(grain, (0.3, 0.65), (0.75, 1.3))),
        Roughness=0.95,
        Specular_IOR_Level=0.1,
        Sheen_Weight=0.12,
        Sheen_Roughness=0.6,
        Normal=n.add("Bump", Strength=0.7, Distance=0.0014, Height=height).outputs[0],
    )
    return made


def _fibres(shape: Shape) -> np.ndarray:
    """(FIBRES, 5, 3): short hairs that stand off at random."""
    rng = np.random.default_rng(3)
    verts, faces = shape
    corners = verts[faces[rng.integers(0, len(faces), FIBRES)]]
    root = (corners * rng.dirichlet(np.ones(4), FIBRES)[..., None]).sum(1)
    out = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    out = unit(out + 1e-9)
    out *= np.sign((out * (root - verts.mean(0))).sum(1))[:, None]
    aim = unit(out + rng.normal(0, 0.8, (FIBRES, 3)))[:, None]
    bend = rng.normal(0, 0.5, (FIBRES, 3))[:, None]
    length = FIBRE_LONG * rng.uniform(0.3, 1.0, (FIBRES, 1, 1))
    along = np.linspace(0, 1, 5)[:, None]
    return root[:, None] + length * along * (aim + bend * along)
