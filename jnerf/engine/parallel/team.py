"""The processes that train together, as the engine asks for them; by default this one alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import jittor as jt

from jnerf.engine.guards.answers import check_batch, check_terms
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.structures import Batch, RaySamples, RenderOutput

Item = TypeVar("Item")


class Team:
    """One process, which does all by itself: every answer is what the engine would have had without asking.

    Attributes:
        rank: number of this process.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process speaks, logs and saves for all."""
        return self.rank == 0

    def join(self, pipeline: Pipeline) -> None:
        """Takes a pipeline to be trained, before its first step."""

    def adapting(self, field: FrozenField) -> FrozenField:
        """The field for what all processes ask alike."""
        return field

    def draw(self, pipeline: Pipeline, n_rays: int, step: int) -> Batch:
        """This process's share of a step's rays.

        Args:
            pipeline: has the dataset.
            n_rays: of the whole batch.
            step: the training step.

        Raises:
            TrainingError: what the dataset gives is no batch.
        """
        batch = pipeline.dataset.sample(n_rays, step)
        check_batch(pipeline.dataset, batch, n_rays)
        return batch

    def background(self, pipeline: Pipeline, samples: RaySamples, step: int) -> jt.Var | None:
        """What lies behind this process's rays, float32 [R, 3]; None for black."""
        return pipeline.renderer.background(len(samples.rays), step)

    def terms(
        self,
        pipeline: Pipeline,
        render: RenderOutput,
        batch: Batch,
        samples: RaySamples,
        step: int,
        stop: bool,
    ) -> dict[str, jt.Var]:
        """The losses and the dataset's penalty, scalars, so weighed that those of all processes add up to the batch's.

        Args:
            pipeline: has the losses.
            render: what was rendered.
            batch: the truth.
            samples: those of the last round.
            step: the training step.
            stop: whether this process was asked to stop.

        Raises:
            TrainingError: a loss is no scalar.
        """
        losses = {
            name: loss.term(pipeline.network, render, batch, samples, step)
            for name, loss in pipeline.losses.items()
        }
        check_terms(pipeline.losses, losses)
        own = pipeline.dataset.penalty(step)
        return losses if own is None else {**losses, "dataset": own}

    def counted(self, samples: RaySamples) -> int | jt.Var:
        """Samples of the step, of all processes; a Var, [1], where only the device knows."""
        return len(samples) if samples.count is None else samples.count

    def sizes(self, samples: RaySamples) -> tuple[int, int]:
        """Rays of the step that count, and their samples, of all processes."""
        n_rays = len(samples.rays) if samples.live is None else int(samples.live.sum().item())
        return n_rays, len(samples) if samples.count is None else int(samples.count.item())

    def summed(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """Sums over all processes, by name."""
        return dict(numbers)

    def averaged(self, ask: Callable[[], dict[str, float]]) -> dict[str, float]:
        """Means over the rays of all processes of what this one measures on its own, by name."""
        return ask()

    def agreed(self, stop: Callable[[], bool]) -> Callable[[], bool]:
        """``stop``, such that all processes get the same answer after the same step."""
        return stop

    def same(self, params: Sequence[jt.Var], step: int) -> None:
        """Makes sure that all processes have the same weights.

        Raises:
            TrainingError: they have not.
        """

    def told(self, ask: Callable[[], Item]) -> Item:
        """What the first process finds (a checkpoint): None, numbers, text, dataclasses of these and of arrays."""
        return ask()

    def items(self, items: Sequence[Item]) -> Sequence[Item]:
        """This process's share of things to be judged."""
        return items

    def rows(self, rows: list[dict[str, Any]], stopped: bool) -> list[dict[str, Any]] | None:
        """What all found of the things that ``items`` dealt out, in their order; None where one was stopped."""
        return None if stopped else rows

    def wait(self) -> None:
        """Until all processes are here."""


@cache
def team() -> Team:
    """The processes of this program: those of mpirun or srun, or this one."""
    if not getattr(jt, "in_mpi", False) or jt.world_size == 1:
        return Team()
    from jnerf.engine.parallel.ranks import Ranks

    return Ranks()
