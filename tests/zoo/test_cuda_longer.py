"""Trainings with our CUDA sources on the CPU: a longer one, views of the same weights, and steps at the edge of sizes.

``JNERF_CUDA_ON_HOST=1`` has all of them (three minutes of a core), else there are the steps at the edge.
"""

from __future__ import annotations

import os
from contextlib import nullcontext

import numpy as np
import pytest
from cuda_mode import cuda_sources
from cuda_trainings import TINY, exactly
from gradients_of import after, gradients

from jnerf.benchmark.methods.compare import BOUNDS
from jnerf.benchmark.methods.form import small_form
from jnerf.benchmark.methods.train import trained
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.evaluator import evaluate
from jnerf.engine.pipeline.build import build_dataset, build_pipeline

WHOLE = bool(os.environ.get("JNERF_CUDA_ON_HOST"))
SEEN = ["ngp_embedded", "nerf_lego", "mipnerf_lego", "plenoxels_lego", "hash_neus_scan24_wmask"]
SEEN += ["nerfacto_embedded", "tensorf_embedded", "kplanes_lego_small", "vqad_lego_small"]


def both(work):
    """What it gives on the CPU, and with the CUDA sources."""
    found = []
    for how in (nullcontext(), cuda_sources()):
        with how:
            found.append(work())
    return found


@pytest.mark.parametrize("steps", [200] if WHOLE else [8])
@pytest.mark.parametrize("precision", ["fp32", "fp16"] if WHOLE else ["fp16"])
def test_a_longer_training_ends_as_on_the_cpu(steps, precision, tmp_path):
    sizes = {**TINY, "target_samples": 4096, "n_test": 4, "resolution": 32} if WHOLE else TINY

    def train(how):
        return trained(
            small_form("ngp_embedded", steps, tmp_path, exactly(how, "ngp_embedded"), **sizes)
        )

    cpu = train("fp32")
    with cuda_sources():
        cuda = train(precision)
    assert abs(cpu["value"] - cuda["value"]) < BOUNDS["psnr"], (cpu["value"], cuda["value"])
    if WHOLE:
        assert cuda["losses"][-1] < 0.5 * cuda["losses"][0]


@pytest.mark.parametrize("file", SEEN if WHOLE else SEEN[:1])
def test_a_view_is_the_cpus(file, tmp_path):
    config = small_form(file, 40, tmp_path, exactly("fp32", file), **TINY)
    start = after(config, 40)

    def view():
        pipeline, seen = build_pipeline(config, training=False), []
        restore(pipeline, start, "the start")
        evaluate(pipeline, build_dataset(config, "test"), 1, see=seen.append)
        return seen[0]

    cpu, cuda = both(view)
    assert np.isfinite(cuda.colors).all() and cpu.colors.std() > 0
    assert np.abs(cuda.colors - cpu.colors).max() < 2e-3
    assert np.abs(cuda.opacities - cpu.opacities).max() < 2e-3


def same_gradients(config, start=None):
    """Asserts it; returns the CPU's, and the sizes of the steps."""
    cpu, cuda = both(lambda: gradients(config, start))
    for name, right in cpu.items():
        most = np.abs(right).max(initial=0)
        np.testing.assert_allclose(cuda[name], right, atol=1e-3 * most, rtol=1e-3, err_msg=name)
    return cpu, [value[:2] for name, value in cpu.items() if name.endswith("sizes")]


def at_the_edge(folder, **sizes):
    return small_form(
        "ngp_embedded", 30, folder, exactly("fp32", "ngp_embedded"), **{**TINY, **sizes}
    )


def test_more_rows_are_needed_than_there_are(tmp_path):
    config = at_the_edge(tmp_path)
    config.sampler.update(n_rays_init=300, target_samples=64, max_steps=64)
    _, sizes = same_gradients(config)
    for rays, samples in sizes:
        assert 0 < samples <= 64 and rays < 300


def test_one_ray(tmp_path):
    config = at_the_edge(tmp_path)
    config.sampler.update(n_rays_init=1, fixed_rays=True)
    _, sizes = same_gradients(config)
    assert [rays for rays, _ in sizes] == [1, 1, 1]


def test_no_ray_that_hits(tmp_path):
    config = at_the_edge(tmp_path)
    start = after(config, 17)
    start.state["sampler.grid"] = np.zeros_like(start.state["sampler.grid"])
    found, sizes = same_gradients(config, start)
    assert [samples for _, samples in sizes] == [0, 0, 0]
    assert not any(np.abs(v).max(initial=0) for k, v in found.items() if not k.endswith("sizes"))
