"""NeRF on lego at 400, 200, 100 and 50 pixels at once: what mip-NeRF is compared with."""

_base_ = ["nerf_lego_small.py", "../../_base_/lego_multiscale.py"]

exp_name = "nerf_lego_multiscale_small"

dataset = dict(downscale=2)
evaluation = dict(steps=[1000, 2500, 5000], n_images=100)
