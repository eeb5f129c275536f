"""mip-NeRF on lego at 800, 400, 200 and 100 pixels at once: the benchmark it was made for."""

_base_ = ["mipnerf_lego.py", "../../_base_/lego_multiscale.py"]

exp_name = "mipnerf_lego_multiscale"
