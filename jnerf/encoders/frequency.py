"""Frequency encoder (NeRF, Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934, eq. 4)."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.encoders.coarse_to_fine import CoarseToFine
from jnerf.errors import ConfigError
from jnerf.ops.frequency_encode import frequency_encode, frequency_pull
from jnerf.registry import ENCODERS
from jnerf.schedules import Scheduled


@ENCODERS.register()
class FrequencyEncoder(Encoder):
    """``sin(2^k pi u), cos(2^k pi u)`` of every coordinate, k < n_frequencies; no parameters.

    ``u`` is the input moved from ``input_range`` to [-1, 1], the interval that equation 4 is meant
    for. Features are ordered by frequency: ``u``, then for each frequency the sines and the cosines
    of all coordinates.

    Args:
        n_frequencies: NeRF has 10 for positions and 4 for directions.
        include_input: whether ``u`` itself comes first, as in NeRF's published code.
        log_sampling: frequencies are powers of two; else evenly spaced from 1 to 2^(n - 1).
        n_dims: number of coordinates.
        coarse_to_fine: how many frequencies are open; they fade in one after the other (``CoarseToFine``): for cameras
            that learn. A number, or a schedule. None: all.
        input_range: what the input spans: (0, 1) for positions, (-1, 1) for directions.

    Raises:
        ConfigError: no feature would be left, or a value is out of its range.

    >>> FrequencyEncoder(n_frequencies=4, input_range=(-1.0, 1.0)).out_dim
    27
    """

    def __init__(
        self,
        n_frequencies: int = 10,
        include_input: bool = True,
        log_sampling: bool = True,
        n_dims: int = 3,
        input_range: tuple[float, float] = (0.0, 1.0),
        coarse_to_fine: Scheduled | None = None,
    ) -> None:
        super().__init__()
        low, high = input_range
        if not 0 <= n_frequencies <= 30:
            raise ConfigError(f"n_frequencies is {n_frequencies}; choose 0 .. 30")
        if n_frequencies == 0 and not include_input:
            raise ConfigError("n_frequencies=0 with include_input=False leaves no feature")
        if n_dims < 1:
            raise ConfigError(f"n_dims is {n_dims}; it must be at least 1")
        if not low < high:
            raise ConfigError(f"input_range is ({low}, {high}); the first must be the smaller")
        if log_sampling:
            frequencies = 2.0 ** np.arange(n_frequencies)
        else:
            frequencies = np.linspace(1.0, 2.0 ** max(n_frequencies - 1, 0), n_frequencies)
        self.n_dims = n_dims
        self.out_dim = n_dims * (2 * n_frequencies + include_input)
        self.include_input = include_input
        self.scale, self.offset = 2 / (high - low), -(high + low) / (high - low)
        self._fading = CoarseToFine(coarse_to_fine, n_frequencies, 0)
        self._frequencies = jt.array(frequencies.astype(np.float32)).stop_grad()

    def execute(self, x: jt.Var) -> jt.Var:
        """Features of coordinates within ``input_range``: [S, n_dims] -> [S, out_dim]."""
        if x.shape[-1] != self.n_dims:
            raise ValueError(
                f"FrequencyEncoder: x is {list(x.shape)}, n_dims is {self.n_dims}; give [S, n_dims]"
            )
        fading = self._fading
        weights = None if fading.complete else fading.var(self._frequencies.shape)
        how = self._frequencies, self.include_input, self.scale, self.offset, weights
        return frequency_encode(x, *how)

    def update(self, step: int) -> None:
        """Sets what each frequency counts; see ``Network.update``."""
        self._fading.update(step)

    def pull(self, x: jt.Var, features: jt.Var, grad: jt.Var) -> jt.Var:
        """Gradient of the coordinates from that of the features, which can be differentiated again in the latter.

        Args:
            x: coordinates, [S, n_dims].
            features: what a call gave for them, [S, out_dim].
            grad: of something by these features, [S, out_dim].

        Returns:
            Its gradient by the coordinates, [S, n_dims].
        """
        how = self._frequencies, self.n_dims, self.include_input, self.scale
        return frequency_pull(features, grad, *how)
