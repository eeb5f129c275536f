"""What every kernel of the hash grid takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.half_copy import STORED, check_copy
from jnerf.ops.hash_encode.layout import HashGridLayout


@dataclass(frozen=True)
class Grid:
    """Arguments of the grid's kernels; Vars as seen inside a ``Function``.

    Attributes:
        positions: float32 [S, D].
        table: float32 [rows, F]; or a copy of it, float16 or bfloat16, with more rows perhaps, to be read alone.
        scales: ``layout.scales``, float32 [L].
        meta: ``layout.meta``, int32 [L, 4].
        layout: the grid's geometry.
        smoothstep: how is interpolated.
    """

    positions: jt.Var
    table: jt.Var
    scales: jt.Var
    meta: jt.Var
    layout: HashGridLayout
    smoothstep: bool

    @staticmethod
    def check(
        positions: jt.Var, table: jt.Var, layout: HashGridLayout, copy: jt.Var | None = None
    ) -> None:
        """Raises ValueError unless positions [S, D], table and its copy in 16 bits fit the layout."""
        if positions.ndim != 2 or positions.shape[1] != layout.n_dims:
            raise ValueError(
                f"positions have shape {list(positions.shape)}; expected [S, {layout.n_dims}]"
            )
        expected = [layout.n_rows, layout.n_features]
        if list(table.shape) != expected:
            raise ValueError(
                f"the table has shape {list(table.shape)}; its layout needs {expected}"
            )
        check_copy(copy, *expected)

    @property
    def features_shape(self) -> tuple[int, int, int]:
        """(L, S, F)."""
        return (self.layout.n_levels, self.positions.shape[0], self.layout.n_features)

    def code(
        self, op: str, shape: Sequence[int], call: str, *others: jt.Var, turned: bool = False
    ) -> jt.Var:
        """One float32 output of a kernel.

        Args:
            op: folder of the kernel.
            shape: of the output.
            call: of a function of ``jnerf``, behind whose name <D, F> is put. Its ``grid`` is this one.
            others: further inputs, ``in4_p`` and on.
            turned: the first of them holds the grid's directions, [S, D].
        """
        stored = STORED[str(self.table.dtype)]
        kind = f"<{self.layout.n_dims}, {self.layout.n_features}>"
        source = (
            f"jnerf::HashGridOf<{stored}> grid{{in0_p, (const {stored}*)in1_p, in2_p, in3_p, in0_shape0, "
            f'(int)in2->num, data["smoothstep"] != 0{", in4_p" if turned else ""}}}; '
            f"jnerf::{call.replace('(', kind + '(', 1)};"
        )
        inputs = [self.positions, self.table, self.scales, self.meta, *others]
        data = {"smoothstep": self.smoothstep}
        return code_op(op, [shape], ["float32"], inputs, source, data)[0]
