"""The field's CUDA kernels, run on the CPU, against the reference."""

import ctypes

import half_reference
import numpy as np
import pytest

from jnerf.ops.activate import EXPONENTIAL, LINEAR, Activation
from jnerf.ops.field_mlp import reference
from jnerf.ops.mlp import n_params

RELU, SOFTPLUS = Activation("relu", 0.5, 3.0), Activation("softplus", -1.0, 0.5)
FP32, BF16, FP16 = 1, 2, 3
ROUNDING = {FP16: half_reference.fp16, BF16: half_reference.bf16}
# A sum may round to the neighbouring 16-bit number.
TOLERANCE = {FP32: 2e-5, FP16: 2e-3, BF16: 1e-2}
NETS = [  # trunk, head, channels of x per group (0: rows), options of field_mlp
    ([32, 64, 16], [32, 64, 64, 16], 2, {}),
    ([32, 64, 16], [32, 64, 64, 3], 0, {}),
    ([9, 20, 7], [12, 33, 3], 0, {}),
    ([8, 1], [1, 16, 4], 4, {"density": LINEAR}),
    ([32, 128, 128, 16], [24, 128, 3], 2, {}),
    ([12, 20, 17, 9, 6], [8, 24, 3], 4, {"density": RELU, "head_sees_density": False}),
    ([9, 20, 150, 7], [12, 33, 3], 3, {"biased": True, "skip": 2}),  # from here on layer by layer
    ([9, 150, 7], [12, 33, 3], 3, {}),
    (
        [6, 12, 9, 5],
        [7, 8, 4],
        0,
        {"biased": True, "skip": 1, "density": SOFTPLUS, "head_sees_density": False},
    ),
]


@pytest.fixture(scope="module")
def library(cuda_host):
    return cuda_host.library("field_mlp")


def by_layers(widths, options):
    """Whether the fused kernels do not take a field; in bf16 whichever 16 bits are asked for."""
    return options.get("biased", False) or max(map(max, widths)) > 128


