"""The decisions of ``jnerf.runtime.plan``, machine by machine, and the probes that feed it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from jnerf.runtime import numpy_header
from jnerf.runtime.cuda import Driver, Gpu, Toolkit, find_toolkit, probe_driver
from jnerf.runtime.facts import RECORD, Facts, gather, record, user_environ
from jnerf.runtime.plan import COMPAT, SetupError, plan

H100 = Driver(version=(13, 0), gpus=(Gpu("H100", 90),))
CUDA_13 = Toolkit("/opt/cuda-13/bin/nvcc", (13, 0), missing=("npp.h",))
CUDA_12 = Toolkit("/opt/cuda-12/bin/nvcc", (12, 4))
CUDA_11 = Toolkit("/opt/cuda-11/bin/nvcc", (11, 8))
NO_DRIVER = Driver(fault="no CUDA driver")


def facts(**changes) -> Facts:
    return replace(Facts(driver=NO_DRIVER), **changes)


def numpy_2_facts(**changes) -> Facts:
    """A machine with NumPy 2 and the Jittor of this one."""
    here = gather({"JNERF_DEVICE": "cpu"})
    return facts(**{"numpy": "2.1.0", "numpy_header": here.numpy_header, **changes})


def gpu_facts(toolkit: Toolkit | None, **changes) -> Facts:
    return facts(driver=H100, toolkit=toolkit, **changes)


def test_cpu_machine_downloads_nothing_and_imports_nothing_foreign():
    env = plan(facts()).env
    switches = ("use_nccl", "use_cutt", "use_cutlass", "use_mpi", "use_mkl", "FIX_TORCH_ERROR")
    assert {env[key] for key in switches} == {"0"}
    assert env["nvcc_path"] == ""
    assert "cc_flags" not in env and "NVCC_APPEND_FLAGS" not in env


def test_nvcc_without_driver_is_hidden_from_jittor():
    chosen = plan(facts(toolkit=CUDA_13))
    assert chosen.device == "cpu" and chosen.env["nvcc_path"] == "" and chosen.notes == ()


def test_nvcc_without_driver_is_hidden_even_if_the_user_names_it():
    chosen = plan(facts(toolkit=CUDA_13, environ={"nvcc_path": CUDA_13.nvcc}))
    assert chosen.env["nvcc_path"] == ""


def test_cuda_13_gets_header_cpp17_and_limits():
    chosen = plan(gpu_facts(CUDA_13))
    header, limits = COMPAT / "jnerf_cuda_compat.h", COMPAT / "inc"
    assert chosen.device == "cuda"
    assert chosen.env["nvcc_path"] == CUDA_13.nvcc
    assert chosen.env["cc_flags"] == f"-include {header} -I{limits}"
    assert chosen.env["NVCC_APPEND_FLAGS"] == "-std=c++17"
    assert chosen.env["conv_opt"] == "1"
    assert header.is_file() and (limits / "npp.h").is_file()


@pytest.mark.parametrize("toolkit", [CUDA_11, CUDA_12])
def test_older_cuda_is_left_as_it_is(toolkit):
    env = plan(gpu_facts(toolkit)).env
    assert env["nvcc_path"] == toolkit.nvcc and env["conv_opt"] == "1"
    assert "cc_flags" not in env and "NVCC_APPEND_FLAGS" not in env


def test_numpy_2_gets_a_header_in_front_of_jittors():
    chosen = plan(numpy_2_facts())
    folder = numpy_header.include_folder(chosen.home, chosen.numpy_header)
    assert chosen.env["cc_flags"] == f"-I{folder}" and folder.is_relative_to(chosen.home)
    assert "PyArray_API[50]" in chosen.numpy_header
    assert plan(facts()).numpy_header == ""


def test_numpy_2_and_cuda_13_each_get_their_header():
    chosen = plan(numpy_2_facts(driver=H100, toolkit=CUDA_13))
    ours, cuda = chosen.env["cc_flags"].split(" ", 1)
    assert ours == plan(numpy_2_facts()).env["cc_flags"]
    assert cuda == plan(gpu_facts(CUDA_13)).env["cc_flags"]


def test_the_users_flags_come_behind_numpys_header():
    ours = plan(numpy_2_facts()).env["cc_flags"]
    mine = {"cc_flags": "-g"}
    assert plan(numpy_2_facts(environ=mine)).env["cc_flags"] == f"{ours} -g"
    chosen = plan(numpy_2_facts(driver=H100, toolkit=CUDA_13, environ=mine))
    assert chosen.env["cc_flags"] == f"{ours} -g" and "cc_flags is yours" in chosen.notes[0]


@pytest.mark.parametrize(("gcc", "forced"), [(9, False), (14, False), (15, True), (None, False)])
def test_gcc_15_gets_its_header(gcc, forced):
    flags = plan(facts(gcc=gcc)).env.get("cc_flags", "")
    assert flags == (f"-include {COMPAT / 'jnerf_gcc15.h'}" if forced else "")
    assert not forced or (COMPAT / "jnerf_gcc15.h").is_file()
    both = plan(numpy_2_facts(gcc=gcc)).env["cc_flags"]
    assert both == f"{plan(numpy_2_facts()).env['cc_flags']} {flags}".strip()


def test_the_compilers_version_is_asked_for(tmp_path):
    for name, said in (("g++", "16"), ("g++-12", "12.2.0"), ("g++-x", "no number")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {said}\n")
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": str(tmp_path), "JNERF_DEVICE": "cpu"}
    assert gather(environ).gcc == 16
    assert gather({**environ, "cc_path": str(tmp_path / "g++-12")}).gcc == 12
    assert gather({**environ, "cc_path": str(tmp_path / "g++-x")}).gcc is None


def test_a_home_with_a_space_in_its_name():
    chosen = plan(numpy_2_facts(home=Path("/home/a b")))
    assert chosen.env["cc_flags"].startswith("'-I/home/a b/.cache/jnerf/numpy2-")


def test_a_jittor_whose_header_is_not_known_is_refused_with_numpy_2():
    other = {"jittor": "1.3.12.0"}
    with pytest.raises(SetupError, match=r"NumPy 2.1.0 Jittor 1.3.12.0 would silently corrupt"):
        plan(numpy_2_facts(**other))
    assert plan(facts(**other)).device == "cpu"
    with pytest.raises(SetupError, match=r"numpy.h is not that of .*lacks: char flags.*--no-deps"):
        plan(numpy_2_facts(numpy_header="struct PyArrayDescr_Proxy {};", jittor_path="/j"))


def test_gpu_newer_than_jittor_knows_gets_code_of_its_own():
    new = Driver(version=(13, 0), gpus=(Gpu("B200", 100),))
    env = plan(facts(driver=new, toolkit=CUDA_13)).env
    assert env["NVCC_APPEND_FLAGS"] == "-std=c++17 -gencode arch=compute_100,code=sm_100"


@pytest.mark.parametrize(
    ("version", "capability", "words"),
    [
        ((10, 2), 75, "is too old: install CUDA 11.2 or newer"),
        ((11, 1), 86, "is too old: install CUDA 11.2 or newer"),
        ((11, 5), 90, "does not know a (sm_90): install CUDA 11.8 or newer"),
        ((12, 4), 120, "does not know a (sm_120): install CUDA 12.8 or newer"),
        ((12, 8), 121, "does not know a (sm_121): install CUDA 12.9 or newer"),
        ((13, 0), 61, "does not know a (sm_61): install a CUDA toolkit older than 13.0"),
        ((11, 2), 75, ""),
        ((11, 8), 90, ""),
        ((12, 9), 61, ""),
        ((12, 8), 120, ""),
        ((13, 0), 110, ""),
    ],
)
def test_a_toolkit_that_does_not_know_the_gpu_is_not_tried(version, capability, words):
    gpu = Driver(version=(13, 0), gpus=(Gpu("a", capability),))
    chosen = plan(facts(driver=gpu, toolkit=Toolkit("/cuda/bin/nvcc", version)))
    assert chosen.device == ("cpu" if words else "cuda")
    assert not words or chosen.notes[0].endswith(words)


def test_gpus_of_several_kinds_are_noted():
    def notes(*capabilities):
        gpus = tuple(Gpu(f"sm{c}", c) for c in capabilities)
        return plan(facts(driver=Driver((13, 0), gpus), toolkit=CUDA_12)).notes

    assert notes(86, 86) == ()
    assert "compiled for the oldest of them, sm61 (sm_61)" in notes(86, 61)[0]


@pytest.mark.parametrize(
    ("toolkit", "word"),
    [(None, "nvcc"), (replace(CUDA_12, missing=("libcudart.so",)), "libcudart.so")],
)
def test_gpu_without_a_whole_toolkit_runs_on_the_cpu_and_says_so(toolkit, word):
    chosen = plan(gpu_facts(toolkit))
    assert chosen.device == "cpu"
    assert "H100 stays unused" in chosen.notes[0] and word in chosen.notes[0]
    with pytest.raises(SetupError, match="JNERF_DEVICE=cuda, but .*" + word):
        plan(gpu_facts(toolkit, environ={"JNERF_DEVICE": "cuda"}))


def test_device_variable():
    assert plan(gpu_facts(CUDA_12, environ={"JNERF_DEVICE": "cpu"})).device == "cpu"
    assert plan(gpu_facts(CUDA_12, environ={"JNERF_DEVICE": "cuda"})).device == "cuda"
    with pytest.raises(SetupError, match="JNERF_DEVICE=cuda, but no CUDA driver"):
        plan(facts(environ={"JNERF_DEVICE": "cuda"}))
    with pytest.raises(SetupError, match="'gpu' is not one of auto, cpu, cuda"):
        plan(facts(environ={"JNERF_DEVICE": "gpu"}))


def test_onednn_only_where_it_is_installed():
    assert plan(facts(onednn=True)).env["use_mkl"] == "1"
    assert plan(facts(onednn=False)).env["use_mkl"] == "0"


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (["clang++", "g++"], "g++"),
        ([f"{platform.machine()}-conda-linux-gnu-g++"], "conda-linux-gnu-g++"),
        (["clang++", "c++"], None),
    ],
)
def test_a_compiler_of_another_name_is_handed_to_jittor(tmp_path, there, taken):
    for name in there:
        (tmp_path / name).touch(0o755)
    found = gather({"PATH": str(tmp_path), "JNERF_DEVICE": "cpu"}).cxx
    assert found is None if taken is None else found.endswith(taken)
    if taken:
        assert plan(facts(cxx=found)).env.get("cc_path") == (None if taken == "g++" else found)


def test_the_users_compiler_is_the_only_one_looked_for(tmp_path):
    (tmp_path / "g++").touch(0o755)
    environ = {"PATH": str(tmp_path), "JNERF_DEVICE": "cpu", "cc_path": "/no/clang++"}
    assert gather(environ).cxx is None


def test_mpi_only_under_mpirun():
    launched = facts(environ={"OMPI_COMM_WORLD_SIZE": "2"}, mpicc="/usr/bin/mpicc")
    assert plan(launched).env["use_mpi"] == "1"


def test_the_users_variables_win():
    mine = {
        "use_mkl": "1",
        "log_silent": "0",
        "cache_name": "x",
        "python_config_path": "/x",
        "cc_flags": "-g",
    }
    chosen = plan(gpu_facts(CUDA_13, environ=mine))
    assert not set(mine) & set(chosen.env)
    assert any(
        "cc_flags is yours" in note and "jnerf_cuda_compat.h" in note for note in chosen.notes
    )


def test_every_set_of_flags_has_its_own_cache():
    machines = [
        facts(),
        facts(environ={"cc_flags": "-g"}),
        facts(cxx="/usr/bin/g++-13"),
        facts(python_include="/other/include"),
        facts(jittor_path="/other/site-packages/jittor"),
        gpu_facts(CUDA_12),
        facts(driver=Driver((13, 0), (Gpu("A100", 80),)), toolkit=CUDA_12),
        numpy_2_facts(),
        gpu_facts(CUDA_13),
    ]
    names = [plan(machine).env["cache_name"] for machine in machines]
    assert len(set(names)) == len(names)
    assert plan(facts()).env["cache_name"] == names[0]
    assert names[0].startswith("jnerf-cpu-") and names[-1].startswith("jnerf-cu13-")
    assert plan(facts(toolkit=CUDA_13, numpy="1.26.3")).env["cache_name"] == names[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"numpy": "3.0.0"},
            r"NumPy 3\.0\.0 is installed.*silently corrupt data.*pip install 'numpy>=1\.26,<3'",
        ),
        ({"numpy": None}, "NumPy cannot be imported"),
        ({"jittor": None}, r"pip install --no-deps jittor==1\.3\.11\.0"),
        ({"cxx": None}, "'g\\+\\+' was not found.*apt-get install g\\+\\+"),
        ({"cxx": None, "environ": {"cc_path": "g++-99"}}, "'g\\+\\+-99' was not found"),
        ({"cxx": "/usr/bin/clang++"}, "/usr/bin/clang\\+\\+ cannot compile Jittor, which needs g"),
        ({"python_include": None}, r"apt-get install python3\.11-dev"),
        ({"python": (3, 9, 18)}, r"needs Python 3\.10 or newer, this is 3\.9\.18"),
    ],
)
def test_what_no_switch_can_mend_is_said(change, message):
    with pytest.raises(ImportError, match=message):
        plan(facts(**change))


def test_missing_python_headers_are_the_users_affair_if_they_name_a_config_script():
    mine = {"python_config_path": "/opt/python-config"}
    assert "python_config_path" not in plan(facts(python_include=None, environ=mine)).env


def test_settings_of_an_outer_process_are_not_the_users():
    environ = {
        "use_mkl": "0",
        "nvcc_path": "/mine",
        "A": "1",
        RECORD: record({"use_mkl": "0", "nvcc_path": ""}, {"A": "1"}),
    }
    assert user_environ(environ) == {"nvcc_path": "/mine", "A": "1"}
    assert user_environ({"A": "1", RECORD: "broken"}) == {"A": "1"}
    assert user_environ({"A": "1", RECORD: "[]"}) == {"A": "1"}


def test_what_an_outer_process_has_replaced_is_known():
    was = record({"cc_flags": "-Iours -g"}, {"cc_flags": "-g"})
    assert user_environ({"cc_flags": "-Iours -g", RECORD: was}) == {"cc_flags": "-g"}
    assert user_environ({"cc_flags": "-O1", RECORD: was}) == {"cc_flags": "-O1"}
    assert user_environ({RECORD: was}) == {}


def test_driver_library_is_missing():
    driver = probe_driver("libjnerf_no_such_driver.so.1")
    assert driver.gpus == () and "no CUDA driver" in driver.fault


@pytest.mark.parametrize(("status", "count"), [(0, 2), (0, 0), (999, 0)])
def test_driver_library_answers(tmp_path, status, count):
    source = tmp_path / "driver.c"
    source.write_text(
        f"""
        #include <string.h>
        int cuInit(unsigned f) {{ return {status}; }}
        int cuDriverGetVersion(int* v) {{ *v = 12040; return 0; }}
        int cuDeviceGetCount(int* n) {{ *n = {count}; return 0; }}
        int cuDeviceGet(int* d, int i) {{ *d = i; return 0; }}
        int cuDeviceGetAttribute(int* v, int a, int d) {{ *v = a == 75 ? 8 : d == 0 ? 6 : 9; return 0; }}
        int cuDeviceGetName(char* s, int n, int d) {{ strncpy(s, "Test GPU", n); return 0; }}
        """
    )
    library = tmp_path / f"libdriver_{status}_{count}.so"
    compiler = shutil.which("gcc") or shutil.which("g++")
    subprocess.run([compiler, "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    driver = probe_driver(str(library))
    if status:
        assert "cuInit returns error 999" in driver.fault
    elif not count:
        assert driver.version == (12, 4) and "shows no GPU" in driver.fault
    else:
        assert driver == Driver((12, 4), (Gpu("Test GPU", 86), Gpu("Test GPU", 89)))


def make_toolkit(home: Path, release: str, files: list[str]) -> Path:
    for name in ["include/cuda_runtime.h", *files]:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    nvcc = home / "bin" / "nvcc"
    nvcc.parent.mkdir()
    nvcc.write_text(f"#!/bin/sh\necho 'Cuda compilation tools, release {release}, V{release}.1'\n")
    nvcc.chmod(0o755)
    return nvcc


def test_toolkit_is_found_by_home_and_by_path(tmp_path):
    nvcc = make_toolkit(tmp_path / "cuda", "12.4", ["lib64/libcudart.so", "include/npp.h"])
    for environ in ({"CUDA_HOME": str(tmp_path / "cuda")}, {"PATH": str(nvcc.parent)}):
        found = find_toolkit(environ)
        assert (found.nvcc, found.version) == (str(nvcc), (12, 4))
        assert not {"npp.h", "libcudart.so"} & set(found.missing)
    assert find_toolkit({"nvcc_path": str(tmp_path / "nothing")}) is None


def test_wrapper_script_on_path_is_not_taken_for_a_toolkit(tmp_path):
    nvcc = make_toolkit(tmp_path / "cuda", "11.8", [])
    wrapper = tmp_path / "bin" / "nvcc"
    wrapper.parent.mkdir()
    shutil.copy(nvcc, wrapper)
    assert find_toolkit({"nvcc_path": str(wrapper)}) is None
    os.remove(wrapper)
    wrapper.symlink_to(nvcc)
    assert find_toolkit({"nvcc_path": str(wrapper)}).nvcc == str(nvcc)
