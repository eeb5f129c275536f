"""Which vector instructions the CPU kernels may use: all that the machine has, unless JNERF_SIMD says less."""

from __future__ import annotations

import os
import platform

from jnerf.errors import ConfigError

#: Values of JNERF_SIMD and the flags that they stand for on x86; the last -march counts, and Jittor's is native.
#: haswell is x86-64-v3 by a name that GCC 10 knows.
LEVELS = {
    "native": "",
    "avx2": " -march=haswell -mtune=native",
    "plain": " -march=x86-64 -mtune=native",
}


def simd_flags() -> str:
    """The compiler flags of the level in the environment variable JNERF_SIMD: native (or unset), avx2 or plain.

    Only tests and benchmarks have a use for it: it shows on one machine what kernels do on others.

    Raises:
        ConfigError: another level, or avx2 on a machine that is no x86.
    """
    level = os.environ.get("JNERF_SIMD") or "native"
    if level not in LEVELS:
        raise ConfigError(f"JNERF_SIMD is {level!r}; choose one of {', '.join(LEVELS)}")
    if platform.machine().lower() in ("x86_64", "amd64"):
        return LEVELS[level]
    if level == "avx2":
        raise ConfigError(f"JNERF_SIMD is 'avx2', which {platform.machine()} does not have")
    return ""
