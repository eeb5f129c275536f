"""BARF on lego at 400x400: cameras put wrong by 14.9 degrees and 0.26 world units, as on average in the paper."""

_base_ = ["../../_base_/lego.py", "barf_base.py"]

exp_name = "barf_lego"

dataset = dict(
    downscale=2,
    cameras=dict(disturb_degrees=14.9, disturb_distance=0.065),  # of 4 units
)
