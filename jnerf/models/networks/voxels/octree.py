"""A radiance field over an octree that grows where there is something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.octree import OctreeEncoder
from jnerf.errors import ConfigError, TrainingError
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.ngp import padded
from jnerf.models.networks.space import Box
from jnerf.models.networks.two_mlps import density_and_color
from jnerf.ops.activate import Activation
from jnerf.ops.octree_interp import Octree, leaf_neighbourhood, octree_kept, octree_of, unmorton
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples

_CHUNK = 2**19  # positions that the field is asked for at once


@NETWORKS.register()
class OctreeNetwork(Network):
    """Instant-NGP's two MLPs over an octree's features; empty outside the tree's leaves.

    At given steps the tree is pruned: leaves stay that would absorb more than ``prune_alpha`` of a ray, and those
    around them. At ``grow_steps`` each leaf is split in eight before that, so that the encoder's next LOD begins. What
    the tree leaves out has no density, whoever asks.

    Args:
        pos_encoder: an octree's encoder: OctreeEncoder or CodebookEncoder.
        dir_encoder: encodes unit directions; None for a colour that does not depend on the direction.
        aabb: the scene's box, float32 [6]; the tree's cube is laid over it.
        hidden_width: of all hidden layers.
        density_layers: hidden layers of the density MLP.
        color_layers: hidden layers of the colour MLP.
        geometry_features: outputs of the density MLP; the first is the density before its activation.
        density_activation: "exp", or "relu".
        grow_steps: steps before which the tree gets its next level; as many as the encoder's LODs that are not there
            from the start, or fewer.
        prune_steps: further steps before which it is pruned.
        prune_alpha: 1 - exp(-density x edge of a leaf), in the middle of a voxel, below which it is dropped.
        dilation: how many voxels around those above the threshold stay too, of those there are.
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded: "auto", "fp32", "bf16" or "fp16".

    Raises:
        ConfigError: a value is out of its range, or the encoder is no octree's.
    """

    offers = frozenset({"pos_encoder", "octree"})

    def __init__(
        self,
        pos_encoder: jt.Module,
        dir_encoder: jt.Module | None,
        aabb: np.ndarray,
        hidden_width: int = 64,
        density_layers: int = 1,
        color_layers: int = 2,
        geometry_features: int = 16,
        density_activation: Literal["exp", "relu"] = "exp",
        grow_steps: Sequence[int] = (),
        prune_steps: Sequence[int] = (),
        prune_alpha: float = 0.01,
        dilation: int = 1,
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        super().__init__()
        self._check(pos_encoder, density_activation, grow_steps, prune_steps, prune_alpha, dilation)
        sizes = {
            "hidden_width": hidden_width,
            "density_layers": density_layers,
            "color_layers": color_layers,
            "geometry_features": geometry_features,
        }
        for name, value in sizes.items():
            if value < 1:
                raise ConfigError(f"OctreeNetwork: {name} is {value}; it must be at least 1")
        self.pos_encoder, self.dir_encoder = pos_encoder, dir_encoder
        self._density = Activation(density_activation)
        self._grow, self._prune = list(grow_steps), list(prune_steps)
        self._prune_alpha, self._dilation = float(prune_alpha), dilation
        self._box = Box(aabb)
        self._low, self._high = np.split(np.asarray(aabb, np.float32), 2)
        n_dir = dir_encoder.out_dim if dir_encoder else 0
        widths = [pos_encoder.out_dim, *[hidden_width] * density_layers, geometry_features]
        self.density_mlp = MLP(widths, seed=seed, precision=precision)
        widths = [geometry_features + n_dir, *[hidden_width] * color_layers, padded(3)]
        self.color_mlp = MLP(widths, 3, seed=seed, stream=1, precision=precision)

    @staticmethod
    def _check(
        encoder: jt.Module,
        activation: str,
        grow: Sequence[int],
        prune: Sequence[int],
        alpha: float,
        dilation: int,
    ) -> None:
        if not isinstance(encoder, OctreeEncoder):
            raise ConfigError(
                f"OctreeNetwork: pos_encoder is a {type(encoder).__name__}; it must be an octree's: OctreeEncoder or "
                "CodebookEncoder"
            )
        if activation not in ("exp", "relu"):
            raise ConfigError(
                f"OctreeNetwork: density_activation is {activation!r}; choose 'exp' or 'relu'"
            )
        for name, steps in {"grow_steps": grow, "prune_steps": prune}.items():
            if list(steps) != sorted(set(steps)) or any(step < 1 for step in steps):
                raise ConfigError(
                    f"OctreeNetwork: {name} are {list(steps)}; they must rise, from 1 on"
                )
        missing = encoder.n_levels - encoder.tree.n_levels
        if len(grow) > missing:
            raise ConfigError(
                f"OctreeNetwork: {len(grow)} grow_steps {list(grow)}, but the encoder has {missing} levels to grow: "
                "raise its n_levels, or lower its initial_levels"
            )
        if not 0 <= alpha < 1 or dilation < 0:
            raise ConfigError(
                f"OctreeNetwork: prune_alpha is {alpha} and dilation {dilation}; they must be in [0, 1) and at least 0"
            )

    def octree(self) -> Octree:
        """The encoder's tree; see ``Network``."""
        return self.pos_encoder.tree

    @property
    def stats(self) -> dict[str, float]:
        """Leaves of the tree, its depth, and their share of all voxels; of a codebook its bits and ratio."""
        tree = self.octree()
        found = {
            "depth": tree.depth,
            "leaves": tree.n_leaves,
            "share": tree.n_leaves / 8**tree.depth,
        }
        return found | getattr(self.pos_encoder, "stats", {})

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]."""
        return self.look(positions)[0]

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var]:
        """Density, and the encoded positions; see ``Network.look``."""
        x = self._box(positions)
        features = self.pos_encoder(x)
        sigmas = self.density_mlp(features, n_out=1, activation=self._density).reshape(-1)
        return self._within(sigmas, x), features

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities and colours of samples."""
        x = self._box(samples.positions)
        known = samples.features
        features = self.pos_encoder(x) if known is None else self.pos_encoder.known(x, known)
        sigmas, rgbs = density_and_color(
            self.density_mlp, self.color_mlp, features, samples, self.dir_encoder, self._density
        )
        return FieldOutput(sigmas=self._within(sigmas, x), rgbs=rgbs)

    def _within(self, sigmas: jt.Var, x: jt.Var) -> jt.Var:
        """The densities, zero outside the leaves."""
        if self.octree().dense:
            return sigmas
        return octree_kept(sigmas, x, self.octree())

    def refine(self, step: int) -> bool:
        """Prunes and grows the tree; see ``Network``.

        Raises:
            TrainingError: no voxel is left.
        """
        grows = step in self._grow
        if not grows and step not in self._prune:
            return False
        self.pos_encoder.use_all_levels()
        with jt.no_grad():
            self.pos_encoder.retree(self._refined(grows))
        return True

    def _refined(self, grows: bool) -> Octree:
        tree = self.octree()
        codes, depth = tree.codes[-1], tree.depth
        if grows:
            codes, depth = (codes[:, None] * 8 + np.arange(8)).reshape(-1), depth + 1
        middles = self._low + (unmorton(codes) + np.float32(0.5)) / 2**depth * (
            self._high - self._low
        )
        edge = float((self._high - self._low).max()) / 2**tree.depth  # of a leaf as it was trained
        sigmas = [
            self.density(jt.array(middles[i : i + _CHUNK].astype(np.float32))).numpy()
            for i in range(0, len(codes), _CHUNK)
        ]
        sigmas = np.concatenate(sigmas)
        keep = codes[1 - np.exp(-sigmas * edge) > self._prune_alpha]
        if len(keep) == 0:
            raise TrainingError(
                f"OctreeNetwork: pruning leaves none of {len(codes)} voxels; the densest has {sigmas.max():.3g} per "
                "field unit. Lower network.prune_alpha, or prune later"
            )
        around = leaf_neighbourhood(keep, depth, self._dilation)
        return octree_of(np.intersect1d(around, codes, assume_unique=True), depth, tree.base)

    def fit_state(self, state: Mapping[str, np.ndarray]) -> bool:
        """Takes the tree of saved features; see ``Network``."""
        head = "pos_encoder."
        return self.pos_encoder.fit_state(
            {k.removeprefix(head): v for k, v in state.items() if k.startswith(head)}
        )
