"""Sizes of arrays of samples where nothing may be read back: from what the steps before needed, and some more."""

from __future__ import annotations

import math
from collections.abc import Iterator

import jittor as jt
import numpy as np

from jnerf.ops.ray_visible import padded_windows

_MARGIN = 1.25  # rows for each that was needed
_QUANTUM = 1024  # rows: few different sizes, so that memory is used again


class Sizes:
    """Rows of the windows and of the result of ``ray_visible_padded``.

    What a step needed is known on the device alone. It is kept as it is until ``collect`` reads it, which waits for the
    device; ``adapt`` then goes by the largest needs per ray since it was last called. Before the first time, rows are
    shared out so that as many rays as possible are whole, however long.

    Args:
        max_steps: most samples on a ray.
        look_samples: most rows of all windows together, at least ``max_steps``.
        once: there is one window.
    """

    def __init__(self, max_steps: int, look_samples: int, once: bool = False) -> None:
        self._lengths = [length for _, length in padded_windows(max_steps, once)]
        self._max_steps, self._look_samples = max_steps, look_samples
        # rows per ray, the result's last
        self._needs = [float(n) for n in (*self._lengths, max_steps)]
        self._peaks = np.zeros(len(self._needs))
        self._pending: list[tuple[int, jt.Var]] = []
        self._last: tuple[list[int], jt.Var] | None = None
        self.measured = self._collected = False

    def of(self, n_rays: int, budget: int) -> tuple[list[int], int]:
        """Rows of each window and of the result, the latter at most ``budget``, for a step with so many rays.

        >>> Sizes(1024, 2**21).of(4096, 2**18)
        ([65536, 196608, 786432, 1048576], 262144)
        """
        # plain numbers: NumPy takes longer for so few, and each step asks
        *rows, result = (math.ceil(n * (_MARGIN * n_rays) / _QUANTUM) * _QUANTUM for n in self._needs)
        looks = [min(n, length * n_rays) for n, length in zip(rows, self._lengths, strict=True)]
        share = min(1.0, self._look_samples / max(sum(looks), 1))
        looks = [max(int(n * share), length) for n, length in zip(looks, self._lengths, strict=True)]
        return looks, min(max(result, self._max_steps), budget)

    def note(self, n_rays: int, looks: list[int], state: jt.Var) -> None:
        """Keeps the ``state`` of a step for later."""
        self._pending.append((n_rays, state))
        self._last = looks, state

    @property
    def pending(self) -> int:
        """Steps that are noted and not collected."""
        return len(self._pending)

    def collect(self) -> Iterator[int]:
        """Reads what steps needed, at once for all; yields the samples that all rays of each would have had."""
        noted, self._pending = self._pending, []
        if not noted:
            return
        self._collected = True
        states = np.stack(jt.fetch_sync([state for _, state in noted])).astype(np.float64)
        for (n_rays, _), (_, marched, wanted, _, *windows) in zip(noted, states, strict=True):
            before = np.array([n_rays, *windows[1:-1:2], marched])
            needed = np.array([*windows[::2], wanted])
            self._peaks = np.maximum(self._peaks, needed / np.maximum(before, 1))
            yield round(wanted * n_rays / max(marched, 1))

    def adapt(self) -> None:
        """From now on sizes follow what has been collected since the last time, if anything was."""
        if self._collected:
            self._needs, self._peaks = self._peaks.tolist(), np.zeros_like(self._peaks)
            self.measured, self._collected = True, False

    def stats(self) -> dict[str, float]:
        """What ``Sampler.stats`` says of the last step; waits for it."""
        if self._last is None:
            return {}
        looks, state = self._last[0], self._last[1].numpy().tolist()
        looked = sum(min(rows, wanted) for rows, wanted in zip(looks, state[4::2], strict=True))
        return {"looked": looked, "wanted": state[2], "kept": state[3]}
