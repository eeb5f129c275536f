"""Cases of octrees of 256^3 voxels, as thin as a trained one: features, rays through them, a codebook."""

from __future__ import annotations

from collections.abc import Iterator

import jittor as jt

from jnerf.benchmark.cases.field import random_var
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.codebook import codebook_lookup
from jnerf.ops.octree_interp import (
    Octree,
    leaf_neighbourhood,
    octree_interp,
    octree_kept,
    octree_of,
    octree_of_points,
    octree_pull,
)
from jnerf.ops.octree_march import octree_march

_DEPTH, _BASE, _WIDTH = 8, 5, 16


def _tree(inputs: Inputs) -> Octree:
    """Leaves with samples in them, and those next to them."""
    leaves = octree_of_points(inputs.positions.numpy(), _DEPTH, _BASE).codes[-1]
    return octree_of(leaf_neighbourhood(leaves, _DEPTH, 1), _DEPTH, _BASE)


@CASES.of("octree_interp")
def _octree_interp(inputs: Inputs) -> Iterator[Case]:
    tree, n = _tree(inputs), inputs.n_samples
    table, v, values = random_var(tree.n_rows, _WIDTH), random_var(n, _WIDTH), random_var(n)
    positions = jt.array(inputs.positions.numpy())  # takes gradients, unlike those of the inputs

    def features() -> list[jt.Var]:
        return with_gradient(octree_interp(inputs.positions, table, tree), [table])

    def normals() -> list[jt.Var]:
        return with_gradient(octree_pull(positions, table, v, tree), [positions, table, v])

    def kept() -> list[jt.Var]:
        return with_gradient(octree_kept(values, inputs.positions, tree), [values])

    what = f"{tree.n_levels} levels of {_WIDTH}, {tree.n_leaves} leaves"
    yield Case(what, "sample", n, features)
    yield Case("gradient by position, and its gradients", "sample", n, normals)
    yield Case("what leaves hold", "sample", n, kept)


@CASES.of("octree_march")
def _octree_march(inputs: Inputs) -> Iterator[Case]:
    tree, box = _tree(inputs), [float(x) for x in inputs.dataset.aabb]
    where = inputs.rays_o, inputs.rays_d, tree, box, inputs.rule.near, inputs.rule.far

    def leaves() -> list[jt.Var]:
        found = octree_march(*where)
        return [found.intervals.t_starts, found.leaves]

    def steps() -> list[jt.Var]:
        found = octree_march(*where, length=inputs.rule.min_step, step=1)
        return [found.intervals.t_starts, found.leaves]

    yield Case("leaves", "ray", inputs.n_rays, leaves)
    yield Case("steps in leaves", "ray", inputs.n_rays, steps)


@CASES.of("codebook")
def _codebook(inputs: Inputs) -> Iterator[Case]:
    tree = _tree(inputs)
    for bits in (4, 6):
        logits = random_var(tree.n_rows, 2**bits)
        books = random_var(tree.n_levels, 2**bits, _WIDTH)

        def run(logits: jt.Var = logits, books: jt.Var = books) -> list[jt.Var]:
            return with_gradient(codebook_lookup(logits, books, tree.row_table), [logits, books])

        yield Case(f"{bits} bits, {_WIDTH} features", "row", tree.n_rows, run)
