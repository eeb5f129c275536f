"""Intervals of rays along which a signed distance falls, as densities (NeuS, Wang et al. 2021, equation 13).

https://arxiv.org/abs/2106.10689. Plain Jittor operations, for renderers and samplers alike.
"""

from __future__ import annotations

import jittor as jt


def section_density(sdf: jt.Var, slope: jt.Var, lengths: jt.Var, sharpness: jt.Var) -> jt.Var:
    """Density of an interval along which a distance falls by ``slope`` per length, so that equation 13 holds.

    1 - alpha = Phi(f_end) / Phi(f_start) with the logistic function Phi(f) = 1 / (1 + exp(-s f)); its logarithm is the
    density times the length, and -log Phi(f) = log(1 + exp(-s f)) overflows nowhere.

    Args:
        sdf: in the middle of each interval, float32 [S].
        slope: at most 0, float32 [S].
        lengths: above 0, float32 [S].
        sharpness: s, float32 [1].

    Returns:
        At least 0, float32 [S].
    """
    fall = 0.5 * slope * lengths
    depth = _minus_log_phi(sharpness * (sdf + fall)) - _minus_log_phi(sharpness * (sdf - fall))
    return jt.maximum(depth, 0.0) / lengths


def _minus_log_phi(x: jt.Var) -> jt.Var:
    return jt.maximum(-x, 0.0) + jt.log(1 + jt.exp(-jt.abs(x)))
