"""Several processes of one program: who started them, Open MPI's compiler and NCCL for Jittor, whose cores are whose.

Found by environment variables alone: nothing is loaded, and a process that was started by itself pays a look at them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

#: The variable by which Jittor tells that it is to start MPI.
SIZE = "OMPI_COMM_WORLD_SIZE"
#: Variables that tie a process to the MPI that has started it; a child that is no rank must not have them.
TIES = ("OMPI_", "PMIX_", "PMI_")
_MPICC = (
    "mpicc",
    "mpicc.openmpi",
    "/usr/lib64/openmpi/bin/mpicc",
    "/usr/lib64/mpi/gcc/openmpi4/bin/mpicc",
)
_NCCL_FOLDERS = ("/usr", "/usr/local", "/usr/local/cuda")
#: Jittor's MPI keeps a number of 8 bytes for each process in an array that is too short (``mpi_initer`` of
#: extern/mpi/src/mpi_wrapper.cc: ``rank`` places, not ``size``). Behind it lie 1024 bytes that are not used any more.
MOST = 128
INSTALL = "apt-get install openmpi-bin libopenmpi-dev"


@dataclass(frozen=True)
class Launch:
    """This process among those that were started together.

    Attributes:
        rank: its number, from 0.
        size: how many there are.
        local_rank: its number among those of this host.
        local_size: how many there are on this host.
        bound_by_default: whether mpirun has bound it to a core or a socket without having been asked to.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1
    bound_by_default: bool = False


def launched(environ: Mapping[str, str]) -> Launch | None:
    """What Open MPI's mpirun, or Slurm's ``srun --mpi=pmix``, says of this process; None where neither started it."""
    if SIZE in environ:
        least = {"RANK": 0, "SIZE": 1, "LOCAL_RANK": 0, "LOCAL_SIZE": 1}
        numbers = [int(environ.get(f"OMPI_COMM_WORLD_{name}", n)) for name, n in least.items()]
        asked = {"OMPI_MCA_hwloc_base_binding_policy", "OMPI_MCA_rmaps_base_mapping_policy"}
        bound = "OMPI_MCA_orte_bound_at_launch" in environ and not asked & set(environ)
        return Launch(*numbers, bound)
    if "PMIX_RANK" in environ and "SLURM_PROCID" in environ:
        size = int(environ.get("SLURM_STEP_NUM_TASKS") or environ.get("SLURM_NTASKS") or 1)
        local = _on_node(environ)
        return Launch(
            int(environ["SLURM_PROCID"]), size, int(environ.get("SLURM_LOCALID", 0)), local
        )
    return None


def _on_node(environ: Mapping[str, str]) -> int:
    """Tasks of this node, of Slurm's "2(x3),1": two on each of three nodes, one on the fourth."""
    text = environ.get("SLURM_STEP_TASKS_PER_NODE") or environ.get("SLURM_TASKS_PER_NODE") or "1"
    counts: list[int] = []
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", text):
        counts += [int(count)] * int(times or 1)
    node = int(environ.get("SLURM_NODEID", 0))
    return counts[node] if node < len(counts) else counts[0]


def other_make(environ: Mapping[str, str]) -> str:
    """What is wrong where the mpirun of another MPI has started several processes: each would think it is alone."""
    size = environ.get("PMI_SIZE", "1")
    if launched(environ) or size in ("", "0", "1"):
        return ""
    if "SLURM_PROCID" in environ:
        return (
            f"Slurm has started {size} processes through PMI, but Jittor's MPI is Open MPI, which wants PMIx: each "
            "would train alone. Start them with srun --mpi=pmix, or with Open MPI's mpirun inside the allocation"
        )
    return (
        f"{size} processes were started by the mpirun of another MPI (MPICH, Intel MPI: PMI_SIZE={size}), but Jittor's "
        "MPI is Open MPI: each would train alone. Start them with Open MPI's mpirun (on Debian mpirun.openmpi; "
        f"{INSTALL})"
    )


