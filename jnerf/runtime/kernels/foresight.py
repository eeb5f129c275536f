"""Kernels known before anything runs: ops are asked for and noted, not run, and then compiled in one batch.

Jittor compiles what a sync needs in parallel, but of one sync alone: a run meets its kernels in a few dozen syncs, one
after the other. While a ``Foresight`` is active no sync happens. Each op of ours gives arrays of the right shapes that
never get values; whoever asks for values is told ones. The work then only builds Jittor's graph, whose kernels, those
that Jittor generates between ours too, are known at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import jittor as jt

_READS = ("numpy", "item", "data", "tolist", "to_list", "fetch_sync")
_READS += ("__float__", "__int__", "__bool__", "__index__")
_MARK = "jnerf: these arrays have no values"
# Throws whenever something asks for the values of what it gives. One kernel: it has an output of every kind.
_BLANK = f'throw std::runtime_error("{_MARK}");'
_KINDS = [(dtype, rank) for dtype in ("float32", "int32", "uint8") for rank in (1, 2, 3)]
#: Far more ops than any method asks for in what is foreseen of it: it would not come to an end.
_MOST = 20_000

current: Foresight | None = None


class Array(NamedTuple):
    """What a kernel depends on of an array: not its sizes."""

    dtype: str
    rank: int


class Kernel(NamedTuple):
    """A kernel of ours: folder of the op, source, arrays."""

    op: str
    source: str
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


class TooMuch(Exception):
    """What is being foreseen does not come to an end."""


class Foresight:
    """While active, ops are noted and not run; a context manager, one at a time.

    Attributes:
        kernels: ours that were asked for.
    """

    def __init__(self) -> None:
        self.kernels: set[Kernel] = set()
        self._wanted: list[jt.Var] = []  # whatever reaches one of these is to be compiled
        self._calls = 0
        self._put_back: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Foresight:
        global current
        import jittor as jt

        self._first = self._blanks([(2,)], ["float32"])[0]
        for name in ("sync_all", "gc"):
            self._replace(jt, name, lambda *a, **k: None)
        self._replace(jt, "sync", lambda found, *a, **k: self._want(found))
        self._replace(jt, "fetch_sync", lambda found: [self._told(var) for var in found])
        self._replace(jt.Var, "sync", lambda var, *a, **k: self._want([var]))
        for name in ("update", "assign"):  # what trains keeps its values
            self._replace(jt.Var, name, lambda var, value: self._kept(var, value))
        for name in _READS:
            if hasattr(jt.Var, name):
                told = self._telling(name)
                self._replace(jt.Var, name, property(told) if name == "data" else told)
        current = self
        return self

    def __exit__(self, *error: object) -> None:
        global current
        current = None
        while self._put_back:
            setattr(*self._put_back.pop())

    def op(
        self,
        name: str,
        source: str,
        shapes: Sequence[Sequence[int]],
        dtypes: Sequence[str],
        inputs: Sequence[jt.Var],
        make: Callable[[Sequence[Sequence[int]]], list[jt.Var]],
    ) -> list[jt.Var]:
        """Notes an op.

        Args:
            name: its folder.
            source: statements.
            shapes: of its outputs; a negative first size is a maximum.
            dtypes: of its outputs.
            inputs: arrays.
            make: shapes -> the op itself, which is never run.

        Returns:
            Outputs without values.

        Raises:
            TooMuch: this has no end.
        """
        self._calls += 1
        if self._calls > _MOST:
            raise TooMuch(f"more than {_MOST} ops")
        shapes = [[abs(size) for size in shape] for shape in shapes]
        given = tuple(Array(str(var.dtype), var.ndim) for var in inputs)
        found = tuple(Array(d, len(s)) for d, s in zip(dtypes, shapes, strict=True))
        self.kernels.add(Kernel(name, source, given, found))
        self._want(make(shapes)[:1])
        return self._blanks(shapes, dtypes)

    def compile(self) -> None:
        """Compiles all that was asked for, in one batch; runs nothing.

        Raises:
            RuntimeError: a kernel does not compile, or the compilers were killed.
        """
        import jittor as jt

        try:
            jt.sync([self._first, *self._wanted])  # the first to be run throws
        except RuntimeError as error:
            if _MARK not in str(error):
                raise
        finally:  # whoever syncs everything that there is would meet them
            self._wanted.clear()
            self._first = None

    def _blanks(self, shapes: Sequence[Sequence[int]], dtypes: Sequence[str]) -> list[jt.Var]:
        import jittor as jt

        wanted = [(str(d), len(s)) for d, s in zip(dtypes, shapes, strict=True)]
        kinds = _KINDS + [kind for kind in wanted if kind not in _KINDS]
        found: list[jt.Var] = [None] * len(wanted)
        waiting = list(range(len(wanted)))
        while waiting:
            takes = {}
            for i in waiting:
                takes.setdefault(wanted[i], i)
            sizes = [shapes[takes[k]] if k in takes else (1,) * k[1] for k in kinds]
            sources = {"cpu_src": _BLANK, "cpu_header": "#include <stdexcept>\n"}
            made = jt.code(sizes, [dtype for dtype, _ in kinds], [], **sources)
            for kind, i in takes.items():
                found[i] = made[kinds.index(kind)]
            waiting = [i for i in waiting if found[i] is None]
        return found

    def _want(self, found: Any) -> None:
        import jittor as jt

        found = [found] if isinstance(found, jt.Var) else found
        self._wanted += [var for var in found if isinstance(var, jt.Var)]

    def _kept(self, var: jt.Var, value: Any) -> jt.Var:
        self._want([value])
        return var

    def _told(self, var: jt.Var) -> np.ndarray:
        self._want([var])
        dtype = str(var.dtype)
        return np.ones(var.shape, "float32" if dtype == "bfloat16" else dtype)

    def _telling(self, name: str) -> Callable[[jt.Var], Any]:
        def told(var: jt.Var) -> Any:
            values = self._told(var)
            if name in ("numpy", "data", "fetch_sync"):
                return values
            if name in ("tolist", "to_list"):
                return values.tolist()
            number = values.flat[0].item() if values.size else 0
            casts = {"__float__": float, "__int__": int, "__bool__": bool, "__index__": int}
            return casts.get(name, lambda x: x)(number)

        return told

    def _replace(self, owner: Any, name: str, value: Any) -> None:
        self._put_back.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)
