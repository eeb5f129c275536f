"""``python -m jnerf.benchmark.methods CONFIG ... --json OUT``: trains methods in their small forms on this device."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from jnerf.benchmark.gpu.context import broken, go_on_afresh
from jnerf.command_line import exit_status
from jnerf.errors import JnerfError
from jnerf.files import check_writable, write_text_atomic


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    What is done is written after each method; one that fails is written too, and the others go on, behind an error of
    CUDA in a fresh process.
    """
    parser = argparse.ArgumentParser(prog="methods", description=__doc__.partition("``: ")[2])
    parser.add_argument("config", nargs="+", help="configs' names or .py files")
    parser.add_argument("--steps", type=int, default=200, help="of each (default: 200)")
    parser.add_argument("--json", required=True, metavar="OUT", help="where the results go")
    parser.add_argument("--go-on", action="store_true", help="keep what OUT has of other methods")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _run(options), "Free disk space.")


def _run(options: argparse.Namespace) -> None:
    out = Path(options.json)
    check_writable(out, "--json")  # before hours of training
    out.parent.mkdir(parents=True, exist_ok=True)
    found = json.loads(out.read_text(encoding="utf-8")) if options.go_on else {}
    with tempfile.TemporaryDirectory(prefix="jnerf-methods-") as folder:
        left = _train(options, Path(folder), found)
    if left:
        how = ["--steps", str(options.steps), "--json", options.json, "--go-on"]
        go_on_afresh("jnerf.benchmark.methods", [*how, *left])
    failed = [name for name, row in found.items() if "error" in row]
    if failed:
        raise JnerfError(f"not trained: {', '.join(failed)}")


def _train(options: argparse.Namespace, folder: Path, found: dict[str, Any]) -> list[str]:
    """Trains the methods, whose results go into ``found``; returns those that want a fresh process."""
    from jnerf.benchmark.methods.form import small_form
    from jnerf.benchmark.methods.train import trained

    for i, file in enumerate(options.config):
        name = Path(file).stem
        try:
            config = small_form(file, options.steps, folder)
            with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
                with redirect_stderr(nowhere):
                    found[name] = trained(config)
            said = f"{found[name]['metric']} {found[name]['value']:.3f}"
        except Exception as error:  # whatever it is, the others are not to blame
            known = isinstance(error, (JnerfError, RuntimeError))
            what = str(error) if known else f"{type(error).__name__}: {error}"
            found[name] = {"error": what[-500:]}
            said = f"failed: {what}"
        print(f"{name}: {said}", flush=True)
        write_text_atomic(Path(options.json), json.dumps(found, indent=1) + "\n")
        if "error" in found[name] and broken():
            return options.config[i + 1 :]
    return []


if __name__ == "__main__":
    sys.exit(main())
