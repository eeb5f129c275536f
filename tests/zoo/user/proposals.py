"""As a user would write it: samples by two proposals, each a small field of its own, and the loss that trains them.

The idea of mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077, section 3.1), as small as it gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.models.losses.base import Loss
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import NGPNetwork
from jnerf.ops.activate import activate
from jnerf.ops.composite import composite
from jnerf.ops.ray_resample import ray_resample
from jnerf.ops.ray_uniform import ray_uniform
from jnerf.registry import LOSSES, NETWORKS, SAMPLERS
from jnerf.samplers.base import Sampler, to_samples
from jnerf.samplers.field import Field
from jnerf.structures import Batch, FieldOutput, RayBundle, RaySamples, RenderOutput


@SAMPLERS.register()
class TwoProposals(Sampler):
    """48 even intervals, then 32 where the first proposal sees something, then 24 where the second does."""

    earlier_rounds = 2

    def __init__(self, aabb: np.ndarray, near: float, far: float, seed: int) -> None:
        self._space, self._ends = ([float(x) for x in aabb], near, far), (near, far)
        self._seed = seed

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        where = rays.rays_o, rays.rays_d, *self._space, 48, self._seed, step
        samples = self._normalised(to_samples(rays, ray_uniform(*where)))
        history = []
        for number, n in enumerate((32, 24)):
            sigmas, features = field.density_of(samples)
            history.append(replace(samples, features=features))
            with jt.no_grad():
                ends = samples.t_starts, samples.t_ends, samples.packed_info
                nothing = jt.zeros((len(samples), 3))
                weights = composite(sigmas.detach(), nothing, *ends, early_stop=0.0).weights
                found = ray_resample(
                    *ends[:2],
                    weights,
                    ends[2],
                    n,
                    padding=0.01,
                    seed=self._seed + 1 + number,
                    step=step,
                )
            samples = self._normalised(replace(to_samples(rays, found), round=number + 1))
        return replace(samples, history=tuple(history))

    def _normalised(self, samples: RaySamples) -> RaySamples:
        near, far = self._ends
        s = [(t - near) * (1 / (far - near)) for t in (samples.t_starts, samples.t_ends)]
        return replace(samples, s_starts=s[0].detach(), s_ends=s[1].detach())


@NETWORKS.register()
class NGPWithProposals(NGPNetwork):
    """Instant-NGP's field, and a density of its own for each earlier round, on encoders of the config."""

    earlier_provides = frozenset({"sigmas"})

    def __init__(
        self,
        pos_encoder: Encoder,
        dir_encoder: Encoder | None,
        encoders: Mapping[str, Encoder],
        aabb: np.ndarray,
        proposals: Sequence[str] = ("proposal_0", "proposal_1"),
        seed: int = 0,
    ) -> None:
        super().__init__(pos_encoder, dir_encoder, aabb, hidden_width=32, seed=seed)
        self.proposal_encoders = jt.nn.ModuleList([encoders[name] for name in proposals])
        self.proposal_mlps = jt.nn.ModuleList(
            [
                MLP([encoders[name].out_dim, 16, 16], 1, seed=seed, stream=5 + i)
                for i, name in enumerate(proposals)
            ]
        )
        self.asked = [0] * len(proposals)

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        if samples.round >= len(self.asked):
            return super().density_of(samples)
        self.asked[samples.round] += 1
        features = self.proposal_encoders[samples.round](self._space(samples.positions))
        sigmas = activate(self.proposal_mlps[samples.round](features).reshape(-1), "exp")
        return sigmas, None

    def execute(self, samples: RaySamples) -> FieldOutput:
        if samples.round < len(self.asked):
            return FieldOutput(sigmas=self.density_of(samples)[0])
        return super().execute(samples)


@LOSSES.register()
class Interlevel(Loss):
    """What the field weighs and a proposal does not cover: equation 13, of every earlier round."""

    reads = "all"
    requires = frozenset({"weights"})

    def value(self, render: RenderOutput, batch: Batch, samples: RaySamples) -> jt.Var:
        terms = []
        low, high, weights = self._per_ray(samples, render.weights.detach())
        for earlier, seen in zip(samples.history, render.history, strict=True):
            from_, to, guess = self._per_ray(earlier, seen.weights)
            meets = (from_.unsqueeze(1) < high.unsqueeze(2)) & (to.unsqueeze(1) > low.unsqueeze(2))
            bound = (meets.float32() * guess.unsqueeze(1)).sum(2)
            missing = jt.maximum(weights - bound, 0.0)
            terms.append((missing * missing / (weights + 1e-5)).sum(1).mean())
        return sum(terms)

    def _per_ray(self, samples: RaySamples, weights: jt.Var) -> tuple[jt.Var, jt.Var, jt.Var]:
        """Rays that hit the box all have as many samples: [R', K]."""
        hits = int((samples.packed_info[:, 1] > 0).sum().item())
        return tuple(v.reshape(hits, -1) for v in (samples.s_starts, samples.s_ends, weights))
