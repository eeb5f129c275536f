"""Gradients of a field by differences of its values around a point.

They need nothing of the field but its values, so that fused kernels without second derivatives do; and they see
as far as the taps lie apart, which smooths what is finer (Neuralangelo, Li et al. 2023,
https://arxiv.org/abs/2306.03092, section 3.2, has six taps and ties the distance to the grid's cells).
"""

from __future__ import annotations

from collections.abc import Callable

import jittor as jt
import numpy as np

# Directions k of the taps with sum k k^T = c I; then gradient = sum k f(x + h k) / (c h) to first order.
_TETRAHEDRON = np.float32(
    [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
)  # c = 4, errors of order h
_CENTRAL = np.concatenate([np.eye(3), -np.eye(3)]).astype(np.float32)  # c = 2, errors of order h^2

#: Directions [T, 3] and c, by the number of taps.
TAPS = {4: (_TETRAHEDRON, 4.0), 6: (_CENTRAL, 2.0)}


def difference_gradient(
    field: Callable[[jt.Var], jt.Var], x: jt.Var, h: float, n_taps: int = 4
) -> jt.Var:
    """Gradient of a scalar field, differentiable in the field's parameters.

    Args:
        field: positions [T S, 3], ``stop_grad``, to values [T S]; it is called once.
        x: positions, float32 [S, 3].
        h: distance of the taps along each axis, in units of x.
        n_taps: 4 or 6 (``TAPS``).

    Returns:
        float32 [S, 3].
    """
    directions, c = TAPS[n_taps]
    taps = jt.array(directions).stop_grad().unsqueeze(1)  # [T, 1, 3]
    places = (x.unsqueeze(0) + taps * h).reshape(-1, 3).stop_grad()
    values = field(places).reshape(n_taps, -1, 1)
    return (values * taps).sum(0) * (1 / (c * h))
