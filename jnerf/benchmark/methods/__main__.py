"""``python -m jnerf.benchmark.methods CONFIG ... --json OUT``: trains methods in their small forms on this device."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from jnerf.command_line import exit_status
from jnerf.errors import JnerfError
from jnerf.files import check_writable, write_text_atomic


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    What is done is written after each method; one that fails is written too, and the others go on.
    """
    parser = argparse.ArgumentParser(prog="methods", description=__doc__.partition("``: ")[2])
    parser.add_argument("config", nargs="+", help="configs' names or .py files")
    parser.add_argument("--steps", type=int, default=200, help="of each (default: 200)")
    parser.add_argument("--json", required=True, metavar="OUT", help="where the results go")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _run(options), "Free disk space.")


def _run(options: argparse.Namespace) -> None:
    from jnerf.benchmark.methods.form import small_form
    from jnerf.benchmark.methods.train import trained

    found, failed, out = {}, [], Path(options.json)
    check_writable(out, "--json")  # before hours of training
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="jnerf-methods-") as folder:
        for file in options.config:
            name = Path(file).stem
            try:
                config = small_form(file, options.steps, Path(folder))
                with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
                    with redirect_stderr(nowhere):
                        found[name] = trained(config)
                said = f"{found[name]['metric']} {found[name]['value']:.3f}"
            except (JnerfError, RuntimeError) as error:
                found[name] = {"error": str(error)[-500:]}
                failed.append(name)
                said = f"failed: {error}"
            print(f"{name}: {said}", flush=True)
            write_text_atomic(out, json.dumps(found, indent=1) + "\n")
    if failed:
        raise JnerfError(f"not trained: {', '.join(failed)}")


if __name__ == "__main__":
    sys.exit(main())
