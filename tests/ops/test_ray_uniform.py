"""Stratified samples: reference against kernel, coverage of the box."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops.ray_uniform import ray_uniform, reference
from tests.ops.march_rays import check_packed, tricky_rays
from tests.ops.padded_intervals import check_padded

BOX = [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("step", [None, 11])
@pytest.mark.parametrize("n_samples", [1, 2, 33])
def test_matches_the_reference(device, n_samples, step):
    o, d = tricky_rays(40, 1)
    args = (BOX, 0.1, 5.0, n_samples, 3, step)
    out = ray_uniform(jt.array(o), jt.array(d), *args)
    t_starts, t_ends, packed = reference.ray_uniform(o, d, *args)
    np.testing.assert_array_equal(out.packed_info.numpy(), packed)
    np.testing.assert_array_equal(out.t_starts.numpy(), t_starts)
    np.testing.assert_array_equal(out.t_ends.numpy(), t_ends)
    check_packed(packed, out.ray_indices.numpy())
    assert 0 < (packed[:, 1] == 0).sum() < len(packed)  # some rays miss


@pytest.mark.parametrize("step", [None, 2])
def test_intervals_cover_the_way_through_the_box(device, step):
    out = ray_uniform(
        jt.array(np.float32([[-1, 0.2, 0.3]])),
        jt.array(np.float32([[1, 0, 0]])),
        BOX,
        0,
        9,
        50,
        1,
        step,
    )
    starts, ends = out.t_starts.numpy(), out.t_ends.numpy()
    assert starts[0] == 1 and ends[-1] == 2 and (ends > starts).all()
    np.testing.assert_array_equal(starts[1:], ends[:-1])
    np.testing.assert_allclose(ends - starts, 1 / 50, atol=1e-6 if step is None else 1 / 50)
    assert step is None or np.std(ends - starts) > 1e-3


def test_padding_behind_the_same_samples(device, reads_of_vars):
    o, d = map(jt.array, tricky_rays(40, 1))
    jt.sync([o, d])
    reads_of_vars.clear()
    found = ray_uniform(o, d, BOX, 0.1, 5.0, 7, 3, 11, padded=True)
    found.t_starts.sync()
    assert reads_of_vars == [] and len(found) == 49 * 7
    right = ray_uniform(o, d, BOX, 0.1, 5.0, 7, 3, 11)
    assert right.packed_info.shape[0] == 49
    check_padded(found, right)
    none = ray_uniform(o[:3], -d[:3], BOX, 0.1, 5.0, 7, padded=True)
    assert none.count.numpy().tolist() == [0] and len(none) == 21


def test_no_ray_hits(device):
    o, d = jt.array(np.float32([[5, 5, 5]])), jt.array(np.float32([[1, 0, 0]]))
    out = ray_uniform(o, d, BOX, 0, 9, 8)
    assert len(out) == 0 and out.packed_info.numpy().tolist() == [[0, 0]]
    assert len(ray_uniform(jt.zeros((0, 3)), jt.zeros((0, 3)), BOX, 0, 9, 8)) == 0


def test_same_bits_for_any_number_of_threads():
    o, d = (jt.array(v) for v in tricky_rays(200, 2))

    def run():
        return ray_uniform(o, d, BOX, 0, 9, 32, 1, 5).t_starts.numpy()

    np.testing.assert_array_equal(with_threads(1, run), with_threads(2, run))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="n_samples is 0"):
        ray_uniform(jt.zeros((1, 3)), jt.zeros((1, 3)), BOX, 0, 9, 0)
