"""NeRF on lego at 800 x 800, as published. Days on two CPU cores: nerf_lego_small.py is for those."""

_base_ = ["../../_base_/lego.py", "nerf_base.py"]

exp_name = "nerf_lego"

dataset = dict(crop_steps=500, crop_fraction=0.5)
network = dict(density_scale=1 / 0.33)  # the paper's densities are per world unit
