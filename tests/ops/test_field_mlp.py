"""field_mlp: reference against kernel, against the two MLPs it fuses, gradients, precisions, edge cases."""

import jittor as jt
import numpy as np
import pytest
import rounded_mlp
from rounded_mlp import assert_close
from threads import with_threads

from jnerf.ops.activate import EXPONENTIAL, LINEAR, Activation, activate
from jnerf.ops.field_mlp import field_mlp, op, reference
from jnerf.ops.mlp import mlp, n_params

NGP = ([32, 64, 16], [32, 64, 64, 16])
RELU, SOFTPLUS = Activation("relu", 0.5, 3.0), Activation("softplus", -1.0, 0.5)
NERF = {"biased": True, "skip": 2, "density": SOFTPLUS, "head_sees_density": False}
NETS = [
    (*NGP, 16, {}),
    ([7, 16, 9], [12, 24, 3], 3, {"biased": True}),
    ([4, 1], [1, 3], 0, {"density": LINEAR}),
    ([32, 100, 100, 5], [21, 40, 4], 16, {}),
    ([63, 128, 128, 129], [155, 64, 3], 27, NERF),
    ([7, 16, 9, 6], [8, 24, 3], 3, {**NERF, "density": RELU}),
    ([7, 16, 9], [9, 24, 3], 0, {"density": Activation("exp", -0.5, 2.0)}),
]


def arrays(widths, n_extra, n, seed=0, grouped=False, dtype=np.float32, options=None):
    random = np.random.default_rng(seed)
    c = widths[0][0]
    x = random.normal(size=(c // 2, n, 2) if grouped else (n, c)).astype(dtype)
    options = options or {}
    biased, skips = options.get("biased", False), (options.get("skip"), None)
    params = [
        (random.normal(size=n_params(w, biased, skip)) / np.sqrt(max(w[0], 8))).astype(dtype)
        for w, skip in zip(widths, skips, strict=True)
    ]
    n_rays = n // 3 + 1
    indices = np.sort(random.integers(0, n_rays, n)).astype(np.int32)
    extra = random.normal(size=(n_rays, n_extra)).astype(dtype) if n_extra else None
    grads = random.normal(size=n).astype(dtype), random.normal(size=(n, 3)).astype(dtype)
    return x, *params, extra, indices, *grads


def run(
    widths, x, trunk, head, extra, indices, grad_sigmas, grad_rgbs, precision="fp32", **options
):
    leaves = [jt.array(v) for v in (x, trunk, head)]
    rays = (jt.array(extra).stop_grad(), jt.array(indices)) if extra is not None else (None, None)
    sigmas, rgbs = field_mlp(*leaves, *widths, *rays, precision, **options)
    loss = (sigmas * jt.array(grad_sigmas)).sum() + (rgbs * jt.array(grad_rgbs)).sum()
    return [v.numpy() for v in (sigmas, rgbs, *jt.grad(loss, leaves))]


def expected(widths, x, trunk, head, extra, indices, grad_sigmas, grad_rgbs, **options):
    args = (x, trunk, head, *widths)
    grads = reference.field_mlp_grad(*args, grad_sigmas, grad_rgbs, extra, indices, **options)
    return [*reference.field_mlp(*args, extra, indices, **options), *grads]


@pytest.mark.parametrize("trunk, head, n_extra, options", NETS)
@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 700])
def test_matches_the_reference(device, trunk, head, n_extra, options, n):
    values = arrays((trunk, head), n_extra, n, options=options)
    got_all = run((trunk, head), *values, **options)
    for got, wanted in zip(got_all, expected((trunk, head), *values, **options), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-3, atol=2e-4 * np.abs(wanted).max())


@pytest.mark.parametrize("trunk, head, n_extra, options", NETS)
@pytest.mark.parametrize("n", [1, 65, 700])
def test_bf16_rounds_what_is_multiplied_and_nothing_else(trunk, head, n_extra, options, n):
    values = arrays((trunk, head), n_extra, n, options=options)
    got = run((trunk, head), *values, precision="bf16", **options)
    options = {**options, "rounded": rounded_mlp.rounded}
    for a, b in zip(got, expected((trunk, head), *values, **options), strict=True):
        assert_close(a, b, 5e-3)


