"""A field without a neural network: Plenoxels (Fridovich-Keil et al. 2022, https://arxiv.org/abs/2112.05131)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError, TrainingError
from jnerf.models.networks.base import Network
from jnerf.models.networks.space import Box
from jnerf.models.networks.voxels.voxel_mask import (
    dilated,
    grid_shape,
    packed_mask,
    unpacked_mask,
    upsampled_mask,
    vertex_positions,
)
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.voxel_grid import SH_WIDTH, VoxelLayout, layout_of, voxel_field, voxel_interp
from jnerf.registry import NETWORKS
from jnerf.structures import FieldOutput, RaySamples


class _Held:
    """Holds the layout where ``state_dict`` does not look for it: it follows from the mask."""

    def __init__(self, layout: VoxelLayout) -> None:
        self.layout = layout


@NETWORKS.register()
class PlenoxelNetwork(Network):
    """A sparse grid of voxels, each with a density and 9 spherical harmonics per colour channel.

    Both are interpolated between the 8 vertices around a position. Density is cut off at zero; the colour is half plus
    the harmonics in the ray's direction, cut off at zero. Training starts with every vertex of a coarse grid. At
    given steps the grid is pruned, and becomes finer where the next resolution is higher: vertices stay whose
    density would let a voxel absorb more than ``prune_alpha`` of the light, and those around them.

    Args:
        aabb: the scene's box, float32 [6].
        resolutions: vertices along the longest edge of the box, one number for each stage; never falling.
        upsample_steps: the steps before which the second, third ... stage begins. A stage of the same resolution is
            only pruned.
        prune_alpha: 1 - exp(-density x voxel edge) below which a vertex is dropped; 0 keeps what is above zero.
        dilation: how many vertices around those above the threshold stay too.
        initial_density: of every vertex, per field unit.

    Raises:
        ConfigError: a value is out of its range, or the numbers of resolutions and steps do not fit.
    """

    offers = frozenset({"voxels"})

    def __init__(
        self,
        aabb: np.ndarray,
        resolutions: Sequence[int] = (256, 512),
        upsample_steps: Sequence[int] = (38400,),
        prune_alpha: float = 0.01,
        dilation: int = 1,
        initial_density: float = 0.1,
    ) -> None:
        super().__init__()
        _check_stages(resolutions, upsample_steps)
        if not 0 <= prune_alpha < 1 or dilation < 0 or not initial_density > 0:
            raise ConfigError(
                f"PlenoxelNetwork: prune_alpha is {prune_alpha}, dilation {dilation} and initial_density "
                f"{initial_density}; they must be in [0, 1), at least 0, and above 0"
            )
        self._aabb = np.asarray(aabb, np.float32)
        self._box = Box(aabb)
        self._resolutions, self._steps = list(resolutions), list(upsample_steps)
        self._prune_alpha, self._dilation = float(prune_alpha), int(dilation)
        mask = np.ones(grid_shape(self._aabb, self._resolutions[0]), bool)
        rows = int(mask.sum())
        self._take(mask, jt.ones((rows, 1)) * initial_density, jt.zeros((rows, SH_WIDTH)))

    def _take(self, mask: np.ndarray, density: jt.Var, sh: jt.Var) -> None:
        """Makes these rows the parameters: new Vars, which an optimiser has to be told of."""
        self._held = _Held(layout_of(mask))
        self.mask = jt.array(packed_mask(mask)).stop_grad()
        self.density_rows, self.sh_rows = density.detach(), sh.detach()
        jt.sync([self.mask, self.density_rows, self.sh_rows])
        self.density_rows.start_grad()
        self.sh_rows.start_grad()

    @property
    def layout(self) -> VoxelLayout:
        """Which vertices have rows."""
        return self._held.layout

    @property
    def voxels(self) -> dict[str, jt.Var]:
        """The rows by what they hold: "density" float32 [V, 1] and "sh" float32 [V, 32]."""
        return {"density": self.density_rows, "sh": self.sh_rows}

    def density(self, positions: jt.Var) -> jt.Var:
        """Density at positions [S, 3] in field units: float32 [S]; without gradients."""
        where = self._box(positions), self.layout, self.density_rows
        return voxel_interp(*where, positive=True).reshape(-1)

    def execute(self, samples: RaySamples) -> FieldOutput:
        """Densities and colours of samples; gradients go to the voxels, and to rays whose cameras learn."""
        positions, rays = self._box(samples.positions), samples.rays
        directions, indices = rays.rays_d, samples.ray_indices
        if rays.trained:
            directions, indices = gather_rays(directions, indices, samples.packed_info), None
        sigmas, rgbs = voxel_field(
            positions,
            directions,
            indices,
            self.layout,
            self.density_rows,
            self.sh_rows,
        )
        return FieldOutput(sigmas=sigmas, rgbs=rgbs)

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """The parts "density" and "sh": they want learning rates thousands apart."""
        return {name: [rows] for name, rows in self.voxels.items()}

    def refine(self, step: int) -> bool:
        """Prunes, and goes to the next resolution, when ``step`` begins a stage; see ``Network``.

        Raises:
            TrainingError: no voxel is left.
        """
        if step not in self._steps:
            return False
        # The last of several stages at one step wins; the usual case has one.
        stage = len(self._steps) - self._steps[::-1].index(step)
        with jt.no_grad():
            self._refine(grid_shape(self._aabb, self._resolutions[stage]))
        return True

    def _refine(self, shape: tuple[int, int, int]) -> None:
        layout, old_shape = self.layout, tuple(self.layout.links.shape)
        keep = np.zeros(old_shape, bool)
        raw = self.density_rows.numpy().reshape(-1)
        # The threshold is on a voxel of the grid as it was trained.
        edge = float(max(self._aabb[3:] - self._aabb[:3])) / (max(old_shape) - 1)
        with np.errstate(over="ignore"):
            above = (raw > 0) & (1 - np.exp(-raw * edge) > self._prune_alpha)
        keep.reshape(-1)[layout.cells.numpy()[above]] = True
        if not keep.any():
            raise TrainingError(
                f"PlenoxelNetwork: pruning leaves none of {layout.n_rows} voxels; the densest is {raw.max():.3g}. "
                "Lower network.prune_alpha, refine later, or raise the learning rate of the density"
            )
        keep = dilated(keep, self._dilation)
        if shape == old_shape:
            rows = layout.links.numpy()[keep]
            rows = jt.array(rows[rows >= 0])
            keep &= layout.links.numpy() >= 0
            self._take(keep, self.density_rows[rows], self.sh_rows[rows])
            return
        mask = upsampled_mask(keep, shape)
        x = jt.array(vertex_positions(mask))
        self._take(mask, *(voxel_interp(x, layout, rows) for rows in self.voxels.values()))

    def fit_state(self, state: Mapping[str, np.ndarray]) -> bool:
        """Takes the sizes and the layout of saved rows; see ``Network``."""
        mask = state.get("mask")
        shapes = [grid_shape(self._aabb, r) for r in self._resolutions]
        for shape in shapes:
            if mask is None or np.shape(mask) != packed_mask(np.zeros(shape, bool)).shape:
                continue
            voxels = unpacked_mask(mask, shape)
            rows = int(voxels.sum())
            self._take(voxels, jt.zeros((rows, 1)), jt.zeros((rows, SH_WIDTH)))
            return True
        return False


def _check_stages(resolutions: Sequence[int], steps: Sequence[int]) -> None:
    if not resolutions or min(resolutions) < 2 or list(resolutions) != sorted(resolutions):
        raise ConfigError(
            f"PlenoxelNetwork: resolutions are {list(resolutions)}; they must be at least 2 and never fall"
        )
    if len(steps) != len(resolutions) - 1:
        raise ConfigError(
            f"PlenoxelNetwork: {len(resolutions)} resolutions {list(resolutions)} need {len(resolutions) - 1} "
            f"upsample_steps, got {list(steps)}"
        )
    if list(steps) != sorted(set(steps)) or any(step < 1 for step in steps):
        raise ConfigError(
            f"PlenoxelNetwork: upsample_steps are {list(steps)}; they must rise, from 1 on"
        )
