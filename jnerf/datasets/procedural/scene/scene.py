"""The still life: solids, what they are made of, and their light. World units, z up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jnerf.datasets.procedural.scene import textures
from jnerf.datasets.procedural.scene.shapes import (
    Disc,
    Floats,
    RoundBox,
    RoundCylinder,
    Shape,
    Sphere,
    Torus,
)
from jnerf.datasets.procedural.scene.textures import Texture


@dataclass(frozen=True)
class Solid:
    """A shape and its material.

    Attributes:
        shape: the shape.
        texture: diffuse colour over the shape, linear RGB.
        gloss: strength of the highlight.
        shininess: Blinn's exponent: the higher, the smaller the highlight.
        mirror: reflected fraction at normal incidence, linear RGB; it grows towards 1 at grazing angles
            (Schlick 1994). Zero means no reflection at any angle.
    """

    shape: Shape
    texture: Texture
    gloss: float = 0.25
    shininess: float = 60.0
    mirror: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Light:
    """A round lamp with soft shadows, and the light of the sky.

    Attributes:
        position: centre of the lamp, [3].
        radius: of the lamp, world units.
        color: what a surface that faces the lamp receives, linear RGB.
        sky: light from straight above, linear RGB.
        bounce: light from straight below, linear RGB.
    """

    position: tuple[float, float, float]
    radius: float
    color: tuple[float, float, float]
    sky: tuple[float, float, float]
    bounce: tuple[float, float, float]

    def points(self, count: int) -> Floats:
        """Fixed points on the lamp, spread evenly, the outermost first, float32 [count, 3].

        They are fixed in the world, so that shadows agree between views.
        """
        axis = np.asarray(self.position) / np.linalg.norm(self.position)
        side = np.cross(axis, (0.0, 0.0, 1.0))
        side /= np.linalg.norm(side)
        order = np.arange(count)[::-1]
        radius = self.radius * np.sqrt((order + 0.5) / count)
        angle = order * np.pi * (3 - np.sqrt(5))
        disc = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * np.cross(axis, side)
        return (np.asarray(self.position) + radius[:, None] * disc).astype(np.float32)


@dataclass(frozen=True)
class Scene:
    """Solids under a light.

    Attributes:
        solids: the solids; they do not overlap.
        light: the light.
    """

    solids: tuple[Solid, ...]
    light: Light

    @property
    def shapes(self) -> list[Shape]:
        """The solids' shapes, in order."""
        return [solid.shape for solid in self.solids]


def _turned(degrees: float, tilt: float = 0.0) -> Floats:
    """A rotation about z after a tilt about x, float32 [3, 3]."""
    a, b = np.radians(degrees), np.radians(tilt)
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return (about_z @ about_x).astype(np.float32)


def still_life() -> Scene:
    """Glossy, textured solids on a wooden disc; everything lies within 1.45 of the origin in x, y, z."""
    wood = textures.wood((0.62, 0.40, 0.21), (0.36, 0.19, 0.085), rings=7.0)
    stone = textures.marble((0.80, 0.79, 0.76), (0.10, 0.16, 0.28), scale=2.4)
    tiles = textures.checker((0.02, 0.22, 0.24), (0.72, 0.78, 0.70), size=0.15)
    candy = textures.stripes((0.72, 0.05, 0.03), (0.86, 0.80, 0.70), count=9)
    drum = textures.stripes((0.82, 0.50, 0.05), (0.16, 0.06, 0.22), count=6, twist=0.9)
    egg = textures.speckled((0.16, 0.42, 0.50), (0.08, 0.05, 0.03), scale=16.0)
    lemon = textures.speckled((0.85, 0.62, 0.04), (0.90, 0.35, 0.02), scale=9.0)
    gold = textures.speckled((0.10, 0.06, 0.02), (0.10, 0.06, 0.02), scale=1.0)
    solids = (
        Solid(Disc((0, 0, -0.70), 1.38, 0.08), wood, gloss=0.12, shininess=30),
        Solid(Sphere((-0.28, 0.40, -0.10), 0.52), stone, 0.5, 180),
        Solid(Sphere((0.72, -0.22, -0.28), 0.34), gold, 0.6, 260, mirror=(0.83, 0.60, 0.27)),
        Solid(
            RoundBox((0.62, 0.66, -0.34), (0.28, 0.28, 0.28), 0.05, _turned(28)), tiles, 0.35, 90
        ),
        Solid(Sphere((0.60, 0.66, 0.11), 0.17), egg, 0.4, 120),
        Solid(Torus((-0.62, -0.52, -0.49), 0.33, 0.13), candy, 0.5, 140),
        Solid(RoundCylinder((0.10, -0.78, -0.37), 0.20, 0.25, 0.03), drum, 0.3, 80),
        Solid(Sphere((-0.62, -0.52, -0.47), 0.15), lemon, 0.4, 100),
        Solid(Torus((-1.02, 0.30, -0.403), 0.20, 0.065, _turned(62, 78)), egg, 0.5, 160),
    )
    light = Light(
        (3.2, -3.4, 4.6), 0.75, (1.02, 0.95, 0.84), (0.40, 0.46, 0.56), (0.20, 0.16, 0.13)
    )
    return Scene(solids, light)
