"""Scene: garden at four sizes at once, each half as large as the one before; rays of small ones count more."""

dataset = dict(
    type="MultiscaleTransformsDataset",
    root="garden",  # under $JNERF_DATA, ./data or ../shared/data
    scales=(1, 2, 4, 8),
    weighted=True,  # by the scale, as Zip-NeRF does
    holdout=8,  # of the images in the order of their names: 0, 8, 16 ... are test views
    auto_orient=True,  # the cameras' mean up axis becomes +z
    auto_centre=True,  # their middle the middle of the box
    auto_scale=True,  # and the farthest of them is 1 away from it
    scale=0.5,  # field units per world unit: the farthest camera stands where the contraction begins
    aabb_scale=1.0,  # edge of the field's box
)
