"""RMSprop: groups, schedules, bit-exact state, parameters that are replaced, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import CheckpointError, ConfigError
from jnerf.optims.rmsprop import RMSprop

DECAYING = {"schedule": "linear", "value": 1e-1, "end": 1e-3, "steps": (0, 20)}


def make_params(seed=0):
    random = np.random.default_rng(seed)
    shapes = {"density": (40, 1), "sh": (40, 32)}
    return {k: [jt.array(random.normal(size=s).astype(np.float32))] for k, s in shapes.items()}


def train(params, optim, steps):
    for step in steps:
        rows = np.random.default_rng(step).random((40, 1)) < 0.5
        mask = jt.array(rows.astype(np.float32))
        loss = sum((jt.sqr(p - 1) * mask).sum() for group in params.values() for p in group)
        optim.step(loss, step)


def arrays(params, optim):
    return [p.numpy() for group in params.values() for p in group] + list(optim.state().values())


def test_it_minimises(device):
    params = make_params()
    falling = {"schedule": "linear", "value": 1e-1, "end": 1e-3, "steps": (0, 400)}
    train(params, RMSprop(params, lr=falling), range(400))
    for group in params.values():
        np.testing.assert_allclose(group[0].numpy(), 1, atol=2e-2)


def test_groups_have_learning_rates_of_their_own(device):
    params = make_params()
    before = [params[name][0].numpy() for name in params]
    optim = RMSprop(params, lr=1e-2, groups={"density": {"lr": 0.5}})
    train(params, optim, [0])
    moved = [
        np.abs(params[name][0].numpy() - b).max() for name, b in zip(params, before, strict=True)
    ]
    np.testing.assert_allclose(moved, [0.5, 1e-2], rtol=1e-3)
    assert optim.lr_at(0) == 1e-2


def test_resumed_equals_straight(device):
    straight = make_params()
    first = RMSprop(straight, lr=DECAYING)
    train(straight, first, range(20))
    params = make_params()
    optim = RMSprop(params, lr=DECAYING)
    train(params, optim, range(10))
    resumed = {name: [jt.array(group[0].numpy())] for name, group in params.items()}
    again = RMSprop(resumed, lr=DECAYING)
    again.load_state(optim.state())
    train(resumed, again, range(10, 20))
    for a, b in zip(arrays(straight, first), arrays(resumed, again), strict=True):
        np.testing.assert_array_equal(a, b)


def test_replaced_parameters_start_anew_and_others_go_on(device):
    params = make_params()
    optim = RMSprop(params)
    train(params, optim, range(3))
    kept = optim.state()["sh.0.v"]
    params["density"] = [jt.ones((7, 1))]
    optim.rebind(params)
    state = optim.state()
    assert state["density.0.v"].tolist() == [[0]] * 7
    np.testing.assert_array_equal(state["sh.0.v"], kept)
    optim.step(jt.sqr(params["density"][0]).sum() + params["sh"][0].sum(), 3)
    np.testing.assert_allclose(params["density"][0].numpy(), 0.99, rtol=1e-5)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"groups": {"densty": {}}}, "no parameter group 'densty'. Did you mean 'density'?"),
        ({"groups": {"sh": {"lrr": 1.0}}}, "unknown option 'lrr'. Did you mean 'lr'?"),
        ({"groups": {"sh": 1.0}}, "groups.sh is 1.0; give a dict"),
        ({"beta": 1.0}, "beta is 1.0"),
        ({"eps": 0.0}, "eps 0.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        RMSprop(make_params(), **options)


def test_wrong_state():
    optim = RMSprop(make_params())
    with pytest.raises(CheckpointError, match=r"lacks \['sh.0.v'\]"):
        optim.load_state({"density.0.v": np.zeros((40, 1), np.float32)})


def test_only_float32_is_trained():
    with pytest.raises(ConfigError, match=r"a parameter of 'network' is int32 \[3\]"):
        RMSprop({"network": [jt.zeros((3,), dtype="int32")]})
