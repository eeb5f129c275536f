"""Re-reads edited kernel headers between two steps: what compiles is used from the next step on, the rest stays.

Every kernel that was compiled is a file in Jittor's cache beside the command that compiled it. An edited header is
tried on all of those that include it, without making anything; only if the compiler takes them all does the fingerprint
of the op change, and with it the kernels (``jnerf.ops.common.digest``). While a wrong header lies there, kernels that
are compiled for the first time (of another type, say) are made from a copy of the good ones.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import jittor as jt

from jnerf.ops.common import CODE_ROOT, code, digest

_COLORS = re.compile(r"\x1b\[[0-9;]*[mK]")
_ERROR = re.compile(r"^.*\berror\b.*$", re.MULTILINE)


@dataclass
class Reread:
    """What became of edited headers.

    Attributes:
        taken: ops whose kernels are new from the next step on.
        wrong: the compiler's first error, by op; its kernels stay as they were.
    """

    taken: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """What to tell whoever edited them."""
        told = [f"kernels of {op}: new from the next step on" for op in self.taken]
        told += [f"kernels of {op} stay as they were: {error}" for op, error in self.wrong.items()]
        return told or ["no kernel has been edited"]


class Kernels:
    """The headers of this process's kernels, and a copy of them as they last compiled."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jnerf_headers_")
        self._copy(CODE_ROOT)

    def reread(self) -> Reread:
        """Looks for edited headers, tries them, and takes those that compile."""
        found = Reread()
        for known, (_, new) in digest.edited().items():
            error = self._first_error(known.op)
            if error is None:
                digest.accept(known, new)
                found.taken.append(known.op)
                for folder in digest.header_folders(known.root, known.op):
                    self._copy(folder)
            else:
                found.wrong[known.op] = error
        code.renew(Path(self._folder.name) if found.wrong else CODE_ROOT)
        return found

    def close(self) -> None:
        """Removes the copy; kernels are compiled from the headers as they are."""
        code.renew(CODE_ROOT)
        self._folder.cleanup()

    def _copy(self, folder: Path) -> None:
        for path in folder.rglob("*.h"):
            target = Path(self._folder.name) / path.relative_to(CODE_ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())

    def _first_error(self, op: str) -> str | None:
        """What the compiler says of the kernels of an op with its headers as they are now; None: it takes them all."""
        sources = {text: path for path in _loaded() if f'#include "{op}/' in (text := _text(path))}
        with ThreadPoolExecutor(max_workers=2) as pool:
            return next((error for error in pool.map(self._try, sources.values()) if error), None)

    def _try(self, source: Path) -> str | None:
        """Has the compiler read a kernel; its first error, or None."""
        words = shlex.split(_text(source.with_suffix(".so.key")).partition("\n")[0])
        if str(source) not in words:
            return None  # nobody knows how it was compiled: it shows when it is used
        compiler = next((word[10:] for word in words if word.startswith("--cc_path=")), words[0])
        flags = words[words.index(str(source)) + 1 :]
        if "-o" in flags:
            flags = flags[: flags.index("-o")]
        copy = f"-I{self._folder.name}"
        flags = [f"-I{CODE_ROOT}" if flag == copy else flag for flag in flags]
        with tempfile.TemporaryDirectory() as folder:
            check = ["-fsyntax-only"]
            if "nvcc" in Path(compiler).name:
                flags = [flag for flag in flags if flag != "-shared"]
                check = ["-ptx", "-o", f"{folder}/tried.ptx"]
            command = [compiler, str(source), *flags, *check]
            done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return None
        said = _COLORS.sub("", done.stderr)
        first = _ERROR.search(said)
        return (first.group(0) if first else said).strip()


def _loaded() -> list[Path]:
    """Sources of the kernels that this process has loaded."""
    folder = str(Path(jt.flags.cache_path) / "jit")
    maps = Path("/proc/self/maps").read_text().split()
    libraries = {word for word in maps if word.startswith(folder) and word.endswith(".so")}
    return [Path(library).with_suffix(".cc") for library in sorted(libraries)]


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # of another process that tidies up
        return ""
