"""Jittor op for the total variation of a sparse voxel grid.

Plenoxels (Fridovich-Keil et al. 2022, https://arxiv.org/abs/2112.05131), section 3.5.
"""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.scale_rows import scale_rows
from jnerf.ops.voxel_grid import VoxelLayout

# Inputs 0 to 2 are links, cells, values. The paper measures differences in steps of 1/256 of the box.
_SOURCE = """
const jnerf::VoxelNeighbours grid{in0_p, in1_p, {in0_shape2, in0_shape1, in0_shape0}, (int64_t)in1->num,
    (int64_t)data["first"], (int64_t)data["count"],
    {in0_shape2 / 256.0f, in0_shape1 / 256.0f, in0_shape0 / 256.0f}};
jnerf::voxel_variation({grid, in2_shape1, in2_p}, (float)data["factor"], out0_p);
if (data["wanted"] != 0) jnerf::voxel_variation_backward({grid, in2_shape1, in2_p, (float)data["factor"], out1_p});
"""


class _VoxelVariation(Function):
    def execute(self, values, layout, first, count, weight, wanted):
        inputs = [layout.links, layout.cells, values]
        data = {"first": first, "count": count, "factor": weight / count, "wanted": wanted}
        shapes = [(1,), values.shape if wanted else (1, 1)]
        found = code_op("voxel_variation", shapes, ["float32"] * 2, inputs, _SOURCE, data)
        self.gradient = found[1]
        return found[0]

    def grad(self, grad):
        return scale_rows(self.gradient, grad), *[None] * 5


def voxel_variation(
    values: jt.Var, layout: VoxelLayout, first: int, count: int, weight: float = 1.0
) -> jt.Var:
    """``weight`` times the mean over ``count`` rows of ``sum_j sqrt(dx_j^2 + dy_j^2 + dz_j^2)``, j the channels.

    ``dx`` is the difference to the next vertex along x, times vertices along x / 256; 0 where that has no row.

    Args:
        values: float32 [V, C].
        layout: which vertices have rows.
        first: the first selected row; behind the last one, row 0 follows.
        count: selected rows, 1 .. V.
        weight: a factor.

    Returns:
        float32 [1], with gradients to ``values``.

    Raises:
        ValueError: sizes do not fit together, or the selection is none.
    """
    if values.ndim != 2 or values.shape[0] != layout.n_rows or values.dtype != "float32":
        raise ValueError(
            f"voxel_variation: values are {values.dtype} {list(values.shape)}; give float32 [{layout.n_rows}, C]"
        )
    if not (1 <= count <= layout.n_rows and 0 <= first < layout.n_rows):
        raise ValueError(
            f"voxel_variation: {count} rows from {first} on; of {layout.n_rows} rows, choose 1 to all"
        )
    # asked here: inside a Function every input is detached
    wanted = not (values.is_stop_grad() or jt.flags.no_grad)
    return _VoxelVariation()(values, layout, first, count, weight, wanted)
