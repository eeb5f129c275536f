"""Losses: values against NumPy, rounds, and losses of the field itself."""

from types import SimpleNamespace

import jittor as jt
import numpy as np
import pytest

from jnerf.encoders.frequency import FrequencyEncoder
from jnerf.encoders.hash_grid import HashGridEncoder
from jnerf.errors import ConfigError
from jnerf.models.losses.eikonal import EikonalFieldLoss, EikonalLoss
from jnerf.models.losses.mask import MaskLoss
from jnerf.models.losses.photometric import CharbonnierLoss, HuberLoss, L1Loss, MSELoss
from jnerf.models.losses.sparsity import EntropyLoss
from jnerf.models.losses.total_variation import TotalVariationLoss
from jnerf.registry import LOSSES
from jnerf.structures import Batch, RaySamples, RenderOutput

ALL = RaySamples(
    *[None] * 5
)  # samples of which losses of rays want to know only that no ray was dropped


def render(weights, per_ray, colors=None, history=()):
    weights = np.asarray(weights, np.float32)
    opacities = weights.reshape(-1, per_ray).sum(1, keepdims=True)
    colors = np.zeros((len(opacities), 3)) if colors is None else colors
    values = [jt.array(np.asarray(v, np.float32)) for v in (colors, opacities, opacities, weights)]
    return RenderOutput(*values, values[3], history=history)


def test_entropy_is_that_of_where_rays_end():
    weights = np.array([0.2, 0.3, 1.0, 0.0, 0.0, 0.0])
    found = EntropyLoss().value(render(weights, 2), None, ALL).item()
    p = np.array([0.2, 0.3, 0.5])
    assert found == pytest.approx(-(p * np.log(p)).sum() / 3, rel=1e-5)  # the other two rays: 0


def test_entropy_has_a_finite_gradient_everywhere():
    weights = jt.array(np.float32([0.0, 1.0, 0.5, 0.5]))
    out = RenderOutput(None, weights.reshape(2, 2).sum(1, keepdims=True), None, weights, None)
    assert np.isfinite(jt.grad(EntropyLoss().value(out, None, ALL), weights).numpy()).all()


def test_a_loss_of_a_round_reads_that_round():
    truth = Batch(None, jt.array(np.float32([[1, 1, 1, 1]])))
    first, last = (render([0.5], 1, np.full((1, 3), c)) for c in (0.25, 0.75))
    both = render([0.5], 1, np.full((1, 3), 0.75), history=(first,))
    samples = RaySamples(*[None] * 5, history=(ALL,))
    assert MSELoss()(both, truth, samples, 0).item() == pytest.approx(0.25**2)
    assert MSELoss(round=0)(both, truth, samples, 0).item() == pytest.approx(0.75**2)
    assert MSELoss(weight=2.0, round=0)(both, truth, samples, 0).item() == pytest.approx(
        2 * 0.75**2
    )
    assert last.history == ()
    with pytest.raises(ConfigError, match="round is -1; rounds are counted from 0"):
        MSELoss(round=-1)


def test_charbonnier_is_smooth_at_nothing_and_straight_beyond():
    truth = jt.array(np.float32([[0.5, 0.5, 0.5, 1.0]] * 2))
    colors = jt.array(np.float32([[0.5, 0.5, 0.5], [0.9, 0.5, 0.1]]))
    out = RenderOutput(colors, None, None, None, None)
    loss = CharbonnierLoss(padding=0.01, weight=2.0)
    found = loss(out, Batch(None, truth), RaySamples(None, None, None, None, None), 0)
    d = np.float64([0, 0, 0, 0.4, 0, -0.4])
    assert found.item() == pytest.approx(2 * np.sqrt(d**2 + 1e-4).mean(), rel=1e-5)
    grad = jt.grad(found, colors).numpy().ravel()
    np.testing.assert_allclose(grad, 2 / 6 * d / np.sqrt(d**2 + 1e-4), atol=1e-6)
    # where the truth wants a gradient too, by Jittor's own operators: the same
    background = jt.ones((2, 3))
    seen = RenderOutput(colors, None, None, None, None, background=background)
    again = loss(seen, Batch(None, truth), RaySamples(None, None, None, None, None), 0)
    assert again.item() == pytest.approx(found.item(), rel=1e-5)
    with pytest.raises(ConfigError, match="padding is 0; it must be above 0"):
        CharbonnierLoss(padding=0)


