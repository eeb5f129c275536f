"""BARF on lego at 400x400: cameras put wrong by 14.9 degrees and 0.26 world units, as on average in the paper."""

_base_ = ["../../_base_/lego.py", "barf_base.py"]

exp_name = "barf_lego"

dataset = dict(
    downscale=2,
    cameras=dict(
        type="PoseRefinement",
        mode="se3",
        test_steps=100,  # as published: test views are moved along, then each pose is fitted to its picture
        test_lr=1e-3,
        disturb_degrees=14.9,
        disturb_distance=0.065,  # of 4 units
    ),
)
network = dict(density_scale=1 / 0.33)  # the paper's densities are per world unit
