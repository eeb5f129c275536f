"""Parts of a batch, and a process that is alone."""

import jittor as jt
import numpy as np
import pytest

from jnerf.engine.parallel.field import bounds
from jnerf.engine.parallel.team import Team, team
from jnerf.ops.common import uniform
from jnerf.ops.common.intervals import PackedIntervals
from jnerf.samplers.budget import within_budget
from jnerf.samplers.uniform import UniformSampler
from jnerf.structures import Batch, RayBundle


def bundle(n=10):
    rng = np.random.default_rng(0)
    origins = rng.uniform(0.2, 0.8, (n, 3)).astype(np.float32)
    ways = rng.normal(size=(n, 3)).astype(np.float32)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return RayBundle(jt.array(origins), jt.array(ways), jt.array(np.arange(n, dtype=np.int32)))


def test_alone_nobody_is_asked():
    alone = team()
    assert type(alone) is Team and alone.first and alone.size == 1
    assert alone.items([1, 2]) == [1, 2] and alone.told(lambda: 3) == 3
    assert alone.rows([{"a": 1}], False) == [{"a": 1}] and alone.rows([], True) is None


@pytest.mark.parametrize("n, size", [(10, 3), (2, 4), (0, 2)])
def test_shares_are_all_there_is(n, size):
    found = [i for rank in range(size) for i in range(*bounds(n, rank, size))]
    assert found == list(range(n))


def test_parts_of_a_batch_keep_their_numbers():
    batch = Batch(bundle(), jt.array(np.arange(40, dtype=np.float32).reshape(10, 4)))
    part = batch.part(3, 4)
    assert (
        part.rays.number == 3
        and part.rays.first(2).number == 3
        and part.rays.part(1, 2).number == 4
    )
    assert part.rays.image_indices.numpy().tolist() == [3, 4, 5, 6]
    assert part.rgba.numpy()[0, 0] == 12


@pytest.mark.parametrize(
    "seed, step, first", [(0, 0, 1), (1337, 99, 4096), (2**32 - 1, 2**31, 2**32 - 5)]
)
def test_a_part_draws_what_the_whole_draws(seed, step, first):
    rays = RayBundle(jt.zeros((1, 3)), jt.zeros((1, 3)), number=first)
    drawn = uniform(seed, rays.draw_step(seed, step), np.arange(8), 3)
    numbers = (first + np.arange(8)) % 2**32
    np.testing.assert_array_equal(drawn, uniform(seed, step, numbers, 3))
    assert rays.draw_step(seed, None) is None


def test_a_part_has_the_samples_of_the_whole():
    sampler, rays = UniformSampler(n_samples=4, seed=5), bundle()
    whole, part = sampler(rays, None, 7), sampler(rays.part(6, 4), None, 7)
    starts = whole.t_starts.numpy()[whole.ray_indices.numpy() >= 6]
    np.testing.assert_array_equal(part.t_starts.numpy(), starts)


def intervals(counts):
    ends = np.cumsum(counts)
    packed = np.stack([ends - counts, counts], 1).astype(np.int32)
    n = int(ends[-1])
    rays = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    t = jt.array(np.arange(n, dtype=np.float32))
    return PackedIntervals(t, t + 1, jt.array(rays), jt.array(packed), n)


@pytest.mark.parametrize("budget", [1, 5, 6, 9, 12, 15])
def test_a_budget_of_parts_is_that_of_the_whole(budget):
    counts = [[3, 0, 2, 0], [0, 1, 3], [0, 6, 0]]
    flat = np.array(sum(counts, []))
    ends = np.cumsum(flat)
    fits = int(np.searchsorted(ends, budget, side="right"))
    kept = int(ends[fits - 1]) if fits else 0
    # rays behind the last one that has a sample are dropped with those that exceed
    leading = int(np.searchsorted(ends, kept)) + 1 if kept else 0
    parts = [intervals(np.array(part)) for part in counts]

    def run(asked):
        """Every part in turn, with what all say to the k-th question taken from ``asked``."""
        answers = []
        for part, each in enumerate(parts):
            told = iter(asked)

            def tally(numbers, part=part, told=told):
                answers.append(numbers[0])
                return next(told), part

            found.append(within_budget(each, None, budget, tally))
        return answers

    found: list = []
    wanted = np.array([[len(part)] for part in parts])
    given = run([wanted, wanted])[1::2]  # what each keeps does not depend on what the others keep
    found.clear()
    run([wanted, np.array(given)[:, None]])
    assert sum(len(part[0]) for part in found) == kept == found[0][3]
    assert sum(part[2] for part in found) == leading
