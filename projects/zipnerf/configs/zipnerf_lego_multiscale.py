"""Zip-NeRF on lego at 800, 400, 200 and 100 pixels at once."""

_base_ = ["zipnerf_lego.py", "../../_base_/lego_multiscale.py"]

exp_name = "zipnerf_lego_multiscale"

dataset = dict(weighted=True)  # by the scale
