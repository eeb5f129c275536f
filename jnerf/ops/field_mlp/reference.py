"""The specification of ``field_mlp`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.activate.op import EXPONENTIAL
from jnerf.ops.activate.reference import activate, slope
from jnerf.ops.mlp import reference


def head_input(geometry, extra, ray_indices, head_sees_density=True) -> np.ndarray:
    """[what the head sees of the geometry | extra of the sample's ray], [S, n + E]."""
    seen = geometry if head_sees_density else geometry[:, 1:]
    return seen if extra is None else np.concatenate([seen, extra[ray_indices]], axis=1)


def field_mlp(
    x, trunk, head, trunk_widths, head_widths, extra=None, ray_indices=None,
    biased=False, skip=None, density=EXPONENTIAL, head_sees_density=True, rounded=reference.exact,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Densities [S] and colours [S, 3]; arguments as in ``jnerf.ops.field_mlp``; ``rounded``: as in ``mlp``'s."""
    net = trunk_widths, trunk_widths[-1]
    geometry = reference.mlp(x, trunk, *net, biased=biased, skip=skip, rounded=rounded)
    rows = head_input(geometry, extra, ray_indices, head_sees_density)
    raw = reference.mlp(rows, head, head_widths, 3, biased=biased, rounded=rounded)
    return activate(geometry[:, 0], *density), 1 / (1 + np.exp(-raw))


def field_mlp_grad(
    x, trunk, head, trunk_widths, head_widths, grad_sigmas, grad_rgbs, extra=None, ray_indices=None,
    biased=False, skip=None, density=EXPONENTIAL, head_sees_density=True, rounded=reference.exact,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Gradients of x (as rows [S, C]), of the trunk's and of the head's parameters."""
    net, how = (trunk_widths, trunk_widths[-1]), {"biased": biased, "rounded": rounded}
    geometry = reference.mlp(x, trunk, *net, skip=skip, **how)
    rows = head_input(geometry, extra, ray_indices, head_sees_density)
    rgbs = 1 / (1 + np.exp(-reference.mlp(rows, head, head_widths, 3, **how)))
    grad_raw = grad_rgbs * rgbs * (1 - rgbs)
    grad_rows, grad_head = reference.mlp_grad(rows, head, head_widths, 3, grad_raw, **how)
    grad_geometry = np.zeros_like(geometry)
    first = 0 if head_sees_density else 1
    grad_geometry[:, first:] = grad_rows[:, : geometry.shape[1] - first]
    grad_geometry[:, 0] += grad_sigmas * slope(geometry[:, 0], *density)
    grad_x, grad_trunk = reference.mlp_grad(x, trunk, *net, grad_geometry, skip=skip, **how)
    return grad_x, grad_trunk, grad_head
