"""Fixtures of the op tests."""

from __future__ import annotations

import pytest
from cuda_host import Builder


@pytest.fixture(scope="session")
def cuda_host(tmp_path_factory) -> Builder:
    """The CUDA kernels, compiled for the CPU."""
    return Builder(tmp_path_factory.mktemp("cuda_on_host"))
