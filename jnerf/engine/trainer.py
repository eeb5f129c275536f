"""The training loop. It knows the seven interfaces and no method by name.

Steps are counted by completion: after the first step ``step`` is 1, and a checkpoint, log row or
evaluation of "step N" is of the weights after N updates. Modules receive the 0-based number of the
step in progress.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.engine.checkpoints.checkpoint import Checkpoint, save_checkpoint
from jnerf.engine.checkpoints.state import at_step, pipeline_state
from jnerf.engine.guards.finite import check_finite, check_losses
from jnerf.engine.guards.samples import SampleGuard, check_truth
from jnerf.engine.hooks import Hook
from jnerf.engine.logging import JsonLog
from jnerf.engine.parallel.team import team
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField, output_at
from jnerf.engine.pipeline.total import total_of
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.stop import StopSignal
from jnerf.engine.watching.clock import TrainingClock
from jnerf.engine.watching.progress import Unbroken
from jnerf.structures import RaySamples, RenderOutput

#: The first steps, those of the first updates of a grid of cells, and of the first ones past its warm-up.
_REHEARSED = (0, 1, 16, 17, 256, 257, 512, 513)


@dataclass
class _Window:
    """The samples of each step since the last log row."""

    seconds: float
    counts: list[int | jt.Var] = field(default_factory=list)  # Vars where samples have padding

    def add(self, count: int | jt.Var) -> None:
        """Counts a step's samples."""
        self.counts.append(count)

    def read(self) -> NDArray[np.int64]:
        """Samples of each step, [K]; waits for the device where some have padding."""
        padded = [count for count in self.counts if isinstance(count, jt.Var)]
        numbers = iter(jt.concat(padded).numpy().tolist() if padded else ())
        found = [next(numbers) if isinstance(c, jt.Var) else c for c in self.counts]
        return np.array(found, np.int64)


@dataclass(frozen=True)
class _Watched:
    """What the last watched step measured, as numbers.

    Attributes:
        losses: each term, already weighted.
        metrics: of the training batch, see ``Dataset.judge_batch``.
        rays: rays of the batch.
        samples: samples of the batch.
    """

    losses: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    rays: int = 0
    samples: int = 0


