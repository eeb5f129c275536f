"""Runs with tables read in 16 bits: what is saved is float32, no checkpoint and no average meets an old copy."""

import json
from pathlib import Path

import cv2
import jittor as jt
import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.config import find_config, load_config
from jnerf.engine.checkpoints.checkpoint import load_checkpoint
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.run import run
from jnerf.errors import JnerfError
from jnerf.ops.half_copy.reference import rounded

STEPS = 24


def config_of(folder, *overrides):
    words = [
        f"dataset.root={folder / 'scene'}",
        f"save_dir={folder / 'logs'}",
        "exp_name=run",
        f"total_steps={STEPS}",
        "checkpoint.every=12",
        "evaluation.steps=[]",
        "encoder.pos_encoder.log2_table_size=12",
        "encoder.pos_encoder.table_precision=bfloat16",
        "sampler.target_samples=8192",
        "sampler.grid_resolution=32",
    ]
    return load_config(find_config("ngp_lego"), [*words, *overrides])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run, and its metrics at the end of training: of the averaged weights, in the trained pipeline."""
    folder = tmp_path_factory.mktemp("halved")
    make_tiny_blender(folder / "scene", n=6, size=32)
    run(config_of(folder), "train")
    metrics = json.loads((folder / "logs/run/test/metrics.json").read_text())
    return folder, metrics["images"]


def test_what_is_saved_is_float32(trained):
    folder, _ = trained
    state = load_checkpoint(folder / f"logs/run/checkpoints/step_{STEPS:08}.safetensors").state
    tables = [a for name, a in state.items() if "table" in name]
    assert tables and not any(a.dtype in (np.float16, np.uint16) for a in state.values())
    for table in tables:
        assert table.dtype == np.float32 and (table != rounded(table, "bfloat16")).any()


def test_a_run_is_judged_from_its_checkpoint_as_at_the_end_of_training(trained):
    folder, at_end = trained
    run(config_of(folder), "test")
    again = json.loads((folder / "logs/run/test/metrics.json").read_text())["images"]
    assert [row["psnr"] for row in again] == [row["psnr"] for row in at_end]


def test_films_of_a_checkpoint_show_what_was_judged(trained, tmp_path):
    folder, _ = trained
    run(config_of(folder), "test")
    strips = sorted((folder / "logs/run/test").glob("r_?.png"))
    request = FilmRequest(
        PathRequest("views"), formats=("png",), output=tmp_path, side_by_side=False
    )
    frames = Path(run(config_of(folder), "render", film=request)["files"][0])
    assert strips
    for strip in strips:
        frame = cv2.imread(str(frames / f"color_{strip.name}"))
        np.testing.assert_array_equal(frame, cv2.imread(str(strip))[:, : frame.shape[1]])


def density(pipeline):
    """Of the encoder, with weights as they are and averaged."""
    encoder = pipeline.network.pos_encoder
    x = jt.array(np.random.default_rng(0).random((64, 3)).astype(np.float32)).stop_grad()
    with jt.no_grad():
        raw = encoder(x).numpy()
        with pipeline.ema.applied():
            averaged = encoder(x).numpy()
        again = encoder(x).numpy()
    np.testing.assert_array_equal(raw, again)
    assert (raw != averaged).any()
    return raw, averaged


def test_another_checkpoint_in_a_pipeline_that_was_used(trained):
    folder, _ = trained
    paths = [folder / f"logs/run/checkpoints/step_{n:08}.safetensors" for n in (STEPS // 2, STEPS)]
    fresh, used = (build_pipeline(config_of(folder), "train") for _ in range(2))
    for path in paths:
        restore(used, load_checkpoint(path), str(path))
        found = density(used)
    restore(fresh, load_checkpoint(paths[-1]), str(paths[-1]))
    for one, other in zip(found, density(fresh), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_is_read_in_any_precision(trained):
    folder, at_end = trained
    try:
        run(config_of(folder, "encoder.pos_encoder.table_precision=float32"), "test")
    finally:
        found = json.loads((folder / "logs/run/test/metrics.json").read_text())["images"]
        run(config_of(folder), "test")
    for one, other in zip(found, at_end, strict=True):
        assert one["psnr"] == pytest.approx(other["psnr"], abs=0.2)


def test_other_precisions_are_told_before_anything_is_built(trained):
    with pytest.raises(JnerfError, match="table_precision"):
        run(config_of(trained[0], "encoder.pos_encoder.table_precision=fp16"), "train")
