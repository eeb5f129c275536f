"""A bird cage of thin wires around the still life: what an occupancy grid may lose, pixel by pixel. World units, z up.

A wire is 0.012 thick, 0.004 field units: half a cell of a grid with 128 a side. Dark wires are nearly invisible on
black, but not on white.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jnerf.datasets.procedural.scene.scene import Scene, Solid, still_life
from jnerf.datasets.procedural.scene.shapes import Floats, RoundCylinder, Shape, Torus
from jnerf.datasets.procedural.scene.textures import Color, Texture

#: Radius of every wire.
WIRE = 0.006
_BARS, _RADIUS = 20, 1.22
_FOOT, _SHOULDER, _CROWN, _CROWN_RADIUS = -0.62, 0.30, 1.02, 0.16


def caged_still_life() -> Scene:
    """The still life in a bird cage: upright bars of iron, three hoops, and a roof of brass wires."""
    scene = still_life()
    iron, brass = _plain((0.016, 0.017, 0.020)), _plain((0.55, 0.36, 0.10))
    cage = [Solid(shape, iron, gloss=0.1) for shape in _bars()]
    cage += [Solid(shape, brass, gloss=0.3) for shape in (*_roof(), *_hoops())]
    return replace(scene, solids=(*scene.solids, *cage))


class Wire(Shape):
    """A straight round wire with round ends.

    Args:
        start: middle of one end, [3].
        end: middle of the other, [3].
        radius: of the wire.
    """

    def __init__(self, start: Floats, end: Floats, radius: float) -> None:
        start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
        length = np.linalg.norm(end - start)
        along = (end - start) / length
        side = np.cross(along, np.eye(3)[np.abs(along).argmin()])
        side /= np.linalg.norm(side)
        axes = np.stack([side, np.cross(along, side), along], axis=1)
        super().__init__(0.5 * (start + end), (radius, radius, 0.5 * length + radius), axes)
        self.half_length = np.float32(0.5 * length)
        self.radius = np.float32(radius)

    def _off_axis(self, q: Floats) -> Floats:
        """From the nearest point of the axis to q, [P, 3]."""
        off = q.copy()
        off[:, 2] -= np.clip(q[:, 2], -self.half_length, self.half_length)
        return off

    def _distance(self, q: Floats) -> Floats:
        off = self._off_axis(q)
        return np.sqrt(np.einsum("ij,ij->i", off, off)) - self.radius

    def _gradient(self, q: Floats) -> Floats:
        off = self._off_axis(q)
        return off / np.maximum(np.linalg.norm(off, axis=1, keepdims=True), 1e-9)


def _around(radius: float, z: float) -> Floats:
    """One point per bar on a circle about the z axis, float64 [_BARS, 3]."""
    angle = 2 * np.pi * (np.arange(_BARS) + 0.25) / _BARS
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(_BARS, z)], axis=1)


def _bars() -> list[Shape]:
    middle, half = 0.5 * (_FOOT + _SHOULDER), 0.5 * (_SHOULDER - _FOOT)
    return [RoundCylinder(center, WIRE, half, WIRE) for center in _around(_RADIUS, middle)]


def _roof() -> list[Shape]:
    # clear of the hoop on either side
    low, high = _around(_RADIUS, _SHOULDER + 3 * WIRE), _around(_CROWN_RADIUS, _CROWN)
    return [Wire(start, end, WIRE) for start, end in zip(low, high, strict=True)]


def _hoops() -> list[Shape]:
    outside = _RADIUS + 2 * WIRE
    places = [(outside, -0.16), (outside, _SHOULDER), (_CROWN_RADIUS, _CROWN + 3 * WIRE)]
    return [Torus((0, 0, z), radius, WIRE) for radius, z in places]


def _plain(color: Color) -> Texture:
    def texture(q: Floats) -> Floats:
        return np.broadcast_to(np.asarray(color, np.float32), q.shape)

    return texture
