"""``log.jsonl``: one JSON object a line, the record that every curve and table is made from.

Training rows: ``step`` (steps completed), ``seconds`` (jnerf.engine.watching.clock), each loss term as
``loss/<name>``, ``loss`` (their sum), the metrics of the batch by the names that the dataset gives
them (``psnr``), ``rays``, ``samples``, ``samples_per_s``, ``lr``, and what sampler and network report
of themselves as ``sampler/<name>`` and ``network/<name>``.
Evaluation rows: ``{"step", "seconds", "eval": {...}}``.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from pathlib import Path
from typing import Any

from jnerf.errors import JnerfError
from jnerf.files import write_text_atomic
from jnerf.imaging.image import Image

#: Of a training row, what is no metric; names with a slash are none either.
_NO_METRIC = frozenset({"step", "seconds", "loss", "rays", "samples", "samples_per_s", "lr"})


def metrics_of(row: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a training row, by name.

    >>> metrics_of({"step": 1, "loss/rgb": 0.1, "loss": 0.1, "psnr": 20.0})
    {'psnr': 20.0}
    """
    return {k: v for k, v in row.items() if k not in _NO_METRIC and "/" not in k}


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text; infinities and NaN, which JSON cannot say, become null.

    >>> to_json({"psnr": float("inf"), "step": 3})
    '{"psnr": null, "step": 3}'
    """
    return json.dumps(_finite(value), indent=indent, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "tolist"):  # NumPy scalars and arrays
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


class JsonLog:
    """Appends rows to a file; each row is on disk's way as soon as it is written."""

    def __init__(self, path: Path, keep_until: int | None = None) -> None:
        """Opens the log.

        Args:
            path: the file; made when absent.
            keep_until: when resuming, the checkpoint's step: rows beyond it, and a last line that a
                killed process left half written, are dropped, because those steps are about to be
                trained again.

        Raises:
            JnerfError: the disk is full or refuses.
        """
        self._path = path
        try:
            if keep_until is not None and path.exists():
                rows = [row for row in read_log(path) if row["step"] <= keep_until]
                write_text_atomic(path, "".join(f"{to_json(row)}\n" for row in rows))
            # Unbuffered: rows that a full disk refused must not come again when the file is closed.
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise self._refused(error) from error

    def see(self, image: Image) -> None:
        """Is shown each picture of an evaluation before its row comes; a log of numbers takes none."""

    def write(self, row: dict[str, Any]) -> None:
        """Appends one row.

        Args:
            row: must hold ``step``.

        Raises:
            JnerfError: the disk is full.
        """
        left = memoryview(f"{to_json(row)}\n".encode())
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> JnerfError:
        return JnerfError(
            f"cannot write {self._path}: {error}. The last checkpoint is kept: free disk space, then "
            "continue with --resume."
        )

    def close(self) -> None:
        """Closes the file; what was written reaches the disk even if the machine stops now."""
        with contextlib.suppress(OSError):  # a full disk was reported by the write that met it
            os.fsync(self._file.fileno())
        self._file.close()


class NoLog(JsonLog):
    """Takes rows and keeps none: of a process that does not log."""

    def __init__(self) -> None:
        """Opens nothing."""

    def write(self, row: dict[str, Any]) -> None:
        """See ``JsonLog``."""

    def close(self) -> None:
        """See ``JsonLog``."""


def read_log(path: Path) -> list[dict[str, Any]]:
    """All whole rows of a log; lines that are not JSON objects with a step (a torn last line) are
    left out.

    Args:
        path: a ``log.jsonl``.
    """
    rows = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            rows.append(row)
    return rows
