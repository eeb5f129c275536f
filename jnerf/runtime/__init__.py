"""Makes ``import jittor`` work on the machine at hand, and says which device jnerf computes on.

``import jnerf`` calls ``prepare``, which only installs an import hook: nothing is probed, built or imported until
somebody imports jittor. The hook then

* looks at the machine (``facts``), decides every Jittor switch in one pure function (``plan``), and applies it;
* builds Jittor in a child process the first time, with one line of progress (``build``), on the CPU in less than half
  the time (``core_build``);
* has kernels compiled in a third of the time (``kernels.compiler``); both fall back to Jittor's own way;
* lets processes compile at the same time where the user wants it (``kernels.sharing``);
* undoes what Jittor's import does to the process: HTTPS verification off, ``random`` and NumPy reseeded (``hook``).

Kernels are compiled later: all that is foreseen of a run before its first step (``kernels.foresight``), the others when
they are first needed; ``show_kernel_progress`` makes that one line as well.

Environment variables that the user sets win over the plan. ``JNERF_DEVICE`` = ``auto`` (default), ``cpu`` or ``cuda``
chooses the device.
"""

from jnerf.runtime.control import num_threads, set_num_threads, set_seed
from jnerf.runtime.hook import device, prepare
from jnerf.runtime.kernels.progress import show_kernel_progress
from jnerf.runtime.plan import SetupError

__all__ = [
    "SetupError",
    "device",
    "num_threads",
    "prepare",
    "set_num_threads",
    "set_seed",
    "show_kernel_progress",
]
