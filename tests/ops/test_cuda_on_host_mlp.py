"""The MLP's CUDA kernels, run on the CPU: tensor cores in fp16 and bf16, and plain float, against the reference."""

import ctypes
import subprocess
import sys

import half_reference
import numpy as np
import pytest

from jnerf.ops.mlp import reference
from tests.ops.mlp_arrays import arrays

FP32, BF16, FP16 = 1, 2, 3
ROUNDING = {FP16: half_reference.fp16, BF16: half_reference.bf16}
# Relative to the largest value; a sum may round to the neighbouring 16-bit number.
TOLERANCE = {FP32: 1e-5, FP16: 2e-3, BF16: 1e-2}
NETS = [  # widths, n_out, extra, features per group (0: rows)
    ([32, 64, 16], 16, 0, 2),
    ([32, 64, 64, 16], 3, 16, 0),
    ([5, 17, 3], 2, 2, 0),
    ([1, 1], 1, 0, 0),
    ([40, 128, 100, 4], 4, 8, 4),
]
DEEP = [  # what the fused kernels do not take; also: biased, skip
    ([63, 130, 4], 4, 0, 0, False, None),
    ([12, 20, 17, 9], 5, 4, 2, True, 2),
    ([7, 16, 3], 3, 0, 0, False, 1),
    ([5, 131, 2], 1, 2, 0, True, None),
    ([6, 9, 150, 8, 3], 3, 0, 3, True, 3),
    ([3, 5], 4, 1, 0, True, None),
]


@pytest.fixture(scope="module")
def library(cuda_host):
    return cuda_host.library("mlp")


def as_rows(x, more):
    """[S, C + E], also for no samples."""
    if x.ndim == 3:
        x = x.transpose(1, 0, 2).reshape(x.shape[1], x.shape[0] * x.shape[2])
    return x if more is None else np.concatenate([x, more], axis=1)


def setup(x, more, widths, n_out, precision, biased=False, skip=None):
    groups, features = (x.shape[0], x.shape[2]) if x.ndim == 3 else (1, x.shape[1])
    net = [np.int32(widths), len(widths), n_out, precision, biased, -1 if skip is None else skip]
    return [*net, x, more, x.shape[-2], groups, features, 0 if more is None else more.shape[1]]


def forward(library, x, params, more, widths, n_out, *how):
    out = np.full((x.shape[-2], n_out), np.nan, np.float32)
    library.call("mlp", *setup(x, more, widths, n_out, *how), params, out)
    return out


def backward(library, x, params, more, grad_out, widths, n_out, *how, wanted=True):
    grad_x, grad_params = np.full_like(x, np.nan), np.full_like(params, np.nan)
    grad_more = None if more is None else np.full_like(more, np.nan)
    results = [grad_x, grad_more, grad_params] if wanted else [None, None, grad_params]
    arguments = setup(x, more, widths, n_out, *how)
    library.call("mlp_grad", *arguments, params, grad_out, *results)
    return as_rows(grad_x, grad_more), grad_params


def close(found, expected, tolerance):
    size = np.abs(expected).max() if expected.size else 1.0
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(size, 1e-30))


@pytest.mark.parametrize("precision", [FP32, FP16, BF16])
@pytest.mark.parametrize("widths, n_out, extra, features", NETS)
@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_forward_and_backward(library, widths, n_out, extra, features, precision, n):
    library.play(backwards=n == 31)
    x, params, more = arrays(widths, n, extra, features, False)
    grad_out = np.random.default_rng(1).normal(size=(n, n_out)).astype(np.float32)
    net, rows = (widths, n_out, precision), as_rows(x, more)
    out = forward(library, x, params, more, *net)
    grads = backward(library, x, params, more, grad_out, *net)
    if precision == FP32:
        right = reference.mlp(rows, params, widths, n_out)
        right_grads = reference.mlp_grad(rows, params, widths, n_out, grad_out)
    else:
        rounding = ROUNDING[precision]
        right = half_reference.mlp(rows, params, widths, n_out, rounding)
        right_grads = half_reference.mlp_grad(rows, params, widths, n_out, grad_out, rounding)
    for found, want in zip((out, *grads), (right, *right_grads), strict=True):
        close(found, want, TOLERANCE[precision])


