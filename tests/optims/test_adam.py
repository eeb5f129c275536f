"""Adam: gradients and groups, schedules, bit-exact state, messages."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import CheckpointError, ConfigError
from jnerf.ops.adam import reference
from jnerf.optims.adam import Adam
from jnerf.registry import OPTIMS

GROUPS = {"encoder": {"sparse": True}, "network": {"weight_decay": 1e-2}}
DECAYING = {"schedule": "exponential", "value": 1e-2, "start": 5, "every": 5, "factor": 0.33}


def make_params(seed=0):
    random = np.random.default_rng(seed)
    table = jt.array(random.normal(size=(40, 2)).astype(np.float32))
    weights = [jt.array(random.normal(size=shape).astype(np.float32)) for shape in ((2, 8), (8, 3))]
    return {"encoder": [table], "network": weights}


def loss_of(params, step):
    """A small network on table rows that change from step to step; most rows get no gradient."""
    rows = jt.array(np.random.default_rng(step).integers(0, 40, 6).astype(np.int32))
    first, second = params["network"]
    return ((jt.nn.matmul(jt.nn.matmul(params["encoder"][0][rows], first), second) - 1) ** 2).mean()


def flat(params):
    return [var.numpy() for group in params.values() for var in group]


def train(params, optim, steps):
    for step in steps:
        optim.step(loss_of(params, step), step)
    return flat(params)


def test_twenty_steps_match_plain_loops(device):
    params = make_params()
    optim = Adam(params, lr=DECAYING, groups=GROUPS)
    table, first, second = (array.astype(np.float64) for array in flat(params))
    moments = [[np.zeros_like(array), np.zeros_like(array)] for array in (table, first, second)]
    counts = np.zeros(table.shape, np.int32)
    for step in range(20):
        loss = loss_of(params, step)
        grads = [
            grad.numpy().astype(np.float64) for grad in jt.grad(loss, sum(params.values(), []))
        ]
        lr = 1e-2 * 0.33 ** max(0, (step - 5) // 5 + 1)
        assert optim.lr_at(step) == pytest.approx(lr)
        optim.step(loss, step)
        table, *moments[0], counts = reference.adam_sparse(table, grads[0], *moments[0], counts, lr)
        first, *moments[1] = reference.adam_dense(
            first, grads[1], *moments[1], step + 1, lr, weight_decay=1e-2
        )
        second, *moments[2] = reference.adam_dense(
            second, grads[2], *moments[2], step + 1, lr, weight_decay=1e-2
        )
    for got, expected in zip(flat(params), (table, first, second), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-5)
    assert 0 < counts.min(initial=99, where=counts > 0) < counts.max()
    assert (counts == 0).any()
    np.testing.assert_array_equal(optim.state()["encoder.0.counts"], counts)


def test_training_lowers_the_loss(device):
    params = make_params()
    before = loss_of(params, 0).item()
    train(params, Adam(params, groups=GROUPS), range(100))
    assert loss_of(params, 0).item() < 0.1 * before


def test_resumed_training_is_bit_identical(device):
    straight = make_params()
    train(straight, Adam(straight, lr=DECAYING, groups=GROUPS), range(20))

    params = make_params()
    optim = Adam(params, lr=DECAYING, groups=GROUPS)
    train(params, optim, range(10))
    saved = optim.state()
    resumed = make_params(seed=9)
    for var, array in zip(sum(resumed.values(), []), flat(params), strict=True):
        var.update(jt.array(array))
    optim = Adam(resumed, lr=DECAYING, groups=GROUPS)
    optim.load_state(saved)
    train(resumed, optim, range(10, 20))
    for a, b in zip(flat(straight), flat(resumed), strict=True):
        np.testing.assert_array_equal(a, b)


def test_state_is_a_copy_and_round_trips():
    params = make_params()
    optim = Adam(params, groups=GROUPS)
    train(params, optim, range(3))
    saved = optim.state()
    kept = {key: array.copy() for key, array in saved.items()}
    train(params, optim, range(3, 6))
    for key, array in kept.items():
        np.testing.assert_array_equal(saved[key], array)
    optim.load_state(saved)
    for key, array in optim.state().items():
        np.testing.assert_array_equal(array, kept[key])
        assert array.dtype == kept[key].dtype


def test_a_group_may_have_its_own_learning_rate_or_be_empty():
    params = make_params() | {"poses": []}
    before = flat(params)
    optim = Adam(params, lr=1e-2, groups={"encoder": {"lr": 0.0}, "poses": {"lr": 1e-3}})
    train(params, optim, range(2))
    np.testing.assert_array_equal(flat(params)[0], before[0])
    assert (flat(params)[1] != before[1]).all()


@pytest.mark.parametrize("corrected", [False, True])
def test_the_epsilon_beside_the_corrected_root(corrected):
    """With gradients as small as it, by the textbook: m / (1 - b1^t) / (root(v / (1 - b2^t)) + eps)."""
    start, grad, eps, betas = np.float32([1.0, 2.0]), np.float64([1e-6, -3e-6]), 1e-6, (0.9, 0.999)
    param = jt.array(start)
    optim = Adam({"network": [param]}, 1e-2, betas, eps, corrected=corrected)
    right, m, v = start.astype(np.float64), np.zeros(2), np.zeros(2)
    for t in range(1, 4):
        m, v = betas[0] * m + (1 - betas[0]) * grad, betas[1] * v + (1 - betas[1]) * grad**2
        own = eps if corrected else eps / np.sqrt(1 - betas[1] ** t)
        root = np.sqrt(v / (1 - betas[1] ** t))
        right -= 1e-2 * m / (1 - betas[0] ** t) / (root + own)
        optim.step((param * jt.array(grad.astype(np.float32))).sum(), t - 1)
        jt.sync([param])
    np.testing.assert_allclose(param.numpy(), right, atol=3e-7)
    assert np.abs(param.numpy() - start).min() > (1e-2 if corrected else 1e-4)


def test_a_parameter_the_loss_does_not_reach(device):
    params = {"encoder": [jt.ones((20,))], "network": [jt.ones((20,)), jt.ones((3,))]}
    optim = Adam(params, groups=GROUPS)
    optim.step((params["network"][1] ** 2).sum(), 0)
    np.testing.assert_array_equal(params["encoder"][0].numpy(), 1)
    assert (params["network"][0].numpy() < 1).all()  # decays


def test_steps_leak_no_graph():
    params = make_params()
    optim = Adam(params, groups=GROUPS)
    train(params, optim, range(3))
    before = jt.number_of_lived_vars(), jt.number_of_lived_ops()
    train(params, optim, range(3, 30))
    assert (jt.number_of_lived_vars(), jt.number_of_lived_ops()) == before


def test_registry_builds_it():
    config = {"type": "Adam", "lr": DECAYING, "betas": [0.9, 0.99], "eps": 1e-15, "groups": GROUPS}
    assert isinstance(OPTIMS.build(config, path="optim", params=make_params()), Adam)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"groups": {"encodr": {}}}, "no parameter group 'encodr'. Did you mean 'encoder'?"),
        (
            {"groups": {"encoder": {"spars": True}}},
            "unknown option 'spars'. Did you mean 'sparse'?",
        ),
        ({"groups": {"encoder": {"sparse": 1}}}, "sparse is 1; give True or False"),
        (
            {"groups": {"network": {"weight_decay": -1.0}}},
            "weight_decay is -1.0; give a number >= 0",
        ),
        ({"groups": {"encoder": True}}, "groups.encoder is True; give a dict"),
        ({"groups": {"encoder": {"sparse": True, "weight_decay": 1.0}}}, "would touch every entry"),
        ({"betas": (0.9, 1.0)}, r"betas are \(0.9, 1.0\)"),
        ({"eps": 0.0}, "eps is 0.0; it must be positive"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        Adam(make_params(), **options)


def test_wrong_state():
    optim = Adam(make_params(), groups=GROUPS)
    good = optim.state()
    lacking = {key: array for key, array in good.items() if key != "network.1.v"}
    with pytest.raises(CheckpointError, match=r"lacks \['network.1.v'\] and has unknown nothing"):
        optim.load_state(lacking)
    with pytest.raises(
        CheckpointError, match=r"'encoder.0.m' has shape \[3\], this run needs \[40, 2\]"
    ):
        optim.load_state(good | {"encoder.0.m": np.zeros(3, np.float32)})


def test_only_float32_is_trained():
    with pytest.raises(ConfigError, match=r"a parameter of 'network' is int32 \[3\]"):
        Adam({"network": [jt.zeros((3,), dtype="int32")]})


def test_replaced_parameters_start_anew_and_others_go_on():
    params = make_params()
    optim = Adam(params, groups=GROUPS)
    train(params, optim, range(3))
    kept = {key: array for key, array in optim.state().items() if key.startswith("network")}
    params["encoder"] = [jt.ones((5, 2))]
    optim.rebind(params)
    state = optim.state()
    assert all((state[key] == array).all() for key, array in kept.items()) and kept
    assert state["encoder.0.m"].tolist() == [[0, 0]] * 5
    assert state["encoder.0.counts"].tolist() == [[0, 0]] * 5


def test_a_group_of_new_parameters_alone_counts_its_updates_anew():
    params = make_params()
    optim = Adam(params)
    train(params, optim, range(3))
    assert optim.updates == {"encoder": 3, "network": 3}
    params["encoder"] = [jt.ones((5, 2))]
    params["network"] = [*params["network"], jt.ones((4,))]
    optim.rebind(params)
    assert optim.updates == {"encoder": 0, "network": 3}
