"""The specification of ``sh_encode`` in NumPy, float64.

Written from the definition, with NumPy's Legendre series: it shares no recurrence with the kernel.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial.legendre import Legendre


def sh_encode(directions, degree: int) -> np.ndarray:
    """Real spherical harmonics [S, degree^2] of directions [S, 3]; see ``jnerf.ops.sh_encode``."""
    x, y, z = np.asarray(directions, np.float64).T
    values = np.empty((len(x), degree**2))
    for l in range(degree):  # noqa: E741 (the usual name of the band)
        for m in range(l + 1):
            norm = math.sqrt(
                (2 * l + 1) / (4 * math.pi) * math.factorial(l - m) / math.factorial(l + m)
            )
            series = Legendre.basis(l)
            polar = norm * (series.deriv(m) if m else series)(z)
            if m == 0:
                values[:, l * l + l] = polar
                continue
            azimuth = (-1) ** m * math.sqrt(2) * (x + 1j * y) ** m
            values[:, l * l + l + m] = polar * azimuth.real
            values[:, l * l + l - m] = polar * azimuth.imag
    return values
