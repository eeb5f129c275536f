"""The JSON file of a measurement: schema 1.

``{"schema", "kind", "created", "command", "git", "machine", "versions", "load", "protocol", "results"}``, and of
training also ``samples_per_s``. ``results`` depends on ``kind``; every shape is below, and files are checked against
it when read as well as when written. Times are in the unit that their name ends with.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jnerf.benchmark.records.shapes import MAYBE, NUMBER, check_shape
from jnerf.datasets.files.text_files import read_json
from jnerf.engine.logging import to_json
from jnerf.errors import DataError
from jnerf.files import write_text_atomic

SCHEMA = 1
_TEXT = (str, type(None))
STATS = {"median": NUMBER, "min": NUMBER, "max": NUMBER, "n": int}

_KERNEL = {
    "op": str,
    "kernel": str,
    "case": str,
    "unit": str,
    "count": int,
    "calls": NUMBER,
    "ns": STATS,
    "bytes": NUMBER,
    "gb_s": NUMBER,
    "flop": MAYBE,
    "gflop_s": MAYBE,
    "share_of_ceiling": MAYBE,
}
_CEILINGS = {
    "memory_gb_s": NUMBER,
    "fp32_gflop_s": NUMBER,
    "low_precision_gflop_s": MAYBE,
    "low_precision": _TEXT,
    "launch_us": NUMBER,
}
_BOUND = [{"part": str, "bound_ns": NUMBER, "ours_ns": MAYBE, "ratio": MAYBE}]
_LEVEL = {
    "simd": str,
    "device": str,
    "samples": int,
    "repeats": int,
    "ceilings": _CEILINGS,
    "kernels": [_KERNEL],
    "bound": _BOUND,
}
_RUN = {
    "config": str,
    "exp_name": str,
    "scene": str,
    "steps": int,
    "train_seconds": NUMBER,
    "wall_seconds": MAYBE,
    "measured_from_step": int,
    "samples_per_s": STATS,
    "rays_per_s": STATS,
    "samples_per_step": NUMBER,
    "peak_memory_gib": MAYBE,
    "gpu_memory_gib": MAYBE,
    "curve": [{"*": MAYBE}],  # step, seconds, samples_per_s, and the metrics of training batches
    "evaluations": [{"*": MAYBE}],  # step, seconds, and whatever metrics the engine knows
    "protocol": dict,
}
_PROFILE = {
    "config": str,
    "checkpoint": _TEXT,
    "step": int,
    "steps": int,
    "samples_per_step": NUMBER,
    "free_ms": STATS,
    "synchronised_ms": NUMBER,
    "busy_share": NUMBER,
    "ns_per_sample": NUMBER,
    "kernels": [{"op": str, "kernel": str, "calls": NUMBER, "ms": NUMBER, "ns": NUMBER}],
    "builtin_ms": NUMBER,
    "host_ms": NUMBER,
    "bound": _BOUND,
    "ceilings": _CEILINGS,
}
_MEMORY = {
    "config": str,
    "steps": int,
    "samples": [{"value": int, "peak_gib": NUMBER}],
    "images": [{"value": int, "peak_gib": NUMBER}],
}
_GROWN = {
    "value": int,
    "samples": int,
    "step_ms": NUMBER,
    "ns_per_sample": NUMBER,
    "first_step_s": NUMBER,
    "peak_gib": NUMBER,
}
_STORE = {
    "gib": int,
    "pixels": int,
    "open_ms": NUMBER,
    "ns_per_pixel": NUMBER,
    "resident_gib": NUMBER,
}
_GROWTH = {
    "config": str,
    "steps": int,
    "samples": [_GROWN],
    "images": [_GROWN],
    "stores": [_STORE],
}
_RENDER = {
    "config": str,
    "checkpoint": str,
    "step": int,
    "train_seconds": NUMBER,
    "width": int,
    "height": int,
    "seconds": STATS,
    "fps": NUMBER,
    "psnr?": MAYBE,  # of records before there were
    "metrics?": {"*": MAYBE},
    "preview_width": int,
    "preview_height": int,
    "preview_seconds": STATS,
    "protocol": dict,
}
_ASKED = {
    "cpu_ms": STATS,
    "python_ms": STATS,
    "kernels": [{"kernel": str, "calls": NUMBER}],
    "launches": NUMBER,
    "jittors": NUMBER,
    "syncs": NUMBER,
    "readbacks": NUMBER,
    "uploads": NUMBER,
    "allocations": NUMBER,
}
_HOST = {
    **_ASKED,
    "config": str,
    "sizes": str,
    "steps": int,
    "step_ms": STATS,
    "executor_ms": STATS,
    # since there are any
    "views?": [{**_ASKED, "as_on": str, "pixels": int, "portions": int}],
}
_WAYS = {
    "device": str,
    "samples": int,
    "looked": int,
    "repeats": int,
    "ceilings": _CEILINGS,
    "kernels": [
        {
            **{name: str for name in ("choice", "way", "kernel", "case")},
            "ms": STATS,
            "bound_ms": NUMBER,
            "ratio": NUMBER,
            "off": MAYBE,
        }
    ],
    "better": {"*": str},
}
_GPU = {
    "goals": [{"what": str, "goal": NUMBER, "floor": MAYBE, "measured": MAYBE, "result": str}],
    "methods": [
        {
            **{name: MAYBE for name in ("cpu", "cuda", "difference")},
            "method": str,
            "metric": _TEXT,
            "result": str,
        }
    ],
    "parts": [{"part": str, "seconds": NUMBER, "result": str}],
    "passed": int,
    "failed": [str],
    "stalled?": [str],
    "findings?": {"*": [str]},  # since they are there
    "cold": bool,
}
_RESULTS = {
    "ops": {"levels": [_LEVEL]},
    "train": {"runs": [_RUN]},
    "profile": _PROFILE,
    "memory": _MEMORY,
    "growth": _GROWTH,
    "render": _RENDER,
    "host": {"runs": [_HOST]},
    "ways": _WAYS,
    "gpu": _GPU,
}
KINDS = tuple(_RESULTS)
_RECORD = {
    "schema": int,
    "kind": str,
    "created": str,
    "command": [str],
    "git": {"commit": _TEXT, "dirty": (bool, type(None))},
    "machine": {"*": (str, int, float, type(None))},
    "versions": {"*": str},
    "load": MAYBE,
    "protocol": {"*": (str, int, float, bool, type(None))},
    "results": dict,
    "samples_per_s?": STATS,
}


def make_record(
    kind: str, results: dict[str, Any], protocol: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Results together with all that they depend on: machine, commit, versions, date, load.

    Args:
        kind: one of ``KINDS``.
        results: as the schema wants them for this kind.
        protocol: what was measured and how, in words.
        more: further top entries of the schema, or others than those of this process.

    Raises:
        DataError: the results do not fit the schema.
    """
    from jnerf.engine.machine import git_state, machine, versions
    from jnerf.runtime import num_threads

    record = {
        "schema": SCHEMA,
        "kind": kind,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": [_without_folder(argument) for argument in sys.argv],
        "git": git_state(),
        "machine": machine() | {"threads": num_threads()},
        "versions": versions(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "protocol": protocol,
        "results": results,
        **more,
    }
    record = json.loads(to_json(record))
    validate(record, f"the record of '{kind}'")
    return record


def _without_folder(argument: str) -> str:
    """An absolute path says nothing on another machine, its last part does."""
    return Path(argument).name if Path(argument).is_absolute() else argument


def validate(record: Any, where: str) -> None:
    """Checks a record against the schema.

    Raises:
        DataError: another schema version, an unknown kind, or a field is missing, unknown or of a wrong type.
    """
    if not isinstance(record, dict) or "schema" not in record:
        raise DataError(f"{where} is not a benchmark record: it has no 'schema'")
    if record["schema"] != SCHEMA:
        raise DataError(
            f"{where} has schema {record['schema']!r}; this version reads schema {SCHEMA}. Measure again, or use the "
            "version of jnerf that wrote it."
        )
    check_shape(record, _RECORD, where)
    if record["kind"] not in KINDS:
        raise DataError(
            f"{where}: kind is {record['kind']!r}; this version knows {', '.join(KINDS)}"
        )
    check_shape(record["results"], _RESULTS[record["kind"]], f"{where}: results")


def save(path: Path, record: dict[str, Any]) -> None:
    """Writes a record, whole or not at all."""
    validate(record, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, to_json(record, indent=1) + "\n")


def load(path: Path) -> dict[str, Any]:
    """Reads and checks a record.

    Raises:
        DataError: it does not exist, is no JSON, or does not fit the schema.
    """
    try:
        record = read_json(path)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}") from error
    except DataError as error:
        raise DataError(f"{error}. Write it again with jnerf benchmark.") from error
    validate(record, str(path))
    return record
