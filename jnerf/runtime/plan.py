"""The decision: from facts about the machine to the environment that Jittor's import reads. Pure; touches nothing.

Every switch answers a measured failure of Jittor 1.3.11: see the comments. Variables of the user win.
"""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from jnerf.errors import JnerfError
from jnerf.runtime import mpi, numpy_header
from jnerf.runtime.cuda import toolkit_fault
from jnerf.runtime.facts import Facts

JITTOR = "1.3.11.0"
"""The version that all of this is written for."""
OLDEST_PYTHON = (3, 10)
PIP_JITTOR = ("--no-deps", f"jittor=={JITTOR}")
"""What pip is to install: without its dependencies, which setup.py names, for they refuse NumPy 2."""
INSTALL_JITTOR = f"python -m pip install {' '.join(PIP_JITTOR)}"
COMPAT = Path(__file__).resolve().parents[1] / "compat"
DEVICES = ("auto", "cpu", "cuda")
_STRICT_GCC = 15  # see compat/jnerf_gcc15.h
_NVCC_ARCH_LIMIT = 90  # the newest architecture that Jittor 1.3.11 passes to nvcc


class SetupError(JnerfError, ImportError):
    """Jittor cannot be imported on this machine as it is; the message says what to mend."""


@dataclass(frozen=True)
class Plan:
    """How Jittor is to be started here."""

    device: str
    """``cpu`` or ``cuda``."""
    env: dict[str, str] = field(default_factory=dict)
    """Environment variables to set; nothing that the user has set is in it."""
    without: tuple[str, ...] = ()
    """Environment variables to take away."""
    notes: tuple[str, ...] = ()
    """What the user should know although it works, for example a GPU that stays unused."""
    numpy_header: str = ""
    """The header that stands in front of Jittor's own; empty with NumPy 1."""
    home: Path = field(default_factory=Path.home)
    """The folder under which Jittor keeps ``.cache/jittor``."""


def plan(facts: Facts) -> Plan:
    """Chooses device and Jittor switches.

    Args:
        facts: the machine.

    Raises:
        SetupError: Jittor would fail or silently compute garbage.
    """
    _require(facts)
    header = header_for_numpy(facts)
    device, notes = choose_device(facts)
    env = {
        "log_silent": "1",  # a page per import; it also keeps a missing cuBLAS from aborting
        "FIX_TORCH_ERROR": "0",  # imports torch wherever it is installed: seconds, for nothing
        "use_nccl": "0",  # these three are downloads that abort without a network
        "use_cutt": "0",
        "use_cutlass": "0",
        "use_mkl": "1" if facts.onednn else "0",  # without the wheels it would be a download
    }
    env.update(_mpi_env(facts, device))
    if facts.cxx and Path(facts.cxx).name != "g++":
        env["cc_path"] = facts.cxx  # Jittor looks for g++ alone
    if facts.python_include:
        env["python_config_path"] = str(python_config_path(facts))
    if device == "cuda":
        cuda_env = _cuda_env(facts)
        notes += _cuda_notes(facts, cuda_env)
        env.update(cuda_env)
    env = {key: value for key, value in env.items() if key not in facts.environ}
    if device == "cpu" and facts.environ.get("nvcc_path") != "":
        env["nvcc_path"] = ""  # whoever has set it: with nvcc and no driver Jittor's import aborts
    if needed := _needed_flags(facts, header):  # the user's flags come behind them
        others = env.get("cc_flags", facts.environ.get("cc_flags", ""))
        env["cc_flags"] = f"{shlex.join(needed)} {others}".strip()
    if "cache_name" not in facts.environ:
        env["cache_name"] = _cache_name(device, facts, env)
    # A process that mpirun has started alone needs no MPI, and Jittor would start it.
    without = (mpi.SIZE,) if mpi.several(facts.environ) is None else ()
    return Plan(device, env, without, notes, header, facts.home)


def _mpi_env(facts: Facts, device: str) -> dict[str, str]:
    """Switches of MPI and NCCL; one process has neither.

    Raises:
        SetupError: this is one of several processes, and Jittor could not talk to the others.
    """
    if fault := mpi.other_make(facts.environ):
        raise SetupError(f"{fault}.")
    launch = mpi.several(facts.environ)
    if launch is None:
        return {"use_mpi": "0"}  # costs 5 s wherever mpicc is installed
    env, fault = mpi.environment(launch, facts.environ, facts.mpicc)
    if fault:
        raise SetupError(f"{fault}.")
    if device == "cuda":
        gpus = len(facts.driver.gpus)
        if gpus > 1:  # of a single one Jittor would make 0 of what CUDA_VISIBLE_DEVICES calls it, which is another's
            env["device_id"] = str(launch.local_rank % gpus)
        env |= facts.nccl if launch.local_size <= gpus else {}  # it wants a GPU for each process
    return env


