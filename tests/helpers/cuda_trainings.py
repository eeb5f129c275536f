"""Which trainings are run with the CUDA sources on the CPU, and how small."""

from __future__ import annotations

import inspect

from jnerf.config import find_config, load_config
from jnerf.registry import NETWORKS

#: One config of every method, and of every way of a method that has kernels of its own.
ALL = """
ngp_embedded ngp_lego_l8f4 nerf_lego nerf_occupancy_lego mipnerf_lego hashnerf_lego plenoxels_lego neus_scan24_wmask
neus_scan24 hash_neus_scan24_wmask nerfacto_embedded mipnerf360_embedded zipnerf_embedded nerfw_embedded
kplanes_lego_small kplanes_explicit_lego_small kplanes_proposals_lego_small tensorf_embedded tensorf_cp384_lego_small
triplane_lego_small triplane_eg3d_lego_small nglod_lego_small nglod_armadillo_small vqad_lego_small barf_embedded
ngp_poses_small ngp_depth_small ngp_exposure_small image_albert_small image_albert_dense_small sdf_torus_small
""".split()
#: Those of them with networks that go layer by layer.
WIDE = """
nerf_lego nerf_occupancy_lego mipnerf_lego neus_scan24_wmask neus_scan24 hash_neus_scan24_wmask mipnerf360_embedded
nerfw_embedded tensorf_embedded tensorf_cp384_lego_small kplanes_explicit_lego_small nglod_armadillo_small barf_embedded
zipnerf_embedded
""".split()
#: Of `small_form`: its sizes here.
TINY = {
    "step_size": 0.04,
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


def exactly(precision: str, file: str) -> list[str]:
    """The overrides that make the networks of a config multiply so, if they have the choice."""
    network = NETWORKS.get(load_config(str(find_config(file))).network.type)
    has = "precision" in inspect.signature(network.__init__).parameters
    return [f"network.precision={precision}"] if has else []
