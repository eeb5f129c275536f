"""The suite in several processes: the order of its files, and what the processes leave for one another."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import parallel
import pytest
from cuda_sources import OpSource

ROOT = Path(__file__).resolve().parents[2]


def source(name: str) -> OpSource:
    return OpSource(name, "", (), ())


def worker(number: int) -> SimpleNamespace:
    return SimpleNamespace(workerinput={"workerid": f"gw{number}", "workercount": 2})


def item(nodeid: str, after_all: bool = False) -> SimpleNamespace:
    return SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda name: after_all or None)


def test_the_longest_files_exist():
    assert [name for name in parallel.LONGEST if not (ROOT / name).is_file()] == []


def test_the_longest_come_first_and_what_needs_all_others_last():
    first, second = parallel.LONGEST[:2]
    items = [item("a::z", True), item("a::x"), item(f"{second}::x"), item(f"{first}::x"), item("b")]
    parallel.order(items)
    assert [i.nodeid for i in items] == [f"{first}::x", f"{second}::x", "a::x", "b", "a::z"]


def test_each_process_finds_what_the_others_left(tmp_path):
    parallel.leave({source("one")}, worker(0), tmp_path)
    assert parallel.gather({source("two")}, worker(1), tmp_path) == {source("one"), source("two")}


def test_a_process_that_leaves_nothing_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "_PATIENCE", -1.0)
    with pytest.raises(TimeoutError, match=r"gw1\.sources"):
        parallel.gather(set(), worker(0), tmp_path)


def test_alone_there_is_nobody_to_wait_for(tmp_path):
    alone = SimpleNamespace()
    parallel.leave({source("one")}, alone, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert parallel.gather({source("two")}, alone, tmp_path) == {source("two")}


def test_processes_have_kernels_and_one_thread_of_their_own(monkeypatch):
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw7")
    monkeypatch.setenv("JNERF_KERNELS", "put back afterwards")
    monkeypatch.delenv("JNERF_KERNELS")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    parallel.prepare()
    assert parallel.os.environ["JNERF_KERNELS"] == "gw7"
    assert parallel.os.environ["OMP_NUM_THREADS"] == "2"  # the user's wins
