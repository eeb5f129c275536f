"""The three tasks behind ``jnerf train``, ``jnerf test`` and ``jnerf render``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from typing import Any

from jnerf.config.check import check
from jnerf.datasets.base import Dataset
from jnerf.engine.checkpoints.asked import load_for_task, run_of
from jnerf.engine.checkpoints.checkpoint import Checkpoint
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.guards.shown import shown_with
from jnerf.engine.hooks import Hook, Hooks
from jnerf.engine.parallel.team import team
from jnerf.engine.pipeline.build import build_dataset, build_pipeline
from jnerf.engine.rendering.film import Setting, render_film
from jnerf.engine.rendering.request import FilmRequest
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.tasks.testing import judge_weights
from jnerf.engine.tasks.training import train
from jnerf.errors import ConfigError
from jnerf.files import check_writable
from jnerf.runtime import show_kernel_progress

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
            from it; with ``resume`` only where the folder has no checkpoint yet.
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
        return train(config, folder, resume, checkpoint, Hooks(hooks if team().first else ()))
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
        found = judge_weights(config, pipeline, folder, dataset, loaded.step, loaded.seconds)
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
        shown_with=shown_with(config),
    )
