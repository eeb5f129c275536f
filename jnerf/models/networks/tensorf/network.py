"""TensoRF (Chen et al. 2022, https://arxiv.org/abs/2203.09517): a density and colours as sums of products of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.factors import FactorEncoder, vertex_counts
from jnerf.errors import ConfigError, TrainingError
from jnerf.models.networks.base import Network
from jnerf.models.networks.space import Box
from jnerf.models.networks.tensorf.shading import MLPShading, SHShading
from jnerf.models.networks.tensorf.stages import (
    box_of,
    cells_around,
    check_choice,
    check_number,
    check_steps,
    extent_of,
    resolutions,
    vertices,
)
from jnerf.models.networks.voxels.voxel_mask import dilated, packed_mask, unpacked_mask
from jnerf.ops.activate import activate
from jnerf.ops.cell_mask import cell_mask
from jnerf.ops.heavy_samples import heavy_samples
from jnerf.ops.pick_rows import add_rows, pick_rows
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples

_CHUNK = 2**18  # vertices asked at a time for the mask


@NETWORKS.register()
class TensoRFNetwork(Network):
    """Two low-rank grids: the sum of one's components is the density, the other's are made into colours.

    Training starts coarse. At ``upsample_steps`` both grids get more vertices, evenly spaced in the logarithm of their
    number. At ``mask_steps`` the density is asked at every vertex; where it absorbs nothing the field is empty from
    then on, and the first time the grids are cropped to the box of what is left, before they become finer in the same
    step. Whoever optimises is handed all parameters as new ones then, as the published code builds its optimiser anew;
    its learning rate starts again by the schedule's ``restart``.

    Args:
        density_factors: the encoder of the density, a ``VMEncoder`` or ``CPEncoder``.
        color_factors: that of the colours, as fine.
        aabb: the scene's box, float32 [6].
        final_resolution: cube root of the number of vertices after the last upsampling.
        upsample_steps: the steps before which the grids become finer.
        mask_steps: the steps before which the field finds out where it is empty; the first crops the box.
        mask_alpha: what half the edge of a voxel must absorb for its vertex to count. The published 1e-4 is of a
            density without its factor of 25, for which that is 2.5e-3.
        density_activation: "softplus" or "relu", of the sum plus ``density_shift``.
        density_shift: added to the sum before the activation.
        density_scale: density per field unit where the activation gives 1. The published 25 is per unit of scenes in
            a box of edge 3; 75 is the same where the box has an edge of 1.
        shading: "mlp", or "sh" for 9 spherical harmonics per colour.
        color_features: what a matrix makes of the colour components, for "mlp".
        hidden_width: of the two hidden layers of "mlp".
        feature_frequencies: of the waves of features, for "mlp"; 0 for none.
        direction_frequencies: of those of directions, for "mlp".
        least_weight: samples that weigh no more than this on their ray get no colour, and cost none; 0: all get one.
        seed: of the initial weights.
        precision: in what the MLPs' products are rounded, see ``MLP``.

    Raises:
        ConfigError: a value is out of its range, or the encoders do not fit together.
    """

    offers = frozenset({"factors"})

    def __init__(
        self,
        density_factors: jt.Module,
        color_factors: jt.Module,
        aabb: np.ndarray,
        final_resolution: int = 300,
        upsample_steps: Sequence[int] = (2000, 3000, 4000, 5500, 7000),
        mask_steps: Sequence[int] = (2000, 4000),
        mask_alpha: float = 2.5e-3,
        density_activation: Literal["softplus", "relu"] = "softplus",
        density_shift: float = -10.0,
        density_scale: float = 75.0,
        shading: Literal["mlp", "sh"] = "mlp",
        color_features: int = 27,
        hidden_width: int = 128,
        feature_frequencies: int = 2,
        direction_frequencies: int = 2,
        least_weight: float = 1e-4,
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        super().__init__()
        _check_grids(density_factors, color_factors, final_resolution)
        check_choice("density_activation", density_activation, ("softplus", "relu"))
        check_choice("shading", shading, ("mlp", "sh"))
        check_number("mask_alpha", mask_alpha, 0, 1)
        check_number("density_scale", density_scale, 0)
        if not 0 <= least_weight < 1:
            raise ConfigError(
                f"TensoRFNetwork: least_weight is {least_weight}; it must be in [0, 1)"
            )
        check_steps("upsample_steps", upsample_steps)
        check_steps("mask_steps", mask_steps)
        self.density_factors, self.color_factors = density_factors, color_factors
        stages = resolutions(density_factors.resolution, final_resolution, len(upsample_steps))
        self._finer = dict(zip(upsample_steps, stages, strict=True))
        self._mask_steps, self._mask_alpha = list(mask_steps), float(mask_alpha)
        self._activation = density_activation
        self._shift, self._scale = float(density_shift), float(density_scale)
        n, how = color_factors.out_dim, {"seed": seed, "precision": precision}
        if shading == "mlp":
            waves = feature_frequencies, direction_frequencies
            self.shading = MLPShading(n, color_features, hidden_width, *waves, **how)
        else:
            self.shading = SHShading(n, **how)
        self._least_weight = float(least_weight)
        self._take_box(np.asarray(aabb, np.float32))
        self._take_mask(np.ones((1, 1, 1), bool))

    @property
    def factors(self) -> dict[str, FactorEncoder]:
        """The grids by what they hold: "density" and "color"."""
        return {"density": self.density_factors, "color": self.color_factors}

    @property
    def stats(self) -> dict[str, float]:
        """``vertices`` of the grids, and the share of the box that may not be empty, ``filled``."""
        n = np.prod(np.array(self.density_factors.sizes, np.int64))
        return {"vertices": int(n), "filled": round(self._filled, 6)}

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]; 0 outside the grids' box."""
        return self.look(positions)[0]

    def look(self, positions: jt.Var) -> tuple[jt.Var, jt.Var | None]:
        """Density, and the sum that it is made of, [S, 1]; see ``Network.look``."""
        unit = self._space(positions)
        sums = self.density_factors.summed(unit)
        return self._density_of(unit, sums), sums.unsqueeze(1)

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities, and colours of the samples that can be seen; the others are black."""
        unit = self._space(samples.positions)
        known = None if samples.features is None else samples.features.reshape(-1)
        sigmas = self._density_of(unit, self.density_factors.summed(unit, known))
        where = samples.ray_indices, samples.packed_info
        rays_d = samples.rays.rays_d
        if not self._least_weight:
            return FieldOutput(sigmas, self.shading(self.color_factors(unit), rays_d, *where))
        intervals = samples.t_starts, samples.t_ends, samples.packed_info
        rows, packed = heavy_samples(sigmas.detach(), *intervals, self._least_weight)
        if not rows.shape[0]:
            return FieldOutput(sigmas, jt.zeros((len(samples), 3)))
        heavy, indices = pick_rows([unit, samples.ray_indices], rows)
        rgbs = self.shading(self.color_factors(heavy), rays_d, indices, packed)
        return FieldOutput(sigmas, add_rows(rgbs, rows, len(samples)))

    def _density_of(self, unit: jt.Var, sums: jt.Var) -> jt.Var:
        filled = cell_mask(unit, self.mask, self._cells_x)
        return activate(sums, self._activation, bias=self._shift, scale=self._scale, factors=filled)

    def refine(self, step: int) -> bool:
        """Finds what is empty, and becomes finer, when ``step`` is one of those; see ``Network``.

        Raises:
            TrainingError: all of the field is empty.
        """
        crops = step == next(iter(self._mask_steps), None)
        with jt.no_grad():
            if step in self._mask_steps:
                self._find_empty(crops)
            if step in self._finer:
                sizes = vertex_counts(self.box.numpy(), self._finer[step])
                for factors in self.factors.values():
                    factors.resample(sizes)
        if not crops and step not in self._finer:
            return False
        self.shading.forget()
        return True

    def _find_empty(self, crops: bool) -> None:
        """Marks what is not empty, and with ``crops`` keeps the box of that alone."""
        box, sizes = self.box.numpy(), self.density_factors.sizes
        low, high = np.split(box.astype(np.float64), 2)
        step = 0.5 * float(((high - low) / (np.array(sizes) - 1)).mean())
        least = -np.log1p(-self._mask_alpha) / step
        sigmas = np.concatenate([self._at_vertices(part) for part in vertices(sizes, _CHUNK)])
        mask = dilated((sigmas > least).reshape(sizes[::-1]), 1)
        if not mask.any():
            raise TrainingError(
                f"TensoRFNetwork: nothing is left of {sigmas.size} vertices; the densest, {sigmas.max():.3g}, absorbs "
                f"less than mask_alpha {self._mask_alpha:g} of a ray in half a voxel. Set network.mask_steps later, "
                "lower network.mask_alpha, or look at why the field stays empty: its learning rate, or "
                "network.density_scale"
            )
        cells = cells_around(mask)
        if crops:
            extent = extent_of(mask)
            x, y, z = (slice(b, h - 1) for b, h in zip(*extent, strict=True))
            for factors in self.factors.values():
                factors.crop(*extent)
            self._take_box(box_of(extent, box, sizes))
            cells = cells[z, y, x]
        self._take_mask(cells)

    def _at_vertices(self, unit: np.ndarray) -> np.ndarray:
        where = jt.array(unit)
        return self._density_of(where, self.density_factors.summed(where)).numpy()

    def _take_box(self, box: np.ndarray) -> None:
        """The grids fill this box from now on."""
        self.box = jt.array(box).stop_grad()
        self._space = Box(box)

    def _take_mask(self, cells: np.ndarray) -> None:
        """The field is empty outside these cells, bool [Nz, Ny, Nx], of its box."""
        self.mask = jt.array(packed_mask(cells)).stop_grad()
        self.mask_size = jt.array(np.array(cells.shape[::-1], np.int32)).stop_grad()
        self._cells_x, self._filled = cells.shape[2], float(cells.mean())

    def fit_state(self, state: Mapping[str, np.ndarray]) -> bool:
        """Takes sizes, box and mask of a saved state; see ``Network``."""
        changed = False
        for name in ("density_factors", "color_factors"):
            parts = {
                key.removeprefix(f"{name}."): value
                for key, value in state.items()
                if key.startswith(f"{name}.")
            }
            changed |= getattr(self, name).fit_state(parts)
        size, bits, box = (state.get(key) for key in ("mask_size", "mask", "box"))
        if np.shape(size) == (3,) and np.shape(box) == (6,) and min(size) > 0:
            x, y, z = (int(n) for n in size)
            if np.shape(bits) == (z, y, (x + 7) // 8):
                self._take_mask(unpacked_mask(np.asarray(bits, np.uint8), (z, y, x)))
                self._take_box(np.asarray(box, np.float32))
        return changed


def _check_grids(density: jt.Module, color: jt.Module, final_resolution: int) -> None:
    grids = {"density_factors": density, "color_factors": color}
    for name, grid in grids.items():
        if not isinstance(grid, FactorEncoder):
            raise ConfigError(
                f"TensoRFNetwork: encoder.{name} is {type(grid).__name__}; give a VMEncoder or a CPEncoder"
            )
    if density.sizes != color.sizes:
        raise ConfigError(
            f"TensoRFNetwork: density_factors have {density.sizes} vertices, color_factors {color.sizes}; give "
            "both the same resolution"
        )
    if final_resolution < density.resolution:
        raise ConfigError(
            f"TensoRFNetwork: final_resolution is {final_resolution}, below the {density.resolution} that the encoders "
            "begin with"
        )