@pytest.mark.parametrize("n", [1, 65, 3000])
def test_bf16_is_close_to_fp32(device, n):
    values = arrays(NGP, 16, n)
    exact, rounded = run(NGP, *values), run(NGP, *values, precision="bf16")
    for a, b in zip(exact, rounded, strict=True):
        a, b = a.ravel(), b.ravel()
        cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert cosine > 0.999 and np.linalg.norm(a - b) < 0.05 * np.linalg.norm(a)
        assert (a != b).any()


def test_grouped_input_is_the_same_input_in_another_order(device):
    values = arrays(NGP, 16, 300, grouped=True)
    rows = np.ascontiguousarray(values[0].transpose(1, 0, 2).reshape(300, 32))
    grouped, plain = run(NGP, *values), run(NGP, rows, *values[1:])
    grouped[2] = grouped[2].transpose(1, 0, 2).reshape(300, 32)
    for a, b in zip(grouped, plain, strict=True):
        np.testing.assert_array_equal(a, b)


def test_is_what_the_two_mlps_give_one_after_the_other(device):
    x, trunk, head, extra, indices, grad_sigmas, grad_rgbs = arrays(NGP, 16, 500)
    leaves = [jt.array(v) for v in (x, trunk, head)]
    geometry = mlp(leaves[0], leaves[1], NGP[0], precision="fp32")
    directions = jt.array(extra[indices]).stop_grad()
    rgbs = jt.sigmoid(mlp(geometry, leaves[2], NGP[1], 3, directions, precision="fp32"))
    sigmas = activate(geometry[:, 0], "exp")
    loss = (sigmas * jt.array(grad_sigmas)).sum() + (rgbs * jt.array(grad_rgbs)).sum()
    apart = [v.numpy() for v in (sigmas, rgbs, *jt.grad(loss, leaves))]
    fused = run(NGP, x, trunk, head, extra, indices, grad_sigmas, grad_rgbs)
    for a, b in zip(apart, fused, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(a).max())


@pytest.mark.parametrize("precision", ["auto", "fp32"])
@pytest.mark.parametrize("trunk, head, n_extra, options", NETS)
def test_what_is_kept_for_the_backward_pass_changes_no_bit(
    precision, trunk, head, n_extra, options, monkeypatch
):
    for n in (1, 64, 700):
        values = arrays((trunk, head), n_extra, n, options=options)
        monkeypatch.undo()
        kept = run((trunk, head), *values, precision=precision, **options)
        monkeypatch.setattr(op, "kept_size", lambda *_: 1)
        for a, b in zip(kept, run((trunk, head), *values, precision, **options), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("precision, most", [("auto", 528), ("fp32", 1040)])
def test_room_for_what_is_kept_is_just_enough(precision, most):
    x, trunk, head, extra, indices, *_ = arrays(NGP, 16, 130, grouped=True)
    widths = tuple(NGP[0]), tuple(NGP[1])
    options = op._options(*widths, precision, False, None, EXPONENTIAL, 0)
    words = op.kept_words(*widths, precision, None, 0)

    def kept():
        made = op._FieldMlp()
        leaves = [jt.array(v) for v in (x, trunk, head, extra, indices)]
        jt.sync(list(made.execute(*leaves, options, True, words)))
        return made.kept.numpy().view(np.uint32)

    found = kept()
    assert 1 <= found[0] <= 16 and 4 * found.size / 192 <= most + 1
    with jt.no_grad():
        assert kept().tolist() == [0]


@pytest.mark.parametrize("options", [{}, NERF])
def test_reference_gradients_by_finite_differences(options):
    widths = ([6, 9, 5, 4], [5 if options else 6, 8, 3])
    values = list(arrays(widths, 2, 7, dtype=np.float64, options=options))
    grads = expected(widths, *values, **options)[2:]

    def loss():
        x, trunk, head, extra, indices, grad_sigmas, grad_rgbs = values
        sigmas, rgbs = reference.field_mlp(x, trunk, head, *widths, extra, indices, **options)
        return (sigmas * grad_sigmas).sum() + (rgbs * grad_rgbs).sum()

    h = 1e-6
    for value, grad in zip(values[:3], grads, strict=True):
        flat = value.reshape(-1)
        for i in range(flat.size):
            kept = flat[i]
            flat[i] = kept + h
            up = loss()
            flat[i] = kept - h
            numeric = (up - loss()) / (2 * h)
            flat[i] = kept
            assert numeric == pytest.approx(grad.reshape(-1)[i], rel=1e-5, abs=1e-7)


def test_density_far_beyond_the_gradients_limit(device):
    """exp of the logarithm without bound; its gradient stops at exp(15) and exp(-15)."""
    widths = ([1, 1], [1, 3])
    x = np.float32([[-120], [-40], [0], [16], [40], [120]])
    values = (x, np.ones(1, np.float32), np.zeros(3, np.float32), None, None)
    ones, zeros = np.ones(6, np.float32), np.zeros((6, 3), np.float32)
    with np.errstate(over="ignore"):
        got, wanted = run(widths, *values, ones, zeros), expected(widths, *values, ones, zeros)
    np.testing.assert_allclose(got[0], wanted[0], rtol=2e-6, atol=1e-37)
    np.testing.assert_allclose(got[2], wanted[2], rtol=2e-6)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_nan_stays_with_its_sample(device, precision):
    values = arrays(NGP, 16, 50)
    values[0][7, 3] = np.nan
    sigmas, rgbs = run(NGP, *values, precision=precision)[:2]
    assert np.isnan(sigmas[7]) and np.isnan(rgbs[7]).all()
    assert np.isfinite(np.delete(sigmas, 7)).all() and np.isfinite(np.delete(rgbs, 7, 0)).all()


def test_one_output_unused(device):
    x, trunk, head, extra, indices, _, grad_rgbs = arrays(NGP, 16, 40)
    leaves = [jt.array(v) for v in (x, trunk, head)]
    rays = jt.array(extra).stop_grad(), jt.array(indices)
    rgbs = field_mlp(*leaves, *NGP, *rays, "fp32")[1]
    got = [g.numpy() for g in jt.grad((rgbs * jt.array(grad_rgbs)).sum(), leaves)]
    zero = np.zeros(40, np.float32)
    wanted = expected(NGP, x, trunk, head, extra, indices, zero, grad_rgbs)[2:]
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4 * np.abs(b).max())


