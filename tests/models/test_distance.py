"""Distances: the network, its gradient, the losses, and what does not go together."""

import jittor as jt
import numpy as np
import pytest

from jnerf.datasets.base import Dataset
from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.engine.pipeline.compatible import check_channels
from jnerf.errors import ConfigError
from jnerf.models.losses.distance import DistanceL1Loss, DistanceL2Loss, MAPELoss
from jnerf.models.losses.photometric import MSELoss
from jnerf.models.losses.relative import RelativeL2Loss
from jnerf.models.networks.distance import DistanceNetwork
from jnerf.models.renderers.surface import SurfaceRenderer
from jnerf.samplers.sphere_trace import SphereTraceSampler
from jnerf.structures import Batch, RayBundle, RenderOutput

BOX = np.float32([0, 0, 0, 1, 1, 1])


def network_of(**options):
    return DistanceNetwork(HashGridEncoder(4, 2, 10, 4, 16), BOX, hidden_width=16, **options)


def points_of(n, box=BOX):
    points = np.random.default_rng(0).random((n, 3)) * (box[3:] - box[:3]) + box[:3]
    return jt.array(points.astype(np.float32))


@pytest.mark.parametrize("with_position", [False, True])
@pytest.mark.parametrize("encoder", ["hash", "frequency"])
def test_one_distance_for_each_point_and_gradients_for_all_parameters(encoder, with_position):
    encoders = {"hash": HashGridEncoder(4, 2, 10, 4, 16), "frequency": FrequencyEncoder(4)}
    network = DistanceNetwork(encoders[encoder], BOX, 16, with_position=with_position)
    points = points_of(30)
    samples = SphereTraceSampler(BOX)(RayBundle(points, jt.zeros((30, 3))), None, 0)
    render = SurfaceRenderer()(samples, network(samples))
    assert render.colors is None and render.extras["sdf"].shape == [30, 1]
    found = network.sdf(points).numpy()
    np.testing.assert_array_equal(found, render.extras["sdf"].numpy()[:, 0])
    params = [p for p in network.parameters() if not p.is_stop_grad()]
    for grad in jt.grad(render.extras["sdf"].sum(), params):
        assert np.abs(grad.numpy()).max() > 0


def test_no_point_has_no_distance():
    network = network_of()
    assert network.sdf(jt.zeros((0, 3))).shape == [0]


def test_the_gradient_is_that_of_the_distance():
    network = network_of(normal_step=1e-3)
    points = points_of(20)
    found, x = network.gradient(points).numpy(), points.numpy()
    for k in range(3):
        h = np.float32(1e-3) * np.eye(3, dtype=np.float32)[k]
        ahead, behind = (network.sdf(jt.array(p)).numpy() for p in (x + h, x - h))
        np.testing.assert_allclose(found[:, k], (ahead - behind) / 2e-3, atol=1e-4)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_layers": -1}, "n_layers is -1"),
        ({"normal_step": 0.0}, "normal_step is 0.0"),
        ({"precision": "fp8"}, "precision is 'fp8'"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        network_of(**options)


FOUND, TRUE = np.float32([0.1, -0.2, 0.3]), np.float32([0.2, -0.1, 0.0])


def loss_of(loss, found=FOUND):
    found = jt.array(found.reshape(3, -1))
    render = RenderOutput(None, *[jt.ones((3, 1))] * 2, *[jt.ones((3,))] * 2, extras={"sdf": found})
    rays = RayBundle(jt.zeros((3, 3)), jt.zeros((3, 3)))
    batch = Batch(rays, jt.ones((3, 4)), {"distances": jt.array(TRUE[:, None])})
    samples = SphereTraceSampler(BOX)(rays, None, 0)
    value = loss(render, batch, samples, 0)
    return float(value.item()), jt.grad(value, found).numpy()


@pytest.mark.parametrize(
    "loss, expected",
    [
        (DistanceL1Loss(), np.abs(FOUND - TRUE)),
        (DistanceL2Loss(weight=2.0), 2 * (FOUND - TRUE) ** 2),
        (MAPELoss(), np.abs(FOUND - TRUE) / (np.abs(TRUE) + 0.01)),
        (MAPELoss(epsilon=0.5), np.abs(FOUND - TRUE) / (np.abs(TRUE) + 0.5)),
        (RelativeL2Loss("sdf", "distances"), (FOUND - TRUE) ** 2 / (FOUND**2 + 0.01)),
    ],
)
def test_losses(loss, expected):
    value, grad = loss_of(loss)
    assert value == pytest.approx(expected.mean(), rel=1e-5)
    np.testing.assert_array_equal(np.sign(grad[:, 0]), np.sign(FOUND - TRUE))
    # a field of several distances: the mean over all of them
    both, _ = loss_of(loss, np.stack([FOUND, FOUND], axis=1))
    assert both == pytest.approx(value, rel=1e-5)


def test_epsilon_must_be_above_0():
    with pytest.raises(ConfigError, match="epsilon is 0"):
        MAPELoss(epsilon=0)


class Meshes(Dataset):
    provides = frozenset({"distances"})

    def sample(self, n_rays, step):
        raise NotImplementedError


def test_a_loss_of_colours_would_train_nothing_and_is_refused():
    parts = Meshes(BOX), network_of(), SurfaceRenderer()
    sampler = SphereTraceSampler(BOX)
    check_channels(*parts, {"sdf": MAPELoss()}, sampler)
    with pytest.raises(ConfigError, match="MSELoss requires 'colors'"):
        check_channels(*parts, {"rgb": MSELoss()}, sampler)
