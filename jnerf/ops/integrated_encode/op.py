"""Jittor op for the integrated positional encoding (mip-NeRF, Barron et al. 2021, section 3.1)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import code_op

_SOURCE = (
    "jnerf::integrated_encode(in0_shape0, jnerf::IntegratedEncode{"
    '{in0_shape1, (int)data["n_frequencies"], 0, (float)data["scale"], (float)data["offset"]}, '
    "in0_p, in1_p, out0_p});"
)


def integrated_encode(
    means: jt.Var, variances: jt.Var, n_frequencies: int, scale: float = 1.0, offset: float = 0.0
) -> jt.Var:
    """The mean of a frequency encoding over Gaussians.

    A frequency that is finer than the Gaussian is wide fades out, so that what is too small to be seen is not learned.

    Args:
        means: float32 [S, D].
        variances: diagonal of the covariances, float32 [S, D].
        n_frequencies: L; frequencies are pi 2^k for k < L.
        scale: factor on coordinates before they are encoded.
        offset: added after it.

    Returns:
        For each frequency the sines and then the cosines of all coordinates, float32 [S, 2 L D]; not differentiable.

    Raises:
        ValueError: shapes differ, or there is no frequency.
    """
    if list(means.shape) != list(variances.shape) or means.ndim != 2:
        raise ValueError(
            f"means are {list(means.shape)} and variances {list(variances.shape)}; both must be [S, D]"
        )
    if n_frequencies < 1:
        raise ValueError(f"n_frequencies is {n_frequencies}; it must be at least 1")
    n, n_dims = means.shape
    if n == 0:
        return jt.zeros((0, 2 * n_frequencies * n_dims))
    data = {"n_frequencies": n_frequencies, "scale": scale, "offset": offset}
    shape = (n, 2 * n_frequencies * n_dims)
    out = code_op("integrated_encode", [shape], ["float32"], [means, variances], _SOURCE, data)
    return out[0].stop_grad()
