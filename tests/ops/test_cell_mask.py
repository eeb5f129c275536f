"""cell_mask: reference against kernel, borders, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.cell_mask import cell_mask
from jnerf.ops.cell_mask.reference import cell_mask as reference


def look(positions, mask):
    return cell_mask(jt.array(positions), jt.array(np.packbits(mask, axis=2)), mask.shape[2])


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 4, 7), (2, 5, 8), (4, 3, 19)])
def test_matches_the_reference(device, shape):
    random = np.random.default_rng(sum(shape))
    mask = random.random(shape) < 0.5
    x = random.uniform(-0.2, 1.2, (300, 3)).astype(np.float32)
    x[0], x[1] = 0, 1  # the faces belong to the cube
    np.testing.assert_array_equal(look(x, mask).numpy(), reference(x, mask))


def test_outside_is_never_marked(device):
    x = np.float32(
        [[np.nan, 0, 0], [np.inf, 0, 0], [0, -1e30, 0], [0, 0, 1.0000001], [-1e-7, 0, 0]]
    )
    assert look(x, np.ones((2, 2, 2), bool)).numpy().tolist() == [0] * 5


@pytest.mark.parametrize("n", [0, 1])
def test_few_positions(device, n):
    assert (
        look(np.full((n, 3), 0.5, np.float32), np.ones((3, 3, 3), bool)).numpy().tolist() == [1] * n
    )


def test_wrong_arguments():
    bits = jt.array(np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(ValueError, match=r"positions are float32 \[4, 2\]"):
        cell_mask(jt.zeros((4, 2)), bits, 16)
    with pytest.raises(ValueError, match=r"20 cells along x need uint8 \[Nz, Ny, 3\]"):
        cell_mask(jt.zeros((4, 3)), bits, 20)
