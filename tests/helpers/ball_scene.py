"""A ball of one density, rays towards it, and a small occupancy sampler: what samplers are tried on."""

import jittor as jt
import numpy as np
from fields import FunctionField

from jnerf.structures import RayBundle

SMALL = {"grid_resolution": 32, "target_samples": 4096, "n_rays_init": 256, "near": 0.05, "seed": 9}


def rays(n: int, seed: int) -> RayBundle:
    random = np.random.default_rng(seed)
    o = random.normal(size=(n, 3))
    o = 0.5 + 1.3 * o / np.linalg.norm(o, axis=1, keepdims=True)
    d = random.uniform(0, 1, (n, 3)) - o
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    return RayBundle(jt.array(o.astype(np.float32)), jt.array(d.astype(np.float32)))


@FunctionField
def ball(positions: jt.Var, radius: float = 0.25, sigma: float = 300.0) -> jt.Var:
    return (((positions - 0.5) ** 2).sum(1) < radius**2).float32() * sigma
