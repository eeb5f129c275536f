"""Times every kernel of ``jnerf.ops``, whoever calls it: the ops in a benchmark or a whole training step.

While the clock runs, the device is synchronised before and after each kernel. Jittor runs lazily, so what waits
before a kernel are Jittor's own operators (sums, slices, concatenations); their time is kept apart.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jittor as jt

import jnerf.ops

# The first function that a kernel's source calls; types, which may be built on the way, begin with a capital.
_FUNCTION = re.compile(r"jnerf::([a-z]\w*)\s*(?:<[^(){};]*>)?\(")


@dataclass(frozen=True)
class Call:
    """One kernel that ran.

    Attributes:
        op: folder of the op.
        kernel: the C++ function.
        seconds: from idle device to idle device.
        n_bytes: of all arrays read and written, each once.
    """

    op: str
    kernel: str
    seconds: float
    n_bytes: int


class KernelClock:
    """Use as a context manager; ``calls`` and ``waited`` fill while it is active.

    Attributes:
        calls: the kernels that ran, in order.
        waited: seconds in Jittor's own operators that ran before them.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.waited = 0.0
        self._patched: list[Any] = []
        self._original: Callable[..., list[jt.Var]] | None = None

    def clear(self) -> None:
        """Forgets what was measured so far."""
        self.calls, self.waited = [], 0.0

    def __enter__(self) -> KernelClock:
        _import_all_ops()
        from jnerf.ops.common import code

        self._original = code.code_op
        modules = [module for name, module in sys.modules.items() if name.startswith("jnerf.")]
        self._patched = [m for m in modules if vars(m).get("code_op") is self._original]
        for module in self._patched:
            module.code_op = self._timed
        return self

    def __exit__(self, *error: object) -> None:
        for module in self._patched:
            module.code_op = self._original
        self._patched = []

    def _timed(self, *arguments: Any, **named: Any) -> list[jt.Var]:
        given = inspect.signature(self._original).bind(*arguments, **named).arguments
        touched = [*given["inputs"], *(given.get("outputs") or ())]
        start = time.perf_counter()
        settle(touched)
        begin = time.perf_counter()
        self.waited += begin - start
        results = self._original(*arguments, **named)
        settle(results)
        seconds = time.perf_counter() - begin
        n_bytes = _n_bytes(given["inputs"]) + _n_bytes(results) * (1 + bool(given.get("outputs")))
        self.calls.append(Call(given["op"], kernel_name(given["source"]), seconds, n_bytes))
        return results


def settle(variables: list[jt.Var]) -> None:
    """Waits until the variables, and all else that was asked for, are computed."""
    jt.sync(list(variables))
    jt.sync_all(True)


def kernel_name(source: str) -> str:
    """The function that a kernel's source calls.

    >>> kernel_name("jnerf::Grid grid{in0_p}; jnerf::encode<3, 2>(grid, out0_p);")
    'encode'
    """
    found = _FUNCTION.search(source)
    return found[1] if found else "?"


def _n_bytes(variables: list[jt.Var]) -> int:
    return sum(variable.nbytes for variable in variables)


@cache
def _import_all_ops() -> None:
    """So that every module that holds ``code_op`` is known."""
    for module in pkgutil.walk_packages(jnerf.ops.__path__, "jnerf.ops."):
        importlib.import_module(module.name)
