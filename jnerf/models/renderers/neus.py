"""Rendering of signed distances (NeuS, Wang et al. 2021, https://arxiv.org/abs/2106.10689, equations 12 and 13)."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.renderers.volume import VolumeRenderer
from jnerf.ops.composite import composite
from jnerf.ops.surface_density import surface_density
from jnerf.registry import RENDERERS
from jnerf.structures import FieldOutput, RaySamples, RenderOutput


@RENDERERS.register()
class NeuSRenderer(VolumeRenderer):
    """Opacities from how far the distance falls over a sample's interval; also renders normals.

    Distances at the interval's ends are estimated from the one in its middle and the slope along the ray, the cosine
    between ray and normal. In the first ``anneal_steps`` steps the cosine is mixed with (cos - 1) / 2, which is
    nowhere positive: surfaces that still face away get a gradient too, as in NeuS's published code.

    Channels beyond those of ``VolumeRenderer``: ``normals`` [R, 3], summed with the weights; ``gradients`` [S, 3] of
    the distance at the samples; of fields with a background ``inside`` [S, 1], 1 where there is a distance, else 0.

    Args:
        anneal_steps: steps until the cosine is what it is.
        background: see ``VolumeRenderer``; None is black.
        early_stop: see ``VolumeRenderer``.
        seed: of the random background.

    Raises:
        ConfigError: a value is out of its range.
    """

    requires = frozenset({"sdf", "normals", "sharpness", "rgbs"})
    provides = VolumeRenderer.provides | {"normals", "gradients"}

    def __init__(
        self,
        anneal_steps: int = 0,
        background: str | Sequence[float] | None = None,
        early_stop: float = 1e-4,
        seed: int = 0,
    ) -> None:
        if background == "last_sample":
            raise ConfigError(
                "NeuSRenderer: background is 'last_sample', which is VolumeRenderer's"
            )
        super().__init__(background, early_stop, seed=seed)
        if anneal_steps < 0:
            raise ConfigError(
                f"NeuSRenderer: anneal_steps is {anneal_steps}; it must be at least 0"
            )
        self._anneal_steps = anneal_steps
        self.update(0)

    def update(self, step: int) -> None:
        """Sets how much of the true cosine counts; see ``Network.update``."""
        self.annealed = min(step / self._anneal_steps, 1.0) if self._anneal_steps else 1.0

    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        """Renders R rays; see ``jnerf.ops.composite``."""
        normals = output.extras["normals"]
        sigmas = self._densities(samples, output)
        outside = output.extras.get("outside")
        extras = {"gradients": normals}
        if outside is not None:
            extras["inside"] = inside = output.extras["inside"]
            sigmas = sigmas * inside.reshape(-1) + outside.reshape(-1)
        where = samples.t_starts, samples.t_ends, samples.packed_info
        rendered = composite(sigmas, output.rgbs, *where, background, self._early_stop)
        with jt.no_grad():
            seen = composite(sigmas, normals, *where, None, self._early_stop).colors
        extras["normals"] = seen.stop_grad()
        return RenderOutput(*rendered, background=background, extras=extras)

    def _densities(self, samples: RaySamples, output: FieldOutput) -> jt.Var:
        """The constant density of each interval that gives it the alpha of equation 13, float32 [S]."""
        extras = output.extras
        field = extras["sdf"], extras["normals"], extras["sharpness"]
        where = samples.t_starts, samples.t_ends, samples.rays.rays_d, samples.ray_indices
        return surface_density(*field, *where, self.annealed)
