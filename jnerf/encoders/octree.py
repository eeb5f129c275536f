"""Features at the corners of a sparse octree's voxels (NGLOD, Takikawa et al. 2021, https://arxiv.org/abs/2101.10994)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.ops.common import uniform
from jnerf.ops.octree_interp import (
    Octree,
    dense_octree,
    octree_interp,
    octree_interp_known,
    octree_of_masks,
    octree_of_points,
    octree_pull,
)
from jnerf.ops.octree_interp.layout import MOST_LEVELS
from jnerf.registry import ENCODERS

_DRAW = 196  # of random numbers: which level of detail a training step looks at


class _Held:
    """Holds the tree where ``state_dict`` does not look for it: it follows from its masks."""

    def __init__(self, tree: Octree) -> None:
        self.tree = tree


@ENCODERS.register()
class OctreeEncoder(Encoder):
    """Learned features at the corners of voxels, shared between neighbours, on several levels of detail (LODs).

    LOD i has voxels of the edge 2^-(base_level + i). Features of a position are the sum over the LODs, or all of
    them one behind the other; a LOD without a voxel there gives zeros, and so does everything outside the cube. Where
    voxels are is known from the start (all of them, or those that hold the surface), and a network may change it:
    ``retree``.

    Args:
        base_level: of the coarsest LOD.
        n_levels: number of LODs, L.
        n_features: features per corner, F: 1 to 64.
        initial_levels: LODs that there are at first, from the coarsest; a network adds the others. None: all.
        combine: "sum" or "concat".
        voxels: "dense": all of them. "surface": those with samples of the scene's surface, for scenes that have one.
        surface_samples: how many points of the surface mark voxels.
        random_lod: each training step looks at one LOD and those above it, drawn with a probability that doubles from
            one LOD to the next; else at all.
        init_scale: features start normal with this standard deviation.
        surface: scene fact: (n, seed) -> points of the surface in the unit cube, float32 [n, 3]; None: it has none.
        seed: the run's seed.

    Raises:
        ConfigError: a value is out of its range, or the scene has no surface.

    >>> encoder = OctreeEncoder(base_level=1, n_levels=2, n_features=3)
    >>> encoder.tree.n_leaves, encoder.out_dim
    (64, 3)
    """

    n_dims = 3

    def __init__(
        self,
        base_level: int = 5,
        n_levels: int = 4,
        n_features: int = 16,
        initial_levels: int | None = None,
        combine: Literal["sum", "concat"] = "sum",
        voxels: Literal["dense", "surface"] = "dense",
        surface_samples: int = 2_000_000,
        random_lod: bool = False,
        init_scale: float = 0.01,
        surface: Callable[[int, int], np.ndarray] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        initial = n_levels if initial_levels is None else initial_levels
        self._check(base_level, n_levels, n_features, initial, combine, voxels)
        self.base_level, self.n_levels, self.n_features = base_level, n_levels, n_features
        self.apart, self.random_lod = combine == "concat", random_lod
        self.out_dim = n_features * (n_levels if self.apart else 1)
        self.init_scale, self._seed = float(init_scale), seed
        depth = base_level + initial - 1
        if voxels == "surface":
            if surface is None:
                raise ConfigError(
                    "OctreeEncoder: voxels is 'surface', but this scene has no surface to take samples of: choose "
                    "'dense', or a scene that is a mesh (MeshDataset)"
                )
            tree = octree_of_points(surface(surface_samples, seed), depth, base_level)
        else:
            tree = dense_octree(depth, base_level)
        self._drawn: int | None = None
        self._take(tree)
        self._set_rows(self._fresh(tree.n_rows, 0))

    @staticmethod
    def _check(
        base: int, levels: int, features: int, initial: int, combine: str, voxels: str
    ) -> None:
        deepest = base + levels - 1
        if base < 0 or levels < 1 or not 1 <= deepest <= MOST_LEVELS:
            raise ConfigError(
                f"OctreeEncoder: base_level is {base} and n_levels {levels}, so the finest level is {deepest}; it must "
                f"be 1 to {MOST_LEVELS}"
            )
        if not 1 <= features <= 64:
            raise ConfigError(f"OctreeEncoder: n_features is {features}; it must be 1 to 64")
        if not 1 <= initial <= levels or base + initial < 2:
            raise ConfigError(
                f"OctreeEncoder: initial_levels is {initial}; it must be 1 to n_levels = {levels}, and reach level 1"
            )
        if combine not in ("sum", "concat"):
            raise ConfigError(f"OctreeEncoder: combine is {combine!r}; choose 'sum' or 'concat'")
        if voxels not in ("dense", "surface"):
            raise ConfigError(f"OctreeEncoder: voxels is {voxels!r}; choose 'dense' or 'surface'")

    # --- the tree ---

    @property
    def tree(self) -> Octree:
        """Which voxels there are."""
        return self._held.tree

    @property
    def finest_cell(self) -> float:
        """Edge of the finest voxels, in units of the cube."""
        return 2.0**-self.tree.depth

    def retree(self, tree: Octree) -> None:
        """Takes another tree of the same ``base_level``: corners that both have keep what is learned.

        New corners start at zero in a sum, so that a finer level changes nothing before it is trained. Parameters are
        replaced, which an optimiser has to be told of.
        """
        rows = tree.rows_of(self.tree)
        with jt.no_grad():
            kept = self._rows_at(rows)
        self._take(tree)
        self._set_rows(kept)

    def fit_state(self, state: Mapping[str, np.ndarray]) -> bool:
        """Takes the tree of a saved state; the values follow.

        Args:
            state: saved arrays by the names of this encoder's ``state_dict()``.

        Returns:
            Whether parameters were replaced; False too for a state that does not fit.
        """
        masks = state.get("octree")
        if masks is None or np.array_equal(masks, self.octree.numpy()):
            return False
        try:
            tree = octree_of_masks(masks, self.base_level)
        except ValueError:
            return False
        if tree.n_levels > self.n_levels:
            return False
        self._take(tree)
        self._set_rows(self._fresh(tree.n_rows, 0))
        return True

    def _take(self, tree: Octree) -> None:
        self._held = _Held(tree)
        self.octree = jt.array(tree.masks).stop_grad()
        self._drawn = None

    # --- what is learned ---

    def _fresh(self, rows: int, stream: int) -> jt.Var:
        """New features, float32 [rows, F]."""
        random = np.random.Generator(np.random.Philox(key=[self._seed, stream]))
        values = random.standard_normal((rows, self.n_features), dtype=np.float32)
        return jt.array(values * np.float32(self.init_scale))

    def _set_rows(self, rows: jt.Var) -> None:
        """Makes these rows the parameters."""
        self.features = _parameter(rows)

    def _rows_at(self, rows: np.ndarray) -> jt.Var:
        """The features of these rows, zero where the number is -1."""
        values = self.features.numpy()[np.maximum(rows, 0)]
        values[rows < 0] = 0
        return jt.array(values)

    def table(self) -> jt.Var:
        """Features of all corners, float32 [tree.n_rows, F]."""
        return self.features

    # --- levels of detail ---

    def update(self, step: int) -> None:
        """Draws the LOD of a training step; see ``Encoder``."""
        self._drawn = None
        if self.random_lod:
            # LOD i with probability 2^i / (2^n - 1)
            number = float(uniform(self._seed, step, 0, _DRAW)) * (2**self.tree.n_levels - 1)
            self._drawn = int(np.floor(np.log2(1 + number)))

    def use_all_levels(self) -> None:
        """Until the next ``update``."""
        self._drawn = None

    def _levels(self, lod: int | None) -> int:
        """How many LODs are looked up."""
        existing = self.tree.n_levels
        if lod is None:
            lod = self._drawn if self._drawn is not None and self.is_training() else existing - 1
        if not 0 <= lod < self.n_levels:
            raise ValueError(f"lod is {lod}; this encoder has 0 .. {self.n_levels - 1}")
        return min(lod + 1, existing)

    # --- the encoder ---

    def execute(self, x: jt.Var, lod: int | None = None) -> jt.Var:
        """Features of positions in [0, 1]: [S, 3] -> [S, F], or concatenated [L, S, F].

        Args:
            x: positions.
            lod: the finest LOD to look at; None: the last, or in training with ``random_lod`` the one drawn.
        """
        levels = self._levels(lod)
        return self._all(octree_interp(x, self.table(), self.tree, levels, self.apart))

    def known(self, x: jt.Var, features: jt.Var) -> jt.Var:
        """``self(x)`` where it is known already; see ``Encoder``."""
        levels = self._levels(None)
        if self.apart:
            features = features[:levels]
        found = octree_interp_known(x, self.table(), features, self.tree, levels, self.apart)
        return self._all(found)

    def pull(self, x: jt.Var, features: jt.Var, grad: jt.Var) -> jt.Var:
        """Gradient by x of a scalar of each sample, differentiable again; see ``Encoder``."""
        levels = self._levels(None)
        if self.apart:
            if grad.ndim == 2:
                shape = grad.shape[0], self.n_levels, self.n_features
                grad = grad.reshape(shape).transpose(1, 0, 2)
            grad = grad[:levels]
        return octree_pull(x, self.table(), grad, self.tree, levels, self.apart)

    def _all(self, features: jt.Var) -> jt.Var:
        """Concatenated features, with zeros for LODs that are not looked up."""
        missing = self.n_levels - features.shape[0]
        if not self.apart or missing == 0:
            return features
        return jt.concat([features, jt.zeros((missing, *features.shape[1:]))], dim=0)


def _parameter(value: jt.Var) -> jt.Var:
    """A new trainable Var with this value."""
    found = value.detach()
    found.sync()
    found.start_grad()
    return found
