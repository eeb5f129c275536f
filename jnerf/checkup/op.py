"""The proof that everything works: Jittor is built, and one of jnerf's ops compiled, run and compared."""

from __future__ import annotations

import time

from jnerf.checkup.finding import Finding


def check_op() -> Finding:
    """Compiles and runs ``ray_points`` and compares it with its NumPy reference.

    A failure of any kind is a finding: the doctor reports where other programs stop.
    """
    start = time.monotonic()
    try:
        import jittor as jt
        import numpy as np

        from jnerf.ops.ray_points import ray_points
        from jnerf.ops.ray_points.reference import ray_points as reference
        from jnerf.runtime import device

        rng = np.random.default_rng(0)
        arrays = [rng.random(shape, dtype=np.float32) for shape in [(5, 3), (5, 3), (20,), (20,)]]
        arrays.append(rng.integers(0, 5, 20).astype(np.int32))
        result = ray_points(*map(jt.array, arrays)).numpy()
        error = float(np.abs(result - reference(*arrays)).max())
        place = device()
    except Exception as fault:
        return Finding(
            "FAIL", "op", f"{type(fault).__name__}: {fault}", "mend the failures above first"
        )
    seconds = time.monotonic() - start
    if not error < 1e-5:
        mend = "delete Jittor's cache (the line above names it) and run again"
        return Finding("FAIL", "op", f"ray_points differs from its reference by {error}", mend)
    return Finding(
        "OK", "op", f"ray_points compiled and ran on {place} in {seconds:.1f} s, error {error:.1e}"
    )
