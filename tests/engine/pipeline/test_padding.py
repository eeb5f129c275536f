"""Training with padding behind the samples: who decides, what is learnt, and that the host asks for nothing."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.benchmark.host import variants
from jnerf.config import load_config
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.pipeline.padding import choose_padding
from jnerf.engine.trainer import Trainer
from jnerf.errors import ConfigError
from jnerf.models.losses.photometric import HuberLoss
from jnerf.models.losses.relative import RelativeL2Loss
from jnerf.models.renderers.direct import DirectRenderer
from jnerf.models.renderers.neus import NeuSRenderer
from jnerf.models.renderers.volume import VolumeRenderer
from jnerf.ops.common import device
from jnerf.samplers.neus import NeuSSampler

PROJECTS = Path(__file__).resolve().parents[3] / "projects"
NGP = PROJECTS / "ngp" / "configs" / "ngp_lego.py"


@pytest.fixture
def like_cuda(monkeypatch):
    """Modules are told that ops run on a GPU."""
    monkeypatch.setattr(device, "on_cuda", lambda: True)


@pytest.fixture
def trainer(tmp_path):
    """Instant-NGP, small, with its trainer; nothing is saved."""
    scene = make_tiny_blender(tmp_path / "scene", n=6, size=32)

    def make(*overrides):
        small = ["encoder.pos_encoder.log2_table_size=12", "sampler.target_samples=16384"]
        small += ["sampler.grid_resolution=32", "sampler.n_rays_init=128", f"dataset.root={scene}"]
        config = load_config(NGP, [*small, *overrides])
        pipeline = build_pipeline(config)
        return Trainer(config, pipeline, None, None, None), pipeline

    return make


def test_ngp_has_padding_on_cuda_and_exact_sizes_on_a_cpu(trainer, monkeypatch):
    assert trainer()[1].sampler.padded is False
    monkeypatch.setattr(device, "on_cuda", lambda: True)
    assert trainer()[1].sampler.padded is True
    assert trainer("sampler.fixed_sizes=False")[1].sampler.padded is False


def test_padding_waits_for_all_to_take_it(like_cuda):
    losses = {"rgb": HuberLoss(), "relative": RelativeL2Loss()}
    for renderer, terms in ((VolumeRenderer(), losses), (DirectRenderer(), {"rgb": HuberLoss()})):
        sampler = SimpleNamespace(wants_padding=None, padded=False)
        choose_padding(sampler, renderer, terms)
        assert sampler.padded is False
        sampler.wants_padding = True
        with pytest.raises(ConfigError, match="has fixed_sizes=True, but .* cannot do with rows"):
            choose_padding(sampler, renderer, terms)
    with pytest.raises(ConfigError, match="but loss.relative RelativeL2Loss cannot"):
        choose_padding(sampler, VolumeRenderer(), losses)
    choose_padding(sampler, NeuSRenderer(), {"rgb": HuberLoss()})
    assert sampler.padded is True
    other = NeuSSampler()  # does not offer it
    choose_padding(other, VolumeRenderer(), {})
    assert other.padded is False


def test_first_step_is_that_of_exact_sizes(trainer):
    found = []
    for fixed in (True, False):
        loop, pipeline = trainer(f"sampler.fixed_sizes={fixed}", "sampler.target_samples=4096")
        watched = loop._train_step(0, True)
        found.append((watched, pipeline.network.pos_encoder.table.numpy()))
    (padded, table), (exact, right) = found
    assert padded.rays == exact.rays < 128 and padded.samples == exact.samples
    assert padded.metrics["psnr"] == pytest.approx(exact.metrics["psnr"], abs=1e-3)
    assert padded.losses["rgb"] == pytest.approx(exact.losses["rgb"], rel=1e-4)
    moved = np.abs(right).max()
    np.testing.assert_allclose(table, right, atol=0.05 * moved)
    assert (table != right).mean() < 0.2  # Adam's first step is the sign of the gradient


def test_a_step_between_updates_reads_nothing_back(trainer, like_cuda, reads_of_vars):
    loop, _ = trainer()
    read = []
    for step in range(20):
        reads_of_vars.clear()
        loop._train_step(step, False)
        if reads_of_vars:
            read.append(step)
    assert read == [1, 16]  # 1: what the first step needed; 16: an update of the grid


@pytest.mark.parametrize("method", ["nerf", "mipnerf"])
def test_rounds_have_padding_too(method, tmp_path, monkeypatch, reads_of_vars):
    """The same losses as with exact sizes, in each step, and nothing read back."""
    scene = make_tiny_blender(tmp_path / "scene", n=6, size=32)
    small = ["network.hidden_width=16", "network.n_layers=2", "network.skip=None", "n_rays=64"]
    small += ["sampler.n_coarse=8", "sampler.n_fine=8", f"dataset.root={scene}"]
    found = []
    for on_cuda in (True, False):
        monkeypatch.setattr(device, "on_cuda", lambda on=on_cuda: on)
        config = load_config(PROJECTS / method / "configs" / f"{method}_lego.py", small)
        pipeline = build_pipeline(config)
        assert pipeline.sampler.padded is on_cuda
        loop = Trainer(config, pipeline, None, None, None)
        reads_of_vars.clear()
        for step in range(3):
            loop._train_step(step, False)
        assert (not reads_of_vars) is on_cuda
        found.append((loop._train_step(3, True), int(loop._window.read().sum())))
    (padded, many), (exact, all_samples) = found
    assert padded.losses == pytest.approx(exact.losses, rel=1e-3)
    assert (padded.samples, padded.rays, many) == (exact.samples, exact.rays, all_samples)
    assert padded.metrics["psnr"] == pytest.approx(exact.metrics["psnr"], abs=1e-2)


def test_it_learns_as_with_exact_sizes(trainer):
    found = []
    for fixed in (True, False):
        loop, pipeline = trainer(f"sampler.fixed_sizes={fixed}")
        first = loop._train_step(0, True)
        for step in range(1, 59):
            loop._train_step(step, False)
        last = loop._train_step(59, True)
        assert (
            last.metrics["psnr"] > first.metrics["psnr"] + 3
            and last.losses["rgb"] < 0.5 * first.losses["rgb"]
        )
        found.append(
            (
                last.metrics["psnr"],
                last.samples,
                pipeline.sampler.n_rays,
                int(loop._window.read().sum()),
            )
        )
    padded, exact = np.array(found)
    assert padded[0] == pytest.approx(exact[0], abs=0.5)
    np.testing.assert_allclose(padded[1:], exact[1:], rtol=0.05)


HASH_NEUS = PROJECTS / "neus" / "configs" / "hash_neus_scan24_wmask.py"


def test_neus_on_a_grid_learns_the_same_with_padding(reads_of_vars):
    """The same losses and weights as with exact sizes, in each step; nothing read back between two updates."""
    found = []
    for config in variants(str(HASH_NEUS)):
        pipeline = build_pipeline(config)
        loop = Trainer(config, pipeline, None, None, None)
        losses = [loop._train_step(step, True).losses for step in range(2)]
        reads_of_vars.clear()
        loop._train_step(2, False)
        assert (not reads_of_vars) is pipeline.sampler.padded
        found.append((losses, pipeline.network.distance_mlp.params.numpy()))
    (exact, right), (padded, params) = found
    for one, two in zip(padded, exact, strict=True):
        assert one == pytest.approx(two, rel=1e-3)
    np.testing.assert_allclose(params, right, atol=1e-4)
