"""Asking the field for the densities of many positions, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jittor as jt

from jnerf.ops.ray_visible import LookFn
from jnerf.samplers.field import Field


def densities(ask: Callable[[jt.Var], jt.Var], positions: jt.Var, chunk: int) -> jt.Var:
    """What ``ask`` says of positions [S, 3], at most ``chunk`` at a time: [S]."""
    if positions.shape[0] <= chunk:
        return ask(positions)
    parts = []
    for (part,) in _parts((positions,), chunk):
        parts.append(ask(part))
        parts[-1].sync()  # frees what the field computed on the way
    return jt.concat(parts)


def look_along(field: Field, chunk: int, keep_features: bool = False) -> LookFn:
    """Densities and features of intervals on rays, at most ``chunk`` at a time.

    Args:
        field: what is asked (``Field.look_along``).
        chunk: most positions per call of it.
        keep_features: give features of more intervals than that too; they take memory.
    """

    def look(positions: jt.Var, *intervals: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        arrays = positions, *intervals
        if positions.shape[0] <= chunk:
            return field.look_along(*arrays)
        sigmas, features = [], []
        for part in _parts(arrays, chunk):
            sigma, found = field.look_along(*part)
            features.append(found if keep_features else None)
            jt.sync([v for v in (sigma, features[-1]) if v is not None])
            sigmas.append(sigma)
        if any(v is None for v in features):
            return jt.concat(sigmas), None
        return jt.concat(sigmas), jt.concat(features, dim=features[0].ndim - 2)

    return look


def _parts(arrays: tuple[jt.Var, ...], chunk: int) -> Iterator[tuple[jt.Var, ...]]:
    n = arrays[0].shape[0]
    for start in range(0, n, chunk):
        yield tuple(array[start : min(start + chunk, n)] for array in arrays)
