"""Hooks: what happens between two training steps and is no part of training (a viewer, another log, edits).

A hook runs on the trainer's own thread, since Jittor is not made for several, and while nothing is computed lazily. It
may look at everything and render, but what training depends on (weights, moments, the sampler's grid, seeds) must be
left as it is, unless changing it is the hook's very purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jnerf.engine.trainer import Trainer


class Hook:
    """Base of hooks; each method does nothing.

    What a hook may ask of the trainer: ``step``, ``total_steps``, ``seconds``, ``config``, ``pipeline``, ``folder``,
    ``stopping()``, ``request_stop()`` and ``write(row)``.
    """

    def begin(self, trainer: Trainer) -> None:
        """Called before the first step, with the state restored when resuming."""

    def row(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """Called with each row that was written to ``log.jsonl``."""

    def after_step(self, trainer: Trainer) -> None:
        """Called after each step and whatever was due after it (log row, checkpoint, evaluation)."""

    def end(self, trainer: Trainer) -> None:
        """Called once, after the last step and the test, or after an error that ended them."""


class Hooks(Hook):
    """Several hooks as one.

    Args:
        hooks: called in this order.
    """

    def __init__(self, hooks: Sequence[Hook] = ()) -> None:
        self._hooks = tuple(hooks)

    def begin(self, trainer: Trainer) -> None:
        """See ``Hook``."""
        for hook in self._hooks:
            hook.begin(trainer)

    def row(self, trainer: Trainer, row: dict[str, Any]) -> None:
        """See ``Hook``."""
        for hook in self._hooks:
            hook.row(trainer, row)

    def after_step(self, trainer: Trainer) -> None:
        """See ``Hook``."""
        for hook in self._hooks:
            hook.after_step(trainer)

    def end(self, trainer: Trainer) -> None:
        """See ``Hook``; one that fails does not keep the others from ending."""
        errors = []
        for hook in self._hooks:
            try:
                hook.end(trainer)
            except Exception as error:  # kept, and raised when all have ended
                errors.append(error)
        if errors:
            raise errors[0]
