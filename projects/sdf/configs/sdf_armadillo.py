"""The armadillo, the published configuration."""

_base_ = ["../../_base_/armadillo.py", "sdf_base.py"]

exp_name = "sdf_armadillo"
