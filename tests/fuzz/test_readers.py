"""Every reader keeps the rule on damaged files: a few of them here, many in ``make fuzz`` (``tests/fuzz/run.py``)."""

import pytest
from fuzzing.judge import Bench, judge, quiet
from fuzzing.targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jnerf.errors import DataError

#: Inputs of a reader; fewer where reading one takes long.
SHORT = {"capture": 6, "reports": 12, "configs": 20}


@pytest.fixture(scope="module", params=list(TARGETS))
def bench(request, tmp_path_factory):
    quiet()
    return Bench(TARGETS[request.param], tmp_path_factory.mktemp(request.param))


def test_a_damaged_input_is_read_or_refused(bench):
    assert bench.fault({}) is None, "the input is valid"

    @settings(
        max_examples=SHORT.get(bench.target.name, 40),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def holds(rng):
        fault = bench.fault(bench.damage(rng))
        assert fault is None, f"{fault.what}\n{fault.trace}"

    holds()


def test_the_rule_is_broken_by_what_it_forbids(monkeypatch):
    """So that a fuzzer that finds nothing has looked."""
    monkeypatch.setattr("fuzzing.judge.SECONDS", 0.2)

    def loop():
        while True:
            pass

    def wordy():
        raise DataError("x" * 10_000)

    def refuse():
        raise DataError("a.json is damaged")

    assert judge(refuse) is None
    assert judge(lambda: 1 // 0).what.startswith("ZeroDivisionError")
    assert "letters" in judge(wordy).what
    assert "still at it" in judge(loop).what
