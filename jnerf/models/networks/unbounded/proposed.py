"""What networks with proposals share: where in the unit cube a position is, what of it counts, whom each round asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network
from jnerf.models.networks.space import make_space
from jnerf.models.networks.space.pieces import encoded_samples, sees_pieces
from jnerf.models.networks.unbounded.proposals import Proposals
from jnerf.ops.activate import Activation, activate
from jnerf.structures import FieldOutput, RaySamples


class ProposedNetwork(Network):
    """A field, and a small density for each earlier round; subclasses define ``field_density`` and ``field``.

    A density is ``initial_density`` exp(x) per unit, a unit being half the box's longest edge: what a contraction
    leaves as it is.

    Args:
        pos_encoder: encodes positions in [0, 1]^3.
        encoders: of the config, by name.
        aabb: the scene's box, float32 [6].
        proposals: names of the encoders of the proposals, for as many earlier rounds of the sampler; [] for samplers
            with one round, or where all rounds ask the field itself.
        proposal_width: of the hidden layer of a proposal; 0 for none.
        initial_density: factor of all densities.
        space: how positions reach the unit cube; outside of a "box" nothing is.
        seed: of the initial weights.
        precision: see ``NGPNetwork``.
        biased: whether the proposals' layers have biases, and start as He et al. have it.

    Raises:
        ConfigError: the density is not above 0, or an encoder is missing.
    """

    earlier_provides = frozenset({"sigmas"})
    offers = frozenset({"pos_encoder"})

    def __init__(
        self,
        pos_encoder: Encoder,
        encoders: Mapping[str, Encoder],
        aabb: np.ndarray,
        proposals: Sequence[str],
        proposal_width: int,
        initial_density: float,
        space: str,
        seed: int,
        precision: str,
        biased: bool = False,
    ) -> None:
        super().__init__()
        if not initial_density > 0:
            raise ConfigError(
                f"{type(self).__name__}: initial_density is {initial_density}; it must be above 0"
            )
        self.pos_encoder, self._seed = pos_encoder, seed
        self._space, self._bounded = make_space(space, aabb), space == "box"
        low, high = np.split(np.asarray(aabb, np.float64), 2)
        scale = float(initial_density / ((high - low).max() / 2))
        self._density = Activation("exp", scale=scale)
        how = self._density, seed, precision, biased
        self.proposals = Proposals(encoders, proposals, proposal_width, *how)
        if len(self.proposals):
            self.earlier_rounds = len(self.proposals)
        else:  # all rounds ask the field itself
            self.earlier_provides = None

    def field_density(self, features: jt.Var) -> jt.Var:
        """Density of encoded positions, float32 [S]: what is said of them, activated by ``_density``."""
        raise NotImplementedError(f"{type(self).__name__} does not define field_density(features)")

    def field(self, features: jt.Var, samples: RaySamples) -> tuple:
        """The same [S], and colours [S, 3] in [0, 1], of samples whose encoded positions are known.

        A third value is a dict of further channels, of densities among them ``transient_sigmas`` alone.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define field(features, samples)")

    def density(self, positions: jt.Var) -> jt.Var:
        """Density of the field at positions [S, 3] in field units: float32 [S]."""
        return self.look(positions)[0]

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Density, and the encoded positions where the encoder can take them back; see ``Network.look``."""
        unit, inside = self._unit(positions)
        features = self.pos_encoder(unit)
        sigmas = self._within(self.field_density(features), inside)
        return sigmas, features if self.pos_encoder.known else None

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """Of an earlier round its proposal's density, which is all that there is to say of it."""
        proposed = samples.round < len(self.proposals)
        encoder = self.proposals.encoders[samples.round] if proposed else self.pos_encoder
        if not (proposed or sees_pieces(encoder)):
            return self.look(samples.positions)
        features, inside = self._encoded(samples, encoder)
        if not proposed:
            return self._within(self.field_density(features), inside), None
        return self._within(self.proposals(samples.round, features), inside), None

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities, of the last round with colours."""
        if samples.round < len(self.proposals):
            return FieldOutput(sigmas=self.density_of(samples)[0])
        if samples.features is None:
            features, inside = self._encoded(samples, self.pos_encoder)
        else:
            unit, inside = self._unit(samples.positions)
            features = self.pos_encoder.known(unit, samples.features)
        sigmas, rgbs, *further = self.field(features, samples)
        extras = dict(further[0]) if further else {}
        if "transient_sigmas" in extras and inside is not None:
            extras["transient_sigmas"] = extras["transient_sigmas"] * inside.unsqueeze(1)
        return FieldOutput(sigmas=self._within(sigmas, inside), rgbs=rgbs, extras=extras)

    def _encoded(self, samples: RaySamples, encoder: Encoder) -> tuple[jt.Var, jt.Var | None]:
        """What an encoder says of samples, or of their pieces, and what ``_unit`` says of whether they count."""
        if not sees_pieces(encoder):
            unit, inside = self._unit(samples.positions)
            return encoder(unit), inside
        inside = self._unit(samples.positions)[1] if self._bounded else None
        return encoded_samples(samples, encoder, self._space, self._seed), inside

    def _unit(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Where in the unit cube positions are, and of a box 1 for those inside and 0 for the others, float32 [S]."""
        return self._space.held(positions) if self._bounded else (self._space(positions), None)

    @staticmethod
    def _within(sigmas: jt.Var, inside: jt.Var | None) -> jt.Var:
        return sigmas if inside is None else activate(sigmas, factors=inside)

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """The field's, and "proposals"; see ``Network``."""
        return self._apart({"proposals": self.proposals.mlps})
