"""How much of its forward pass a field keeps for the backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import jittor as jt

from jnerf.ops.common.device import on_cuda
from jnerf.ops.mlp.precision import multiplies_bf16

_TILE, _PAD = 64, 32  # samples and rows: MLP_TILE and MLP_PAD of the kernels
_LINE = 16  # floats of a cache line
_MOST_BYTES = 1100  # per sample: what wider networks keep is not worth the memory


def kept_size(n: int, trunk_widths: tuple[int, ...], head_widths: tuple[int, ...], options: Mapping[str, int]) -> int:
    """Floats that the forward pass of ``n`` samples leaves for the backward pass; 1 where it leaves nothing.

    A kernel that finds too little room keeps nothing, and the backward pass computes all of it again.

    Args:
        n: samples.
        trunk_widths: as in ``field_mlp``.
        head_widths: as in ``field_mlp``.
        options: of ``field_mlp``'s kernels; a trunk that takes its input again keeps nothing.
    """
    if jt.flags.no_grad or on_cuda() or options["skip"] >= 0:
        return 1
    words = _words(trunk_widths, head_widths, options["first"], multiplies_bf16(options["precision"]))
    return 1 if 4 * words > _MOST_BYTES else -(-n // _TILE) * _TILE * words + 2 * _LINE


@cache
def _words(trunk_widths: tuple[int, ...], head_widths: tuple[int, ...], first: int, halves: bool) -> int:
    """Of 32 bits, per sample: what each layer takes, the density and the colour."""
    at_once = 2 if halves else 1  # values in a word
    geometry = trunk_widths[-1]
    head_inputs = geometry + geometry % at_once + head_widths[0] - (geometry - first)
    widths = [*trunk_widths[:-1], head_inputs, *head_widths[1:-1]]
    return sum(-(-width // _PAD) * _PAD for width in widths) // at_once + 4
