"""Several processes that train together; see ``team`` for what each method is."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.checkpoints.checkpoint import Checkpoint
from jnerf.engine.parallel.field import SharedField, bounds
from jnerf.engine.parallel.gradients import Adder
from jnerf.engine.parallel.team import Item, Team
from jnerf.engine.parallel.transport import Transport
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import TrainingError
from jnerf.models.losses.base import FieldLoss
from jnerf.runtime import mpi
from jnerf.structures import Batch, RaySamples, RenderOutput


class Ranks(Team):
    """The processes that mpirun or srun has started, of which this is one."""

    def __init__(self) -> None:
        self._transport = Transport()
        self.rank, self.size = self._transport.rank, self._transport.size
        self._asked = 0  # rays of the whole step, before any is dropped
        self._first = 0  # number of this process's first ray in the batch of the step
        self._step_sizes = np.zeros((self.size, 2), np.int64)  # rays and samples of each process
        self._stopping = False
        self._add = Adder(self._transport)
        self._combined = False
        mpi.end_all_on_errors()

    def join(self, pipeline: Pipeline) -> None:
        pipeline.optim.combine = self._combine
        pipeline.sampler.tally = self._tally

    def _combine(self, grads: list[jt.Var]) -> list[jt.Var]:
        self._combined = True
        return self._add(grads)

    def _tally(self, numbers: Sequence[int]) -> tuple[NDArray[np.int64], int]:
        return self._transport.gather(numbers).astype(np.int64), self.rank

    def adapting(self, field: FrozenField) -> FrozenField:
        return SharedField(field.network, self._transport)

    def draw(self, pipeline: Pipeline, n_rays: int, step: int) -> Batch:
        self._asked = n_rays
        self._first, end = bounds(n_rays, self.rank, self.size)
        return super().draw(pipeline, n_rays, step).part(self._first, end - self._first)

    def background(self, pipeline: Pipeline, samples: RaySamples, step: int) -> jt.Var | None:
        whole = pipeline.renderer.background(self._first + len(samples.rays), step)
        return None if whole is None else whole[self._first :]

    def terms(
        self,
        pipeline: Pipeline,
        render: RenderOutput,
        batch: Batch,
        samples: RaySamples,
        step: int,
        stop: bool,
    ) -> dict[str, jt.Var]:
        n_rays, n_samples = super().sizes(samples)
        extents = [
            _number(loss.extent(render, batch, samples)) if n_rays or _of_field(loss) else 0.0
            for loss in pipeline.losses.values()
        ]
        asked = float(self._asked)
        table = self._transport.gather([n_rays, n_samples, float(stop), asked, *extents])
        if (table[:, 3] != asked).any():
            raise TrainingError(
                f"sampler: {type(pipeline.sampler).__name__}.n_rays is {table[:, 3].astype(int).tolist()} in the "
                f"processes at step {step + 1}; it must be the same: count what it follows from with self.tally"
            )
        self._step_sizes = table[:, :2].astype(np.int64)
        self._stopping = self._stopping or bool(table[:, 2].any())
        if not n_rays:  # means over nothing are no numbers
            parts = {n: loss for n, loss in pipeline.losses.items() if _of_field(loss)}
            found = {n: loss.of_field(pipeline.network, step) for n, loss in parts.items()}
        else:
            found = super().terms(pipeline, render, batch, samples, step, stop)
        whole = table[:, 4:].sum(0)
        shares = np.divide(extents, whole, out=np.zeros(len(whole)), where=whole > 0)
        losses = dict(zip(pipeline.losses, shares, strict=True))
        own = pipeline.dataset.penalty(step)
        if own is not None:  # every process has the whole of it
            found["dataset"], losses["dataset"] = own, 1 / self.size
        return {
            name: found[name] * float(share) if name in found else _nothing(pipeline)
            for name, share in losses.items()
        }

    def counted(self, samples: RaySamples) -> int | jt.Var:
        return int(self._step_sizes[:, 1].sum())

    def sizes(self, samples: RaySamples) -> tuple[int, int]:
        n_rays, n_samples = self._step_sizes.sum(0).tolist()
        return n_rays, n_samples

    def summed(self, numbers: Mapping[str, float]) -> dict[str, float]:
        totals = self._transport.gather(list(numbers.values())).sum(0)
        return dict(zip(numbers, totals.tolist(), strict=True))

    def averaged(self, ask: Callable[[], dict[str, float]]) -> dict[str, float]:
        shares = self._step_sizes[:, 0] / max(self._step_sizes[:, 0].sum(), 1)
        mine = ask() if shares[self.rank] else {}
        names = json.dumps(list(mine)).encode()
        known = next((n for n in map(json.loads, self._transport.gather_bytes(names)) if n), [])
        table = self._transport.gather([mine.get(name, 0.0) for name in known])
        return dict(zip(known, (shares @ table).tolist(), strict=True))

    def agreed(self, stop: Callable[[], bool]) -> Callable[[], bool]:
        self._stopping = False
        return lambda: self._stopping

    def same(self, params: Sequence[jt.Var], step: int) -> None:
        digest = 0
        for param in params:
            digest = zlib.crc32(param.numpy(), digest)
        found = self._transport.gather([digest])[:, 0]
        if (found != found[0]).any():
            odd = np.flatnonzero(found != found[0]).tolist()
            raise TrainingError(
                f"after step {step} the weights of process 0 are not those of {odd}: all must compute alike. Do the "
                "hosts differ in their CPUs, libraries or JNERF_SIMD? The last checkpoint is good: --resume"
            )
        if not self._combined:
            raise TrainingError(
                "the optimiser has not put the gradients of all processes together: between differentiating and "
                "updating it must call self.combine(grads) (jnerf.optims.base.Optimiser)"
            )

    def told(self, ask: Callable[[], Item]) -> Item:
        found = ask() if self.first else None
        state: Mapping[str, NDArray] = found.state if isinstance(found, Checkpoint) else {}
        head: dict[str, Any] = {"value": found, "checkpoint": False}
        if isinstance(found, Checkpoint):
            shapes = [(name, list(a.shape), str(a.dtype)) for name, a in state.items()]
            fields = {k: v for k, v in vars(found).items() if k != "state"}
            head = {"value": fields, "checkpoint": True, "shapes": shapes}
        text = json.dumps(head).encode() if self.first else b""
        head = json.loads(self._transport.gather_bytes(text)[0])
        if not head["checkpoint"]:
            return head["value"]
        arrays = {
            name: self._transport.send(state.get(name), shape, np.dtype(dtype))
            for name, shape, dtype in head["shapes"]
        }
        return Checkpoint(**head["value"], state=arrays)

    def items(self, items: Sequence[Item]) -> Sequence[Item]:
        return items[self.rank :: self.size]

    def rows(self, rows: list[dict[str, Any]], stopped: bool) -> list[dict[str, Any]] | None:
        given = json.dumps(None if stopped else rows).encode()
        parts = [json.loads(part) for part in self._transport.gather_bytes(given)]
        if any(part is None for part in parts):
            return None
        most = max(map(len, parts))
        return [part[i] for i in range(most) for part in parts if i < len(part)]

    def wait(self) -> None:
        self._transport.gather([0.0])


def _of_field(loss: Any) -> bool:
    return isinstance(loss, FieldLoss)


def _number(extent: float | jt.Var) -> float:
    return float(extent.item()) if isinstance(extent, jt.Var) else float(extent)


def _nothing(pipeline: Pipeline) -> jt.Var:
    """A loss of 0 that depends on every parameter: of a process that has no ray in this step."""
    params = [p for group in pipeline.param_groups().values() for p in group]
    return sum((param * 0.0).sum() for param in params)
