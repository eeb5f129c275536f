"""The import hook: whoever imports jittor first gets it prepared, built, and without its side effects."""

from __future__ import annotations

import atexit
import contextlib
import importlib.abc
import importlib.machinery
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from jnerf.runtime import (
    build,
    exit_threads,
    faults,
    home,
    mpi,
    numpy_header,
    onednn,
    python_313,
)
from jnerf.runtime.facts import RECORD, Facts, gather, record, user_environ
from jnerf.runtime.files import place
from jnerf.runtime.kernels import compiler as kernel_compiler
from jnerf.runtime.kernels import sharing as kernel_sharing
from jnerf.runtime.loaders import AroundLoader
from jnerf.runtime.memory import keep_memory
from jnerf.runtime.plan import Plan, SetupError, plan, python_config_path

_RESTARTED = "JNERF_RESTARTED"
_OPENEXR = "OPENCV_IO_ENABLE_OPENEXR"


def prepare() -> None:
    """Makes a later ``import jittor`` work here. Cheap: it only installs the hook, and only once.

    Tells OpenCV that it may read and write OpenEXR: it asks once in a process, when it meets the first such file.
    Does nothing more if Jittor is imported already, or on a platform other than Linux, where Jittor's own set-up
    applies.
    """
    if not os.environ.get(_OPENEXR):  # OpenCV refuses an empty one
        os.environ[_OPENEXR] = "1"
    launch = mpi.several()
    if launch is not None and launch.rank > 0:
        os.environ.setdefault("TQDM_DISABLE", "1")  # one process shows progress
    installed = any(isinstance(finder, _Finder) for finder in sys.meta_path)
    if sys.platform.startswith("linux") and "jittor" not in sys.modules and not installed:
        python_313.install()
        sys.meta_path.insert(0, _Finder())


def withdraw() -> None:
    """Undoes ``prepare``, for the process that builds Jittor."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]


@cache
def settle() -> Plan:
    """Looks at the machine, decides and sets the environment; once per process.

    Raises:
        SetupError: Jittor cannot work here.
    """
    facts = gather()
    chosen = plan(facts)
    if said := home.fault(facts.home):
        raise SetupError(f"{said}: make it writable, or {home.REMEDY}.")
    try:
        _write_files(facts, chosen)
    except OSError as error:
        said = home.refusal(facts.home, error)
        raise SetupError(f"{said}: make room or make it writable, or {home.REMEDY}.") from error
    launch = mpi.launched(os.environ)
    apply(chosen, os.environ)
    if launch is not None:  # one process too: mpirun may have bound it to one core
        os.environ.setdefault("OMP_NUM_THREADS", str(mpi.threads(launch)))
    for note in chosen.notes if mpi.speaks() else ():
        print(f"jnerf: {note}", file=sys.stderr)
    return chosen


def device() -> str:
    """The device that jnerf computes on in this process: ``cpu`` or ``cuda``.

    Decided by ``JNERF_DEVICE`` and the machine before Jittor is imported; afterwards Jittor's own flag tells.

    Raises:
        SetupError: as for importing Jittor.
    """
    if "jittor" in sys.modules:
        return "cuda" if sys.modules["jittor"].flags.use_cuda else "cpu"
    return settle().device


def apply(chosen: Plan, environ: MutableMapping[str, str]) -> None:
    """Sets the plan's variables, and notes them for child processes (see ``facts.RECORD``)."""
    user = user_environ(environ)
    for key in set(environ) - set(user):
        del environ[key]  # an outer process wanted it; whether this one does, its own plan says
    environ.update({**user, **chosen.env, RECORD: record(chosen.env, user)})
    for key in chosen.without:
        environ.pop(key, None)


def _write_files(facts: Facts, chosen: Plan) -> None:
    """Writes what the plan's variables point to: python-config script, NumPy's header, and the links to oneDNN."""
    if "python_config_path" in chosen.env:
        _write_python_config(python_config_path(facts), str(facts.python_include))
    if chosen.numpy_header:
        numpy_header.place(facts.home, chosen.numpy_header)
    if {**facts.environ, **chosen.env}.get("use_mkl") == "1":
        found = onednn.find()
        if found:
            onednn.place(found, facts.home)


