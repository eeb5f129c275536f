"""Plenoxels on lego of NeRF-synthetic at 800 x 800, the published configuration."""

_base_ = ["../../_base_/lego.py", "plenoxels_base.py"]

exp_name = "plenoxels_lego"
