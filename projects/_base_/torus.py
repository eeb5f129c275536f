"""Scene: a torus of radius 1 and 0.25, 4 608 triangles whose vertices lie exactly on it."""

dataset = dict(
    type="MeshDataset",
    root="sdf/torus.obj",  # under $JNERF_DATA, ./data or ../shared/data
)
