"""What ``make test-cuda`` has found so far, from the files that its parts left: text, JSON and a record for tables."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jnerf.benchmark.gpu.cut import TRAININGS, recover
from jnerf.benchmark.gpu.goals import goals
from jnerf.benchmark.gpu.sanitizers import SANITIZERS, findings
from jnerf.benchmark.methods import compare
from jnerf.benchmark.records import tables
from jnerf.benchmark.records.record import load, make_record, save

Row = tuple[str, str, float]
_FAILED = re.compile(r"(?:FAILED|ERROR) +(tests/\S+)|(tests/\S+) +(?:FAILED|ERROR)\b")
_PASSED = re.compile(r"\bPASSED\b")
# Of faulthandler, which writes no comma behind the number.
_STALLED = re.compile(r'File ".*?(tests/[^"]+\.py)", line (\d+) in (test_\w+)')
SUMMARY = "summary.json"
#: The result of a part that was going on when the user stopped it.
INTERRUPTED = "interrupted"


def failing(log: str) -> list[str]:
    """Tests that a log of pytest -v says failed, each once.

    >>> failing("tests/a.py::test_b[cuda] FAILED [ 1%]\\ntests/a.py::test_c[cuda] PASSED [ 2%]")
    ['tests/a.py::test_b[cuda]']
    """
    return list(dict.fromkeys(a or b for a, b in _FAILED.findall(log)))


def stalled(log: str) -> list[str]:
    """Tests of which the log has a dump of faulthandler: they hung, or took their process with them.

    >>> stalled('  File "/a/tests/ops/test_b.py", line 7 in test_c')
    ['tests/ops/test_b.py:7 in test_c']
    """
    found = (f"{file}:{line} in {name}" for file, line, name in _STALLED.findall(log))
    return list(dict.fromkeys(found))


def forget(out: Path, parts: Sequence[str]) -> None:
    """Removes rows of an earlier call: those parts run again, and may not come to their end."""
    if (out / SUMMARY).is_file():
        found = json.loads((out / SUMMARY).read_text())
        found["parts"] = [row for row in found["parts"] if row["part"] not in parts]
        (out / SUMMARY).write_text(json.dumps(found, indent=2) + "\n")


def summarise(out: Path, rows: Sequence[Row], small: Sequence[str], cold: bool) -> str:
    """Writes ``summary.txt``, ``summary.json`` and ``records/gpu.json``.

    Args:
        out: the folder of logs, of ``small_<device>_*.json`` and of ``records/<part>_cuda.json``.
        rows: (part, result, seconds) of the parts that are done; those of an earlier call are kept (``forget``).
        small: the methods that are to be compared.
        cold: nothing was compiled before the first part.

    Returns:
        The text.
    """
    log = out / "tests.log"
    text = log.read_text(errors="replace") if log.is_file() else ""
    before = json.loads((out / SUMMARY).read_text()) if (out / SUMMARY).is_file() else {}
    done = {row["part"]: row for row in before.get("parts", ())}
    done |= {name: {"part": name, "seconds": round(s, 1), "result": said} for name, said, s in rows}
    first = any(name == "demo" for name, _, _ in rows)
    found = {
        "passed": len(_PASSED.findall(text)),
        "failed": failing(text),
        "stalled": stalled(text),
        "findings": _findings(out),
        "parts": list(done.values()),
        "methods": _methods(out, small) if "small_cuda" in done else [],
        "cold": cold if first else before.get("cold", cold),
    }
    recover(out)
    records = {path.stem: load(path) for path in sorted((out / "records").glob("*_cuda.json"))}
    of_parts = {name.removesuffix("_cuda"): record for name, record in records.items()}
    tried = os.environ.get("JNERF_DEVICE") == "cpu"  # without a GPU: that says nothing of one
    judged = goals(of_parts, found | {"parts": [], "failed": []} if tried else found)
    if records:
        _save(out / "records" / "gpu.json", found | {"goals": judged}, list(records.values())[-1])
    lines = [*_told(found, of_parts), *_parts(found, out)]
    (out / SUMMARY).write_text(json.dumps(found | {"goals": judged}, indent=2) + "\n")
    (out / "summary.txt").write_text("\n".join(lines) + "\n")
    return "\n".join(lines)


def all_passed(out: Path) -> bool:
    """Whether all parts passed, and all methods are as on the CPU, in what ``summarise`` wrote."""
    found = json.loads((out / SUMMARY).read_text())
    same = all(row["result"] == "same" for row in found["methods"])
    return same and all(row["result"] == "passed" for row in found["parts"])


def results(out: Path, device: str) -> dict[str, Any]:
    """What the processes that train small forms on a device have written so far, by method."""
    found: dict[str, Any] = {}
    for path in sorted(out.glob(f"small_{device}_*.json")):
        found |= json.loads(path.read_text())
    return found


def _findings(out: Path) -> dict[str, list[str]]:
    """What the tools of compute-sanitizer that have found something say, by tool."""
    found = {}
    for tool in SANITIZERS:
        logs = (path.read_text(errors="replace") for path in sorted(out.glob(f"{tool}*.log")))
        found[tool] = findings(logs)
    return {tool: said for tool, said in found.items() if said}


def _methods(out: Path, small: Sequence[str]) -> list[dict[str, Any]]:
    cpu, cuda = results(out, "cpu"), results(out, "cuda")
    names = small if len(cpu) + len(cuda) > 2 else list(cpu | cuda)
    return compare.compared(names, cpu, cuda)


def _save(path: Path, found: dict[str, Any], other: dict[str, Any]) -> None:
    """The record for tables, of the machine of another one: this process has no GPU."""
    protocol = {
        "seconds of training": "inside steps, without compilation, evaluation and checkpoints",
        "methods": "200 steps of each one's small form on both devices, from one seed",
    }
    same = {name: other[name] for name in ("machine", "versions", "git")}
    save(path, make_record("gpu", found, protocol, **same))


def _told(found: dict[str, Any], records: dict[str, Any]) -> list[str]:
    """Methods on both devices, seconds to a PSNR, ways of kernels, failing tests: what there is of them."""
    lines = [*compare.table(found["methods"]), ""] if found["methods"] else []
    for name in TRAININGS:
        if name in records and records[name]["results"]["runs"][0]["evaluations"]:
            lines += [*tables.train_times(records[name]).splitlines(), ""]
    if "ways" in records:
        better = records["ways"]["results"]["better"]
        lines += [f"{case}: faster with JNERF_CUDA_WAYS={way}" for case, way in better.items()]
        lines += [] if better else ["no kernel has a faster way than its own"]
    for tool, said in found["findings"].items():
        lines += [f"{tool}: {line}" for line in said]
    lines += [f"hung or broke its process: {name}" for name in found["stalled"]]
    return lines + [f"failed: {name}" for name in found["failed"]]


def _parts(found: dict[str, Any], out: Path) -> list[str]:
    same = sum(row["result"] == "same" for row in found["methods"])
    more = {
        "tests": f" ({found['passed']} passed, {len(found['failed'])} failed)",
        "small_cuda": f" ({same} of {len(found['methods'])} as on the CPU)",
        "demo": "" if found["cold"] else " (some kernels were there before)",
    }
    lines = [f"{'part':12} {'seconds':>8}  result"]
    for row in found["parts"]:
        name = row["part"]
        lines.append(f"{name:12} {row['seconds']:8.1f}  {row['result']}{more.get(name, '')}")
    return [
        *lines,
        f"logs and JSON: {out}",
        "tables: jnerf benchmark report build/test_cuda/records/*.json",
    ]
