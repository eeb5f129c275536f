"""Tri-planes: three axis-aligned images of features, of several resolutions.

EG3D (Chan et al. 2022, https://arxiv.org/abs/2112.07945) adds what the planes say, K-Planes (Fridovich-Keil et al.
2023, https://arxiv.org/abs/2301.10241) multiplies it: a sum cannot say "here on all three planes", a product can.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.plane_interp import (
    PlaneLayout,
    plane_interp,
    plane_interp_gradient,
    plane_interp_known,
)
from jnerf.ops.plane_variation import plane_variation
from jnerf.registry import ENCODERS


@ENCODERS.register()
class TriplaneEncoder(Encoder):
    """Features at the vertices of the planes xy, xz and yz over [0, 1]^3, bilinearly interpolated and combined.

    Vertices lie on the boundary: coordinate 0 is the first and 1 the last one.

    Args:
        resolutions: vertices along an edge of each scale's planes.
        n_features: features of a vertex.
        combine: of the three planes: "product", "sum" or "mean" of their features, or "concat", all of them.
        scales: "concat": features of the scales side by side; "sum": added up.
        init: of all features: "uniform" in ``init_range``, or "normal" with that mean and standard deviation.
            Values around zero are no beginning for a product: it and its gradient would be next to nothing.
        init_range: (lowest, highest), or (mean, standard deviation).
        n_dims: scene fact; planes are for three.
        seed: of the initial features.

    Raises:
        ConfigError: a value is out of its range.

    >>> TriplaneEncoder().out_dim, TriplaneEncoder((33, 65), 4, "concat", "sum", "normal", (0.0, 0.01)).out_dim
    (96, 12)
    """

    def __init__(
        self,
        resolutions: Sequence[int] = (128, 256, 512),
        n_features: int = 32,
        combine: Literal["product", "sum", "mean", "concat"] = "product",
        scales: Literal["concat", "sum"] = "concat",
        init: Literal["uniform", "normal"] = "uniform",
        init_range: tuple[float, float] = (0.1, 0.5),
        n_dims: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if n_dims != 3:
            raise ConfigError(
                f"TriplaneEncoder: the scene has {n_dims} dimensions, planes are for 3: choose DenseGridEncoder"
            )
        if scales not in ("concat", "sum"):
            raise ConfigError(f"TriplaneEncoder: scales is {scales!r}; choose 'concat' or 'sum'")
        try:
            self.layout = PlaneLayout(tuple(resolutions), n_features, combine, scales == "sum")
        except ValueError as error:
            raise ConfigError(f"TriplaneEncoder: {error}") from None
        self.n_dims, self.out_dim = n_dims, self.layout.groups * self.layout.width
        self.finest_cell = 1 / (max(resolutions) - 1)
        self.planes = jt.array(_initial(init, init_range, self.layout, seed))

    def execute(self, x: jt.Var) -> jt.Var:
        """Features, grouped by scale, of positions in [0, 1]: [S, 3] -> [G, S, F]."""
        return plane_interp(x, self.planes, self.layout)

    def known(self, x: jt.Var, features: jt.Var) -> jt.Var:
        """``self(x)`` where it is known already; see ``Encoder``.

        ``features`` [G, S, F] must come from these positions and the present planes.
        """
        return plane_interp_known(x, self.planes, features, self.layout)

    def pull(self, x: jt.Var, features: jt.Var, grad: jt.Var) -> jt.Var:
        """Gradient by x of a scalar of each sample, differentiable again in ``grad`` and the planes; see ``Encoder``.

        Args:
            x: positions in [0, 1], [S, 3].
            features: what a call gave for them; not needed here.
            grad: the scalar's gradient by the features, [G, S, F] or as rows [S, G F].

        Returns:
            float32 [S, 3], per unit of x; along an axis it jumps from cell to cell.
        """
        if grad.ndim == 2:
            shape = grad.shape[0], self.layout.groups, self.layout.width
            grad = grad.reshape(shape).transpose(1, 0, 2)
        return plane_interp_gradient(x, self.planes, grad, self.layout)

    def variation(self) -> jt.Var:
        """The planes' total variation, a scalar; see ``jnerf.ops.plane_variation``."""
        return plane_variation(self.planes, self.layout)


def _initial(
    init: str, init_range: tuple[float, float], layout: PlaneLayout, seed: int
) -> np.ndarray:
    """Initial features [n_rows, F]."""
    if init not in ("uniform", "normal") or len(init_range) != 2:
        raise ConfigError(
            f"TriplaneEncoder: init is {init!r} and init_range {list(init_range)}; choose 'uniform' with (lowest, "
            "highest), or 'normal' with (mean, standard deviation)"
        )
    first, second = map(float, init_range)
    if not (second >= first if init == "uniform" else second >= 0):
        raise ConfigError(
            f"TriplaneEncoder: init_range is {list(init_range)}; the highest value must not be below the lowest, nor a "
            "standard deviation below 0"
        )
    random = np.random.Generator(np.random.Philox(key=[seed, 0]))
    shape = layout.n_rows, layout.n_features
    if init == "normal":
        return random.standard_normal(shape, dtype=np.float32) * np.float32(second) + np.float32(
            first
        )
    return random.random(shape, dtype=np.float32) * np.float32(second - first) + np.float32(first)
