"""The header for NumPy 2, made from that of the installed Jittor; ``test_numpy_arrays`` says whether it is right."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jnerf.runtime import numpy_header
from jnerf.runtime.cuda import Driver, Gpu
from jnerf.runtime.facts import gather
from jnerf.runtime.plan import COMPAT, SetupError, plan


@pytest.fixture(scope="module")
def facts():
    return gather({"JNERF_DEVICE": "cpu"})


def test_what_has_changed_is_replaced_and_nothing_else(facts):
    made = numpy_header.for_numpy_2(facts.numpy_header)
    gone = set(facts.numpy_header.splitlines()) - set(made.splitlines())
    assert {line.split()[-1] for line in gone} == {
        *("flags;", "elsize;", "alignment;", "subarray;", "*fields;", "*names;")
    }
    assert made.count("PyArray_API[50]") == 1


@pytest.mark.parametrize("cut", ["int elsize;", "void numpy_init();"])
def test_another_text_is_an_error_that_says_what_is_missing(facts, cut):
    with pytest.raises(ValueError, match=cut.split()[-1].split("(")[0]):
        numpy_header.for_numpy_2(facts.numpy_header.replace(cut, "changed"))
    with pytest.raises(ValueError):
        numpy_header.for_numpy_2(facts.numpy_header * 2)


def test_another_text_lies_in_another_folder(tmp_path):
    assert numpy_header.include_folder(tmp_path, "a") != numpy_header.include_folder(tmp_path, "b")
    numpy_header.place(tmp_path, "a")
    numpy_header.place(tmp_path, "a")
    (found,) = tmp_path.glob(".cache/jnerf/*/pyjt/*")
    assert found.name == "numpy.h" and found.read_text() == "a"


def test_jittors_sources_include_ours_and_its_struct_is_numpys(facts, tmp_path):
    """Compiles against Jittor's folders in its order, and, where NumPy 2 is, compares with NumPy's own header."""
    made = numpy_header.for_numpy_2(facts.numpy_header)
    numpy_header.place(tmp_path, made)
    flags = [f"-I{numpy_header.include_folder(tmp_path, made)}"]
    flags += [f"-I{Path(facts.jittor_path) / 'src'}", f"-I{facts.python_include}"]
    text = '#include "pyjt/py_converter.h"\n#ifndef PyArray_CopyInto\n#error not ours\n#endif\n'
    if np.__version__ >= "2":
        flags.append(f"-I{np.get_include()}")
        text += "#define NPY_TARGET_VERSION NPY_2_0_API_VERSION\n#include <numpy/ndarraytypes.h>\n"
        text += "".join(
            f"static_assert(offsetof(jittor::PyArrayDescr_Proxy, {name}) == offsetof(PyArray_Descr, {name})"
            f' && sizeof(jittor::PyArrayDescr_Proxy::{name}) == sizeof(PyArray_Descr::{name}), "{name}");\n'
            for name in ("kind", "type", "byteorder", "type_num", "flags", "elsize", "alignment")
        )
    (tmp_path / "a.cc").write_text(text)
    command = [facts.cxx, "-std=c++14", "-w", "-fsyntax-only", *flags, str(tmp_path / "a.cc")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("source", ["numpy.cc", "py_array_op.cc"])
def test_jittors_sources_compile_with_the_flags_of_the_plan(facts, tmp_path, source, device):
    """For NumPy 2 whichever is here, and for CUDA with its own forced header beside it, GPU or not."""
    machine = replace(facts, environ={}, numpy="2.0.0", home=tmp_path)
    folders = [Path(facts.jittor_path) / "src", Path(facts.python_include)]
    flags = []
    if device == "cuda":
        if facts.toolkit is None:
            pytest.skip("no nvcc")
        machine = replace(machine, environ={}, driver=Driver((13, 0), (Gpu("test", 90),)))
        cuda = Path(facts.toolkit.nvcc).parent.parent / "include"
        folders += [Path(facts.jittor_path) / "extern" / "cuda" / "inc", cuda]
        flags = ["-DHAS_CUDA", "-DIS_CUDA"]
    chosen = plan(machine)
    assert chosen.device == device
    numpy_header.place(tmp_path, chosen.numpy_header)
    flags += [*shlex.split(chosen.env["cc_flags"]), *(f"-I{folder}" for folder in folders)]
    path = Path(facts.jittor_path) / "src" / "pyjt" / source
    command = [facts.cxx, "-std=c++14", "-w", "-fsyntax-only", *flags, str(path)]
    command += ["-MD", "-MF", str(tmp_path / "read")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    read = (tmp_path / "read").read_text().split()
    assert str(next(tmp_path.glob(".cache/jnerf/*/pyjt/numpy.h"))) in read
    assert str(folders[0] / "pyjt" / "numpy.h") not in read
    if device == "cuda" and facts.toolkit.version >= (13, 0):
        assert str(COMPAT / "jnerf_cuda_compat.h") in read


def test_this_machine_has_the_header_that_its_numpy_needs(facts):
    try:
        chosen = plan(facts)
    except SetupError as error:  # pragma: no cover
        pytest.fail(str(error))
    assert bool(chosen.numpy_header) == (int(np.__version__.split(".")[0]) == 2)
