"""The same measurement at several instruction sets: ``JNERF_SIMD`` holds for a whole process, so each has its own."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from jnerf.benchmark.children import measure_apart
from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError
from jnerf.ops.common.simd import LEVELS


def this_level() -> str:
    """The instruction set that this process compiles for."""
    return os.environ.get("JNERF_SIMD") or "native"


def level_records(options: Namespace, levels: list[str]) -> Iterator[dict[str, Any]]:
    """Measures the ops at each level, one after the other, and gives the ``levels`` of the schema.

    Raises:
        ConfigError: an unknown level.
    """
    for level in levels:
        if level not in LEVELS:
            raise ConfigError(f"--simd: {level!r} is no instruction set. {hint(level, LEVELS)}")
    arguments = ["ops", "--samples", str(options.samples), "--repeat", str(options.repeat)]
    arguments += [part for name in options.only for part in ("--only", name)]
    arguments += [f"--{options.device}"] if options.device else []
    for level in levels:
        yield from measure_apart(arguments, JNERF_SIMD=level)["results"]["levels"]
