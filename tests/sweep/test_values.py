"""``key=v1,v2`` on the command line."""

import pytest

from jnerf.errors import ConfigError
from jnerf.sweep.values import read_settings, split_values


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("1", ["1"]),
        ("1,2", ["1", "2"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ("(1,2)", ["(1,2)"]),
        ("dict(a=[1,2], b=(3,))", ["dict(a=[1,2], b=(3,))"]),
        ("'a,b',\"c,d\"", ["'a,b'", '"c,d"']),
        ("a, b", ["a", "b"]),
        ("]1,2", ["]1", "2"]),
        ("", [""]),
    ],
)
def test_only_commas_outside_of_brackets_and_quotes_part_values(text, parts):
    assert split_values(text) == parts


def test_values_have_one_spelling_so_that_names_of_runs_do_not_change():
    lr, steps = read_settings(["optim.lr=1e-2,0.001", "evaluation.steps=[1,2]"])
    assert (lr.key, lr.values, lr.swept) == ("optim.lr", ("0.01", "0.001"), True)
    assert (steps.values, steps.swept) == (("[1, 2]",), False)


def test_the_word_none_is_a_value_where_the_setting_takes_it():
    fit, every = read_settings(["evaluation.fit=none,exposure", "evaluation.every=none,5"])
    assert (fit.values, every.values) == (('"none"', '"exposure"'), ("None", "5"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seed=1,"], "an empty value between commas.*a list is one value"),
        (["seed=1", "seed=2"], "given twice; several values are seed=v1,v2"),
        (["seed=1,1"], "a value is given twice"),
        (["optim.lr=1e-2,0.01"], "a value is given twice"),
        (["exp_name=a"], "a sweep names its runs itself"),
        (["save_dir=a"], "--save-dir"),
        (["sede=1"], "Did you mean 'seed'"),
        (["seed"], "write key=value"),
    ],
)
def test_mistakes(words, said):
    with pytest.raises(ConfigError, match=said):
        read_settings(words)
