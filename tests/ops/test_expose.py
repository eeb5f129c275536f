"""expose: against the reference, its gradients against differences, and what it must leave alone."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.imaging.srgb import to_linear, to_srgb
from jnerf.ops.expose import expose, reference

IMAGES = 5


def make_rays(n: int, behind: bool = True):
    random = np.random.default_rng(n)
    opacities = random.random((n, 1))
    opacities[::5] = 1
    opacities[1::7] = [[0], [5e-4]][n % 2]
    background = random.random((n, 3)) if behind else None
    own = random.uniform(-0.02, 1.2, (n, 3))
    own[::3] *= 0.04  # where the curve is a line
    colors = own * opacities + (0 if background is None else (1 - opacities) * background)
    rgba = random.random((n, 4))
    rgba[::2, 1] = 1
    stops = random.uniform(-2, 2, (IMAGES, 3))
    arrays = [colors, opacities, background, rgba, stops]
    arrays = [None if v is None else v.astype(np.float32) for v in arrays]
    return [*arrays, random.integers(0, IMAGES, n).astype(np.int32)]


def on_device(arrays):
    return [None if v is None else jt.array(v) for v in arrays]


@pytest.mark.parametrize("behind", [True, False])
@pytest.mark.parametrize("n", [0, 1, 400])
def test_matches_the_reference(device, behind, n):
    arrays = make_rays(n, behind)
    found = expose(*on_device(arrays)).numpy()
    np.testing.assert_allclose(found, reference.expose(*arrays), atol=5e-6, rtol=1e-5)


@pytest.mark.parametrize("behind", [True, False])
def test_gradients_are_those_of_the_reference(device, behind):
    arrays = make_rays(301, behind)
    grad = np.random.default_rng(0).normal(size=(301, 3)).astype(np.float32)
    given = on_device(arrays)
    wanted = [given[0], given[1], given[4]]
    found = [g.numpy() for g in jt.grad((expose(*given) * jt.array(grad)).sum(), wanted)]
    wide = [None if v is None else v.astype(np.float64) for v in arrays[:5]] + arrays[5:]
    far = ((wide[1] >= 2e-3) | (wide[1] < 9e-4))[:, 0]  # from where it sets in

    def value(k, x):
        return (reference.expose(*wide[:k], x, *wide[k + 1 :]) * grad).sum(1, keepdims=True)

    h = 1e-6
    for k, mine in ((0, found[0]), (1, found[1])):
        for c in range(wide[k].shape[1]):
            step = np.zeros(wide[k].shape[1])
            step[c] = h
            right = (value(k, wide[k] + step) - value(k, wide[k] - step)) / (2 * h)
            np.testing.assert_allclose(mine[far, c], right[far, 0], atol=2e-3, rtol=2e-3)
    for i, c in np.ndindex(IMAGES, 3):
        step = np.zeros((IMAGES, 3))
        step[i, c] = h
        right = (value(4, wide[4] + step) - value(4, wide[4] - step)).sum() / (2 * h)
        assert found[2][i, c] == pytest.approx(right, abs=2e-3, rel=2e-3)


def test_it_is_what_a_camera_does_to_light():
    random = np.random.default_rng(2)
    colors, stops = random.random((50, 3)), random.uniform(-1, 1, (1, 3))
    arrays = colors, np.ones((50, 1)), None, np.zeros((50, 4)), stops
    arrays = [None if v is None else v.astype(np.float32) for v in arrays]
    found = expose(*on_device([*arrays, np.zeros(50, np.int32)])).numpy()
    right = to_srgb(to_linear(arrays[0]) * 2 ** arrays[4])
    np.testing.assert_allclose(found, right, atol=2e-6)
    neutral = expose(*on_device([*arrays[:4], 0 * arrays[4], np.zeros(50, np.int32)])).numpy()
    np.testing.assert_allclose(neutral, arrays[0], atol=2e-6)


def test_a_full_sensor_says_no_more_than_that_it_is_full():
    """2 stops more than what is rendered: of a white channel there is nothing to learn, of others there is."""
    colors, stops = jt.array(np.float32([[0.8, 0.8, 0.8]])), jt.array(np.float32([[2, 2, 2]]))
    rgba = jt.array(np.float32([[1, 0.9, 1, 1]]))
    found = expose(colors, jt.ones((1, 1)), None, rgba, stops, jt.array(np.int32([0])))
    assert found.numpy()[0, 0] == 1 and found.numpy()[0, 1] > 1.3
    grads = [g.numpy()[0] for g in jt.grad(found.sum(), [colors, stops])]
    assert all(g[0] == g[2] == 0 and g[1] > 0.1 for g in grads)


def test_gradients_have_the_same_bits_for_any_number_of_threads():
    arrays = make_rays(5000)

    def gradient():
        given = on_device(arrays)
        return jt.grad(jt.sqr(expose(*given)).sum(), given[4]).numpy()

    one, *others = (with_threads(n, gradient) for n in (1, 2, 2))
    assert one.any() and all(one.tobytes() == other.tobytes() for other in others)


def test_bad_calls_are_refused():
    given = on_device(make_rays(3))
    with pytest.raises(ValueError, match=r"give \[R, 3\], \[R, 1\]"):
        expose(given[0][:2], *given[1:])
    with pytest.raises(ValueError, match=r"stops \[5, 2\]"):
        expose(*given[:4], given[4][:, :2], given[5])
