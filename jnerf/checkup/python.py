"""Python, NumPy, Jittor and the other packages."""

from __future__ import annotations

import importlib
import sys
import sysconfig

from jnerf.checkup.finding import Finding
from jnerf.runtime import numpy_header
from jnerf.runtime.facts import Facts
from jnerf.runtime.plan import (
    INSTALL_JITTOR,
    JITTOR,
    OLDEST_PYTHON,
    PIP_JITTOR,
    SetupError,
    header_for_numpy,
    numpy_major,
)

_NEWEST_TRIED = (3, 14)
_PIP_NUMPY = (("numpy>=1.26,<3",),)
_NUMPY = f"python -m pip install '{_PIP_NUMPY[0][0]}'"


def check_python(facts: Facts) -> Finding:
    """The interpreter's version."""
    version = ".".join(map(str, facts.python))
    text = f"{version} at {sys.executable}"
    if facts.python[:2] < OLDEST_PYTHON:
        return Finding("FAIL", "python", text, "make a venv with Python 3.10 or newer")
    if facts.python[:2] > _NEWEST_TRIED:
        mend = f"if anything is odd, try 3.{_NEWEST_TRIED[1]}"
        return Finding("warn", "python", f"{text}: newer than any that jnerf was tried with", mend)
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        mend = "if anything is odd, take the Python with its lock"
        return Finding("warn", "python", f"{text}: free-threaded, where nobody has tried", mend)
    return Finding("OK", "python", text)


def check_headers(facts: Facts) -> Finding:
    """Python.h, and who answers as pythonX.Y-config."""
    own = facts.environ.get("python_config_path")
    if facts.python_include:
        return Finding(
            "OK",
            "python-config",
            f"{own or 'answered by jnerf'}, headers in {facts.python_include}",
        )
    if own:
        return Finding(
            "warn", "python-config", f"{own} (yours); this interpreter itself has no Python.h"
        )
    mend = "apt-get install python{}.{}-dev (or set python_config_path)".format(*facts.python[:2])
    return Finding("FAIL", "python-config", "Python.h of this interpreter was not found", mend)


def check_numpy(facts: Facts) -> Finding:
    """NumPy 1 or 2, and how it goes together with Jittor."""
    if facts.numpy is None:
        return Finding("FAIL", "numpy", "cannot be imported", _NUMPY, _PIP_NUMPY)
    if numpy_major(facts) > 2:
        mend = f"{_NUMPY} (Jittor would silently corrupt data)"
        return Finding("FAIL", "numpy", facts.numpy, mend, _PIP_NUMPY)
    if facts.jittor is None:
        return Finding("OK", "numpy", facts.numpy)
    try:
        header = header_for_numpy(facts)
    except SetupError as error:
        return Finding("FAIL", "numpy", str(error), f"{INSTALL_JITTOR}, or install 'numpy<2'")
    if not header:
        return Finding("OK", "numpy", f"{facts.numpy}: the one that Jittor was written for")
    folder = numpy_header.include_folder(facts.home, header)
    text = f"{facts.numpy}: Jittor was written for NumPy 1, so a header of ours is compiled in, from {folder}"
    return Finding("OK", "numpy", text)


def check_jittor(facts: Facts) -> Finding:
    """Jittor's version: jnerf is tested with one."""
    if facts.jittor is None:
        return Finding("FAIL", "jittor", "not installed", INSTALL_JITTOR, (PIP_JITTOR,))
    if facts.jittor != JITTOR:
        mend = f"{INSTALL_JITTOR} (the version jnerf is tested with)"
        return Finding("warn", "jittor", f"{facts.jittor} at {facts.jittor_path}", mend, (PIP_JITTOR,))
    return Finding("OK", "jittor", f"{facts.jittor} at {facts.jittor_path}")


def check_packages() -> Finding:
    """The other packages that jnerf always needs: each is really imported."""
    names = {"cv2": "opencv-python-headless", "imageio": "imageio", "tqdm": "tqdm"}
    names |= {"imageio_ffmpeg": "imageio-ffmpeg", "safetensors": "safetensors"}
    versions, faults, missing, damaged = [], [], [], []
    for module, package in names.items():
        try:
            versions.append(f"{module} {importlib.import_module(module).__version__}")
        except (ImportError, AttributeError, OSError) as error:
            sys.modules.pop(module, None)  # half of it would stand in for what --fix installs
            faults.append(f"{module}: {error}")
            (missing if _is_absent(error, module) else damaged).append(package)
    if not faults:
        return Finding("OK", "packages", ", ".join(versions))
    # pip takes a damaged package for one that is there; what that one needs stays as it is, NumPy above all.
    calls = [tuple(missing), ("--force-reinstall", "--no-deps", *damaged)]
    calls = [words for words, for_these in zip(calls, (missing, damaged), strict=True) if for_these]
    mend = " && ".join(f"python -m pip install {' '.join(words)}" for words in calls)
    return Finding("FAIL", "packages", "; ".join(faults), mend, tuple(calls))


def _is_absent(error: Exception, module: str) -> bool:
    """Whether a module, or one that it needs, is not there; otherwise it is, and damaged."""
    inside = f"{module}."
    return isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(inside)