def _write_python_config(path: Path, include: str) -> None:
    suffix = importlib.machinery.EXTENSION_SUFFIXES[0]
    text = (
        "#!/bin/sh\n# Written by jnerf: what pythonX.Y-config says, for an interpreter that may have come without it.\n"
        f"case \"$1\" in\n--includes) echo '-I{include}' ;;\n--extension-suffix) echo '{suffix}' ;;\n"
        '*) echo "unknown option $1" >&2; exit 1 ;;\nesac\n'
    )
    place(path, text, 0o755)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds jittor and jittor_utils as the other finders do, and wraps their loaders."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in ("jittor", "jittor_utils"):
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(AroundLoader):
    """Runs the preparation around the real loader."""

    def around(self, module: ModuleType) -> None:
        chosen = settle()
        with preserved(), home.at_home(chosen.home):
            if module.__name__ == "jittor":
                _import_jittor(self.inner, module, chosen)
            else:
                self.inner.exec_module(module)
        # Here, under the handlers put back: Jittor's would end the process with its first worker.
        _end_compile_workers()


def _import_jittor(loader: importlib.abc.Loader, module: ModuleType, chosen: Plan) -> None:
    import jittor_utils  # cheap; knows the cache folder that belongs to the environment

    folder = Path(jittor_utils.cache_path)
    build.ensure(folder, Path(module.__path__[0]), chosen)
    try:
        loader.exec_module(module)
    except SystemExit:  # Jittor has rebuilt a part of itself that this process had loaded
        build.forget(folder)
        _restart()
    except (
        RuntimeError,
        OSError,
    ) as error:  # it may compile again, and writes some files each time
        if said := faults.fault(str(error), folder):
            raise SetupError(f"Jittor cannot be imported: {said}") from error
        raise
    os.environ.pop(_RESTARTED, None)
    if chosen.device == "cuda":
        module.flags.use_cuda = 1
    else:
        keep_memory()
        kernel_compiler.install(module)
    kernel_sharing.separate(module)
    atexit.register(exit_threads.wait_until_asleep)  # runs before what Jittor has registered


def _end_compile_workers() -> None:
    """Ends the worker processes that Jittor's import has forked to compile itself.

    Idle ones would stay to the end, and Ctrl-C on a terminal kills them together with the program: Jittor then waits
    for ever at exit for a lock that a dead worker holds. Should it need workers again, it makes new ones.
    """
    import jittor_utils

    if getattr(jittor_utils, "pool_size", 0):
        atexit.unregister(jittor_utils.pool_cleanup)
        jittor_utils.pool_cleanup()
        jittor_utils.pool_size = 0


def _restart() -> None:
    """Starts this program again from its beginning; Jittor would have ended it with status 0.

    Raises:
        SetupError: it has been restarted before, or it cannot be: a notebook, a prompt, a script from standard input.
    """
    arguments = sys.orig_argv[1:]
    restartable = (
        bool(arguments)
        and arguments[-1] != "-"
        and not hasattr(sys, "ps1")
        and "ipykernel" not in sys.modules
    )
    if not restartable or _RESTARTED in os.environ:
        raise SetupError(
            "Jittor has rebuilt a part of itself; start this program (or notebook kernel) again."
        )
    os.environ[_RESTARTED] = "1"
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *arguments])


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Undoes what Jittor's import does to the process.

    It switches HTTPS verification off, reseeds ``random`` and NumPy, and installs handlers that end the process at
    once: on Ctrl-C, and when any child (an ffmpeg, say) is killed by a signal. Its libraries also make subnormal
    numbers zero, which speed wants; NumPy would warn of that at whatever moment it first looks, so it looks now.
    """
    import ssl

    import numpy as np

    https, python_random, numpy_random = (
        ssl._create_default_https_context,
        random.getstate(),
        np.random.get_state(),
    )
    for kind in (np.float32, np.float64):
        np.finfo(kind)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGCHLD)}
    try:
        yield
    finally:
        ssl._create_default_https_context = https
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, handlers[number] or signal.SIG_DFL)
        random.setstate(python_random)
        np.random.set_state(numpy_random)
