"""Several processes under mpirun, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from jnerf.runtime import mpi

ROOT = Path(__file__).resolve().parents[2]
#: A small Instant-NGP on the embedded scene: grid updates, a changing number of rays, sparse Adam and EMA.
SMALL = (
    "ngp_embedded",
    "dataset.n_train=6",
    "dataset.n_test=3",
    "dataset.resolution=32",
    "encoder.pos_encoder.log2_table_size=12",
    "sampler.target_samples=8192",
    "sampler.grid_resolution=32",
    "evaluation.steps=[]",
)

needs_mpirun = pytest.mark.skipif(
    mpi.mpicc(os.environ) is None, reason=f"Open MPI is not installed here: {mpi.INSTALL}"
)


def command(n: int, words: Sequence[str]) -> list[str]:
    """The command that starts n processes of this Python.

    Args:
        n: how many; there may be fewer cores.
        words: what they run.
    """
    how = ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]
    return ["mpirun", *how, "-np", str(n), sys.executable, *words]


def environment() -> dict[str, str]:
    """One thread for each process."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def mpirun(n: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs n processes of this Python to their end; one that hangs is an error."""
    where = {"cwd": ROOT, "env": environment(), "timeout": 300}
    return subprocess.run(command(n, words), capture_output=True, text=True, **where)
