"""What is foreseen of a run is what it then needs; nothing is run meanwhile, and nothing changed."""

from __future__ import annotations

import random

import jittor as jt
import numpy as np
import pytest
from cuda_sources import recorded
from small_runs import SMALL

from jnerf.config import load_config
from jnerf.engine import rehearsal
from jnerf.engine.pipeline.build import build_dataset
from jnerf.engine.rehearsal import compile_at_once, rehearse
from jnerf.engine.run import run

CONFIG = "projects/ngp/configs/ngp_embedded.py"
SIZES = [
    f"sampler.target_samples={SMALL['target_samples']}",
    "sampler.grid_resolution=32",
    "encoder.pos_encoder.log2_table_size=12",
    "dataset.n_train=4",
    "dataset.n_test=1",
    "dataset.resolution=16",
    "evaluation.n_images=1",
    "total_steps=20",
]


@pytest.fixture
def config():
    return load_config(CONFIG, SIZES)


@pytest.fixture
def dataset(config):
    return build_dataset(config, "train")


def test_a_run_needs_nothing_that_was_not_foreseen(config, dataset, tmp_path, monkeypatch):
    foreseen = rehearse(config, dataset)
    assert foreseen.faults == {}
    known = {(k.op, f";{k.source}", *k[2:]) for k in foreseen.foresight.kernels}
    del foreseen
    needed, code = set(), jt.code

    def noting(*arguments, **keywords):
        source = recorded(keywords, *arguments)
        needed.add((source.op, source.source, source.inputs, source.outputs))
        return code(*arguments, **keywords)

    monkeypatch.setattr(jt, "code", noting)
    run(config, "train", save_dir=tmp_path)
    run(load_config(CONFIG, [*SIZES, "render.n_frames=1", "render.width=16"]), "render", tmp_path)
    assert len(needed) > 20
    # rays past the budget are dropped, if there are any: that depends on values
    assert {op for op, *_ in needed - known} <= {"leading_rows"}


def test_nothing_is_run_and_nothing_is_changed(config, dataset, capfd):
    jt.sync_all()
    ran, states = jt.flags.exec_called, (random.getstate(), np.random.get_state()[1].tolist())
    before = dict(vars(dataset))
    foreseen = rehearse(config, dataset)
    assert foreseen.foresight.kernels and jt.flags.exec_called == ran
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    assert {name: vars(dataset)[name] for name in before} == before
    assert capfd.readouterr() == ("", "")
    del foreseen
    jt.sync_all()  # no array without values is left
    assert float(jt.ones((2,)).sum().item()) == 2


def test_what_was_compiled_is_not_foreseen_again(config, dataset, monkeypatch, tmp_path):
    monkeypatch.delenv(rehearsal.SWITCH)
    monkeypatch.setattr(rehearsal.kernel_compiler, "FOLDER", str(tmp_path))
    calls = []

    def one(*arguments):
        calls.append(arguments)
        return rehearsal.Rehearsal(rehearsal.Foresight())

    monkeypatch.setattr(rehearsal, "rehearse", one)
    monkeypatch.setattr(rehearsal.Foresight, "compile", lambda self: None)
    for _ in range(2):
        compile_at_once(config, dataset)
    assert len(calls) == 1
    config.sampler.early_stop = 0.5
    compile_at_once(config, dataset)
    assert len(calls) == 2
    monkeypatch.setenv(rehearsal.SWITCH, "0")
    config.sampler.early_stop = 0.25
    compile_at_once(config, dataset)
    assert len(calls) == 2


def test_a_part_that_cannot_do_without_values_leaves_the_others(config, dataset, monkeypatch):
    def stumbles(self):
        raise ValueError("no such thing")

    monkeypatch.setattr(rehearsal.Trainer, "rehearse", stumbles)
    foreseen = rehearse(config, dataset)
    assert list(foreseen.faults) == ["training"] and "no such thing" in foreseen.faults["training"]
    assert "composite" in {kernel.op for kernel in foreseen.foresight.kernels}
