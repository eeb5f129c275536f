"""mip-NeRF 360 on garden, as published. Weeks on two CPU cores: mipnerf360_small.py is for those."""

_base_ = ["../../_base_/garden.py", "mipnerf360_base.py"]

exp_name = "mipnerf360_garden"

dataset = dict(auto_frame="principal")  # the largest coordinate of a camera is 1, along their axes
