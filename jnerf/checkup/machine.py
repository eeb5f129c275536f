"""Compiler, CPU, GPU, oneDNN, Jittor's cache and disk."""

from __future__ import annotations

import contextlib
import ctypes.util
import os
import platform
import shutil
import subprocess
from pathlib import Path

from jnerf.checkup.finding import Finding
from jnerf.runtime import home, num_threads, onednn
from jnerf.runtime.cuda import OLDEST_TOOLKIT, toolkit_fault
from jnerf.runtime.facts import Facts
from jnerf.runtime.plan import SetupError, choose_device, plan

_VECTORS = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16")
_GIB = 2**30
_LEAST_DISK = 2 * _GIB  # venv, Jittor's cache and one run


def check_compiler(facts: Facts) -> Finding:
    """g++ and its OpenMP runtime."""
    if facts.cxx is None:
        return Finding("FAIL", "compiler", "no g++ found", "apt-get install g++ (or set cc_path)")
    if "clang" in Path(facts.cxx).name:
        mend = "apt-get install g++, and unset cc_path"
        return Finding("FAIL", "compiler", f"{facts.cxx} cannot compile Jittor, g++ can", mend)
    try:
        out = subprocess.run([facts.cxx, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return Finding(
            "FAIL", "compiler", f"{facts.cxx} does not run: {error}", "apt-get install g++"
        )
    if ctypes.util.find_library("gomp") is None:
        return Finding(
            "FAIL", "compiler", f"{facts.cxx} has no OpenMP library", "apt-get install libgomp1"
        )
    return Finding("OK", "compiler", f"{facts.cxx}: {out.stdout.splitlines()[0]}")


def check_cpu() -> Finding:
    """The CPU and the vector instructions that the kernels have variants for."""
    fields = {}
    if os.path.isfile("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
        fields = {
            key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
        }
    name = fields.get("model name", platform.machine())
    present = [flag for flag in _VECTORS if flag in fields.get("flags", "").split()]
    if "avx2" not in present:
        return Finding(
            "warn", "cpu", f"{name}: no AVX2, so the plain C++ kernels run, several times slower"
        )
    return Finding("OK", "cpu", f"{name}: {' '.join(present)}")


def check_threads() -> Finding:
    """Threads of the CPU kernels against the cores this process may use."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    try:
        threads = num_threads()
    except OSError:
        return Finding(
            "FAIL", "threads", "libgomp.so.1 cannot be loaded", "apt-get install libgomp1"
        )
    text = f"{threads} for {cores} cores (OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')})"
    if threads > cores:
        return Finding(
            "warn",
            "threads",
            text,
            "unset OMP_NUM_THREADS: more threads than cores are much slower",
        )
    return Finding("OK", "threads", text)


def check_driver(facts: Facts) -> Finding:
    """NVIDIA's driver and the GPUs it shows."""
    if not facts.driver.gpus:
        wanted = facts.environ.get("JNERF_DEVICE") == "cuda"
        mend = "install NVIDIA's driver, or unset JNERF_DEVICE" if wanted else ""
        return Finding("FAIL" if wanted else "OK", "gpu", f"none: {facts.driver.fault}", mend)
    names = ", ".join(f"{gpu.name} (sm_{gpu.capability})" for gpu in facts.driver.gpus)
    return Finding("OK", "gpu", "{}; driver for CUDA {}.{}".format(names, *facts.driver.version))


def check_toolkit(facts: Facts) -> Finding:
    """nvcc with its headers and libraries; only a machine with a GPU needs one."""
    toolkit = facts.toolkit
    if toolkit is None:
        if facts.driver.gpus:
            mend = "install NVIDIA's CUDA toolkit ({}.{} to 13) or set CUDA_HOME".format(*OLDEST_TOOLKIT)
            return Finding(
                "warn", "cuda", "no nvcc with headers beside it: the GPU stays unused", mend
            )
        return Finding("OK", "cuda", "no toolkit (not needed without a GPU)")
    text = "{}.{} at {}".format(*toolkit.version, toolkit.nvcc)
    without = f", without {', '.join(toolkit.missing)}" if toolkit.missing else ""
    if not facts.driver.gpus:
        return Finding("OK", "cuda", f"{text}{without}; unused without a GPU")
    fault, mend = toolkit_fault(toolkit, facts.driver.gpus)
    if fault:
        return Finding("warn", "cuda", f"{fault}: the GPU stays unused", mend)
    if facts.driver.version and facts.driver.version < toolkit.version:
        mend = "update the driver, or install a toolkit that is not newer than the driver"
        return Finding(
            "warn", "cuda", text + "; the driver is for {}.{}".format(*facts.driver.version), mend
        )
    lacking = [
        name for name in toolkit.missing if name != "npp.h"
    ]  # jnerf brings a stand-in for npp.h
    mend = (
        "install the toolkit's development packages of cuBLAS, cuRAND and the runtime"
        if lacking
        else ""
    )
    return Finding("warn" if lacking else "OK", "cuda", text + without, mend)


def check_device(facts: Facts) -> Finding:
    """What jnerf will compute on."""
    try:
        device, notes = choose_device(facts)
    except SetupError as error:
        return Finding("FAIL", "device", str(error), "set JNERF_DEVICE to auto, cpu or cuda")
    text = f"{device} (JNERF_DEVICE={facts.environ.get('JNERF_DEVICE', 'auto')})"
    return Finding("warn" if notes else "OK", "device", "; ".join((text, *notes)))


def check_onednn(facts: Facts) -> Finding:
    """oneDNN, which makes Jittor's own matrix products fast on the CPU."""
    if onednn.placed(facts.home):
        return Finding("OK", "onednn", "in place for Jittor")
    if facts.onednn:
        return Finding("OK", "onednn", "installed; will be linked to where Jittor looks")
    mend = "python -m pip install onednn-cpu-gomp==2022.2.1 onednn-devel-cpu-gomp==2022.2.1"
    return Finding(
        "warn",
        "onednn",
        "none: Jittor's matmul and convolution will be slow; jnerf's ops do not use it",
        mend,
    )


def check_cache(facts: Facts) -> Finding:
    """Jittor's build cache for the present plan: warm means that imports take a second."""
    root = facts.home / ".cache" / "jittor"
    if said := home.fault(facts.home):
        return Finding("FAIL", "cache", said, f"make it writable, or {home.REMEDY}")
    size = _bytes_in(root)
    try:
        chosen = plan(facts)
    except SetupError:
        return Finding(
            "warn", "cache", f"{root}, {size / 2**20:.0f} MiB; which part is ours is not known yet"
        )
    name = chosen.env.get("cache_name", facts.environ.get("cache_name", ""))
    warm = any(root.glob(f"*/*/*/*/*/*/{name}/jnerf_ready"))
    state = "warm" if warm else "cold: the first import compiles for about a minute"
    return Finding("OK", "cache", f"{root}, {size / 2**20:.0f} MiB, {name}: {state}")


def _bytes_in(root: Path) -> int:
    """Of all files below a folder; of those that another process takes away meanwhile, nothing."""
    size = 0
    for folder, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += os.lstat(os.path.join(folder, name)).st_size
    return size


def check_disk(facts: Facts) -> Finding:
    """Free space where Jittor's cache and where the runs go."""
    places = {"cache": home.nearest(facts.home), "here": Path.cwd()}
    free = {name: shutil.disk_usage(path).free for name, path in places.items()}
    text = ", ".join(f"{free[name] / _GIB:.1f} GiB free in {path}" for name, path in places.items())
    if min(free.values()) < _LEAST_DISK:
        return Finding("warn", "disk", text, f"free at least {_LEAST_DISK // _GIB} GiB")
    return Finding("OK", "disk", text)
