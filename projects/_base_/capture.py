"""Scene: a capture of your own, as ``jnerf process`` makes it: jnerf train ngp_capture dataset.root=SCENE."""

dataset = dict(
    type="COLMAPDataset",
    root="./scene",  # the folder that was given as --output; relative without ./: under $JNERF_DATA first
    around="points",  # centre, scale and box from the sparse points
    holdout=8,  # every 8th image is held out from training; 0 trains on all
    missing="drop",  # images that were removed by hand since
)
