"""EG3D's planes and decoder on lego: one scale of 256 x 256 x 32, the mean of three looks, softplus; no generator."""

_base_ = ["triplane_lego_small.py"]

exp_name = "triplane_eg3d_lego_small"
encoder = dict(pos_encoder=dict(resolutions=[256], n_features=32, combine="mean"))
network = dict(
    _delete_=True,
    type="EG3DNetwork",
    hidden_width=64,
    density_scale=100.0,  # surfaces are a hundred times thinner than the box
)
