"""What is true in every frame: from the motion and the posed shapes, never from pixels.

`framewise.samples.load_truth` reads what is written here and tells what each key means.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from actor import Actor
from camera import MARGIN
from mathutils import Vector
from meshes import to_blender
from motion import Motion
from places import PLACES, iris_centres
from stage import Stage

NAMES = [f"{place}_{i}" for place, vertices in PLACES.items() for i in range(len(vertices))]
NAMES += ["right_iris", "left_iris"]
IN_FRONT = np.array([0.006] * (len(NAMES) - 2) + [0.002] * 2)
"""Metres: a point is hidden by what is nearer to the camera by more than this."""


def see(stage: Stage, actor: Actor) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 2) of the named points in the rendered picture, and which are hidden (N,)."""
    bpy.context.view_layer.update()
    now = bpy.context.evaluated_depsgraph_get()
    where = _points(actor, now)
    eye = np.array(stage.camera.matrix_world.translation)
    towards = where - eye
    far = np.linalg.norm(towards, axis=1)
    hidden = [
        stage.scene.ray_cast(now, Vector(eye), Vector(ray / d), distance=d - margin)[0]
        for ray, d, margin in zip(towards, far, IN_FRONT, strict=True)
    ]
    return stage.project(where), np.array(hidden)


def _points(actor: Actor, now: bpy.types.Depsgraph) -> np.ndarray:
    """(N, 3) m: every named point as it is rendered, on the smoothed skin."""
    _, body, used = actor.soft[0]
    smooth = body.evaluated_get(now).data.vertices
    wanted = np.searchsorted(used, [v for vertices in PLACES.values() for v in vertices])
    irises = to_blender(iris_centres(actor.verts["eyes"]) + actor.at)
    return np.concatenate([[smooth[int(i)].co for i in wanted], irises])


def of_person(motion: Motion, seen: np.ndarray, hidden: np.ndarray, offset, size) -> dict:
    """Return all that is known of a person, by name.

    `seen` (T, N, 2) px are the named points as rendered; `hidden` (T, N) says which are covered.
    `offset` (T, 2) px is how far each picture was moved later. `size` is (width, height) in px.
    """

    def track(*names: str) -> np.ndarray:
        values = [[pose.get(name, 0.0) for name in names] for pose in motion.poses]
        return np.array(values, np.float32)

    points = seen + offset[:, None] - MARGIN
    outside = ((points < -0.5) | (points >= np.array(size) - 0.5)).any(2)  # 0: a pixel's middle
    return {
        "closure": track("blink_right", "blink_left"),
        "pose": track("yaw", "pitch", "roll"),
        "gaze": track("gaze_x", "gaze_y"),
        "jaw": track("jaw")[:, 0],
        "blinks": motion.blinks,
        "partial": motion.partial,
        "points": np.round(points * 32).astype(np.int16),
        "hidden": hidden | outside,
        "box": np.concatenate([points.min(1), points.max(1)], 1).astype(np.float32),
    }


def write(path: Path, people: list[dict], phonemes: list[list[str]]) -> None:
    """One compressed file a clip; the keys of person n begin with `n/`."""
    keys = {"names": np.array(NAMES)}
    for n, (person, spoken) in enumerate(zip(people, phonemes, strict=True)):
        keys |= {f"{n}/{key}": value for key, value in person.items()}
        keys[f"{n}/phoneme"] = np.array(spoken)
    np.savez_compressed(path, **keys)
