"""Jittor op that looks positions up in a grid of bits."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = (
    "jnerf::cell_mask(out0->num, {in0_p, in1_p,"
    ' {(int)data["cells_x"], (int)in1->shape[1], (int)in1->shape[0]}, out0_p});'
)


def cell_mask(positions: jt.Var, bits: jt.Var, cells_x: int) -> jt.Var:
    """1 for positions in a marked cell of the unit cube, 0 for others, and for those outside; without gradient.

    Args:
        positions: float32 [S, 3].
        bits: of cells along x, eight to a byte as ``numpy.packbits`` writes them, uint8 [Nz, Ny, ceil(Nx / 8)].
        cells_x: Nx.

    Returns:
        float32 [S].

    Raises:
        ValueError: shapes or dtypes do not fit together.

    >>> bits = jt.array(np.packbits(np.array([[[False, True]]]), axis=2))
    >>> cell_mask(jt.array([[0.2, 0.5, 0.5], [0.8, 0.5, 0.5], [0.8, 0.5, 1.5]]), bits, 2).numpy().tolist()
    [0.0, 1.0, 0.0]
    """
    if positions.ndim != 2 or positions.shape[1] != 3 or positions.dtype != "float32":
        raise ValueError(
            f"cell_mask: positions are {positions.dtype} {list(positions.shape)}; give float32 [S, 3]"
        )
    fits = bits.ndim == 3 and bits.dtype == "uint8" and min(bits.shape) > 0
    if not fits or bits.shape[2] != (cells_x + 7) // 8:
        raise ValueError(
            f"cell_mask: bits are {bits.dtype} {list(bits.shape)}; {cells_x} cells along x need uint8 "
            f"[Nz, Ny, {(cells_x + 7) // 8}]"
        )
    n = positions.shape[0]
    if n == 0:
        return jt.zeros((0,)).stop_grad()
    inputs, data = [positions, bits], {"cells_x": cells_x}
    return code_op("cell_mask", [(n,)], ["float32"], inputs, _SOURCE, data)[0].stop_grad()
