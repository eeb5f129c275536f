"""Options by place in the config: who they reach, and clipping, freezing and skipping."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.optims.adam import Adam
from jnerf.optims.groups import options_of
from jnerf.optims.rmsprop import RMSprop

NAMES = ["encoder.pos_encoder", "encoder.proposal_0", "network", "network.variance"]


def at(groups, step=0):
    found = options_of(groups, NAMES, 0.1, ("sparse",))
    return {name: (options.lr(step), options.own.get("sparse")) for name, options in found.items()}


def test_a_longer_place_overrules_a_shorter_one_however_it_is_written():
    nested = {"encoder": {"proposal_0": {"lr": 0.3}, "sparse": True, "lr": 0.2}}
    dotted = {"encoder.proposal_0": {"lr": 0.3}, "encoder": {"sparse": True, "lr": 0.2}}
    right = {
        "encoder.pos_encoder": (0.2, True),
        "encoder.proposal_0": (0.3, True),
        "network": (0.1, None),
        "network.variance": (0.1, None),
    }
    assert at(nested) == at(dotted) == right
    only = at(
        {"network": {"lr": {"schedule": "linear", "value": 1.0, "end": 0.0, "steps": (0, 10)}}}, 5
    )
    assert only["network"] == only["network.variance"] == (0.5, None)


@pytest.mark.parametrize(
    "groups, message",
    [
        ({"encodr": {}}, "no parameter group 'encodr'. Valid: encoder.pos_encoder, encoder.prop"),
        (
            {"encoder": {"proposal_1": {"lr": 1}}},
            "no parameter group 'encoder.proposal_1'. Did you",
        ),
        ({"lr": 1.0}, "no parameter group 'lr'"),
        ({"network": {"lrr": 1.0}}, "groups.network: unknown option 'lrr'. Did you mean 'lr'"),
        (
            {"network": 3},
            "groups.network is 3; give a dict of lr, clip_norm, frozen, every, sparse",
        ),
        ({"network": {"frozen": 1}}, "groups.network: frozen is 1; give True or False"),
        ({"network": {"clip_norm": 0}}, "clip_norm is 0; give a number above 0, or None"),
        ({"network": {"every": 0}}, "every is 0; give a whole number of steps from 1 on"),
        ({"network": {"every": 1.5}}, "every is 1.5; give a whole number"),
        ({"network": {"lr": -1}}, "network: the learning rate is -1; it must be at least 0"),
        ({n: {"frozen": True} for n in ("encoder", "network")}, "every group is frozen"),
        ({"network": {"every": {"schedule": "x", "value": 1}}}, "unknown schedule 'x'"),
    ],
)
def test_mistakes_are_named(groups, message):
    with pytest.raises(ConfigError, match=message):
        options_of(groups, NAMES, 0.1, ("sparse",))


def two():
    return {
        "network": [jt.array(np.float32([1, 2])), jt.array(np.float32([[3], [4]]))],
        "network.b": [jt.array(np.float32([5]))],
    }


def loss_of(params, scale=1.0):
    return sum((v * v).sum() for group in params.values() for v in group) * scale


@pytest.mark.parametrize("kind", [Adam, RMSprop])
def test_a_frozen_group_stays(kind, device):
    params = two()
    optim = kind(params, lr=0.1, groups={"network": {"frozen": True, "b": {"frozen": False}}})
    before = optim.state()
    for step in range(3):
        optim.step(loss_of(params), step)
    assert params["network"][0].numpy().tolist() == [1, 2] and params["network.b"][0].item() < 5
    after = optim.state()
    for key in before:
        same = np.array_equal(before[key], after[key])
        assert same != key.startswith("network.b"), key


@pytest.mark.parametrize("kind", [Adam, RMSprop])
def test_a_skipped_group_does_not_drift(kind, device):
    """Trained at every third step it goes where it goes when these are all the steps that there are."""
    skipping, alone = two(), two()
    optim = kind(skipping, lr=0.1, groups={"network.b": {"every": 3}})
    values = []
    for step in range(9):
        optim.step(loss_of(skipping, 1 + step), step)
        values.append(skipping["network.b"][0].item())
    assert values[0] == values[1] == values[2] != values[3] == values[4] == values[5] != values[6]
    optim = kind({"network.b": alone["network.b"]}, lr=0.1)
    for step in (0, 3, 6):
        optim.step(loss_of({"network.b": alone["network.b"]}, 1 + step), step)
    np.testing.assert_allclose(alone["network.b"][0].numpy(), values[-1], rtol=1e-6)


def test_every_may_follow_a_schedule():
    rare = {"schedule": "linear", "value": 1, "end": 5, "steps": (0, 8)}
    options = options_of({"network": {"every": rare}}, NAMES, 0.1)["network"]
    assert [step for step in range(21) if options.due(step)] == [0, 2, 10, 15, 20]


def test_a_step_that_trains_nothing_is_no_error():
    params = two()
    Adam(params, groups={"network": {"every": 2}}).step(loss_of(params), 1)
    assert params["network"][0].numpy().tolist() == [1, 2]


def test_clipping_scales_the_gradients_of_the_group_together(device):
    clipped, free = two(), two()
    length = np.sqrt(4 * (1 + 4 + 9 + 16))  # of the gradients of "network"
    optim = RMSprop(clipped, lr=0.1, eps=10.0, groups={"network": {"clip_norm": 0.5}})
    optim.step(loss_of(clipped), 0)
    v = optim.state()["network.0.v"]
    optim = RMSprop(free, lr=0.1, eps=10.0)
    optim.step(loss_of(free), 0)
    np.testing.assert_allclose(v, optim.state()["network.0.v"] * (0.5 / length) ** 2, rtol=1e-5)
    short = two()
    optim = RMSprop(short, lr=0.1, eps=10.0, groups={"network": {"clip_norm": 2 * length}})
    optim.step(loss_of(short), 0)
    np.testing.assert_array_equal(short["network"][0].numpy(), free["network"][0].numpy())


def test_what_is_clipped_is_the_gradient_of_the_whole_batch():
    """Processes add up their gradients first: two halves that are short may be long together, or nothing."""
    whole, halved = two(), two()
    groups = {"network": {"clip_norm": 0.5}}
    one, other = (RMSprop(p, lr=0.1, eps=10.0, groups=groups) for p in (whole, halved))
    one.step(loss_of(whole), 0)
    other.combine = lambda grads: [2 * grad for grad in grads]
    other.step(loss_of(halved) * 0.5, 0)
    for a, b in zip(whole["network"], halved["network"], strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()
    other.combine = lambda grads: [0 * grad for grad in grads]
    other.step(loss_of(halved), 1)
    np.testing.assert_array_equal(whole["network"][0].numpy(), halved["network"][0].numpy())


def test_a_gradient_of_zero_is_not_divided_by():
    params = two()
    Adam(params, groups={"network": {"clip_norm": 1.0}}).step(loss_of(params, 0.0), 0)
    assert params["network"][0].numpy().tolist() == [1, 2]
