"""Published configs have what their authors' code has, in our units; what was measured stays as it was."""

import pytest
from documents import ROOT

from jnerf.config import load_config
from jnerf.schedules import make_schedule

PROJECTS = ROOT / "projects"
PLENOXELS = "plenoxels/configs/plenoxels_lego"


def config(name):
    return load_config(PROJECTS / f"{name}.py")


@pytest.mark.parametrize("term", ["density_variation", "sh_variation"])
def test_plenoxels_vary_freely_once_they_are_fine(term):
    """svox2's trainer drops both weights at the first refinement, unless it is told not to."""
    published, small = config(PLENOXELS), config(f"{PLENOXELS}_small")
    weight = make_schedule(published.loss[term].weight)
    refined = published.network.upsample_steps[0]
    assert weight(0) == weight(refined - 1) > 0
    assert weight(refined) == weight(published.total_steps) == 0
    steady = make_schedule(small.loss[term].weight)
    assert {steady(step) for step in range(0, small.total_steps, 500)} == {weight(0)}


@pytest.mark.parametrize("name", ["nglod/configs/nglod_lego", "vqad/configs/vqad_lego"])
def test_fields_over_octrees_have_the_loss_of_kaolin_wisps_trainer(name):
    assert config(name).loss == {"type": "L1Loss"}
    assert config(f"{name}_small").loss.type == "HuberLoss"


@pytest.mark.parametrize("name", ["nerf/configs/nerf_lego", "barf/configs/barf_lego"])
def test_densities_are_per_unit_of_the_world(name):
    found = config(name)
    assert found.network.density_scale * found.dataset.scale == pytest.approx(1)


def test_a_transient_density_costs_as_much_as_in_the_worlds_units():
    found = config("nerfw/configs/nerfw_lego")
    weight = found.loss.rgb.density_weight * found.network.density_scale
    assert weight == pytest.approx(0.01)


def test_adam_of_signed_distances():
    published, small = (
        config(f"nglod/configs/nglod_armadillo{end}").optim for end in ("", "_small")
    )
    assert (published.betas, published.eps) == ((0.9, 0.999), 1e-8)
    assert (small.betas, small.eps) == ((0.9, 0.99), 1e-15)
