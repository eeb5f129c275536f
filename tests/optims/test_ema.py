"""EMA: bias correction, swapping, state, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import CheckpointError, ConfigError
from jnerf.optims.adam import Adam
from jnerf.optims.ema import EMA
from jnerf.registry import OPTIMS


def make(decay=0.9, every=1):
    params = {"encoder": [jt.array([1.0, -2.0])], "network": [jt.array([[3.0]])]}
    return params, EMA(params, decay, every)


def move(params, ema, n, seed=0):
    """Changes the parameters and averages them, n times; returns the weighted mean as defined."""
    random = np.random.default_rng(seed)
    history = []
    for _ in range(n):
        for var in (params["encoder"][0], params["network"][0]):
            var.update(jt.array(random.normal(size=var.shape).astype(np.float32)))
        ema.update()
        history.append(params["encoder"][0].numpy())
    history = history[ema.every - 1 :: ema.every]
    weights = ema.decay ** (ema.every * np.arange(len(history))[::-1])
    return (weights[:, None] * np.array(history)).sum(0) / weights.sum()


@pytest.mark.parametrize(("n", "every"), [(1, 1), (2, 1), (30, 1), (4, 4), (31, 4)])
def test_applied_is_the_weighted_mean(device, n, every):
    params, ema = make(every=every)
    expected = move(params, ema, n)
    raw = params["encoder"][0].numpy()
    with ema.applied():
        np.testing.assert_allclose(params["encoder"][0].numpy(), expected, rtol=1e-5)
    np.testing.assert_array_equal(params["encoder"][0].numpy(), raw)


def test_constant_parameters_average_to_themselves(device):
    params, ema = make(decay=0.95)
    for _ in range(3):
        ema.update()
    with ema.applied():
        np.testing.assert_allclose(params["network"][0].numpy(), [[3.0]], rtol=1e-6)


@pytest.mark.parametrize("n", [0, 3])
def test_before_the_first_update_nothing_changes(n):
    params, ema = make(every=4)
    for _ in range(n):
        ema.update()
    with ema.applied():
        np.testing.assert_array_equal(params["encoder"][0].numpy(), [1, -2])


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (4, 3)])
@pytest.mark.parametrize("n", [5, 7])
def test_every_may_change_from_start_to_start(before, after, n):
    params, ema = make(every=before)
    for _ in range(n):
        ema.update()
    others, other = make(every=after)
    other.load_state(ema.state())
    for _ in range(n):
        other.update()
    with other.applied():  # constant parameters average to themselves
        np.testing.assert_allclose(others["encoder"][0].numpy(), [1, -2], rtol=1e-6)


def test_of_a_state_from_before_every_update_was_taken():
    params, ema = make()
    for _ in range(3):
        ema.update()
    state = ema.state()
    assert state.pop("left") == pytest.approx(ema.decay**3)
    others, other = make(every=4)
    other.load_state(state)
    with other.applied():
        np.testing.assert_allclose(others["network"][0].numpy(), [[3.0]], rtol=1e-6)


def test_an_exception_restores_the_parameters():
    params, ema = make()
    move(params, ema, 3)
    raw = params["encoder"][0].numpy()
    with pytest.raises(KeyError):
        with ema.applied():
            raise KeyError
    np.testing.assert_array_equal(params["encoder"][0].numpy(), raw)
    ema.update()  # allowed again


def test_training_goes_on_as_if_never_swapped(device):
    def run(swap):
        params, ema = make()
        optim = Adam(params, groups={"encoder": {"sparse": True}})
        for step in range(6):
            loss = ((params["encoder"][0] - 5) ** 2).sum() * params["network"][0].sum()
            optim.step(loss, step)
            ema.update()
            if swap:
                with ema.applied():
                    (params["encoder"][0] * 2).sync()
        return params["encoder"][0].numpy(), *ema.state().values()

    for a, b in zip(run(False), run(True), strict=True):
        np.testing.assert_array_equal(a, b)


def test_misuse_is_an_error():
    _, ema = make()
    with ema.applied():
        with pytest.raises(RuntimeError, match="leave the block first"):
            ema.update()
        with pytest.raises(RuntimeError, match="already active"):
            with ema.applied():
                pass


@pytest.mark.parametrize("every", [1, 3])
def test_state_round_trips(every):
    params, ema = make(every=every)
    move(params, ema, 4)
    saved = ema.state()
    other_params, other = make(every=every)
    other.load_state(saved)
    for both in (params, ema), (other_params, other):
        move(*both, 2, seed=1)  # with every=3, as if nothing had been in between
    with ema.applied(), other.applied():
        np.testing.assert_array_equal(
            params["encoder"][0].numpy(), other_params["encoder"][0].numpy()
        )
    with pytest.raises(CheckpointError, match="EMA: the saved state lacks"):
        other.load_state({})


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"decay": 1.0}, r"it must be in \[0, 1\)"),
        ({"decay": -0.1}, r"it must be in \[0, 1\)"),
        ({"every": 0}, "it must be at least 1"),
    ],
)
def test_values_out_of_range(wrong, told):
    with pytest.raises(ConfigError, match=told):
        OPTIMS.build({"type": "EMA", **wrong}, path="ema", params=make()[0])


def test_rebinding_starts_anew():
    params, ema = make()
    move(params, ema, 3)
    params["encoder"] = [jt.array([[4.0]])]
    ema.rebind(params)
    assert ema.updates == 0 and ema.state()["encoder.0"].tolist() == [[0]]
    ema.update()
    with ema.applied():
        np.testing.assert_allclose(params["encoder"][0].numpy(), 4, rtol=1e-6)
