"""mlp: reference against kernel, gradients, layouts, edge cases."""

from functools import partial

import jittor as jt
import numpy as np
import pytest
import rounded_mlp
from rounded_mlp import assert_close
from threads import with_threads

from jnerf.ops.mlp import mlp as mlp_op
from jnerf.ops.mlp import n_params, reference
from tests.ops.mlp_arrays import arrays

mlp = partial(mlp_op, precision="fp32")

NETS = [
    ([32, 64, 16], 16, 0, False, None),
    ([32, 64, 64, 16], 3, 16, False, None),
    ([5, 7, 3], 3, 2, True, None),
    ([1, 1], 1, 0, False, None),
    ([63, 130, 130, 130, 4], 4, 0, True, None),
    ([63, 128, 128, 128, 129], 129, 0, True, 2),
    ([5, 7, 9, 3], 3, 2, True, 1),
    ([3, 33, 2], 2, 0, False, 1),
]


@pytest.mark.parametrize("widths, n_out, extra, biased, skip", NETS)
@pytest.mark.parametrize("n", [1, 63, 64, 65, 700])
def test_forward_and_backward_match_the_reference(device, widths, n_out, extra, biased, skip, n):
    x, params, more = arrays(widths, n, extra, 0, biased, skip)
    grad_out = np.random.default_rng(1).normal(size=(n, n_out)).astype(np.float32)
    xv, pv = jt.array(x), jt.array(params)
    ev = jt.array(more) if extra else None
    out = mlp(xv, pv, widths, n_out, ev, biased, skip=skip)
    expected = reference.mlp(x, params, widths, n_out, more, biased, skip)
    np.testing.assert_allclose(out.numpy(), expected, rtol=1e-3, atol=1e-4)
    wanted = [xv, pv] + ([ev] if extra else [])
    grads = [g.numpy() for g in jt.grad((out * jt.array(grad_out)).sum(), wanted)]
    args = (x, params, widths, n_out, grad_out, more, biased, skip)
    grad_in, grad_params = reference.mlp_grad(*args)
    split = widths[0] - extra
    np.testing.assert_allclose(grads[0], grad_in[:, :split], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(grads[1], grad_params, rtol=1e-3, atol=2e-3)
    if extra:
        np.testing.assert_allclose(grads[2], grad_in[:, split:], rtol=1e-3, atol=1e-4)


WIDE = [  # weights packed by all threads, sums in fewer chunks
    ([21, 1024, 1024, 5], 5, 0, True, 1),
    ([40, 545, 520, 33], 30, 3, False, None),
]


@pytest.mark.parametrize("widths, n_out, extra, biased, skip", WIDE)
@pytest.mark.parametrize("precision, tolerance", [("fp32", 1e-5), ("bf16", 2e-3)])
@pytest.mark.parametrize("n", [1, 190, 1100])
def test_wide_layers(widths, n_out, extra, biased, skip, precision, tolerance, n):
    x, params, more = arrays(widths, n, extra, 0, biased, skip)
    leaves = [jt.array(v) for v in (x, params, more) if v is not None]
    out = mlp_op(*leaves[:2], widths, n_out, leaves[2] if extra else None, biased, precision, skip)
    grad_out = np.random.default_rng(1).normal(size=(n, n_out)).astype(np.float32)
    grads = [g.numpy() for g in jt.grad((out * jt.array(grad_out)).sum(), leaves)]
    specification = rounded_mlp if precision == "bf16" else reference
    args = x, params, widths, n_out
    assert_close(out.numpy(), specification.mlp(*args, more, biased, skip), tolerance)
    grad_in, grad_params = specification.mlp_grad(*args, grad_out, more, biased, skip)
    assert_close(grads[0], grad_in[:, : widths[0] - extra], tolerance)
    assert_close(grads[1], grad_params, tolerance)
    if extra:
        assert_close(grads[2], grad_in[:, widths[0] - extra :], tolerance)


def test_every_depth_and_shape_uses_the_same_kernels(op_sources):
    """Seconds of compilation each."""
    for widths, n_out, extra, biased, skip in NETS:
        x, params, more = arrays(widths, 2, extra, 0, biased, skip)
        xv, pv = jt.array(x), jt.array(params)
        ev = jt.array(more) if extra else None
        for inputs in (xv, jt.array(x[None]), xv.stop_grad()):
            jt.grad(mlp(inputs, pv, widths, n_out, ev, biased, skip=skip).sum(), pv).sync()
    assert len([source for source in op_sources if source.op == "mlp"]) == 2


@pytest.mark.parametrize("widths, n_out, extra, biased, skip", NETS)
@pytest.mark.parametrize("n", [1, 63, 65, 700])
def test_bf16_rounds_what_is_multiplied_and_nothing_else(widths, n_out, extra, biased, skip, n):
    x, params, more = arrays(widths, n, extra, 0, biased, skip)
    xv, pv = jt.array(x), jt.array(params)
    ev = jt.array(more) if extra else None
    out = mlp_op(xv, pv, widths, n_out, ev, biased, "bf16", skip)
    assert_close(out.numpy(), rounded_mlp.mlp(x, params, widths, n_out, more, biased, skip))
    grad_out = np.random.default_rng(1).normal(size=(n, n_out)).astype(np.float32)
    wanted = [xv, pv] + ([ev] if extra else [])
    grads = [g.numpy() for g in jt.grad((out * jt.array(grad_out)).sum(), wanted)]
    split = widths[0] - extra
    args = (x, params, widths, n_out, grad_out, more, biased, skip)
    grad_in, grad_params = rounded_mlp.mlp_grad(*args)
    assert_close(grads[0], grad_in[:, :split])
    assert_close(grads[1], grad_params)
    if extra:
        assert_close(grads[2], grad_in[:, split:])
    exact = reference.mlp_grad(*args)[1]
    assert grads[1] @ exact > 0.995 * np.linalg.norm(grads[1]) * np.linalg.norm(exact)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("grouped", [1, 2, 3, 4, 8])
def test_grouped_input_is_the_same_input_in_another_order(device, grouped, precision):
    widths, n = [24, 64, 16], 100
    x, params, _ = arrays(widths, n, 0, grouped, False)
    rows = np.ascontiguousarray(x.transpose(1, 0, 2).reshape(n, 24))
    xv, rv, pv = jt.array(x), jt.array(rows), jt.array(params)
    out, expected = (mlp_op(v, pv, widths, precision=precision) for v in (xv, rv))
    assert (out.numpy() == expected.numpy()).all()
    grad = jt.grad((out * out).sum(), [xv])[0].numpy().transpose(1, 0, 2).reshape(n, 24)
    assert (grad == jt.grad((expected * expected).sum(), [rv])[0].numpy()).all()


@pytest.mark.parametrize("biased, skip", [(False, None), (True, None), (True, 1), (False, 2)])
def test_reference_gradients_by_finite_differences(biased, skip):
    widths, n = [6, 9, 8, 4], 5
    x, params, more = arrays(widths, n, 2, 0, biased, skip, dtype=np.float64)
    grad_out = np.random.default_rng(1).normal(size=(n, 3))

    def loss(x, params, more):
        return (reference.mlp(x, params, widths, 3, more, biased, skip) * grad_out).sum()

    args = (x, params, widths, 3, grad_out, more, biased, skip)
    grad_in, grad_params = reference.mlp_grad(*args)
    h = 1e-6
    for i in range(params.size):
        step = np.zeros_like(params)
        step[i] = h
        numeric = (loss(x, params + step, more) - loss(x, params - step, more)) / (2 * h)
        assert numeric == pytest.approx(grad_params[i], rel=1e-5, abs=1e-7)
    for s in range(n):
        for c in range(4):
            step = np.zeros_like(x)
            step[s, c] = h
            numeric = (loss(x + step, params, more) - loss(x - step, params, more)) / (2 * h)
            assert numeric == pytest.approx(grad_in[s, c], rel=1e-5, abs=1e-7)


def test_no_samples(device):
    out = mlp(jt.zeros((0, 4)), jt.zeros((n_params([4, 8, 2]),)), [4, 8, 2])
    assert list(out.shape) == [0, 2]


def test_a_gradient_of_a_gradient_is_refused(device):
    widths = [3, 8, 2]
    x, params, _ = arrays(widths, 5, 0, 0, True)
    x, params = jt.array(x), jt.array(params)
    out = mlp_op(x, params, widths, biased=True)
    slope = jt.grad((out * out).sum(), x)
    with pytest.raises(RuntimeError, match="mlp is differentiable once"):
        jt.grad((slope * slope).sum(), params)


def test_stop_grad_inputs_get_no_gradient_and_parameters_do(device):
    x, params, more = arrays([32, 64, 16], 60, 16, 0, False)
    pv = jt.array(params)
    out = mlp(jt.array(x).stop_grad(), pv, [32, 64, 16], 16, jt.array(more).stop_grad())
    grad = jt.grad(out.sum(), [pv])[0].numpy()
    ones = np.ones((60, 16), np.float32)
    expected = reference.mlp_grad(x, params, [32, 64, 16], 16, ones, more)[1]
    np.testing.assert_allclose(grad, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("nan", [np.nan, -np.nan])
def test_nan_reaches_the_output(device, precision, nan):
    x, params, _ = arrays([8, 16, 2], 20, 0, 0, False)
    x[3, 1] = nan
    out = mlp_op(jt.array(x), jt.array(params), [8, 16, 2], precision=precision).numpy()
    assert np.isnan(out[3]).all() and np.isfinite(np.delete(out, 3, axis=0)).all()


@pytest.mark.parametrize(
    "widths, n, biased, skip",
    [([32, 64, 64, 16], 10_000, False, None), ([31, 530, 257, 3], 1500, True, 1)],
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_bits_do_not_depend_on_threads(precision, widths, n, biased, skip):
    x, params, more = arrays(widths, n, 16, 0, biased, skip)

    def run():
        xv, pv = jt.array(x), jt.array(params)
        out = mlp_op(xv, pv, widths, 3, jt.array(more).stop_grad(), biased, precision, skip)
        return [out.numpy(), *(g.numpy() for g in jt.grad((out * out).sum(), [xv, pv]))]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        assert (one == two).all()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x, p: mlp(x, p, [5, 2]), "the inputs have 4 channels; the first layer takes 5"),
        (lambda x, p: mlp(x, p[1:], [4, 2]), r"7 parameters; widths \[4, 2\] need 8"),
        (lambda x, p: mlp(x, p, [4, 2], 3), "n_out is 3; it must be between 1 and 2"),
        (lambda x, p: mlp(x, p, [4]), "0 layers"),
        (lambda x, p: mlp(x, p, [4, 1, 1], skip=2), "skip is 2; it must be None or .* 1 to 1"),
        (lambda x, p: mlp(x, p, [4, 1, 1], skip=1), r"8 parameters; .* need 9"),
        (lambda x, p: mlp(x[0], p, [4, 2]), r"x has shape \[4\]"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(jt.zeros((3, 4)), jt.zeros((8,)))
