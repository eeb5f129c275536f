"""TensoRF VM-192 on lego of NeRF-synthetic at 800 x 800, the published configuration."""

_base_ = ["../../_base_/lego.py", "tensorf_base.py"]

exp_name = "tensorf_vm192_lego"
