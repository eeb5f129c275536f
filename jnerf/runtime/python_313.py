"""Jittor 1.3.11 under Python 3.13 and newer.

Jittor imports each library that it has compiled by ``exec("import NAME")`` and takes ``locals()[NAME]``. Since Python
3.13 (PEP 667) ``locals()`` of a function no longer shows what ``exec`` has put there: a KeyError, with oneDNN and with
CUDA. So the two modules that do this get a ``locals`` of their own, which finds the module where imports leave it.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

from jnerf.runtime.loaders import AroundLoader

_MODULES = ("jittor_utils", "jittor.compiler")


def install() -> None:
    """Makes later imports of Jittor work, where this Python needs it."""
    if sys.version_info >= (3, 13):
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules as the other finders do, and wraps their loaders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _MODULES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(AroundLoader):
    """Puts ``locals`` into the module before it runs."""

    def around(self, module: ModuleType) -> None:
        module.__dict__["locals"] = lambda: sys.modules
        self.inner.exec_module(module)
