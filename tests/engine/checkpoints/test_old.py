"""Checkpoints of jnerf 0.1.0 under today's names."""

import json
from dataclasses import replace

import jittor as jt
import numpy as np
import pytest
from safetensors.numpy import save_file

from jnerf.config.check import check
from jnerf.engine.checkpoints.checkpoint import Checkpoint, _digest, load_checkpoint
from jnerf.engine.checkpoints.old import upgraded
from jnerf.engine.checkpoints.state import pipeline_state, restore
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.errors import CheckpointError
from jnerf.optims.adam import Adam
from jnerf.optims.ema import EMA

GROUPS = {
    "encoder.pos_encoder": [(4, 2)],
    "encoder.dir_encoder": [],
    "network": [(3,), (5,)],
    "network.variance": [(1,)],
}


def params():
    return {name: [jt.zeros(shape) for shape in shapes] for name, shapes in GROUPS.items()}


def old_state():
    """As jnerf 0.1.0 wrote it, written out by hand."""
    names = {"encoder.0": (4, 2), "network.0": (3,), "network.1": (5,), "variance.0": (1,)}
    state = {"network.pos_encoder.table": np.ones((4, 2), np.float32)}
    for i, (name, shape) in enumerate(names.items()):
        state[f"optim.{name}.m"] = np.full(shape, i, np.float32)
        state[f"optim.{name}.v"] = np.full(shape, 10 + i, np.float32)
        state[f"ema.{name}"] = np.full(shape, 20 + i, np.float32)
    state["optim.encoder.0.counts"] = np.full((4, 2), 7, np.int32)
    state |= {"optim.updates": np.array([12]), "ema.updates": np.array([12])}
    return state | {"sampler.grid": np.zeros(3, np.float32)}


def test_optimiser_and_average_find_their_parameters_again(tmp_path):
    state = old_state()
    path = tmp_path / "step_00000012.safetensors"
    meta = {"format": 1, "step": 12, "seed": 3, "seconds": 1.5, "sha256": _digest(state)}
    save_file(state, path, {"jnerf": json.dumps(meta)})
    loaded = load_checkpoint(path)
    assert (loaded.format, loaded.version) == (1, "0.1.0")
    today = upgraded(loaded, params())
    adam = Adam(params(), groups={"encoder": {"sparse": True}})
    adam.load_state(today.part("optim"))
    assert adam.updates == dict.fromkeys(GROUPS, 12)
    found = adam.state()
    assert (found["encoder.pos_encoder.0.counts"] == 7).all()
    assert (found["network.variance.0.m"] == 3).all() and (found["network.1.v"] == 12).all()
    average = EMA(params())
    average.load_state(today.part("ema"))
    assert average.updates == 12 and (average.state()["network.variance.0"] == 23).all()
    assert today.part("network").keys() == {"pos_encoder.table"} and "sampler.grid" in today.state


@pytest.mark.parametrize("format", [1, 2])
def test_an_average_from_before_it_took_every_so_many_steps(tiny, format):
    """Format 2 came without ``left`` at first; where the average has it, the check of the architecture asks for it."""
    config = tiny("ema=dict(_delete_=True, type='EMA', decay=0.9)")
    check(config)
    state = pipeline_state(build_pipeline(config))
    del state["ema.left"]
    state |= {"ema.updates": np.array([3]), "ema.network.0": np.ones((64, 4), np.float32)}
    pipeline = build_pipeline(config, training=False)
    old = Checkpoint(3, 7, 1.0, {k: v for k, v in state.items() if "optim" not in k}, format)
    restore(pipeline, old, "old.safetensors")
    assert pipeline.ema.state()["left"] == pytest.approx(0.9**3)
    with pipeline.ema.applied():
        assert pipeline.network.table.numpy() == pytest.approx(1 / (1 - 0.9**3))
    broken = replace(old, state={k: v for k, v in old.state.items() if k != "ema.updates"})
    with pytest.raises(CheckpointError, match=r"ema.left: absent(?s:.*)ema.updates: absent"):
        restore(pipeline, broken, "old.safetensors")


def test_todays_checkpoints_stay_as_they_are():
    checkpoint = Checkpoint(1, 0, 0.0, {"optim.updates": np.array([1])})
    assert upgraded(checkpoint, params()) is checkpoint


def test_a_checkpoint_of_the_future_says_who_wrote_it(tmp_path):
    path = tmp_path / "step_00000001.safetensors"
    save_file({"a": np.zeros(1)}, path, {"jnerf": json.dumps({"format": 9, "version": "3.1"})})
    with pytest.raises(
        CheckpointError, match="its format is 9; jnerf 3.1 wrote it, readable are 1 and 2"
    ):
        load_checkpoint(path)
