"""Something around the import of a module, which the module does not notice."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
from abc import abstractmethod
from types import ModuleType


class AroundLoader(importlib.abc.Loader):
    """Leaves the real loader in the module, then does what a subclass says.

    Args:
        inner: the real loader.
    """

    def __init__(self, inner: importlib.abc.Loader) -> None:
        self.inner = inner

    @abstractmethod
    def around(self, module: ModuleType) -> None:
        """Runs the module by ``self.inner.exec_module``, and whatever belongs before and after."""

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As the real loader."""
        return self.inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """See the class."""
        module.__loader__ = module.__spec__.loader = self.inner
        self.around(module)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)
