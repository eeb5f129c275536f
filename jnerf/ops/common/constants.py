"""Arrays that never change, made once: each one made anew in a step would be three of Jittor's own kernels.

Nothing here waits for them: a sync while Jittor builds gradients would run, and free, what it still has to read.
"""

from __future__ import annotations

from functools import cache, lru_cache

import jittor as jt
import numpy as np


@cache
def nothing(dtype: str = "float32", ndim: int = 1) -> jt.Var:
    """Zeros in the place of an input that a kernel does not read: [2], [2, 1] ... without gradient."""
    # Handed over: Jittor would compile a kernel to make them, and one for arrays of a single element.
    return jt.array(np.zeros((2, *(1,) * (ndim - 1)), dtype)).stop_grad()


@cache
def zero() -> jt.Var:
    """The number 0 as float32 [1], without gradient: a loss that does not count at this step."""
    return jt.array(np.zeros(1, np.float32)).stop_grad()


@cache
def one() -> jt.Var:
    """The number 1 as float32 [1], without gradient."""
    return jt.ones((1,)).stop_grad()


def is_one(var: jt.Var) -> bool:
    """Whether it is ``one()``, which went through Jittor's graph perhaps; nothing waits for its value."""
    return var.id == one().id  # of the node in the graph: no other ever has that number


@lru_cache(maxsize=16)
def filled(shape: tuple[int, ...], value: float) -> jt.Var:
    """An array of one number, float32, without gradient; for the few shapes that a run has step after step."""
    return jt.array(np.full(shape, value, np.float32)).stop_grad()
