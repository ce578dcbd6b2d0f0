"""Who is rendered. Every number is a made-up choice: these people do not exist.

Shape, from MakeHuman's targets (mh.py, human.py):
    male, old, muscle, weight   0 to 1; 0 is a young adult for `old`
    race                        shares; the largest chooses how the expressions look
    targets                     weights of further targets
    rest                        units of human.UNITS in every pose: open lids, a friendly face
    lopsided                    share by which the left side of the face does more, the right side
                                less, in a smile, a wide mouth and raised brows (below 0: reversed)
    proxies                     eyes, brows, teeth, tongue, clothes

Skin (skin.py); "tint" is a factor for red, green and blue, all else how strong something is:
    skin                        picture of a whole body
    skin_tone                   linear RGB of cheeks and forehead: the picture is scaled to it
    mottle                      uneven blood and pigment
    blush, eye_shadow           red on cheeks and nose; dark under the eyes
    freckles, moles, wrinkles
    stubble, stubble_color      shaven hairs where a beard would grow; their tint
    lid_mix                     skin tone painted over the lids
    lip, lip_mix                tint of the lips; how much of it
    scalp_color, scalp_tint     linear RGB under the hair, by default that of the hair; how much
    bump                        relief

Eyes and hair (materials.py, actor.py), linear RGB:
    eye_color                   picture of the iris
    eye_hue, eye_sat, eye_val   change its hue (0.5: not), saturation and brightness
    sclera                      tint of the white
    brow_color, brow_grey       by default the colour of the hair; share of grey hairs
    brow_dense                  how dense the brows are, 1 as a rule
    lash_color, lash_length, lash_curl      length 1 as a rule; curl 0 (straight) to 1
    wet                         the wet edge of the lower lid
    hair_color                  of all hair
    hair_gloss                  highlight of strands
    strands                     styles of grown hair: see hair.py

Worn (materials.py, actor.py):
    cloth                       linear RGB, and pictures of the garment's folds
    band                        linear RGB of a ribbed band at the neck
    glasses                     there or not
    cover                       linear RGB of a beanie

Place (motion.py, room.py, stage.py):
    bearing                     yaw, pitch and roll (degrees) at which the head is carried
    room, room_shift, room_seed     a key of room.LIGHT; metres to the right; chance
    light                           what differs from room.LIGHT
    camera                          lens (mm) and dist (m) for a face about 255 px high; x, z (m)
                                    shift what it looks at; fstop of the room
"""

from __future__ import annotations


def _proxies(brows: str, teeth: str, clothes: str) -> dict[str, str]:
    """By kind; eyes and tongue are everybody's."""
    same = {"eyes": "HighPolyEyes", "tongue": "tongue01"}
    return same | {"brows": brows, "teeth": teeth, "clothes": clothes}


def _cloth(name: str, colour: tuple[float, float, float]) -> dict:
    return {"color": colour, "ao": f"{name}_ao.png", "normal": f"{name}_normal.png"}


