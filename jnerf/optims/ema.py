"""Exponential moving average of the weights, for inference only: training keeps the raw weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import jittor as jt
import numpy as np

from jnerf.checks.state import check_state
from jnerf.errors import ConfigError
from jnerf.ops.ema import ema_update
from jnerf.optims.base import Average, Groups
from jnerf.optims.state import take
from jnerf.registry import OPTIMS


@OPTIMS.register()
class EMA(Average):
    """``a = decay a + (1 - decay) p`` from zero; used as ``a / (1 - decay^n)`` after n updates that were taken.

    Args:
        params: parameters by group, float32.
        decay: of the average from one update to the next, in [0, 1).
        every: only the parameters behind every so many updates are taken, with the weight of all of them:
            ``a = decay^every a + (1 - decay^every) p``. Those of neighbouring steps differ little, and taking them is a
            pass over all parameters and averages.

    Raises:
        ConfigError: a value is out of range.
    """

    def __init__(self, params: Groups, decay: float = 0.95, every: int = 1) -> None:
        if not 0 <= decay < 1:
            raise ConfigError(f"decay is {decay}; it must be in [0, 1)")
        if every < 1:
            raise ConfigError(f"every is {every}; it must be at least 1")
        self.decay, self.every = float(decay), every
        self._applied = False
        self.rebind(params)

    def rebind(self, params: Groups) -> None:
        """See ``Optim``; all of the average starts anew."""
        self.updates = 0
        self._left = 1.0  # what the zeros of the beginning still weigh; ``every`` may change from start to start
        self._params = {
            f"{name}.{i}": var for name, group in params.items() for i, var in enumerate(group)
        }
        self._averages = {key: jt.zeros(var.shape).stop_grad() for key, var in self._params.items()}

    def update(self) -> None:
        """Takes the parameters into the average; call it after every optimiser step.

        Raises:
            RuntimeError: inside ``applied()``, where the parameters are the average itself.
        """
        jt.sync(self.updated())

    def updated(self) -> list[jt.Var]:
        """See ``Average``.

        Raises:
            RuntimeError: as ``update``.
        """
        if self._applied:
            raise RuntimeError(
                "EMA.update inside EMA.applied(): the parameters hold the average; leave the block first"
            )
        self.updates += 1
        if self.updates % self.every:
            return []
        averages, kept = list(self._averages.values()), self.decay**self.every
        ema_update(averages, list(self._params.values()), kept)
        self._left *= kept
        return averages

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Puts the bias-corrected average in place of the parameters while the block runs.

        The parameters come back bit for bit, also when the block raises. Before any are in the average
        they stay.

        Raises:
            RuntimeError: when nested.
        """
        if self._applied:
            raise RuntimeError("EMA.applied() is already active; leave that block first")
        raw = {key: param.copy() for key, param in self._params.items()}
        jt.sync(list(raw.values()))
        self._applied = True
        try:
            if self._left < 1:
                scale = 1 / (1 - self._left)
                for key, param in self._params.items():
                    param.update(self._averages[key] * scale)
                jt.sync(list(self._params.values()))
            yield
        finally:
            for key, param in self._params.items():
                param.update(raw[key])
            self._applied = False

    def state(self) -> dict[str, np.ndarray]:
        """The averages (before bias correction) by ``<group>.<index>``, ``updates`` [1] and ``left`` [1].

        ``left`` is what 1 minus all weights of parameters in the average leaves.
        """
        arrays = {key: var.numpy() for key, var in self._averages.items()}
        return arrays | {"updates": np.array([self.updates]), "left": np.array([self._left])}

    def completed(self, state: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """See ``Optim``; without ``left`` every update counts as taken, as before there was ``every``."""
        if "left" in state or not np.size(state.get("updates", ())):
            return state
        left = self.decay ** float(np.ravel(state["updates"])[0])
        return {**state, "left": np.array([left])}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """See ``Optim``."""
        state = self.completed(state)
        shapes = {key: tuple(var.shape) for key, var in self._averages.items()}
        check_state("EMA", shapes | {"updates": (1,), "left": (1,)}, state)
        take(state, self._averages)
        self.updates, self._left = int(state["updates"][0]), float(state["left"][0])
