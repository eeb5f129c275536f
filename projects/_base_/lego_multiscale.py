"""Scene: lego at four sizes at once, each half as large as the one before (Barron et al. 2021, section 4)."""

dataset = dict(
    type="MultiscaleBlenderDataset",
    root="nerf_synthetic/lego",  # under $JNERF_DATA, ./data or ../shared/data
    scales=(1, 2, 4, 8),
    scale=0.33,  # field units per world unit
    offset=(0.5, 0.5, 0.5),  # where the world's origin lies in the field
    aabb_scale=1.0,  # edge of the field's box
)