@pytest.mark.parametrize("grouped", [True, False])
def test_total_variation_falls_when_it_is_followed(grouped):
    """And it is zero for features that do not vary."""
    encoder = HashGridEncoder(n_levels=4, log2_table_size=10, max_resolution=64)
    if not grouped:
        encoder = FrequencyEncoder(2)
    network = SimpleNamespace(pos_encoder=encoder)
    loss = TotalVariationLoss(n_points=500, distance=0.01)
    first = loss.of(network, 0)
    assert first.item() > 0 and loss.of(network, 0).item() == first.item()
    assert loss.of(network, 1).item() != first.item()
    if not grouped:
        return
    grad = jt.grad(first, encoder.table)
    assert (grad.numpy() != 0).any()
    encoder.table.update(encoder.table - 0.5 / abs(grad).max() * 1e-4 * grad)
    assert loss.of(network, 0).item() < first.item()
    encoder.table.update(jt.ones(encoder.table.shape))
    assert loss.of(network, 0).item() == pytest.approx(0, abs=1e-10)


def test_total_variation_of_a_picture_is_refused():
    with pytest.raises(ConfigError, match="TotalVariationLoss: the scene has 2 dimensions, but"):
        LOSSES.build({"type": "TotalVariationLoss"}, path="loss.smooth", n_dims=2, seed=0)


def test_no_weight_asks_nothing_of_the_field():
    loss = TotalVariationLoss(weight=dict(schedule="linear", value=1.0, end=0.0, steps=(0, 10)))
    assert loss.of_field(None, 10).item() == 0


def test_rays_that_count_by_weights_count_nothing_where_they_were_dropped():
    """Of a batch in parts each counts by its ``extent``: the parts' mean is that of all rays."""
    random = np.random.default_rng(0)
    colors, truth = random.random((6, 3)), np.ones((6, 4))
    counts, live = random.random((6, 1)), np.float32([1, 1, 0, 1, 0, 0])[:, None]
    values, extents = [], []
    for rows in (slice(0, 3), slice(3, 6), slice(0, 6)):
        weights, rgba, kept = (jt.array(np.float32(v[rows])) for v in (counts, truth, live))
        samples = RaySamples(*[None] * 5, live=kept)
        given = (
            render(np.zeros(len(rgba)), 1, colors[rows]),
            Batch(None, rgba, {"weights": weights}),
        )
        values.append(MSELoss().value(*given, samples).item())
        extents.append(MSELoss().extent(*given, samples).item())
    assert extents[2] == pytest.approx((counts * live).sum(), rel=1e-5)
    assert np.average(values[:2], weights=extents[:2]) == pytest.approx(values[2], rel=1e-5)


def test_a_masked_loss_counts_rays_by_their_alpha():
    truth = np.float32([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 0.5]])
    colors = np.float32([[0.5, 1, 1], [1, 0, 0], [0, 0.5, 0.5]])  # the last is 0.5 over black
    batch, out = Batch(None, jt.array(truth)), render([0, 0, 0], 1, colors)
    plain = np.abs(colors - truth[:, :3] * truth[:, 3:])
    assert L1Loss().value(out, batch, ALL).item() == pytest.approx(plain.mean())
    expected = (plain.mean(1) * truth[:, 3]).sum() / 1.5
    found = L1Loss(masked=True).value(out, batch, ALL).item()
    assert found == pytest.approx(expected, rel=1e-4) and found != pytest.approx(plain.mean())
    empty = Batch(None, jt.array(truth * np.float32([1, 1, 1, 0])))
    assert L1Loss(masked=True).value(out, empty, ALL).item() == 0


