"""What the field says of a point is what is seen of it: the renderer of tasks without rays."""

from __future__ import annotations

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.renderers.base import Renderer
from jnerf.ops.common.constants import filled
from jnerf.registry import RENDERERS
from jnerf.structures import FieldOutput, RaySamples, RenderOutput, channel_of


@RENDERERS.register()
class DirectRenderer(Renderer):
    """Hands on one channel of the field, for rays of one sample each (``PointSampler``).

    Args:
        channel: of ``FieldOutput``. "rgbs" becomes the colours; any other ("sdf") a channel of that name, [R, C], and
            then there are no colours.

    Raises:
        ConfigError: the channel has no name.
    """

    def __init__(self, channel: str = "rgbs") -> None:
        if not channel.isidentifier():
            raise ConfigError(
                f"DirectRenderer: channel is {channel!r}; it must name what the network provides, such as 'rgbs'"
            )
        self._channel = channel
        self.requires = frozenset({channel})
        what = "colors" if channel == "rgbs" else channel
        self.provides = frozenset({what, "opacities", "depths", "weights", "trans"})

    def background(self, n_rays: int, step: int | None) -> None:
        """There is nothing behind a point."""
        return None

    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        """R points, each opaque and at distance 0.

        Raises:
            ConfigError: the sampler placed another number of samples than one on each ray.
        """
        n = len(samples)
        if n != len(samples.rays):
            raise ConfigError(
                f"renderer: DirectRenderer got {n} samples on {len(samples.rays)} rays; it needs one on each. Set "
                "sampler=dict(type='PointSampler')"
            )
        ones, rows = filled((n,), 1.0), filled((n, 1), 1.0)
        zeros = samples.t_starts.reshape(n, 1)
        if self._channel == "rgbs":
            return RenderOutput(output.rgbs, rows, zeros, ones, ones)
        values = channel_of(output, self._channel)
        extras = {self._channel: values if values.ndim == 2 else values.unsqueeze(1)}
        return RenderOutput(None, rows, zeros, ones, ones, extras=extras)
