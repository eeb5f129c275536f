"""mip-NeRF on lego at 400, 200, 100 and 50 pixels at once, for an hour on two CPU cores."""

_base_ = ["mipnerf_lego_small.py", "../../_base_/lego_multiscale.py"]

exp_name = "mipnerf_lego_multiscale_small"

dataset = dict(downscale=2)
evaluation = dict(steps=[1000, 2500, 5000], n_images=100)
