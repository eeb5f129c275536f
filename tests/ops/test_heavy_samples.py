"""heavy_samples: reference against kernel, opaque rays, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.heavy_samples import heavy_samples
from jnerf.ops.heavy_samples.reference import heavy_samples as reference


def rays(counts, seed=0):
    """Densities and intervals of rays with so many samples."""
    random = np.random.default_rng(seed)
    n = sum(counts)
    starts = random.random(n).astype(np.float32)
    sigmas = (random.random(n) * 10.0 ** random.integers(-4, 2, n)).astype(np.float32)
    firsts = np.cumsum([0, *counts])[:-1]
    return (
        sigmas,
        starts,
        starts + np.float32(0.1),
        np.int32(list(zip(firsts, counts, strict=True))),
    )


@pytest.mark.parametrize("least", [0.0, 1e-4, 0.05])
def test_matches_the_reference(device, least):
    arrays = rays([0, 3, 1, 0, 40, 7, 90])
    rows, packed = heavy_samples(*map(jt.array, arrays), least)
    right_rows, right_packed = reference(*arrays, least)
    assert 0 < len(right_rows) <= 141
    np.testing.assert_array_equal(rows.numpy(), right_rows)
    np.testing.assert_array_equal(packed.numpy(), right_packed)


def test_padding_behind_the_rays_is_not_listed(device):
    arrays = rays([5, 4])
    longer = [np.concatenate([a, a[:6]]) for a in arrays[:3]]
    rows, _ = heavy_samples(*map(jt.array, (*longer, arrays[3])), 1e-4)
    np.testing.assert_array_equal(rows.numpy(), reference(*arrays, 1e-4)[0])


@pytest.mark.parametrize("counts", [[], [0], [0, 0], [1]])
def test_few_samples(device, counts):
    sigmas, *others = rays(counts)
    arrays = [sigmas * 0, *others[:2], others[2].reshape(-1, 2)]  # nothing weighs
    rows, packed = heavy_samples(*map(jt.array, arrays), 1e-4)
    assert rows.shape[0] == 0 and list(packed.shape) == [len(counts), 2]
    assert not packed.numpy().any()


def test_what_is_not_a_number_is_listed(device):
    sigmas, *others = rays([4])
    sigmas[1] = np.nan
    assert 1 in heavy_samples(*map(jt.array, (sigmas, *others)), 1e-4)[0].numpy()


def test_wrong_arguments():
    arrays = [jt.array(a) for a in rays([3])]
    with pytest.raises(ValueError, match=r"3 densities, 2 starts"):
        heavy_samples(arrays[0], arrays[1][:2], *arrays[2:], 1e-4)
    with pytest.raises(ValueError, match="the bound -1"):
        heavy_samples(*arrays, -1)
