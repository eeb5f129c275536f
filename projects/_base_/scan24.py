"""Scene: scan 24 of DTU (Jensen et al. 2014) as NeuS has it, 1600x1200, with masks; every 8th view is held out."""

dataset = dict(
    type="DTUDataset",
    root="dtu/scan24",  # under $JNERF_DATA, ./data or ../shared/data
    masks="alpha",  # all around the object is empty; "ignore": the photographs as they are
    holdout=8,  # 0 trains on all views and tests on them, NeuS's own protocol
    radius=0.5,  # of the object's sphere, field units
    aabb_scale=1.0,  # edge of the field's box
    # As if pixels were counted from 1, the way Matlab does. Instant-NGP, 500 steps at half resolution, 3 held-out
    # views: 24.07, 24.64, 24.69 and 24.68 dB at 0 (as NeuS's code has it), 0.5, 1 and 1.5.
    pixel_centre=1.0,
)
