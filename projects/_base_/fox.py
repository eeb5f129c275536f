"""Scene: instant-ngp's fox, hand-held photographs of 1080x1920 with lens distortion; every 8th is held out."""

dataset = dict(
    type="TransformsDataset",
    root="fox",  # under $JNERF_DATA, ./data or ../shared/data
    holdout=8,  # of the images that are there, in the order of their names: 0, 8, 16 ... are test views
    missing="drop",  # transforms.json names more photographs than are handed out
    scale=0.33,  # field units per world unit
    offset=(0.5, 0.5, 0.5),  # where the world's origin lies in the field
    aabb_scale=4.0,  # edge of the field's box: three cascades of the occupancy grid
)
