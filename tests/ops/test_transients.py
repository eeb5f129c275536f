"""What is transient in a photograph: reference against kernel, gradients by finite differences, edge cases."""

import jittor as jt
import numpy as np
import pytest

from jnerf.ops.transients import (
    reference,
    transient_error,
    transient_head,
    transient_mix,
    transient_seen,
)

N = 57


def arrays():
    """Density and colour of a scene, of what is transient, and its uncertainty; float64."""
    random = np.random.default_rng(0)
    sigmas, densities = random.random(N) * 5, random.random((N, 1)) * 5
    densities[3] = sigmas[3] = 0  # neither
    rgbs, colors, betas = random.random((N, 3)), random.random((N, 3)), random.random((N, 1))
    return [sigmas, rgbs, densities, colors, betas]


def check(op, right, inputs, cotangents, rtol=1e-4, atol=1e-5, h=1e-6):
    """Values, and gradients against central differences of the reference in float64."""
    given = [jt.array(np.float32(x)) for x in inputs]
    found = op(*given)
    for a, b in zip(found, right(*inputs), strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-5, atol=1e-6)
    total = sum((f * jt.array(np.float32(c))).sum() for f, c in zip(found, cotangents, strict=True))
    for k, grad in enumerate(jt.grad(total, given)):
        width = inputs[k][0].size
        expected = np.zeros((len(inputs[k]), width))
        for c in range(width):
            values = []
            for s in (h, -h):
                moved = [x.copy() for x in inputs]
                moved[k].reshape(len(moved[k]), -1)[:, c] += s
                # every output's row depends on the same row of inputs alone
                terms = zip(right(*moved), cotangents, strict=True)
                values.append(sum((y * g).reshape(len(g), -1).sum(1) for y, g in terms))
            expected[:, c] = (values[0] - values[1]) / (2 * h)
        np.testing.assert_allclose(grad.numpy().reshape(expected.shape), expected, rtol, atol)


def test_head(device):
    random = np.random.default_rng(1)
    raw = random.normal(size=(N, 5)) * 4
    raw[0] = [-100, 50, -50, 0, -100]
    cotangents = [random.normal(size=(N, w)) for w in (1, 3, 1)]
    how = -1.0, 2.5
    check(
        lambda x: transient_head(x, *how),
        lambda x: reference.transient_head(x, *how),
        [raw],
        cotangents,
    )
    xv = jt.array(np.float32(raw))
    grad = jt.grad(transient_head(xv, *how)[1].sum(), xv).numpy()
    assert (grad[:, [0, 4]] == 0).all() and (grad[1:, 1] > 0).all()


def test_mix(device):
    random = np.random.default_rng(2)
    inputs = arrays()
    inputs[0][3] = inputs[2][3] = 0.01  # differences need room
    cotangents = [random.normal(size=s) for s in ((N,), (N, 3), (N, 3))]
    check(transient_mix, reference.transient_mix, inputs, cotangents, rtol=1e-3, atol=1e-4)
    given = [jt.array(np.float32(x)) for x in arrays()]
    both, mixed, channels = transient_mix(*given)
    assert both.numpy()[3] == 0 and (channels.numpy()[3] == 0).all()
    for grad in jt.grad(mixed.sum(), given):  # of the others nothing depends on them
        assert np.isfinite(grad.numpy()).all()
    assert (jt.grad(both.sum(), given[2]).numpy() == 1).all()


def test_seen(device):
    random = np.random.default_rng(3)
    channels, cotangents = random.random((N, 3)), [random.normal(size=(N, 1)) for _ in range(2)]
    check(
        lambda x: transient_seen(x, 0.1),
        lambda x: reference.transient_seen(x, 0.1),
        [channels],
        cotangents,
    )
    xv = jt.array(np.float32(channels))
    grad = jt.grad(transient_seen(xv, 0.1)[0].sum(), xv).numpy()
    assert grad.tolist() == [[1, 0, 0]] * N


@pytest.mark.parametrize("truth, behind", [(3, False), (4, False), (4, True)])
def test_error(device, truth, behind):
    random = np.random.default_rng(4)
    colors, betas = random.random((N, 3)), random.random((N, 1)) + 0.1
    target, background = random.random((N, truth)), random.random((N, 3)) if behind else None
    inputs = [colors, betas, target] if truth == 3 else [colors, betas]

    def right(c, b, t=target):
        return reference.transient_error(c, t, background, b, 0.5)

    given = [jt.array(np.float32(x)) for x in inputs]
    rest = [] if truth == 3 else [jt.array(np.float32(target))]
    back = None if background is None else jt.array(np.float32(background))
    c, b, t = [*given, *rest]
    loss = transient_error(c, t, back, b, 0.5)
    assert loss.item() == pytest.approx(right(colors, betas), rel=1e-5)
    for k, grad in enumerate(jt.grad(loss * 3, given)):
        for place in [(0, 0), (N - 1, inputs[k].shape[1] - 1), (20, 0)]:
            values = []
            for h in (1e-5, -1e-5):
                moved = [x.copy() for x in inputs]
                moved[k][place] += h
                values.append(right(*moved))
            expected = 3 * (values[0] - values[1]) / 2e-5
            assert grad.numpy()[place] == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_nothing_and_wrong_shapes(device):
    nothing = [jt.zeros(s) for s in ((0,), (0, 3), (0, 1), (0, 3), (0, 1))]
    assert [list(v.shape) for v in transient_mix(*nothing)] == [[0], [0, 3], [0, 3]]
    assert [list(v.shape) for v in transient_head(jt.zeros((0, 5)), 0, 1)] == [[0, 1], [0, 3], [0, 1]]  # fmt: skip
    assert list(transient_seen(jt.zeros((0, 3)), 0.1)[0].shape) == [0, 1]
    assert transient_error(nothing[1], nothing[1], None, nothing[2]).item() == 0
    with pytest.raises(ValueError, match=r"the shape is \[4,? ?4"):
        transient_head(jt.zeros((4, 4)), 0, 1)
    with pytest.raises(ValueError, match=r"transient_seen: the shape is \[4, 2\]"):
        transient_seen(jt.zeros((4, 2)), 0.1)
    with pytest.raises(ValueError, match=r"transient_mix: shapes are"):
        transient_mix(*nothing[:4], jt.zeros((1, 1)))
    with pytest.raises(ValueError, match=r"transient_error: shapes are"):
        transient_error(jt.zeros((2, 3)), jt.zeros((2, 2)), None, jt.ones((2, 1)))
