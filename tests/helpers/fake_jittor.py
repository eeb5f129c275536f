"""A stand-in for Jittor in a folder, so that the import hook can be tried without two minutes of compilation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from jnerf.runtime.facts import gather
from jnerf.runtime.numpy_header import INSTALLED

ROOT = Path(__file__).resolve().parents[2]

_UTILS = """
import os, ssl
cache_path = os.path.join(os.path.expanduser("~"), ".cache", "jittor", os.environ["cache_name"])
ssl._create_default_https_context = ssl._create_unverified_context
"""
_JITTOR = """
__version__ = '1.3.11.0'
import os, random, sys
import jittor_utils, numpy
with open(os.path.join(os.path.expanduser("~"), "imports"), "a+") as file:
    file.write("x")
    file.flush()
    count = file.tell()  # this is the count-th import, over all processes
read_back = lambda x: x
exec(os.environ.get("FAKE_JITTOR", ""))
random.seed(count)
numpy.random.seed(count)
class flags: use_cuda = 0
class Var:
    def __init__(self, x): self.x = x
    def numpy(self): return read_back(self.x)
array = Var
"""


def install(folder: Path) -> None:
    """Writes the packages jittor and jittor_utils into ``folder``."""
    for name, text in (("jittor", _JITTOR), ("jittor_utils", _UTILS)):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(text)
    header = folder / "jittor" / INSTALLED
    header.parent.mkdir(parents=True)
    header.write_text(gather({"JNERF_DEVICE": "cpu"}).numpy_header)


def run(code: str, home: Path, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs Python ``code`` with ``path`` in front of the module path and a home folder of its own."""
    inherited = {k: os.environ[k] for k in ("PATH", "LANG", "LD_LIBRARY_PATH") if k in os.environ}
    env = {**inherited, "HOME": str(home), "PYTHONPATH": f"{path}{os.pathsep}{ROOT}", **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=home, capture_output=True, text=True, timeout=60
    )


def imports(home: Path) -> int:
    """How often the stand-in has been imported."""
    file = home / "imports"
    return len(file.read_text()) if file.is_file() else 0
