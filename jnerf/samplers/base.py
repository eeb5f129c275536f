"""What every sampler is: rays in, packed samples out; it knows the field only as a ``Field``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.checks.state import check_state
from jnerf.ops.common import pcg_hash
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.ops.leading_rows import leading_rows
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples


def stream_seed(seed: int, stream: int) -> int:
    """The seed of one of several independent streams of random numbers of a run.

    >>> stream_seed(1337, 1) != stream_seed(1337, 2)
    True
    """
    return int(pcg_hash(int(pcg_hash(seed & 0xFFFFFFFF)) ^ stream))


def _alone(numbers: Sequence[int]) -> tuple[NDArray[np.int64], int]:
    return np.array([numbers], np.int64), 0


class Sampler(ABC):
    """Base of the samplers.

    Before training step s the engine calls ``update``, then draws ``n_rays`` rays and calls the sampler with
    ``step=s``. ``step=None`` means rendering: no random numbers, the same rays give the same samples.

    Attributes:
        requires: channels of ``FieldOutput`` that the field must have, because the sampler asks for them.
        requires_field: what else it asks of the field; see ``Network.offers``.
        earlier_rounds: length of the ``history`` of its samples.
        occupied_cells: None, or a method for samplers that know where the field is empty: yields, for every size of
            cells, the middles of those that are not, float32 [K, 3], and their edge, field units.
        empty_below: density, per field unit, below which a cell counts as empty; None as above.
        wants_padding: whether its training samples should have padding ("Padding" in docs/conventions.md), so that no
            size has to be read back: True, False, or None for what suits the device.
        padded: what the engine made of that.
        tally: gives, of numbers that are counted in this part of a batch, those of all its parts, int [P, K], and which
            part this is. What the batch as a whole must not exceed, or what follows from it, goes by these. By default
            there is one part.
    """

    requires: frozenset[str] = frozenset()
    requires_field: frozenset[str] = frozenset()
    earlier_rounds: int = 0
    occupied_cells: Callable[[], Iterator[tuple[np.ndarray, float]]] | None = None
    empty_below: float | None = None
    wants_padding: bool | None = False
    padded: bool = False
    tally: Callable[[Sequence[int]], tuple[NDArray[np.int64], int]] = staticmethod(_alone)

    @property
    def n_rays(self) -> int | None:
        """Rays wanted for the next training step; None leaves it to the engine."""
        return None

    @property
    def stats(self) -> dict[str, float]:
        """Numbers about the last training step, for the log."""
        return {}

    def update(self, field: Field, step: int) -> None:  # noqa: B027 - most samplers keep nothing
        """Adapts to the field before training step ``step``.

        Args:
            field: what the sampler may ask.
            step: number of the step about to be made, from 0.
        """

    @abstractmethod
    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """Places samples.

        Args:
            rays: R rays.
            field: what the sampler may ask.
            step: training step, or None for rendering.

        Returns:
            Packed samples, inside the box of samplers that have one.
        """

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters of its own, by part; see ``Network.param_groups``."""
        return {}

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a bit-exact resume needs, but parameters, which the engine saves."""
        return {}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Takes over what ``state`` returned.

        Raises:
            CheckpointError: the state is not that of a sampler like this one.
        """
        shapes = {name: value.shape for name, value in self.state().items()}
        check_state(type(self).__name__, shapes, state)


def to_samples(
    rays: RayBundle,
    intervals: PackedIntervals,
    features: jt.Var | None = None,
    history: tuple[RaySamples, ...] = (),
) -> RaySamples:
    """Intervals with the rays they lie on and the field's features of them, behind the samples of earlier rounds."""
    return RaySamples(
        rays,
        intervals.t_starts,
        intervals.t_ends,
        intervals.ray_indices,
        intervals.packed_info,
        history,
        features,
        len(history),
        intervals.s_starts,
        intervals.s_ends,
        count=intervals.count,
        middles=intervals.positions,
    )


def leading_rays(
    rays: RayBundle, kept: PackedIntervals, n: int
) -> tuple[RayBundle, PackedIntervals]:
    """Cuts off the rays that a budget left without samples: all behind the first ``n``."""
    (packed_info,) = leading_rows([kept.packed_info], n)
    return rays.first(n), replace(kept, packed_info=packed_info)
