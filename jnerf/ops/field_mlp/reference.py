"""The specification of ``field_mlp`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np

from jnerf.ops.mlp import reference


def head_input(geometry, extra, ray_indices) -> np.ndarray:
    """[geometry | extra of the sample's ray], [S, n_geometry + E]."""
    return geometry if extra is None else np.concatenate([geometry, extra[ray_indices]], axis=1)


def field_mlp(
    x, trunk, head, trunk_widths, head_widths, extra=None, ray_indices=None
) -> tuple[np.ndarray, np.ndarray]:
    """Densities [S] and colours [S, 3]; arguments as in ``jnerf.ops.field_mlp``."""
    geometry = reference.mlp(x, trunk, trunk_widths, trunk_widths[-1])
    raw = reference.mlp(head_input(geometry, extra, ray_indices), head, head_widths, 3)
    return np.exp(geometry[:, 0]), 1 / (1 + np.exp(-raw))


def field_mlp_grad(
    x, trunk, head, trunk_widths, head_widths, grad_sigmas, grad_rgbs, extra=None, ray_indices=None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of x (as rows [S, C]), of the trunk's and of the head's parameters."""
    geometry = reference.mlp(x, trunk, trunk_widths, trunk_widths[-1])
    rows = head_input(geometry, extra, ray_indices)
    rgbs = 1 / (1 + np.exp(-reference.mlp(rows, head, head_widths, 3)))
    grad_raw = grad_rgbs * rgbs * (1 - rgbs)
    grad_rows, grad_head = reference.mlp_grad(rows, head, head_widths, 3, grad_raw)
    grad_geometry = grad_rows[:, : geometry.shape[1]].copy()
    grad_geometry[:, 0] += grad_sigmas * np.exp(np.clip(geometry[:, 0], -15, 15))
    grad_x, grad_trunk = reference.mlp_grad(x, trunk, trunk_widths, trunk_widths[-1], grad_geometry)
    return grad_x, grad_trunk, grad_head
