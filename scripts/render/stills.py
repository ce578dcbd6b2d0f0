"""The stills: one person in one pose, as a picture of 512 x 512 pixels."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import camera
import catalogue
import numpy as np
from fetch import BUILD
from PIL import Image
from shots import Shot

SIDE, SAMPLES, QUALITY = 512, 16, 92
POSES = {
    "neutral": {},
    "closed": {"blink_right": 1.0, "blink_left": 1.0},
    "speaking": {"jaw": 0.3, "part": 0.4, "yaw": -8.0, "gaze_x": 7.0},
    "mouth": {"jaw": 0.7},
    "yaw20": {"yaw": 20.0, "gaze_x": -18.0},
}
WORDS = {
    "neutral": "at rest",
    "closed": "eyes closed",
    "speaking": "speaking",
    "mouth": "mouth wide open",
    "yaw20": "head turned by 20 degrees",
}
WHO = {
    "ana": "a woman with long brown hair",
    "ben": "a man with cropped hair",
    "chen": "a young man with black hair",
    "dalia": "a woman with her hair in a bun",
}
EVERY_POSE = "ana", "ben"
"""The others have the first three poses only."""


def make_all() -> None:
    """Render the stills, and write them and their entries in the catalogue.

    The older stills of Cato and Dora stay. Draw the boxes in data/clips/stills/boxes.json again
    afterwards: they belong to the older pictures.
    """
    for person, looks in WHO.items():
        poses = list(POSES) if person in EVERY_POSE else list(POSES)[:3]
        for pose, rendered in zip(poses, shoot(person, poses), strict=True):
            path = catalogue.CLIPS / "stills" / f"{rendered.stem}.jpg"
            _write(path, camera.read(rendered), _shot(person).rng(f"camera of {pose}"))
            title = f"{person.capitalize()}, {looks}, {WORDS[pose]}"
            catalogue.add(catalogue.of_still(path, title, person))
            print(f"wrote stills/{path.name}", flush=True)


def shoot(person: str, poses: Collection[str] = POSES) -> list[Path]:
    """Render one person in these poses, and return the pictures in build/render/stills."""
    from studio import places, quiet, studio

    folder = BUILD / "stills"
    folder.mkdir(parents=True, exist_ok=True)
    with quiet():
        stage = studio(_shot(person))
        stage.shoot_room(folder / f"{person}_room.png")
        for pose in poses:
            stage.act([POSES[pose]], 0.0, places(_shot(person), 0.0))
            stage.shoot(folder / f"{person}_{pose}.png", samples=SAMPLES)
    return [folder / f"{person}_{pose}.png" for pose in poses]


def _shot(person: str) -> Shot:
    return Shot(f"{person}_still", "", "", (person,), size=(SIDE, SIDE))


def _write(path: Path, picture: np.ndarray, noise: np.random.Generator) -> None:
    inside = picture[camera.MARGIN : -camera.MARGIN, camera.MARGIN : -camera.MARGIN]
    (seen,) = camera.look([inside], 1, 1, noise)
    Image.fromarray((255 * seen).round().astype(np.uint8)).save(path, quality=QUALITY)
