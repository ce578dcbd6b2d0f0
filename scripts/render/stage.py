"""The stage: actors, a room, light and a camera in Blender, and pictures of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy
import numpy as np
import room
from actor import Actor
from camera import MARGIN, SIZE
from human import Human, Pose
from mathutils import Vector
from meshes import add, to_blender
from nodes import Nodes

AROUND = 12
"""Pixels around what moves, for its shadow and the blur of the lens."""
WITHIN = 0.25
"""Blender cuts edges down to whole pixels, in single precision: this keeps them in place."""
FURTHER = 1.6
"""So many times further off the camera is for two people."""
SAMPLES = 3
STILL_SAMPLES = 32
"""For what is rendered once a clip: the room, and the bodies that do not move."""


class Stage:
    """People in a room; `shoot` renders what the camera sees."""

    def __init__(self, humans: list[Human], places: Sequence[tuple], size=SIZE, zoom=1.0) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.size = tuple(side + 2 * MARGIN for side in size)
        _settings(self.scene, self.size)
        self.actors = [Actor(human, at) for human, at in zip(humans, places, strict=True)]
        self.people = list(self.scene.objects)
        spec = humans[0].spec
        self.camera = _camera(self.actors, spec["camera"], self.size[1], zoom)
        self._lens = _projection(self.camera, self.size)
        lamps = room.light(spec)
        before = set(self.scene.objects)
        room.build(spec, self.camera.location.z)
        self.room = [thing for thing in self.scene.objects if thing not in before]
        self._world = _world(self.scene, lamps)

    def hold(self, what: str) -> None:
        """Put something into the first actor's hand."""
        self.actors[0].hold(what)
        self.people += self.actors[0].held.objects

    def use_threads(self, threads: int) -> None:
        """Render with so many threads."""
        self.scene.render.threads_mode, self.scene.render.threads = "FIXED", threads

    def act(self, poses: Sequence[Pose], seconds: float, places: np.ndarray) -> None:
        """Everybody takes their pose and place; what they hold moves by the time."""
        for actor, pose, at in zip(self.actors, poses, places, strict=True):
            actor.pose(pose, seconds, at)

    def shoot_room(self, path: Path) -> None:
        """Render the room without people, out of focus as the camera sees it.

        From then on, it is a backdrop: what the camera sees behind people, and no room to render.
        """
        self._show(people=False)
        self.camera.data.dof.use_dof = True
        self._render(path.with_suffix(".exr"), "OPEN_EXR", STILL_SAMPLES)
        self.camera.data.dof.use_dof = False
        self._show(people=True)
        self._backdrop = _backdrop(self._world, path.with_suffix(".exr"))
        self._show(people=False, room=False)
        self._render(path.with_suffix(".png"), "PNG", 1)
        self._show(people=True)

    def shoot(self, path: Path, *, samples=SAMPLES, box=None, shift=(0.0, 0.0)) -> None:
        """Render the people before the backdrop, which lies `shift` pixels (right, down) off.

        `box` (x0, y0, x1, y1) px renders that part of the picture only.
        """
        (right, down), (width, height) = shift, self.size
        self._backdrop.inputs["Location"].default_value = (-right / width, down / height, 0)
        render = self.scene.render
        render.use_border = render.use_crop_to_border = box is not None
        if box is not None:
            x0, y0, x1, y1 = (edge + WITHIN for edge in box)
            render.border_min_x, render.border_max_x = x0 / width, x1 / width
            top, bottom = height + 2 * WITHIN - y0, height + 2 * WITHIN - y1
            render.border_min_y, render.border_max_y = bottom / height, top / height
        self._render(path, "PNG", samples)

    def shoot_people(self, path: Path) -> None:
        """Render the people alone, the rest transparent."""
        self.scene.render.film_transparent = True
        self.scene.render.image_settings.color_mode = "RGBA"
        self.shoot(path, samples=STILL_SAMPLES)
        self.scene.render.film_transparent = False
        self.scene.render.image_settings.color_mode = "RGB"

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels (N, 2), x right, y down, of points (N, 3) m; (0, 0) is a pixel's middle."""
        homogeneous = np.concatenate([points, np.ones((len(points), 1))], 1) @ self._lens.T
        x, y = (homogeneous[:, :2] / homogeneous[:, 3:]).T
        return np.stack([1 + x, 1 - y], 1) * np.array(self.size) / 2 - 0.5

    def moving_box(self) -> tuple[int, int, int, int]:
        """The part of the picture (x0, y0, x1, y1) that differs from how it began."""
        seen = np.concatenate([self.project(to_blender(actor.moved())) for actor in self.actors])
        low = np.maximum(np.floor(seen.min(0)) - AROUND, 0)
        high = np.minimum(np.ceil(seen.max(0)) + AROUND, self.size)
        return *low.astype(int).tolist(), *high.astype(int).tolist()

    def _show(self, *, people: bool, room=None) -> None:
        room = not people if room is None else room
        for thing in self.people:
            thing.hide_render = not people
        for thing in self.room:
            thing.hide_render = not room

    def _render(self, path: Path, form: str, samples: int) -> None:
        self.scene.render.image_settings.file_format = form
        self.scene.render.image_settings.color_depth = "8" if form == "PNG" else "16"
        self.scene.cycles.samples = samples
        self.scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)


