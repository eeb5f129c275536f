"""Kernels for CUDA in all their ways: they do the same, and ``ways`` tells which is faster."""

import os
from functools import partial

import pytest
from cuda_mode import cuda_sources

from jnerf.benchmark.cases import field, optimiser
from jnerf.benchmark.cli import main
from jnerf.benchmark.gpu import ways
from jnerf.benchmark.yardstick import Ceilings
from jnerf.checks.cuda_ways import VARIABLE, WAYS, check
from jnerf.errors import ConfigError
from jnerf.ops.hash_encode import HashGridLayout

# Each takes its seconds to compile; all of them where somebody asks for CUDA's sources on the host.
TRIED = sorted(WAYS) if os.environ.get("JNERF_CUDA_ON_HOST") else ["copy", "hash", "march"]


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch, cuda_sources():
        patch.setattr(ways, "measure_ceilings", lambda: Ceilings(30.0, 200.0, None, None, 5.0))
        for module in (field, optimiser):  # of the paper's table each entry would be a fiber
            small = partial(HashGridLayout, table_size=2**10)
            patch.setattr(module, "HashGridLayout", small)
        *_, found = ways.measure_ways(TRIED, 512, 1)
        return found


def test_every_kernel_goes_every_way_with_the_same_result(measured):
    found = {}
    for row in measured["kernels"]:
        found.setdefault(row["choice"], set()).add(row["way"])
        assert row["ms"]["min"] > 0 and row["bound_ms"] > 0, row
        exact = 1e-6 if row["choice"] in ("march", "hash", "copy", "composite") else 2e-3
        exact = exact if row["choice"] in ("march", "hash") or row["way"] != "plain" else 2e-2
        assert row["off"] is None or row["off"] < exact, row
    assert found == {name: {"auto", *WAYS[name]} for name in TRIED}
    in_place = {row["choice"] for row in measured["kernels"] if row["off"] is None}
    assert in_place == {"visible", "adam", "ema"} & set(TRIED)
    plain = [r for r in measured["kernels"] if r["choice"] == "field" and r["way"] == "plain"]
    assert all(row["off"] > 1e-6 for row in plain)  # float, not tensor cores: it did go that way
    assert VARIABLE not in os.environ


def test_every_kernel_with_ways_is_among_those_measured():
    assert {choice.name for choice in ways._CHOICES} == set(WAYS)


def test_a_faster_way_is_named():
    def row(way, ms, kernel="a"):
        return {
            "choice": "march",
            "case": "9 rays",
            "way": way,
            "kernel": kernel,
            "ms": {"min": ms},
        }

    rows = [row("auto", 1.0), row("eight", 1.0), row("one", 0.8), row("one", 0.5, "b")]
    rows += [row("auto", 1.0, "b"), row("eight", 1.0, "b")]
    assert ways.better(rows) == {"march, 9 rays": "march=one"}
    assert ways.better([row("auto", 1.0), row("eight", 1.02), row("one", 0.95)]) == {}


def test_what_cannot_be_asked_for_is_said():
    check("")
    check(",".join(f"{name}={way}" for name, among in WAYS.items() for way in among))
    with pytest.raises(ConfigError, match="no kernel 'marsh' has ways. Valid: march, "):
        check("marsh=one")
    with pytest.raises(ConfigError, match="'march' cannot go 'two', but eight, one"):
        check("field=tensor,march=two")
    with pytest.raises(ConfigError, match="for the CPU go one way"):
        next(ways.measure_ways([], 512, 1))


@pytest.mark.parametrize("device", [[], ["--cuda"]])
def test_a_wrong_name_is_told_before_a_missing_gpu(capsys, device, monkeypatch):
    monkeypatch.setenv("JNERF_DEVICE", "")  # put back: --cuda sets it
    assert main(["ways", "--only", "march", "--only", "marsh", *device]) == 2
    assert "no kernel 'marsh' has several ways. Did you mean 'march'?" in capsys.readouterr().err
