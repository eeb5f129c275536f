"""Fixtures that every test may use: the device, the data folder, and what an op test needs on both devices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import parallel
import pytest
from cuda_sources import OpSource, recorded

import jnerf  # noqa: F401  (before anything imports jittor)
from jnerf.benchmark.gpu.context import broken
from jnerf.datasets.files.paths import data_root as find_data_root
from jnerf.runtime import device as default_device
from jnerf.runtime import num_threads, set_num_threads

_SUSPECTED = pytest.StashKey[bool]()
parallel.prepare()  # nothing above has imported jittor
os.environ.setdefault("JNERF_REHEARSE", "0")  # a test needs few of the kernels of its config


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs the test on the CPU, and on CUDA where there is a GPU; skips visibly where there is none.

    ``JNERF_CUDA_ON_HOST=1`` runs the CUDA sources on the CPU in its place (``helpers/cuda_mode.py``).
    """
    if request.param == "cuda" and os.environ.get("JNERF_CUDA_ON_HOST"):
        from cuda_mode import cuda_sources

        with cuda_sources():
            yield request.param
        return
    if request.param == "cuda" and default_device_at_start() != "cuda":
        pytest.skip("no GPU that Jittor can use")
    import jittor as jt

    before = jt.flags.use_cuda
    jt.flags.use_cuda = int(request.param == "cuda")
    yield request.param
    jt.flags.use_cuda = before


@cache
def default_device_at_start() -> str:
    """The device jnerf chooses here, asked once: later a test may have switched Jittor's flag."""
    return default_device()


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real scenes; skips visibly without it."""
    root = find_data_root()
    if not root.is_dir():
        pytest.skip(f"no data folder: {root} does not exist, JNERF_DATA sets another")
    return root.resolve()


@pytest.fixture
def threads() -> Iterator[None]:
    """Puts the number of OpenMP threads back after a test that changes it."""
    before = num_threads()
    yield
    set_num_threads(before)


@pytest.fixture
def reads_of_vars(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each value of a Var that the host asks for, for which it would wait for a device."""
    import jittor as jt

    noted: list[str] = []
    names = ("numpy", "item", "data", "tolist", "fetch_sync", "to_list", "__float__", "__int__")
    for name in (*names, "__bool__", "__index__"):
        if hasattr(jt.Var, name):
            monkeypatch.setattr(jt.Var, name, _noting(name, getattr(jt.Var, name), noted))
    monkeypatch.setattr(jt, "fetch_sync", _noting("fetch_sync", jt.fetch_sync, noted))
    return noted


def _noting(name: str, read: Any, noted: list[str]) -> Any:
    """``read``, a method or a property, which also appends its name."""
    if callable(read):
        return lambda *arguments: noted.append(name) or read(*arguments)
    return property(lambda var: noted.append(name) or read.__get__(var))


@pytest.fixture(scope="session", autouse=True)
def op_sources(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[set[OpSource]]:
    """Notes the CUDA source of every op that any test runs on the CPU, for ``test_cuda_session``."""
    import jittor as jt

    sources, code = set(), jt.code

    def noting(*arguments: Any, **keywords: Any) -> Any:
        source = recorded(keywords, *arguments)
        if source is not None:
            sources.add(source)
        return code(*arguments, **keywords)

    jt.code = noting
    yield sources
    jt.code = code
    parallel.leave(sources, pytestconfig, tmp_path_factory.getbasetemp().parent)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Notes a test of CUDA that failed: its process may be of no use to others."""
    outcome = yield
    if outcome.get_result().failed and item.get_closest_marker("cuda") is not None:
        item.config.stash[_SUSPECTED] = True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Ends a process of several whose CUDA a test has broken, in which all tests behind it would fail.

    All is told of that test by then, and another process takes over those that are left.
    """
    yield
    if parallel.is_worker(item.config) and item.config.stash.get(_SUSPECTED, False) and broken():
        os._exit(1)
    item.config.stash[_SUSPECTED] = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks those that are for CUDA, and sorts the tests: see ``parallel.order``."""
    for item in items:
        if getattr(item, "callspec", None) and item.callspec.params.get("device") == "cuda":
            item.add_marker("cuda")
    parallel.order(items)