PEOPLE = {
    # Ana, a woman of about 28: long dark brown hair, light skin with freckles, green eyes
    "ana": {
        "male": 0.06, "old": 0.08, "race": {"caucasian": 0.7, "asian": 0.2, "african": 0.1},
        "muscle": 0.45, "weight": 0.48,
        "targets": {
            "torso/torso-scale-horiz-incr": 0.1,
            "head/head-oval": 0.5, "nose/nose-scale-vert-decr": 0.2, "chin/chin-width-decr": 0.3,
            "nose/nose-point-up": 0.2, "mouth/mouth-scale-horiz-incr": 0.15,
            "asym/asym-nose-1-l": 0.2, "asym/asym-jaw-1-r": 0.15, "asym/asym-eye-2-l": 0.2,
            "eyes/l-eye-push1-out": 0.35, "eyes/r-eye-push1-out": 0.35,
            "eyes/l-eye-push2-out": 0.2, "eyes/r-eye-push2-out": 0.2,
        },
        "rest": {
            "smile": 0.22, "brow_up": 0.1, "brow_in": 0.08, "open_left": 0.1, "open_right": 0.12,
        },
        "lopsided": 0.12,
        "proxies": _proxies(
            "eyebrow001", "Teeth_Base", "male_casualsuit04",
        ),
        "skin": "young_caucasian_female/textures/young_lightskinned_female_diffuse.png",
        "skin_tone": (0.6, 0.385, 0.28), "mottle": 0.7, "freckles": 0.45, "blush": 0.45,
        "eye_shadow": 0.15, "lid_mix": 0.6, "lip": (0.9, 0.66, 0.66),
        "eye_color": "green", "eye_sat": 0.5, "eye_val": 1.0,
        "brow_color": (0.06, 0.036, 0.022), "lash_curl": 0.55,
        "hair_color": (0.085, 0.045, 0.025), "hair_gloss": 0.35, "scalp_tint": 1.0,
        "scalp_color": (0.06, 0.034, 0.022),
        "strands": [
            {
                "kind": "long", "n": 14000, "part": 0.06, "volume": 0.13, "mess": 0.1,
                "drop": 2.1, "flare": 0.22, "curl": 0.14, "radius": 0.00016, "taper": 0.9,
            },
            {
                "kind": "fall", "n": 8000, "part": 0.06, "volume": 0.13, "mess": 0.1,
                "drop": 2.1, "flare": 0.22, "curl": 0.14, "radius": 0.00021, "taper": 0.6,
            },
        ],
        "cloth": _cloth("male_casualsuit04", (0.3, 0.1, 0.11)),
        "band": (0.25, 0.08, 0.09),
        "bearing": (4, 1, -2),
        "room": "window", "light": {"side": -1},
        "camera": {"lens": 86, "dist": 0.74, "fstop": 2.8},
    },
    # Ben, a man of about 35: cropped black hair, dark skin
    "ben": {
        "male": 0.95, "old": 0.3, "race": {"african": 0.75, "caucasian": 0.25},
        "muscle": 0.55, "weight": 0.58,
        "targets": {
            "torso/torso-scale-horiz-decr": 0.7,
            "head/head-square": 0.4, "chin/chin-width-incr": 0.2, "nose/nose-width2-incr": 0.2,
            "mouth/mouth-lowerlip-volume-incr": 0.1, "asym/asym-nose-1-r": 0.25,
            "asym/asym-jaw-2-l": 0.2, "asym/asym-eye-3-r": 0.2,
            "eyes/l-eye-push1-out": 0.2, "eyes/r-eye-push1-out": 0.2,
            "eyes/l-eye-push2-out": 0.1, "eyes/r-eye-push2-out": 0.1,
        },
        "rest": {"smile": 0.18, "brow_up": 0.15, "open_left": 0.38, "open_right": 0.34},
        "lopsided": -0.1,
        "proxies": _proxies("eyebrow009", "Teeth_Shape01", "male_casualsuit01"),
        "skin": "middleage_african_male/textures/middleage_darkskinned_male_diffuse.png",
        "skin_tone": (0.125, 0.064, 0.04), "stubble": 0.6, "blush": 0.15, "mottle": 0.8,
        "lip": (0.95, 0.66, 0.62),
        "eye_color": "brown", "eye_hue": 0.53, "eye_sat": 0.8, "eye_val": 0.75,
        "sclera": (0.82, 0.72, 0.64), "lash_length": 0.85, "lash_curl": 0.4,
        "wet": (0.2, 0.085, 0.075),
        "hair_color": (0.01, 0.008, 0.007), "hair_gloss": 0.08, "scalp_tint": 0.7,
        "strands": [
            {
                "kind": "crop", "n": 12000, "length": 0.11, "fade": 0.45, "lift": 1.0, "lay": 0.25,
                "mess": 0.35, "curl": 0.16, "radius": 0.00024, "taper": 0.6,
            },
        ],
        "cloth": _cloth("male_casualsuit01", (0.42, 0.44, 0.47)),
        "bearing": (-5, -1, 1.5),
        "room": "office", "light": {"side": 1, "gain": 1.55, "rim_gain": 1.0},
        "camera": {"lens": 85, "dist": 0.74, "x": 0.01},
    },
    # Chen, a man of about 25: black side-parted hair, light to medium skin
    "chen": {
        "male": 0.92, "old": 0.1, "race": {"asian": 0.9, "caucasian": 0.1},
        "muscle": 0.45, "weight": 0.5,
        "targets": {
            "torso/torso-scale-horiz-incr": 0.15,
            "head/head-oval": 0.4, "chin/chin-jaw-drop-decr": 0.2,
            "eyebrows/eyebrows-angle-up": 0.2, "eyebrows/eyebrows-trans-up": 0.3,
            "asym/asym-jaw-3-r": 0.15, "asym/asym-eye-5-l": 0.2, "asym/asym-nose-2-r": 0.2,
            "mouth/mouth-scale-horiz-incr": 0.15,
            "eyes/l-eye-push1-out": 0.5, "eyes/r-eye-push1-out": 0.5,
            "eyes/l-eye-push2-out": 0.4, "eyes/r-eye-push2-out": 0.4,
            "eyes/l-eye-corner1-down": 0.5, "eyes/r-eye-corner1-down": 0.5,
        },
        "rest": {
            "smile": 0.2, "brow_up": 0.2, "brow_in": 0.1, "open_left": 0.3, "open_right": 0.42,
        },
        "lopsided": 0.14,
        "proxies": _proxies("eyebrow012", "Teeth_Shape02", "male_casualsuit06"),
        "skin": "young_asian_male/textures/young_lightskinned_male_diffuse3.png",
        "skin_tone": (0.52, 0.33, 0.215), "stubble": 0.25, "blush": 0.15, "lid_mix": 0.6,
        "eye_shadow": 0.25, "lip_mix": 0.3, "mottle": 0.7, "lip": (0.92, 0.76, 0.74),
        "eye_color": "brown", "eye_hue": 0.53, "eye_sat": 0.7, "eye_val": 1.0,
        "brow_color": (0.02, 0.015, 0.012), "lash_length": 0.75, "lash_curl": 0.15,
        "hair_color": (0.016, 0.012, 0.01), "hair_gloss": 0.25, "scalp_tint": 0.85,
        "strands": [
            {
                "kind": "combed", "n": 16000, "length": 0.3, "fade": 0.15, "comb": (-0.7, 0, 0.8),
                "volume": 0.16, "mess": 0.25, "curl": 0.03, "radius": 0.00018, "taper": 0.5,
            },
        ],
        "cloth": _cloth("male_casualsuit06", (0.035, 0.055, 0.09)),
        "band": (0.03, 0.046, 0.075),
        "bearing": (3, 2, 3),
        "room": "lamp", "light": {"side": 1},
        "camera": {"lens": 85, "dist": 0.74, "x": -0.015, "z": 0.005},
    },
    # Dalia, a woman of about 40: hair in a bun, brown skin
    "dalia": {
        "male": 0.05, "old": 0.4, "race": {"african": 0.45, "caucasian": 0.55},
        "muscle": 0.4, "weight": 0.62,
        "targets": {
            "torso/torso-scale-horiz-incr": 0.2,
            "head/head-round": 0.4, "cheek/l-cheek-volume-incr": 0.2,
            "cheek/r-cheek-volume-incr": 0.2, "nose/nose-width1-incr": 0.15,
            "mouth/mouth-upperlip-volume-incr": 0.15, "asym/asym-jaw-1-l": 0.2,
            "asym/asym-eye-4-r": 0.2,
            "eyes/l-eye-push1-out": 0.3, "eyes/r-eye-push1-out": 0.3,
            "eyes/l-eye-push2-out": 0.15, "eyes/r-eye-push2-out": 0.15,
        },
        "rest": {
            "smile": 0.22, "brow_up": 0.12, "brow_in": 0.1, "open_left": 0.14, "open_right": 0.1,
        },
        "lopsided": -0.12,
        "proxies": _proxies("eyebrow001", "Teeth_Base", "female_elegantsuit01"),
        "skin": "middleage_asian_female/textures/middleage_lightskinned_female_diffuse2.png",
        "skin_tone": (0.215, 0.118, 0.075), "blush": 0.2, "eye_shadow": 0.2, "lid_mix": 0.5,
        "lip": (0.88, 0.58, 0.58), "wrinkles": 0.15,
        "eye_color": "brown", "eye_hue": 0.53, "eye_sat": 0.75, "eye_val": 0.85,
        "sclera": (0.85, 0.76, 0.69), "brow_color": (0.03, 0.02, 0.015), "lash_curl": 0.5,
        "wet": (0.32, 0.14, 0.12),
        "hair_color": (0.022, 0.014, 0.01), "hair_gloss": 0.25, "scalp_tint": 0.85,
        "strands": [
            {
                "kind": "tied", "n": 16000, "volume": 0.09, "spread": 0.0, "knot": (0, -0.2, -1.8),
                "fly": 0.02, "radius": 0.00018, "taper": 0.6,
            },
            {"kind": "bun", "n": 2500, "size": 0.42, "knot": (0, -0.25, -2.1), "radius": 0.00016},
        ],
        "cloth": _cloth("female_elegantsuit01", (0.05, 0.17, 0.14)),
        "bearing": (-4, 0, -2.5),
        "room": "window", "room_shift": 0.5, "room_seed": 5, "light": {"side": 1, "gain": 1.1},
        "camera": {"lens": 85, "dist": 0.74, "x": 0.015},
    },
    # Elsa, a woman of about 68: short grey hair, light rosy skin with wrinkles
    "elsa": {
        "male": 0.08, "old": 0.92, "race": {"caucasian": 0.95, "asian": 0.05},
        "muscle": 0.35, "weight": 0.58,
        "targets": {
            "torso/torso-scale-horiz-decr": 0.3,
            "head/head-oval": 0.3, "head/head-age-incr": 0.25, "nose/nose-point-down": 0.2,
            "chin/chin-width-decr": 0.2, "asym/asym-eye-1-r": 0.25, "asym/asym-mouth-1-l": 0.2,
            "asym/asym-jaw-2-r": 0.2,
            "eyes/l-eye-push1-out": 0.3, "eyes/r-eye-push1-out": 0.3,
            "eyes/l-eye-push2-out": 0.2, "eyes/r-eye-push2-out": 0.2,
        },
        "rest": {
            "smile": 0.24, "brow_up": 0.12, "brow_in": 0.1, "open_left": 0.2, "open_right": 0.22,
        },
        "lopsided": 0.1,
        "proxies": _proxies("eyebrow008", "Teeth_Shape04", "male_casualsuit03"),
        "skin": "old_caucasian_female/textures/old_lightskinned_female_diffuse.png",
        "skin_tone": (0.6, 0.4, 0.315), "wrinkles": 0.9, "bump": 0.5, "mottle": 1.0, "moles": 0.8,
        "freckles": 0.2, "blush": 0.45, "eye_shadow": 0.4, "lip": (0.85, 0.58, 0.58),
        "eye_color": "blue", "eye_sat": 0.45, "eye_val": 1.0,
        "sclera": (1.05, 0.97, 0.9), "brow_color": (0.19, 0.165, 0.14), "brow_dense": 1.1,
        "lash_color": (0.06, 0.05, 0.045), "lash_length": 0.8, "lash_curl": 0.3,
        "hair_color": (0.2, 0.19, 0.18), "hair_gloss": 0.3, "scalp_tint": 0.6,
        "strands": [
            {
                "kind": "long", "n": 11000, "part": -0.3, "volume": 0.2, "mess": 0.12, "grey": 0.45,
                "drop": 0.5, "flare": 0.02, "curl": 0.025, "radius": 0.00015, "taper": 0.9,
            },
            {
                "kind": "fall", "n": 7000, "part": -0.3, "volume": 0.2, "mess": 0.12, "grey": 0.45,
                "drop": 0.5, "flare": 0.02, "curl": 0.025, "radius": 0.00016, "taper": 0.5,
            },
        ],
        "cloth": _cloth("male_casualsuit03", (0.16, 0.12, 0.26)),
        "bearing": (6, 1, 2),
        "room": "lamp", "room_shift": -0.4, "room_seed": 9, "light": {"side": -1, "gain": 0.95},
        "camera": {"lens": 84, "dist": 0.74, "z": 0.008},
    },
    # Frank, a man of about 60: balding, short grey beard and glasses, light to medium skin
    "frank": {
        "male": 0.97, "old": 0.8, "race": {"caucasian": 0.9, "african": 0.1},
        "muscle": 0.45, "weight": 0.68,
        "targets": {
            "torso/torso-scale-horiz-decr": 0.6,
            "head/head-rectangular": 0.35, "nose/nose-hump-incr": 0.25,
            "nose/nose-scale-horiz-incr": 0.15, "asym/asym-nose-3-r": 0.25,
            "asym/asym-eye-6-l": 0.2, "asym/asym-jaw-1-l": 0.25,
            "eyes/l-eye-push1-out": 0.3, "eyes/r-eye-push1-out": 0.3,
            "eyes/l-eye-push2-out": 0.15, "eyes/r-eye-push2-out": 0.15,
        },
        "rest": {
            "smile": 0.2, "brow_up": 0.35, "open_left": 0.35, "open_right": 0.3, "brow_in": 0.1,
        },
        "lopsided": -0.15,
        "proxies": _proxies("eyebrow012", "Teeth_Shape05", "male_casualsuit05"),
        "skin": "old_caucasian_male/textures/old_lightskinned_male_diffuse.png",
        "skin_tone": (0.49, 0.305, 0.22), "wrinkles": 0.75, "bump": 0.5, "mottle": 1.3,
        "moles": 0.8, "blush": 0.55, "eye_shadow": 0.2, "stubble": 0.45,
        "stubble_color": (0.62, 0.6, 0.6),
        "eye_color": "grey", "eye_sat": 0.5, "eye_val": 0.95,
        "sclera": (1.0, 0.92, 0.85), "brow_color": (0.15, 0.135, 0.12), "brow_dense": 1.1,
        "lash_color": (0.08, 0.07, 0.06), "lash_length": 0.75, "lash_curl": 0.2,
        "hair_color": (0.17, 0.155, 0.14), "hair_gloss": 0.15,
        "strands": [
            {
                "kind": "combed", "n": 7000, "length": 0.22, "fade": 0.8, "bald": 0.85,
                "comb": (0, -0.4, -1), "volume": 0.06, "mess": 0.3, "grey": 0.5, "radius": 0.0002,
                "taper": 0.5,
            },
            {
                "kind": "beard", "n": 7000, "length": 0.065, "grey": 0.6, "radius": 0.00019,
                "taper": 0.5,
            },
        ],
        "cloth": _cloth("male_casualsuit05", (0.22, 0.2, 0.15)), "glasses": True,
        "bearing": (-3, 3, -1.5),
        "room": "office", "room_shift": 0.6, "light": {"side": -1},
        "camera": {"lens": 85, "dist": 0.74, "x": -0.01},
    },
    # Gita, a woman of about 20: black hair tied to a ponytail, medium brown skin
    "gita": {
        "male": 0.03, "old": 0.02, "race": {"caucasian": 0.6, "asian": 0.2, "african": 0.2},
        "muscle": 0.42, "weight": 0.45,
        "targets": {
            "torso/torso-scale-horiz-decr": 0.05,
            "head/head-invertedtriangular": 0.3, "nose/nose-hump-incr": 0.12,
            "mouth/mouth-upperlip-volume-incr": 0.2, "mouth/mouth-lowerlip-volume-incr": 0.2,
            "eyes/l-eye-scale-incr": 0.25, "eyes/r-eye-scale-incr": 0.25, "asym/asym-eye-7-r": 0.2,
            "asym/asym-mouth-2-r": 0.2, "asym/asym-nose-1-l": 0.2,
            "eyes/l-eye-push1-out": 0.2, "eyes/r-eye-push1-out": 0.2,
            "eyes/l-eye-push2-out": 0.15, "eyes/r-eye-push2-out": 0.15,
        },
        "rest": {"smile": 0.24, "brow_up": 0.1, "brow_in": 0.2},
        "lopsided": 0.12,
        "proxies": _proxies("eyebrow011", "Teeth_Base", "male_casualsuit04"),
        "skin": "young_asian_female/textures/young_lightskinned_female_diffuse3.png",
        "skin_tone": (0.31, 0.178, 0.112), "moles": 0.15, "blush": 0.25, "eye_shadow": 0.3,
        "lid_mix": 0.5, "lip": (0.88, 0.6, 0.6),
        "eye_color": "brown", "eye_hue": 0.53, "eye_sat": 0.7, "eye_val": 0.85,
        "sclera": (0.93, 0.86, 0.8), "brow_color": (0.018, 0.013, 0.01), "lash_curl": 0.6,
        "wet": (0.36, 0.16, 0.14),
        "hair_color": (0.018, 0.012, 0.009), "hair_gloss": 0.3, "scalp_tint": 0.8,
        "scalp_color": (0.02, 0.015, 0.012),
        "strands": [
            {
                "kind": "tied", "n": 16000, "volume": 0.09, "part": 0.0, "spread": 0.6, "fly": 0.02,
                "knot": (0.35, -0.25, -1.75), "radius": 0.00018, "taper": 0.6,
            },
            {
                "kind": "tail", "n": 3000, "width": 0.19, "drop": 2.2, "curl": 0.09,
                "knot": (0.35, -0.25, -1.75), "radius": 0.0002,
            },
        ],
        "cloth": _cloth("male_casualsuit04", (0.55, 0.36, 0.07)),
        "band": (0.47, 0.3, 0.055),
        "bearing": (-6, 0, 2.5),
        "room": "evening", "light": {"side": -1, "gain": 1.75},
        "camera": {"lens": 86, "dist": 0.74, "x": 0.01, "z": 0.005},
    },
    # Hugo, a man of about 45: wavy dark hair combed back, short boxed beard, olive skin
    "hugo": {
        "male": 0.98, "old": 0.5, "race": {"caucasian": 0.8, "african": 0.2},
        "muscle": 0.6, "weight": 0.62,
        "targets": {
            "torso/torso-scale-horiz-decr": 0.6,
            "head/head-square": 0.25, "nose/nose-hump-incr": 0.3, "nose/nose-scale-vert-incr": 0.2,
            "eyebrows/eyebrows-trans-up": 0.2, "asym/asym-nose-4-l": 0.25, "asym/asym-eye-8-r": 0.2,
            "asym/asym-brown-1-l": 0.2, "asym/asym-jaw-3-l": 0.2,
            "eyes/l-eye-push1-out": 0.25, "eyes/r-eye-push1-out": 0.25,
            "eyes/l-eye-push2-out": 0.1, "eyes/r-eye-push2-out": 0.1,
        },
        "rest": {
            "smile": 0.17, "brow_up": 0.25, "open_left": 0.38, "open_right": 0.42, "brow_in": 0.1,
        },
        "lopsided": 0.1,
        "proxies": _proxies("eyebrow012", "Teeth_Shape01", "male_worksuit01"),
        "skin": "middleage_caucasian_male/textures/middleage_lightskinned_male_diffuse.png",
        "skin_tone": (0.4, 0.245, 0.162), "wrinkles": 0.35, "blush": 0.35, "eye_shadow": 0.4,
        "stubble": 0.75, "stubble_color": (0.3, 0.27, 0.26),
        "eye_color": "brownlight", "eye_sat": 0.65, "eye_val": 0.85,
        "sclera": (1.0, 0.92, 0.86), "brow_color": (0.025, 0.018, 0.014), "lash_length": 0.8,
        "lash_curl": 0.25,
        "hair_color": (0.03, 0.02, 0.014), "hair_gloss": 0.25, "scalp_tint": 0.8,
        "scalp_color": (0.03, 0.022, 0.017),
        "strands": [
            {
                "kind": "combed", "n": 16000, "length": 0.42, "fade": 0.25, "comb": (0.25, 0.3, -1),
                "volume": 0.12, "mess": 0.16, "curl": 0.04, "grey": 0.02, "radius": 0.00018,
                "taper": 0.5,
            },
            {
                "kind": "beard", "n": 6500, "length": 0.07, "grey": 0.12, "radius": 0.00019,
                "taper": 0.5,
            },
        ],
        "cloth": _cloth("male_worksuit01", (0.2, 0.22, 0.13)),
        "bearing": (5, -1, -2),
        "room": "evening", "room_shift": -0.9, "room_seed": 4, "light": {"side": 1, "gain": 1.5},
        "camera": {"lens": 84, "dist": 0.74, "z": 0.005},
    },
    # Imani, a woman of about 33: beanie over cropped hair, very dark skin
    "imani": {
        "male": 0.04, "old": 0.22, "race": {"african": 0.9, "caucasian": 0.1},
        "muscle": 0.5, "weight": 0.52,
        "targets": {
            "torso/torso-scale-horiz-decr": 0.3,
            "head/head-diamond": 0.25, "cheek/l-cheek-bones-incr": 0.3,
            "cheek/r-cheek-bones-incr": 0.3, "nose/nose-width3-decr": 0.2, "asym/asym-jaw-2-r": 0.2,
            "asym/asym-eye-2-r": 0.2, "asym/asym-nose-2-l": 0.2,
            "eyes/l-eye-push1-out": 0.25, "eyes/r-eye-push1-out": 0.25,
            "eyes/l-eye-push2-out": 0.15, "eyes/r-eye-push2-out": 0.15,
        },
        "rest": {
            "smile": 0.22, "brow_up": 0.1, "brow_in": 0.05, "open_left": 0.05, "open_right": 0.08,
        },
        "lopsided": -0.12,
        "proxies": _proxies("eyebrow001", "Teeth_Shape01", "male_casualsuit06"),
        "skin": "young_african_female/textures/young_darkskinned_female_diffuse.png",
        "skin_tone": (0.075, 0.04, 0.027), "blush": 0.15, "mottle": 0.8, "lid_mix": 0.5,
        "lip": (0.92, 0.62, 0.6),
        "eye_color": "brown", "eye_hue": 0.53, "eye_sat": 0.75, "eye_val": 0.75,
        "sclera": (0.8, 0.71, 0.64), "brow_color": (0.014, 0.01, 0.008), "brow_dense": 0.75,
        "lash_curl": 0.55, "wet": (0.15, 0.06, 0.055),
        "hair_color": (0.01, 0.008, 0.007), "hair_gloss": 0.04, "scalp_tint": 0.8,
        "strands": [
            {
                "kind": "crop", "n": 14000, "length": 0.035, "fade": 0.8, "lift": 0.4, "lay": 0.6,
                "mess": 0.3, "curl": 0.16, "radius": 0.00024, "taper": 0.6,
            },
        ],
        "cloth": _cloth("male_casualsuit06", (0.45, 0.16, 0.05)), "cover": (0.36, 0.17, 0.035),
        "band": (0.38, 0.13, 0.04),
        "bearing": (-4, 1, -3),
        "room": "window", "room_shift": 1.0, "room_seed": 2,
        "light": {"side": -1, "gain": 1.35, "fill_gain": 0.9},
        "camera": {"lens": 85, "dist": 0.74, "x": -0.01},
    },
}  # fmt: skip
