"""Ops with gradients of their own: what Jittor's ``Function`` does, at less cost to the host."""

from __future__ import annotations

from typing import Any

import jittor as jt


class Function:
    """An op with a gradient of its own; derive from it and give it ``execute`` and ``grad``.

    The contract is that of ``jt.Function``, but where no input wants a gradient the outputs are ``stop_grad``: what
    follows need not make gradients that nobody reads. What ``execute`` saves in ``self`` is there in ``grad``; all its
    inputs are detached by then, so whether one is ``stop_grad`` is asked before. Differentiable once. Neither runs
    anything: both build a graph, ``grad`` when Jittor asks for gradients.

    >>> class Twice(Function):
    ...     def execute(self, x):
    ...         return x + x
    ...
    ...     def grad(self, grad_out):
    ...         return grad_out + grad_out
    >>> x = jt.array([1.0, 2.0])
    >>> jt.grad(Twice()(x).sum(), x).numpy().tolist()
    [2.0, 2.0]
    """

    _n_inputs: int
    _differentiated: list[int]  # which inputs are

    def execute(self, *inputs: Any) -> Any:
        """The outputs: a Var, or a tuple or list of Vars."""
        raise NotImplementedError

    def grad(self, *grads: jt.Var | None) -> Any:
        """Gradients, one for each input, from those of the outputs.

        Args:
            grads: one for each output; None where nothing depends on it.

        Returns:
            A Var or None for each input, as a tuple or list; of a single input it may be the Var itself. What is given
            for an input that is no Var or ``stop_grad`` is not looked at.
        """
        raise NotImplementedError

    def __call__(self, *inputs: Any) -> Any:
        """What ``execute`` gives, differentiable; several outputs as a list."""
        if jt.flags.no_grad:
            return self.execute(*inputs)
        given, taped, places = list(inputs), [], []
        for i, value in enumerate(inputs):
            if isinstance(value, jt.Var) and not value.is_stop_grad():
                given[i] = value = value.tape()
                taped.append(value)
                places.append(i)
        found = self.execute(*given)
        single = isinstance(found, jt.Var)
        if not taped:
            return found.stop_grad() if single else [var.stop_grad() for var in found]
        outputs = [found.tape()] if single else [var.tape() for var in found]
        self._n_inputs, self._differentiated = len(inputs), places
        # Together, so that the inputs' gradients are asked for once, when those of all outputs are there.
        jt.tape_together(taped, outputs, self._gradients)
        return outputs[0] if single else outputs

    def _gradients(self, *grads: jt.Var | None) -> list[jt.Var | None]:
        found = self.grad(*grads)
        if isinstance(found, jt.Var):
            found = (found,)
        if len(found) != self._n_inputs:
            raise TypeError(
                f"{type(self).__name__}.grad returned {len(found)} gradients; there are {self._n_inputs} inputs"
            )
        return [found[i] for i in self._differentiated]
