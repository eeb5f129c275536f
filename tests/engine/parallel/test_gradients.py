"""Gradients of several processes are those of one: every sampler, and every thing that a loss can be a mean over."""

import json

import numpy as np
import pytest
from gradients_of import main
from ranks import ROOT, mpirun, needs_mpirun
from small_runs import small_sizes, tiny_scenes

from jnerf.checks.arguments import signature_of
from jnerf.config import load_config
from jnerf.registry import NETWORKS

# Of one number that is a sum of large terms of either sign, fewer digits are left.
TOLERANCES = {
    "ngp_embedded": 1e-5,  # also a budget that leaves the second process next to nothing
    "nerf_lego_small": 1e-5,
    "mipnerf_lego_small": 1e-5,
    "nerfacto_embedded": 1e-5,
    "mipnerf360_embedded": 1e-5,
    "neus_scan24_wmask": 2e-5,
    "hash_neus_scan24_wmask": 2e-4,
    "plenoxels_lego_small": 1e-5,
    "image_albert_small": 1e-5,
    "vqad_lego_small": 1e-5,
    "barf_embedded": 1e-5,  # trained cameras
    "ngp_tracks_capture": 1e-5,  # rays whose depth is known
    "depth_nerfacto_capture": 1e-5,  # the same in every round
    "ngp_exposure_small": 1e-5,  # trained exposures
    "nerfw_embedded": 1e-5,
}


def case(name, scenes):
    (path,) = ROOT.glob(f"projects/*/configs/{name}.py")
    config = load_config(path)
    words = [*small_sizes(config), *scenes[config.dataset.type]]
    # A sum that is rounded to bf16 may fall on either side.
    exact = "precision" in signature_of(NETWORKS.get(config.network.type)).parameters
    return [str(path), *words, *(["network.precision=fp32"] if exact else [])]


@needs_mpirun
def test_gradients_are_those_of_one_process(tmp_path):
    scenes = tiny_scenes(tmp_path / "scenes")
    cases = json.dumps({name: case(name, scenes) for name in TOLERANCES})
    main(str(tmp_path / "one.npz"), cases)
    done = mpirun(2, "tests/helpers/gradients_of.py", str(tmp_path / "two.npz"), cases)
    assert done.returncode == 0, done.stderr[-3000:]
    one, two = np.load(tmp_path / "one.npz"), np.load(tmp_path / "two.npz")
    assert set(one) == set(two) and {key.split("/")[0] for key in one} == set(TOLERANCES)
    for key, array in one.items():
        most = TOLERANCES[key.split("/")[0]] * np.abs(array).max()
        assert np.abs(two[key] - array).max() <= most, key
        if key.endswith("sizes"):
            assert two[key][:2] == pytest.approx(array[:2], abs=0), (
                key
            )  # the very same rays and samples
