"""Zip-NeRF on garden at 256, 128, 64 and 32 pixels at once, for half an hour on two CPU cores."""

_base_ = ["zipnerf_small.py", "../../_base_/garden_multiscale.py"]

exp_name = "zipnerf_multiscale_small"

dataset = dict(downscale=2)
evaluation = dict(steps=[500, 1500], n_images=32)
