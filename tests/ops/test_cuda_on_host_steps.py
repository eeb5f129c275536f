"""The CUDA kernels of proposals, run on the CPU, against the references."""

import numpy as np
import pytest

from jnerf.ops.distortion import reference as distortion
from jnerf.ops.interlevel import reference as interlevel
from jnerf.ops.median_depth import reference as median_depth
from jnerf.ops.step_resample import make_spacing
from jnerf.ops.step_resample import reference as step_resample
from jnerf.ops.step_widen import reference as step_widen
from tests.ops.host_arrays import empty
from tests.ops.step_functions import histogram, single, slope


@pytest.fixture(params=[False, True], ids=["forwards", "backwards"])
def steps_on_host(request, cuda_host):
    """The kernels; threads in order, and in the opposite one."""
    found = cuda_host.library("steps")
    found.play(backwards=request.param)
    return found


@pytest.mark.parametrize("spacing", ["linear", "inverse", "piecewise", "power_ladder"])
@pytest.mark.parametrize(
    "n_rays, n_old, centres, step",
    [(0, 5, True, 1), (31, 20, False, 4), (31, 20, True, None), (300, 0, False, 2)],
)
def test_resample(steps_on_host, spacing, n_rays, n_old, centres, step):
    n, curve = 12, make_spacing(spacing)
    earlier = single(histogram([n_old] * n_rays)[:3]) if n_old else [None] * 3
    numbers = [0.5, 1e-3, 0.01, curve.bend(0.1), curve.bend(100.0), *curve.numbers, 1.0]
    sizes = [n_old, n, centres, False, step is not None, 3, step or 0, curve.code]
    floats, (rays,), (packed,) = (
        empty(*[n_rays * n] * 4),
        empty(n_rays * n, dtype=np.int32),
        empty((n_rays, 2), dtype=np.int32),
    )
    (mass,) = empty(max(n_rays * n_old, 1))
    given = *earlier, np.float32(numbers), np.int32(sizes)
    steps_on_host.call("resample", n_rays, *given, *floats, rays, packed, mass)
    how = {
        "centres": centres,
        "anneal": 0.5,
        "padding": 1e-3,
        "floor": 0.01,
        "single_jitter": False,
    }
    arrays = None if not n_old else earlier
    s, t = step_resample.step_resample(
        n_rays, n, curve, 0.1, 100.0, arrays, seed=3, step=step, **how
    )
    np.testing.assert_allclose(floats[0], s[:, :-1].ravel(), atol=2e-5)
    np.testing.assert_allclose(floats[1], s[:, 1:].ravel(), atol=2e-5)
    np.testing.assert_allclose(floats[3], t[:, 1:].ravel(), rtol=2e-2)
    assert packed.ravel().tolist() == [x for ray in range(n_rays) for x in (ray * n, n)]
    np.testing.assert_array_equal(rays, np.repeat(np.arange(n_rays), n))


@pytest.mark.parametrize("n_rays", [0, 1, 257])
def test_widen(steps_on_host, n_rays):
    arrays = single(histogram([9] * n_rays)[:3])
    found = empty(*[n_rays * 25] * 3)
    steps_on_host.call("widen", n_rays, *arrays, 9, 0.03, *found)
    right = step_widen.step_widen(*arrays, n_rays, np.float32(0.03))
    for got, want in zip(found, right, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 31, 257])
def test_distortion(steps_on_host, n):
    random = np.random.default_rng(n)
    arrays = histogram(random.integers(0, 9, n))
    size, grad_loss = len(arrays[0]), random.normal(size=n)
    loss, grad = empty(n, size)
    steps_on_host.call("spread", n, size, *single(arrays), loss, grad_loss.astype(np.float32), grad)
    np.testing.assert_allclose(loss, distortion.distortion(*arrays), rtol=1e-4, atol=1e-6)
    if n == 31:
        starts, ends, weights, packed = arrays
        numeric = slope(
            lambda w: distortion.distortion(starts, ends, w, packed) @ grad_loss, weights
        )
        np.testing.assert_allclose(grad, numeric, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("n", [0, 1, 257])
def test_median_depth(steps_on_host, n):
    starts, ends, weights, packed = histogram(np.random.default_rng(n).integers(0, 9, n))
    (found,) = empty(n)
    steps_on_host.call("median", n, *single([weights, starts, ends, packed]), found)
    right = median_depth.median_depth(weights, starts, ends, packed)
    np.testing.assert_allclose(found, right[:, 0], atol=1e-5)


@pytest.mark.parametrize("radius", [-1.0, 0.0, 0.03])
@pytest.mark.parametrize("n", [0, 31])
def test_interlevel(steps_on_host, n, radius):
    random = np.random.default_rng(n)
    proposal, field = (histogram(random.integers(0, 12, n), seed) for seed in (1, 2))
    proposal[2] *= 0.5
    size, grad_loss = len(proposal[0]), random.normal(size=n)
    loss, grad = empty(n, size)
    given = *single(proposal), *single(field), radius, 1e-3, loss, grad_loss.astype(np.float32)
    steps_on_host.call("between", n, size, *given, grad)

    def right(weights):
        arrays = *proposal[:2], weights, proposal[3], field[:3], field[3]
        if radius < 0:
            return interlevel.interlevel(*arrays, 1e-3)
        return interlevel.interlevel_blurred(*arrays, radius, 1e-3)

    np.testing.assert_allclose(loss, right(proposal[2]), rtol=1e-3, atol=1e-5)
    numeric = slope(lambda w: right(w) @ grad_loss, proposal[2], 1e-7)
    np.testing.assert_allclose(grad, numeric, rtol=1e-2, atol=1e-3)
