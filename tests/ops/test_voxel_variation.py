"""voxel_variation: against the reference and its finite differences, selections, edge cases."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.voxel_grid import layout_of
from jnerf.ops.voxel_variation import voxel_variation
from jnerf.ops.voxel_variation.reference import voxel_variation as reference


def scene(width, shape=(4, 5, 6), seed=0):
    random = np.random.default_rng(seed)
    mask = random.random(shape) < 0.7
    return mask, random.normal(size=(mask.sum(), width)).astype(np.float32)


def value_and_gradient(mask, values, first, count, factor=3.0):
    v = jt.array(values)
    loss = voxel_variation(v, layout_of(mask), first, count).sum() * factor
    return loss.numpy(), jt.grad(loss, [v])[0].numpy()


@pytest.mark.parametrize("width", [1, 5, 32])
@pytest.mark.parametrize("part", ["all", "middle", "around the end", "one"])
def test_matches_the_reference_and_finite_differences(device, width, part):
    mask, values = scene(width)
    n = len(values)
    first, count = {
        "all": (0, n), "middle": (10, 30), "around the end": (n - 7, 20), "one": (n - 1, 1)
    }[part]  # fmt: skip
    links = layout_of(mask).links.numpy()
    value, gradient = value_and_gradient(mask, values, first, count)
    assert value == pytest.approx(3 * reference(values, links, first, count), rel=1e-5)
    random, h = np.random.default_rng(1), 1e-5
    for _ in range(5):
        direction = random.normal(size=values.shape)
        ahead, behind = (reference(values + s * direction, links, first, count) for s in (h, -h))
        slope = 3 * (ahead - behind) / (2 * h)
        assert (gradient * direction).sum() == pytest.approx(slope, rel=1e-3, abs=1e-4)


def test_only_the_selected_and_those_behind_them_get_gradients(device):
    mask, values = scene(2)
    _, gradient = value_and_gradient(mask, values, 0, 1)
    touched = np.flatnonzero(gradient.any(1))
    assert touched[0] == 0 and 2 <= len(touched) <= 4
    np.testing.assert_allclose(gradient.sum(0), 0, atol=1e-5)


def test_a_constant_grid_has_no_variation(device):
    mask, values = scene(3)
    value, gradient = value_and_gradient(mask, np.ones_like(values), 0, len(values))
    assert 0 <= value < 1e-3
    np.testing.assert_array_equal(gradient, 0)


def test_one_voxel_alone(device):
    mask = np.zeros((2, 2, 2), bool)
    mask[1, 1, 1] = True
    value, gradient = value_and_gradient(mask, np.float32([[5.0]]), 0, 1)
    assert value < 1e-3 and gradient.tolist() == [[0]]


def test_differences_are_in_units_of_the_box(device):
    mask = np.ones((2, 2, 257), bool)
    values = np.broadcast_to(np.arange(257.0), mask.shape).astype(np.float32).reshape(-1, 1)
    value, _ = value_and_gradient(mask, values, 0, 1, factor=1.0)
    assert value == pytest.approx(257 / 256, rel=1e-5)


def test_bits_do_not_depend_on_threads():
    mask, values = scene(32, (20, 21, 22))
    results = [
        with_threads(n, lambda: value_and_gradient(mask, values, 5, 5000)) for n in (1, 2, 7)
    ]
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_wrong_arguments():
    mask, values = scene(2)
    layout, values = layout_of(mask), jt.array(values)
    with pytest.raises(ValueError, match=r"values are float32 \[3, 2\]; give float32"):
        voxel_variation(values[:3], layout, 0, 1)
    for first, count in ((0, 0), (0, layout.n_rows + 1), (-1, 1), (layout.n_rows, 1)):
        with pytest.raises(ValueError, match="rows from"):
            voxel_variation(values, layout, first, count)
