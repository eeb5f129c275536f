"""Writes gradients of a few steps of some configs, whose weights stay as they are: python gradients_of.py OUT CASES.

CASES is JSON: {name: [config, override, ...]}. By itself it is one process; mpirun makes it several, of which the first
writes.
"""

import json
import sys

import numpy as np

import jnerf  # noqa: F401
from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.checkpoints.checkpoint import Checkpoint
from jnerf.engine.checkpoints.state import pipeline_state, restore
from jnerf.engine.parallel.team import team
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.trainer import Trainer

STEPS = 3


def gradients(config, start=None):
    """Arrays by name: of every step and parameter, and the sizes of the step; from a checkpoint on, or from step 0."""
    pipeline = build_pipeline(config)
    if start:
        restore(pipeline, start, "the start")
    trainer = Trainer(config, pipeline, None, None, None, start.step if start else 0)
    found = {}
    combine = pipeline.optim.combine

    def record(grads):
        whole = combine(grads)
        for i, grad in enumerate(whole):
            found[f"{trainer.step}.{i}"] = grad.numpy().copy()
        return whole

    pipeline.optim.combine = record
    pipeline.optim.update = lambda *arguments: None
    for _ in range(STEPS):
        watched = trainer._train_step(trainer.step, True)
        sizes = [watched.rays, watched.samples, *watched.losses.values()]
        found[f"{trainer.step}.sizes"] = np.array(sizes)
        trainer.step += 1
    return found


def after(config, steps):
    """What training has come to after so many steps."""
    pipeline = build_pipeline(config)
    Trainer(config, pipeline, None, None, None).advance(steps)
    return Checkpoint(steps, config.seed, 0.0, pipeline_state(pipeline))


def main(out, cases):
    everything = {}
    for name, (path, *overrides) in json.loads(cases).items():
        config = load_config(path, overrides)
        check(config)
        everything |= {f"{name}/{key}": array for key, array in gradients(config).items()}
    if team().first:
        np.savez(out, **everything)


if __name__ == "__main__":
    main(*sys.argv[1:])
