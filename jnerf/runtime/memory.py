"""Large arrays stay with the process when they are freed.

Jittor takes the memory of CPU arrays from ``malloc``. glibc gives large pieces back to the system at once and fetches
them again for the next step, and the system clears every page anew: a tenth of a training step. Told to keep them,
the process needs no more memory than it did at its peak.
"""

from __future__ import annotations

import ctypes
import os

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": (_M_MMAP_THRESHOLD, 2**30),  # larger pieces do go back
    "MALLOC_TRIM_THRESHOLD_": (_M_TRIM_THRESHOLD, 2**31 - 1),
}


def keep_memory() -> None:
    """Sets glibc's thresholds, except where the user's environment sets them; elsewhere it does nothing."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return
    for variable, (option, value) in _SETTINGS.items():
        if variable not in os.environ:
            mallopt(ctypes.c_int(option), ctypes.c_int(value))
