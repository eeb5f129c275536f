"""Scene: Stanford's bunny, 4 968 triangles, open: four holes in its base."""

dataset = dict(
    type="MeshDataset",
    root="sdf/bunny.obj",  # under $JNERF_DATA, ./data or ../shared/data
)
