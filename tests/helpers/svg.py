"""Reads plots back."""

from __future__ import annotations

import re


def points(svg: str) -> list[list[tuple[float, float]]]:
    """The pixels of each line."""
    found = re.findall(r'<polyline points="([^"]*)"', svg)
    return [[tuple(map(float, p.split(","))) for p in line.split()] for line in found]
