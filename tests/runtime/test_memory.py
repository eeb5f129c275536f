"""Freed arrays are not given back to the system: their pages need not be cleared again."""

from __future__ import annotations

import os
import subprocess
import sys

import fake_jittor
import pytest

_LOOP = """
import resource
import jnerf, jittor
import numpy as np
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1 << 23)
before = faults()
for _ in range(10): np.ones(1 << 23)  # 64 MiB each: 32 pages, if they are huge
print(faults() - before)
"""


def _faults(**variables: str) -> int:
    env = {**os.environ, "PYTHONPATH": str(fake_jittor.ROOT), "JNERF_DEVICE": "cpu", **variables}
    done = subprocess.run([sys.executable, "-c", _LOOP], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="only the GNU C library is told"
)
def test_pages_are_cleared_once():
    assert _faults() < 32


def test_the_users_setting_wins():
    assert _faults(MALLOC_MMAP_THRESHOLD_="131072", MALLOC_TRIM_THRESHOLD_="131072") >= 320
