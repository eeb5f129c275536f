"""The specification of ``mesh_distance`` in NumPy: every point against every triangle, in float64."""

from __future__ import annotations

import numpy as np


def mesh_distance(points, vertices, faces) -> tuple[np.ndarray, np.ndarray]:
    """Distances [P] without sign, and nearest points [P, 3]."""
    points, corners = np.asarray(points, np.float64), np.asarray(vertices, np.float64)[faces]
    best, nearest = np.full(len(points), np.inf), np.full((len(points), 3), np.nan)
    for triangle in corners:
        touched = _touched(points, triangle)
        away = np.linalg.norm(points - touched, axis=1)
        nearer = away < best
        best[nearer], nearest[nearer] = away[nearer], touched[nearer]
    return best, nearest


def _touched(points, triangle) -> np.ndarray:
    """The point of one triangle that is nearest to each point: of its plane if that is inside, else of an edge."""
    best, found = np.full(len(points), np.inf), np.full(points.shape, np.nan)
    for a, b in zip(triangle, np.roll(triangle, -1, axis=0), strict=True):
        along, length = b - a, (b - a) @ (b - a)
        t = np.clip((points - a) @ along / length, 0, 1) if length > 0 else np.zeros(len(points))
        on_edge = a + t[:, None] * along
        away = np.linalg.norm(points - on_edge, axis=1)
        nearer = away < best
        best[nearer], found[nearer] = away[nearer], on_edge[nearer]
    a, b, c = triangle
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal)
    if area <= 1e-6 * max(np.linalg.norm(b - a), np.linalg.norm(c - b), np.linalg.norm(a - c)) ** 2:
        return found
    on_plane = points - ((points - a) @ normal / area**2)[:, None] * normal
    sides = [np.cross(q - p, on_plane - p) @ normal for p, q in ((a, b), (b, c), (c, a))]
    inside = np.min(sides, axis=0) >= 0
    found[inside] = on_plane[inside]
    return found


def winding_number(points, vertices, faces) -> np.ndarray:
    """The sum of the solid angles of all triangles over 4 pi, [P] (Jacobson et al. 2013)."""
    total = np.zeros(len(points))
    for triangle in np.asarray(vertices, np.float64)[faces]:
        a, b, c = (corner - np.asarray(points, np.float64) for corner in triangle)
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        volume = np.einsum("pk,pk->p", a, np.cross(b, c))
        rest = la * lb * lc
        rest += (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
        total += np.where(volume == 0, 0.0, 2 * np.arctan2(volume, rest))
    return total / (4 * np.pi)
