"""The three tasks behind ``jnerf train``, ``jnerf test`` and ``jnerf render``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, redirect_stdout
from pathlib import Path
from typing import Any

from jnerf.checks.arguments import signature_of
from jnerf.config.check import check
from jnerf.datasets.base import Dataset
from jnerf.engine.checkpoints.checkpoint import (
    Checkpoint,
    checkpoint_path,
    checkpoint_paths,
    load_checkpoint,
    load_latest,
)
from jnerf.engine.checkpoints.learned_cameras import write_cameras
from jnerf.engine.checkpoints.learned_exposures import write_exposures
from jnerf.engine.checkpoints.state import at_step, restore
from jnerf.engine.evaluator import evaluate, write_metrics
from jnerf.engine.files import check_writable
from jnerf.engine.guards.record import config_record, data_line, scene_record
from jnerf.engine.guards.rules import Use
from jnerf.engine.guards.same_run import SameRun
from jnerf.engine.guards.sight import check_sight
from jnerf.engine.hooks import Hook, Hooks
from jnerf.engine.live.rules import look_up
from jnerf.engine.logging import JsonLog, NoLog, read_log
from jnerf.engine.parallel.team import team
from jnerf.engine.pipeline.build import Pipeline, build_dataset, build_pipeline
from jnerf.engine.rehearsal import compile_at_once
from jnerf.engine.rendering.film import Setting, render_film
from jnerf.engine.rendering.fitted_views import view_fit
from jnerf.engine.rendering.request import FilmRequest
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.trainer import Trainer, evaluation_steps
from jnerf.engine.watching.tensorboard import TensorBoardLog, check_tensorboard
from jnerf.errors import CheckpointError, ConfigError
from jnerf.imaging.image import Image
from jnerf.judging.judgement import Judgement
from jnerf.judging.smaller import smaller
from jnerf.registry import RENDERERS
from jnerf.runtime import mpi, show_kernel_progress

TASKS = ("train", "test", "render")


def run(
    config: Any,
    task: str,
    save_dir: str | Path | None = None,
    resume: bool = False,
    checkpoint: str | Path | None = None,
    hooks: Sequence[Hook] = (),
    film: FilmRequest | None = None,
) -> dict[str, Any]:
    """Runs one task of a config in its run folder, ``<save_dir>/<exp_name>``.

    Args:
        config: a loaded config; it is checked here.
        task: ``train`` (then tested), ``test`` or ``render``.
        save_dir: the folder that holds run folders; None for the config's (``logs``).
        resume: train: continue from the last good checkpoint; from the start when there is none
            yet.
        checkpoint: load this file instead of the run folder's newest. For ``train`` the run starts
            from it.
        hooks: train: what happens between two steps (``jnerf.engine.hooks``).
        film: render: what the film is to be; None: an orbit as the config says, in place of what lies there.

    Returns:
        What was done: ``folder``, ``step``, ``seconds``, ``complete``, and of tasks that test, ``mean``.

    Raises:
        JnerfError: anything the user can mend; the message says how.
    """
    if task not in TASKS:
        raise ConfigError(f"unknown task {task!r}; choose one of {', '.join(TASKS)}")
    check(config)
    if team().size > 1:
        return _by_several(config, task, save_dir, resume, checkpoint, hooks)
    return _run(config, task, save_dir, resume, checkpoint, hooks, film)


def _by_several(config: Any, task: str, save_dir: Any, *rest: Any) -> dict[str, Any]:
    """The task of one process among several, of which the first alone is heard."""
    if task == "render":
        raise ConfigError("a film is rendered by one process: start it without mpirun")
    with ExitStack() as stack:
        if not team().first:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            silence = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(redirect_stdout(silence))
        return _run(config, task, save_dir, *rest, None)


def _run(
    config: Any,
    task: str,
    save_dir: str | Path | None,
    resume: bool,
    checkpoint: str | Path | None,
    hooks: Sequence[Hook],
    film: FilmRequest | None,
) -> dict[str, Any]:
    """See ``run``."""
    if team().first:
        show_kernel_progress()
    if save_dir is not None:
        config.save_dir = str(save_dir)  # so that the run's own config.py finds it again
    folder = RunFolder(Path(config.get("save_dir") or "logs") / config.exp_name)
    if task == "train":
        return _train(config, folder, resume, checkpoint, Hooks(hooks if team().first else ()))
    path, loaded = None, None
    if team().first:
        loaded, path = load_for_task(folder, checkpoint)
    loaded, path = team().told(lambda: loaded), Path(team().told(lambda: str(path)))
    film = film or FilmRequest(force=True)
    place = Path(*film.place(folder.render)) if task == "render" else folder.test
    check_writable(place, "--save-dir" if film.output is None else "--output")
    same = run_of(config, folder, checkpoint, task)
    same.check_config()
    pipeline = build_pipeline(config, training=False)
    same.check_scene(pipeline.dataset)
    restore(pipeline, loaded, str(path))
    done = {
        "folder": str(folder.root),
        "step": loaded.step,
        "seconds": loaded.seconds,
        "complete": True,
    }
    if task == "test":
        dataset = build_dataset(config, "test")
        found = _test(config, pipeline, folder, dataset, loaded.step, loaded.seconds)
        return done | {"mean": found.mean}
    files = render_film(pipeline, film, _setting(config, folder, loaded, pipeline.dataset))
    print(f"step {loaded.step}: {', '.join(map(str, files))}")
    return done | {"files": [str(file) for file in files]}


def _setting(config: Any, folder: RunFolder, loaded: Checkpoint, training: Dataset) -> Setting:
    """Where a film of a checkpoint is made; views of other splits are where the training cameras took the scene."""
    return Setting(
        folder=folder.render,
        defaults=config.render,
        rays_per_chunk=config.chunk,
        fog_tolerance=config.fog_tolerance,
        split=lambda split: build_dataset(config, split).following(training),
        root=config.dataset.get("root"),
        field={
            "run": config.exp_name,
            "step": loaded.step,
            "train_seconds": round(loaded.seconds, 3),
        },
    )


def _train(
    config: Any, folder: RunFolder, resume: bool, checkpoint: str | Path | None, hook: Hook
) -> dict[str, Any]:
    if team().first:
        folder.check_free(resume)
        if config.tensorboard:
            check_tensorboard()
    same = SameRun(None, config, "start")
    if resume or checkpoint:
        same = run_of(config, folder, checkpoint, "resume")
    same.check_config()
    pipeline = build_pipeline(config, before=lambda dataset: _foresee(config, dataset))
    same.check_scene(pipeline.dataset)
    held_out = _held_out(config)
    start = team().told(lambda: _start(folder, resume, checkpoint))
    if start is not None:
        _check_seed(config, start)
        path = checkpoint or checkpoint_path(folder.checkpoints, start.step)
        restore(pipeline, start, str(path))
    step, seconds = (start.step, start.seconds) if start else (0, 0.0)
    if resume and team().first:
        _warn_of_changes(config, folder)
    info = {"seed": config.seed, "protocol": _protocol(config)}
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
        evaluate_at = _during_training(config, pipeline, held_out, log)
        trainer = Trainer(config, pipeline, folder, log, evaluate_at, step, seconds, hook)
        stack.callback(hook.end, trainer)
        done = _steps(trainer)
        if not done["complete"] or not config.evaluation.get("at_end", True):
            return done
        clock = trainer.step, trainer.seconds
        found = _test(config, pipeline, folder, held_out, *clock, see=log.see)
        if not tested:  # --resume on a finished run shows its test again, and logs nothing new
            trainer.write({"eval": found.summary()})
    return done | {"mean": found.mean}


def _foresee(config: Any, dataset: Dataset) -> None:
    """What is known of training by the scene alone: whether cameras see it, and the kernels."""
    check_sight(dataset, config.dataset)
    if team().size == 1:  # several would talk to each other meanwhile
        compile_at_once(config, dataset)


def _start(folder: RunFolder, resume: bool, checkpoint: str | Path | None) -> Checkpoint | None:
    """What training goes on from; None where it begins."""
    if checkpoint:
        return load_checkpoint(Path(checkpoint))
    return load_latest(folder.checkpoints) if resume else None


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
    kept = {p: value for p, value in folder.changes().items() if look_up(config, p) != value}
    if kept:
        named = " ".join(f"{path}={value!r}" for path, value in kept.items())
        warnings.warn(
            f"settings were changed while the run in {folder.root} trained; it goes on with those of the config. To "
            f"keep what they were changed to, add: {named}",
            stacklevel=2,
        )


def run_of(config: Any, folder: RunFolder, checkpoint: str | Path | None, use: Use) -> SameRun:
    """The run that a checkpoint is of, to be compared with the config.

    Args:
        config: the config at hand.
        folder: its run folder.
        checkpoint: the file that was asked for; None: the folder's own.
        use: what the checkpoint is for.
    """
    path = (
        Path(checkpoint) if checkpoint else next(iter(checkpoint_paths(folder.checkpoints)), None)
    )
    if path is None or not path.is_file() or path.parent.name != folder.checkpoints.name:
        return SameRun(None, config, use)  # nothing to begin with, or a file from somewhere
    root = path.parent.parent
    if use == "resume" and root.resolve() != folder.root.resolve():
        use = "start"
    return SameRun(root, config, use)


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
            _warn_of_pictures(found, step)
        less = {"downscale": evaluation.downscale} if evaluation.downscale > 1 else {}
        less |= {k: v for k, v in found.protocol.items() if k == "pixels_rendered"}
        return found.summary() | less

    return evaluate_at


def _test(
    config: Any,
    pipeline: Pipeline,
    folder: RunFolder,
    dataset: Any,
    step: int,
    seconds: float,
    see: Callable[[Image], None] = lambda image: None,
) -> Judgement:
    """Tests the weights after ``step`` steps; writes metrics with their protocol, and pictures."""
    at_step(pipeline, step)
    how = config.evaluation.n_images, folder.test, config.chunk
    found = evaluate(pipeline, dataset, *how, see=see, fit=view_fit(config.evaluation, True))
    if pipeline.dataset.learned is not None:
        write_cameras(folder.cameras, pipeline)
    if pipeline.dataset.exposure is not None:
        write_exposures(folder.exposures, pipeline)
    protocol = _protocol(config) | {"step": step, "train_seconds": round(seconds, 3)}
    protocol |= {"processes": team().size} if team().size > 1 else {}
    if team().first:
        write_metrics(folder.test / "metrics.json", found, protocol)
    numbers = ", ".join(f"{key} {value:.4g}" for key, value in found.mean.items())
    items = f" ({len(found.rows)} {found.unit}s)" if found.rows else ""
    print(f"step {step}: {numbers}{items} -> {folder.test}")
    _warn_of_pictures(found, step)
    return found


def _warn_of_pictures(found: Judgement, step: int) -> None:
    if "warning" in found.protocol:
        warnings.warn(f"step {step}: {found.protocol['warning']}", stacklevel=2)


def load_for_task(folder: RunFolder, checkpoint: str | Path | None) -> tuple[Checkpoint, Path]:
    """The checkpoint that was asked for, else the newest of the run folder, and where it lies.

    Raises:
        CheckpointError: there is none.
    """
    if checkpoint:
        return load_checkpoint(Path(checkpoint)), Path(checkpoint)
    loaded = load_latest(folder.checkpoints)
    if loaded is None:
        raise CheckpointError(
            f"no checkpoint in {folder.checkpoints}. Train first (jnerf train), or point --save-dir at the folder "
            "that holds the run's folder."
        )
    return loaded, checkpoint_path(folder.checkpoints, loaded.step)


def _check_seed(config: Any, start: Checkpoint) -> None:
    if start.seed != config.seed:
        raise ConfigError(
            f"the checkpoint was trained with seed {start.seed}, the config has seed {config.seed}: such a run cannot "
            f"be continued. Pass seed={start.seed}, or start anew in another --save-dir."
        )


def _background(renderer: Any) -> Any:
    """What its block says, else the default of its class; None is black."""
    if "background" in renderer:
        return renderer["background"]
    known = signature_of(RENDERERS.get(renderer["type"])).parameters
    return known["background"].default if "background" in known else None


def _protocol(config: Any) -> dict[str, Any]:
    """What a number depends on besides the code and the machine."""
    return {
        "exp_name": config.exp_name,
        "dataset": dict(config.dataset),
        "train_split": config.dataset.get("split", "train"),
        "test_split": "test",
        "train_background": _background(config.renderer),
        "weights": "ema" if config.get("ema") else "raw",
        "n_images": config.evaluation.n_images or "all",
        "seed": config.seed,
        "clock": "seconds inside training steps, without compilation, evaluation and checkpoints",
    }
