"""Jittor op for the multilinear lookup in one dense grid of features."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op


class _GridInterp(Function):
    def execute(self, positions: jt.Var, grid: jt.Var, smoothstep: bool) -> jt.Var:
        n, self.n_dims = positions.shape
        self.positions, self.grid, self.data = positions, grid, {"smooth": smoothstep}
        inputs, shapes = [positions, grid], [(n, grid.shape[-1])]
        return self._run("grid_interp", inputs, shapes, "in1->shape", "in0_p, in1_p, out0_p")

    def grad(self, grad_output: jt.Var) -> tuple[jt.Var, jt.Var, None]:
        grad_positions = self._run(
            "grid_interp_backward_positions",
            [self.positions, self.grid, grad_output],
            [self.positions.shape],
            "in1->shape",
            "in0_p, in1_p, in2_p, out0_p",
        )
        grad_grid = self._run(
            "grid_interp_backward_grid",
            [self.positions, grad_output],
            [self.grid.shape],
            "out0->shape",
            "in0_p, in1_p, out0_p",
        )
        return grad_positions, grad_grid, None

    def _run(
        self, function: str, inputs: list, shapes: list, grid_shape: str, pointers: str
    ) -> jt.Var:
        source = (
            f"jnerf::{function}<{self.n_dims}>(in0->shape[0],"
            f' jnerf::grid_shape<{self.n_dims}>({grid_shape}, data["smooth"]), {pointers});'
        )
        return code_op("grid_interp", shapes, ["float32"], inputs, source, self.data)[0]


def grid_interp(positions: jt.Var, grid: jt.Var, smoothstep: bool = False) -> jt.Var:
    """Features of a dense grid, interpolated between the 4 or 8 vertices around each position.

    Coordinate 0 is the outermost vertex of an axis and 1 the last; positions outside are moved to
    the nearest face, with zero gradient across it. At a vertex the derivative is that of the cell
    above it (of the last cell at 1). On the CPU each plane of the grid's gradient belongs to one
    thread, which adds its samples in a fixed order: the result is the same for any thread count.

    Args:
        positions: (x, y) or (x, y, z) in [0, 1], float32 [S, D], D = 2 or 3.
        grid: features, float32 [Ry, Rx, F] or [Rz, Ry, Rx, F] with at least 2 vertices per axis.
        smoothstep: weights ``3 w^2 - 2 w^3`` instead of ``w``, for continuous first derivatives.

    Returns:
        float32 [S, F]; NaN where a position is NaN. Gradients go to positions and grid.

    Raises:
        ValueError: wrong shape or dtype.

    >>> grid = jt.array([[[0.0], [1.0]], [[2.0], [3.0]]])
    >>> grid_interp(jt.array([[0.5, 0.5], [1.0, 0.0]]), grid).numpy().tolist()
    [[1.5], [1.0]]
    """
    if positions.ndim != 2 or positions.shape[1] not in (2, 3) or positions.dtype != "float32":
        raise ValueError(
            f"grid_interp: positions are {positions.dtype} {list(positions.shape)};"
            " give float32 [S, 2] or [S, 3]"
        )
    n_dims = positions.shape[1]
    if grid.ndim != n_dims + 1 or min(grid.shape[:-1]) < 2 or grid.dtype != "float32":
        raise ValueError(
            f"grid_interp: the grid is {grid.dtype} {list(grid.shape)}; {n_dims}-D positions need"
            f" float32 with {n_dims} axes of at least 2 vertices and one of features"
        )
    return _GridInterp()(positions, grid, bool(smoothstep))
