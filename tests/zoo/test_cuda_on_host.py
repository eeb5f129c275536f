"""Whole trainings with our CUDA sources, run on the CPU, against the CPU's own: the same but for rounding.

``JNERF_CUDA_ON_HOST=1`` trains every method so (some 20 minutes of a core, most of it compiling), else there is one. In
fp32, so that nothing but a fault moves a loss by more than rounding.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from cuda_mode import cuda_sources
from cuda_trainings import ALL, TINY, exactly

from jnerf.benchmark.methods.compare import BOUNDS
from jnerf.benchmark.methods.form import small_form
from jnerf.benchmark.methods.train import trained

QUICK = ["ngp_embedded"]
STEPS = 12


@pytest.mark.parametrize("file", ALL if os.environ.get("JNERF_CUDA_ON_HOST") else QUICK)
def test_a_training_goes_as_on_the_cpu(file, tmp_path):
    def train():
        return trained(small_form(file, STEPS, tmp_path, exactly("fp32", file), **TINY))

    cpu = train()
    with cuda_sources():
        cuda = train()
    first, rest = _relative(cpu["losses"], cuda["losses"])
    assert first < 2e-4, f"the first loss differs by {first:.1e}"
    assert rest < 2e-2, f"a loss differs by {rest:.1e}"
    assert abs(cpu["value"] - cuda["value"]) < BOUNDS[cpu["metric"]]


def _relative(cpu: list[float], cuda: list[float]) -> tuple[float, float]:
    """Of the first loss and the most of all, relative to the CPU's."""
    assert len(cpu) == len(cuda) == STEPS
    off = np.abs(np.array(cuda) - cpu) / np.abs(cpu)
    return float(off[0]), float(off.max())
