"""The task ``train``: what comes before the first step, between steps, and behind the last."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from jnerf.datasets.base import Dataset
from jnerf.engine.checkpoints.asked import run_of
from jnerf.engine.checkpoints.checkpoint import (
    Checkpoint,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest,
)
from jnerf.engine.checkpoints.state import at_step, restore
from jnerf.engine.evaluator import evaluate
from jnerf.engine.guards.record import config_record, data_line, scene_record
from jnerf.engine.guards.same_run import SameRun
from jnerf.engine.guards.sight import check_sight
from jnerf.engine.hooks import Hook
from jnerf.engine.live.rules import settings
from jnerf.engine.logging import JsonLog, NoLog, read_log
from jnerf.engine.parallel.team import team
from jnerf.engine.pipeline.build import Pipeline, build_dataset, build_pipeline
from jnerf.engine.rehearsal import compile_at_once
from jnerf.engine.rendering.fitted_views import view_fit
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.tasks.testing import judge_weights, protocol_of, warn_of_pictures
from jnerf.engine.trainer import Trainer, evaluation_steps
from jnerf.engine.watching.tensorboard import TensorBoardLog, check_tensorboard
from jnerf.errors import ConfigError
from jnerf.judging.smaller import smaller
from jnerf.runtime import mpi


def train(
    config: Any, folder: RunFolder, resume: bool, checkpoint: str | Path | None, hook: Hook
) -> dict[str, Any]:
    """Trains a checked config, and tests what it learned; see ``jnerf.engine.run.run``."""
    if team().first:
        folder.check_free(resume)
        if config.tensorboard:
            check_tensorboard()
    same = SameRun(None, config, "start")
    if resume and team().told(lambda: bool(checkpoint_paths(folder.checkpoints))):
        if checkpoint:
            print(f"{folder.root} goes on from its own checkpoint: --checkpoint {checkpoint} is not read")
        checkpoint = None  # where the run began; the same command is to go on, not to begin again
    if resume or checkpoint:
        same = run_of(config, folder, checkpoint, "resume")
    same.check_config()
    pipeline = build_pipeline(config, before=lambda dataset: _foresee(config, dataset))
    same.check_scene(pipeline.dataset)
    held_out = _held_out(config)
    if resume and team().first and folder.root.is_dir():
        folder.claim()  # nobody saves here from now on: what is read is the newest
    start = team().told(lambda: _start(folder, resume, checkpoint))
    if start is not None:
        _check_seed(config, start)
        path = checkpoint or checkpoint_path(folder.checkpoints, start.step)
        restore(pipeline, start, str(path))
    step, seconds = (start.step, start.seconds) if start else (0, 0.0)
    saved = -1 if start is None or checkpoint else step
    if resume and team().first:
        _warn_of_changes(config, folder)
    info = {"seed": config.seed, "protocol": protocol_of(config)}
    if pipeline.dataset.transform is not None:
        info["world_to_field"] = pipeline.dataset.transform.to_dict()
    info["scene"] = scene_record(pipeline.dataset, config.dataset.get("root"))
    splits = {"training": pipeline.dataset} | ({"test": held_out} if held_out else {})
    info["data"] = {name: dataset.summary() for name, dataset in splits.items()}
    print(data_line(info["data"]))
    if team().size > 1:
        info["protocol"]["processes"] = team().size
        pid = mpi.mpirun_pid()
        how = f"; to stop and save: kill -USR2 {pid} (Ctrl-C leaves a second for it)" if pid else ""
        print(f"{team().size} processes train together{how}")
    team().wait()  # until all have read what lies in the folder
    if team().first:
        folder.begin(config.dump(), info, step, resume, config_record(config))
    tested = step >= config.total_steps and _is_logged(folder, step)
    with ExitStack() as stack:
        log = stack.enter_context(closing(_open_log(config, folder, step)))
        evaluate_at = None
        if held_out is not None:
            evaluate_at = _during_training(config, pipeline, held_out, log)
        trainer = Trainer(config, pipeline, folder, log, evaluate_at, step, seconds, hook, saved)
        stack.callback(hook.end, trainer)
        done = _steps(trainer)
        if not done["complete"] or not config.evaluation.get("at_end", True):
            return done
        clock = trainer.step, trainer.seconds
        try:
            found = judge_weights(config, pipeline, folder, held_out, *clock, see=log.see)
        except KeyboardInterrupt:
            print(f"step {trainer.step} is saved: the same command with --resume tests it")
            raise
        if not tested:  # --resume on a finished run shows its test again, and logs nothing new
            trainer.write({"eval": found.summary()})
    return done | {"mean": found.mean}


def _foresee(config: Any, dataset: Dataset) -> None:
    """What is known of training by the scene alone: whether cameras see it, and the kernels."""
    check_sight(dataset, config.dataset)
    if team().size == 1:  # several would talk to each other meanwhile
        compile_at_once(config, dataset)


def _start(folder: RunFolder, resume: bool, checkpoint: str | Path | None) -> Checkpoint | None:
    """What training goes on from, the run's own before another's; None where it begins."""
    own = load_latest(folder.checkpoints) if resume else None
    if resume and own is None and not checkpoint:
        folder.check_begins_at_0()
    return load_checkpoint(Path(checkpoint)) if own is None and checkpoint else own


def _check_seed(config: Any, start: Checkpoint) -> None:
    if start.seed != config.seed:
        raise ConfigError(
            f"the checkpoint was trained with seed {start.seed}, the config has seed {config.seed}: such a run cannot "
            f"be continued. Pass seed={start.seed}, or start anew in another --save-dir."
        )


def _is_logged(folder: RunFolder, step: int) -> bool:
    """Whether the log has the metrics of a step."""
    return folder.log.is_file() and any(
        "eval" in row and row["step"] == step for row in read_log(folder.log)
    )


def _steps(trainer: Trainer) -> dict[str, Any]:
    """Trains, and says what was done."""
    complete, folder = trainer.train(), trainer.folder
    if not complete:
        print(
            f"stopped after step {trainer.step} of {trainer.total_steps}, saved as "
            f"{checkpoint_path(folder.checkpoints, trainer.step)}. Go on with the same command and --resume."
        )
    return {
        "folder": str(folder.root),
        "step": trainer.step,
        "seconds": trainer.seconds,
        "complete": complete,
    }


def _warn_of_changes(config: Any, folder: RunFolder) -> None:
    """Says so when settings were changed while the run trained, and the config has not those."""
    now = settings(config)  # as json has them: with lists for tuples
    kept = {path: value for path, value in folder.changes().items() if now.get(path) != value}
    if kept:
        named = " ".join(f"{path}={value!r}" for path, value in kept.items())
        warnings.warn(
            f"settings were changed while the run in {folder.root} trained; it goes on with those of the config. To "
            f"keep what they were changed to, add: {named}",
            stacklevel=2,
        )


def _open_log(config: Any, folder: RunFolder, step: int) -> JsonLog:
    if not team().first:
        return NoLog()
    if config.tensorboard:
        return TensorBoardLog(folder.log, step, folder.tensorboard)
    return JsonLog(folder.log, keep_until=step)


def _held_out(config: Any) -> Any:
    """The test split, None if training ends without asking it. Its faults show now, not after hours of training."""
    evaluation = config.evaluation
    if not evaluation_steps(evaluation, config.total_steps) and not evaluation.get("at_end", True):
        return None
    dataset = build_dataset(config, "test")
    dataset.check_judging(evaluation.n_images)
    smaller(dataset, evaluation.downscale).check_judging(evaluation.n_images)
    check_sight(dataset, config.dataset, training=False)
    return dataset


def _during_training(
    config: Any, pipeline: Pipeline, held_out: Any, log: JsonLog
) -> Callable[[int, Callable[[], bool]], dict[str, Any] | None]:
    """The trainer's way to evaluate: numbers only, of smaller pictures if asked, and of fog without every pixel."""
    evaluation = config.evaluation

    def evaluate_at(step: int, stop: Callable[[], bool]) -> dict[str, Any] | None:
        at_step(pipeline, step)
        how = evaluation.n_images, None, config.chunk, stop, config.fog_tolerance, log.see
        fit = view_fit(evaluation, False)
        found = evaluate(pipeline, held_out, *how, evaluation.downscale, fit)
        if found is None:
            return None
        if step:  # before training there may be nothing yet
            warn_of_pictures(found, step)
        less = {"downscale": evaluation.downscale} if evaluation.downscale > 1 else {}
        less |= {k: v for k, v in found.protocol.items() if k == "pixels_rendered"}
        return found.summary() | less

    return evaluate_at
