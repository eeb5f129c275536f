"""Proposals of a network: small densities, one for each round of samples but the last, on encoders of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jittor as jt

from jnerf.checks.suggest import hint
from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.ops.activate import Activation

_FIRST_STREAM = 8  # of the initial weights; the field's own MLPs have those below


class Proposals(jt.Module):
    """Encoded position -> a hidden layer -> a density.

    Args:
        encoders: of the config, by name.
        names: the encoder of each round.
        hidden_width: of the hidden layer; 0 for none.
        density: what makes a density of what comes out.
        seed: of the initial weights.
        precision: see ``MLP``.
        biased: whether layers have biases, and start as He et al. have it, instead of Xavier-uniform.

    Raises:
        ConfigError: there is no such encoder.
    """

    def __init__(
        self,
        encoders: Mapping[str, Encoder],
        names: Sequence[str],
        hidden_width: int,
        density: Activation,
        seed: int,
        precision: str = "auto",
        biased: bool = False,
    ) -> None:
        super().__init__()
        self._density = density
        for name in names:
            if name not in encoders:
                raise ConfigError(
                    f"network.proposals names encoder.{name}, which there is not. {hint(name, encoders)}"
                )
        self.encoders = jt.nn.ModuleList([encoders[name] for name in names])
        hidden = [hidden_width] if hidden_width else []
        how = {"biased": biased, "he": biased, "seed": seed, "precision": precision}
        n_out = 1 if biased else padded(1)
        widths = [[encoders[name].out_dim, *hidden, n_out] for name in names]
        self.mlps = jt.nn.ModuleList(
            [MLP(width, 1, stream=_FIRST_STREAM + i, **how) for i, width in enumerate(widths)]
        )

    def __len__(self) -> int:
        return len(self.mlps)

    def execute(self, number: int, features: jt.Var) -> jt.Var:
        """Densities [S] of proposal ``number`` for what its encoder says; ``density`` of what the MLP says."""
        return self.mlps[number](features, activation=self._density).reshape(-1)
