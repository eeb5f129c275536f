"""What the doctor says of Open MPI."""

import pytest

from jnerf.checkup.mpi import check_mpi
from jnerf.runtime.facts import Facts

OPEN_MPI = {
    "mpicc": "mpicc: Open MPI 4.1.4 (Language: C)",
    "mpirun": "mpirun (Open MPI) 4.1.4",
}
MPICH = {"mpicc": "mpicc for MPICH version 4.0.2", "mpirun": "HYDRA build details: Version 4.0.2"}


def facts(folder, programs, **environ):
    for name, says in programs.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (folder / name).chmod(0o755)
    path = {"mpicc_path": str(folder / "mpicc"), "PATH": str(folder)}
    return Facts(environ={**path, **environ})


@pytest.mark.parametrize(
    "programs, status, said",
    [
        (OPEN_MPI, "OK", "Open MPI 4.1.4 (Language: C); mpirun -np N jnerf train"),
        ({}, "OK", "no Open MPI: one process trains"),
        (MPICH, "warn", "no mpicc of Open MPI"),
        (OPEN_MPI | {"mpirun": MPICH["mpirun"]}, "warn", "mpirun is of another make"),
        ({"mpicc": OPEN_MPI["mpicc"]}, "warn", "but no mpirun"),
    ],
)
def test_what_is_installed(tmp_path, programs, status, said):
    found = check_mpi(facts(tmp_path, programs))
    assert (found.status, said in found.text()) == (status, True), found.text()


def test_within_processes_that_cannot_talk(tmp_path):
    found = check_mpi(facts(tmp_path, {}, OMPI_COMM_WORLD_SIZE="2"))
    assert found.status == "FAIL" and "apt-get install openmpi-bin" in found.text()
    found = check_mpi(facts(tmp_path, OPEN_MPI, PMI_SIZE="2"))
    assert found.status == "FAIL" and "another MPI" in found.text()
