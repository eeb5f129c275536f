"""What every member of the family is: it keeps something for each parameter that is trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError

#: Parameters by group. A group is named after its place in the config: "encoder.pos_encoder", "network".
Groups = Mapping[str, list[jt.Var]]


class Optim(ABC):
    """Base of optimisers and of averages of the weights."""

    @abstractmethod
    def rebind(self, params: Groups) -> None:
        """Takes parameters of the same groups; what was kept of one that is gone is dropped, new ones start anew."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """What a bit-exact resume needs besides the parameters."""

    def completed(self, state: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """A state that an earlier version gave, with what ``state`` has had since; by default as it is."""
        return state

    @abstractmethod
    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes back what ``state`` gave.

        Raises:
            CheckpointError: names or shapes are not those of these parameters; nothing is changed then.
        """


class Optimiser(Optim):
    """Base of what stands in a config's ``optim``.

    Attributes:
        combine: makes gradients of a part of a batch, computed already, those of the whole batch; ``step`` calls it
            once, with all of them, before it clips or uses them. By default they are that already.
        waiting: None; or, of an optimiser that syncs them, and the parameters, before it writes: what the engine left
            to be computed in the step before. The engine then starts Jittor's executor once a step instead of twice.
    """

    combine: Callable[[list[jt.Var]], list[jt.Var]] = staticmethod(lambda grads: grads)
    waiting: Sequence[jt.Var] | None = None

    @abstractmethod
    def lr_at(self, step: int) -> float:
        """The common learning rate of training step ``step``."""

    def retune(self, lr: Any, groups: Mapping[str, Any] | None) -> None:
        """Takes another learning rate and other options of groups, from the next step on; its state stays.

        Args:
            lr: as in the config's block.
            groups: likewise; None for none.

        Raises:
            ConfigError: a value is wrong, or this optimiser cannot change; nothing has changed then.
        """
        raise ConfigError(
            f"{type(self).__name__} does not define retune(lr, groups): it cannot change while it trains"
        )

    @abstractmethod
    def step(self, loss: jt.Var, step: int) -> None:
        """Differentiates the loss and updates every parameter in place; whoever calls syncs them afterwards, at the
        latest before the next step.

        Vars that read a parameter lazily and are not part of the loss must be synced before.

        Args:
            loss: scalar.
            step: the training step, for schedules.
        """


class Average(Optim):
    """Base of what stands in a config's ``ema``: averaged weights, for inference only."""

    @abstractmethod
    def update(self) -> None:
        """Takes the parameters into the average; called after every step of the optimiser."""

    def updated(self) -> Sequence[jt.Var]:
        """The same, but what it returns is still to be computed: whoever calls syncs it before parameters change."""
        self.update()
        return ()

    @abstractmethod
    @contextmanager
    def applied(self) -> Iterator[None]:
        """Puts the average in place of the parameters while the block runs; they come back bit for bit."""
