"""Spherical harmonics encoder of view directions (Instant-NGP: Müller et al. 2022, section 5.4)."""

from __future__ import annotations

import jittor as jt

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.sh_encode import MAX_DEGREE, sh_encode
from jnerf.registry import ENCODERS


@ENCODERS.register()
class SphericalHarmonicsEncoder(Encoder):
    """Real spherical harmonics of unit directions; no parameters.

    Args:
        degree: number of bands, 1 .. 8; there are degree^2 features.

    Raises:
        ConfigError: degree out of range.

    >>> SphericalHarmonicsEncoder(degree=4).out_dim
    16
    """

    def __init__(self, degree: int = 4) -> None:
        super().__init__()
        if not 1 <= degree <= MAX_DEGREE:
            raise ConfigError(f"degree is {degree}; choose 1 .. {MAX_DEGREE}")
        self.degree, self.n_dims, self.out_dim = degree, 3, degree**2

    def execute(self, x: jt.Var) -> jt.Var:
        """Features of unit directions with components in [-1, 1]: [S, 3] -> [S, degree^2]."""
        return sh_encode(x, self.degree)
