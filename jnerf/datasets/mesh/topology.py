"""How the triangles of a mesh hang together: open edges, edges of three, neighbours that face other ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Edges:
    """Where triangles meet.

    Attributes:
        pairs: halves of edges that have two triangles, int [E, 2]; half 3 f + i leads from corner i of triangle f to
            the next.
        alike: whether the two run the same way, so that their triangles face different sides, bool [E].
        n_open: edges that have one triangle.
        n_crowded: edges that have three or more.
    """

    pairs: Ints
    alike: NDArray[np.bool_]
    n_open: int
    n_crowded: int

    @property
    def closed(self) -> bool:
        """Whether every edge has two triangles, which face the same side."""
        return not (self.n_open or self.n_crowded or self.alike.any())


def edges_of(faces: Ints) -> Edges:
    """The edges of triangles [F, 3]."""
    starts, ends = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    keys = low * (int(faces.max(initial=0)) + 1) + high
    order = np.argsort(keys, kind="stable")
    firsts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    counts = np.diff(firsts, append=len(order))
    twos = firsts[counts == 2]
    pairs = np.stack([order[twos], order[twos + 1]], axis=1)
    alike = starts[pairs[:, 0]] == starts[pairs[:, 1]]
    return Edges(pairs, alike, int((counts == 1).sum()), int((counts > 2).sum()))


def connected(n: int, links: Ints) -> Ints:
    """The least number of the part that each of n things belongs to, given pairs [K, 2] that belong together.

    >>> connected(4, np.array([[2, 3], [1, 2]])).tolist()
    [0, 1, 1, 1]
    """
    labels, (a, b) = np.arange(n), links.T
    while True:
        low = np.minimum(labels[a], labels[b])
        new = labels.copy()
        np.minimum.at(new, labels[a], low)
        np.minimum.at(new, labels[b], low)
        while (new[new] != new).any():
            new = new[new]
        if (new == labels).all():
            return labels
        labels = new


def merged(vertices: NDArray[np.float64], faces: Ints) -> Ints:
    """Faces by the first of the vertices that lie in the same place."""
    _, firsts, numbers = np.unique(vertices, axis=0, return_index=True, return_inverse=True)
    return firsts[numbers.reshape(-1)][faces]


def split_fans(
    vertices: NDArray[np.float64], faces: Ints, edges: Edges
) -> tuple[NDArray[np.float64], Ints]:
    """A vertex of its own for each fan of triangles around one: where two parts of a mesh touch in a point, each has
    its own normal there. Of closed meshes."""
    half, other = edges.pairs.T
    # The two halves of an edge run against each other, so one begins where the other ends.
    ends = (3 * (h // 3) + (h + 1) % 3 for h in (other, half))
    links = [np.stack(pair, axis=1) for pair in zip((half, other), ends, strict=True)]
    labels = connected(faces.size, np.concatenate(links))
    fans, numbers = np.unique(labels, return_inverse=True)
    return vertices[faces.reshape(-1)[fans]], numbers.reshape(faces.shape)


def turned(faces: Ints, edges: Edges) -> NDArray[np.bool_] | None:
    """Which triangles to turn round so that neighbours face the same side, bool [F]; None where that cannot be.

    Of each part that hangs together, its first triangle stays.
    """
    n = len(faces)
    a, b = (edges.pairs // 3).T
    # Every triangle twice: as it is, and turned round. Two that face the same side go together with the same.
    same, other = edges.alike, ~edges.alike
    links = [
        np.stack([a[other], b[other]], axis=1),
        np.stack([a[other] + n, b[other] + n], axis=1),
        np.stack([a[same], b[same] + n], axis=1),
        np.stack([a[same] + n, b[same]], axis=1),
    ]
    labels = connected(2 * n, np.concatenate(links))
    if (labels[:n] == labels[n:]).any():
        return None
    return labels[:n] > labels[n:]
