"""Fields for tests of samplers: a function of positions, as a sampler may ask it."""

from __future__ import annotations

from collections.abc import Callable

import jittor as jt

from jnerf.samplers.field import Field


class FunctionField(Field):
    """A field that is a function, positions [S, 3] -> densities [S], and still can be called like one."""

    def __init__(self, density: Callable[[jt.Var], jt.Var]) -> None:
        self._density = density

    def density(self, positions: jt.Var) -> jt.Var:
        """The function."""
        return self(positions)

    def __call__(self, positions: jt.Var) -> jt.Var:
        """The function."""
        with jt.no_grad():
            return self._density(positions)
