"""Edited kernel headers: what compiles is used from then on, what does not is told, and the old kernel stays."""

import jittor as jt
import numpy as np
import pytest

from jnerf.engine.live import kernels as live
from jnerf.engine.live.kernels import Kernels
from jnerf.ops.common import code

BODY = "inline void scale(const {0}* x, {0}* y, long n) {{ for (long i = 0; i < n; i++) y[i] = {1}; }}\n"


@pytest.fixture
def ops(tmp_path, monkeypatch):
    """A folder of ops with one that doubles; gives how to edit it, and to run it."""
    (tmp_path / "common").mkdir()
    (tmp_path / "live_test").mkdir()
    header = tmp_path / "live_test" / "cpu.h"
    true_root = code.CODE_ROOT
    for module in (code, live):
        monkeypatch.setattr(module, "CODE_ROOT", tmp_path)
    code.renew(tmp_path)

    def edit(factor):
        # The folder's name makes the text another one than in the run of the tests before.
        header.write_text(f"// {tmp_path}\n" + BODY.format("float", f"{factor} * x[i]"))

    def double(ones):
        source = "scale(in0_p, out0_p, in0->num);"
        with jt.flag_scope(use_cuda=0):
            return code.code_op("live_test", [ones.shape], ["float32"], [ones], source)[0].numpy()

    edit(2)
    yield edit, double
    code.renew(true_root)


def test_an_edited_header_is_used_and_a_wrong_one_is_not(ops):
    edit, double = ops
    row, table = jt.ones((3,)), jt.ones((2, 2))
    kernels = Kernels()
    np.testing.assert_array_equal(double(row), 2)
    assert kernels.reread().lines() == ["no kernel has been edited"]
    edit(3)
    np.testing.assert_array_equal(double(row), 2)  # until somebody asks
    assert kernels.reread().taken == ["live_test"]
    np.testing.assert_array_equal(double(row), 3)
    edit("undefined_factor")
    found = kernels.reread()
    assert found.taken == [] and "undefined_factor" in found.wrong["live_test"]
    assert "cpu.h:2" in found.wrong["live_test"] and "error" in found.lines()[0]
    np.testing.assert_array_equal(double(row), 3)
    np.testing.assert_array_equal(double(table), 3)  # compiled only now, from the good copy
    edit(4)
    assert kernels.reread().taken == ["live_test"]
    np.testing.assert_array_equal(double(row), 4)
    kernels.close()
