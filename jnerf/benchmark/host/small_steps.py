"""``python -m jnerf.benchmark.host.small_steps CONFIG ...``: three emptied steps of methods, for a sanitizer."""

from __future__ import annotations

import sys

STEPS = 3


def main(files: list[str]) -> int:
    """Trains three emptied steps of each config, with exact and with fixed sizes where both are possible."""
    from jnerf.benchmark.host.emptied import variants
    from jnerf.benchmark.host.measure import stepper

    for file in files:
        for config in variants(file):
            with stepper(config) as (advance, pipeline):
                advance(STEPS)
            sizes = "fixed" if pipeline.sampler.padded else "exact"
            print(f"{config.exp_name}: {STEPS} steps with {sizes} sizes", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
