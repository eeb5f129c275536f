"""``python -m jnerf.doctor``: what jnerf finds on this machine, and how to mend what is wrong.

Every line reads OK, warn or FAIL; the exit status is 1 if any reads FAIL. ``--compile`` also builds Jittor and runs one
of jnerf's ops, which is the proof; it takes about a minute the first time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from jnerf.checkup import machine, python
from jnerf.checkup.data import check_data
from jnerf.checkup.finding import Finding
from jnerf.checkup.op import check_op
from jnerf.command_line import exit_status
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
    yield machine.check_cache(facts)
    yield machine.check_disk(facts)
    yield check_data()
    if compile_op:
        yield check_op()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the findings; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m jnerf.doctor", description=__doc__.split("\n\n")[0]
    )
    parser.add_argument(
        "--compile", action="store_true", help="build Jittor and run one of jnerf's ops"
    )
    options = parser.parse_args(arguments)
    mend = "Free disk space, or make the file writable."
    return exit_status(lambda: report(options.compile), mend)


def report(compile_op: bool) -> int:
    """Prints one finding after the other; returns the exit status."""
    counts = {"OK": 0, "warn": 0, "FAIL": 0}
    for finding in findings(compile_op):
        counts[finding.status] += 1
        print(finding.text(), flush=True)
    summary = f"{counts['OK']} OK, {counts['warn']} warnings, {counts['FAIL']} failures"
    print(f"\n{summary}", flush=True)
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
