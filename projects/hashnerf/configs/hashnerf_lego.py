"""HashNeRF on lego at 400 x 400, the size that HashNeRF-pytorch trains on by default (half resolution)."""

_base_ = ["../../_base_/lego.py", "hashnerf_base.py"]

exp_name = "hashnerf_lego"

dataset = dict(downscale=2, crop_steps=500, crop_fraction=0.5)
