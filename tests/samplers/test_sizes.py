"""Sizes that follow what earlier steps needed."""

import jittor as jt
import numpy as np
import pytest

from jnerf.samplers.sizes import Sizes


def noted(sizes, n_rays, windows, wanted, kept=None, live=None):
    """A step in which no window dropped a ray; windows: the samples of each."""
    live = [n_rays] * 4 if live is None else live
    numbers = [live[-1], live[-1], wanted, wanted if kept is None else kept]
    for pair in zip(windows, live, strict=True):
        numbers += pair
    sizes.note(n_rays, sizes.of(n_rays, 2**18)[0], jt.array(np.int32(numbers)))


def test_at_first_as_many_rays_as_possible_are_whole():
    assert Sizes(1024, 2**21).of(100, 2**18)[0] == [3200, 9600, 38400, 51200]
    looks, rows = Sizes(1024, 2**21).of(4096, 2**18)
    assert looks == [65536, 196608, 786432, 1048576] and rows == 2**18
    assert Sizes(1024, 1024).of(4096, 1024) == ([32, 96, 384, 512], 1024)


def test_then_they_are_the_largest_needs_and_a_quarter():
    sizes = Sizes(1024, 2**21)
    noted(sizes, 1000, [20000, 8000, 100, 0], 12000)
    noted(sizes, 2000, [36000, 20000, 0, 0], 26000)
    assert sizes.pending == 2 and not sizes.measured
    assert list(sizes.collect()) == [12000, 26000] and sizes.pending == 0
    sizes.adapt()
    assert sizes.measured
    looks, rows = sizes.of(4096, 2**18)
    expected = [1.25 * 4096 * need for need in (20, 10, 0.1)]
    assert all(a <= b < a + 1024 for a, b in zip(expected, looks, strict=False))
    assert looks[3] == 512 and 0 <= rows - 1.25 * 4096 * 13 < 1024
    assert sizes.of(4096, 50000)[1] == 50000
    assert list(sizes.collect()) == []
    sizes.adapt()  # nothing new: as before
    assert sizes.of(4096, 2**18) == (looks, rows)


def test_rays_that_were_dropped_do_not_count_as_rays_without_samples():
    sizes = Sizes(1024, 2**21)
    noted(sizes, 1000, [20000, 4000, 0, 0], 3000, live=[500, 250, 250, 250])
    assert list(sizes.collect()) == [12000]
    sizes.adapt()
    looks, rows = sizes.of(1000, 2**18)
    assert looks[:2] == [25 * 1024, 10 * 1024] and rows == 15 * 1024


def test_all_windows_share_the_bound():
    sizes = Sizes(1024, 10000)
    noted(sizes, 1000, [20000, 20000, 0, 0], 12000)
    list(sizes.collect())
    sizes.adapt()
    looks, _ = sizes.of(1000, 2**18)
    assert looks[0] == looks[1] == pytest.approx(5000, abs=1) and looks[2:] == [384, 512]


def test_stats_are_of_the_last_step():
    sizes = Sizes(1024, 2**21)
    assert sizes.stats() == {}
    noted(sizes, 1000, [20000, 8000, 100, 0], 12000, kept=11000)
    noted(sizes, 100, [40000, 0, 0, 0], 900, kept=800)
    assert sizes.stats() == {"looked": 3200, "wanted": 900, "kept": 800}