@pytest.mark.parametrize(
    "precision, arch, cublas",
    [(FP32, 80, True), (BF16, 80, True), (FP16, 75, True), (BF16, 80, False)],
)
@pytest.mark.parametrize("widths, n_out, extra, features, biased, skip", DEEP)
@pytest.mark.parametrize("n", [0, 1, 33, 600])
def test_layer_by_layer(
    library, widths, n_out, extra, features, biased, skip, precision, arch, cublas, n
):
    """In blocks of 256 samples; in float where device or library have no bf16, and without cuBLAS."""
    library.play(arch=arch, backwards=n == 33)
    library.call("has_cublas", cublas)
    x, params, more = arrays(widths, n, extra, features, biased, skip)
    grad_out = np.random.default_rng(1).normal(size=(n, n_out)).astype(np.float32)
    net, rows = (widths, n_out, precision, biased, skip), as_rows(x, more)
    out = forward(library, x, params, more, *net)
    grads = backward(library, x, params, more, grad_out, *net)
    library.call("has_cublas", True)
    in_bf16 = precision == BF16 and cublas
    how = {"biased": biased, "skip": skip} | ({"rounded": half_reference.bf16} if in_bf16 else {})
    right = reference.mlp(rows, params, widths, n_out, **how)
    right_grads = reference.mlp_grad(rows, params, widths, n_out, grad_out, **how)
    for found, want in zip((out, *grads), (right, *right_grads), strict=True):
        close(found, want, TOLERANCE[BF16 if in_bf16 else FP32])


def test_a_missing_cublas_is_said_once(cuda_host):
    path = cuda_host.library("mlp")._path
    found = f"import ctypes; found = ctypes.CDLL({str(path)!r}).finds_cublas"
    done = subprocess.run(
        [sys.executable, "-c", f"{found}; print([found(has) for has in (1, 0, 0, 1)])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[1, 0, 0, 1]\n"
    assert done.stderr.count("warning: no cuBLAS was found") == 1


def test_layers_leave_unwanted_gradients_alone(library):
    library.play()
    x, params, _ = arrays([12, 20, 17, 9], 40, 0, 2, True, 2)
    grad_out, net = np.ones((40, 5), np.float32), ([12, 20, 17, 9], 5, BF16, True, 2)
    rows, grad = backward(library, x, params, None, grad_out, *net, wanted=False)
    assert np.isnan(rows).all()
    np.testing.assert_array_equal(grad, backward(library, x, params, None, grad_out, *net)[1])


def test_shallower_products_of_turing(cuda_host):
    found, (x, params, more) = [], arrays(*NETS[1][:1], 140, 16, 0, False)
    grad_out = np.random.default_rng(1).normal(size=(140, 3)).astype(np.float32)
    for name, arch in (("mlp", 80), ("mlp_75", 75)):
        library = cuda_host.library(name)
        library.play(arch=arch)
        found.append(backward(library, x, params, more, grad_out, NETS[1][0], 3, FP16))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("precision, most", [(FP16, 0.01), (BF16, 0.06)])
def test_sixteen_bits_are_near_the_exact_result(library, precision, most):
    library.play()
    widths, n_out, extra, features = NETS[1]
    x, params, more = arrays(widths, 300, extra, features, False)
    grad_out = np.random.default_rng(1).normal(size=(300, n_out)).astype(np.float32)
    _, grad = backward(library, x, params, more, grad_out, widths, n_out, precision)
    right = reference.mlp_grad(as_rows(x, more), params, widths, n_out, grad_out)[1]
    assert np.linalg.norm(grad - right) < most * np.linalg.norm(right)


@pytest.mark.parametrize(
    "widths, shared, tile",
    [
        ([32, 64, 64, 16], 227, 128),
        ([32, 64, 64, 16], 72, 64),
        ([32, 64, 64, 16], 64, -64),
        ([32, 64, 64, 16], 48, -64),
        ([32, 128, 64, 16], 48, -32),
        ([32, 128, 128, 128, 16], 64, 0),
    ],
)
def test_tiles_of_every_size(library, widths, shared, tile):
    """Less shared memory: the tile shrinks and the sums leave (negative), then the plain path; the results stay."""
    n_out = 16
    library.play(shared=shared * 1024)
    assert library.call("tile_of", np.int32(widths), len(widths), result=ctypes.c_int64) == tile
    x, params, _ = arrays(widths, 300, 0, 2, False)
    grad_out = np.random.default_rng(1).normal(size=(300, 16)).astype(np.float32)
    _, grad = backward(library, x, params, None, grad_out, widths, n_out, FP16)
    rounded = half_reference.mlp_grad(
        as_rows(x, None), params, widths, n_out, grad_out, half_reference.fp16
    )[1]
    exact = reference.mlp_grad(as_rows(x, None), params, widths, n_out, grad_out)[1]
    close(grad, rounded if tile else exact, 2e-3)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e-4, 1e4, 1e12, 1e30])
