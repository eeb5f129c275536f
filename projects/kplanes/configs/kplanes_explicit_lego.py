"""K-Planes on lego of NeRF-synthetic at 800 x 800: the published configuration, explicit: linear decoders."""

_base_ = ["kplanes_lego.py"]

exp_name = "kplanes_explicit_lego"
network = dict(
    _delete_=True,
    type="ExplicitPlanesNetwork",
    proposals=["proposal_0", "proposal_1"],
    proposal_width=0,  # linear too
    basis_width=128,
    basis_layers=4,
    initial_density=0.478,
    space="box",
)
