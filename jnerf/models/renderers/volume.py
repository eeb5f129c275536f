"""Volume rendering by quadrature (Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934, equation 3)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.renderers.base import Renderer, filled
from jnerf.ops.background import background
from jnerf.ops.common import uniform
from jnerf.ops.composite import composite
from jnerf.ops.median_depth import median_depth
from jnerf.registry import RENDERERS
from jnerf.structures import FieldOutput, RaySamples, RenderOutput

# Draws of a ray are numbered; the background's lie far from those of sampling.
_BACKGROUND_DRAW = 64


@RENDERERS.register()
class VolumeRenderer(Renderer):
    """Emission-absorption rendering of densities and colours.

    Args:
        background: what lies behind the scene in training. "random": a new uniform sRGB colour for every ray and
            step, which keeps the field from hiding density in the background colour; "random_batch": a new one for
            every step, the same for all of its rays; "last_sample": the colour of the
            ray's last sample, in pictures too, so that opacities are 1; [r, g, b] in [0, 1]: that colour; None: black.
            When rendering, random ones are black.
        early_stop: a ray ends where its transmittance falls below this, and then sees no background.
        opaque: the last sample of each ray lets nothing through, whatever its density: there is no background.
        depth: "mean": the sum of weight x distance; "median": the distance in front of which half of the weight lies,
            times the opacity, without a gradient. Where nothing ends, the mean is drawn away by what little is far off.
        test_background: [r, g, b], a colour that lies behind all pictures; None: they are rendered over black, and have
            an opacity.
        seed: of the random background.

    Raises:
        ConfigError: a background is none of these, or ``test_background`` is beside "last_sample".
    """

    takes_padding = True

    def __init__(
        self,
        background: str | Sequence[float] | None = "random",
        early_stop: float = 1e-4,
        opaque: bool = False,
        depth: Literal["mean", "median"] = "mean",
        test_background: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        named = ("random", "random_batch", "last_sample")
        fixed = background is not None and background not in named
        if fixed and (isinstance(background, str) or not _is_color(background)):
            raise ConfigError(
                f"VolumeRenderer: background is {background!r}; it must be 'random', 'random_batch', 'last_sample', "
                "None, or three numbers in [0, 1] such as [1, 1, 1] for white"
            )
        self._last = background == "last_sample"
        if test_background is not None and (self._last or not _is_color(test_background)):
            raise ConfigError(
                f"VolumeRenderer: test_background is {test_background!r}; it must be three numbers in [0, 1], and None "
                "beside background='last_sample'"
            )
        if depth not in ("mean", "median"):
            raise ConfigError(f"VolumeRenderer: depth is {depth!r}; choose one of mean, median")
        if not 0 <= early_stop < 1:
            raise ConfigError(f"VolumeRenderer: early_stop is {early_stop}; it must be in [0, 1)")
        self._random, self._random_batch = background == "random", background == "random_batch"
        self._color = _as_color(background) if fixed else None
        self._test_color = None if test_background is None else _as_color(test_background)
        self._early_stop, self._opaque, self._seed = early_stop, opaque, seed
        self._median = depth == "median"

    def background(self, n_rays: int, step: int | None) -> jt.Var | None:
        """The background of a batch, float32 [n_rays, 3]; None is black."""
        if self._random and step is not None:
            return background(n_rays, None, self._seed, step, _BACKGROUND_DRAW)
        if self._random_batch and step is not None:
            draws = _BACKGROUND_DRAW + np.arange(3)
            return background(n_rays, uniform(self._seed, step, 0, draws))
        return None if self._color is None else background(n_rays, self._color)

    def bare(self) -> VolumeRenderer:
        """See ``Renderer``."""
        found = copy.copy(self)  # of whatever kind it is
        found._last = found._opaque = found._random = found._random_batch = False
        found._color = found._test_color = None
        return found

    def test_background(self, n_rays: int) -> jt.Var | None:
        """See ``Renderer``."""
        return None if self._test_color is None else background(n_rays, self._test_color)

    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        """Renders R rays; see ``jnerf.ops.composite``. Samples without ``rgbs`` give weights and no colours."""
        seen = output.rgbs is not None
        rendered = composite(
            output.sigmas,
            output.rgbs,
            samples.t_starts,
            samples.t_ends,
            samples.packed_info,
            background if seen and not self._last else None,
            self._early_stop,
            self._opaque,
            self._last and seen,
        )
        colors, opacities, depths, weights, trans = rendered
        if self._median and seen:
            where = samples.t_starts, samples.t_ends, samples.packed_info
            depths = median_depth(weights, *where, opacities)
        others = opacities, depths, weights, trans
        render = RenderOutput(colors, *others, background=background)
        return filled(render) if self._last and seen else render


def _as_color(value: Sequence[float]) -> list[float]:
    return [float(np.float32(channel)) for channel in value]


def _is_color(value: Sequence[float]) -> bool:
    return len(value) == 3 and all(0 <= channel <= 1 for channel in value)
