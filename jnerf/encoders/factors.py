"""What low-rank grids share: tables over some of the axes, whose vertices training multiplies and crops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError

Sizes = tuple[int, int, int]


class Table(NamedTuple):
    """One table of an encoder.

    Attributes:
        name: of the attribute that holds it.
        axes: the axes that it spans, in the order of its shape (0 is x).
        width: its features, which come last.
    """

    name: str
    axes: tuple[int, ...]
    width: int


class FactorEncoder(Encoder):
    """Base of grids that are sums of products of tables; a subclass says which tables, and multiplies them.

    Args:
        tables: what there is.
        resolution: the cube root of the number of vertices.
        aabb: the box, whose edges share the vertices out.
        n_dims: scene fact: must be 3.
        init_scale: values start normal, with this deviation.
        seed: of the initial values.
        stream: distinguishes encoders that share a seed.

    Attributes:
        sizes: vertices along x, y, z as they are now.
        tables: what there is.
        resolution: the cube root of the number of vertices to begin with.
        out_dim: number of components, over all modes.

    Raises:
        ConfigError: a value is out of its range.
    """

    n_dims = 3
    tables: tuple[Table, ...]

    def __init__(
        self,
        tables: Sequence[Table],
        resolution: int,
        aabb: Sequence[float] | np.ndarray,
        n_dims: int,
        init_scale: float,
        seed: int,
        stream: int,
    ) -> None:
        super().__init__()
        owner, widths = type(self).__name__, [table.width for table in tables]
        if n_dims != 3:
            raise ConfigError(
                f"{owner}: the scene has {n_dims} dimensions; its tables are of three axes"
            )
        if resolution < 2 or min(widths) < 1 or not init_scale > 0:
            raise ConfigError(
                f"{owner}: resolution is {resolution}, n_components {widths[0]} and init_scale {init_scale}; they must "
                "be at least 2, at least 1, and above 0"
            )
        self.tables, self.resolution = tuple(tables), resolution
        self.sizes = vertex_counts(aabb, resolution)
        random = np.random.Generator(np.random.Philox(key=[seed, 1 + stream]))
        for table in self.tables:
            values = random.standard_normal(self.shape(table), dtype=np.float32)
            setattr(self, table.name, jt.array(values * np.float32(init_scale)))

    @abstractmethod
    def summed(self, x: jt.Var, known: jt.Var | None = None) -> jt.Var:
        """The sum of all components at positions in [0, 1], [S, 3] -> [S].

        Args:
            x: where.
            known: what an earlier call gave for the same positions and tables; it is not looked up again.
        """

    def shape(self, table: Table, sizes: Sequence[int] | None = None) -> tuple[int, ...]:
        """Shape of a table for these vertices along x, y, z, or the present ones."""
        sizes = self.sizes if sizes is None else sizes
        return (*(sizes[axis] for axis in table.axes), table.width)

    def values(self) -> list[jt.Var]:
        """The tables, in their order."""
        return [getattr(self, table.name) for table in self.tables]

    @property
    def finest_cell(self) -> float:
        """Edge of the finest cells along the longest axis, in units of the cube."""
        return 1 / (max(self.sizes) - 1)

    def resample(self, sizes: Sequence[int]) -> None:
        """Goes to other numbers of vertices along x, y, z; between the old ones values are interpolated linearly."""
        found = []
        for table, values in zip(self.tables, self.values(), strict=True):
            array = values.numpy()
            for place, axis in enumerate(table.axes):
                array = resampled(array, place, sizes[axis])
            found.append(array)
        self._take(sizes, found)

    def crop(self, low: Sequence[int], high: Sequence[int]) -> None:
        """Keeps the vertices ``low`` .. ``high`` - 1 along x, y, z; the unit cube becomes what they span."""
        found = []
        for table, values in zip(self.tables, self.values(), strict=True):
            kept = tuple(slice(low[axis], high[axis]) for axis in table.axes)
            found.append(values.numpy()[kept])
        self._take([h - b for b, h in zip(low, high, strict=True)], found)

    def fit_state(self, state: Mapping[str, np.ndarray]) -> bool:
        """Takes the sizes of saved tables, by their names; the values follow.

        Returns:
            Whether the tables were replaced; False for a state that does not fit.
        """
        sizes: dict[int, int] = {}
        for table in self.tables:
            shape = np.shape(state.get(table.name, ()))
            if len(shape) != len(table.axes) + 1 or min(shape) < 1:
                return False
            sizes |= dict(zip(table.axes, shape, strict=False))
        wanted = tuple(int(sizes[axis]) for axis in range(3))
        if wanted == self.sizes or min(wanted) < 2:
            return False
        if any(np.shape(state[t.name]) != self.shape(t, wanted) for t in self.tables):
            return False
        self._take(wanted, [np.zeros(self.shape(t, wanted), np.float32) for t in self.tables])
        return True

    def _take(self, sizes: Sequence[int], arrays: Sequence[np.ndarray]) -> None:
        """Makes these the parameters: new Vars, which an optimiser has to be told of."""
        self.sizes = _as_sizes(sizes)
        for table, array in zip(self.tables, arrays, strict=True):
            values = jt.array(np.ascontiguousarray(array, np.float32))
            values.start_grad()  # stages come without gradients
            setattr(self, table.name, values)
        jt.sync(self.values())


def _as_sizes(sizes: Sequence[int]) -> Sizes:
    x, y, z = (int(n) for n in sizes)
    return x, y, z


def resampled(array: np.ndarray, axis: int, n: int) -> np.ndarray:
    """Values at n evenly spaced places along an axis, from its first vertex to its last, float32.

    >>> resampled(np.float32([0, 2]), 0, 3).tolist()
    [0.0, 1.0, 2.0]
    """
    last = array.shape[axis] - 1
    at = np.linspace(0, last, n)
    cell = np.minimum(at.astype(int), last - 1)
    shape = [1] * array.ndim
    shape[axis] = n
    t = (at - cell).astype(np.float32).reshape(shape)
    low, high = np.take(array, cell, axis), np.take(array, cell + 1, axis)
    return low * (1 - t) + high * t


def vertex_counts(aabb: Sequence[float] | np.ndarray, resolution: float) -> Sizes:
    """Vertices along x, y, z of about ``resolution``^3 of them, whose cells in a box are nearly cubes.

    >>> vertex_counts([0, 0, 0, 2, 1, 0.5], 64)
    (128, 64, 32)
    """
    low, high = np.split(np.asarray(aabb, np.float64), 2)
    edge = np.cbrt((high - low).prod()) / resolution
    return _as_sizes(np.maximum(np.floor((high - low) / edge + 1e-6).astype(int), 2))
