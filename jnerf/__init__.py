"""jnerf: a zoo of neural fields on Jittor. ``tools/run_net.py`` trains one from a config file."""

from jnerf.runtime.hook import prepare

__version__ = "0.1.0"

prepare()
