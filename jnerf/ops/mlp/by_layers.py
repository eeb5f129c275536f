"""The MLP as a matrix product for each layer, by the library that Jittor has for them.

CUDA's fused kernels hold a network in shared memory, on tensor cores; one that is too wide for that, or has biases or a
skip connection, is faster a layer at a time, with its activations in main memory.
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common.device import on_cuda
from jnerf.ops.mlp.shape import layer_inputs

#: Widest layer of the fused kernels for tensor cores (``TENSOR_WIDTH`` in tensor.h).
TENSOR_WIDTH = 128


def relu(x: jt.Var) -> jt.Var:
    """Jittor's, except that it takes no elements at all too: there Jittor's own recurses until the process dies."""
    return jt.nn.relu(x) if x.numel() else x


def goes_by_layers(widths: Sequence[int], biased: bool, skip: int | None) -> bool:
    """Whether the device multiplies such an MLP layer by layer; never on a CPU."""
    return on_cuda() and (biased or skip is not None or max(widths) > TENSOR_WIDTH)


def mlp_by_layers(
    x: jt.Var,
    params: jt.Var,
    widths: Sequence[int],
    n_out: int,
    extra: jt.Var | None,
    biased: bool,
    skip: int | None,
) -> jt.Var:
    """The same as ``jnerf.ops.mlp`` in float32; differentiable as often as one likes."""
    if x.ndim == 3:
        x = x.permute(1, 0, 2).reshape(x.shape[1], -1)
    x = x if extra is None else jt.concat([x, extra], dim=1)
    h, at, last = x, 0, len(widths) - 2
    for i, (n_in, width) in enumerate(zip(layer_inputs(widths, skip), widths[1:], strict=True)):
        used = n_out if i == last else width
        weight = params[at : at + used * n_in].reshape(used, n_in)
        at += width * n_in
        h = jt.nn.matmul_transpose(jt.concat([h, x], dim=1) if i == skip else h, weight)
        if biased:
            h = h + params[at : at + used]
            at += width
        h = h if i == last else relu(h)
    return h
