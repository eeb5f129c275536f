"""The volume renderer: what closes a ray, what pictures have behind them, which depth they show."""

from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.renderers.base import filled
from jnerf.models.renderers.neus import NeuSRenderer
from jnerf.models.renderers.volume import VolumeRenderer
from jnerf.ops.median_depth import median_depth
from jnerf.structures import FieldOutput, RaySamples
from tests.ops.step_functions import histogram, single

R, N = 5, 12


def scene(density=1.0):
    starts, ends, _, packed = (jt.array(v) for v in single(histogram([N] * R)))
    random = np.random.default_rng(0)
    sigmas, rgbs = random.exponential(density, R * N), random.random((R * N, 3))
    samples = RaySamples(None, starts, ends, None, packed)
    return samples, FieldOutput(*(jt.array(v.astype(np.float32)) for v in (sigmas, rgbs)))


def test_the_last_samples_colour_fills_a_ray():
    samples, output = scene()
    plain = VolumeRenderer(None, early_stop=0)(samples, output)
    found = VolumeRenderer("last_sample", early_stop=0)(samples, output)
    rest, last = 1 - plain.opacities.numpy(), output.rgbs.numpy()[N - 1 :: N]
    np.testing.assert_allclose(found.colors.numpy(), plain.colors.numpy() + rest * last, atol=1e-5)
    np.testing.assert_array_equal(found.opacities.numpy(), 1)
    seen = plain.depths.numpy() / plain.opacities.numpy()
    np.testing.assert_allclose(found.depths.numpy(), seen, rtol=1e-4)
    np.testing.assert_allclose(found.weights.numpy(), plain.weights.numpy(), atol=1e-6)
    assert VolumeRenderer("last_sample").background(3, 0) is None


def test_an_opaque_end_leaves_nothing_of_the_background():
    samples, output = scene()
    white = jt.ones((R, 3))
    render = VolumeRenderer([1, 1, 1], early_stop=0, opaque=True)(samples, output, white)
    np.testing.assert_allclose(render.opacities.numpy(), 1, atol=1e-5)
    black = VolumeRenderer(None, early_stop=0, opaque=True)(samples, output)
    np.testing.assert_allclose(render.colors.numpy(), black.colors.numpy(), atol=1e-6)


def test_the_median_is_times_the_opacity_as_the_mean_is():
    samples, output = scene()
    render = VolumeRenderer(None, depth="median")(samples, output)
    where = samples.t_starts, samples.t_ends, samples.packed_info
    median = median_depth(render.weights, *where).numpy()
    np.testing.assert_allclose(render.depths.numpy() / render.opacities.numpy(), median, rtol=1e-4)
    without = replace(output, rgbs=None)  # an earlier round: nobody looks
    assert VolumeRenderer(None, depth="median")(samples, without).colors is None


def test_a_background_of_pictures_alone():
    renderer = VolumeRenderer("random", test_background=[0.5, 0.5, 0.5])
    np.testing.assert_array_equal(renderer.test_background(3).numpy(), 0.5)
    assert renderer.background(3, None) is None and renderer.background(3, 1) is not None
    assert VolumeRenderer([1, 1, 1]).test_background(3) is None
    samples, output = scene()
    render = filled(renderer(samples, output, renderer.test_background(R)))
    assert (render.opacities.numpy() == 1).all() and render.colors.numpy().min() > 0


@pytest.mark.parametrize(
    "arguments, told",
    [
        ({"background": "grey"}, "must be 'random', 'random_batch', 'last_sample', None, or three"),
        ({"background": "last_sample", "test_background": [0, 0, 0]}, "test_background is"),
        ({"test_background": [0, 2, 0]}, "must be three numbers"),
        ({"depth": "mode"}, "depth is 'mode'; choose one of mean, median"),
    ],
)
def test_wrong_arguments_are_named(arguments, told):
    with pytest.raises(ConfigError, match=told):
        VolumeRenderer(**arguments)
    with pytest.raises(ConfigError, match="which is VolumeRenderer's"):
        NeuSRenderer(background="last_sample")


def test_one_random_background_for_a_whole_step():
    renderer = VolumeRenderer("random_batch", seed=3)
    first, again, next_step = (renderer.background(7, step).numpy() for step in (4, 4, 5))
    assert first.shape == (7, 3) and (first >= 0).all() and (first < 1).all()
    np.testing.assert_array_equal(first, np.tile(first[:1], (7, 1)))
    np.testing.assert_array_equal(first, again)
    assert (first[0] != next_step[0]).all() and len(set(first[0].tolist())) == 3
    assert renderer.background(7, None) is None and renderer.bare().background(7, 4) is None