def environment(
    launch: Launch, environ: Mapping[str, str], compiler: str | None
) -> tuple[dict[str, str], str]:
    """Variables with which Jittor finds Open MPI, and what is wrong where it cannot.

    Args:
        launch: this process.
        environ: the user's.
        compiler: Open MPI's, see ``mpicc``.
    """
    if compiler is None:
        given = environ.get("mpicc_path")
        where = (
            f"mpicc_path={given} is not that of Open MPI"
            if given
            else "no mpicc of Open MPI was found"
        )
        return {}, (
            f"this is one of {launch.size} processes of mpirun, but {where}, with which Jittor builds its MPI. Run: "
            f"{INSTALL} (or set mpicc_path)"
        )
    if launch.size > MOST:
        return {}, (
            f"{launch.size} processes were started, and with more than {MOST} Jittor's MPI writes past an "
            "array of its own. Start fewer, with more threads each (OMP_NUM_THREADS)"
        )
    if environ.get("use_mpi") == "0":
        return (
            {},
            f"this is one of {launch.size} processes of mpirun, but use_mpi=0 is set. Unset it",
        )
    found = {"use_mpi": "1", "mpicc_path": compiler}
    found["OMPI_MCA_mpi_yield_when_idle"] = "1"  # who waits for others leaves its core to whom it serves
    if SIZE not in environ:  # Slurm: Jittor looks for nothing else
        for name in ("rank", "size", "local_rank", "local_size"):
            found[f"OMPI_COMM_WORLD_{name.upper()}"] = str(getattr(launch, name))
    return found, ""


def mpicc(environ: Mapping[str, str]) -> str | None:
    """Open MPI's compiler, or None; that of MPICH has the same name and other answers."""
    for name in [environ["mpicc_path"]] if environ.get("mpicc_path") else _MPICC:
        path = shutil.which(name, path=environ.get("PATH"))
        if path and "Open MPI" in version(path):
            return path
    return None


def version(compiler: str) -> str:
    """What an MPI compiler says of itself: "Open MPI 4.1.4 (Language: C)"; nothing where it is of another make."""
    try:
        command = [compiler, "--showme:version"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (
        done.stdout.strip().removeprefix(f"{Path(compiler).name}: ") if done.returncode == 0 else ""
    )


def nccl(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables with which Jittor finds an installed NCCL, so that it downloads none; empty where there is none."""
    if "nccl_include_path" in environ and "nccl_lib_path" in environ:
        return {"use_nccl": "1"}
    roots = [environ[key] for key in ("NCCL_HOME", "CUDA_HOME") if environ.get(key)]
    for root in map(Path, [*roots, *_NCCL_FOLDERS]):
        for lib in (root / "lib", root / "lib64", root / "lib" / "x86_64-linux-gnu"):
            if (root / "include" / "nccl.h").is_file() and (lib / "libnccl.so").is_file():
                paths = {"nccl_include_path": str(root / "include"), "nccl_lib_path": str(lib)}
                return {"use_nccl": "1", **paths}
    return {}


def untied(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment for a child that must not take itself for a rank."""
    return {key: value for key, value in environ.items() if not key.startswith(TIES)}


def threads(launch: Launch) -> int:
    """How many threads this process should have: the cores of its host, shared out.

    Where mpirun has bound it to one core without having been asked to, which would make all its threads share that
    core, it is bound to its share of the cores instead.
    """
    mine = os.sched_getaffinity(0)
    if not launch.bound_by_default:
        # Several processes that may use the same cores share them; what somebody has bound is a share already.
        everything = len(mine) >= (os.cpu_count() or 1)
        return max(1, len(mine) // launch.local_size) if everything else len(mine)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))  # less what the container has not
    cores = sorted(os.sched_getaffinity(0))
    share = len(cores) // launch.local_size
    if share:
        first = launch.local_rank * share
        os.sched_setaffinity(0, cores[first : first + share])
    return max(1, share)


def speaks() -> bool:
    """Whether this process prints and writes for all: it is alone, or the first of several."""
    launch = several()
    return launch is None or launch.rank == 0


def several(environ: Mapping[str, str] | None = None) -> Launch | None:
    """This process among several; None where it is alone, though mpirun or srun may have started it.

    Args:
        environ: its own by default.
    """
    launch = launched(os.environ if environ is None else environ)
    return launch if launch is not None and launch.size > 1 else None


def mpirun_pid() -> int | None:
    """The process number of the mpirun that has started this process on its own host; None elsewhere."""
    parent = os.getppid()
    with contextlib.suppress(OSError):
        name = Path(f"/proc/{parent}/comm").read_text().strip()
        return parent if name in ("mpirun", "mpiexec", "orterun", "prterun") else None
    return None


def end_all(status: int) -> None:
    """Ends this process and, since they would wait for it for ever, all that were started with it. Does not return.

    Args:
        status: of this process.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if "jittor" in sys.modules:
        with contextlib.suppress(AttributeError, OSError):  # MPI was not loaded
            library = ctypes.CDLL(None)
            library.MPI_Abort(
                ctypes.byref(ctypes.c_char.in_dll(library, "ompi_mpi_comm_world")), status
            )
    os._exit(status)


def end_all_on_errors() -> None:
    """From now on an exception that nobody catches ends all processes, behind its traceback."""
    show = sys.excepthook

    def ending(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        show(kind, error, trace)
        end_all(1)

    sys.excepthook = ending
