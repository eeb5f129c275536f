"""The occupancy grid's ops: reference against kernel."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.ops import occupancy
from jnerf.ops.occupancy import reference

RES = 32
CELLS = RES**3


def ring_of_cameras(n: int, radius: float, focal: float):
    """Pinhole cameras around the middle of the field, looking at it: c2w, intrinsics, sizes."""
    c2w = np.zeros((n, 3, 4))
    for i, angle in enumerate(np.linspace(0, 2 * np.pi, n, endpoint=False)):
        back = np.array([np.cos(angle), np.sin(angle), 0.3])
        back /= np.linalg.norm(back)
        right = np.cross([0, 0, 1], back)
        right /= np.linalg.norm(right)
        c2w[i] = np.stack([right, np.cross(back, right), back, 0.5 + radius * back], 1)
    return c2w, np.tile([focal, 1.1 * focal, 45.0, 32.0], (n, 1)), np.tile([100, 60], (n, 1))


def random_grid(levels: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = random.exponential(0.004, levels * CELLS).astype(np.float32)
    values[random.random(len(values)) < 0.3] = 0
    values[random.random(len(values)) < 0.1] = -1
    return values


@pytest.mark.parametrize("n, radius, focal", [(1, 1.4, 150.0), (3, 1.4, 300.0), (5, 0.2, 80.0)])
def test_cells_that_no_camera_sees(device, n, radius, focal):
    cameras = ring_of_cameras(n, radius, focal)
    ours = occupancy.mark_unseen(*cameras, RES, 2).numpy()
    expected = reference.mark_unseen(*cameras, RES, 2)
    assert set(np.unique(ours)) == {-1.0, 0.0}
    assert (
        ours != expected
    ).mean() < 1e-4  # corners on the very edge of an image may round either way


def test_without_cameras_nothing_is_seen(device):
    nothing = np.zeros((0, 3, 4)), np.zeros((0, 4)), np.zeros((0, 2))
    assert (occupancy.mark_unseen(*nothing, RES, 1).numpy() == -1).all()


def test_a_camera_does_not_see_behind_itself(device):
    c2w, intrinsics, sizes = ring_of_cameras(1, 0.0, 50.0)  # in the middle of the box
    grid = occupancy.mark_unseen(c2w, intrinsics, sizes, RES, 1).numpy()
    centres = (reference.cell_coords(RES) + 0.5) / RES - 0.5
    in_front = -(centres @ c2w[0, :, 2])
    assert (grid[in_front < -2 / RES] == -1).all() and (grid[in_front > 2 / RES] == 0).any()


@pytest.mark.parametrize("levels", [1, 3])
@pytest.mark.parametrize("threshold", [-0.01, 0.01])
def test_candidates(device, levels, threshold):
    grid = random_grid(levels)
    more, key = (41, 0.02), (7, 3)
    found = occupancy.candidates(jt.array(grid), [(500, threshold), more], *key, RES)
    cells, positions = (v.numpy() for v in found)
    expected = reference.candidates(
        grid, *more, *key, 500, RES
    )  # draws go on where the first ended
    np.testing.assert_array_equal(cells[500:], expected[0])
    np.testing.assert_array_equal(positions[500:], expected[1])
    cells, positions = cells[:500], positions[:500]
    expected_cells, expected_positions = reference.candidates(grid, 500, threshold, *key, 0, RES)
    np.testing.assert_array_equal(cells, expected_cells)
    np.testing.assert_array_equal(positions, expected_positions)
    level = cells // CELLS
    q = (positions - 0.5) * 2.0 ** -level[:, None] + 0.5
    inside = np.floor(q * RES - 1e-4).astype(int), np.floor(q * RES + 1e-4).astype(int)
    own = reference.cell_coords(RES)[cells % CELLS]
    assert ((inside[0] <= own) & (own <= inside[1])).all()
    found, anywhere = (grid[cells] > threshold).mean(), (grid > threshold).mean()
    assert found == pytest.approx(1 - (1 - anywhere) ** 10, abs=0.08)  # ten tries


def test_one_walk_visits_every_cell_once(device):
    cells, _ = occupancy.candidates(jt.zeros((CELLS,)), [(CELLS, -0.01)], 1, 5, RES)
    np.testing.assert_array_equal(np.sort(cells.numpy()), np.arange(CELLS))


def test_candidates_change_with_the_update_and_none_is_fine(device):
    grid = jt.zeros((CELLS,))
    a, b = (occupancy.candidates(grid, [(100, -0.01)], 1, u, RES)[1].numpy() for u in (0, 1))
    assert not np.array_equal(a, b)
    cells, positions = occupancy.candidates(grid, [(0, -0.01)], 1, 0, RES)
    assert list(cells.shape) == [0] and list(positions.shape) == [0, 3]


def test_update_takes_the_largest_or_decays(device):
    random = np.random.default_rng(1)
    grid = random_grid(2)
    cells = random.integers(0, 2 * CELLS, 50000).astype(np.int32)
    cells[:1000] = 77  # many samples in one cell
    sigmas = random.exponential(5, 50000).astype(np.float32)
    sigmas[::97] = np.nan
    out = occupancy.update_grid(
        jt.array(grid), jt.array(cells), jt.array(sigmas), 0.0017, 0.95
    ).numpy()
    np.testing.assert_array_equal(out, reference.update_grid(grid, cells, sigmas, 0.0017, 0.95))
    assert (out[grid == -1] == -1).all() and np.isfinite(out).all()


def test_decay_of_a_cell_not_sampled(device):
    grid = np.full(CELLS, 0.5, np.float32)
    out = occupancy.update_grid(
        jt.array(grid), jt.array(np.int32([3])), jt.array(np.float32([0.0])), 1.0
    ).numpy()
    np.testing.assert_array_equal(out, np.float32(0.95) * grid)


@pytest.mark.parametrize("levels", [1, 4])
@pytest.mark.parametrize("threshold", [0.002, 0.01])
def test_bitfield(device, levels, threshold):
    grid = random_grid(levels)
    field = occupancy.build_bitfield(jt.array(grid), threshold, RES)
    bits, blocks, stats = reference.build_bitfield(grid, threshold, RES)
    np.testing.assert_allclose(field.stats.numpy(), stats, rtol=1e-6)
    np.testing.assert_array_equal(field.bits.numpy(), bits)
    np.testing.assert_array_equal(field.blocks.numpy(), blocks)


def test_coarser_levels_hold_the_finer_ones(device):
    grid = np.zeros(3 * CELLS, np.float32)
    grid[reference.cell_index([5, 17, 30], RES)] = 1
    bits = occupancy.build_bitfield(jt.array(grid), 0.01, RES).bits.numpy()
    cells = np.flatnonzero(np.unpackbits(bits, bitorder="little"))
    places = [[5, 17, 30], [8 + 2, 8 + 8, 8 + 15], [8 + 5, 8 + 8, 8 + 11]]
    assert cells.tolist() == [
        level * CELLS + reference.cell_index(p, RES) for level, p in enumerate(places)
    ]


def test_golden_threshold():
    """0.01 is density 5.912; a fainter field is cut at its own mean."""
    assert 0.01 / (3**0.5 / 1024) == pytest.approx(5.912, abs=1e-3)
    faint = np.full(CELLS, 0.002, np.float32)
    faint[: CELLS // 2] = -1  # counts as 0
    field = occupancy.build_bitfield(jt.array(faint), 0.01, RES)
    np.testing.assert_allclose(field.stats.numpy(), [0.001, 0.001], rtol=1e-6)
    dense = occupancy.build_bitfield(jt.array(np.full(CELLS, 5.0, np.float32)), 0.01, RES)
    np.testing.assert_allclose(dense.stats.numpy(), [5.0, 0.01], rtol=1e-6)


def test_empty_and_full_grids(device):
    assert occupancy.build_bitfield(jt.zeros((CELLS,)), 0.01, RES).bits.numpy().max() == 0
    assert occupancy.build_bitfield(jt.ones((CELLS,)), 0.01, RES).bits.numpy().min() == 255


def test_same_bits_for_any_number_of_threads():
    random = np.random.default_rng(2)
    grid = jt.array(random_grid(2))
    cells = jt.array(random.integers(0, 2 * CELLS, 20000).astype(np.int32))
    sigmas = jt.array(random.exponential(5, 20000).astype(np.float32))
    cameras = ring_of_cameras(3, 1.4, 300.0)

    def run():
        new = occupancy.update_grid(grid, cells, sigmas, 0.0017)
        field = occupancy.build_bitfield(new, 0.01, RES)
        picked = occupancy.candidates(grid, [(999, 0.01)], 1, 2, RES)
        seen = occupancy.mark_unseen(*cameras, RES, 2)
        return [v.numpy() for v in (new, field.bits, field.blocks, field.stats, *picked, seen)]

    for one, two in zip(with_threads(1, run), with_threads(2, run), strict=True):
        np.testing.assert_array_equal(one, two)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="resolution is 100"):
        occupancy.check_resolution(100, 1)
    with pytest.raises(ValueError, match="9 levels"):
        occupancy.check_resolution(128, 9)
    with pytest.raises(ValueError, match=r"must be \[N, 3, 4\]"):
        occupancy.mark_unseen(np.zeros((2, 4, 4)), np.zeros((2, 4)), np.zeros((2, 2)))
