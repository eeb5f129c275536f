"""What an MLP's widths say: inputs of its layers, number of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache


def layer_inputs(widths: Sequence[int], skip: int | None = None) -> list[int]:
    """How many inputs each layer has; layer ``skip`` takes the network's again.

    >>> layer_inputs([63, 128, 128, 3], skip=2)
    [63, 128, 191]
    """
    return [width + (widths[0] if i == skip else 0) for i, width in enumerate(widths[:-1])]


def n_params(widths: Sequence[int], biased: bool = False, skip: int | None = None) -> int:
    """Number of parameters of an MLP with these layer widths.

    >>> n_params([32, 64, 16])
    3072
    """
    return _n_params(tuple(widths), biased, skip)


@cache
def _n_params(widths: tuple[int, ...], biased: bool, skip: int | None) -> int:
    pairs = zip(layer_inputs(widths, skip), widths[1:], strict=True)
    return sum(i * o + (o if biased else 0) for i, o in pairs)


def check_skip(skip: int | None, widths: Sequence[int]) -> int:
    """``skip`` as kernels take it: -1 for none.

    Raises:
        ValueError: there is no such layer.
    """
    if skip is not None and not 1 <= skip <= len(widths) - 2:
        raise ValueError(
            f"skip is {skip}; it must be None or the index of a layer behind the first, "
            f"1 to {len(widths) - 2} here"
        )
    return -1 if skip is None else skip
