"""What is learned of each training image goes with every method: appearance with colour MLPs, exposure with all."""

import numpy as np
import pytest
from scenes import make_tiny_blender
from swap import ENCODERS, NETWORKS, PROJECTS, SAMPLERS, falls, trained

CONFIG = PROJECTS / "ngp/configs/ngp_lego.py"
APPEARANCES = {
    "append": ["network.appearance=4"],
    "affine": ["network.appearance=dict(width=4, how='affine', hidden=[16], test='zeros')"],
}
EXPOSURE = [
    "dataset.disturb=dict(stops=1.0)",
    "dataset.exposure=dict(type='ExposureRefinement', begin=2)",
    "optim.groups.dataset=dict(exposure=dict(lr=1e-2))",
]
# Methods of other projects: their own network, sampler, renderer and losses.
METHODS = {
    "nerf/configs/nerf_lego_small.py": ["sampler.n_coarse=16", "sampler.n_fine=16"],
    "tensorf/configs/tensorf_vm48_lego_small.py": [
        "encoder.density_factors.resolution=16",
        "encoder.color_factors.resolution=16",
        "network.final_resolution=16",
        "network.upsample_steps=[]",
        "network.mask_steps=[]",
        "sampler.target_samples=8192",
    ],
    "plenoxels/configs/plenoxels_lego_small.py": [
        "sampler.target_samples=8192",
        "sampler.grid_resolution=32",
        "network.resolutions=[12]",
        "network.upsample_steps=[]",
    ],
    "nerfacto/configs/nerfacto_lego.py": [
        "sampler.n_samples=[24, 16, 12]",
        "encoder.pos_encoder.log2_table_size=12",
        "encoder.proposal_0.log2_table_size=11",
        "encoder.proposal_1.log2_table_size=11",
    ],
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    root = tmp_path_factory.mktemp("scene")
    make_tiny_blender(root, n=6, size=32)
    return root


@pytest.mark.parametrize("sampler", ["occupancy", "hierarchical", "proposal"])
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("appearance", APPEARANCES)
def test_every_colour_mlp_takes_an_appearance(scene, tmp_path, appearance, network, sampler):
    overrides = [
        f"dataset.root={scene}",
        *ENCODERS["hash"],
        *SAMPLERS[sampler],
        *NETWORKS[network],
        *APPEARANCES[appearance],
    ]
    assert falls(trained(CONFIG, overrides, tmp_path, 16), 0.97)


def exposures_move(rows) -> bool:
    """Whether the stops begin to move where they are to, by about their learning rate in each step."""
    stops = [row["dataset/exposure_stops_mean"] for row in rows]
    print(stops)
    finite = np.isfinite([row["loss"] for row in rows]).all()
    return bool(finite and stops[1] == 0 < 0.002 < stops[-1] < 0.2)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("network", NETWORKS)
def test_exposures_learn_with_every_network_and_sampler(scene, tmp_path, network, sampler):
    overrides = [
        f"dataset.root={scene}",
        *EXPOSURE,
        *ENCODERS["hash"],
        *SAMPLERS[sampler],
        *NETWORKS[network],
    ]
    assert exposures_move(trained(CONFIG, overrides, tmp_path, 10))


@pytest.mark.parametrize("method", METHODS)
def test_exposures_learn_under_other_methods(scene, tmp_path, method):
    overrides = [f"dataset.root={scene}", "dataset.downscale=1", "n_rays=256"]
    rows = trained(PROJECTS / method, [*overrides, *EXPOSURE, *METHODS[method]], tmp_path, 10)
    assert exposures_move(rows)
