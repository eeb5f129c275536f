"""How much of its forward pass a field keeps for the backward pass."""

from __future__ import annotations

from functools import cache

import jittor as jt

from jnerf.ops.common.device import on_cuda
from jnerf.ops.mlp.precision import multiplies_bf16

_TILE, _PAD = 64, 32  # samples and rows: MLP_TILE and MLP_PAD of the kernels
_LINE = 16  # floats of a cache line
_MOST_BYTES = 1100  # per sample: what wider networks keep is not worth the memory


@cache
def kept_words(
    trunk_widths: tuple[int, ...],
    head_widths: tuple[int, ...],
    precision: str,
    skip: int | None,
    first: int,
) -> int:
    """Words of 4 bytes that the forward pass keeps of a sample; 0 where it keeps nothing.

    Args:
        trunk_widths: as in ``field_mlp``.
        head_widths: as in ``field_mlp``.
        precision: as in ``field_mlp``.
        skip: as in ``field_mlp``; a trunk that takes its input again keeps nothing.
        first: of the geometry that the head sees.
    """
    if skip is not None:
        return 0
    at_once = 2 if multiplies_bf16(precision) else 1  # values in a word
    geometry = trunk_widths[-1]
    head_inputs = geometry + geometry % at_once + head_widths[0] - (geometry - first)
    widths = (*trunk_widths[:-1], head_inputs, *head_widths[1:-1])
    words = sum(-(-width // _PAD) * _PAD for width in widths) // at_once + 4  # density and colours
    return words if 4 * words <= _MOST_BYTES else 0


def kept_size(n: int, words: int) -> int:
    """Floats that the forward pass of ``n`` samples leaves for the backward pass; 1 where it leaves nothing.

    A kernel that finds too little room keeps nothing, and the backward pass computes all of it again.

    Args:
        n: samples.
        words: ``kept_words``.
    """
    if not words or jt.flags.no_grad or on_cuda():
        return 1
    return -(-n // _TILE) * _TILE * words + 2 * _LINE
