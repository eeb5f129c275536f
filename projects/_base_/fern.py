"""Scene: fern of LLFF (Mildenhall et al. 2019), 504x378, facing forward; trained on 17 views, 3 held out."""

dataset = dict(
    type="LLFFDataset",
    root="nerf_llff_data/fern",  # under $JNERF_DATA, ./data or ../shared/data
    downscale=8,  # reads images_8
    holdout=8,  # every 8th view is held out from training
    space="ndc",  # or "spherify" for captures that go around an object, or "bounded"
)
