"""One finding after the other: the doctor's report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jnerf.checkup import machine, python
from jnerf.checkup.data import check_data
from jnerf.checkup.finding import Finding
from jnerf.checkup.mpi import check_mpi
from jnerf.checkup.op import check_op
from jnerf.runtime.facts import gather


def findings(compile_op: bool = False) -> Iterator[Finding]:
    """Looks at one thing after the other.

    Args:
        compile_op: also build and run an op.
    """
    facts = gather()
    yield python.check_python(facts)
    yield python.check_headers(facts)
    yield python.check_numpy(facts)
    yield python.check_jittor(facts)
    yield python.check_packages()
    yield machine.check_compiler(facts)
    yield machine.check_cpu()
    yield machine.check_threads()
    yield machine.check_driver(facts)
    yield machine.check_toolkit(facts)
    yield machine.check_device(facts)
    yield machine.check_onednn(facts)
    yield check_mpi(facts)
    yield machine.check_cache(facts)
    yield machine.check_disk(facts)
    yield check_data()
    if compile_op:
        yield check_op()


def report(found: Iterable[Finding]) -> int:
    """Prints one finding after the other; returns the exit status: 1 if any reads FAIL.

    Args:
        found: the findings, which may still be looked for.
    """
    counts = {"OK": 0, "warn": 0, "FAIL": 0}
    for finding in found:
        counts[finding.status] += 1
        print(finding.text(), flush=True)
    summary = f"{counts['OK']} OK, {counts['warn']} warnings, {counts['FAIL']} failures"
    print(f"\n{summary}", flush=True)
    return 1 if counts["FAIL"] else 0
