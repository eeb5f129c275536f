"""A pipeline's state as named arrays, and back; and what follows from the step alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jittor as jt
import numpy as np

from jnerf.engine.checkpoints.checkpoint import Checkpoint, State, check_fits
from jnerf.engine.checkpoints.old import upgraded
from jnerf.engine.pipeline.build import Pipeline
from jnerf.errors import CheckpointError


def pipeline_state(pipeline: Pipeline) -> State:
    """Copies everything that training changes: network, other parameters, optimiser, EMA and sampler.

    Returns:
        Arrays named ``network.*``, ``params.*``, ``optim.*``, ``ema.*``, ``sampler.*``.
    """
    parts: dict[str, dict[str, Any]] = {
        "network": {name: var.numpy() for name, var in pipeline.network.state_dict().items()},
        "params": {name: var.numpy() for name, var in _other_params(pipeline).items()},
    }
    for name, module in _stateful(pipeline).items():
        parts[name] = module.state()
    return {
        f"{part}.{key}": np.asarray(value)
        for part, items in parts.items()
        for key, value in items.items()
    }


def restore(pipeline: Pipeline, checkpoint: Checkpoint, path: str) -> None:
    """Puts a checkpoint's arrays into a pipeline, and tells it their step; one built without optimiser takes the rest.

    Args:
        pipeline: modules of the same architecture.
        checkpoint: what to load.
        path: where it came from, for messages.

    Raises:
        CheckpointError: another architecture; names the tensors and shapes. Nothing has been
            changed then, but the sizes of a network whose sizes training changes.
    """
    saved = checkpoint.part("network")
    if pipeline.network.fit_state(saved):
        pipeline.rebind()
    checkpoint = upgraded(checkpoint, pipeline.param_groups())
    network = pipeline.network.state_dict()
    check_fits("network", saved, network, path)
    if not pipeline.losses:  # not built for training
        checkpoint = _without_losses(checkpoint)
    others, saved_others = _other_params(pipeline), checkpoint.part("params")
    check_fits("params", saved_others, others, path)
    modules = _stateful(pipeline)
    states = {name: checkpoint.part(name) for name in modules}
    states |= {name: keeper.completed(states[name]) for name, keeper in pipeline.keepers().items()}
    for name, module in modules.items():
        check_fits(name, states[name], module.state(), path)
    _put("network", network, saved, path)
    _put("params", others, saved_others, path)
    for name, module in modules.items():
        module.load_state(states[name])
    at_step(pipeline, checkpoint.step)


def _stateful(pipeline: Pipeline) -> dict[str, Any]:
    """Modules with a ``state`` beside their parameters."""
    return {**pipeline.keepers(), "sampler": pipeline.sampler}


def _without_losses(checkpoint: Checkpoint) -> Checkpoint:
    """A checkpoint without what is kept of parameters of losses."""
    kept = {k: v for k, v in checkpoint.state.items() if k.split(".")[1:2] != ["loss"]}
    return replace(checkpoint, state=kept)


def _other_params(pipeline: Pipeline) -> dict[str, jt.Var]:
    """Parameters outside of the network, as ``<group>.<index>``."""
    groups = pipeline.other_params()
    return {f"{name}.{i}": var for name, group in groups.items() for i, var in enumerate(group)}


def _put(part: str, params: dict[str, jt.Var], saved: State, path: str) -> None:
    """Saved values into parameters of the same names.

    Raises:
        CheckpointError: a value is of another type; nothing was changed.
    """
    for name, var in params.items():
        if str(var.dtype) != str(saved[name].dtype):
            raise CheckpointError(
                f"checkpoint {path}: {part}.{name} is {saved[name].dtype}, the config's {part} has {var.dtype}"
            )
    for name, var in params.items():
        # Jittor narrows 64-bit arrays on arrival; the dtypes were compared above, so nothing is
        # narrowed here.
        trained = var.requires_grad
        var.update(jt.array(saved[name]))
        var.requires_grad = trained
    jt.sync(list(params.values()))


def at_step(pipeline: Pipeline, step: int) -> None:
    """Tells network and renderer where in training they are: what follows from the step is in no checkpoint.

    Args:
        pipeline: the method.
        step: of the step about to be made, from 0; when rendering, the number of steps made.
    """
    pipeline.network.update(step)
    pipeline.renderer.update(step)
