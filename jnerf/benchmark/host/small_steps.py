"""``python -m jnerf.benchmark.host.small_steps CONFIG ...``: three emptied steps of methods, for a sanitizer."""

from __future__ import annotations

import sys

STEPS = 3


def main(files: list[str]) -> int:
    """Trains three emptied steps of each config, with exact and with fixed sizes where both are possible.

    The kernels of a config are compiled in one batch before.
    """
    from jnerf.benchmark.host.emptied import variants
    from jnerf.benchmark.host.measure import stepper
    from jnerf.config import find_config
    from jnerf.engine.pipeline.build import build_dataset
    from jnerf.engine.rehearsal import compile_at_once

    for file in files:
        for config in variants(str(find_config(file))):
            compile_at_once(config, build_dataset(config, "train"))
            with stepper(config) as (advance, pipeline):
                advance(STEPS)
            sizes = "fixed" if pipeline.sampler.padded else "exact"
            print(f"{config.exp_name}: {STEPS} steps with {sizes} sizes", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
