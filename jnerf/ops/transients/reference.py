"""The specification of ``transients`` in NumPy."""

from __future__ import annotations

import numpy as np

TINY = 1e-6


def transient_head(raw: np.ndarray, bias: float, scale: float) -> tuple[np.ndarray, ...]:
    """Density [S, 1], colour [S, 3] and uncertainty [S, 1] of [S, 5]."""
    softplus = np.logaddexp(0, raw[:, [0, 4]] + np.array([bias, 0], raw.dtype))
    return softplus[:, :1] * scale, 1 / (1 + np.exp(-raw[:, 1:4])), softplus[:, 1:]


def transient_mix(sigmas, rgbs, densities, colors, betas) -> tuple[np.ndarray, ...]:
    """Density [S] and colour [S, 3] of both, and (share beta, share, 0) [S, 3]; shares are of the density."""
    both = sigmas + densities[:, 0]
    share = densities / (both[:, None] + TINY)
    channels = np.concatenate([share * betas, share, np.zeros_like(share)], axis=1)
    return both, rgbs + share * (colors - rgbs), channels


def transient_seen(channels: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """Uncertainty and opacity of rays, [R, 1] each, of rendered channels [R, 3]."""
    return channels[:, :1] + least, channels[:, 1:2]


def transient_error(colors, truth, background, betas, weight: float) -> float:
    """weight (mean of (c - C)^2 / (2 b^2) over rays and channels + mean of log b)."""
    target = truth
    if truth.shape[1] == 4:
        alpha = truth[:, 3:]
        target = truth[:, :3] * alpha + (0 if background is None else (1 - alpha) * background)
    return weight * (np.mean((colors - target) ** 2 / (2 * betas**2)) + np.mean(np.log(betas)))
