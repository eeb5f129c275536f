"""The specification of ``ray_dots`` in NumPy, in any precision."""

from __future__ import annotations

import numpy as np


def as_rows(features) -> np.ndarray:
    """[S, C] from grouped [G, S, F]."""
    groups, n, width = features.shape
    return features.transpose(1, 0, 2).reshape(n, groups * width)


def ray_dots(features, vectors, ray_indices) -> np.ndarray:
    """Dot products [S, O]; features [G, S, F], vectors [R, O, G F]."""
    return np.einsum("sc,soc->so", as_rows(features), vectors[ray_indices])


def ray_dots_grad(features, vectors, ray_indices, grad) -> tuple[np.ndarray, np.ndarray]:
    """Gradients for features and vectors, given that of the products, [S, O]."""
    of_rows = np.einsum("so,soc->sc", grad, vectors[ray_indices])
    groups, n, width = features.shape
    of_vectors = np.zeros_like(vectors)
    np.add.at(of_vectors, ray_indices, grad[:, :, None] * as_rows(features)[:, None])
    return of_rows.reshape(n, groups, width).transpose(1, 0, 2), of_vectors
