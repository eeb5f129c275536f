"""Benchmarks that are cut keep what they have measured, and have compiled their yardsticks at once."""

import jittor as jt
import numpy as np
import pytest
from benchmark_records import make

from jnerf.benchmark import ops
from jnerf.benchmark.cli import main
from jnerf.benchmark.gpu import ways
from jnerf.benchmark.records.record import load
from jnerf.benchmark.yardstick import compile_ahead, run


def growing(results):
    """What a measurement gives that is ended after a part of it."""

    def measure(*_):
        yield results
        yield results
        raise KeyboardInterrupt

    return measure


@pytest.mark.parametrize("command", ["ways", "ops"])
def test_what_was_measured_before_is_written(command, tmp_path, monkeypatch):
    results = make(command)["results"]
    if command == "ops":
        monkeypatch.setattr(ops, "measure_level", growing(results["levels"][0]))
    else:
        monkeypatch.setattr(ways, "measure_ways", growing(results))
    out = tmp_path / "out.json"
    assert main([command, "--json", str(out)]) == 130
    record = load(out)
    assert "KeyboardInterrupt" in record["protocol"]["incomplete"]
    expected = {"levels": results["levels"][:1]} if command == "ops" else results
    assert record["results"] == expected


def test_compiling_ahead_runs_nothing_and_passes_over_what_fails():
    values = jt.array(np.arange(8, dtype=np.float32))
    asked = []

    def call():
        asked.append(run.copy(values).shape)
        raise ValueError("of this call")

    compile_ahead([call], bound=False)
    assert asked == [[8]]
    np.testing.assert_array_equal(run.copy(values).numpy(), np.arange(8))
