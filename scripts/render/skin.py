"""Skin: MakeHuman's coarse picture (512 px for a whole body) with detail made by noise.

The noise is baked once per person into two pictures: computing it for every sample is slow.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import hair
import mh
import numpy as np
from fetch import BUILD
from human import SIDES, Human
from meshes import attribute
from nodes import Nodes, Socket, material
from PIL import Image

BAKED_PX = 2048
NOT_SKIN = {
    "strands", "bearing", "light", "camera", "room", "room_shift", "room_seed", "cloth", "band",
    "rest",
}  # fmt: skip


def dress(body: bpy.types.Object, used: np.ndarray, human: Human) -> None:
    """Give the body its skin; `used` are the vertices of the base mesh it consists of."""
    for name, values in masks(human).items():
        attribute(body, name, values[used])
    own, n = material("skin")
    body.data.materials[0] = own
    colour, data = (_baked(body, n, human, what) for what in ("colour", "data"))
    n.clear()
    pictures = n.image(colour).outputs[0], n.image(data, data=True).outputs[0]
    _surface(n, human.spec, *pictures)


def live(human: Human) -> bpy.types.Material:
    """The same skin not baked, for hands: the baked pictures end at the wrist."""
    made, n = material("hand")
    _surface(n, human.spec | {"bump": 0.22}, _colour(n, human), _data(n, human))
    return made


def _surface(n: Nodes, spec: dict, colour: Socket, data: Socket) -> None:
    relief, rough, _ = n.add("SeparateColor", Color=data).outputs
    bump = n.add("Bump", Height=relief, Strength=spec.get("bump", 0.35), Distance=0.0009)
    n.shade(
        Base_Color=colour,
        Roughness=rough,
        IOR=1.42,
        Specular_IOR_Level=0.42,
        Normal=bump.outputs[0],
    )


def _baked(body: bpy.types.Object, n: Nodes, human: Human, what: str) -> Path:
    looks = {key: value for key, value in human.spec.items() if key not in NOT_SKIN}
    code = "".join(Path(module.__file__).read_text() for module in (hair, sys.modules[__name__]))
    recipe = json.dumps(looks, sort_keys=True) + code
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    path = BUILD / "skins" / f"{key}_{what}.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        n.clear()
        _bake(body, n, {"colour": _colour, "data": _data}[what](n, human), path, what == "data")
    return path


def _bake(body: bpy.types.Object, n: Nodes, value: Socket, path: Path, is_data: bool) -> None:
    picture = bpy.data.images.new("baked", BAKED_PX, BAKED_PX, alpha=False, is_data=is_data)
    n.surface(n.add("Emission", Color=value).outputs[0])
    n.tree.nodes.active = n.add("TexImage", image=picture)
    bpy.context.view_layer.update()
    body.select_set(True)
    bpy.context.view_layer.objects.active = body
    with _plain_render():
        bpy.ops.object.bake(type="EMIT", margin=6)
    body.select_set(False)
    picture.filepath_raw, picture.file_format = str(path), "PNG"
    picture.save()
    bpy.data.images.remove(picture)


@contextmanager
def _plain_render() -> Iterator[None]:
    cycles, view = bpy.context.scene.cycles, bpy.context.scene.view_settings
    kept = cycles.samples, cycles.use_denoising, view.view_transform, view.look
    cycles.samples, cycles.use_denoising = 2, False
    view.look, view.view_transform = "None", "Standard"
    yield
    cycles.samples, cycles.use_denoising, view.view_transform, view.look = kept


def _colour(n: Nodes, human: Human) -> Socket:
    spec, at = human.spec, n.attribute("rest", "Vector")
    colour = n.times(n.image(_picture(spec), smooth="Cubic").outputs[0], _gain(human))
    colour = _mottled(n, at, colour, spec)
    colour = n.tint(_share(n, "red", spec.get("blush", 0.35)), colour, (1.0, 0.62, 0.56))
    shadow = _share(n, "under_eyes", spec.get("eye_shadow", 0.35))
    colour = n.tint(shadow, colour, (0.74, 0.63, 0.62))
    if "freckles" in spec:
        groups = n.ramp(n.noise(at, 90, 2), (0.48, 0.0), (0.62, 1.0))
        spots = n.math("MULTIPLY", _spots(n, at, 230, 0.10, 0.22), groups)
        share = n.math("MULTIPLY", spots, _share(n, "freckled", spec["freckles"]))
        colour = n.tint(share, colour, (0.62, 0.42, 0.30))
    rare = n.ramp(n.noise(at, 34, 1), (0.56, 0.0), (0.60, 1.0))
    moles = n.math("MULTIPLY", _spots(n, at, 75, 0.07, 0.12), rare)
    colour = n.tint(n.math("MULTIPLY", moles, spec.get("moles", 0.6)), colour, (0.36, 0.24, 0.20))
    if "stubble" in spec:
        hairs = n.ramp(n.noise(at, 900, 2, 0.7), (0.35, 0.35), (0.65, 1.0))
        share = n.math("MULTIPLY", hairs, _share(n, "beard", spec["stubble"]))
        colour = n.tint(share, colour, spec.get("stubble_color", (0.40, 0.38, 0.40)))
    colour = n.mix(_share(n, "lids", spec.get("lid_mix", 0.55)), colour, spec["skin_tone"])
    lips = spec.get("lip", (0.92, 0.58, 0.58))
    colour = n.tint(_share(n, "lips", spec.get("lip_mix", 0.6)), colour, lips)
    colour = n.tint(n.math("MULTIPLY", _furrows(n, at, spec), 0.45), colour, (0.66, 0.52, 0.48))
    colour = n.tint(_mouth_cavity(n), colour, (0.62, 0.32, 0.3))
    scalp = spec.get("scalp_color", spec["hair_color"])
    return n.mix(_share(n, "scalp", spec.get("scalp_tint", 0.0)), colour, scalp)


def _mottled(n: Nodes, at: Socket, colour: Socket, spec: dict) -> Socket:
    """Blood over centimetres, pigment over millimetres, and grain."""
    much = spec.get("mottle", 1.0)
    blood = n.ramp(n.noise(at, 55, 4, 0.6), (0.42, 0.0), (0.72, 0.45 * much))
    colour = n.tint(blood, colour, (1.0, 0.78, 0.72))
    pigment = n.ramp(n.noise(at, 95, 3, 0.6), (0.48, 0.0), (0.75, 0.40 * much))
    colour = n.tint(pigment, colour, (0.84, 0.82, 0.78))
    coarse = n.ramp(n.noise(at, 210, 3, 0.65), (0.25, 0.80 / 1.14), (0.75, 1.0))
    colour = n.tint(0.55 * much, colour, n.times(coarse, (1.14, 1.14, 1.14)))
    grain = n.ramp(n.noise(at, 520, 2, 0.65), (0.25, 0.75 / 1.20), (0.75, 1.0))
    return n.tint(0.50, colour, n.times(grain, (1.20, 1.20, 1.20)))


def _data(n: Nodes, human: Human) -> Socket:
    """Relief and roughness, as red and green."""
    at = n.attribute("rest", "Vector")
    relief = n.math("ADD", n.math("MULTIPLY", n.cells(at, 620), 0.55), n.noise(at, 240, 5, 0.72))
    relief = n.math("ADD", relief, n.math("MULTIPLY", n.noise(at, 85, 3, 0.6), 0.7))
    furrows = n.math("MULTIPLY", _furrows(n, at, human.spec), 0.8)
    relief = n.math("MULTIPLY", n.math("SUBTRACT", relief, furrows), 0.4)
    rough = n.math("MULTIPLY", n.noise(at, 120, 3, 0.6), 0.26)
    rough = n.math("ADD", rough, 0.36)
    shine = n.math("ADD", _share(n, "lips", 0.12), _share(n, "shine", 0.09))
    rough = n.math("SUBTRACT", rough, shine)
    return n.add("CombineColor", Red=relief, Green=rough).outputs[0]


def _share(n: Nodes, mask: str, strength: float) -> Socket:
    return n.math("MULTIPLY", n.attribute(mask), strength)


def _spots(n: Nodes, at: Socket, scale: float, inner: float, outer: float) -> Socket:
    return n.ramp(n.cells(at, scale), (inner, 1.0), (outer, 0.0))


def _furrows(n: Nodes, at: Socket, spec: dict) -> Socket:
    """Thin, mostly level lines, where a noise stretched sideways crosses its mean."""
    lines = []
    for scale, width in (((9, 9, 75), 0.045), ((22, 22, 150), 0.05)):
        stretched = n.add("Mapping", Vector=at, Scale=scale).outputs[0]
        off = n.math("SUBTRACT", n.noise(stretched, 1.0, 2, 0.5), 0.5)
        lines.append(n.ramp(n.math("ABSOLUTE", off), (0.0, 1.0), (width, 0.0)))
    crease = n.math("MAXIMUM", lines[0], n.math("MULTIPLY", lines[1], 0.6))
    return n.math("MULTIPLY", crease, _share(n, "wrinkled", spec.get("wrinkles", 0.0)))


def _mouth_cavity(n: Nodes) -> Socket:
    """1 inside the mouth, which has its own corner of the uv map."""
    corner = n.add("SeparateXYZ", Vector=n.add("UVMap").outputs[0]).outputs
    right = n.math("GREATER_THAN", corner[0], 0.745)
    return n.math("MULTIPLY", right, n.math("LESS_THAN", corner[1], 0.145))


def _picture(spec: dict) -> Path:
    return mh.DATA / "skins" / spec["skin"]


def _gain(human: Human) -> np.ndarray:
    """From the picture's mean colour on cheeks and forehead to the person's skin tone."""
    pixels = np.asarray(Image.open(_picture(human.spec)).convert("RGB"))[::-1] / 255.0
    centres = np.stack([human.eye_centre[side] for side in SIDES])
    apart = np.ptp(centres[:, 0])
    spots = [*(centres + [0, -0.75 * apart, 0.1]), centres.mean(0) + [0, 0.8 * apart, 0.2]]
    srgb = np.mean([_pixel_at(human, pixels, spot) for spot in spots], 0)
    linear = np.where(srgb < 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.array(human.spec["skin_tone"]) / linear


def _pixel_at(human: Human, pixels: np.ndarray, spot: np.ndarray) -> np.ndarray:
    near = (np.abs(human.rest[: mh.BODY, :2] - spot[:2]) < 0.12).all(1)
    front = max(np.flatnonzero(near), key=lambda i: human.rest[i, 2])
    face, corner = np.argwhere(human.base.faces == front)[0]
    u, v = human.base.uv[human.base.face_uv[face, corner]]
    x, y = int(u * pixels.shape[1]), int(v * pixels.shape[0])
    return pixels[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(0)


def masks(human: Human) -> dict[str, np.ndarray]:
    """Where the skin differs: per vertex of the base mesh, 0 to 1, from the shape at rest."""
    verts = human.rest
    left, right = human.eye_centre["left"], human.eye_centre["right"]
    apart, mid = left[0] - right[0], (left + right) / 2

    def ball(centre, radius, shape=(1, 1, 1)):
        inside = (verts - centre) / (np.array(shape) * radius)
        return np.clip(1 - np.linalg.norm(inside, axis=1), 0, 1)

    def both(place, radius, shape=(1, 1, 1)):
        """About the same place beside each eye: outwards, up, forward of it."""
        mirrored = np.array(place) * [-1, 1, 1]
        return ball(left + place, radius, shape) + ball(right + mirrored, radius, shape)

    front = np.clip((verts[:, 2] - mid[2] + 0.35) / 0.3, 0, 1)
    on_ridge = (np.abs(verts[:, 0]) < 0.1) & (np.abs(verts[:, 1] - mid[1] + 0.45) < 0.35)
    nose = verts[np.argmax(np.where(on_ridge, verts[:, 2], -9))]
    cheeks = both([0.14 * apart, -0.75 * apart, 0], 0.55 * apart)
    under = np.clip(both([0, -0.28 * apart, 0.1], 0.42 * apart, (1.1, 0.55, 1)), 0, 1)
    forehead = 1.6 * ball(mid + [0, 1.05 * apart, 0.1], 1.25 * apart, (1.0, 0.55, 1))
    forehead = np.clip(forehead, 0, 1) * front
    crow_feet = both([0.52 * apart, -0.06 * apart, -0.1], 0.34 * apart)
    closing = sum(np.linalg.norm(human.units[f"blink_{side}"], axis=1) for side in SIDES)
    return {
        "red": np.clip(cheeks + ball(nose, 0.32 * apart) * 1.2, 0, 1) * front,
        "under_eyes": under,
        "freckled": np.clip(cheeks * 1.5 + ball(nose, 0.6 * apart) * 1.2 + 0.25, 0, 1) * front,
        "wrinkled": np.clip(forehead + 1.5 * crow_feet + 0.6 * under, 0, 1),
        "shine": np.clip(forehead + ball(nose, 0.5 * apart), 0, 1),
        "lids": np.clip(closing / 0.10, 0, 1),
        "beard": hair.beard_mask(human),
        "lips": hair.lip_mask(),
        "scalp": hair.scalp_mask(human),
    }
