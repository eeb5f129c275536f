"""The network of NeRF (Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934, appendix A, figure 7).

With an encoder of Gaussians it is that of mip-NeRF (Barron et al. 2021, https://arxiv.org/abs/2103.13415).
"""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.checks.least import at_least
from jnerf.errors import ConfigError
from jnerf.models.networks.activations import DENSITY_ACTIVATIONS, padded_colors
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import Box
from jnerf.models.networks.space.pieces import encoded_samples
from jnerf.models.networks.two_mlps import density_and_color, n_beside, of_images
from jnerf.models.per_image.appearance import (
    Appearance,
    AppearanceBlock,
    make_appearance,
)
from jnerf.models.per_image.channels import CHANNELS, OPTIONAL
from jnerf.models.per_image.transient import TransientBlock, Transients
from jnerf.ops.activate import Activation
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


class Trunk(jt.Module):
    """One of NeRF's MLPs: encoded position -> density and features -> colour."""

    def __init__(
        self,
        n_pos: int,
        n_extra: int,
        width: int,
        n_layers: int,
        skip: int | None,
        density: Activation,
        seed: int,
        stream: int,
        precision: str,
    ) -> None:
        super().__init__()
        self._density = density
        how = {"biased": True, "seed": seed, "precision": precision}
        # density first, then the features, which have no activation
        widths = [n_pos] + [width] * n_layers + [width + 1]
        self.trunk = MLP(widths, stream=stream, skip=skip, **how)
        self.color = MLP([width + n_extra, width // 2, 3], stream=stream + 2, **how)

    def density(self, encoded: jt.Var) -> jt.Var:
        """Density: [S, C] or grouped -> [S]."""
        return self.trunk(encoded, n_out=1, activation=self._density).reshape(-1)

    def execute(
        self,
        encoded: jt.Var,
        samples: RaySamples,
        dir_encoder: jt.Module | None,
        appearance: Appearance | None = None,
        transients: Transients | None = None,
    ) -> tuple[jt.Var, jt.Var, dict[str, jt.Var]]:
        """Densities [S], colours in [0, 1], [S, 3], and channels of transients."""
        mlps = self.trunk, self.color, encoded, samples, dir_encoder
        if transients is not None:
            return of_images(*mlps, appearance, transients, self._density, False)
        how = {"head_sees_density": False, "appearance": appearance}
        return *density_and_color(*mlps, self._density, **how), {}


@NETWORKS.register()
class NeRFNetwork(Network):
    """Two MLPs of eight layers, one for each round of samples; the position enters again half way.

    Density is an activation of the first output; colour is the logistic of a layer that sees the features and the
    encoded direction. Samplers are guided by the first round's density.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6].
        hidden_width: of the layers.
        n_layers: of the trunk.
        skip: the encoded position is appended again behind this many layers; None: it is not.
        rounds: MLPs; 1 for samplers with one round, or where all rounds share one field.
        density_activation: "relu" (NeRF), "softplus" (mip-NeRF: never dead), or "exp".
        density_bias: added before it.
        density_scale: multiplies the density. A paper's numbers are per unit of its own world: with
            ``dataset.scale`` s, 1 / s gives them per field unit.
        rgb_padding: colours reach so far beyond [0, 1], so that black and white need no infinite input (mip-NeRF).
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded: "auto", "fp32", "bf16" or "fp16".
        n_images: scene fact: training images.
        appearance: learned numbers for each training image, which all rounds see: how many or ``Appearance``'s
            arguments; 0 for none.
        transient: ``Transients``'s arguments, of the last round: see ``NerfactoNetwork``; None: there are none.

    Raises:
        ConfigError: a value is out of its range.
    """

    offers = frozenset({"pos_encoder"})
    optional = OPTIONAL

    def __init__(
        self,
        pos_encoder: jt.Module,
        dir_encoder: jt.Module | None,
        aabb: np.ndarray,
        hidden_width: int = 256,
        n_layers: int = 8,
        skip: int | None = 5,
        rounds: int = 2,
        density_activation: str = "relu",
        density_bias: float = 0.0,
        density_scale: float = 1.0,
        rgb_padding: float = 0.0,
        seed: int = 0,
        precision: str = "auto",
        n_images: int = 1,
        appearance: AppearanceBlock = 0,
        transient: TransientBlock = None,
    ) -> None:
        super().__init__()
        at_least(
            "NeRFNetwork",
            hidden_width=(hidden_width, 2),
            n_layers=(n_layers, 1),
            rounds=(rounds, 1),
        )
        if skip is not None and not 1 <= skip < n_layers:
            raise ConfigError(
                f"NeRFNetwork: skip is {skip}; it must be None or in 1 .. n_layers - 1 = {n_layers - 1}"
            )
        if density_activation not in DENSITY_ACTIVATIONS:
            raise ConfigError(
                f"NeRFNetwork: density_activation is {density_activation!r}; choose one of "
                f"{', '.join(DENSITY_ACTIVATIONS)}"
            )
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._box = Box(aabb)
        self._padding = float(rgb_padding)
        self.appearance = make_appearance(appearance, n_images, hidden_width, seed, precision)
        n_extra = n_beside(dir_encoder, self.appearance)
        density = Activation(density_activation, float(density_bias), float(density_scale))
        sizes = pos_encoder.out_dim, n_extra, hidden_width, n_layers, skip, density
        self.rounds = jt.nn.ModuleList(
            [Trunk(*sizes, seed, 3 * i, precision) for i in range(rounds)]
        )
        if transient is not None:
            given = {"n_images": n_images, "n_seen": hidden_width, "scale": density_scale}
            given |= {"seed": seed, "precision": precision}
            self.transients = Transients(**(given | transient))
            self.provides = self.provides | set(CHANNELS)

    def density(self, positions: jt.Var) -> jt.Var:
        """The last round's density at positions [S, 3] in field units: float32 [S]."""
        return self.rounds[-1].density(self.pos_encoder(self._box(positions)))

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """The density of the samples' own round."""
        encoded = encoded_samples(samples, self.pos_encoder, self._box)
        return self._of(samples).density(encoded), None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities and colours of samples, by the MLP of their round."""
        encoded = encoded_samples(samples, self.pos_encoder, self._box)
        last = samples.round >= len(self.rounds) - 1
        parts = self.dir_encoder, self.appearance, self.transients if last else None
        sigmas, rgbs, extras = self._of(samples)(encoded, samples, *parts)
        if self._padding:
            rgbs = padded_colors(rgbs, self._padding)
        return FieldOutput(sigmas=sigmas, rgbs=rgbs, extras=extras)

    def _of(self, samples: RaySamples) -> Trunk:
        return self.rounds[min(samples.round, len(self.rounds) - 1)]
