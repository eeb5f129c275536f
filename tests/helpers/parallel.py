"""The suite in several processes at once (``pytest -n``): what they share, and in which order files go to them."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import pytest
from cuda_sources import OpSource

#: Files that take half a minute and more on one core; first, so that at the end no process waits long for another.
LONGEST = (
    "tests/engine/test_resume.py",
    "tests/ops/test_simd.py",
    "tests/models/test_sdf_networks.py",
    "tests/ops/test_cuda_compile.py",
    "tests/zoo/test_swap.py",
    "tests/zoo/test_configs.py",
    "tests/ops/test_hash_encode_gradient.py",
)
_PATIENCE = 600.0  # seconds for the files that others are still at


def prepare() -> None:
    """Settles the environment of this process; before anything imports jittor.

    Each process has kernels of its own, without waiting for the compilers of others. One thread: with as many as there
    are cores in every process, they would only wait for one another.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        os.environ.setdefault("JNERF_KERNELS", worker)
        os.environ.setdefault("OMP_NUM_THREADS", "1")


def order(items: list[pytest.Item]) -> None:
    """Sorts: the longest files first, tests marked ``after_all`` last, the rest as found."""

    def place(item: pytest.Item) -> int:
        if item.get_closest_marker("after_all") is not None:
            return len(LONGEST) + 1
        file = item.nodeid.split("::")[0]
        return LONGEST.index(file) if file in LONGEST else len(LONGEST)

    items.sort(key=place)


def leave(sources: set[OpSource], config: pytest.Config, folder: Path) -> None:
    """Leaves what this process has noted for the others; ``folder`` is one that all know."""
    if is_worker(config):
        name = config.workerinput["workerid"]
        part = folder / f"{name}.part"
        part.write_bytes(pickle.dumps(sources))
        part.rename(folder / f"{name}.sources")


def gather(sources: set[OpSource], config: pytest.Config, folder: Path) -> set[OpSource]:
    """What all processes have noted; waits until the others have nothing left to do.

    Raises:
        TimeoutError: another process does not come to its end.
    """
    if not is_worker(config):
        return sources
    names = {f"gw{i}" for i in range(config.workerinput["workercount"])}
    others = [folder / f"{name}.sources" for name in names - {config.workerinput["workerid"]}]
    end = time.monotonic() + _PATIENCE
    while not all(path.is_file() for path in others):
        if time.monotonic() > end:
            raise TimeoutError(f"of {[path.name for path in others]} one is missing in {folder}")
        time.sleep(0.5)
    return sources.union(*(pickle.loads(path.read_bytes()) for path in others))


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of several; the environment also tells so to their children."""
    return hasattr(config, "workerinput")
