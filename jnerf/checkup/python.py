"""Python, NumPy, Jittor and the other packages."""

from __future__ import annotations

import importlib
import sys

from jnerf.checkup.finding import Finding
from jnerf.runtime.facts import Facts

JITTOR = "1.3.11.0"


def check_python(facts: Facts) -> Finding:
    """The interpreter's version."""
    version = ".".join(map(str, facts.python))
    if (3, 10) <= facts.python[:2] < (3, 13):
        return Finding("OK", "python", f"{version} at {sys.executable}")
    mend = "make a venv with Python 3.10, 3.11 or 3.12: newer ones have no NumPy < 2, which Jittor needs"
    return Finding("FAIL", "python", version, mend)


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
    """NumPy below 2."""
    if facts.numpy is None:
        return Finding(
            "FAIL", "numpy", "cannot be imported", "python -m pip install 'numpy>=1.26,<2'"
        )
    if int(facts.numpy.split(".")[0]) >= 2:
        mend = "python -m pip install 'numpy>=1.26,<2' (Jittor silently corrupts data with NumPy 2)"
        return Finding("FAIL", "numpy", facts.numpy, mend)
    return Finding("OK", "numpy", facts.numpy)


def check_jittor(facts: Facts) -> Finding:
    """Jittor's version: jnerf is tested with one."""
    if facts.jittor is None:
        return Finding("FAIL", "jittor", "not installed", f"python -m pip install jittor=={JITTOR}")
    if facts.jittor != JITTOR:
        mend = f"python -m pip install jittor=={JITTOR} (the version jnerf is tested with)"
        return Finding("warn", "jittor", f"{facts.jittor} at {facts.jittor_path}", mend)
    return Finding("OK", "jittor", f"{facts.jittor} at {facts.jittor_path}")


def check_packages() -> Finding:
    """The other packages that jnerf always needs: each is really imported."""
    names = {"cv2": "opencv-python-headless<4.12", "imageio": "imageio", "tqdm": "tqdm"}
    names |= {"imageio_ffmpeg": "imageio-ffmpeg", "safetensors": "safetensors"}
    versions, faults = [], {}
    for module, package in names.items():
        try:
            versions.append(f"{module} {importlib.import_module(module).__version__}")
        except ImportError as error:
            faults[package] = f"{module}: {error}"
    if faults:
        mend = "python -m pip install " + " ".join(f"'{package}'" for package in faults)
        return Finding("FAIL", "packages", "; ".join(faults.values()), mend)
    return Finding("OK", "packages", ", ".join(versions))
