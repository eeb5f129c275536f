"""mip-NeRF on lego at 800 x 800, as published. Days on two CPU cores: mipnerf_lego_small.py is for those."""

_base_ = ["../../_base_/lego.py", "mipnerf_base.py"]

exp_name = "mipnerf_lego"
