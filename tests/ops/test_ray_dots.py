"""ray_dots: kernel against the reference, the reference's gradients by differences, few samples, threads."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.ray_dots import ray_dots
from jnerf.ops.ray_dots.reference import ray_dots as reference
from jnerf.ops.ray_dots.reference import ray_dots_grad

COUNTS = np.array([3, 0, 5, 1, 40, 0])


def arrays(groups, width, n_out=3, seed=0):
    random = np.random.default_rng(seed)
    n, rays = COUNTS.sum(), np.repeat(np.arange(len(COUNTS)), COUNTS).astype(np.int32)
    packed = np.stack([np.cumsum(COUNTS) - COUNTS, COUNTS], 1).astype(np.int32)
    shapes = (groups, n, width), (len(COUNTS), n_out, groups * width), (n, n_out)
    return *(random.normal(size=s).astype(np.float32) for s in shapes), rays, packed


def value_and_gradients(features, vectors, grad, rays, packed):
    f, v = jt.array(features), jt.array(vectors)
    dots = ray_dots(f, v, jt.array(rays), jt.array(packed))
    grads = jt.grad((dots * jt.array(grad)).sum(), [f, v])
    return [dots.numpy(), *(g.numpy() for g in grads)]


@pytest.mark.parametrize("groups, width", [(1, 1), (2, 8), (3, 13)])
def test_values_and_gradients_match_the_reference(device, groups, width):
    features, vectors, grad, rays, packed = arrays(groups, width)
    found = value_and_gradients(features, vectors, grad, rays, packed)
    np.testing.assert_allclose(found[0], reference(features, vectors, rays), atol=1e-5)
    for a, b in zip(found[1:], ray_dots_grad(features, vectors, rays, grad), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    np.testing.assert_array_equal(found[2][COUNTS == 0], 0)


def test_gradients_of_the_reference_are_right():
    features, vectors, grad, rays, _ = (
        a.astype(np.float64) if a.dtype == np.float32 else a for a in arrays(2, 3)
    )
    random, h = np.random.default_rng(1), 1e-6
    for k, right in enumerate(ray_dots_grad(features, vectors, rays, grad)):
        way = random.normal(size=right.shape)
        moved = [[features, vectors], [features, vectors]]
        for sign, arguments in zip((h, -h), moved, strict=True):
            arguments[k] = arguments[k] + sign * way
        ahead, behind = ((reference(*m, rays) * grad).sum() for m in moved)
        assert (right * way).sum() == pytest.approx((ahead - behind) / (2 * h), rel=1e-6)


def test_rows_are_one_group_and_no_samples_are_fine(device):
    features, vectors, _, rays, packed = arrays(1, 8)
    where = jt.array(vectors), jt.array(rays), jt.array(packed)
    as_rows = ray_dots(jt.array(features[0]), *where).numpy()
    np.testing.assert_array_equal(as_rows, ray_dots(jt.array(features), *where).numpy())
    none = jt.zeros((0, 8)), where[0], jt.zeros((0,), "int32"), jt.zeros((6, 2), "int32")
    assert ray_dots(*none).shape == [0, 3]


def test_bits_do_not_depend_on_threads():
    given = arrays(3, 16)
    results = [with_threads(n, lambda: value_and_gradients(*given)) for n in (1, 3)]
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_wrong_shapes():
    rays, packed = jt.zeros((5,), "int32"), jt.zeros((1, 2), "int32")
    with pytest.raises(ValueError, match=r"give \[G, S, F\], \[R, O, G F\] and \[S\]"):
        ray_dots(jt.zeros((5, 8)), jt.zeros((1, 3, 7)), rays, packed)