def _require(facts: Facts) -> None:
    """Raises for what no switch can mend."""
    if facts.python[:2] < OLDEST_PYTHON:
        version = ".".join(map(str, facts.python))
        raise SetupError(f"jnerf needs Python 3.10 or newer, this is {version}.")
    if facts.numpy is None:
        raise SetupError("NumPy cannot be imported. Run: python -m pip install 'numpy>=1.26,<3'")
    if numpy_major(facts) > 2:
        raise SetupError(
            f"NumPy {facts.numpy} is installed, and Jittor would silently corrupt data with it: jnerf knows NumPy 1 "
            "and 2. Run: python -m pip install 'numpy>=1.26,<3'"
        )
    if facts.jittor is None:
        raise SetupError(f"Jittor is not installed. Run: {INSTALL_JITTOR}")
    if facts.cxx is None:
        wanted = facts.environ.get("cc_path") or "g++"
        raise SetupError(
            f"no C++ compiler: {wanted!r} was not found, and Jittor compiles at run time. "
            "Run: apt-get install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora) or conda install gxx"
        )
    if "clang" in Path(facts.cxx).name:
        raise SetupError(
            f"{facts.cxx} cannot compile Jittor, which needs g++: a part of it is written in GNU's C++ (pointers to "
            "member functions as pointers to functions). Run: apt-get install g++, and unset cc_path"
        )
    if facts.python_include is None and "python_config_path" not in facts.environ:
        name = "python{}.{}-dev".format(*facts.python[:2])
        raise SetupError(
            f"Python.h of this Python was not found, and Jittor needs it. Run: apt-get install {name}"
        )


def numpy_major(facts: Facts) -> int:
    """1 or 2, the first number of NumPy's version; there must be one."""
    return int(str(facts.numpy).split(".")[0])


def header_for_numpy(facts: Facts) -> str:
    """The header that has to stand in front of Jittor's own for the NumPy at hand; empty with NumPy 1.

    Raises:
        SetupError: this Jittor is not the one whose header we know; it would corrupt data without an error.
    """
    if numpy_major(facts) < 2:
        return ""
    mend = f"Run: {INSTALL_JITTOR} (or: python -m pip install 'numpy>=1.26,<2')"
    if facts.jittor != JITTOR:
        raise SetupError(
            f"with NumPy {facts.numpy} Jittor {facts.jittor} would silently corrupt data; jnerf knows how to prevent "
            f"that in Jittor {JITTOR} only. {mend}"
        )
    try:
        return numpy_header.for_numpy_2(facts.numpy_header)
    except ValueError as error:
        raise SetupError(
            f"{Path(facts.jittor_path, numpy_header.INSTALLED)} is not that of Jittor {JITTOR} (it lacks: {error}), so "
            f"it cannot be mended for NumPy {facts.numpy}. {mend}"
        ) from error


def choose_device(facts: Facts) -> tuple[str, tuple[str, ...]]:
    """``cpu`` or ``cuda``, and what the user should know about the choice.

    Raises:
        SetupError: ``JNERF_DEVICE`` has an unknown value, or asks for CUDA where it cannot be.
    """
    wanted = facts.environ.get("JNERF_DEVICE", "auto")
    if wanted not in DEVICES:
        raise SetupError(f"JNERF_DEVICE={wanted!r} is not one of {', '.join(DEVICES)}.")
    if wanted == "cpu":
        return "cpu", ()
    fault = facts.driver.fault
    if facts.driver.gpus and facts.environ.get("nvcc_path") == "":
        fault = "nvcc_path is set to nothing"
    elif facts.driver.gpus and facts.toolkit is None:
        fault = (
            "no CUDA toolkit (nvcc with headers beside it) was found: install one or set CUDA_HOME"
        )
    elif facts.driver.gpus and "libcudart.so" in facts.toolkit.missing:
        fault = f"the toolkit of {facts.toolkit.nvcc} has no libcudart.so"
    elif facts.driver.gpus:
        fault = ": ".join(filter(None, toolkit_fault(facts.toolkit, facts.driver.gpus)))
    if not fault:
        return "cuda", ()
    if wanted == "cuda":
        raise SetupError(
            f"JNERF_DEVICE=cuda, but {fault}. Run python -m jnerf.doctor, or set JNERF_DEVICE=cpu."
        )
    if not facts.driver.gpus:
        return "cpu", ()
    return "cpu", (f"{facts.driver.gpus[0].name} stays unused: {fault}",)


