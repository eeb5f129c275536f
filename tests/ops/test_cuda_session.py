"""What the Python side hands to ``jt.code`` compiles as CUDA: the sources of all tests that have run."""

from __future__ import annotations

import cuda_sources
import parallel
import pytest

from jnerf.ops.common import CODE_ROOT


@pytest.mark.after_all
def test_every_source_of_this_session_compiles(nvcc, op_sources, pytestconfig, tmp_path_factory):
    """With the argument lists they were called with; of other processes too (``pytest -n``)."""
    found = parallel.gather(op_sources, pytestconfig, tmp_path_factory.getbasetemp().parent)
    if not found:
        pytest.skip("no op has run in this session: run the whole suite")
    own = {s for s in found if (CODE_ROOT / s.op).is_dir()}  # not those that a test has made up
    sources = sorted(own, key=repr)
    includes = "".join(f'#include "{name}/cuda.h"\n' for name in sorted({s.op for s in sources}))
    functions = "".join(source.function(i) for i, source in enumerate(sources))
    nvcc("sources", includes + cuda_sources.PROLOGUE + functions, (75,))