def test_gradients_of_any_size(library, scale):
    """fp16 ends at 6e-8 and 65504; the scale of a tile follows its gradients."""
    library.play()
    widths = [32, 64, 16]
    x, params, _ = arrays(widths, 200, 0, 2, False)
    grad_out = np.random.default_rng(1).normal(size=(200, 16)).astype(np.float32)
    net = (widths, 16, FP16)
    rows, grad = backward(library, x, params, None, grad_out, *net)
    scaled_rows, scaled = backward(library, x, params, None, grad_out * np.float32(scale), *net)
    close(scaled / np.float32(scale), grad, 2e-3)
    close(scaled_rows / np.float32(scale), rows, 2e-3)


def test_no_gradient_gives_none(library):
    library.play()
    x, params, _ = arrays([32, 64, 16], 130, 0, 2, False)
    rows, grad = backward(
        library, x, params, None, np.zeros((130, 16), np.float32), [32, 64, 16], 16, FP16
    )
    assert (rows == 0).all() and (grad == 0).all()


def test_unwanted_input_gradients_are_not_written(library):
    library.play()
    x, params, _ = arrays([32, 64, 16], 130, 0, 2, False)
    grad_out = np.ones((130, 16), np.float32)
    net = ([32, 64, 16], 16, FP16)
    rows, grad = backward(library, x, params, None, grad_out, *net, wanted=False)
    assert np.isnan(rows).all()
    np.testing.assert_array_equal(grad, backward(library, x, params, None, grad_out, *net)[1])


@pytest.mark.parametrize("precision", [FP32, FP16, BF16])
def test_nan_stays_with_its_sample(library, precision):
    library.play()
    x, params, _ = arrays([32, 64, 16], 200, 0, 2, False)
    x[3, 77] = np.nan
    out = forward(library, x, params, None, [32, 64, 16], 16, precision)
    assert np.isnan(out[77]).all() and np.isfinite(np.delete(out, 77, axis=0)).all()


@pytest.mark.parametrize(
    "arch, precision, exact",
    [(70, FP16, True), (75, FP16, False), (75, BF16, True), (75, 0, False)],
)
def test_devices_without_tensor_cores_of_the_kind_take_float(library, arch, precision, exact):
    library.play(arch=arch)
    x, params, _ = arrays([32, 64, 16], 50, 0, 2, False)
    out = forward(library, x, params, None, [32, 64, 16], 16, precision)
    plain = forward(library, x, params, None, [32, 64, 16], 16, FP32)
    assert (out == plain).all() == exact


def test_kernels_for_an_older_gpu_are_asked_for_what_that_can(cuda_host):
    """Where GPUs of several kinds are to be seen, all is compiled for the oldest: for Turing, which has no bf16."""
    x, params, _ = arrays([32, 64, 16], 50, 0, 2, False)
    library = cuda_host.library("mlp_75")
    library.play(arch=86)
    exact, bf16, fp16 = (
        forward(library, x, params, None, [32, 64, 16], 16, precision)
        for precision in (FP32, BF16, FP16)
    )
    np.testing.assert_array_equal(bf16, exact)
    assert (fp16 != exact).any()


def test_order_of_threads_does_not_matter(library):
    x, params, more = arrays([40, 128, 100, 4], 400, 8, 4, False)
    grad_out = np.random.default_rng(1).normal(size=(400, 4)).astype(np.float32)
    found = []
    for backwards in (False, True):
        library.play(backwards=backwards)
        found.append(backward(library, x, params, more, grad_out, [40, 128, 100, 4], 4, FP16))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
