"""Zip-NeRF on garden at 512, 256, 128 and 64 pixels at once."""

_base_ = ["zipnerf_garden.py", "../../_base_/garden_multiscale.py"]

exp_name = "zipnerf_garden_multiscale"
