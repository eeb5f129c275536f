"""Jittor ops of NeuS's sampling (Wang et al. 2021, https://arxiv.org/abs/2106.10689, section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.common.intervals import PackedIntervals

_OP = "surface_rounds"
_STEEPEST = -1e3  # slope of a distance, which is -1 where training has come far
_PADDING = 1e-5  # of the weights that new samples are drawn from
_FARTHEST = 1e3  # the last outside sample ends so many times as far away as the first begins
_RAYS = (
    "const jnerf::SurfaceRays rays{in0_p, in1_p, {{"
    + ", ".join(f'(float)data["middle{i}"]' for i in range(3))
    + '}, (float)data["radius"]}}; const int64_t n_rays = in0_shape0; '
)
_RANDOM = '(uint32_t)data["seed"], (uint32_t)data["step"], data["jitter"] != 0'
_EVEN = f"""{_RAYS}
jnerf::parallel_for(n_rays, jnerf::SurfaceEven{{rays, (int)data["n"], {_RANDOM}, out0_p, out1_p}});
"""
_DRAW = f"""{_RAYS} const int m = (int)data["m"], k = in2_shape1 + m;
if (m > 0) jnerf::parallel_for(n_rays, jnerf::SurfaceMerge{{in2_p, in3_p, in4_p, in5_p, k - m, m, out0_p, out1_p}});
jnerf::parallel_for(n_rays, jnerf::SurfaceDraw{{rays, m > 0 ? out0_p : in2_p, m > 0 ? out1_p : in3_p, k, (int)data["n"],
    (float)data["sharpness"], (float)data["steepest"], (float)data["padding"], out2_p, out3_p, out4_p}});
"""
_INTERVALS = f"""{_RAYS}
jnerf::parallel_for(n_rays, jnerf::SurfaceIntervals{{rays, in2_p, in3_p, in2_shape1, (int)data["m"],
    (int)data["n_outside"], (float)data["farthest"], {_RANDOM}, out0_p, out1_p, out2_p, out3_p, out4_p}});
"""


class Edges(NamedTuple):
    """Edges of abutting intervals, [R, K], ascending, and the distances there, [R, K] or [R K]."""

    t: jt.Var
    sdf: jt.Var


class Drawn(NamedTuple):
    """Further edges, [R, N], ascending, and where they lie, [R N, 3]."""

    t: jt.Var
    positions: jt.Var


class SurfaceRounds:
    """The samples of some rays, as many on each; nothing is differentiable.

    Args:
        rays_o: origins, float32 [R, 3], R >= 1.
        rays_d: unit directions, float32 [R, 3].
        middle: of the ball that holds the object.
        radius: of that ball.
        seed: of the jitter.
        step: training step, part of the jitter's key; None: no jitter.

    Raises:
        ValueError: shapes do not fit.
    """

    def __init__(
        self,
        rays_o: jt.Var,
        rays_d: jt.Var,
        middle: Sequence[float],
        radius: float,
        seed: int = 0,
        step: int | None = None,
    ) -> None:
        self.n_rays = n = rays_o.shape[0]
        if n < 1 or list(rays_o.shape) != [n, 3] or list(rays_d.shape) != [n, 3]:
            raise ValueError(
                f"rays_o {list(rays_o.shape)} and rays_d {list(rays_d.shape)}; expected [R, 3], R >= 1"
            )
        self._rays = [rays_o, rays_d]
        self._data = {"radius": radius, "seed": seed, "step": step or 0, "jitter": step is not None}
        self._data |= {f"middle{i}": float(value) for i, value in enumerate(middle)}

    def even(self, n: int) -> Drawn:
        """n + 1 edges of n even intervals through the ball; with jitter all but the ends are moved together."""
        shapes = [(self.n_rays, n + 1), (self.n_rays * (n + 1), 3)]
        return Drawn(*self._run(_EVEN, shapes, ["float32"] * 2, [], n=n))

    def draw(
        self, edges: Edges, drawn: Drawn | None, sdf: jt.Var | None, n: int, sharpness: float
    ) -> tuple[Edges, Drawn]:
        """Takes up what was drawn, and draws more where intervals of a sharpness have weight.

        Args:
            edges: what there is.
            drawn: what the round before has drawn; None: nothing.
            sdf: the distance there, float32 [R N].
            n: edges to draw for each ray.
            sharpness: s of the intervals' opacities.

        Returns:
            The edges with those that were drawn, and the next ones.
        """
        m = 0 if drawn is None else drawn.t.shape[1]
        rows, k = self.n_rays, edges.t.shape[1] + m
        kept = (rows, k) if m else (1, 1)
        shapes = [kept, kept, (rows, k - 1), (rows, n), (rows * n, 3)]
        none = nothing(ndim=2)
        new = [none, none] if drawn is None else [drawn.t, sdf.reshape((rows, m))]
        numbers = {"m": m, "n": n, "sharpness": sharpness}
        numbers |= {"steepest": _STEEPEST, "padding": _PADDING}
        found = self._run(_DRAW, shapes, ["float32"] * 5, [edges.t, edges.sdf.reshape((rows, k - m)), *new], **numbers)
        return Edges(*found[:2]) if m else edges, Drawn(*found[3:])

    def intervals(self, t: jt.Var, drawn: Drawn | None, n_outside: int = 0) -> PackedIntervals:
        """The intervals between edges [R, K] and those drawn last.

        Args:
            t: the edges.
            drawn: more of them; None: none.
            n_outside: intervals behind the ball, evenly in inverse distance.
        """
        m = 0 if drawn is None else drawn.t.shape[1]
        n = t.shape[1] + m - 1 + n_outside
        total = self.n_rays * n
        shapes = [(total,), (total,), (total, 3), (total,), (self.n_rays, 2)]
        dtypes = ["float32"] * 3 + ["int32"] * 2
        new = nothing(ndim=2) if drawn is None else drawn.t
        numbers = {"m": m, "n_outside": n_outside, "farthest": _FARTHEST}
        found = self._run(_INTERVALS, shapes, dtypes, [t, new], **numbers)
        starts, ends, positions, ray_indices, packed = found
        return PackedIntervals(starts, ends, ray_indices, packed, total, positions=positions)

    def _run(self, source: str, shapes: list, dtypes: list, inputs: list, **numbers) -> list:
        given = [*self._rays, *inputs]
        found = code_op(_OP, shapes, dtypes, given, source, self._data | numbers)
        return [var.stop_grad() for var in found]
