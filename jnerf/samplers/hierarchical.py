"""Samples in two rounds: evenly along the ray, then where the first round found something.

NeRF (Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934, section 5.2) and mip-NeRF (Barron et al. 2021,
https://arxiv.org/abs/2103.13415, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.ops.composite import composite
from jnerf.ops.ray_resample import ray_resample
from jnerf.ops.ray_uniform import ray_uniform
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler, stream_seed, to_samples
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples

_COARSE_STREAM, _FINE_STREAM = 4, 5


@SAMPLERS.register()
class HierarchicalSampler(Sampler):
    """A coarse round of stratified intervals, and a fine one drawn from the coarse round's weights.

    The coarse samples are the ``history`` of the fine ones: a loss with ``round=0`` trains what guides the sampling.

    Args:
        n_coarse: intervals of the coarse round on every ray that hits the box.
        n_fine: points drawn in the fine round.
        merge: the fine round keeps the coarse edges and has n_coarse + n_fine intervals (NeRF); else it has n_fine
            (mip-NeRF).
        blur: widen the weights first (mip-NeRF, equation 18).
        padding: added to every weight, so that nothing is out of reach: 1e-5 in NeRF, 0.01 in mip-NeRF.
        fixed_sizes: in training, every ray has all samples, those that miss the box as padding, so that no size is read
            back: True, False, or None for what suits the device.
        aabb: scene fact: (min xyz, max xyz), field units.
        near: scene fact: smallest distance, field units.
        far: scene fact: largest distance, field units.
        seed: the run's seed.

    Raises:
        ConfigError: a number is out of its range.
    """

    earlier_rounds = 1

    def __init__(
        self,
        n_coarse: int = 64,
        n_fine: int = 128,
        merge: bool = True,
        blur: bool = False,
        padding: float = 1e-5,
        fixed_sizes: bool | None = None,
        aabb: Sequence[float] | np.ndarray = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
        near: float = 0.0,
        far: float = 1e9,
        seed: int = 0,
    ) -> None:
        at_least(
            "HierarchicalSampler", n_coarse=(n_coarse, 1), n_fine=(n_fine, 1), padding=(padding, 0)
        )
        self.n_coarse, self.n_fine, self.wants_padding = n_coarse, n_fine, fixed_sizes
        self._how = {"merge": merge, "blur": blur, "padding": float(padding)}
        self._space = [float(x) for x in aabb], near, far
        self._coarse_seed = stream_seed(seed, _COARSE_STREAM)
        self._fine_seed = stream_seed(seed, _FINE_STREAM)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Asks the field for the coarse round's densities; see ``Sampler``."""
        padded = self.padded and step is not None
        drawn = rays.draw_step(self._coarse_seed, step)
        where = rays.rays_o, rays.rays_d, *self._space, self.n_coarse, self._coarse_seed, drawn
        coarse = to_samples(rays, ray_uniform(*where, padded=padded))
        sigmas, features = field.density_of(coarse)
        with jt.no_grad():
            weights = _weights(coarse, sigmas.detach())
        if step is not None:  # else nobody asks again
            coarse = coarse.with_features(features)
        where = coarse.t_starts, coarse.t_ends, weights, coarse.packed_info
        drawn = rays.draw_step(self._fine_seed, step)
        how = self._how | {"seed": self._fine_seed, "step": drawn, "padded": padded}
        how["n_hit"] = None if padded else len(coarse) // self.n_coarse
        how["rays"] = None if rays.trained else (rays.rays_o, rays.rays_d)  # else midpoints have gradients
        fine = ray_resample(*where, self.n_fine, **how)
        return to_samples(rays, fine, history=(coarse,))


def _weights(samples: RaySamples, sigmas: jt.Var) -> jt.Var:
    """What each sample contributes to its ray, float32 [S]."""
    where = samples.t_starts, samples.t_ends, samples.packed_info
    return composite(sigmas, None, *where, early_stop=0.0).weights.stop_grad()
