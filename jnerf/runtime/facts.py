"""The facts about machine and Python that decide how Jittor is started."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jnerf.runtime import mpi, numpy_header, onednn
from jnerf.runtime.cuda import Driver, Toolkit, find_toolkit, probe_driver
from jnerf.runtime.home import jittor_home

RECORD = "JNERF_RUNTIME"
"""Environment variable in which a process notes what it has set, so that its children know it from the user's: as JSON,
``{"ours": {variable: value}, "theirs": {variable: what the user had set}}``."""


@dataclass(frozen=True)
class Facts:
    """Everything that ``plan`` looks at; tests make their own."""

    environ: Mapping[str, str] = field(default_factory=dict)
    """The environment without what an outer jnerf process has put there."""
    python: tuple[int, ...] = (3, 11, 0)
    python_include: str | None = "/usr/include/python3.11"
    """Folder that holds this interpreter's Python.h; None if there is none."""
    numpy: str | None = "1.26.4"
    """Version of the NumPy that would be imported; None if none can be."""
    jittor: str | None = "1.3.11.0"
    jittor_path: str = ""
    numpy_header: str = ""
    """Text of the header through which this Jittor reads NumPy's arrays."""
    cxx: str | None = "/usr/bin/g++"
    gcc: int | None = 12
    """First number of its version; None if it does not say."""
    driver: Driver = field(default_factory=Driver)
    toolkit: Toolkit | None = None
    onednn: bool = False
    """Whether oneDNN 2 is installed, or already lies where Jittor looks."""
    home: Path = Path("/home/user")
    """The folder under which Jittor keeps ``.cache/jittor``."""
    mpicc: str | None = None
    """Open MPI's compiler; looked for only where mpirun or srun has started this process."""
    nccl: Mapping[str, str] = field(default_factory=dict)
    """Variables by which Jittor finds an installed NCCL; likewise."""


def gather(environ: Mapping[str, str] | None = None) -> Facts:
    """Looks at the machine. Never raises for something missing: that is for ``plan`` to judge."""
    environ = user_environ(os.environ if environ is None else environ)
    home = jittor_home(environ)
    jittor_path, jittor = _jittor()
    compiler = _compiler(environ)
    return Facts(
        environ=environ,
        python=tuple(sys.version_info[:3]),
        python_include=_python_include(),
        numpy=_numpy(),
        jittor=jittor,
        jittor_path=jittor_path,
        numpy_header=_text(Path(jittor_path, numpy_header.INSTALLED)),
        cxx=compiler,
        gcc=_gcc(compiler),
        # cuInit costs 0.1 s and more where there is a GPU: not for somebody who wants the CPU.
        driver=Driver(fault="not asked: JNERF_DEVICE=cpu")
        if environ.get("JNERF_DEVICE") == "cpu"
        else probe_driver(),
        toolkit=find_toolkit(environ),
        onednn=onednn.placed(home)
        or (platform.machine() == "x86_64" and onednn.find() is not None),
        home=home,
        mpicc=mpi.mpicc(environ) if mpi.several(environ) else None,
        nccl=mpi.nccl(environ) if mpi.several(environ) else {},
    )


def user_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` as the user has set it: without what an outer jnerf process has set and nobody has changed since."""
    try:
        record = json.loads(environ.get(RECORD, "{}"))
        ours, theirs = dict(record.get("ours", {})), dict(record.get("theirs", {}))
    except (json.JSONDecodeError, AttributeError, TypeError, ValueError):
        ours, theirs = {}, {}
    kept = {k: v for k, v in environ.items() if k != RECORD and ours.get(k) != v}
    return {**{k: v for k, v in theirs.items() if environ.get(k) == ours.get(k)}, **kept}


def record(ours: Mapping[str, str], user: Mapping[str, str]) -> str:
    """The value of ``RECORD`` after ``ours`` were set where the user had set ``user``."""
    return json.dumps({"ours": dict(ours), "theirs": {k: user[k] for k in ours if k in user}})


def _compiler(environ: Mapping[str, str]) -> str | None:
    """``cc_path``, else g++, which a conda environment calls after the machine."""
    names = ["g++", f"{platform.machine()}-conda-linux-gnu-g++"]
    if environ.get("cc_path"):
        names = [environ["cc_path"]]
    found = (shutil.which(name, path=environ.get("PATH")) for name in names)
    return next(filter(None, found), None)


def _gcc(compiler: str | None) -> int | None:
    if compiler is None:
        return None
    try:
        command = [compiler, "-dumpversion"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
        return int(said.strip().split(".")[0])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _python_include() -> str | None:
    include = sysconfig.get_paths()["include"]
    return include if os.path.isfile(os.path.join(include, "Python.h")) else None


def _numpy() -> str | None:
    """The version of the very NumPy that Jittor would import: package metadata can tell of another one."""
    try:
        return str(importlib.import_module("numpy").__version__)
    except ImportError:
        return None


def _jittor() -> tuple[str, str | None]:
    """Folder and version of the installed Jittor, read from its source: importing it is what we prepare for."""
    spec = importlib.util.find_spec("jittor")
    if spec is None or not spec.origin:
        return "", None
    with open(spec.origin, encoding="utf-8") as file:
        match = re.search(r"^__version__ = '([^']+)'", file.read(), re.MULTILINE)
    return os.path.dirname(spec.origin), match[1] if match else None
