"""Losses of depth under every sampler, with a network of one field for all rounds."""

import pytest
from scenes import make_tiny_blender
from swap import ENCODERS, NETWORKS, PROJECTS, SAMPLERS, falls, trained

CONFIG = PROJECTS / "ngp/configs/ngp_lego.py"
DEPTH = {
    "termination": "dict(type='RayTerminationLoss', weight=10.0)",
    "sight": "dict(type='LineOfSightLoss', sigma=0.05)",
    "l1": "dict(type='DepthL1Loss')",
    "l2": "dict(type='DepthL2Loss', every_round=True)",
}
CASES = [(loss, name) for i, loss in enumerate(DEPTH) for name in [*SAMPLERS][i % 2 :: 2]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return make_tiny_blender(tmp_path_factory.mktemp("depth"), n=6, size=32, depth=True)


@pytest.mark.parametrize("loss, sampler", CASES)
def test_depth_supervises_every_sampler(scene, tmp_path, loss, sampler):
    overrides = [
        f"dataset=dict(type='TransformsDataset', root='{scene}', depth='z')",
        f"loss=dict(_delete_=True, rgb=dict(type='HuberLoss'), depth={DEPTH[loss]})",
        *ENCODERS["hash"],
        *SAMPLERS[sampler],
        *NETWORKS["ngp"],
    ]
    rows = trained(CONFIG, overrides, tmp_path, 24)
    # the occupancy grid is looked at first after four steps, and what is seen of a ray is another thing from then on
    assert falls(rows[4:], key="loss/depth")
