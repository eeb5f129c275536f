"""``python -m jnerf.benchmark``: how a measurement starts another in a process of its own."""

import sys

from jnerf.benchmark.cli import main

sys.exit(main())
