"""``key.sub=value``: parsing, merging, order, errors."""

import math
from pathlib import Path

import pytest

from jnerf.checks.origin import origin_of
from jnerf.config import load_config
from jnerf.config.dump import say
from jnerf.config.overrides import parse_override
from jnerf.errors import ConfigError

METHOD = Path(__file__).parents[1] / "data" / "config" / "methods" / "method.py"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1e-2", 0.01),
        ("-3", -3),
        ("true", True),
        ("False", False),
        ("none", None),
        ("NULL", None),
        ("lego", "lego"),
        ("'1'", "1"),
        ("a=b", "a=b"),
        ("../data/lego", "../data/lego"),
        ("", ""),
        ("[1, 2]", [1, 2]),
        ("(0.9, 0.99)", (0.9, 0.99)),
        ("dict(a=1, b=dict(c=[2]))", dict(a=1, b=dict(c=[2]))),
        ("{'a': 1}", dict(a=1)),
        ('float("inf")', math.inf),
        ("dict(a=[float('-inf')])", dict(a=[-math.inf])),
        ("float('x')", "float('x')"),
        ("float(open('x'))", "float(open('x'))"),
        ("__import__('os')", "__import__('os')"),
        ("dict(a=open('x'))", "dict(a=open('x'))"),
    ],
)
def test_values(text, value):
    found = parse_override(f"dataset.root={text}").value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        -math.inf,
        "none",
        "1",
        "a\"b'",
        [],
        (1,),
        {},
        {"type": "A", "class": 1, "far": math.inf},
    ],
)
def test_what_say_writes_is_read_again(value):
    found = parse_override(f"dataset.root={say(value)}").value
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("name", ["15", "1e3", "true", "none", "lego/half", "dict(a=1)"])
def test_a_name_is_a_string_whatever_it_looks_like(name):
    assert load_config(METHOD, [f"exp_name={name}"]).exp_name == name


@pytest.mark.parametrize("text", ["none", "'none'"])
def test_a_word_that_the_setting_takes_is_that_word(text):
    assert load_config(METHOD, [f"evaluation.fit={text}"]).evaluation.fit == "none"
    assert load_config(METHOD, ["evaluation.every=none"]).evaluation.every is None


def test_nested_and_new_keys():
    config = load_config(METHOD, ["optim.groups.network.weight_decay=1e-6", "optim.lr=0.5"])
    assert config.optim.groups == dict(encoder=dict(sparse=True), network=dict(weight_decay=1e-6))
    assert config.optim.lr == 0.5
    assert str(origin_of(config.optim, "lr")) == "override 'optim.lr=0.5'"
    assert str(origin_of(config.sampler, "levels")).endswith("method.py:9")


def test_list_and_tuple_index():
    config = load_config(METHOD, ["sampler.levels.1=7", "optim.betas.0=0.5"])
    assert config.sampler.levels == [1, 7]
    assert config.optim.betas == (0.5, 0.99)


def test_dict_inside_a_list(tmp_path):
    path = tmp_path / "c.py"
    path.write_text("network = dict(heads=[dict(type='A', x=1), dict(type='B', y=2)])")
    config = load_config(path, ["network.heads.1.y=3", "network.heads.0.type=C"])
    assert config.network.heads == [dict(type="C"), dict(type="B", y=3)]


@pytest.mark.parametrize("turn", [1, -1])
def test_type_comes_first_whatever_the_order(turn):
    texts = ["sampler.n_samples=8", "sampler.type=OtherSampler"][::turn]
    assert load_config(METHOD, texts).sampler == dict(type="OtherSampler", n_samples=8)


@pytest.mark.parametrize("turn", [1, -1])
def test_block_comes_before_its_keys(turn):
    texts = ['sampler=dict(type="OtherSampler", n_samples=8)', "sampler.n_samples=9"][::turn]
    assert load_config(METHOD, texts).sampler == dict(type="OtherSampler", n_samples=9)


def test_same_type_keeps_the_arguments():
    assert load_config(METHOD, ["sampler.type=FakeSampler"]).sampler.grid_resolution == 64


def test_dict_is_merged_and_delete_replaces():
    assert load_config(METHOD, ["optim=dict(lr=1)"]).optim.betas == (0.9, 0.99)
    deleted = load_config(METHOD, ["optim.groups=dict(_delete_=True, a=dict(b=1))"])
    assert deleted.optim.groups == dict(a=dict(b=1))


def test_schedule_in_place_of_a_number_and_back():
    config = load_config(METHOD, ["optim.lr=dict(schedule='constant', value=1)", "loss.weight=2"])
    assert config.optim.lr == dict(schedule="constant", value=1)
    assert config.loss.weight == 2


def test_another_schedule_starts_afresh():
    config = load_config(METHOD, ["loss.weight.schedule=constant", "loss.weight.value=3"])
    assert config.loss.weight == dict(schedule="constant", value=3)


def test_none_becomes_a_block():
    config = load_config(METHOD, ["ema.decay=0.9", "ema.type=FakeEMA"])
    assert config.ema == dict(type="FakeEMA", decay=0.9)


def test_later_of_two_wins():
    assert load_config(METHOD, ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "override 'seed': write key=value or key.sub=value"),
        ("=3", "override '=3': write key=value or key.sub=value"),
        ("optim..lr=3", "override 'optim..lr=3': write key=value or key.sub=value"),
        (
            "samplr.x=1",
            "override 'samplr.x=1': unknown key 'samplr'. Did you mean 'sampler'? Valid: exp_name,",
        ),
        (
            "sampler.levels.2=0",
            "'2' is no index of sampler.levels, a list of 2. Allowed: 0 to 1",
        ),
        (
            "evaluation.steps.0=5",
            "'0' is no index of evaluation.steps, a list of 0. Allowed: none, it is empty",
        ),
        ("log_every.a=1", "override 'log_every.a=1': log_every is 20, which has no keys"),
        ("sampler.levels.-1=0", "'-1' is no index of sampler.levels"),
        ("total_steps.a=1", "total_steps is 100, which has no keys"),
        ("seed=abc", "override 'seed=abc': seed: expected int, got str 'abc'"),
        ("checkpoint.keeep=1", "checkpoint.keeep: unknown key. Did you mean 'keep'?"),
        (
            "evaluation.fit=None",
            "evaluation.fit: expected 'none' or 'exposure' or 'appearance', got None, not the word 'none' (in a shell: "
            "\"'none'\")",
        ),
        ("exp_name=", "override 'exp_name=': exp_name: is empty; write a name such as"),
        ("exp_name=../x", "exp_name: '../x' leads out of save_dir"),
        ("exp_name=/tmp/x", "exp_name: '/tmp/x' leads out of save_dir"),
        ("exp_name=.", "exp_name: '.' leads out of save_dir"),
        (r"exp_name=a\b", r"exp_name: 'a\\b' is no name of a folder"),
        ("evaluation.steps=[1,", "evaluation.steps: expected list[int], got str '[1,'"),
    ],
)
def test_errors(text, message):
    with pytest.raises(ConfigError) as caught:
        load_config(METHOD, [text])
    assert message in str(caught.value)
