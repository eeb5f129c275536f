"""What every kernel of tri-planes takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op, device
from jnerf.ops.plane_interp.layout import COMBINATIONS, MAX_SCALES, PlaneLayout

_SIZES = ", ".join(f'(int)data["g{i}"]' for i in range(MAX_SCALES))
_GRID = (
    'const jnerf::PlaneGrid grid{in0_shape0, (int)data["scales"], in1_shape1, (int)data["combine"], '
    f'data["summed"] != 0, {{{_SIZES}}}, in0_p, in1_p}}; '
)


@dataclass(frozen=True)
class Planes:
    """Arguments of the kernels; Vars as seen inside a ``Function``.

    Attributes:
        positions: float32 [S, 3].
        table: float32 [n_rows, F].
        layout: the planes' geometry.
    """

    positions: jt.Var
    table: jt.Var
    layout: PlaneLayout

    @staticmethod
    def check(positions: jt.Var, table: jt.Var, layout: PlaneLayout) -> None:
        """Raises ValueError unless positions [S, 3] and table fit the layout."""
        if positions.ndim != 2 or positions.shape[1] != 3 or positions.dtype != "float32":
            raise ValueError(
                f"positions are {positions.dtype} {list(positions.shape)}; give float32 [S, 3]"
            )
        expected = [layout.n_rows, layout.n_features]
        if list(table.shape) != expected or table.dtype != "float32":
            raise ValueError(
                f"the table is {table.dtype} {list(table.shape)}; its layout needs float32 {expected}"
            )

    @property
    def features_shape(self) -> tuple[int, int, int]:
        """(groups, S, width)."""
        return self.layout.groups, self.positions.shape[0], self.layout.width

    def code(self, shape: Sequence[int], function: str, *others: jt.Var) -> jt.Var:
        """One float32 output of a kernel: ``jnerf::function<W>(grid, others ..., output)``."""
        layout = self.layout
        widths = (4, 1) if device.on_cuda() else (16, 8, 4, 1)
        width = next(w for w in widths if layout.n_features % w == 0)
        pointers = "".join(f", in{2 + i}_p" for i in range(len(others)))
        source = f"{_GRID}jnerf::{function}<{width}>(grid{pointers}, out0_p);"
        sizes = [*layout.resolutions, *[0] * (MAX_SCALES - len(layout.resolutions))]
        data = {f"g{i}": g for i, g in enumerate(sizes)} | {"scales": len(layout.resolutions)}
        data |= {"combine": COMBINATIONS.index(layout.combine), "summed": layout.summed}
        inputs = [self.positions, self.table, *others]
        return code_op("plane_interp", [shape], ["float32"], inputs, source, data)[0]
