"""Jittor's own build in less than half the time; runs in the child process of ``build`` only.

Jittor compiles some 170 files of its own, each with the same headers, in as many processes as there are 3 GiB of
memory, three files twice or alone. ``install`` replaces the functions of ``jittor_utils`` that run the compiler:

* the common headers are precompiled, beside the first file;
* one process per core, the longest file first;
* what is not called in every training step (bindings, tests, kernel generator) gets -O1 in place of -O2;
* the two parts that Jittor compiles alone, at their place in its import, go with the rest or are not repeated;
* the step that waits for its kernels looks every 20 ms whether they are done, not, as by a slip, every second.

Every file gets the very key that Jittor would have written, so that later imports find all as they expect it. A
command that fails in this way is run again as Jittor gave it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from jnerf.runtime import precompiled

_HEADERS = (
    *("Python.h", "algorithm", "atomic", "chrono", "cmath", "condition_variable", "cstring"),
    *("fstream", "functional", "iomanip", "iostream", "limits", "list", "memory", "mutex"),
    *("queue", "set", "sstream", "thread", "tuple"),
    *("common.h", "var.h", "op.h", "graph.h", "fused_op.h", "executor.h", "var_holder.h"),
    *("mem/allocator.h", "ops/op_register.h", "utils/str_utils.h"),
)
# Not called while a training step runs, or for a small share of it.
_SELDOM = re.compile(
    r"/gen/pyjt_|/src/(test|opt|pyjt|pybind|profiler)/|/src/(op_compiler|jit_compiler|parallel_compiler"
    r"|memory_profiler)\.cc|/extern/mkl/|/gen_ops_"
)
_GIB_PER_PROCESS = 1.5
_MOST = 16  # as Jittor; a container may show more cores than it may use
_WORTH_PRECOMPILING = 8  # files
# File, Jittor's text, ours. Its own comment says "max 0.1s"; a first step waits a dozen times.
_CORRECTED = ("parallel_compiler.cc", "sleep_us*2, 1000000", "sleep_us*2, 20000")


def install(utils: ModuleType, jittor_path: str) -> Callable[[], None]:
    """Makes ``import jittor`` build in this way.

    Args:
        utils: the module ``jittor_utils``; jittor itself has not been imported yet.
        jittor_path: Jittor's package folder.

    Returns:
        What to call afterwards; it removes what only the build needs.
    """
    if getattr(utils, "cc_type", "") != "g++":
        return lambda: None
    _forget_half_made_data(Path(utils.cache_path))
    fast = _FastBuild(utils, jittor_path)
    utils.run_cmd, utils.run_cmds = fast.run_cmd, fast.run_cmds
    utils.try_import_jit_utils_core = fast.try_import_jit_utils_core
    return fast.clean


def workers() -> int:
    """How many compilers run at once: one per core, as far as memory goes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return max(1, min(len(os.sched_getaffinity(0)), int(memory / _GIB_PER_PROCESS), _MOST))


def _forget_half_made_data(cache: Path) -> None:
    """Jittor notes data.o as done before ``_FastBuild`` has made it; an end in between must not last."""
    if not (cache / "data.o").is_file():
        (cache / "data.md5").unlink(missing_ok=True)


@dataclass
class Job:
    """One command, and the key that says from which sources and flags its output is."""

    command: str
    key: Path | None = None
    text: str = ""

    def size(self) -> int:
        """Bytes of its source: the best guess of its time."""
        sources = re.findall(r'"([^"]+\.(?:cc|cpp))"', self.command)
        return sum(os.path.getsize(path) for path in sources if os.path.isfile(path))

    def run(self, header: Path | None) -> None:
        """Compiles, first the fast way; the key comes last.

        Raises:
            RuntimeError: the compiler failed; the message is its output.
        """
        faster = quick(corrected(self.command, header.parent) if header else self.command, header)
        if subprocess.run(faster, shell=True, capture_output=True).returncode != 0:
            plain = subprocess.run(self.command, shell=True, capture_output=True)
            if plain.returncode != 0:
                output = (plain.stdout + plain.stderr).decode(errors="replace")
                raise RuntimeError(f"Run cmd failed: {self.command}\n{output}")
        if self.key:
            self.key.write_text(self.text)


def quick(command: str, header: Path | None) -> str:
    """``command`` with the precompiled header, without warnings, and at -O1 where that does no harm."""
    compiler, rest = re.match(r'("[^"]+"|\S+)(.*)', command, re.DOTALL).groups()
    if _SELDOM.search(rest.split(" -", 1)[0]):
        rest = rest.replace(" -O2 ", " -O1 ")
    include = f" '{precompiled.include_flag(header)}'" if header else ""
    return f"{compiler}{include} -w{rest}"


