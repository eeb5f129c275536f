"""Kernels for CUDA that can go several ways, and what a user asks for: ``JNERF_CUDA_WAYS=march=one,field=tensor``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError

VARIABLE = "JNERF_CUDA_WAYS"

#: Kernel -> its ways. By itself it goes the first one where that suits shape and device; ``march`` where rays are few.
WAYS: Mapping[str, tuple[str, ...]] = {
    # threads of one ray
    "march": ("eight", "one"),
    "composite": ("eight", "one"),
    "visible": ("eight", "one"),
    # activations of a network in registers, in shared memory, in float
    "field": ("chain", "tensor", "plain"),
    "mlp": ("chain", "tensor", "plain"),
    # loads of 16 bytes for two neighbouring rows, or one for each row
    "hash": ("pairs", "rows"),
    # gradients of neighbours in one cell summed before they are added to memory, or not
    "scatter": ("runs", "each"),
    # entries of a thread
    "adam": ("quads", "one"),
    "ema": ("quads", "one"),
    "copy": ("quads", "one"),
}


def check(asked: str) -> None:
    """Raises ConfigError for a kernel or a way that does not exist.

    Args:
        asked: what ``JNERF_CUDA_WAYS`` says.

    >>> check("march=one,field=tensor")
    """
    for part in asked.split(",") if asked else ():
        kernel, _, way = part.partition("=")
        if kernel not in WAYS:
            known = ", ".join(WAYS)
            raise ConfigError(f"{VARIABLE}={asked}: no kernel {kernel!r} has ways. Valid: {known}")
        if way not in WAYS[kernel]:
            allowed = ", ".join(WAYS[kernel])
            raise ConfigError(f"{VARIABLE}={asked}: {kernel!r} cannot go {way!r}, but {allowed}")


def check_kernels(only: Iterable[str]) -> None:
    """Raises ConfigError for a kernel that does not exist, or goes one way.

    Args:
        only: what ``--only`` of ``jnerf benchmark ways`` says.

    >>> check_kernels(["march", "field"])
    """
    for name in only:
        if name not in WAYS:
            raise ConfigError(f"--only: no kernel {name!r} has several ways. {hint(name, WAYS)}")
