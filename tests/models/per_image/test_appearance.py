"""What colours see of an image: numbers appended, or a scale and a shift, in every network with a colour MLP."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.errors import ConfigError
from jnerf.models.networks.nerf import NeRFNetwork
from jnerf.models.networks.ngp import NGPNetwork
from jnerf.models.networks.plain_mlp import PlainMLPNetwork
from jnerf.models.networks.unbounded.mipnerf360 import MipNeRF360Network
from jnerf.models.networks.unbounded.nerfacto import NerfactoNetwork
from jnerf.models.networks.unbounded.zipnerf import ZipNeRFNetwork
from jnerf.models.per_image.appearance import (
    Appearance,
    appearance_problem,
    make_appearance,
)
from jnerf.structures import RayBundle, RaySamples
from tests.ops.host_arrays import packed_rays

BOX = np.float32([-0.5, -0.5, -0.5, 1.5, 1.5, 1.5])
N, PER_RAY = 4, 3
AFFINE = {"width": 3, "how": "affine", "hidden": [8], "test": "zeros"}


def waves():
    return FrequencyEncoder(n_frequencies=2, input_range=(-1.0, 1.0))


NETWORKS = {
    "ngp": lambda **how: NGPNetwork(waves(), waves(), BOX, **how),
    "ngp without directions": lambda **how: NGPNetwork(waves(), None, BOX, **how),
    "plain": lambda **how: PlainMLPNetwork(waves(), waves(), BOX, 16, **how),
    "nerf": lambda **how: NeRFNetwork(waves(), waves(), BOX, 16, 2, None, 2, "softplus", **how),
    "nerfacto": lambda **how: NerfactoNetwork(waves(), waves(), {}, BOX, proposals=[], **how),
    "zipnerf": lambda **how: ZipNeRFNetwork(
        waves(), waves(), {}, BOX, proposals=[], hidden_width=8, bottleneck=8, color_width=8, **how
    ),
    "mipnerf360": lambda **how: MipNeRF360Network(
        waves(), waves(), BOX, 16, 2, None, bottleneck=8, proposals=0, **how
    ),
}


def samples(images):
    random = np.random.default_rng(0)
    o, d = random.uniform(0.3, 0.7, (N, 3)), random.normal(size=(N, 3))
    arrays = (v.astype(np.float32) for v in (o, d / np.linalg.norm(d, axis=1, keepdims=True)))
    rays = RayBundle(*map(jt.array, arrays), None if images is None else jt.array(np.int32(images)))
    packed_info, ray_indices = packed_rays([PER_RAY] * N)
    starts = np.tile(np.float32([0, 0.1, 0.2]), N)
    intervals = (jt.array(v) for v in (starts, starts + np.float32(0.1), ray_indices, packed_info))
    return RaySamples(rays, *intervals)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("block", [3, AFFINE], ids=["append", "affine"])
def test_a_colour_depends_on_the_image_alone_of_all_that_the_field_says(name, block):
    net = NETWORKS[name](appearance=block, n_images=3, precision="fp32")
    one, other, again = (net(samples(images)) for images in ([0] * N, [2] * N, [0] * N))
    assert one.sigmas.numpy().tobytes() == other.sigmas.numpy().tobytes()
    assert np.abs(one.rgbs.numpy() - other.rgbs.numpy()).max() > 1e-3
    assert one.rgbs.numpy().tobytes() == again.rgbs.numpy().tobytes()
    groups = net.param_groups()
    ids = [id(p) for group in groups.values() for p in group]
    assert len(set(ids)) == len(ids) == len(net.parameters())
    assert len(groups["appearance"]) == (1 if block == 3 else 2)
    words = "mean of the training images' numbers" if block == 3 else "zeros"
    assert net.protocol == {"appearance": words}


@pytest.mark.parametrize("block", [3, AFFINE], ids=["append", "affine"])
def test_gradients_of_the_numbers_are_those_of_finite_differences(block):
    net = NETWORKS["ngp"](appearance=block, n_images=3, precision="fp32", seed=1)  # far from kinks
    where = samples([0, 2, 2, 0])
    cotangent = np.random.default_rng(1).normal(size=(N * PER_RAY, 3)).astype(np.float32)

    def value():
        return (net(where).rgbs * jt.array(cotangent)).sum()

    table = net.appearance.table
    grad = jt.grad(value(), table).numpy()
    start, step, found = table.numpy(), 1e-3, np.zeros_like(grad)
    for i in np.ndindex(*grad.shape):
        ends = []
        for sign in (1, -1):
            moved = start.copy()
            moved[i] += sign * step
            table.update(jt.array(moved))
            ends.append(float(value().item()))
        found[i] = (ends[0] - ends[1]) / (2 * step)
    assert np.abs(grad[[0, 2]]).min() > 1e-4 and not grad[1].any()
    np.testing.assert_allclose(grad, found, atol=1e-2 * np.abs(grad).max())


def test_an_affine_appearance_scales_and_shifts_what_the_colour_sees():
    part = Appearance(3, 2, 4, how="affine", hidden=[8], seed=5)
    where = samples([1, 0, 2, 1])
    features = np.random.default_rng(0).normal(size=(N * PER_RAY, 2)).astype(np.float32)
    both = part.mlp(part.table).numpy()[np.repeat([1, 0, 2, 1], PER_RAY)]
    right = features * np.exp(both[:, :2]) + both[:, 2:]
    np.testing.assert_allclose(part.seen(jt.array(features), where).numpy(), right, rtol=1e-4)
    assert part.n_appended == 0 and part.appended(where.rays) == []


def test_numbers_can_be_worn_and_taken_off_again():
    part = Appearance(3, 2, 2)
    rays, other = samples(None).rays, jt.array(np.float32([[7, 8]]))
    before = part(rays).numpy()
    with part.worn(other):
        np.testing.assert_array_equal(part(rays).numpy(), [[7, 8]] * N)
    np.testing.assert_array_equal(part(rays).numpy(), before)
    np.testing.assert_allclose(part.resting(), before[:1], rtol=1e-6)
    assert len(part.parameters()) == 1


def test_none_is_none_and_what_is_wrong_is_named():
    assert make_appearance(0, 3, 15, 0, "fp32") is None
    with pytest.raises(ConfigError, match="appearance is -1; it must be at least 0"):
        make_appearance(-1, 3, 15, 0, "fp32")
    with pytest.raises(ConfigError, match="appearance.width is 0; it must be at least 1"):
        make_appearance({"width": 0}, 3, 15, 0, "fp32")
    with pytest.raises(ConfigError, match="appearance.how is 'add'; choose one of append, affine"):
        make_appearance({"width": 1, "how": "add"}, 3, 15, 0, "fp32")
    with pytest.raises(ConfigError, match=r"appearance.hidden is \[\]; give widths of at least 1"):
        make_appearance({"width": 1, "how": "affine", "hidden": []}, 3, 15, 0, "fp32")
    assert appearance_problem({"width": 2, "test": "zeros"}) is None
    assert "unknown argument of Appearance" in appearance_problem({"width": 2, "tests": "zeros"})
    assert "needs the argument 'width'" in appearance_problem({"how": "append"})
