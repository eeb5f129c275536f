"""Signed distances in several levels of detail (NGLOD, Takikawa et al. 2021, https://arxiv.org/abs/2101.10994)."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.encoders.octree import OctreeEncoder
from jnerf.errors import ConfigError
from jnerf.models.networks.base import Network
from jnerf.models.networks.differences import difference_gradient
from jnerf.models.networks.layers import MLP
from jnerf.models.networks.space import Box
from jnerf.ops.columns import join_columns
from jnerf.ops.lod_inputs import lod_inputs
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


@NETWORKS.register()
class LODDistanceNetwork(Network):
    """One small MLP for each LOD of an octree: d_l(x) = f_l([x, sum of the features of LODs 0 .. l at x]).

    All LODs are trained at once: the channel "sdf" has one column for each, the finest last. What is judged and drawn
    is ``lod``, and between two LODs their blend. Where the tree has no fine voxel the coarser features remain.

    Args:
        pos_encoder: OctreeEncoder or CodebookEncoder with combine="concat" and all its levels.
        aabb: the scene's box, float32 [6].
        hidden_width: of the MLPs.
        n_layers: their hidden layers.
        lod: what to show, from 0, the coarsest; 2.3 is 0.7 of LOD 2 and 0.3 of LOD 3. None: the finest.
        normal_step: half the length over which differences give the gradient, field units.
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded; see ``DistanceNetwork``.

    Raises:
        ConfigError: a value is out of its range, or the encoder is no octree's that keeps its levels apart.
    """

    provides = frozenset({"sdf"})
    offers = frozenset({"pos_encoder", "gradient"})

    def __init__(
        self,
        pos_encoder: jt.Module,
        aabb: np.ndarray,
        hidden_width: int = 128,
        n_layers: int = 1,
        lod: float | None = None,
        normal_step: float = 5e-4,
        seed: int = 0,
        precision: str = "fp32",
    ) -> None:
        super().__init__()
        if not isinstance(pos_encoder, OctreeEncoder) or not pos_encoder.apart:
            raise ConfigError(
                "LODDistanceNetwork: pos_encoder must be an octree's (OctreeEncoder, CodebookEncoder) with "
                f"combine='concat'; it is a {type(pos_encoder).__name__}"
            )
        if pos_encoder.random_lod or pos_encoder.tree.n_levels < pos_encoder.n_levels:
            raise ConfigError(
                "LODDistanceNetwork trains all LODs at once: set random_lod=False and initial_levels=None"
            )
        for name, value in {"hidden_width": hidden_width, "n_layers": n_layers}.items():
            if value < 1:
                raise ConfigError(f"LODDistanceNetwork: {name} is {value}; it must be at least 1")
        if not normal_step > 0:
            raise ConfigError(
                f"LODDistanceNetwork: normal_step is {normal_step}; it must be above 0"
            )
        self.pos_encoder, self._box = pos_encoder, Box(aabb)
        finest = pos_encoder.n_levels - 1
        self._lod = float(finest if lod is None else lod)
        if not 0 <= self._lod <= finest:
            raise ConfigError(f"LODDistanceNetwork: lod is {lod}; this octree has 0 .. {finest}")
        self._normal_step = normal_step
        widths = [3 + pos_encoder.n_features, *[hidden_width] * n_layers, 1]
        self.mlps = jt.nn.ModuleList(
            [
                MLP(widths, biased=True, seed=seed, stream=i, precision=precision)
                for i in range(finest + 1)
            ]
        )

    def execute(self, samples: RaySamples) -> FieldOutput:
        """The distances of samples at every LOD, [S, L]."""
        found = self._distances(samples.positions, range(len(self.mlps)))
        return FieldOutput(extras={"sdf": join_columns(found)})

    def sdf(self, positions: jt.Var) -> jt.Var:
        """See ``Network``; at the LOD that is shown."""
        low = int(np.floor(self._lod))
        part = self._lod - low
        if part == 0:
            return self._distances(positions, [low])[0].reshape(-1)
        coarse, fine = self._distances(positions, [low, low + 1])
        return ((1 - part) * coarse + part * fine).reshape(-1)

    def gradient(self, positions: jt.Var) -> jt.Var:
        """See ``Network``; by central differences."""
        return difference_gradient(self.sdf, positions, self._normal_step, 6)

    def _distances(self, positions: jt.Var, lods: range | list[int]) -> list[jt.Var]:
        """Distances at some LODs, ascending, [S, 1] each."""
        unit = self._box(positions)
        features = self.pos_encoder(unit, lod=max(lods))
        seen = lod_inputs(unit, features, lods)
        return [self.mlps[lod](x) for lod, x in zip(lods, seen, strict=True)]