def corrected(command: str, folder: Path) -> str:
    """``command`` with a copy of its source in ``folder``, if there is something to correct in it."""
    name, theirs, ours = _CORRECTED
    source = re.search(rf'"([^"]*/{re.escape(name)})"', command)
    if not source or theirs not in (text := Path(source[1]).read_text()):
        return command
    copy = folder / name
    copy.write_text(text.replace(theirs, ours))
    return command.replace(source[0], f'"{copy}"')


class _FastBuild:
    def __init__(self, utils: ModuleType, jittor_path: str) -> None:
        self.utils = utils
        self.jittor_path = jittor_path
        self.plain_run_cmd: Callable = utils.run_cmd
        self.plain_run_cmds: Callable = utils.run_cmds
        self.plain_import: Callable = utils.try_import_jit_utils_core
        self.header = Path(utils.cache_path) / "jnerf_core" / "headers.h"
        self.precompiling: subprocess.Popen | None = None
        self.postponed: list[Job] = []
        self.made = ""  # the command that made jit_utils_core, until its key is written

    def run_cmd(self, cmd: str, *args: object, **kwargs: object) -> str:
        """In place of ``jittor_utils.run_cmd``: the two long commands among the many short ones."""
        if "cache_compile.cc" in cmd and "jit_utils_core" in cmd:
            self._precompile(cmd)
            output = self.plain_run_cmd(cmd, *args, **kwargs)
            self.made = cmd
            return output
        data = re.search(r'"([^"]*/data\.cc)" -c -o "[^"]*data\.o"', cmd)
        if data:  # Jittor removes the source at once, and links data.o after the rest
            copy = data[1].replace("/data.cc", "/jnerf_data.cc")
            shutil.copyfile(data[1], copy)
            self.postponed.append(Job(cmd.replace(f'"{data[1]}"', f'"{copy}"')))
            return ""
        return self.plain_run_cmd(cmd, *args, **kwargs)

    def try_import_jit_utils_core(self, silent: bool | None = None) -> None:
        """In place of Jittor's, which would compile the library again to learn its key."""
        self.plain_import(silent)
        if self.utils.cc and self.made:
            job, self.made = self._job(self.made), ""
            job.key.write_text(job.text)

    def run_cmds(
        self, cmds: Sequence[str], cache_path: str, jittor_path: str, msg: str = ""
    ) -> None:
        """In place of ``jittor_utils.run_cmds``.

        Raises:
            RuntimeError: a file does not compile, not even as Jittor wants it.
        """
        jobs = [job for job in map(self._job, cmds) if job is not None]
        jobs, self.postponed = [*self.postponed, *jobs], []
        jobs.sort(key=Job.size, reverse=True)
        header = self._header(jobs)
        with ThreadPoolExecutor(workers()) as pool:
            for _ in pool.map(lambda job: job.run(header), jobs):
                pass

    def _job(self, cmd: str) -> Job | None:
        """What there is to do; None if the output is there and from the same sources and flags.

        Jittor's own function writes the key, of a command that compiles nothing.
        """
        key = Path(re.search(r' -o "([^"]+)"', cmd)[1] + ".key")
        output = key.with_suffix("")
        before = key.read_text() if output.is_file() and key.is_file() else ""
        compiler = re.match(r'"[^"]+"|\S+', cmd)[0]
        nothing = "true" + cmd.removeprefix(compiler)
        self.utils.cc.cache_compile(nothing, self.utils.cache_path, self.jittor_path)
        text = key.read_text().replace(nothing, cmd, 1)
        if text == before and "jit_utils_core" not in output.name:
            key.write_text(text)
            return None
        key.unlink()
        return Job(cmd, key, text)

    def _precompile(self, cmd: str) -> None:
        """Begins to precompile the common headers with the flags of ``cmd``."""
        flags = re.split(r'\.cc"(?= +-)', cmd)[-1].rsplit(" -o ", 1)[0]
        self.header.parent.mkdir(exist_ok=True)
        self.header.write_text("".join(f"#include <{name}>\n" for name in _HEADERS))
        target = self.header.with_name("headers.h.gch") / "O2"
        self.precompiling = precompiled.start(
            self.utils.cc_path, precompiled.compile_flags(flags), self.header, target
        )

    def _header(self, jobs: Sequence[Job]) -> Path | None:
        """The precompiled header, if it could be made."""
        if self.precompiling is None and len(jobs) >= _WORTH_PRECOMPILING:
            self._precompile(jobs[-1].command)
        if self.precompiling is not None:
            self.precompiling.wait()
        made = self.header.with_name("headers.h.gch") / "O2"
        return self.header if made.is_file() else None

    def clean(self) -> None:
        """Removes what only the build needs."""
        shutil.rmtree(self.header.parent, ignore_errors=True)
        (Path(self.utils.cache_path) / "jnerf_data.cc").unlink(missing_ok=True)
