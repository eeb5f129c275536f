"""A Python whose ops run with their CUDA sources on the CPU: python emulated.py (SCRIPT | -m MODULE) ARGUMENT ..."""

import runpy
import sys

from jnerf.benchmark.gpu import ways
from jnerf.benchmark.yardstick import Ceilings


def main(first, *arguments):
    """Runs a script or a module as Python would."""
    from cuda_mode import cuda_sources  # imports jittor, which is jnerf's to set up

    ways.measure_ceilings = lambda: Ceilings(30.0, 200.0, None, None, 5.0)  # has kernels of its own
    with cuda_sources():
        if first == "-m":
            sys.argv = list(arguments)
            runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        else:
            sys.argv = [first, *arguments]
            runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
