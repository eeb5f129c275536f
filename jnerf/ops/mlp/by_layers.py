"""The MLP as a matrix product for each layer, by the library that Jittor has for them.

CUDA's fused kernels hold a network in shared memory, on tensor cores; one that is too wide for that, or has biases or a
skip connection, is faster a layer at a time, with its activations in main memory. Unless float32 is asked for, cuBLAS
multiplies the hidden layers' operands in bf16, which needs no loss scale, and sums in float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function
from jnerf.ops.common.device import on_cuda
from jnerf.ops.mlp.shape import layer_inputs

#: Widest layer of the fused kernels for tensor cores (``TENSOR_WIDTH`` in tensor.h).
TENSOR_WIDTH = 128

#: Compute capability with which bf16 came.
_BF16_ARCH = 80


def relu(x: jt.Var) -> jt.Var:
    """Jittor's, except that it takes no elements at all too: there Jittor's own recurses until the process dies."""
    return jt.nn.relu(x) if x.numel() else x


def goes_by_layers(widths: Sequence[int], biased: bool, skip: int | None) -> bool:
    """Whether the device multiplies such an MLP layer by layer; never on a CPU."""
    return on_cuda() and (biased or skip is not None or max(widths) > TENSOR_WIDTH)


def architectures() -> list[int]:
    """What Jittor compiles for: compute capabilities, 90 for 9.0."""
    return list(jt.flags.cuda_archs)


def multiplies_bf16(precision: str) -> bool:
    """Whether hidden layers are multiplied in bf16: unless float32 is asked for, where cuBLAS and the device can."""
    # Jittor has no such name before it has looked for CUDA
    library = getattr(jt.compile_extern, "cublas_ops", None)
    ready = on_cuda() and library is not None and min(architectures(), default=0) >= _BF16_ARCH
    return precision != "fp32" and ready


def cublas(a: jt.Var, b: jt.Var, turn_a: bool, turn_b: bool) -> jt.Var:
    """a b, either turned, in their own 16-bit type, summed up in float32."""
    return jt.compile_extern.cublas_ops.cublas_matmul(a, b, turn_a, turn_b)


class _Bf16Product(Function):
    """x [S, in] W^T for W [out, in], float32, with operands and what comes out rounded to bf16."""

    def execute(self, x, weight):
        self.saved = x.bfloat16(), weight.bfloat16()
        return cublas(*self.saved, False, True).float32()

    def grad(self, grad_out):
        x, weight = self.saved
        grad_out = grad_out.bfloat16()
        return (
            cublas(grad_out, weight, False, False).float32(),
            cublas(grad_out, x, True, False).float32(),
        )


def mlp_by_layers(
    x: jt.Var,
    params: jt.Var,
    widths: Sequence[int],
    n_out: int,
    extra: jt.Var | None,
    biased: bool,
    skip: int | None,
    precision: str = "fp32",
) -> jt.Var:
    """The same as ``jnerf.ops.mlp``; in float32 differentiable as often as one likes.

    In bf16 the last layer stays float32: it costs little, and what leaves the network keeps its digits.
    """
    in_bf16 = multiplies_bf16(precision)
    if x.ndim == 3:
        x = x.permute(1, 0, 2).reshape(x.shape[1], -1)
    x = x if extra is None else jt.concat([x, extra], dim=1)
    h, at, last = x, 0, len(widths) - 2
    for i, (n_in, width) in enumerate(zip(layer_inputs(widths, skip), widths[1:], strict=True)):
        used = n_out if i == last else width
        weight = params[at : at + used * n_in].reshape(used, n_in)
        at += width * n_in
        h = jt.concat([h, x], dim=1) if i == skip else h
        rounds = in_bf16 and i != last
        h = _Bf16Product()(h, weight) if rounds else jt.nn.matmul_transpose(h, weight)
        if biased:
            h = h + params[at : at + used]
            at += width
        h = h if i == last else relu(h)
    return h
