"""Tasks without rays: the network of values, the renderer that hands them on, and the relative loss."""

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.dense_grid import DenseGridEncoder
from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.engine.pipeline.compatible import check_channels
from jnerf.errors import ConfigError
from jnerf.models.losses.photometric import MSELoss
from jnerf.models.losses.relative import RelativeL2Loss
from jnerf.models.networks.values import ValueNetwork
from jnerf.models.renderers.direct import DirectRenderer
from jnerf.samplers.point import PointSampler
from jnerf.structures import Batch, FieldOutput, RayBundle

ENCODERS = {
    "hash": lambda d: HashGridEncoder(4, 2, 10, 4, 16, n_dims=d),
    "dense": lambda d: DenseGridEncoder(8, 4, n_dims=d),
    "frequency": lambda d: FrequencyEncoder(4, n_dims=d),
}
BOX = {2: np.float32([0, 0, 1, 1]), 3: np.float32([-1, -1, -1, 1, 1, 1])}


def samples_of(points):
    points = jt.array(np.asarray(points, np.float32))
    return PointSampler()(RayBundle(points, jt.zeros(points.shape)), None, None)


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("channel, n_values", [("rgbs", 3), ("sdf", 1)])
def test_values_reach_the_render_and_gradients_the_parameters(n_dims, encoder, channel, n_values):
    points = np.random.default_rng(0).random((50, n_dims))
    network = ValueNetwork(
        ENCODERS[encoder](n_dims), BOX[n_dims], channel, n_values, hidden_width=16, precision="fp32"
    )
    renderer = DirectRenderer(channel)
    assert renderer.requires == network.provides == {channel}
    samples = samples_of(points)
    render = renderer(samples, network(samples))
    found = render.colors if channel == "rgbs" else render.extras[channel]
    assert list(found.shape) == [50, n_values] and (render.colors is None) == (channel != "rgbs")
    assert (render.opacities.numpy() == 1).all() and (render.depths.numpy() == 0).all()
    grad = jt.grad(jt.sqr(found - 1).mean(), network.mlp.params).numpy()
    assert np.isfinite(grad).all() and np.abs(grad).max() > 0
    if channel == "rgbs":  # one point alone has the value that it has among others
        one = samples_of(points[7:8])
        np.testing.assert_allclose(network(one).rgbs.numpy()[0], found.numpy()[7], atol=1e-6)


def test_networks_of_values_refuse_what_makes_no_sense():
    encoder = ENCODERS["frequency"](2)
    with pytest.raises(ConfigError, match="hidden_width is 0; it must be at least 1"):
        ValueNetwork(encoder, BOX[2], hidden_width=0)
    with pytest.raises(ConfigError, match="n_values is 1; of channel 'rgbs' it must be 3"):
        ValueNetwork(encoder, BOX[2], n_values=1)
    assert ValueNetwork(encoder, BOX[2], n_layers=0).mlp.widths == (encoder.out_dim, 3)
    with pytest.raises(ConfigError, match="channel is 'no name'"):
        DirectRenderer("no name")


def test_direct_rendering_needs_one_sample_a_ray():
    network = ValueNetwork(ENCODERS["frequency"](2), BOX[2])
    samples = samples_of(np.zeros((4, 2)))
    object.__setattr__(samples, "rays", samples.rays.first(2))
    with pytest.raises(ConfigError, match="4 samples on 2 rays.*PointSampler"):
        DirectRenderer()(samples, network(samples))


class Distances:
    provides = frozenset({"distances"})


def test_a_loss_of_colours_is_refused_where_there_are_none():
    network = ValueNetwork(ENCODERS["frequency"](3), BOX[3], "sdf", 1)
    parts = Distances(), network, DirectRenderer("sdf")
    with pytest.raises(ConfigError, match="MSELoss requires 'colors', but renderer DirectRenderer"):
        check_channels(*parts, {"rgb": MSELoss()}, PointSampler())
    check_channels(*parts, {"sdf": RelativeL2Loss("sdf", "distances")}, PointSampler())
    with pytest.raises(ConfigError, match="DirectRenderer requires 'rgbs'"):
        check_channels(Distances(), network, DirectRenderer(), {}, PointSampler())


def test_relative_loss_divides_by_the_prediction_without_its_gradient():
    points, truth = np.zeros((3, 2)), np.float32([[0.1, 2, 0], [4, 0, 1], [1, 1, 1]])
    samples = samples_of(points)
    found = jt.array(np.float32([[0, 1, 0], [3, 0.5, 1], [2, 1, -1]]))
    render = DirectRenderer()(samples, type("Output", (), {"rgbs": found})())
    batch = Batch(samples.rays, jt.array(np.concatenate([truth, np.ones((3, 1))], 1)).float32())
    value = RelativeL2Loss().value(render, batch, samples)
    p = found.numpy()
    assert value.item() == pytest.approx(np.mean((p - truth) ** 2 / (p**2 + 0.01)), rel=1e-5)
    grad = jt.grad(value, found).numpy()
    np.testing.assert_allclose(grad, 2 * (p - truth) / (p**2 + 0.01) / 9, rtol=1e-4)


def test_relative_loss_of_another_channel():
    samples = samples_of(np.zeros((2, 3)))
    output = type("Output", (), {"extras": {"sdf": jt.array(np.float32([[1], [2]]))}})()
    render = DirectRenderer("sdf")(samples, output)
    batch = Batch(samples.rays, jt.zeros((2, 4)), {"distances": jt.array(np.float32([[1], [0]]))})
    loss = RelativeL2Loss("sdf", "distances", epsilon=1.0, weight=3.0)
    assert loss.requires == {"sdf", "distances"}
    assert loss(render, batch, samples, 0).item() == pytest.approx(3 * 0.5 * 4 / 5)
    # of channels that are no extras: fields of the render, fields of the network's output
    depths = RelativeL2Loss("depths", "distances", epsilon=1.0)
    assert depths(render, batch, samples, 0).item() == pytest.approx(0.5)  # points are at 0
    output = FieldOutput(sigmas=jt.array(np.float32([1, 2])))
    seen = DirectRenderer("sigmas")(samples, output)
    loss = RelativeL2Loss("sigmas", "distances", epsilon=1.0)
    assert loss(seen, batch, samples, 0).item() == pytest.approx(0.5 * 4 / 5)
    for options in ({"epsilon": 0.0}, {"channel": "sdf"}, {"truth": "distances"}):
        with pytest.raises(ConfigError, match="RelativeL2Loss"):
            RelativeL2Loss(**options)
