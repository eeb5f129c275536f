"""Jittor op for the total variation of tri-planes.

K-Planes (Fridovich-Keil et al. 2023, https://arxiv.org/abs/2301.10241), section 3.4.
"""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.plane_interp import PlaneLayout
from jnerf.ops.plane_interp.layout import MAX_SCALES

_SIZES = ", ".join(f'(int)data["g{i}"]' for i in range(MAX_SCALES))
# For each scale: what ``body`` says of ``planes``, whose first float is ``start``.
_SCALES = f"""
const int sizes[] = {{{_SIZES}}};
int64_t start = 0;
for (int s = 0; s < (int)data["scales"]; s++) {{
    const jnerf::PlaneRows planes{{sizes[s], in0_shape1, in0_p + start}};
    {{body}}
    start += planes.rows() * planes.floats();
}}
"""
_FORWARD = "jnerf::plane_variation_start(out0_p);" + _SCALES.replace(
    "{body}", "jnerf::plane_variation_forward(planes, out0_p);"
)
_BACKWARD = _SCALES.replace(
    "{body}", "jnerf::plane_variation_backward(planes, in1_p, out0_p + start);"
)


class _PlaneVariation(Function):
    def execute(self, table, layout):
        sizes = [*layout.resolutions, *[0] * (MAX_SCALES - len(layout.resolutions))]
        self.data = {f"g{i}": g for i, g in enumerate(sizes)} | {"scales": len(layout.resolutions)}
        self.table = table
        return code_op("plane_variation", [(1,)], ["float32"], [table], _FORWARD, self.data)[0]

    def grad(self, grad):
        inputs, shapes = [self.table, grad], [self.table.shape]
        grads = code_op("plane_variation", shapes, ["float32"], inputs, _BACKWARD, self.data)
        return grads[0], None


def plane_variation(table: jt.Var, layout: PlaneLayout) -> jt.Var:
    """Sum over all planes of 2 (mean dh^2 + mean dw^2), differences of neighbouring vertices along the two axes.

    Args:
        table: features of all planes, float32 [layout.n_rows, F].
        layout: the planes' geometry.

    Returns:
        float32 [1], with gradients to the table.

    Raises:
        ValueError: the table does not fit the layout.

    >>> rows = jt.array([[0.0], [1.0], [0.0], [1.0]])
    >>> plane_variation(jt.concat([rows] * 3), PlaneLayout((2,), 1)).item()
    6.0
    """
    expected = [layout.n_rows, layout.n_features]
    if list(table.shape) != expected or table.dtype != "float32":
        raise ValueError(
            f"plane_variation: the table is {table.dtype} {list(table.shape)}; its layout needs float32 {expected}"
        )
    return _PlaneVariation()(table, layout)
