"""The specification of ``project_gaussians`` in NumPy: whole covariances through the Jacobian of the contraction."""

from __future__ import annotations

import numpy as np

from jnerf.ops.frustum_gaussians import reference as frustums


def contract(x, norm):
    """mip-NeRF 360, equation 10, of one point [3], the box being from -1 to 1: in (-2, 2); "none": the point itself."""
    x = np.asarray(x, np.float64)
    r = {"none": 0.0, "l2": np.sqrt((x * x).sum()), "linf": np.abs(x).max()}[norm]
    return x.copy() if r <= 1 else (2 - 1 / r) * x / r


def jacobian(x, norm):
    """Its derivative, [3, 3]; row i is of coordinate i.

    >>> jacobian(np.array([2.0, 0.0, 0.0]), "l2").round(4).tolist()
    [[0.25, 0.0, 0.0], [0.0, 0.75, 0.0], [0.0, 0.0, 0.75]]
    """
    x = np.asarray(x, np.float64)
    largest = np.abs(x).argmax()
    r = {"none": 0.0, "l2": np.sqrt((x * x).sum()), "linf": np.abs(x[largest])}[norm]
    if r <= 1:
        return np.eye(3)
    slope = x / r if norm == "l2" else np.sign(x[largest]) * np.eye(3)[largest]
    return (2 / r - 1 / r**2) * np.eye(3) + (2 / r**3 - 2 / r**2) * np.outer(x, slope)


def covariances(rays_d, radii, t_starts, t_ends, ray_indices):
    """Whole covariances of the pieces, float64 [S, 3, 3]: what ``frustum_gaussians`` has the diagonal of."""
    d = rays_d[ray_indices].astype(np.float64)
    z, zeros = np.zeros_like(d), np.zeros_like(d)
    z[:, 2] = 1  # of a cone along z: its variances across and along
    own = np.arange(len(d))
    each = radii.reshape(-1, 1)[ray_indices]
    _, variances = frustums.frustum_gaussians(zeros, z, each, t_starts, t_ends, own)
    along = d[:, :, None] * d[:, None, :]
    return variances[:, 2, None, None] * along + variances[:, 0, None, None] * (np.eye(3) - along)


def project_gaussians(
    rays_o, rays_d, radii, t_starts, t_ends, ray_indices, directions, aabb, norm="none"
):
    """Arguments as in ``jnerf.ops.project_gaussians``, as arrays; float64 [S, B] means and variances."""
    where = radii, t_starts, t_ends, ray_indices
    centres, _ = frustums.frustum_gaussians(rays_o, rays_d, *where)
    spreads = covariances(rays_d, *where)
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    scale, unit = np.diag(2 / (high - low)), 0.5 if norm == "none" else 0.25
    means, variances = [], []
    for centre, spread in zip(centres, spreads, strict=True):
        x = scale @ (centre - (low + high) / 2)
        slope = unit * jacobian(x, norm) @ scale
        means.append(directions @ (unit * contract(x, norm)))
        variances.append(np.einsum("bi,ij,bj->b", directions, slope @ spread @ slope.T, directions))
    return np.array(means), np.array(variances)
