"""Instant-NGP on lego: the paper's configuration and protocol."""

_base_ = ["../../_base_/lego.py", "ngp_base.py"]

exp_name = "ngp_lego"