@pytest.mark.parametrize(
    "loss", [HuberLoss(), MSELoss(), L1Loss(), L1Loss(masked=True), EntropyLoss(), MaskLoss()]
)
def test_rays_that_were_dropped_do_not_count(loss):
    """They show the background, and so does what the trainer makes of their truth."""
    assert loss.takes_padding and EikonalLoss.takes_padding
    random = np.random.default_rng(0)
    n, live = 7, 5
    truth, background = random.random((n, 4)), random.random((n, 3))
    weights, colors = random.random(n), random.random((n, 3))
    weights[live:], colors[live:] = 0, background[live:]

    def value(k, samples):
        out = render(weights[:k], 1, colors[:k])
        shown = jt.array(background[:k].astype(np.float32))
        out = RenderOutput(out.colors, out.opacities, None, out.weights, None, background=shown)
        batch = Batch(None, jt.array(truth[:k].astype(np.float32)))
        batch = batch if samples.live is None else batch.only(samples.live)
        return loss.value(out, batch, samples).item()

    mask = jt.array((np.arange(n) < live).astype(np.float32)[:, None])
    dropped = RaySamples(*[None] * 5, live=mask)
    assert value(n, dropped) == pytest.approx(value(live, ALL), rel=1e-4)
    assert value(n, dropped) != pytest.approx(value(n, ALL), rel=1e-3)


def test_the_eikonal_loss_is_of_gradients_inside():
    gradients = np.float32([[1, 0, 0], [0, 3, 4], [0, 0, 0], [9, 9, 9]])
    inside = np.float32([[1], [1], [1], [0]])
    extras = {"gradients": jt.array(gradients), "inside": jt.array(inside)}
    out = SimpleNamespace(extras=extras)
    value = EikonalLoss().value(out, None, None)
    assert value.item() == pytest.approx((0 + 16 + 1) / 3, rel=1e-4)
    grad = jt.grad(value, extras["gradients"]).numpy()
    assert np.isfinite(grad).all() and (grad[3] == 0).all()
    np.testing.assert_allclose(grad[1], np.float32([0, 3, 4]) / 5 * 8 / 3, rtol=1e-4)
    extras["inside"] = jt.zeros((4, 1))
    assert EikonalLoss().value(out, None, None).item() == 0
    padded = RaySamples(*[None] * 5, count=jt.array(np.int32([2])))
    out = SimpleNamespace(extras={"gradients": jt.array(gradients)})
    assert EikonalLoss().value(out, None, padded).item() == pytest.approx((0 + 16) / 2, rel=1e-4)


def test_the_eikonal_loss_of_the_field_asks_all_of_the_box():
    asked = []

    def gradient(positions):
        asked.append(positions.numpy())
        return positions * 0 + 2 / np.float32(3**0.5)

    box = np.float32([-1, 0, 1, 3, 4, 6])
    loss = EikonalFieldLoss(n_points=500, aabb=box)
    for step in (0, 0, 1):
        assert loss.of(SimpleNamespace(gradient=gradient), step).item() == pytest.approx(
            1, rel=1e-4
        )
    x = asked[0]
    assert (x >= box[:3]).all() and (x <= box[3:]).all()
    np.testing.assert_allclose(x.min(0), box[:3], atol=0.2)
    np.testing.assert_allclose(x.max(0), box[3:], atol=0.2)
    assert np.array_equal(x, asked[1]) and not np.array_equal(x, asked[2])
    with pytest.raises(ConfigError, match="EikonalFieldLoss: n_points is 0"):
        EikonalFieldLoss(n_points=0)


def test_the_mask_loss_is_a_cross_entropy_that_stays_finite():
    alpha, opacity = np.float32([1, 0, 1, 0, 0.5]), np.float32([0, 1, 0.8, 0.3, 0.5])
    batch = Batch(None, jt.array(np.stack([alpha * 0] * 3 + [alpha], 1)))
    opacities = jt.array(opacity[:, None])
    out = RenderOutput(None, opacities, None, None, None)
    seen = np.clip(opacity, 1e-3, 1 - 1e-3)
    expected = -(alpha * np.log(seen) + (1 - alpha) * np.log(1 - seen)).mean()
    value = MaskLoss().value(out, batch, ALL)
    assert value.item() == pytest.approx(expected, rel=1e-4)
    grad = jt.grad(value, opacities).numpy()[:, 0]
    assert np.isfinite(grad).all() and grad[2] < 0 < grad[3] and abs(grad[4]) < 1e-5
    with pytest.raises(ConfigError, match="clip is 0.5; it must be in"):
        MaskLoss(clip=0.5)


@pytest.mark.parametrize("arguments", [{"n_points": 0}, {"distance": 0.0}, {"distance": 0.7}])
def test_wrong_arguments_are_named(arguments):
    with pytest.raises(ConfigError, match="TotalVariationLoss: n_points is"):
        TotalVariationLoss(**arguments)