class Trainer:
    """Trains a pipeline, logs, evaluates on the way and saves.

    Args:
        config: the resolved config (``total_steps``, ``n_rays``, ``log_every``, ``checkpoint``,
            ``evaluation``).
        pipeline: the modules, built for training, their state already restored when resuming.
        folder: where to save.
        log: an open log.
        evaluate: called with (step, stop) -> metrics of the test views, or None when stopped. None: there are no
            test views, and the config asks for no evaluation.
        start_step: steps completed before.
        seconds: training seconds before.
        hook: what happens between two steps; the caller calls its ``end``.
        saved: the step whose checkpoint lies in ``folder`` already; -1 for none.
        told: what is said to happen at the first Ctrl-C.

    Attributes:
        step: steps completed.
    """

    def __init__(
        self,
        config: Any,
        pipeline: Pipeline,
        folder: RunFolder,
        log: JsonLog,
        evaluate: Callable[[int, Callable[[], bool]], dict[str, Any] | None] | None,
        start_step: int = 0,
        seconds: float = 0.0,
        hook: Hook | None = None,
        saved: int = -1,
        told: str = "finishing this step and saving",
    ) -> None:
        self._config, self._pipeline, self._folder = config, pipeline, folder
        self._log, self._evaluate = log, evaluate
        self._hook = hook or Hook()
        self._team = team()
        self._team.join(pipeline)
        self._stop = StopSignal(told, further=self._team.size > 1)
        self.step = start_step
        self._clock = TrainingClock(seconds)
        self._window = _Window(seconds)
        self._guard = SampleGuard(start_step)
        self._params = _all_params(pipeline)
        self._saved = saved
        self.plan_evaluations()

    @property
    def seconds(self) -> float:
        """Training seconds so far, without compilation, evaluation and checkpoints."""
        return self._clock.seconds

    @property
    def samples(self) -> NDArray[np.int64]:
        """Samples of each step since the last log row or ``advance``, [K]; waits for the device if some are padded."""
        return self._window.read()

    @property
    def config(self) -> Any:
        """The config; what changes in it counts from the next step on."""
        return self._config

    @property
    def pipeline(self) -> Pipeline:
        """The modules."""
        return self._pipeline

    @property
    def folder(self) -> RunFolder:
        """Where the run is saved."""
        return self._folder

    @property
    def evaluates(self) -> bool:
        """Whether there are test views to evaluate on."""
        return self._evaluate is not None

    @property
    def total_steps(self) -> int:
        """Steps of the whole training."""
        return self._config.total_steps

    def stopping(self) -> bool:
        """Whether training ends after this step."""
        return self._stop()

    def request_stop(self) -> None:
        """Ends training after this step as Ctrl-C does, its state saved."""
        self._stop.request()

    def write(self, row: dict[str, Any]) -> None:
        """Appends a row to the log.

        Args:
            row: without ``step`` and ``seconds``, which are those of now.
        """
        row = {"step": self.step, "seconds": round(self._clock.seconds, 4), **row}
        self._log.write(row)
        self._hook.row(self, row)

    def plan_evaluations(self) -> None:
        """Takes the steps after which to evaluate from the config; called again when they have changed."""
        self._eval_steps = evaluation_steps(self._config.evaluation, self.total_steps)

    def train(self) -> bool:
        """Runs to ``total_steps``.

        Returns:
            True when complete; False when Ctrl-C or SIGTERM ended it, its state saved.

        Raises:
            TrainingError: a loss term or a weight is not finite, or steps have no samples.
            CheckpointError: a checkpoint cannot be written.
            KeyboardInterrupt: Ctrl-C broke a step off.
        """
        total = self.total_steps
        self._pipeline.network.train()
        with (
            self._stop as stop,
            tqdm(
                total=total,
                initial=self.step,
                desc="train",
                unit="step",
                file=Unbroken(sys.stderr),
                disable=not self._team.first,
            ) as bar,
        ):
            stop = self._team.agreed(stop)
            self._hook.begin(self)
            if self.step == 0 and 0 in self._eval_steps:
                self._run_evaluation()
            while self.step < total and not stop():
                try:
                    self._advance(bar, total)
                    self._hook.after_step(self)
                except RuntimeError as error:
                    if not self._stop():
                        raise
                    raise KeyboardInterrupt(self._interrupted()) from error
            self._save()
            self._team.wait()
        return self.step >= total

    def advance(self, steps: int) -> None:
        """Trains so many steps and nothing else: no row, no checkpoint, no evaluation. For benchmarks.

        ``samples`` are then theirs.
        """
        self._window = _Window(self._clock.seconds)
        for _ in range(steps):
            self._train_step(self.step, False)
            self.step += 1

    def rehearse(self) -> None:
        """Asks for what steps at the ends of a run, and where something begins, ask for; see ``engine.rehearsal``."""
        last = self.total_steps - 1
        for step in sorted({*_REHEARSED, last // 2, last}):
            if step <= last:
                self._train_step(step, True)
        self._window.read()

    def _interrupted(self) -> str:
        """What to say when a step could not be finished: Ctrl-C on a terminal also kills the compilers it waits for."""
        kept = "Nothing was saved yet."
        if self._saved > 0:
            kept = f"The last saved is step {self._saved}: go on with --resume."
        return f"kernels were being compiled, step {self.step + 1} cannot be finished. {kept}"

    def _advance(self, bar: tqdm, total: int) -> None:
        """One step and whatever is due after it."""
        done = self.step + 1
        last = done == total
        log_due = last or self.step == 0 or done % self._config.log_every == 0
        save_due = done % self._config.checkpoint.every == 0
        with self._clock.step():
            watched = self._train_step(self.step, log_due or save_due or done in self._eval_steps)
        self.step = done
        bar.update()
        if log_due:
            self._write_row(watched, bar)
        if save_due:
            self._save()
        if done in self._eval_steps:
            self._run_evaluation()

    def _train_step(self, step: int, watch: bool) -> _Watched:
        """One step; when watched, its numbers are fetched and checked, which waits for the device."""
        pipe = self._pipeline
        if pipe.network.refine(step):
            pipe.rebind()
            self._params = _all_params(pipe)
            jt.gc()  # the old parameters are of other sizes than the new ones; the pool would keep both
        frozen = FrozenField(pipe.network, pipe.rounds_read)
        at_step(pipe, step)
        with jt.no_grad():
            pipe.sampler.update(self._team.adapting(frozen), step)
        batch = self._team.draw(pipe, pipe.sampler.n_rays or self._config.n_rays, step)
        if watch and step == 0:
            check_truth(batch)
        samples = pipe.sampler(batch.rays, frozen, step)
        if len(samples.rays) < len(batch.rays):  # over the sampler's budget
            batch = batch.first(len(samples.rays), samples.rays)
        if samples.live is not None:
            batch = batch.only(samples.live)
        render = render_rounds(pipe, samples, self._team.background(pipe, samples, step))
        render = pipe.dataset.taken(render, batch, step)
        losses = self._team.terms(pipe, render, batch, samples, step, self._stop())
        total = total_of(list(losses.values()))
        self._window.add(self._team.counted(samples))
        if not watch:
            self._update(total, step)
            return _Watched()
        # The optimiser writes the weights in place; whatever is still lazy would then see the new
        # ones.
        metrics = self._team.averaged(lambda: pipe.dataset.judge_batch(render, batch, samples))
        jt.sync([total, *losses.values()])
        terms = {name: float(value.item()) for name, value in losses.items()}
        terms = self._team.summed(terms)
        check_losses(terms, step, max(self._saved, 0), self._config)
        watched = _Watched(terms, metrics, *self._team.sizes(samples))
        self._update(total, step)
        jt.sync_all(True)
        return watched

    def _update(self, total: jt.Var, step: int) -> None:
        """The optimiser's step and that of the average.

        What they write is computed when somebody asks for it, or together with the next step's gradients.
        """
        optim, ema = self._pipeline.optim, self._pipeline.ema
        optim.step(total, step)
        written = [] if ema is None else ema.updated()
        if optim.waiting is None:
            jt.sync([*self._params, *written])
        else:
            optim.waiting = written

    def _write_row(self, watched: _Watched, bar: tqdm) -> None:
        seconds = self._clock.seconds
        spent = seconds - self._window.seconds
        counts = self._window.read()
        last = self.step == self._config.total_steps
        self._guard.note(counts, watched.rays, last, max(self._saved, 0))
        rate = int(counts.sum()) / spent if spent > 0 else None
        loss = sum(watched.losses.values())
        row: dict[str, Any] = {f"loss/{name}": value for name, value in watched.losses.items()}
        row |= {"loss": loss, **watched.metrics, "rays": watched.rays, "samples": watched.samples}
        row |= {"samples_per_s": rate, "lr": self._pipeline.optim.lr_at(self.step - 1)}
        pipe = self._pipeline
        modules = {"sampler": pipe.sampler, "network": pipe.network, "dataset": pipe.dataset}
        for family, module in modules.items():
            row |= {f"{family}/{name}": value for name, value in module.stats.items()}
        self.write(row)
        shown = {"loss": f"{loss:.3g}"}
        shown |= {name: f"{value:.4g}" for name, value in watched.metrics.items()}
        bar.set_postfix(shown | ({"samples/s": f"{rate:,.0f}"} if rate else {}), refresh=False)
        self._window = _Window(seconds)

    def _run_evaluation(self) -> None:
        result = self._evaluate(self.step, self._stop)
        self._pipeline.network.train()
        if result is not None:
            self.write({"eval": result})

    def _save(self) -> None:
        """Saves the state after ``self.step`` steps, unless it is on disk already or not finite."""
        if self._saved == self.step:
            return
        self._team.same(self._params, self.step)
        if self._team.first:
            self._write_checkpoint()
        else:
            self._pipeline.sampler.state()  # which may count what all have
        self._saved = self.step

    def _write_checkpoint(self) -> None:
        state = pipeline_state(self._pipeline)
        check_finite(state, self.step, max(self._saved, 0), self._config)
        checkpoint = Checkpoint(self.step, self._config.seed, self._clock.seconds, state)
        save_checkpoint(self._folder.checkpoints, checkpoint, self._config.checkpoint.keep)


def _all_params(pipeline: Pipeline) -> list[jt.Var]:
    return [param for group in pipeline.param_groups().values() for param in group]


def render_rounds(
    pipeline: Pipeline, samples: RaySamples, background: jt.Var | None
) -> RenderOutput:
    """Renders samples, and those of earlier rounds as ``history`` where a loss reads them, each once."""
    rendered = pipeline.renderer(samples, pipeline.network(samples), background)
    if not samples.history:
        return rendered
    read = pipeline.rounds_read
    earlier = (
        pipeline.renderer(s, output_at(pipeline.network, s), background) if i in read else None
        for i, s in enumerate(samples.history)
    )
    return replace(rendered, history=tuple(earlier))


def evaluation_steps(evaluation: Mapping[str, Any], total_steps: int) -> frozenset[int]:
    """Steps after which the test views are judged on the way; the end of training has a test of its
    own.

    >>> sorted(evaluation_steps({"steps": [0, 10, 100], "every": 40}, 100))
    [0, 10, 40, 80]
    """
    steps = set(evaluation.get("steps") or ())
    every = evaluation.get("every")
    if every:
        steps.update(range(every, total_steps, every))
    at_end = evaluation.get("at_end", True)
    return frozenset(
        step for step in steps if step < total_steps or (step == total_steps and not at_end)
    )