def arrays(trunk_widths, head_widths, features, options, n, n_rays=7):
    random = np.random.default_rng(n)
    seen = trunk_widths[-1] - (0 if options.get("head_sees_density", True) else 1)
    n_x, extra_width = trunk_widths[0], head_widths[0] - seen
    x = random.normal(size=(n_x // features, n, features) if features else (n, n_x))
    trunk, head = (
        random.normal(size=n_params(w, options.get("biased", False), s)) / np.sqrt(w[1])
        for w, s in ((trunk_widths, options.get("skip")), (head_widths, None))
    )
    extra = random.normal(size=(n_rays, extra_width)) if extra_width else None
    rays = np.sort(random.integers(0, n_rays, n)).astype(np.int32)
    grads = random.normal(size=n), random.normal(size=(n, 3))
    floats = [v if v is None else v.astype(np.float32) for v in (x, trunk, head, extra, *grads)]
    return *floats[:4], rays, *floats[4:]


def run(library, widths, data, precision, wants_x=True, options=None):
    options = options or {}
    x, trunk, head, extra, rays, grad_sigmas, grad_rgbs = data
    n = len(rays)
    groups, features = (x.shape[0], x.shape[2]) if x.ndim == 3 else (1, x.shape[1])
    nets = [a for w in widths for a in (np.int32(w), len(w))]
    sigmas, rgbs, *grads = (
        np.full_like(v, np.nan) for v in (grad_sigmas, grad_rgbs, x, trunk, head)
    )
    sizes = [n, groups, features, 0 if extra is None else extra.shape[1]]
    kind, *numbers = options.get("density", EXPONENTIAL).numbers.values()
    how = [kind, *map(float, numbers), not options.get("head_sees_density", True)]
    skip = options.get("skip")
    how += [options.get("biased", False), -1 if skip is None else skip]
    library.call(
        "field_mlp", *nets, precision, *how, x, extra, rays, *sizes, trunk, head, sigmas, rgbs, grad_sigmas, grad_rgbs,
        grads[0] if wants_x else None, *grads[1:],
    )  # fmt: skip
    if x.ndim == 3:
        grads[0] = grads[0].transpose(1, 0, 2).reshape(n, groups * features)
    return sigmas, rgbs, grads


def expected(widths, data, precision=FP32, options=None):
    options = options or {}
    x, trunk, head, extra, rays, grad_sigmas, grad_rgbs = data
    if x.ndim == 3:
        x = x.transpose(1, 0, 2).reshape(len(rays), widths[0][0])
    layered = by_layers(widths, options)
    if precision != FP32 and options.get("head_sees_density", True) and not layered:
        grads = grad_sigmas, grad_rgbs
        values, grads = half_reference.field(
            x,
            trunk,
            head,
            widths,
            extra,
            rays,
            grads,
            ROUNDING[precision],
            options.get("density", EXPONENTIAL),
        )
        return *values, grads
    net = (x, trunk, head, *widths)
    if layered and precision != FP32:
        options = {**options, "rounded": half_reference.bf16}
    sigmas, rgbs = reference.field_mlp(*net, extra, rays, **options)
    grads = reference.field_mlp_grad(*net, grad_sigmas, grad_rgbs, extra, rays, **options)
    return sigmas, rgbs, grads


def error(found, right):
    assert np.isfinite(found).all()
    return np.linalg.norm(found - right) / max(np.linalg.norm(right), 1e-30)


@pytest.mark.parametrize("precision", [FP32, FP16, BF16])
@pytest.mark.parametrize("trunk_widths, head_widths, features, options", NETS)
@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_forward_and_backward(library, trunk_widths, head_widths, features, options, precision, n):
    library.play(shared=227 * 1024, backwards=n == 31)
    widths = trunk_widths, head_widths
    data = arrays(*widths, features, options, n)
    sigmas, rgbs, grads = run(library, widths, data, precision, options=options)
    right = expected(widths, data, precision, options)
    in_bf16 = precision != FP32 and by_layers(widths, options)
    tolerance = TOLERANCE[BF16 if in_bf16 else precision]
    size = np.abs(right[0]).max(initial=1e-30)
    of_size = 0 if "density" not in options else 4 * tolerance * size
    np.testing.assert_allclose(sigmas, right[0], rtol=4 * tolerance, atol=of_size)
    np.testing.assert_allclose(rgbs, right[1], atol=tolerance)
    for found, want in zip(grads, right[2], strict=True):
        assert error(found, want) < tolerance


@pytest.mark.parametrize("shared, chained", [(227, True), (99, True), (64, False)])
def test_paper_networks_on_every_device(library, shared, chained):
    """With activations in registers where what the gradients of weights need fits into shared memory."""
    library.play(shared=shared * 1024)
    sizes = [np.int32([32, 64, 16]), np.int32([32, 64, 64, 16])]
    assert library.call("chained", *sizes, result=ctypes.c_int64) == chained
    widths, data = NETS[0][:2], arrays(*NETS[0], 500)
    _, _, grads = run(library, widths, data, FP16)
    for found, want in zip(grads, expected(widths, data, FP16)[2], strict=True):
        assert error(found, want) < 2e-3


@pytest.mark.parametrize("share", [1e-9, 1e9])
def test_density_and_colour_gradients_of_different_size(library, share):
    """Each keeps its precision: the head has a scale of its own."""
    library.play()
    widths, data = NETS[0][:2], list(arrays(*NETS[0], 200))
    data[5] = data[5] * np.float32(share)
    _, _, grads = run(library, widths, data, FP16)
    for found, want in zip(grads, expected(widths, data, FP16)[2], strict=True):
        assert error(found, want) < 2e-3


def test_unwanted_input_gradient_is_not_written(library):
    library.play()
    widths, data = NETS[0][:2], arrays(*NETS[0], 140)
    _, _, (grad_x, *params) = run(library, widths, data, FP16, wants_x=False)
    assert np.isnan(grad_x).all()
    for a, b in zip(params, run(library, widths, data, FP16)[2][1:], strict=True):
        np.testing.assert_array_equal(a, b)


def test_large_densities_saturate_their_gradient(library):
    library.play()
    trunk_widths, head_widths = [1, 16], [16, 3]
    data = list(arrays(trunk_widths, head_widths, 0, {}, 40))
    data[1] = np.abs(data[1])
    data[0][:] = 20 / data[1][0]
    for precision in (FP32, FP16):
        sigmas, _, grads = run(library, (trunk_widths, head_widths), data, precision)
        np.testing.assert_allclose(sigmas, np.exp(20), rtol=0.05)
        with np.errstate(over="ignore"):
            want = expected((trunk_widths, head_widths), data)[2]
        assert error(grads[1], want[1]) < 0.02


def test_order_of_threads_does_not_matter(library):
    found, data = [], arrays(*NETS[0], 300)
    for backwards in (False, True):
        library.play(backwards=backwards)
        sigmas, rgbs, grads = run(library, NETS[0][:2], data, FP16)
        found.append([sigmas, rgbs, *grads])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)
