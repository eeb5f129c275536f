"""Processes that compile at the same time: ``JNERF_KERNELS=NAME`` gives one a folder of kernels and a lock of its own.

Jittor lets one process of a cache compile and all others wait, however many cores are idle. Two trainings with other
names do not wait for each other, nor do the processes of the test suite. A kernel that a process of another name has
compiled is copied: ``share.sh`` knows it by source, flags and the text of every header. Without a name all is as
Jittor has it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from pathlib import Path
from types import ModuleType

from jnerf.runtime.kernels import compiler as kernel_compiler
from jnerf.runtime.plan import SetupError

NAME = "JNERF_KERNELS"
_COMMON = ("gen", "obj_files", "tmp", kernel_compiler.FOLDER)  # what Jittor looks for beside jit/
# What precedes on the CPU, and with nvcc, whose path the script takes: each sets `source` and defines `compile`.
_CPU = """#!/bin/sh
# Written by jnerf. COMPILE.sh asm_tuner.py --cc_path=COMPILER SOURCE FLAGS ... -o LIBRARY, once for all processes.
for library; do :; done
case "$2" in
*/asm_tuner.py) ;;
*) exec /bin/sh "$@" ;;
esac
with=$1
tuner=$2
compiler=$3
source=$4
compile() { /bin/sh "$with" "$tuner" "$compiler" "$source" "$@"; }
skip=4
"""
_CUDA = """#!/bin/sh
# Written by jnerf. In place of nvcc: SOURCE FLAGS ... -o LIBRARY, once for all processes.
for library; do :; done
case "$1:$library" in
*.cc:*.so) ;;
*) exec {nvcc} "$@" ;;
esac
source=$1
compile() {{ {nvcc} "$source" "$@"; }}
skip=1
"""
_SHARE = """name=$({{
  cat "$source"
  for word; do
    case "$word" in "$source" | "$library") ;; *) echo "$word" ;; esac
  done
}} | sha1sum | cut -c1-40)
kept={folder}/$name
exec 9>"$kept.lock"
flock 9 2>/dev/null  # whoever needs the same waits, and then copies
rm -f "$library"  # another checkout's process may have it loaded, and keeps what it has
if sha1sum --status -c "$kept.headers" 2>/dev/null && cp "$kept.so" "$library"; then exit 0; fi
shift $skip
compile -MMD -MF "$kept.d" "$@" || exit
# The list of headers comes last: it says that the library is complete.
rm -f "$kept.headers"
cp "$library" "$kept.so" &&
  sed 's/^[^:]*://; s/\\\\$//' "$kept.d" | tr ' ' '\\n' | grep -vxF -e "$source" -e '' | xargs sha1sum >"$kept.part" &&
  mv "$kept.part" "$kept.headers"
rm -f "$kept.d"
exit 0
"""


def separate(jittor: ModuleType) -> bool:
    """Gives this process the folder that ``JNERF_KERNELS`` names, if it does.

    Args:
        jittor: the module, just imported; its kernel compiler is installed.

    Returns:
        Whether there is a name.

    Raises:
        SetupError: the name is not one of a file.
        OSError: the folder cannot be written.
    """
    name = os.environ.get(NAME, "")
    if not name:
        return False
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise SetupError(f"{NAME} is {name!r}; it must be letters, digits, '_', '-' and '.'.")
    flags = jittor.flags
    cache = Path(flags.cache_path)
    own = cache / "jnerf_kernels_of" / name
    (own / "jit").mkdir(parents=True, exist_ok=True)
    for common in _COMMON:
        (cache / common).mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):  # from before, or by another process
            (own / common).symlink_to(cache / common)
    lock = own / "jittor.lock"
    lock.touch()
    jittor.core.set_lock_path(str(lock))
    flags.cache_path = str(own)
    shell, _, script = flags.python_path.partition(" ")
    folder = cache / kernel_compiler.FOLDER / "shared"
    if kernel_compiler.installed(jittor):
        folder.mkdir(exist_ok=True)
        share = kernel_compiler.write(folder, "share", ".sh", script_text(folder))
        flags.python_path = f"{shell} {shlex.quote(str(share))} {script}"
    elif flags.nvcc_path:
        folder.mkdir(parents=True, exist_ok=True)
        text = script_text(folder, flags.nvcc_path)
        share = kernel_compiler.write(folder, "share_nvcc", ".sh", text)
        share.chmod(0o755)
        flags.nvcc_path = str(share)
    return True


def script_text(folder: Path, nvcc: str | None = None) -> str:
    """The script that looks into ``folder`` before it runs the one given to it, or ``nvcc``."""
    share = _SHARE.format(folder=shlex.quote(str(folder)))
    return (_CPU if nvcc is None else _CUDA.format(nvcc=shlex.quote(nvcc))) + share
