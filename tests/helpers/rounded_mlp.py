"""The MLP's reference with the operands of every product rounded to bf16, as ``precision="bf16"`` has it."""

from functools import partial

import numpy as np

from jnerf.ops.mlp import reference


def rounded(x: np.ndarray) -> np.ndarray:
    """Nearest bf16, ties to even, as float32."""
    bits = x.astype(np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)


mlp = partial(reference.mlp, rounded=rounded)
mlp_grad = partial(reference.mlp_grad, rounded=rounded)


def assert_close(got: np.ndarray, wanted: np.ndarray, tolerance: float = 2e-3) -> None:
    """Compares norms: sums in another order round a hidden value to the other side now and then."""
    assert got.shape == wanted.shape
    assert np.linalg.norm(got - wanted) <= tolerance * np.linalg.norm(wanted) + 1e-30
