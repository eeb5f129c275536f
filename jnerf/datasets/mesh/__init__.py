"""Triangle meshes as datasets: signed distances of points, by our own tree of boxes."""
