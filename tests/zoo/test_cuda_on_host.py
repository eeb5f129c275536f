"""Whole trainings with our CUDA sources, run on the CPU, against the CPU's own: the same but for rounding.

``JNERF_CUDA_ON_HOST=1`` trains every method so (some 20 minutes of a core, most of it compiling), else there is one. In
fp32, so that nothing but a fault moves a loss by more than rounding.
"""

from __future__ import annotations

import inspect
import os

import numpy as np
import pytest
from cuda_mode import cuda_sources

from jnerf.benchmark.methods.compare import BOUNDS
from jnerf.benchmark.methods.form import small_form
from jnerf.benchmark.methods.train import trained
from jnerf.config import find_config, load_config
from jnerf.registry import NETWORKS

QUICK = ["ngp_embedded"]
ALL = """
ngp_embedded ngp_lego_l8f4 nerf_lego nerf_occupancy_lego mipnerf_lego hashnerf_lego plenoxels_lego neus_scan24_wmask
neus_scan24 hash_neus_scan24_wmask nerfacto_embedded mipnerf360_embedded zipnerf_embedded nerfw_embedded
kplanes_lego_small kplanes_explicit_lego_small kplanes_proposals_lego_small tensorf_embedded tensorf_cp384_lego_small
triplane_lego_small triplane_eg3d_lego_small nglod_lego_small nglod_armadillo_small vqad_lego_small barf_embedded
ngp_poses_small ngp_depth_small ngp_exposure_small image_albert_small image_albert_dense_small sdf_torus_small
""".split()
TINY = {
    "target_samples": 1024,
    "n_rays": 32,
    "n_samples": 12,
    "n_coarse": 8,
    "n_fine": 8,
    "n_importance": 8,
    "hidden_width": 32,
    "n_points": 64,
    "log2_table_size": 11,
    "resolution": 16,
    "n_test": 1,
}
STEPS = 12


@pytest.mark.parametrize("file", ALL if os.environ.get("JNERF_CUDA_ON_HOST") else QUICK)
def test_a_training_goes_as_on_the_cpu(file, tmp_path):
    network = NETWORKS.get(load_config(str(find_config(file))).network.type)
    exact = "precision" in inspect.signature(network.__init__).parameters
    precision = ["network.precision=fp32"] if exact else []

    def train():
        return trained(small_form(file, STEPS, tmp_path, precision, step_size=0.04, **TINY))

    cpu = train()
    with cuda_sources():
        cuda = train()
    first, rest = _relative(cpu["losses"], cuda["losses"])
    assert first < 2e-4, f"the first loss differs by {first:.1e}"
    assert rest < 2e-2, f"a loss differs by {rest:.1e}"
    assert abs(cpu["value"] - cuda["value"]) < BOUNDS[cpu["metric"]]


def _relative(cpu: list[float], cuda: list[float]) -> tuple[float, float]:
    """Of the first loss and the most of all, relative to the CPU's."""
    assert len(cpu) == len(cuda) == STEPS
    off = np.abs(np.array(cuda) - cpu) / np.abs(cpu)
    return float(off[0]), float(off.max())
