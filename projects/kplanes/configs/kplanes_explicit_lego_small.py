"""Explicit K-Planes on lego for one CPU core: as kplanes_lego_small, with linear decoders."""

_base_ = ["kplanes_lego_small.py"]

exp_name = "kplanes_explicit_lego_small"
network = dict(
    _delete_=True,
    type="ExplicitPlanesNetwork",
    basis_width=128,
    basis_layers=4,
    initial_density=0.478,
    space="box",
)
