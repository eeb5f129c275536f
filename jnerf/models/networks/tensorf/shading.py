"""From the components of a low-rank grid to colours: by a small MLP, or as spherical harmonics."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.networks.layers import MLP
from jnerf.ops.activate import activate
from jnerf.ops.frequency_encode import frequency_encode
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.mlp.relu import relu
from jnerf.ops.sh_encode import sh_encode

_SH_DEGREE = 3  # bands: 9 functions


class Shading(jt.Module):
    """Base: components -> a few features, by a matrix without bias; a subclass makes colours of them.

    Args:
        n_components: what comes in.
        n_features: what the matrix makes of it.
        seed: of the initial weights.
        precision: see ``MLP``.
    """

    def __init__(self, n_components: int, n_features: int, seed: int, precision: str) -> None:
        super().__init__()
        self.basis = MLP([n_components, n_features], seed=seed, stream=2, precision=precision)

    def execute(
        self, components: jt.Var, rays_d: jt.Var, ray_indices: jt.Var, packed_info: jt.Var
    ) -> jt.Var:
        """Colours of K samples.

        Args:
            components: float32 [K, n_components].
            rays_d: unit directions, float32 [R, 3].
            ray_indices: the ray of each sample, ascending, int32 [K].
            packed_info: (first, count) of each ray's samples, int32 [R, 2].

        Returns:
            float32 [K, 3].
        """
        along = gather_rays(self.of_directions(rays_d), ray_indices, packed_info)
        return self.colors(self.basis(components), along)

    def of_directions(self, rays_d: jt.Var) -> jt.Var:
        """What colours see of directions, [R, 3] -> [R, E]."""
        raise NotImplementedError(f"{type(self).__name__} does not define of_directions(rays_d)")

    def colors(self, features: jt.Var, along: jt.Var) -> jt.Var:
        """Colours from features [K, n_features] and what is seen of directions, [K, E]: [K, 3]."""
        raise NotImplementedError(f"{type(self).__name__} does not define colors(features, along)")

    def forget(self) -> None:
        """Makes the same weights new parameters, of which an optimiser knows nothing."""
        for layer in self.modules():
            if isinstance(layer, MLP):
                layer.params = layer.params.detach().clone()
                layer.params.sync()
                layer.params.start_grad()


class MLPShading(Shading):
    """Features and the direction, each with its sines and cosines, -> two hidden layers -> three colours.

    The waves are ``sin(2^k u), cos(2^k u)`` without a factor pi.

    Args:
        n_components: see ``Shading``.
        n_features: likewise.
        width: of the hidden layers.
        feature_frequencies: of the waves of features; 0 for none.
        direction_frequencies: of those of directions.
        seed: see ``Shading``.
        precision: likewise.

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        n_components: int,
        n_features: int,
        width: int,
        feature_frequencies: int,
        direction_frequencies: int,
        seed: int,
        precision: str,
    ) -> None:
        if min(n_features, width) < 1 or not 0 <= min(feature_frequencies, direction_frequencies):
            raise ConfigError(
                f"color_features is {n_features}, hidden_width {width}, feature_frequencies {feature_frequencies} and "
                f"direction_frequencies {direction_frequencies}; they must be at least 1, 1, 0 and 0"
            )
        super().__init__(n_components, n_features, seed, precision)
        self._feature_waves = _frequencies(feature_frequencies)
        self._direction_waves = _frequencies(direction_frequencies)
        n_in = n_features * (1 + 2 * feature_frequencies) + 3 * (1 + 2 * direction_frequencies)
        self.mlp = MLP([n_in, width, width, 3], biased=True, seed=seed, stream=3, precision=precision)  # fmt: skip

    def of_directions(self, rays_d: jt.Var) -> jt.Var:
        """See ``Shading``."""
        return frequency_encode(rays_d, self._direction_waves)

    def colors(self, features: jt.Var, along: jt.Var) -> jt.Var:
        """See ``Shading``; in (0, 1)."""
        return activate(self.mlp(frequency_encode(features, self._feature_waves), along), "sigmoid")


class SHShading(Shading):
    """Features are the 9 harmonics of each colour, which is half plus their sum in the direction, cut off at zero.

    Args:
        n_components: see ``Shading``.
        seed: likewise.
        precision: likewise.
    """

    def __init__(self, n_components: int, seed: int, precision: str) -> None:
        super().__init__(n_components, 3 * _SH_DEGREE**2, seed, precision)

    def of_directions(self, rays_d: jt.Var) -> jt.Var:
        """See ``Shading``."""
        return sh_encode(rays_d, _SH_DEGREE)

    def colors(self, features: jt.Var, along: jt.Var) -> jt.Var:
        """See ``Shading``; at least 0."""
        harmonics = features.reshape(-1, 3, _SH_DEGREE**2)
        return relu((harmonics * along.unsqueeze(1)).sum(2) + 0.5)


def _frequencies(n: int) -> jt.Var:
    """As ``frequency_encode`` counts them: half cycles per unit."""
    return jt.array((2.0 ** np.arange(n) / np.pi).astype(np.float32)).stop_grad()
