"""Scene: lego of NeRF-synthetic (Mildenhall et al. 2020), 800x800, trained on its 100 training views only."""

dataset = dict(
    type="BlenderDataset",
    root="nerf_synthetic/lego",  # under $JNERF_DATA, ./data or ../shared/data
    scale=0.33,  # field units per world unit
    offset=(0.5, 0.5, 0.5),  # where the world's origin lies in the field
    aabb_scale=1.0,  # edge of the field's box
)
