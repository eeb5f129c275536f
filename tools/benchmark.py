"""Measure speed, memory and quality, and write tables of what was measured: ``jnerf benchmark`` of a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jnerf.benchmark.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(prog="python tools/benchmark.py"))
