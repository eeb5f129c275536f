import pytest

from jnerf.benchmark.kernel_clock import Call
from jnerf.benchmark.profile import _Rows, _train, by_kernel, free_windows, parts_of
from jnerf.benchmark.train import prepare, windows
from jnerf.config import load_config
from jnerf.errors import ConfigError, JnerfError
from tests.engine.conftest import TINY


def rows(*steps):
    return [{"step": s, "seconds": s / 10, "samples_per_s": 100.0 * s, "rays": 10} for s in steps]


def test_warm_up_leaves_windows_to_measure():
    config = load_config(TINY)
    assert prepare(config, 1000, True, None) == 256
    assert prepare(config, 40, True, None) == 20 and config.log_every == 4
    assert prepare(config, 1, True, None) == 0 and config.log_every == 1
    assert prepare(config, 40, True, 0) == 0
    with pytest.raises(ConfigError, match="10 steps with 10 of warm-up leave nothing"):
        prepare(config, 10, True, 10)


def test_without_evaluation_nothing_is_tested():
    config = load_config(TINY, ["evaluation.steps=[3]", "evaluation.every=5"])
    prepare(config, 10, False, None)
    assert (config.evaluation.steps, config.evaluation.every) == ([], None)
    assert config.evaluation.at_end is False and config.total_steps == 10


def test_only_windows_wholly_after_the_warm_up_count():
    found = windows([*rows(1, 4, 8, 12, 16), {"step": 16, "eval": {}}], warm_up=7)
    assert [(a["step"], b["step"]) for a, b in found] == [(8, 12), (12, 16)]


def test_profile_sums_calls_by_kernel():
    calls = [Call("mlp", "f", 0.2, 1), Call("ema", "g", 0.5, 1), Call("mlp", "f", 0.4, 1)]
    first, second = by_kernel(calls, steps=2, samples=1000)
    assert (first["kernel"], first["calls"], first["ms"]) == ("f", 1, 300)
    assert second["ns"] == pytest.approx(0.25 / 1000 * 1e9)
    assert parts_of({"mlp_forward": 1.0, "mlp_backward": 2.0, "ema": 5.0}) == {"mlps": 3.0}


def test_free_windows_are_per_step():
    times, samples = free_windows(rows(1, 10, 20, 30), begin=10)
    assert times == [pytest.approx(100), pytest.approx(100)]
    assert samples == pytest.approx((2000 * 1 + 3000 * 1) / 20)


def test_windows_in_which_all_steps_compiled_do_not_count():
    found = rows(1, 10, 20, 30)
    found[2]["samples_per_s"] = None
    assert free_windows(found, begin=10) == ([pytest.approx(100)], pytest.approx(300))
    with pytest.raises(JnerfError, match="run the same command again"):
        free_windows(found[:3], begin=10)


def test_a_profile_that_is_stopped_says_so_and_measures_nothing(monkeypatch):
    """SIGTERM ends training in peace; without a window there would be nothing to take the least of."""
    from jnerf.engine.trainer import Trainer

    config = load_config(TINY)
    monkeypatch.setattr(Trainer, "__init__", lambda *arguments, **told: None)
    monkeypatch.setattr(Trainer, "train", lambda trainer: False)
    with pytest.raises(KeyboardInterrupt):
        _train(config, None, _Rows(), 0, 12, 12)
    monkeypatch.setattr(Trainer, "train", lambda trainer: True)
    _train(config, None, _Rows(), 0, 12, 12)
    assert config.total_steps == config.log_every == 12
