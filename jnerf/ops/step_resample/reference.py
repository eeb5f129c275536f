"""The specification of ``step_resample`` in NumPy, one ray after the other."""

from __future__ import annotations

import numpy as np

from jnerf.ops.common.random import uniform
from jnerf.ops.step_resample.spacings import Spacing


def masses(starts, ends, weights, anneal, padding, floor) -> np.ndarray:
    """The share of the samples that each interval wants: (w + padding)^anneal + floor, 0 where it has no length."""
    mass = np.power(weights + padding, anneal) + floor
    return np.where(ends > starts, mass, 0)


def first_edges(n, u) -> np.ndarray:
    """n + 1 even edges of [0, 1], each moved within its half cells by u in [0, 1); None: as they are."""
    if u is None:
        return np.arange(n + 1) / n
    low, high = (((np.arange(n + 1) + side) / n).clip(0, 1) for side in (-0.5, 0.5))
    return low + (high - low) * u


def edges_around(centres) -> np.ndarray:
    """Edges half way between centres; the outermost as far from their centre on either side, within [0, 1]."""
    if len(centres) == 1:
        return np.array([0.0, 1.0])
    middles = (centres[1:] + centres[:-1]) / 2
    outer = 2 * centres[0] - middles[0], 2 * centres[-1] - middles[-1]
    return np.concatenate([outer[:1], middles, outer[1:]]).clip(0, 1)


def inverse_cdf(u, starts, ends, mass) -> np.ndarray:
    """Where a share u of the mass lies below."""
    mass = mass if mass.sum() > 0 else np.ones(len(mass))
    cdf = np.concatenate([[0], np.cumsum(mass)]) / mass.sum()
    keep = np.concatenate([mass > 0, [True]])  # a step of no mass is no place to be
    starts_of = np.append(starts, ends[-1])
    i = (np.searchsorted(cdf[keep][:-1], u, "right") - 1).clip(0)
    rows = np.flatnonzero(keep[:-1])[i]
    part = ((u - cdf[rows]) / (mass[rows] / mass.sum())).clip(0, 1)
    return starts_of[rows] + part * (ends[rows] - starts[rows])


def step_resample(
    n_rays,
    n,
    spacing: Spacing,
    near,
    far,
    earlier=None,
    unit=1.0,
    centres=False,
    anneal=1.0,
    padding=0.0,
    floor=0.0,
    single_jitter=True,
    seed=0,
    step=None,
) -> tuple[np.ndarray, np.ndarray]:
    """Arguments as in ``jnerf.ops.step_resample``, as arrays; returns the edges s and t, [R, n + 1] each."""
    found = np.zeros((n_rays, n + 1))
    m = n if centres else n + 1
    for ray in range(n_rays):
        u = None
        if step is not None:
            u = uniform(seed, step, ray, np.zeros(m, int) if single_jitter else np.arange(m))
        if earlier is None and not centres:
            found[ray] = first_edges(n, u)
            continue
        points = (np.arange(m) + (0.5 if u is None else u)) / m
        if earlier is not None:
            start, end, weight = (v.reshape(n_rays, -1)[ray].astype(np.float64) for v in earlier)
            mass = masses(start, end, weight, anneal, padding, floor)
            points = inverse_cdf(points, start, end, mass)
        found[ray] = edges_around(points) if centres else points
    return found, unit * spacing.from_normal(found, near / unit, far / unit)
