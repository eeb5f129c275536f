"""TensoRF VM-48: 8 components of each mode for the density, 8 for the colour."""

_base_ = ["tensorf_vm192_lego.py"]

exp_name = "tensorf_vm48_lego"

encoder = dict(density_factors=dict(n_components=8), color_factors=dict(n_components=8))
