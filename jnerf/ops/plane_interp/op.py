"""Jittor op of tri-planes: features, and their gradients to positions and planes."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function
from jnerf.ops.plane_interp.grid import Planes
from jnerf.ops.plane_interp.layout import PlaneLayout


class _PlaneInterp(Function):
    """``features``: None to look them up, or what an earlier lookup gave."""

    def execute(self, positions, table, features, layout, wants_positions):
        self.planes, self.wants_positions = Planes(positions, table, layout), wants_positions
        if features is not None:
            return features
        return self.planes.code(self.planes.features_shape, "plane_interp_forward")

    def grad(self, grad_out):
        planes, grad_positions = self.planes, None
        if self.wants_positions:
            name = "plane_interp_backward_positions"
            grad_positions = planes.code(planes.positions.shape, name, grad_out)
        grad_table = planes.code(planes.table.shape, "plane_interp_backward_table", grad_out)
        return grad_positions, grad_table, None, None, None


def plane_interp(positions: jt.Var, table: jt.Var, layout: PlaneLayout) -> jt.Var:
    """Features of positions: bilinear lookups in the planes xy, xz and yz of each scale, combined.

    ``layout.combine`` says how, in one pass: what single planes say is never written to memory, and a product's
    gradient looks it up again. Coordinate 0 is the first vertex of an axis and 1 the last; positions outside are moved
    to the nearest face, with zero gradient across it. At a vertex the derivative is that of the cell above it (of the
    last cell at 1). Differentiable in the table, and in the positions unless they are ``stop_grad``; once only. For a
    gradient to the positions that can be differentiated again, call ``plane_interp_gradient``.

    On the CPU rows of the table's gradient belong to one thread, which adds its samples in their order: the result has
    the same bits for any number of threads.

    Args:
        positions: in [0, 1], float32 [S, 3].
        table: features of all planes, float32 [layout.n_rows, F]; see ``PlaneLayout``.
        layout: the planes' geometry.

    Returns:
        float32 [layout.groups, S, layout.width]; NaN where a position is.

    Raises:
        ValueError: the shapes do not fit the layout.

    >>> layout = PlaneLayout((2,), 1, "sum")
    >>> corners = jt.array([[0.0], [1.0], [0.0], [1.0]])
    >>> plane_interp(jt.array([[0.5, 0.25, 0.0]]), jt.concat([corners] * 3), layout).numpy().tolist()
    [[[1.25]]]
    """
    Planes.check(positions, table, layout)
    if positions.shape[0] == 0:
        return jt.zeros((layout.groups, 0, layout.width))
    # asked here: inside a Function every input is detached
    return _PlaneInterp()(positions, table, None, layout, not positions.is_stop_grad())


def plane_interp_known(
    positions: jt.Var, table: jt.Var, features: jt.Var, layout: PlaneLayout
) -> jt.Var:
    """``plane_interp`` whose result is known already: only the gradients are left to compute.

    Args:
        positions: float32 [S, 3], as of ``plane_interp``.
        table: the table that the features come from, float32 [layout.n_rows, F].
        features: what ``plane_interp`` gave for these positions and this table, float32 [groups, S, width]; gets no
            gradient.
        layout: the planes' geometry.

    Returns:
        The features, in the same memory. Gradients go to the table, and to positions unless they are ``stop_grad``.

    Raises:
        ValueError: the shapes do not fit the layout or one another.
    """
    Planes.check(positions, table, layout)
    expected = [layout.groups, positions.shape[0], layout.width]
    if list(features.shape) != expected:
        raise ValueError(
            f"the features have shape {list(features.shape)}; these positions need {expected}"
        )
    if positions.shape[0] == 0:
        return jt.zeros(expected)
    wanted = not positions.is_stop_grad()
    return _PlaneInterp()(positions, table, features.detach(), layout, wanted)
