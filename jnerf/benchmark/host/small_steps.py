"""``python -m jnerf.benchmark.host.small_steps CONFIG ...``: three emptied steps of methods, for a sanitizer."""

from __future__ import annotations

import argparse
import sys
import traceback

from jnerf.benchmark.gpu.context import broken, go_on_afresh

STEPS = 3


def main(arguments: list[str]) -> int:
    """Trains three emptied steps of each config, with exact and with fixed sizes where both are possible.

    One that fails does not keep the others from theirs; those behind an error of CUDA have theirs in a fresh process.

    Returns:
        The exit status: 1 if one failed.
    """
    parser = argparse.ArgumentParser(prog="small_steps", description=__doc__.partition("``: ")[2])
    parser.add_argument("config", nargs="*", help="configs' names or .py files")
    parser.add_argument("--failed", action="append", default=[], metavar="CONFIG", help="before")
    options = parser.parse_args(arguments)
    failed = options.failed
    for i, file in enumerate(options.config):
        try:
            _steps(file)
        except Exception:
            traceback.print_exc()
            print(f"{file}: failed", flush=True)
            failed.append(file)
            if broken():
                told = [f"--failed={name}" for name in failed]
                go_on_afresh("jnerf.benchmark.host.small_steps", [*told, *options.config[i + 1 :]])
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _steps(file: str) -> None:
    """Of one config, whose kernels are compiled in one batch before."""
    from jnerf.benchmark.host.emptied import variants
    from jnerf.benchmark.host.measure import stepper
    from jnerf.config import find_config
    from jnerf.engine.pipeline.build import build_dataset
    from jnerf.engine.rehearsal import compile_at_once

    for config in variants(str(find_config(file))):
        compile_at_once(config, build_dataset(config, "train"))
        with stepper(config) as (advance, pipeline):
            advance(STEPS)
        sizes = "fixed" if pipeline.sampler.padded else "exact"
        print(f"{config.exp_name}: {STEPS} steps with {sizes} sizes", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
