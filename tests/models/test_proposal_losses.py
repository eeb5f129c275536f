"""Interlevel and distortion losses: means over rays and intervals, who gets gradients, what is refused."""

from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.losses.proposals import DistortionLoss, InterlevelLoss
from jnerf.ops.distortion import reference as distortion
from jnerf.ops.interlevel import reference as interlevel
from jnerf.structures import RaySamples, RenderOutput
from tests.ops.step_functions import histogram, single

R = 6


def rounds(sizes=(20, 12, 8)):
    """Samples and what they render to, of several rounds, and the arrays they are made of."""
    arrays = [single(histogram([n] * R, seed)) for seed, n in enumerate(sizes)]
    samples, renders = [], []
    for i, (starts, ends, weights, packed) in enumerate(arrays):
        s = [jt.array(v) for v in (starts, ends)]
        t = [jt.array(v * 3) for v in (starts, ends)]
        samples.append(
            RaySamples(None, *t, None, jt.array(packed), round=i, s_starts=s[0], s_ends=s[1])
        )
        renders.append(RenderOutput(*[None] * 3, jt.array(weights * 0.5 ** (i < 2)), None))
        arrays[i][2] = weights * np.float32(0.5 ** (i < 2))
    last = replace(samples[-1], history=tuple(samples[:-1]))
    return last, replace(renders[-1], history=tuple(renders[:-1])), arrays


@pytest.mark.parametrize("form", ["histogram", "blurred"])
def test_interlevel_is_a_mean_over_intervals_summed_over_rounds(form):
    samples, render, arrays = rounds()
    found = InterlevelLoss(form, eps=1e-3).value(render, None, samples)
    field, right = arrays[-1], 0
    for i, proposal in enumerate(arrays[:-1]):
        given = *proposal, field[:3], field[3]
        if form == "histogram":
            right += interlevel.interlevel(*given, 1e-3).sum() / (R * 8)
        else:
            sums = interlevel.interlevel_blurred(*given, (0.03, 0.003)[i], 1e-3)
            right += sums.sum() / len(proposal[0])
    assert found.item() == pytest.approx(right, rel=1e-3) and right > 1e-3


@pytest.mark.parametrize("form", ["histogram", "blurred"])
def test_interlevel_moves_proposals_alone(form):
    samples, render, _ = rounds()
    weights = [render.weights, *(seen.weights for seen in render.history)]
    last, *earlier = jt.grad(InterlevelLoss(form).value(render, None, samples), weights)
    assert not last.numpy().any()
    assert all(grad.numpy().any() and np.isfinite(grad.numpy()).all() for grad in earlier)
    # the field's weights keep their gradient for other losses of the same render
    total = InterlevelLoss(form).value(render, None, samples) + render.weights.sum()
    np.testing.assert_array_equal(jt.grad(total, render.weights).numpy(), 1)


def test_distortion_is_of_the_normalised_distance_or_of_a_curve():
    samples, render, arrays = rounds()
    starts, ends, weights, packed = (np.asarray(v, float) for v in arrays[-1])
    packed = packed.astype(int)
    right = distortion.distortion(starts, ends, weights, packed).mean()
    assert DistortionLoss().value(render, None, samples).item() == pytest.approx(right, rel=1e-5)

    def curve(t):  # P(10000 t, -0.25)
        return 1.25 / -0.25 * ((10000 * t / 1.25 + 1) ** -0.25 - 1)

    right = distortion.distortion(curve(3 * starts), curve(3 * ends), weights, packed).mean()
    found = DistortionLoss(power=-0.25).value(render, None, samples).item()
    assert found == pytest.approx(right, rel=1e-4)
    assert jt.grad(DistortionLoss().value(render, None, samples), render.weights).numpy().any()


def test_what_cannot_be_is_refused():
    samples, render, _ = rounds()
    with pytest.raises(ConfigError, match="radii has 1 numbers; the sampler has 2 earlier rounds"):
        InterlevelLoss("blurred", radii=[0.03]).value(render, None, samples)
    without = RaySamples(*[None] * 5)
    with pytest.raises(ConfigError, match="DistortionLoss measures in a normalised distance"):
        DistortionLoss().value(render, None, without)
    with pytest.raises(ConfigError, match="form is 'blured'; choose one of"):
        InterlevelLoss("blured")
    with pytest.raises(ConfigError, match="give a power below 0 or None"):
        DistortionLoss(power=0.5)
    with pytest.raises(ConfigError, match="eps must be above 0"):
        InterlevelLoss(eps=0)
