"""Who has started this process with which others, and what is said where Jittor cannot talk to them."""

import os
import stat

import pytest

from jnerf.runtime import mpi
from jnerf.runtime.cuda import Driver, Gpu, Toolkit
from jnerf.runtime.facts import Facts
from jnerf.runtime.hook import apply
from jnerf.runtime.plan import SetupError, plan

OMPI = {
    "OMPI_COMM_WORLD_RANK": "3",
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
}
SLURM = {
    "PMIX_RANK": "5",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_NODEID": "2",
    "SLURM_STEP_NUM_TASKS": "7",
    "SLURM_STEP_TASKS_PER_NODE": "2(x3),1",
}


def facts(environ, **more):
    return Facts(environ=environ, driver=Driver(fault="no CUDA driver"), **more)


def fake_mpicc(folder, says, status=0):
    path = folder / "mpicc"
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {status}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_alone_nobody_has_started_it():
    assert mpi.launched({}) is None and mpi.other_make({}) == ""
    assert plan(facts({})).env["use_mpi"] == "0"


@pytest.mark.parametrize(
    "environ",
    [
        OMPI | {"OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"},
        SLURM | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"},
    ],
)
def test_one_process_of_a_launcher_is_alone(environ):
    assert mpi.launched(environ).size == 1 and mpi.several(environ) is None
    chosen = plan(facts(environ))  # of a machine without Open MPI's compiler
    assert chosen.env["use_mpi"] == "0"
    # By it Jittor would start MPI, use_mpi or not.
    mine = {**environ, "use_mpi": "1"}
    apply(plan(facts(mine)), mine)
    assert "OMPI_COMM_WORLD_SIZE" not in mine and mpi.several(mine) is None


def test_mpirun():
    assert mpi.launched(OMPI) == mpi.Launch(3, 4, 1, 2)
    bound = OMPI | {"OMPI_MCA_orte_bound_at_launch": "1"}
    assert mpi.launched(bound).bound_by_default
    assert not mpi.launched(bound | {"OMPI_MCA_hwloc_base_binding_policy": "core"}).bound_by_default


def test_what_a_launcher_does_not_say_is_that_of_one_process():
    assert mpi.launched({"OMPI_COMM_WORLD_SIZE": "1"}) == mpi.Launch(0, 1, 0, 1)


def test_slurm():
    assert mpi.launched(SLURM) == mpi.Launch(5, 7, 1, 2)
    assert mpi.launched(SLURM | {"SLURM_NODEID": "3"}).local_size == 1


def test_jittor_is_told_where_open_mpi_is():
    env = plan(facts(OMPI, mpicc="/opt/bin/mpicc", nccl={"use_nccl": "1"})).env
    assert env["use_mpi"] == "1" and env["mpicc_path"] == "/opt/bin/mpicc"
    assert env["use_nccl"] == "0"  # of GPUs
    env = plan(facts(SLURM, mpicc="/opt/bin/mpicc")).env
    assert plan(facts(OMPI, mpicc="/opt/bin/mpicc")).without == ()
    assert env["OMPI_COMM_WORLD_SIZE"] == "7" and env["OMPI_COMM_WORLD_LOCAL_RANK"] == "1"


def test_each_process_has_a_gpu_of_its_own():
    gpus = (Gpu("a", 90), Gpu("b", 90))
    cuda = {"driver": Driver((12, 8), gpus), "toolkit": Toolkit("/cuda/bin/nvcc", (12, 8))}
    how = {"mpicc": "/opt/bin/mpicc", "nccl": {"use_nccl": "1", "nccl_lib_path": "/opt/lib"}}
    env = plan(Facts(environ=OMPI, **cuda, **how)).env
    assert env["device_id"] == "1" and env["use_nccl"] == "1" and env["nccl_lib_path"] == "/opt/lib"
    crowded = plan(Facts(environ=OMPI | {"OMPI_COMM_WORLD_LOCAL_SIZE": "3"}, **cuda, **how)).env
    assert crowded["use_nccl"] == "0"  # NCCL refuses a GPU that is another's
    assert "device_id" not in plan(Facts(environ={}, **cuda)).env
    # Of a launcher that shows each process its own GPU alone, Jittor would make the first one.
    alone = {**cuda, "driver": Driver((12, 8), gpus[:1])}
    assert "device_id" not in plan(Facts(environ=OMPI, **alone, **how)).env


