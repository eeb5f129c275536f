"""The gradient of tri-planes by position as an op, itself differentiable: for losses of normals."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function
from jnerf.ops.plane_interp.grid import Planes
from jnerf.ops.plane_interp.layout import PlaneLayout


class _PlaneInterpGradient(Function):
    def execute(self, positions, table, v, layout, wanted):
        self.planes, self.v, self.wanted = Planes(positions, table, layout), v, wanted
        return self.planes.code(positions.shape, "plane_interp_backward_positions", v)

    def grad(self, g):
        planes, (wants_table, wants_v) = self.planes, self.wanted
        of_table = of_v = None
        if wants_table:
            of_table = planes.code(planes.table.shape, "plane_turned_table", g, self.v)
        if wants_v:
            of_v = planes.code(planes.features_shape, "plane_turned_features", g)
        return None, of_table, of_v, None, None


def plane_interp_gradient(
    positions: jt.Var, table: jt.Var, v: jt.Var, layout: PlaneLayout
) -> jt.Var:
    """The gradient by position of a scalar whose gradient by the features of ``plane_interp`` is known.

    n[s, d] = sum over g, f of v[g, s, f] d features[g, s, f] / d positions[s, d]. With v = d sdf / d features, n is the
    sdf's gradient, as far as it comes through the planes, and losses of n reach the table and v: second derivatives,
    which Jittor's own gradient of ``plane_interp`` does not have. On the CPU results have the same bits for any number
    of threads.

    Args:
        positions: in [0, 1], float32 [S, 3]; outside the gradient across the face is zero.
        table: features of all planes, float32 [layout.n_rows, F].
        v: gradient of a scalar of each sample by its features, float32 [layout.groups, S, layout.width].
        layout: the planes' geometry.

    Returns:
        float32 [S, 3]. Differentiable once, in table and v, not in positions.

    Raises:
        ValueError: the shapes do not fit the layout or one another.
    """
    Planes.check(positions, table, layout)
    expected = [layout.groups, positions.shape[0], layout.width]
    if list(v.shape) != expected:
        raise ValueError(f"v has shape {list(v.shape)}; these positions need {expected}")
    if positions.shape[0] == 0:
        return jt.zeros((0, 3))
    wanted = not table.is_stop_grad(), not v.is_stop_grad()
    return _PlaneInterpGradient()(positions, table, v, layout, wanted)