def test_no_samples(device):
    x, trunk, head, extra, indices, *_ = (
        v if v is None else jt.array(v) for v in arrays(NGP, 16, 3)
    )
    sigmas, rgbs = field_mlp(x[:0], trunk, head, *NGP, extra, indices[:0])
    assert list(sigmas.shape) == [0] and list(rgbs.shape) == [0, 3]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_same_bits_for_any_number_of_threads(precision):
    values = arrays(NGP, 16, 10_000, grouped=True)
    one, two = (with_threads(n, lambda: run(NGP, *values, precision=precision)) for n in (1, 2))
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_wrong_arguments_are_named():
    x, trunk, head, extra, indices, *_ = (
        v if v is None else jt.array(v) for v in arrays(NGP, 16, 3)
    )
    with pytest.raises(ValueError, match="31 channels of x, needed are 32"):
        field_mlp(x[:, :31], trunk, head, *NGP, extra, indices)
    with pytest.raises(ValueError, match="31 channels of the head's input, needed are 32"):
        field_mlp(x, trunk, head, *NGP, extra[:, :15], indices)
    with pytest.raises(ValueError, match="2 rows of ray_indices, needed are 3"):
        field_mlp(x, trunk, head, *NGP, extra, indices[:2])
    with pytest.raises(ValueError, match="parameters of the trunk, needed are 3072"):
        field_mlp(x, head, head, *NGP, extra, indices)
    with pytest.raises(ValueError, match="32 channels of the head's input, needed are 31"):
        field_mlp(x, trunk, head, NGP[0], [31, 3], extra, indices)
    with pytest.raises(ValueError, match="skip is 2; it must be None or .* 1 to 1 here"):
        field_mlp(x, trunk, head, *NGP, extra, indices, skip=2)
    with pytest.raises(ValueError, match="precision is 'half'; choose one of auto, fp32"):
        field_mlp(x, trunk, head, *NGP, extra, indices, "half")


def test_every_depth_and_shape_uses_the_same_kernels(op_sources):
    for trunk, head, n_extra, options in NETS:
        run((trunk, head), *arrays((trunk, head), n_extra, 2, options=options), **options)
    run(NGP, *arrays(NGP, 16, 2, grouped=True))
    assert len([source for source in op_sources if source.op == "field_mlp"]) == 2