def test_a_compiler_is_asked_of_what_make_it_is(tmp_path):
    for says, status, wanted in (
        ("mpicc: Open MPI 4.1.4 (Language: C)", 0, True),
        ("mpicc for MPICH version 4.0.2", 0, False),
        ("unknown option", 1, False),
    ):
        path = fake_mpicc(tmp_path, says, status)
        assert mpi.mpicc({"mpicc_path": path}) == (path if wanted else None)
    assert mpi.mpicc({"mpicc_path": str(tmp_path / "nowhere")}) is None


def test_without_open_mpi_it_says_what_to_install():
    with pytest.raises(
        SetupError, match=r"one of 4 processes .* no mpicc of Open MPI.*apt-get install"
    ):
        plan(facts(OMPI))
    with pytest.raises(SetupError, match="mpicc_path=/usr/bin/mpicc.mpich is not that of Open MPI"):
        plan(facts(OMPI | {"mpicc_path": "/usr/bin/mpicc.mpich"}))
    with pytest.raises(SetupError, match="129 processes were started, and with more than 128"):
        plan(facts(OMPI | {"OMPI_COMM_WORLD_SIZE": "129"}, mpicc="/opt/bin/mpicc"))
    with pytest.raises(SetupError, match="use_mpi=0 is set. Unset it"):
        plan(facts(OMPI | {"use_mpi": "0"}, mpicc="/opt/bin/mpicc"))


@pytest.mark.parametrize(
    "environ, said",
    [
        (
            {"PMI_SIZE": "4", "PMI_RANK": "0"},
            "4 processes were started by the mpirun of another MPI",
        ),
        ({"PMI_SIZE": "4", "SLURM_PROCID": "0"}, "srun --mpi=pmix"),
    ],
)
def test_another_make_is_refused(environ, said):
    with pytest.raises(SetupError, match=said):
        plan(facts(environ))
    assert mpi.other_make(environ | {"PMI_SIZE": "1"}) == ""


def test_nccl_is_what_is_installed(tmp_path):
    assert "nccl_lib_path" not in mpi.nccl({"NCCL_HOME": str(tmp_path)}) or os.path.isfile(
        "/usr/include/nccl.h"
    )
    for file in ("include/nccl.h", "lib/libnccl.so"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    found = mpi.nccl({"NCCL_HOME": str(tmp_path)})
    assert found["use_nccl"] == "1" and found["nccl_lib_path"] == str(tmp_path / "lib")


def test_children_are_no_ranks():
    assert mpi.untied(OMPI | SLURM | {"HOME": "/root"}) == {
        key: value for key, value in SLURM.items() if not key.startswith("PMIX")
    } | {"HOME": "/root"}


@pytest.mark.parametrize("local_size", [1, 2, 64])
def test_cores_are_shared_out(local_size, monkeypatch):
    given = []
    cores = set(range(8))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(given[-1]) if given else cores)
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, chosen: given.append(chosen))
    launch = mpi.Launch(0, local_size, local_size - 1, local_size)
    wanted = max(1, 8 // local_size)
    assert mpi.threads(launch) == wanted and given == []  # not bound: not to be bound
    cores = {5}  # by mpirun, which nobody has asked to
    bound = mpi.Launch(0, local_size, local_size - 1, local_size, bound_by_default=True)
    assert mpi.threads(bound) == wanted
    assert list(given[-1]) == list(range(8 - wanted, 8)) if local_size <= 8 else given == [range(8)]
    cores, given = {2, 3}, []
    assert mpi.threads(launch) == 2  # somebody's own binding
