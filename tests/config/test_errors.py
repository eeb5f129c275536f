"""The text of every error that loading a config can raise."""

import pytest

from jnerf.config import Block, load_config
from jnerf.errors import ConfigError


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Messages show paths relative to the working directory."""
    monkeypatch.chdir(tmp_path)


def load_error(text, *overrides, name="x.py"):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(ConfigError) as caught:
        load_config(name, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed = 1\nn_rays = = 2", "x.py:2: syntax error: invalid syntax: n_rays = = 2"),
        ("seed = 1\nimport nothing_here", "x.py:2: ModuleNotFoundError: No module named 'nothing"),
        ("def f():\n    return 1 / 0\nseed = f()", "x.py:2: ZeroDivisionError: division by zero"),
        ("seed = '1'", "x.py:1: seed: expected int, got str '1'"),
        ("total_steps = 1e4", "total_steps: expected int, got float 10000.0 (write 10000)"),
        ("n_rays = True", "x.py:1: n_rays: expected int, got bool True"),
        ("\nlog_every = 0", "x.py:2: log_every: 0 is too small, the least is 1"),
        ("sampler = 3", "x.py:1: sampler: expected dict, got int 3"),
        ("ema = 0.9", "x.py:1: ema: expected dict or None, got float 0.9"),
        ("evaluation = dict(\n  steps=[1, 'a'])", "x.py:2: evaluation.steps.1: expected int, got"),
        ("evaluation = dict(steps=[-1])", "x.py:1: evaluation.steps: -1 is too small"),
        ("render = None", "x.py:1: render: expected dict, got None"),
        (
            "checkpoint = dict(every=3,\n  keeep=3)",
            "x.py:2: checkpoint.keeep: unknown key. Did you mean 'keep'? Valid: every, keep",
        ),
        ("seed = float('nan')", "x.py:1: seed: nan is no setting; use None for 'not set'"),
        (
            "optim = dict(\n  f=open)",
            "x.py:2: optim.f: a builtin_function_or_method cannot be kept in a config. Allowed",
        ),
        ("import numpy as np\noptim = dict(a=[np.ones(3)])", "optim.a.0: a ndarray cannot be kept"),
        ("import numpy as np\noptim = dict(a=np.ones(3))", "; write .tolist()"),
        ("seed = lambda: 1", "x.py:1: seed: a function cannot be kept in a config"),
        ("optim = {1: 2}", "x.py:1: optim: keys must be strings, got 1"),
        ("_base_ = 3", "x.py:1: _base_: expected a path or a list of paths, got 3"),
        ("_base_ = ['gone/a.py']", "no config file 'gone/a.py'. There is no folder gone either"),
        ("\0", "x.py:"),
    ],
)
def test_content(text, message):
    assert message in load_error(text)


def test_unknown_top_level_key():
    assert load_error("seed = 1\nsamplr = dict()") == (
        "x.py:2: samplr: unknown key. Did you mean 'sampler'? Valid: exp_name, seed, total_steps, "
        "n_rays, dataset, sampler, encoder, network, renderer, loss, optim, ema, evaluation, "
        "checkpoint, render, chunk, fog_tolerance, log_every, report, tensorboard, save_dir, custom_imports. "
        "(Begin the names of helper variables with an underscore.)"
    )


def test_all_problems_at_once():
    assert len(load_error("sed = 1\nn_rays = 'a'\nchunk = 0").splitlines()) == 3


def test_missing_file(tmp_path):
    (tmp_path / "ngp_lego.py").write_text("")
    with pytest.raises(ConfigError) as caught:
        load_config("ngp_leg.py")
    assert str(caught.value) == (
        "ngp_leg.py: no such config file. Did you mean 'ngp_lego.py'? Configs in .: ngp_lego.py"
    )


def test_missing_base(tmp_path):
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases" / "lego.py").write_text("")
    assert load_error("seed = 1\n_base_ = 'bases/leg.py'") == (
        "x.py:2: _base_: no config file 'bases/leg.py'. Did you mean 'lego.py'? "
        "Configs in bases: lego.py"
    )


def test_circle(tmp_path):
    (tmp_path / "y.py").write_text("\n_base_ = ['x.py']")
    assert load_error("_base_ = 'y.py'") == (
        "y.py:2: _base_: goes round in a circle: x.py -> y.py -> x.py"
    )


def test_error_in_a_base_names_the_base(tmp_path):
    (tmp_path / "base.py").write_text("optim = dict()\n\nseed = 'a'")
    assert load_error("_base_ = 'base.py'").startswith("base.py:3: seed: expected int")


def test_not_utf8(tmp_path):
    (tmp_path / "latin.py").write_bytes(b"exp_name = '\xe4'")
    with pytest.raises(ConfigError, match=r"latin.py: not a text file in UTF-8"):
        load_config("latin.py")


def test_values_set_from_python():
    with pytest.raises(ConfigError, match=r"^f: a function cannot be kept in a config"):
        Block().f = lambda: 0
