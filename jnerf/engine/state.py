"""A pipeline's state as named arrays, and back; and what follows from the step alone."""

from __future__ import annotations

from typing import Any

import jittor as jt
import numpy as np

from jnerf.engine.build import Pipeline
from jnerf.engine.checkpoint import Checkpoint, State, check_fits
from jnerf.errors import CheckpointError


def pipeline_state(pipeline: Pipeline) -> State:
    """Copies everything that training changes: network, optimiser, EMA and sampler.

    Returns:
        Arrays named ``network.*``, ``optim.*``, ``ema.*``, ``sampler.*``.
    """
    parts: dict[str, dict[str, Any]] = {
        "network": {name: var.numpy() for name, var in pipeline.network.state_dict().items()}
    }
    for name in ("optim", "ema", "sampler"):
        module = getattr(pipeline, name)
        if module is not None:
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
    if getattr(pipeline.network, "fit_state", None) and pipeline.network.fit_state(saved):
        pipeline.rebind()
    network = pipeline.network.state_dict()
    check_fits("network", saved, network, path)
    modules = {name: getattr(pipeline, name) for name in ("optim", "ema", "sampler")}
    modules = {name: module for name, module in modules.items() if module is not None}
    for name, module in modules.items():
        check_fits(name, checkpoint.part(name), module.state(), path)
    for name, var in network.items():
        if str(var.dtype) != str(saved[name].dtype):
            raise CheckpointError(
                f"checkpoint {path}: network.{name} is {saved[name].dtype}, the config's network has {var.dtype}"
            )
    for name, var in network.items():
        # Jittor narrows 64-bit arrays on arrival; the dtypes were compared above, so nothing is
        # narrowed here.
        trained = var.requires_grad
        var.update(jt.array(saved[name]))
        var.requires_grad = trained
    jt.sync(list(network.values()))
    for name, module in modules.items():
        module.load_state(checkpoint.part(name))
    at_step(pipeline, checkpoint.step)


def at_step(pipeline: Pipeline, step: int) -> None:
    """Tells network and renderer where in training they are: what follows from the step is in no checkpoint.

    Args:
        pipeline: the method.
        step: of the step about to be made, from 0; when rendering, the number of steps made.
    """
    for module in (pipeline.network, pipeline.renderer):
        update = getattr(module, "update", None)
        if update is not None:
            update(step)
