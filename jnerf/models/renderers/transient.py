"""Rendering of a scene with what stood in front of it while a photograph was taken (NeRF in the Wild)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.per_image.channels import CHANNELS
from jnerf.models.renderers.volume import VolumeRenderer
from jnerf.ops.composite import composite
from jnerf.ops.transients import transient_mix, transient_seen
from jnerf.registry import RENDERERS
from jnerf.structures import FieldOutput, RaySamples, RenderOutput


@RENDERERS.register()
class TransientRenderer(VolumeRenderer):
    """Two media in one space: the scene, and what is transient of the image that a ray belongs to.

    Densities add up, colours mix by their shares of the density (Martin-Brualla et al. 2021,
    https://arxiv.org/abs/2008.02268, equation 8, for intervals in which both are constant). How uncertain a ray is,
    beta, is rendered likewise of the transient alone. Rays that belong to no image, of pictures, see the scene alone.

    Args:
        beta_min: uncertainty of a ray in front of which nothing is.
        background: see ``VolumeRenderer``.
        early_stop: see ``VolumeRenderer``.
        opaque: see ``VolumeRenderer``.
        depth: see ``VolumeRenderer``.
        test_background: see ``VolumeRenderer``.
        seed: of the random background.

    Raises:
        ConfigError: ``beta_min`` is not above 0.
    """

    requires = VolumeRenderer.requires | set(CHANNELS)
    earlier_requires = VolumeRenderer.requires
    provides = VolumeRenderer.provides | {"betas", "transient_sigmas", "transient_opacities"}
    takes_padding = False

    def __init__(
        self,
        beta_min: float = 0.1,
        background: str | Sequence[float] | None = "random",
        early_stop: float = 1e-4,
        opaque: bool = False,
        depth: Literal["mean", "median"] = "mean",
        test_background: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(background, early_stop, opaque, depth, test_background, seed)
        if not beta_min > 0:
            raise ConfigError(f"TransientRenderer: beta_min is {beta_min}; it must be above 0")
        self._beta_min = float(beta_min)

    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        """Renders R rays; see ``jnerf.ops.composite``. Extras are there where the samples have transients."""
        if CHANNELS[0] not in output.extras:
            return super().__call__(samples, output, background)
        transient = [output.extras[name] for name in CHANNELS]
        sigmas, mixed, channels = transient_mix(output.sigmas, output.rgbs, *transient)
        render = super().__call__(samples, replace(output, sigmas=sigmas, rgbs=mixed), background)
        where = samples.t_starts, samples.t_ends, samples.packed_info
        seen = composite(sigmas, channels, *where, None, self._early_stop, self._opaque).colors
        betas, opacities = transient_seen(seen, self._beta_min)
        extras = {"betas": betas, "transient_sigmas": transient[0]}
        extras["transient_opacities"] = opacities
        return replace(render, extras=render.extras | extras)
