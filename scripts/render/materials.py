"""What people are made of, but for the skin: hair, eyes, teeth, cloth."""

from __future__ import annotations

import bpy
import mh
import numpy as np
from nodes import material

GREY_HAIR = (0.42, 0.40, 0.38)
DULLEST, BRIGHTEST = 0.55, 1.7
"""How bright locks are, times the colour of the hair."""
PUPIL = 0.036
"""Radius of the pupil in the picture, where that of the iris is about 0.11."""
IRISES_UV = (0.708, 0.703, 0), (0.291, 0.291, 0)
EYES = mh.DATA / "proxies" / "eyes" / "HighPolyEyes" / "textures"


def strands(colour: tuple, *, gloss: float, grey=0.0, uneven=False) -> bpy.types.Material:
    """Grown hair: diffuse and a weak highlight along the strand (little noise at few samples).

    `grey` is the share of strands that have lost their colour. If `uneven`, locks differ by the
    `tone` of their strands.
    """
    made, n = material("strands")
    chance = n.add("HairInfo").outputs["Random"]
    own = n.mix(n.math("LESS_THAN", chance, grey), colour, GREY_HAIR)
    own = n.times(own, n.ramp(chance, (0.0, 0.6), (1.0, 1.4)))
    if uneven:
        tone = n.ramp(n.attribute("tone"), (0.0, DULLEST / BRIGHTEST), (1.0, 1.0))
        own = n.times(n.times(own, tone), (BRIGHTEST,) * 3)
    highlight = n.add(
        "BsdfHair",
        component="Reflection",
        RoughnessU=0.28,
        RoughnessV=0.5,
        Color=[0.25 + 0.75 * c for c in colour],
    )
    mixed = n.add("MixShader", Fac=gloss)
    n.set(mixed.inputs[1], n.add("BsdfDiffuse", Color=own).outputs[0])
    n.set(mixed.inputs[2], highlight.outputs[0])
    n.surface(mixed.outputs[0])
    return made


def painted(part: mh.Part, tint: tuple, *, rough: float) -> bpy.types.Material:
    """The part's own picture in another tint."""
    made, n = material("painted")
    colour = n.times(n.image(part.texture, smooth="Cubic").outputs[0], tint)
    n.shade(Base_Color=colour, Roughness=rough, Specular_IOR_Level=0.4)
    return made


def enamel(part: mh.Part, tint: tuple) -> bpy.types.Material:
    """Teeth: the part's own picture, as bright as the mesh says by `lit`."""
    made, n = material("enamel")
    grey = n.add("RGBToBW", Color=n.image(part.texture, smooth="Cubic").outputs[0]).outputs[0]
    shine = n.attribute("lit")
    n.shade(
        Base_Color=n.times(n.times(grey, tint), shine),
        Roughness=0.28,
        Specular_IOR_Level=n.math("MULTIPLY", shine, 0.4),
    )
    return made


def eyeball(spec: dict) -> bpy.types.Material:
    """Iris with pupil and dark rim, and a white that reddens towards the corners.

    One picture holds both eyes. The mesh attribute `lit` (0 to 1) says how much light reaches each
    vertex, because the lids shade the eyeball.
    """
    made, n = material("eyeball")
    picture = n.image(EYES / f"{spec['eye_color']}_eye.png", smooth="Cubic").outputs[0]
    iris = n.add(
        "HueSaturation",
        Color=picture,
        Hue=spec.get("eye_hue", 0.5),
        Saturation=spec["eye_sat"],
        Value=spec["eye_val"],
    ).outputs[0]
    uv = n.add("UVMap").outputs[0]
    off = n.math("MINIMUM", *(n.distance(uv, middle) for middle in IRISES_UV))
    pupil = n.ramp(off, (PUPIL - 0.004, 0.03), (PUPIL + 0.004, 1.0))
    rim = n.ramp(off, (0.075, 1.0), (0.104, 0.3))
    iris = n.times(n.times(iris, pupil), rim)
    white = n.times(picture, spec.get("sclera", (1.1, 1.04, 1.0)))
    white = n.tint(n.ramp(off, (0.13, 0.0), (0.25, 1.0)), white, (0.7, 0.54, 0.5))
    outside = n.ramp(off, (0.104, 0.0), (0.120, 1.0))
    n.shade(
        Base_Color=n.times(n.mix(outside, iris, white), n.attribute("lit")),
        Roughness=0.4,
        Specular_IOR_Level=n.math("MULTIPLY", outside, 0.15),
    )
    return made


def clear(name: str, lamp: np.ndarray, *, width: float, strength: float, where=""):
    """Make a clear material with the highlight of the main lamp, in the direction `lamp` (3,).

    We paint the highlight where the mirror image of the lamp would be. A real reflection of a
    large lamp would veil what is behind it, and it would be noisy. `width` is the angle (radians)
    between the mirrored ray and the lamp at which the highlight has faded to half. `strength` is
    its brightness. `where` names an attribute of the mesh, 0 to 1, that multiplies the highlight.
    """
    made, n = material(name)
    off = n.distance(n.add("TexCoord").outputs["Reflection"], tuple(lamp))
    glint = n.math("MULTIPLY", n.ramp(off, (0.6 * width, 1.0), (1.4 * width, 0.0)), strength)
    if where:
        glint = n.math("MULTIPLY", glint, n.attribute(where))
    both = n.add("AddShader")
    n.set(both.inputs[0], n.add("BsdfTransparent").outputs[0])
    n.set(both.inputs[1], n.add("Emission", Strength=glint).outputs[0])
    n.surface(both.outputs[0])
    made.cycles.emission_sampling = "NONE"
    return made


def wet(colour: tuple) -> bpy.types.Material:
    """The moist edge of a lid."""
    made, n = material("wet")
    n.shade(Base_Color=colour, Roughness=0.16, Specular_IOR_Level=0.6)
    return made


def cloth(spec: dict, part: mh.Part) -> bpy.types.Material:
    """Woven stuff: one colour, the garment's folds, fine noise for the threads."""
    made, n = material("cloth")
    wanted = spec["cloth"]
    at = n.attribute("rest", "Vector")
    threads = n.noise(at, 900, 3, 0.7)
    folds = n.image(part.folder / "textures" / wanted["ao"], data=True, smooth="Cubic")
    colour = n.tint(0.8, n.mix(0, wanted["color"], wanted["color"]), folds.outputs[0])
    colour = n.tint(0.5, colour, n.ramp(threads, (0.3, 0.7), (0.7, 1.25)))
    normal = n.image(part.folder / "textures" / wanted["normal"], data=True, smooth="Cubic")
    waves = n.math("MULTIPLY", n.noise(at, 45, 4, 0.55), 4.0)
    relief = n.add(
        "Bump",
        Strength=0.35,
        Distance=0.0015,
        Height=n.math("ADD", n.math("MULTIPLY", threads, 0.5), waves),
        Normal=n.add("NormalMap", Color=normal.outputs[0]).outputs[0],
    )
    n.shade(
        Base_Color=colour,
        Roughness=0.85,
        Specular_IOR_Level=0.2,
        Sheen_Weight=0.25,
        Sheen_Roughness=0.5,
        Normal=relief.outputs[0],
    )
    return made
