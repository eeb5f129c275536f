"""Jittor op for the integrated positional encoding (mip-NeRF, Barron et al. 2021, section 3.1)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_SHAPE = '{{{}, (int)data["n_frequencies"], 0, (float)data["scale"], (float)data["offset"]}}'
_SOURCE = (
    "jnerf::integrated_encode(in0_shape0, jnerf::IntegratedEncode{"
    f"{_SHAPE.format('in0_shape1')}, in0_p, in1_p, out0_p}});"
)
_BACKWARD = (
    "jnerf::integrated_encode_backward(out0->num, jnerf::IntegratedEncodeGrad{"
    f"{_SHAPE.format('out0_shape1')}, in0_p, in1_p, out0_p, out1_p}});"
)


class _IntegratedEncode(Function):
    def execute(self, means, variances, data):
        self.shape, self.data = means.shape, data
        self.values = _encode(means, variances, data)
        return self.values

    def grad(self, grad_out):
        inputs, shapes = [self.values, grad_out], [self.shape, self.shape]
        how = "integrated_encode", shapes, ["float32"] * 2, inputs, _BACKWARD, self.data
        return *code_op(*how), None


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
        For each frequency the sines and then the cosines of all coordinates, float32 [S, 2 L D]; differentiable in
        means and variances, unless both are ``stop_grad``.

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
    if means.is_stop_grad() and variances.is_stop_grad():
        return _encode(means, variances, data).stop_grad()
    return _IntegratedEncode()(means, variances, data)


def _encode(means: jt.Var, variances: jt.Var, data: dict[str, float]) -> jt.Var:
    shape = means.shape[0], 2 * int(data["n_frequencies"]) * means.shape[1]
    return code_op("integrated_encode", [shape], ["float32"], [means, variances], _SOURCE, data)[0]
