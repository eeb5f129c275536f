"""The gradients of all processes added up: the small ones in one buffer, tables each in its own memory."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.engine.parallel.transport import Transport

#: Numbers from which on an array is added where it lies: copying it into a buffer would cost more than a call.
_LARGE = 2**16


def added(transport: Transport, grads: list[jt.Var]) -> list[jt.Var]:
    """Sums over all processes, in the order of ``grads``.

    Args:
        transport: to the others.
        grads: computed already, float32, of the same shapes everywhere; not to be used afterwards.
    """
    found: dict[int, jt.Var] = {}
    small = []
    for i, grad in enumerate(grads):
        if grad.numel() < _LARGE:
            small.append(i)
        else:
            found[i] = transport.add(grad)
    if small:
        parts = [grads[i].numpy().reshape(-1) for i in small]
        buffer = jt.array(np.concatenate(parts)).stop_grad()
        buffer.sync(True)
        total = transport.add(buffer).numpy()
        ends = np.cumsum([part.size for part in parts])
        for i, part in zip(small, np.split(total, ends[:-1]), strict=True):
            found[i] = jt.array(part.reshape(grads[i].shape)).stop_grad()
    return [found[i] for i in range(len(grads))]