def _settings(scene: bpy.types.Scene, size: tuple[int, int]) -> None:
    render, cycles = scene.render, scene.cycles
    render.engine, cycles.device = "CYCLES", "CPU"
    render.use_persistent_data = True
    render.resolution_x, render.resolution_y = size
    render.image_settings.color_mode = "RGB"
    cycles.seed = 0
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.03
    cycles.adaptive_min_samples = 3
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter, cycles.denoising_quality = "FAST", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 0, 0
    cycles.transmission_bounces, cycles.transparent_max_bounces = 2, 24
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    cycles.use_light_tree = False
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"


def _camera(actors: list[Actor], look: dict, height: int, zoom: float) -> bpy.types.Object:
    """`lens` mm for 480 pixels in 36 mm, `dist` m from the eyes; `x`, `z` m shift what it looks
    at to the right and up."""
    back = look["dist"] * (1 if len(actors) == 1 else FURTHER)
    lens = bpy.data.cameras.new("camera")
    lens.lens, lens.sensor_fit = zoom * look["lens"], "VERTICAL"
    lens.sensor_height = 36 * height / SIZE[1]
    lens.dof.focus_distance = back
    lens.dof.aperture_fstop = look.get("fstop", 2.8)
    eyes = [actor.at + centre for actor in actors for centre in actor.human.eye_centre.values()]
    x, y, z = to_blender(np.mean(eyes, 0))
    made = add("camera", lens)
    made.location = (x + 0.02, y - back, z - 0.005)
    target = Vector((x + look.get("x", 0), 0, z - 0.04 + look.get("z", 0)))
    made.rotation_euler = (target - made.location).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.camera = made
    return made


def _projection(camera: bpy.types.Object, size: tuple[int, int]) -> np.ndarray:
    """(4, 4) from the room's metres to the picture's -1 to 1."""
    bpy.context.view_layer.update()
    now = bpy.context.evaluated_depsgraph_get()
    flat = camera.calc_matrix_camera(now, x=size[0], y=size[1])
    return np.array(flat @ camera.matrix_world.inverted())


def _world(scene: bpy.types.Scene, light: dict):
    scene.world = bpy.data.worlds.new("world")
    n = Nodes(scene.world)
    scene.world.cycles.sampling_method = "MANUAL"  # or it is searched for bright spots every frame
    scene.world.cycles.sample_map_resolution = 4
    ambient = n.add("Background", Color=light["fill"], Strength=light["ambient"])
    n.surface(ambient.outputs[0])
    return n, ambient


def _backdrop(world: tuple[Nodes, bpy.types.Node], path: Path) -> bpy.types.Node:
    """Show a picture to the camera in place of the world; gives the node that shifts it."""
    n, ambient = world
    shift = n.add("Mapping", Vector=n.add("TexCoord").outputs["Window"])
    picture = n.image(path)
    picture.extension = "EXTEND"
    n.set(picture.inputs[0], shift.outputs[0])
    seen = n.add("Background", Color=picture.outputs[0])
    mixed = n.add("MixShader", Fac=n.add("LightPath").outputs["Is Camera Ray"])
    n.set(mixed.inputs[1], ambient.outputs[0])
    n.set(mixed.inputs[2], seen.outputs[0])
    n.surface(mixed.outputs[0])
    return shift
