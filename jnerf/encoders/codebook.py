"""An octree whose corners choose from a small codebook (VQAD, Takikawa et al. 2022, https://arxiv.org/abs/2206.07707)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import jittor as jt
import numpy as np

from jnerf.encoders.octree import OctreeEncoder, _parameter
from jnerf.errors import ConfigError
from jnerf.ops.codebook import codebook_keys, codebook_lookup
from jnerf.ops.octree_interp import Octree
from jnerf.registry import ENCODERS


@ENCODERS.register()
class CodebookEncoder(OctreeEncoder):
    """An octree of features whose rows are entries of a codebook of 2^bits, one for each LOD.

    What is trained are 2^bits logits of each corner, and the codebooks. The entry of the largest logit is looked
    up; gradients go to that entry, and to the logits as if the value were the mean of all entries weighted by their
    softmax. What is worth keeping in the end is ``bits`` bits for each corner: ``jnerf export codebook``.

    Args:
        base_level: of the coarsest LOD.
        n_levels: number of LODs, L.
        n_features: features of an entry, F: 1 to 64.
        bits: of the number of an entry, 1 to 8.
        initial_levels: LODs that there are at first; see ``OctreeEncoder``.
        combine: "sum" or "concat".
        voxels: "dense" or "surface"; see ``OctreeEncoder``.
        surface_samples: how many points of the surface mark voxels.
        random_lod: see ``OctreeEncoder``.
        init_scale: entries of the codebooks start normal with this standard deviation.
        logit_scale: logits start normal with this standard deviation.
        surface: scene fact; see ``OctreeEncoder``.
        seed: the run's seed.

    Raises:
        ConfigError: a value is out of its range, or the scene has no surface.
    """

    def __init__(
        self,
        base_level: int = 5,
        n_levels: int = 4,
        n_features: int = 16,
        bits: int = 4,
        initial_levels: int | None = None,
        combine: Literal["sum", "concat"] = "sum",
        voxels: Literal["dense", "surface"] = "dense",
        surface_samples: int = 2_000_000,
        random_lod: bool = False,
        init_scale: float = 0.01,
        logit_scale: float = 0.01,
        surface: Callable[[int, int], np.ndarray] | None = None,
        seed: int = 0,
    ) -> None:
        if not 1 <= bits <= 8:
            raise ConfigError(f"CodebookEncoder: bits is {bits}; it must be 1 to 8")
        self.bits, self.logit_scale = bits, float(logit_scale)
        shape = (
            base_level,
            n_levels,
            n_features,
            initial_levels,
            combine,
            voxels,
            surface_samples,
            random_lod,
        )
        super().__init__(*shape, init_scale, surface, seed)
        random = np.random.Generator(np.random.Philox(key=[seed, 1]))
        entries = random.standard_normal((n_levels, 2**bits, n_features), dtype=np.float32)
        self.codebooks = jt.array(entries * np.float32(init_scale))

    def _fresh(self, rows: int, stream: int) -> jt.Var:
        """New logits, float32 [rows, 2^bits]."""
        random = np.random.Generator(np.random.Philox(key=[self._seed, 16 + stream]))
        values = random.standard_normal((rows, 2**self.bits), dtype=np.float32)
        return jt.array(values * np.float32(self.logit_scale))

    def _set_rows(self, rows: jt.Var) -> None:
        self.logits = _parameter(rows)

    def _rows_at(self, rows: np.ndarray) -> jt.Var:
        values = self.logits.numpy()[np.maximum(rows, 0)]
        new = rows < 0
        values[new] = self._fresh(int(new.sum()), self.tree.n_levels).numpy()
        return jt.array(values)

    def _books(self) -> tuple[jt.Var, jt.Var, jt.Var]:
        return self.logits, self.codebooks, self.tree.row_table

    def table(self) -> jt.Var:
        """The chosen entries, float32 [tree.n_rows, F]."""
        return codebook_lookup(*self._books())

    def keys(self) -> np.ndarray:
        """The chosen numbers, uint8 [tree.n_rows]: all that is left of the logits."""
        return codebook_keys(*self._books()).numpy().astype(np.uint8)

    @property
    def stats(self) -> dict[str, float]:
        """Bits of all that has to be kept beside the network, and by how much the same octree's features in fp16
        are larger."""
        found = sizes(self.tree, self.bits, self.n_features)
        return {
            "bits": float(sum(found.values())),
            "ratio": plain_bits(self.tree, self.n_features) / sum(found.values()),
        }


def sizes(tree: Octree, bits: int, n_features: int) -> dict[str, int]:
    """Bits of the parts of a codebook's octree: "keys" V b, "codebooks" L 2^b F 16 and "tree", a byte for each node.

    >>> from jnerf.ops.octree_interp import dense_octree
    >>> sizes(dense_octree(2, 1), 4, 16)
    {'keys': 608, 'codebooks': 8192, 'tree': 72}
    """
    return {
        "keys": tree.n_rows * bits,
        "codebooks": tree.n_levels * 2**bits * n_features * 16,
        "tree": len(tree.masks) * 8,
    }


def plain_bits(tree: Octree, n_features: int) -> int:
    """Bits of the features themselves in half precision, V F 16."""
    return tree.n_rows * n_features * 16
