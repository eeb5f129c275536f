"""Open MPI, with which several processes train together."""

from __future__ import annotations

import shutil
import subprocess

from jnerf.checkup.finding import Finding
from jnerf.runtime import mpi
from jnerf.runtime.facts import Facts


def check_mpi(facts: Facts) -> Finding:
    """Open MPI's compiler and its mpirun; one process needs neither."""
    if fault := mpi.other_make(facts.environ):
        return Finding("FAIL", "mpi", fault, "start the processes with Open MPI's mpirun")
    compiler, mpirun = facts.mpicc or mpi.mpicc(facts.environ), _mpirun(facts)
    if compiler is None:
        inside = mpi.several(facts.environ) is not None
        text = "no Open MPI: one process trains" if mpirun is None else f"{mpirun[0]}, but no mpicc of Open MPI"
        wanted = inside or mpirun is not None
        status = "FAIL" if inside else "warn" if wanted else "OK"
        return Finding(status, "mpi", text, mpi.INSTALL if wanted else "")
    text = f"{compiler}: {mpi.version(compiler)}"
    if mpirun is None:
        return Finding("warn", "mpi", f"{text}, but no mpirun", mpi.INSTALL)
    if not mpirun[1]:
        mend = "use Open MPI's (on Debian mpirun.openmpi): with another, each process would train alone"
        return Finding("warn", "mpi", f"{text}, but {mpirun[0]} is of another make", mend)
    return Finding("OK", "mpi", f"{text}; mpirun -np N jnerf train has N processes train together")


def _mpirun(facts: Facts) -> tuple[str, bool] | None:
    """The mpirun that would be called, and whether it is Open MPI's; None where there is none."""
    path = shutil.which("mpirun", path=facts.environ.get("PATH"))
    if path is None:
        return None
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return path, False
    return path, "Open MPI" in done.stdout or "Open RTE" in done.stdout