def python_config_path(facts: Facts) -> Path:
    """Where the script lies that answers for this interpreter as pythonX.Y-config would.

    Always ours: many machines have none, and the one that Jittor finds in /usr/bin may be of another Python.
    """
    key = hashlib.sha1(str(facts.python_include).encode()).hexdigest()[:8]
    return facts.home / ".cache" / "jnerf" / "python{}.{}-config-{}".format(*facts.python[:2], key)


def _needed_flags(facts: Facts, header: str) -> list[str]:
    """Words of ``cc_flags`` without which Jittor corrupts data or does not compile."""
    flags = []
    if header:
        flags.append(f"-I{numpy_header.include_folder(facts.home, header)}")
    if (facts.gcc or 0) >= _STRICT_GCC:
        flags += ["-include", str(COMPAT / "jnerf_gcc15.h")]
    return flags


def _cuda_env(facts: Facts) -> dict[str, str]:
    env = {
        "nvcc_path": facts.toolkit.nvcc,
        "conv_opt": "1",  # cuBLAS and cuRAND only: cuDNN 9 does not match and would abort
    }
    flags = []
    if facts.toolkit.version >= (13, 0):
        # cudaDeviceProp lost two fields that Jittor's helper_cuda.h reads; CUB 3 wants C++17.
        flags.append(f"-include {COMPAT / 'jnerf_cuda_compat.h'}")
        env["NVCC_APPEND_FLAGS"] = "-std=c++17"
    if "npp.h" in facts.toolkit.missing:
        flags.append(f"-I{COMPAT / 'inc'}")
    if flags:
        env["cc_flags"] = " ".join(flags)
    newest = max(gpu.capability for gpu in facts.driver.gpus)
    if newest > _NVCC_ARCH_LIMIT and facts.toolkit.version >= (12, 8):
        # Jittor stops at sm_90 without PTX, which such a GPU cannot run.
        arch = f"-gencode arch=compute_{newest},code=sm_{newest}"
        env["NVCC_APPEND_FLAGS"] = f"{env.get('NVCC_APPEND_FLAGS', '')} {arch}".strip()
    return env


def _cuda_notes(facts: Facts, env: dict[str, str]) -> tuple[str, ...]:
    notes = []
    for key in ("cc_flags", "NVCC_APPEND_FLAGS"):
        if key in env and key in facts.environ:
            notes.append(
                f"{key} is yours and wins; CUDA {facts.toolkit.version[0]} may also need: {env[key]}"
            )
    if any(name.startswith(("libcublas", "cublas")) for name in facts.toolkit.missing):
        notes.append(
            "the CUDA toolkit has no cuBLAS: matrix products of Jittor and of MLPs with biases, skips or more than "
            "128 wide will be slow"
        )
    known = {gpu.capability: gpu.name for gpu in facts.driver.gpus}
    if len(known) > 1:
        oldest = min(known)
        notes.append(
            "GPUs of several kinds are to be seen, and all kernels are compiled for the oldest of them, "
            f"{known[oldest]} (sm_{oldest}): set CUDA_VISIBLE_DEVICES to those of one kind"
        )
    return tuple(notes)


def _cache_name(device: str, facts: Facts, env: dict[str, str]) -> str:
    """A cache of its own for every set of flags: Jittor meets one of other flags with ``exit(0)``."""
    merged = {**facts.environ, **env}
    keys = ["nvcc_path", "cc_flags", "nvcc_flags", "kernel_flags", "NVCC_APPEND_FLAGS"]
    parts = [f"{key}={merged.get(key, '')}" for key in [*keys, "enable_lto", "debug"]]
    parts += [str(facts.cxx), str(facts.python_include), facts.jittor_path]
    capabilities = sorted({gpu.capability for gpu in facts.driver.gpus})
    parts.append(f"{facts.toolkit} {capabilities}" if device == "cuda" else "")
    if str(COMPAT) in env.get("cc_flags", ""):  # forced headers are part of all that is compiled
        parts += [path.read_text() for path in sorted(COMPAT.rglob("*.h"))]
    if "python_config_path" in facts.environ:
        parts.append(facts.environ["python_config_path"])
    digest = hashlib.sha1("\n".join(parts).encode()).hexdigest()[:8]
    kind = f"cu{facts.toolkit.version[0]}" if device == "cuda" else "cpu"
    return f"jnerf-{kind}-{digest}"
