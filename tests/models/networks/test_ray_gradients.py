"""What a field says of samples, differentiated by the origins and directions of their rays."""

from collections.abc import Callable

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.dense_grid import DenseGridEncoder
from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.encoders.integrated import IntegratedEncoder
from jnerf.encoders.spherical_harmonics import SphericalHarmonicsEncoder
from jnerf.models.networks.base import Network
from jnerf.models.networks.nerf import NeRFNetwork
from jnerf.models.networks.ngp import NGPNetwork
from jnerf.models.networks.plain_mlp import PlainMLPNetwork
from jnerf.models.networks.unbounded.mipnerf360 import MipNeRF360Network
from jnerf.models.networks.unbounded.nerfacto import NerfactoNetwork
from jnerf.models.networks.voxels.plenoxel import PlenoxelNetwork
from jnerf.structures import RayBundle, RaySamples
from tests.ops.host_arrays import packed_rays

BOX = np.float32([-0.5, -0.5, -0.5, 1.5, 1.5, 1.5])
GRID = {
    "n_levels": 2,
    "log2_table_size": 12,
    "min_resolution": 2,
    "max_resolution": 3,
    "init_scale": 1.0,
}
N, PER_RAY = 6, 5


def grid(**kwargs) -> HashGridEncoder:
    return HashGridEncoder(**GRID, interpolation="smoothstep", **kwargs)


def waves() -> FrequencyEncoder:
    return FrequencyEncoder(n_frequencies=2)


def dirs() -> FrequencyEncoder:
    return FrequencyEncoder(n_frequencies=2, input_range=(-1.0, 1.0))


def nerfacto(space: str) -> Network:
    encoders = {"proposal_0": grid()}
    options = {"n_images": 3, "appearance": 4, "proposals": ["proposal_0"], "initial_density": 1.0}
    return NerfactoNetwork(
        grid(), SphericalHarmonicsEncoder(), encoders, BOX, space=space, precision="fp32", **options
    )


def mipnerf360(space: str, rounds: int = 0) -> Network:
    encoder = IntegratedEncoder(2, basis="icosahedron", half_edge=2.0)
    options = {"hidden_width": 32, "n_layers": 3, "skip": 1, "bottleneck": 16, "proposals": rounds}
    return MipNeRF360Network(encoder, dirs(), BOX, space=space, precision="fp32", **options)


def plenoxel() -> Network:
    network = PlenoxelNetwork(BOX, resolutions=[5], upsample_steps=[])
    random = np.random.default_rng(3)
    for rows in network.voxels.values():
        rows.update(jt.array((random.random(rows.shape) + 0.2).astype(np.float32)))
        rows.start_grad()
    return network


NETWORKS: dict[str, Callable[[], Network]] = {
    "ngp": lambda: NGPNetwork(grid(), SphericalHarmonicsEncoder(), BOX, precision="fp32"),
    "ngp, contracted": lambda: NGPNetwork(
        grid(), dirs(), BOX, precision="fp32", space="contraction_l2"
    ),
    "ngp without directions": lambda: NGPNetwork(waves(), None, BOX, precision="fp32"),
    "fading in": lambda: NGPNetwork(grid(coarse_to_fine=1.5), dirs(), BOX, precision="fp32"),
    "plain": lambda: PlainMLPNetwork(
        DenseGridEncoder(3, 4, interpolation="smoothstep", init_scale=1.0),
        dirs(),
        BOX,
        precision="fp32",
    ),
    "nerf": lambda: NeRFNetwork(waves(), dirs(), BOX, 32, 3, 1, 1, "softplus", precision="fp32"),
    "mip-nerf": lambda: NeRFNetwork(
        IntegratedEncoder(2), dirs(), BOX, 32, 3, 1, 1, "softplus", precision="fp32"
    ),
    "nerfacto": lambda: nerfacto("contraction_linf"),
    "nerfacto in a box": lambda: nerfacto("box"),
    "mip-nerf along directions": lambda: NeRFNetwork(
        IntegratedEncoder(2, basis="icosahedron", half_edge=1.5),
        dirs(),
        BOX,
        32,
        3,
        1,
        1,
        "softplus",
        precision="fp32",
    ),
    "mip-nerf 360": lambda: mipnerf360("contraction_l2"),
    "mip-nerf 360 in a box": lambda: mipnerf360("box"),
    "mip-nerf 360 in a cube": lambda: mipnerf360("contraction_linf"),
    "plenoxels": plenoxel,
}


def rays() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(1)
    d = random.normal(size=(N, 3))
    return 0.5 + 0.3 * random.normal(size=(N, 3)), d / np.linalg.norm(d, axis=1, keepdims=True)


def samples_of(o, d, trained: bool, round: int) -> RaySamples:
    packed, indices = packed_rays([PER_RAY] * N)
    edges = np.linspace(0.02, 0.4, PER_RAY + 1, dtype=np.float32)
    starts, ends = (jt.array(np.tile(v, N)) for v in (edges[:-1], edges[1:]))
    images = jt.array(np.arange(N, dtype=np.int32) % 3)
    radii = jt.array(np.full((N, 1), 0.02, np.float32)).stop_grad()
    bundle = RayBundle(o, d, images, lambda: radii, trained=trained)
    middles = jt.zeros((N * PER_RAY, 3)).stop_grad()  # of other rays: not to be taken for these
    return RaySamples(
        bundle,
        starts,
        ends,
        jt.array(indices),
        jt.array(packed),
        round=round,
        middles=middles if trained else None,
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_reach_origins_and_directions(name):
    network = NETWORKS[name]()
    assert network.trains_rays
    round = network.earlier_rounds or 0
    random = np.random.default_rng(2)
    weights = random.normal(size=N * PER_RAY), random.normal(size=(N * PER_RAY, 3))

    def value(o, d) -> float:
        with jt.no_grad():
            where = (jt.array(v.astype(np.float32)) for v in (o, d))
            found = network(samples_of(*where, False, round))
        pairs = zip((found.sigmas, found.rgbs), weights, strict=True)
        return sum((v.numpy().astype(np.float64) * w).sum() for v, w in pairs)

    o, d = rays()
    variables = [jt.array(v.astype(np.float32)) for v in (o, d)]
    found = network(samples_of(*variables, True, round))
    pairs = zip((found.sigmas, found.rgbs), weights, strict=True)
    loss = sum((v * jt.array(w.astype(np.float32))).sum() for v, w in pairs)
    grads = [g.numpy() for g in jt.grad(loss, variables)]
    for k, grad in enumerate(grads):
        assert np.abs(grad).max() > 1e-2
        # Uphill for all numbers at once: float32 has no digits for single ones, and a few units bend on the way.
        for h in (1e-3, 3e-4):
            way = random.random((N, 3)) * np.sign(grad)
            moved = [[o, d], [o, d]]
            moved[0][k], moved[1][k] = (o, d)[k] + h * way, (o, d)[k] - h * way
            slope = (value(*moved[0]) - value(*moved[1])) / (2 * h)
            assert (grad * way).sum() == pytest.approx(slope, rel=0.05), (k, h)


@pytest.mark.parametrize(
    "network", [nerfacto("contraction_linf"), mipnerf360("contraction_l2", 1)], ids=["grid", "mlp"]
)
def test_a_proposal_gives_them_too(network):
    variables = [jt.array(v.astype(np.float32)) for v in rays()]
    loss = network(samples_of(*variables, True, 0)).sigmas.sum()
    assert all(np.abs(g.numpy()).max() > 1e-3 for g in jt.grad(loss, variables))
