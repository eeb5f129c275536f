"""Solid textures: functions from a point in the solid's own frame, float32 [P, 3], to linear RGB [P, 3]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from jnerf.ops.common.random import pcg_hash

Floats = NDArray[np.float32]
Texture = Callable[[Floats], Floats]
Color = tuple[float, float, float]


def value_noise(points: Floats) -> Floats:
    """Smooth noise in [0, 1] with features of about one unit, float32 [P]."""
    floor = np.floor(points)
    cell = floor.astype(np.int32).astype(np.uint32)
    f = points - floor
    f = f * f * (3 - 2 * f)
    total = np.zeros(len(points), np.float32)
    for corner in range(8):
        bits = [corner & 1, corner >> 1 & 1, corner >> 2 & 1]
        with np.errstate(over="ignore"):
            x, y, z = (cell[:, k] + np.uint32(bits[k]) for k in range(3))
            key = x * np.uint32(73856093) ^ y * np.uint32(19349663) ^ z * np.uint32(83492791)
        weight = np.ones(len(points), np.float32)
        for k in range(3):
            weight *= f[:, k] if bits[k] else 1 - f[:, k]
        total += weight * ((pcg_hash(key) >> np.uint32(8)).astype(np.float32) * np.float32(2**-24))
    return total


def fractal_noise(points: Floats, octaves: int) -> Floats:
    """Octaves of :func:`value_noise`, each half as large and half as strong, in [0, 1], [P]."""
    total = np.zeros(len(points), np.float32)
    for octave in range(octaves):
        total += np.float32(0.5**octave) * value_noise(points * np.float32(2**octave) + octave * 17)
    return total / np.float32(2 - 2 ** (1 - octaves))


def mixed(first: Color, second: Color, amount: Floats) -> Floats:
    """From one colour to another as ``amount`` [P] goes from 0 to 1, [P, 3]."""
    a, b = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return a + amount[:, None] * (b - a)


def checker(first: Color, second: Color, size: float) -> Texture:
    """Cubes of two colours, ``size`` a side."""

    def texture(q: Floats) -> Floats:
        # Shifted by an odd fraction: faces of solids must not fall on the boundary between two cubes.
        odd = np.floor(q / np.float32(size) + np.float32(0.137)).sum(axis=1) % 2
        return mixed(first, second, odd.astype(np.float32))

    return texture


def marble(base: Color, vein: Color, scale: float) -> Texture:
    """Thin veins in a pale stone."""

    def texture(q: Floats) -> Floats:
        warp = fractal_noise(q * np.float32(scale), 4)
        wave = np.sin((q[:, 0] + 0.6 * q[:, 1] + 0.8 * q[:, 2]) * scale * 1.6 + warp * 11)
        return mixed(base, vein, (1 - np.abs(wave)).astype(np.float32) ** 4)

    return texture


def wood(light: Color, dark: Color, rings: float) -> Texture:
    """Year rings about an axis beside the z axis, with grain."""

    def texture(q: Floats) -> Floats:
        wobble = fractal_noise(q * np.float32(2.2), 2)
        radius = np.hypot(q[:, 0] + 2.1, q[:, 2] * 3 + 0.7) + np.float32(0.12) * wobble
        ring = radius * np.float32(rings) % 1
        ring = np.where(ring < 0.8, ring / 0.8, (1 - ring) / 0.2)
        grain = value_noise(q * np.asarray([60, 4, 60], np.float32))
        return mixed(light, dark, (0.75 * ring + 0.25 * grain).astype(np.float32))

    return texture


def stripes(first: Color, second: Color, count: int, twist: float = 0.0) -> Texture:
    """Sectors of two colours about the z axis, twisted along it.

    Args:
        first: one colour.
        second: the other.
        count: how many sectors of each colour.
        twist: turns per unit of height.
    """

    def texture(q: Floats) -> Floats:
        turn = np.arctan2(q[:, 1], q[:, 0]) / np.float32(2 * np.pi) + np.float32(twist) * q[:, 2]
        return mixed(first, second, (turn * count % 1 < 0.5).astype(np.float32))

    return texture


def speckled(base: Color, spot: Color, scale: float) -> Texture:
    """Spots on a plain colour, like a bird's egg."""

    def texture(q: Floats) -> Floats:
        noise = value_noise(q * np.float32(scale))
        return mixed(base, spot, np.clip((noise - 0.68) * 12, 0, 1))

    return texture
