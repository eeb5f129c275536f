"""What stands in front of one image: channels of fields, how they are rendered, what they cost, and their gradients."""

from dataclasses import replace

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.losses.transient import TransientLoss
from jnerf.models.per_image.channels import CHANNELS
from jnerf.models.per_image.transient import Transients, transient_problem
from jnerf.models.renderers.transient import TransientRenderer
from jnerf.models.renderers.volume import VolumeRenderer
from jnerf.structures import Batch, FieldOutput
from tests.models.per_image.test_appearance import NETWORKS, PER_RAY, N, samples

BLOCK = {"width": 3, "hidden_width": 8, "n_layers": 1}
IMAGES = [0, 2, 2, 1]


@pytest.mark.parametrize("name", ["nerf", "nerfacto"])
def test_a_field_says_what_stands_in_front_of_an_image(name):
    net = NETWORKS[name](transient=BLOCK, appearance=2, n_images=3, precision="fp32")
    assert set(CHANNELS) <= net.provides and net.protocol["transients"] == "left out of pictures"
    last = replace(samples(IMAGES), round=1)
    one, other = (net(replace(samples(images), round=1)) for images in ([0] * N, [1] * N))
    assert one.sigmas.numpy().tobytes() == other.sigmas.numpy().tobytes()
    for channel, size in zip(CHANNELS, (1, 3, 1), strict=True):
        found, else_where = (out.extras[channel].numpy() for out in (one, other))
        assert found.shape == (N * PER_RAY, size) and (found > 0).all()
        assert np.abs(found - else_where).max() > 1e-4
    assert net(replace(samples(None), round=1)).extras == {}
    output = net(last)
    total = sum(v.sum() for v in (output.sigmas, output.rgbs, *output.extras.values()))
    groups = net.param_groups()
    assert len(groups["transients"]) == 2 and len(groups["appearance"]) == 1
    grads = [g.numpy() for g in jt.grad(total, [*groups["transients"], *groups["appearance"]])]
    assert all(g.any() and np.isfinite(g).all() for g in grads)


@pytest.mark.parametrize("name", ["nerf", "nerfacto"])
def test_a_block_overrules_what_its_network_hands_over(name):
    blocks = {"transient": BLOCK | {"seed": 5}, "appearance": {"width": 2, "seed": 5}}
    net, other = (NETWORKS[name](**blocks, n_images=3, seed=seed) for seed in (0, 5))
    for part in ("transients", "appearance"):
        tables = [getattr(n, part).table.numpy() for n in (net, other)]
        assert np.array_equal(*tables)


def test_nothing_stands_in_front_of_a_guess():
    net = NETWORKS["nerf"](transient=BLOCK, n_images=3)
    assert net(samples(IMAGES)).extras == {}  # the first of two rounds


def output_of(random, transient=True):
    def numbers(size, low=0.0):
        return jt.array(random.uniform(low, 3, (N * PER_RAY, size)).astype(np.float32))

    extras = {CHANNELS[0]: numbers(1), CHANNELS[1]: numbers(3) / 3, CHANNELS[2]: numbers(1)}
    return FieldOutput(numbers(1).reshape(-1), numbers(3) / 3, extras if transient else {})


def test_two_media_are_rendered_as_fine_slices_of_one_and_the_other():
    """Thin alternating slices of the two, each with twice its density, look like both at once."""
    random = np.random.default_rng(0)
    output, where = output_of(random), samples(IMAGES)
    found = TransientRenderer(background=None, early_stop=0.0)(where, output)
    sigmas, rgbs, *others = (
        v.numpy().astype(np.float64)
        for v in (output.sigmas, output.rgbs, *(output.extras[name] for name in CHANNELS))
    )
    sigmas = sigmas.reshape(N, PER_RAY)
    n = 4000
    for ray in range(N):
        trans, color, beta, seen = 1.0, np.zeros(3), 0.0, 0.0
        for k in range(PER_RAY):
            i = ray * PER_RAY + k
            for slice_ in range(n):
                own = slice_ % 2 == 0
                density = sigmas[ray, k] if own else others[0][i, 0]
                weight = trans * (1 - np.exp(-2 * density * 0.1 / n))
                color += weight * (rgbs[i] if own else others[1][i])
                beta += 0 if own else weight * others[2][i, 0]
                seen += 0 if own else weight
                trans -= weight
        np.testing.assert_allclose(found.colors.numpy()[ray], color, atol=1e-4)
        assert found.extras["betas"].numpy()[ray, 0] == pytest.approx(0.1 + beta, abs=1e-4)
        assert found.extras["transient_opacities"].numpy()[ray, 0] == pytest.approx(seen, abs=1e-4)
        assert found.opacities.numpy()[ray, 0] == pytest.approx(1 - trans, abs=1e-4)


def test_rays_without_an_image_see_the_scene_alone():
    output, where = output_of(np.random.default_rng(1), False), samples(None)
    mine, plain = (r(background=None)(where, output) for r in (TransientRenderer, VolumeRenderer))
    assert mine.colors.numpy().tobytes() == plain.colors.numpy().tobytes() and mine.extras == {}


def test_the_loss_is_the_papers_and_its_gradients_are_those_of_differences():
    random = np.random.default_rng(2)
    output, where = output_of(random), samples(IMAGES)
    rgba = np.concatenate([random.random((N, 3)), np.ones((N, 1))], 1).astype(np.float32)
    batch = Batch(where.rays, jt.array(rgba))
    renderer, loss = TransientRenderer(background=None, early_stop=0.0), TransientLoss(0.3)
    render = renderer(where, output)
    betas, error = render.extras["betas"].numpy(), render.colors.numpy() - rgba[:, :3]
    right = (error**2 / (2 * betas**2)).mean() + np.log(betas).mean()
    right += 0.3 * output.extras["transient_sigmas"].numpy().mean()
    assert float(loss(render, batch, where, 0).item()) == pytest.approx(right, rel=1e-5)
    parts = [output.sigmas, output.rgbs, *(output.extras[name] for name in CHANNELS)]

    def value(parts):
        extras = dict(zip(CHANNELS, parts[2:], strict=True))
        return loss(renderer(where, FieldOutput(*parts[:2], extras)), batch, where, 0)

    grads = [g.numpy() for g in jt.grad(value(parts), parts)]
    for k, grad in enumerate(grads):
        way = random.normal(size=grad.shape).astype(np.float32)
        ends = []
        for sign in (1, -1):
            moved = [part.stop_grad() for part in parts]
            moved[k] = moved[k] + jt.array(np.float32(sign * 1e-2) * way)
            ends.append(float(value(moved).item()))
        assert (grad * way).sum() == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=1e-2, abs=2e-4)


def test_what_is_wrong_is_named():
    with pytest.raises(ConfigError, match="transient.width is 0; it must be at least 1"):
        Transients(3, 4, width=0)
    assert "unknown argument of Transients" in transient_problem({"widths": 3})
    assert transient_problem({}) is None
    with pytest.raises(ConfigError, match="beta_min is 0; it must be above 0"):
        TransientRenderer(beta_min=0)
    with pytest.raises(ConfigError, match="density_weight is -1; it must be at least 0"):
        TransientLoss(-1)
