"""Jittor op for the frequency encoding (NeRF, Mildenhall et al. 2020, equation 4)."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_SHAPE = (
    'jnerf::FrequencyShape{(int)data["n_dims"], (int)data["n_frequencies"],'
    ' (int)data["include_input"], (float)data["scale"], (float)data["offset"]}'
)

_FORWARD = (
    f"jnerf::frequency_encode(in0->shape[0], {_SHAPE}, in0_p, in1_p, "
    'data["weighted"] != 0 ? in2_p : nullptr, out0_p);'
)
_BACKWARD = (
    f"jnerf::frequency_encode_backward(out0->shape[0], {_SHAPE}, in0_p, in1_p, in2_p, out0_p);"
)
_PUSH = (
    "jnerf::parallel_for(out0->num, "
    f"jnerf::FrequencyEncodePush{{{_SHAPE}, in0_p, in1_p, in2_p, out0_p}});"
)


class _FrequencyEncode(Function):
    def execute(self, x, frequencies, weights, include_input, scale, offset):
        n, n_dims = x.shape
        n_frequencies = frequencies.shape[0]
        self.data = {
            "n_dims": n_dims,
            "n_frequencies": n_frequencies,
            "include_input": include_input,
            "scale": scale,
            "offset": offset,
            "weighted": weights is not None,
        }
        width = n_dims * (2 * n_frequencies + include_input)
        inputs = [x, frequencies, nothing() if weights is None else weights]
        shapes = [(n, width)]
        values = code_op("frequency_encode", shapes, ["float32"], inputs, _FORWARD, self.data)[0]
        self.x_shape, self.frequencies, self.values = x.shape, frequencies, values
        return values

    def grad(self, grad_output):
        inputs = [self.frequencies, self.values, grad_output]
        shapes = [self.x_shape]
        grad = code_op("frequency_encode", shapes, ["float32"], inputs, _BACKWARD, self.data)[0]
        return grad, None, None, None, None, None


class _FrequencyPull(Function):
    def execute(self, values, grad_values, frequencies, data):
        self.inputs, self.data = [frequencies, values], data
        shape, inputs = (values.shape[0], data["n_dims"]), [*self.inputs, grad_values]
        return code_op("frequency_encode", [shape], ["float32"], inputs, _BACKWARD, data)[0]

    def grad(self, grad):
        shapes, inputs = [self.inputs[1].shape], [*self.inputs, grad]
        push = code_op("frequency_encode", shapes, ["float32"], inputs, _PUSH, self.data)[0]
        return None, push, None, None


def frequency_pull(
    values: jt.Var,
    grad_values: jt.Var,
    frequencies: jt.Var,
    n_dims: int,
    include_input: bool = True,
    scale: float = 1.0,
) -> jt.Var:
    """Gradient by x of something whose gradient by the values of ``frequency_encode`` is known.

    Differentiable once in ``grad_values``: what exact normals need, which losses differentiate again.

    Args:
        values: what ``frequency_encode`` gave, float32 [S, C]; their weights are in them.
        grad_values: of something by these, float32 [S, C].
        frequencies: see ``frequency_encode``, float32 [K].
        n_dims: D.
        include_input: see there.
        scale: see there.

    Returns:
        float32 [S, D].

    Raises:
        ValueError: shapes do not fit together.
    """
    shape = [values.shape[0], n_dims * (2 * frequencies.shape[0] + include_input)]
    if list(values.shape) != shape or list(grad_values.shape) != shape:
        raise ValueError(
            f"frequency_pull: values {list(values.shape)} with gradient {list(grad_values.shape)}; expected {shape}"
        )
    if shape[0] == 0:
        return jt.zeros((0, n_dims))
    data = {"n_dims": n_dims, "n_frequencies": frequencies.shape[0]}
    data |= {"include_input": bool(include_input), "scale": float(scale), "offset": 0.0}
    return _FrequencyPull()(values, grad_values, frequencies, data)


def frequency_encode(
    x: jt.Var,
    frequencies: jt.Var,
    include_input: bool = True,
    scale: float = 1.0,
    offset: float = 0.0,
    weights: jt.Var | None = None,
) -> jt.Var:
    """``[u, sin(pi f_1 u), cos(pi f_1 u), sin(pi f_2 u), ...]`` with ``u = scale * x + offset``.

    Each bracket entry is the vector of all D dimensions. The phase is reduced modulo 2 before
    the sine is taken, so that high frequencies lose no accuracy where ``f * u`` is exact, as it
    is for powers of two. The gradient flows to ``x``, not to the frequencies.

    Args:
        x: points, float32 [S, D].
        frequencies: f in half cycles per unit of ``u``, float32 [K], K may be 0.
        include_input: whether ``u`` itself comes first.
        scale: see above.
        offset: see above.
        weights: factor of the sines and cosines of each frequency, float32 [K], without gradient; None: 1.

    Returns:
        float32 [S, D * (2 K + include_input)].

    Raises:
        ValueError: wrong shape or dtype.

    >>> print(frequency_encode(jt.array([[0.25]]), jt.array([1.0, 2.0])).numpy().round(3) + 0.0)
    [[0.25  0.707 0.707 1.    0.   ]]
    """
    if x.ndim != 2 or x.dtype != "float32":
        raise ValueError(f"frequency_encode: x is {x.dtype} {list(x.shape)}; give float32 [S, D]")
    if frequencies.ndim != 1 or frequencies.dtype != "float32":
        raise ValueError(
            f"frequency_encode: frequencies are {frequencies.dtype} {list(frequencies.shape)};"
            " give float32 [K]"
        )
    if weights is not None and (weights.dtype != "float32" or weights.shape != frequencies.shape):
        raise ValueError(
            f"frequency_encode: weights are {weights.dtype} {list(weights.shape)}; give float32 "
            f"{list(frequencies.shape)}, as many as frequencies"
        )
    how = bool(include_input), float(scale), float(offset)
    return _FrequencyEncode()(x, frequencies, weights, *how)
