"""Readers of meshes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh

from fuzzing.judge import Target
from fuzzing.single import each_changed
from jnerf.datasets.mesh.dataset import MeshDataset


def make_meshes(folder: Path) -> None:
    """A ball of 80 triangles in every kind of file, and one of polygons."""
    ball = trimesh.creation.icosphere(subdivisions=1)
    for suffix in ("ply", "obj", "stl", "off", "glb"):
        ball.export(folder / f"ball.{suffix}")
    (folder / "text.ply").write_bytes(trimesh.exchange.ply.export_ply(ball, encoding="ascii"))
    (folder / "text.stl").write_text(trimesh.exchange.stl.export_stl_ascii(ball))
    corners = [f"v {x} {y} {z}" for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    faces = (
        "1 2 4 3",
        "5 7 8 6",
        "1/1 5/2 6/3 2/4",
        "3//1 4//1 8//1 7//1",
        "-8 -6 -2 -4",
        "2 6 8 4",
    )
    text = "\n".join([*corners, *(f"f {face}" for face in faces)])
    (folder / "cube.obj").write_text(f"# a cube\no cube\n{text}\n")


def read_mesh_dataset(path: Path) -> None:
    """As a scene, with its first batch."""
    dataset = MeshDataset(str(path), batches_at_once=1, volume_points=64, surface_points=64)
    distances = dataset.sample(16, 0).extras["distances"].numpy()
    if not np.isfinite(distances).all():
        raise ValueError("distances that are not finite")


TARGETS = (Target("meshes", make_meshes, each_changed(read_mesh_dataset), ("*",)),)
