"""``python -m jnerf``: the command ``jnerf``."""

import sys

from jnerf.cli import main

sys.exit(main())
