"""Scene: the armadillo of Stanford's repository, 99 976 triangles, closed."""

dataset = dict(
    type="MeshDataset",
    root="sdf/armadillo.obj",  # under $JNERF_DATA, ./data or ../shared/data
    surface_resolution=640,  # points a side of the lattice on which the field's surface is judged
)
