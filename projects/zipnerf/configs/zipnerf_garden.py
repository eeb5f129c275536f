"""Zip-NeRF on garden: the published configuration."""

_base_ = ["../../_base_/garden.py", "zipnerf_base.py"]

exp_name = "zipnerf_garden"
