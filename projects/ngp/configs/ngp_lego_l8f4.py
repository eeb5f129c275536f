"""Instant-NGP on lego with 8 levels of 4 features, the reference implementation's default since February 2023."""

_base_ = ["../../_base_/lego.py", "ngp_base.py"]

exp_name = "ngp_lego_l8f4"
encoder = dict(pos_encoder=dict(n_levels=8, n_features=4))
