"""Shader nodes in few words: a material, and the nodes that its colours are made of."""

from __future__ import annotations

from pathlib import Path

import bpy

Socket = bpy.types.NodeSocket


class Nodes:
    """Adds nodes to one material or world, each call giving an output socket or a node."""

    def __init__(self, owner: bpy.types.Material | bpy.types.World) -> None:
        owner.use_nodes = True
        self.tree = owner.node_tree
        world = isinstance(owner, bpy.types.World)
        self._output_kind = "OutputWorld" if world else "OutputMaterial"
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.tree.nodes.clear()
        self._output = self.add(self._output_kind)

    def add(self, kind: str, **settings) -> bpy.types.Node:
        """A node: settings are properties, or inputs by their names."""
        node = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in settings.items():
            if name in node.inputs:
                self.set(node.inputs[name], value)
            else:
                setattr(node, name, value)
        return node

    def set(self, socket: Socket, value) -> None:
        """Link a socket, or give it a number or a colour (RGB)."""
        if isinstance(value, Socket):
            self.tree.links.new(value, socket)
        elif socket.type == "RGBA":
            socket.default_value = (*tuple(value)[:3], 1)
        else:
            socket.default_value = value

    def math(self, operation: str, a, b=0.0) -> Socket:
        """A sum, product or comparison of two values, e.g. 'MULTIPLY'."""
        node = self.add("Math", operation=operation)
        self.set(node.inputs[0], a)
        self.set(node.inputs[1], b)
        return node.outputs[0]

    def mix(self, share, a, b) -> Socket:
        """Colour a, `share` of the way to b."""
        return self._mix("MIX", share, a, b)

    def times(self, a, b) -> Socket:
        """The product of two colours."""
        return self._mix("MULTIPLY", 1.0, a, b)

    def tint(self, share, colour, tint) -> Socket:
        """The colour, `share` of the way to its product with `tint`."""
        return self.mix(share, colour, self.times(colour, tint))

    def ramp(self, value, *stops: tuple[float, float]) -> Socket:
        """Grey by value: (value, grey) pairs with straight lines between them."""
        node = self.add("ValToRGB")
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, grey) in zip(elements, stops, strict=True):
            element.position = position
            element.color = (grey, grey, grey, 1)
        self.set(node.inputs[0], value)
        return node.outputs[0]

    def noise(self, at: Socket, scale: float, detail=3.0, rough=0.5) -> Socket:
        """Smooth noise, 0 to 1, `scale` waves a metre."""
        node = self.add("TexNoise", Vector=at, Scale=scale, Detail=detail, Roughness=rough)
        return node.outputs[0]

    def distance(self, at: Socket, point: tuple) -> Socket:
        """How far a place is from a point."""
        node = self.add("VectorMath", operation="DISTANCE")
        self.set(node.inputs[0], at)
        node.inputs[1].default_value = point
        return node.outputs["Value"]

    def cells(self, at: Socket, scale: float) -> Socket:
        """Distance to the nearest of randomly strewn points."""
        return self.add("TexVoronoi", Vector=at, Scale=scale).outputs["Distance"]

    def attribute(self, name: str, output="Fac") -> Socket:
        """What the mesh stores at each vertex under this name."""
        return self.add("Attribute", attribute_name=name).outputs[output]

    def image(self, path: Path, *, data=False, smooth="Linear") -> bpy.types.Node:
        """A picture by the mesh's uv; `data` for numbers that are no colours."""
        image = bpy.data.images.load(str(path), check_existing=True)
        if data:
            image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        return self.add("TexImage", interpolation=smooth, image=image)

    def shade(self, **inputs) -> bpy.types.Node:
        """Blender's Principled shader as the material's surface; `_` stands for a space."""
        shader = self.add("BsdfPrincipled", **{k.replace("_", " "): v for k, v in inputs.items()})
        self.surface(shader.outputs[0])
        return shader

    def surface(self, shader: Socket) -> None:
        """What the material or world looks like from now on."""
        self.set(self._output.inputs["Surface"], shader)

    def _mix(self, blend: str, share, a, b) -> Socket:
        node = self.add("Mix", data_type="RGBA", blend_type=blend)
        for socket, value in ((node.inputs[0], share), (node.inputs[6], a), (node.inputs[7], b)):
            self.set(socket, value)
        return node.outputs[2]


def material(name: str) -> tuple[bpy.types.Material, Nodes]:
    """A new empty material and its nodes."""
    made = bpy.data.materials.new(name)
    return made, Nodes(made)


def plain(name: str, colour: tuple, *, rough=0.7, coat=0.0, glow=0.0) -> bpy.types.Material:
    """One colour (linear RGB), roughness and varnish 0 to 1, and light of its own."""
    made, nodes = material(name)
    nodes.shade(
        Base_Color=colour,
        Roughness=rough,
        Coat_Weight=coat,
        Coat_Roughness=0.08,
        Emission_Color=colour,
        Emission_Strength=glow,
    )
    return made
