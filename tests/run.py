"""Runs the whole suite in two processes at once, one thread each, which keeps two cores busy.

Most of its time goes to compilers, one at a time, since Jittor locks its cache meanwhile; hence a cache for each
process. Arguments are passed on to both: ``python tests/run.py -k hash``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

PARTS = {"tests/ops": ["tests/ops"], "all others": ["tests", "--ignore=tests/ops"]}
_NOTHING_FOUND = 5  # pytest's exit status; fine if the other part has tests


def main(arguments: list[str]) -> int:
    """The exit status: 0 when both parts passed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    (first, paths), (second, others) = PARTS.items()
    command = [sys.executable, "-m", "pytest", *arguments]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as kept:
        own = environment | {"JNERF_CACHE": "jnerf-tests-ops"}
        beside = subprocess.Popen(
            [*command, *paths], env=own, stdout=kept, stderr=subprocess.STDOUT
        )
        try:
            print(f"{second} now, {first} beside; its output follows", flush=True)
            codes = [subprocess.run([*command, *others], env=environment).returncode]
            codes.append(beside.wait())
        except KeyboardInterrupt:
            beside.wait()
            codes = [130]
        kept.seek(0)
        print(f"\n{first}:\n{kept.read()}", flush=True)
    found = [code for code in codes if code != _NOTHING_FOUND]
    return max(found) if found else _NOTHING_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
