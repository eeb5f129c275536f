"""Ops that are noted and not run, and their kernels, compiled in one batch."""

from __future__ import annotations

import uuid
from pathlib import Path

import jittor as jt
import numpy as np
import pytest

from jnerf.runtime.kernels import foresight
from jnerf.runtime.kernels.foresight import Array, Foresight, Kernel, TooMuch


def ask(found: Foresight, source: str, x: jt.Var) -> list[jt.Var]:
    def make(shapes):
        made = jt.code(shapes, ["float32", "int32"], [x], cpu_src=source)
        return list(made)

    return found.op("toy", source, [(-3, 2), (3,)], ["float32", "int32"], [x], make)


def libraries() -> set[str]:
    return {path.name for path in (Path(jt.flags.cache_path) / "jit").glob("*.so")}


def test_one_batch_of_kernels_that_have_not_run():
    x = jt.array(np.zeros((3, 2), np.float32))
    mark = uuid.uuid4().hex
    with Foresight() as found:
        a, b = ask(found, f'; throw std::runtime_error("ran {mark}");', x)
        assert a.shape == [3, 2] and (str(a.dtype), str(b.dtype)) == ("float32", "int32")
        c = a * 3.25 + 1  # of Jittor's own, between two of ours
        ask(found, f'; throw std::runtime_error("ran, too {mark}");', c)
        jt.sync([c])
    first = Array("float32", 2), Array("int32", 1)
    assert {k.outputs for k in found.kernels} == {first} and len(found.kernels) == 2
    assert next(iter(found.kernels)) in {
        Kernel("toy", k.source, first[:1], first) for k in found.kernels
    }
    before = libraries()
    found.compile()
    assert len(libraries() - before) >= 2


def test_values_are_ones_while_it_is_active_and_missing_afterwards():
    x = jt.array(np.full((3, 2), 7, np.float32))
    with Foresight() as found:
        a, b = ask(found, ";", x)
        assert a.numpy().tolist() == [[1, 1]] * 3 and b.data.tolist() == [1, 1, 1]
        assert int(b[0]) == 1 and a.sum().item() == 1.0 and jt.fetch_sync([b])[0].sum() == 3
        x.update(a)
    assert x.numpy().tolist() == [[7, 7]] * 3
    with pytest.raises(RuntimeError, match="have no values"):
        a.numpy()
    assert foresight.current is None


def test_what_has_no_end_is_ended(monkeypatch):
    monkeypatch.setattr(foresight, "_MOST", 5)
    x = jt.array(np.zeros((3, 2), np.float32))
    with Foresight() as found, pytest.raises(TooMuch):
        while True:
            ask(found, ";", x)


def test_a_kernel_that_does_not_compile_is_told():
    x = jt.array(np.zeros((3, 2), np.float32))
    with Foresight() as found:
        ask(found, "; no_such_function();", x)
    with pytest.raises(RuntimeError, match="compilation"):
        found.compile()
