"""MLPs layer by layer: against the reference, and in the place of the fused kernels where CUDA has none."""

from pathlib import Path

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.field_mlp import field_mlp
from jnerf.ops.mlp import by_layers, mlp, n_params, reference
from tests.ops.mlp_arrays import arrays

NETS = [  # widths, n_out, extra, channels of x per group (0: rows), biased, skip
    ([12, 20, 17, 9], 4, 4, 2, True, 2),
    ([7, 16, 3], 3, 0, 0, False, 1),
    ([5, 130, 2], 2, 2, 0, False, None),
]


@pytest.fixture
def as_on_cuda(monkeypatch):
    monkeypatch.setattr(by_layers, "on_cuda", lambda: True)


@pytest.mark.parametrize("widths, n_out, extra, features, biased, skip", NETS)
def test_matches_the_reference(as_on_cuda, widths, n_out, extra, features, biased, skip):
    x, params, more = arrays(widths, 50, extra, features, biased, skip)
    leaves = [jt.array(v) for v in (x, params, more) if v is not None]
    more_var = leaves[2] if extra else None
    out = mlp(leaves[0], leaves[1], widths, n_out, more_var, biased, skip=skip)
    grad_out = np.random.default_rng(1).normal(size=(50, n_out)).astype(np.float32)
    grads = [g.numpy() for g in jt.grad((out * jt.array(grad_out)).sum(), leaves)]
    args = x, params, widths, n_out
    wanted = reference.mlp(*args, more, biased, skip)
    np.testing.assert_allclose(out.numpy(), wanted, rtol=1e-3, atol=1e-4)
    grad_in, grad_params = reference.mlp_grad(*args, grad_out, more, biased, skip)
    split = widths[0] - extra
    of_x = grads[0].transpose(1, 0, 2).reshape(50, split) if features else grads[0]
    np.testing.assert_allclose(of_x, grad_in[:, :split], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(grads[1], grad_params, rtol=1e-3, atol=1e-3)
    if extra:
        np.testing.assert_allclose(grads[2], grad_in[:, split:], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("exponential, sees", [(True, True), (False, False)])
def test_a_field_is_the_same_by_layers(monkeypatch, exponential, sees):
    trunk_widths, head_widths = [6, 12, 9, 5], [8 if sees else 7, 8, 3]
    random = np.random.default_rng(0)
    how = {"biased": True, "skip": 1, "exponential": exponential, "head_sees_density": sees}
    sizes = n_params(trunk_widths, True, 1), n_params(head_widths, True)
    leaves = [jt.array(random.normal(size=s).astype(np.float32) / 4) for s in ((40, 6), *sizes)]
    extra = jt.array(random.normal(size=(4, 3)).astype(np.float32))
    rays = jt.array(np.repeat(np.arange(4), 10).astype(np.int32))

    def run():
        sigmas, rgbs = field_mlp(*leaves, trunk_widths, head_widths, extra, rays, "fp32", **how)
        grads = jt.grad((sigmas * sigmas).sum() + (rgbs * rgbs).sum(), leaves)
        return [v.numpy() for v in (sigmas, rgbs, *grads)]

    fused = run()
    monkeypatch.setattr(by_layers, "on_cuda", lambda: True)
    for a, b in zip(fused, run(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(a).max())


def test_only_what_tensor_cores_do_not_take_goes_so(as_on_cuda, monkeypatch):
    goes = by_layers.goes_by_layers
    assert not goes([32, 64, 16], False, None) and not goes([32, 128, 16], False, None)
    assert goes([32, 129, 16], False, None)
    assert goes([32, 64, 16], True, None) and goes([32, 64, 16], False, 1)
    monkeypatch.setattr(by_layers, "on_cuda", lambda: False)
    assert not goes([32, 256, 16], True, 1)


@pytest.fixture
def with_bf16(as_on_cuda, monkeypatch):
    """cuBLAS in bf16, as far as a CPU can: operands and results in bf16, sums in float32."""
    calls = []

    def product(a, b, turn_a, turn_b):
        assert a.dtype == b.dtype == "bfloat16"
        calls.append((turn_a, turn_b))
        a, b = (
            v.float32().transpose() if turn else v.float32()
            for v, turn in ((a, turn_a), (b, turn_b))
        )
        return jt.matmul(a, b).bfloat16()

    monkeypatch.setattr(by_layers, "multiplies_bf16", lambda precision: precision != "fp32")
    monkeypatch.setattr(by_layers, "cublas", product)
    return calls


@pytest.mark.parametrize("widths, n_out, extra, features, biased, skip", NETS)
@pytest.mark.parametrize("n", [1, 50])
def test_hidden_layers_multiply_in_bf16(with_bf16, widths, n_out, extra, features, biased, skip, n):
    x, params, more = arrays(widths, n, extra, features, biased, skip)
    leaves = [jt.array(v) for v in (x, params, more) if v is not None]
    more_var = leaves[2] if extra else None
    grad_out = np.random.default_rng(1).normal(size=(n, n_out)).astype(np.float32)

    def run(precision):
        out = mlp(leaves[0], leaves[1], widths, n_out, more_var, biased, precision, skip)
        return [v.numpy() for v in (out, *jt.grad((out * jt.array(grad_out)).sum(), leaves))]

    got = run("auto")
    hidden = len(widths) - 2
    assert sorted(with_bf16) == sorted([(False, True), (False, False), (True, False)] * hidden)
    with_bf16.clear()
    exact = run("fp32")
    assert not with_bf16
    # Of one sample, a hidden unit near 0 that rounding turns off is a tenth of a gradient.
    most = 0.03 if n > 1 else 0.3
    for a, b in zip(got, exact, strict=True):
        assert 0 < np.linalg.norm(a - b) < most * np.linalg.norm(b)


@pytest.mark.parametrize(
    "cublas, archs, precision, expected",
    [
        (object(), [90], "auto", True),
        (object(), [80], "fp16", True),
        (object(), [90], "fp32", False),
        (object(), [75], "bf16", False),
        (object(), [90, 75], "auto", False),
        (object(), [], "auto", False),
        (None, [90], "auto", False),
    ],
)
def test_bf16_is_multiplied_where_library_and_device_can(
    as_on_cuda, monkeypatch, cublas, archs, precision, expected
):
    monkeypatch.setattr(by_layers.jt.compile_extern, "cublas_ops", cublas, raising=False)
    monkeypatch.setattr(by_layers, "architectures", lambda: archs)
    assert by_layers.multiplies_bf16(precision) == expected


def test_widest_layer_is_the_kernels():
    source = Path(by_layers.__file__).with_name("tensor.h").read_text(encoding="utf-8")
    assert f"TENSOR_WIDTH = {by_layers.TENSOR_WIDTH};" in source
