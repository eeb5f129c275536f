"""A user's own module, named by ``custom_imports``; counts how often it is run."""

import sys

sys._jnerf_test_imports = getattr(sys, "_jnerf_test_imports", 0) + 1
