"""From coarse to fine: levels of an encoding that fade in one after the other, so that poses find their way first.

BARF (Lin et al. 2021, https://arxiv.org/abs/2104.06405, equation 14): with a levels open, level k counts
(1 - cos(pi clamp(a - k, 0, 1))) / 2.
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.errors import ConfigError
from jnerf.ops.common import Function
from jnerf.schedules import ends_of, make_schedule


class CoarseToFine:
    """The weight of each level, a function of the step alone.

    Args:
        open_levels: how many levels are open, which need not be a whole number: a number or a schedule; None: all.
        n_levels: how many there are.
        least: of them at any step.

    Raises:
        ConfigError: the schedule begins or ends with less, or begins with more than there are.
    """

    def __init__(self, open_levels: float | dict | None, n_levels: int, least: float) -> None:
        self._schedule = make_schedule(n_levels if open_levels is None else open_levels)
        self._n, self._open = n_levels, None
        first, last = ends_of(self._schedule)
        if not least <= first <= n_levels:
            raise ConfigError(
                f"coarse_to_fine begins with {first:g} levels; it must be in {least:g} .. {n_levels}"
            )
        if last < least:
            raise ConfigError(
                f"coarse_to_fine ends with {last:g} levels; it must be {least:g} or more"
            )
        self.update(0)

    def update(self, step: int) -> None:
        """Takes the weights of a step."""
        a = self._schedule(step)
        if a == self._open:
            return
        self._open = a
        #: Of each level, float64 [n_levels].
        self.weights: NDArray[np.float64] = level_weights(a, self._n)
        #: Levels that count at all.
        self.n_open = int((self.weights > 0).sum())
        #: Whether all levels count fully: nothing is to be done.
        self.complete = bool((self.weights == 1).all())
        self._vars: dict[tuple[int, ...], jt.Var] = {}

    def var(self, shape: Sequence[int]) -> jt.Var:
        """The weights as a Var, float32, of this shape."""
        shape = tuple(shape)
        if shape not in self._vars:
            weights = self.weights.astype(np.float32).reshape(shape)
            self._vars[shape] = jt.array(weights).stop_grad()
        return self._vars[shape]


def level_weights(open_levels: float, n_levels: int) -> NDArray[np.float64]:
    """Weights of levels of which so many are open.

    >>> level_weights(1.5, 3).round(3).tolist()
    [1.0, 0.5, 0.0]
    """
    part = np.clip(open_levels - np.arange(n_levels), 0.0, 1.0)
    return np.where(part == 1, 1.0, (1 - np.cos(np.pi * part)) / 2)


class ScaleGradient(Function):
    """Values as they are, and their gradient times factors: for what was scaled before it was kept."""

    def execute(self, values: jt.Var, factors: jt.Var) -> jt.Var:
        """``values``."""
        self.factors = factors
        return values.clone()

    def grad(self, grad_out: jt.Var) -> tuple[jt.Var, None]:
        """``grad_out`` times the factors."""
        return grad_out * self.factors, None
