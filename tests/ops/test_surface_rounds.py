"""surface_rounds: even edges, rounds of more, intervals, against the reference ray by ray."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.surface_rounds import Edges, SurfaceRounds
from jnerf.ops.surface_rounds import reference as R

MIDDLE, RADIUS = (0.5, 0.4, 0.6), 0.5
SPHERE = 0.25


def rays(n=30):
    """Rays at the ball from outside and inside, and some that miss it."""
    random = np.random.default_rng(0)
    o = np.asarray(MIDDLE) + random.normal(size=(n, 3))
    o[:3] = np.asarray(MIDDLE) + 0.1 * random.normal(size=(3, 3))
    d = np.asarray(MIDDLE) + 0.15 * random.normal(size=(n, 3)) - o
    d[-1] = -d[-1]
    return o, d / np.linalg.norm(d, axis=1, keepdims=True)


def sdf(x):
    return np.linalg.norm(x - np.asarray(MIDDLE), axis=-1) - SPHERE


@pytest.mark.parametrize("step", [None, 3])
def test_samples_are_those_of_the_reference(device, step):
    o, d = rays()
    n = len(o)
    key = (7, step) if step is not None else (0, None)
    given = jt.array(o.astype(np.float32)), jt.array(d.astype(np.float32))
    rounds = SurfaceRounds(*given, MIDDLE, RADIUS, *key)
    even = rounds.even(12)
    t = even.t.numpy()
    for i in range(n):
        right = R.even(o[i], d[i], MIDDLE, RADIUS, 12, *key, i)
        np.testing.assert_allclose(t[i], right, atol=1e-5)
    at = (o[:, None] + t[:, :, None] * d[:, None]).reshape(-1, 3)
    np.testing.assert_allclose(even.positions.numpy(), at, atol=1e-5)
    edges, drawn = Edges(even.t, jt.array(sdf(at).astype(np.float32))), None
    for number in range(3):
        values = None
        if drawn is not None:
            where = o[:, None] + drawn.t.numpy()[:, :, None] * d[:, None]
            values = jt.array(sdf(where).astype(np.float32).reshape(-1))
        before = edges
        edges, new = rounds.draw(edges, drawn, values, 5, 32.0 * 2**number)
        if drawn is not None:
            both = np.concatenate([before.t.numpy(), drawn.t.numpy()], axis=1)
            np.testing.assert_array_equal(edges.t.numpy(), np.sort(both, axis=1))
            places = o[:, None] + edges.t.numpy()[:, :, None] * d[:, None]
            np.testing.assert_allclose(edges.sdf.numpy(), sdf(places), atol=1e-5)
        drawn = new
        for i in range(n):
            ray = o[i], d[i], MIDDLE, RADIUS
            row = edges.t.numpy()[i].astype(np.float64)
            w = R.weights(*ray, row, edges.sdf.numpy().reshape(n, -1)[i], 32.0 * 2**number)
            right = R.draw(w, row, 5)
            # where weights are small, a point lies anywhere between two edges
            moved = np.interp(drawn.t.numpy()[i], row, np.append(0, np.cumsum(w + 1e-5)))
            wanted = np.interp(right, row, np.append(0, np.cumsum(w + 1e-5)))
            np.testing.assert_allclose(moved, wanted, atol=2e-4)
        assert (np.diff(drawn.t.numpy(), axis=1) >= 0).all()
    _check_intervals(rounds, edges, drawn, o, d, key)


def _check_intervals(rounds, edges, drawn, o, d, key):
    n, outside = len(o), 4
    found = rounds.intervals(edges.t, drawn, outside)
    k = edges.t.shape[1] + 5 - 1 + outside
    assert len(found) == n * k
    np.testing.assert_array_equal(found.packed_info.numpy(), [[i * k, k] for i in range(n)])
    np.testing.assert_array_equal(found.ray_indices.numpy(), np.repeat(np.arange(n), k))
    inner = np.sort(np.concatenate([edges.t.numpy(), drawn.t.numpy()], axis=1), axis=1)
    starts, ends = (v.numpy().reshape(n, k) for v in (found.t_starts, found.t_ends))
    np.testing.assert_array_equal(starts[:, : k - outside + 1], inner)
    np.testing.assert_array_equal(starts[:, 1:], ends[:, :-1])
    for i in range(n):
        far = R.ends(o[i], d[i], MIDDLE, RADIUS)[1]
        np.testing.assert_allclose(ends[i, -outside:], R.behind(far, outside, *key, i), rtol=2e-4)
    middles = 0.5 * (starts + ends)
    places = (o[:, None] + middles[:, :, None] * d[:, None]).reshape(-1, 3)
    np.testing.assert_allclose(found.positions.numpy(), places, rtol=1e-5, atol=1e-4)


def test_one_ray_without_rounds_and_wrong_shapes(device):
    o, d = (jt.array(v[:1].astype(np.float32)) for v in rays())
    rounds = SurfaceRounds(o, d, MIDDLE, RADIUS)
    even = rounds.even(2)
    found = rounds.intervals(even.t, None)
    assert len(found) == 2 and found.t_starts.numpy()[1] == even.t.numpy()[0, 1]
    with pytest.raises(ValueError, match=r"rays_o \[0, 3\] and rays_d \[0, 3\]; expected"):
        SurfaceRounds(o[:0], d[:0], MIDDLE, RADIUS)
