"""jnerf: a zoo of neural fields on Jittor. The command ``jnerf train`` trains one from a config file."""

import sys

# Not an ImportError: pip installs jnerf on no such Python, so this is a command of a checkout, and one line will do.
if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit("jnerf needs Python 3.10 or newer, this is {}.{}.{}.".format(*sys.version_info[:3]))

from jnerf.runtime.hook import prepare  # noqa: E402

__version__ = "0.1.0"

prepare()
