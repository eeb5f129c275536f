"""Surfaces that rays meet, shaded by their normals."""

from __future__ import annotations

from typing import Literal

import jittor as jt

from jnerf.errors import ConfigError
from jnerf.models.renderers.direct import DirectRenderer
from jnerf.registry import RENDERERS
from jnerf.structures import FieldOutput, RaySamples, RenderOutput

_AMBIENT = 0.15


@RENDERERS.register()
class SurfaceRenderer(DirectRenderer):
    """In training the channel of points, as ``DirectRenderer``; in pictures the surface where
    ``SphereTraceSampler`` met it.

    Args:
        channel: of ``FieldOutput``, what is trained: the signed distance.
        shading: what colours show: "light", a grey surface lit from the eye, or "normal", the normal, x y z from -1
            to 1 as red green blue.
        albedo: grey of the surface, in (0, 1].

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        channel: str = "sdf",
        shading: Literal["light", "normal"] = "light",
        albedo: float = 0.85,
    ) -> None:
        super().__init__(channel)
        if shading not in ("light", "normal"):
            raise ConfigError(
                f"SurfaceRenderer: shading is {shading!r}; it must be light or normal"
            )
        if not 0 < albedo <= 1:
            raise ConfigError(f"SurfaceRenderer: albedo is {albedo}; it must be in (0, 1]")
        if channel == "rgbs":
            raise ConfigError("SurfaceRenderer: channel is 'rgbs'; it must name a distance: 'sdf'")
        self._shading, self._albedo = shading, albedo
        self.trains = self.provides
        self.provides = self.provides | {"colors", "normals"}

    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        """R points, or R rays of which some meet the surface."""
        if samples.normals is None:
            return super().__call__(samples, output, background)
        n = len(samples.rays)
        met = samples.packed_info[:, 1:].float32()
        if not len(samples):
            nothing = jt.zeros((n, 3))
            rows = nothing[:, :1]
            extras = {"normals": nothing}
            return RenderOutput(nothing, rows, rows, jt.zeros((0,)), jt.zeros((0,)), extras=extras)
        # Rays that meet nothing take any row, times 0.
        rows = jt.minimum(samples.packed_info[:, 0], len(samples) - 1)
        normals, depths = samples.normals[rows] * met, samples.t_starts[rows].unsqueeze(1) * met
        ones = jt.ones((len(samples),)).stop_grad()
        colors = self._shade(normals, samples.rays.rays_d) * met
        return RenderOutput(colors, met, depths, ones, ones, extras={"normals": normals})

    def _shade(self, normals: jt.Var, directions: jt.Var) -> jt.Var:
        """Colours [R, 3] of surfaces seen along directions [R, 3]."""
        if self._shading == "normal":
            return 0.5 + 0.5 * normals
        facing = jt.maximum(-(normals * directions).sum(1, keepdims=True), 0.0)
        grey = self._albedo * (_AMBIENT + (1 - _AMBIENT) * facing)
        return jt.concat([grey, grey, grey], dim=1)
