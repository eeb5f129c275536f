"""What a surface is the zero level of: a function of positions that is positive inside.

Of a signed distance (negative inside) it is ``level - sdf``. Of a density it is ``log(sigma / level)``: densities grow
exponentially towards a surface, and marching cubes interpolates linearly. It is cut off at +-4, since what happens far
from the level (0 in empty space, thousands inside) would pull the interpolated surface as well; distances are cut off
at 4 voxels.
"""

from __future__ import annotations

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.pipeline.field import FrozenField
from jnerf.errors import ConfigError, JnerfError
from jnerf.mesh.lattice import Lattice
from jnerf.mesh.occupied import occupied_blocks
from jnerf.mesh.volume import RANGE
from jnerf.models.networks.base import Network
from jnerf.samplers.base import Sampler

#: Density, per field unit, that counts as a surface where nothing else is said.
DENSITY_LEVEL = 25.0
# A trained signed distance is not exact: its slope may exceed 1.
_SDF_SLACK = 2.0


class SurfaceField:
    """A network's level set, and what is known of where it cannot be.

    Args:
        network: its signed distance is asked where it provides the channel "sdf", else its density.
        level: of the signed distance (default 0) or of the density (default ``DENSITY_LEVEL``), per field unit.
        sampler: may know where densities are small (``occupied_cells``, ``empty_below``).

    Attributes:
        kind: "sdf" or "density".
        level: the level.
        range: least and greatest value of sdf or density seen so far.

    Raises:
        ConfigError: the level of a density is not positive.
    """

    def __init__(
        self, network: Network, level: float | None = None, sampler: Sampler | None = None
    ) -> None:
        field = FrozenField(network)
        self.kind = "sdf" if "sdf" in network.provides else "density"
        default = 0.0 if self.kind == "sdf" else DENSITY_LEVEL
        self.level = default if level is None else level
        if self.kind == "density" and not self.level > 0:
            raise ConfigError(f"level is {self.level:g}; a density's must be above 0")
        self.range = (np.inf, -np.inf)
        self._ask = field.sdf if self.kind == "sdf" else field.density
        self._sampler = sampler

    def __call__(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Positive inside; positions [P, 3] in field units to float32 [P].

        Raises:
            JnerfError: the field is not finite somewhere.
        """
        with jt.no_grad():
            values = self._ask(jt.array(positions)).reshape(-1).numpy()
        bad = len(values) - np.isfinite(values).sum()
        if bad:
            where = positions[~np.isfinite(values)][0].tolist()
            raise JnerfError(
                f"the field's {self.kind} is not finite at {bad} of {len(values)} points, the first at {where} (field "
                "units): the checkpoint is of no use. Choose an earlier one with --checkpoint"
            )
        if len(values):
            low, high = self.range
            self.range = (min(low, float(values.min())), max(high, float(values.max())))
        if self.kind == "sdf":
            return np.float32(self.level) - values
        tiny = np.float32(self.level * np.exp(-RANGE))
        logs = np.log(np.maximum(values, tiny) / np.float32(self.level))
        return np.minimum(logs, np.float32(RANGE))

    def unit(self, lattice: Lattice) -> float:
        """What values are to be divided by: a voxel, if they are distances; logarithms stay as they are."""
        return lattice.voxel if self.kind == "sdf" else 1.0

    def candidates(
        self, lattice: Lattice, chunk: int
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which blocks the surface may pass, and whether the others are inside.

        Args:
            lattice: the points that will be asked.
            chunk: most positions asked at once.

        Returns:
            bool arrays of shape ``lattice.blocks``.
        """
        if self.kind == "sdf":
            return self._near_the_surface(lattice, chunk)
        outside = np.zeros(lattice.blocks, bool)
        below = None if self._sampler is None else self._sampler.empty_below
        if below is None or below > self.level:
            return np.ones(lattice.blocks, bool), outside
        return occupied_blocks(self._sampler.occupied_cells(), lattice), outside

    def _near_the_surface(
        self, lattice: Lattice, chunk: int
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Blocks whose middle is nearer to the surface than their corners are to it."""
        values = np.empty(int(np.prod(lattice.blocks)), np.float32)
        for first in range(0, len(values), chunk):
            numbers = np.arange(first, min(first + chunk, len(values)))
            blocks = np.stack(np.unravel_index(numbers, lattice.blocks), axis=1)
            values[numbers] = self(lattice.block_middles(blocks))
        values = values.reshape(lattice.blocks)
        return np.abs(values) <= _SDF_SLACK * lattice.block_reach(), values > 0
