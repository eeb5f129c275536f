"""The armadillo in sines and cosines and a wide network, the published comparison."""

_base_ = ["sdf_armadillo.py"]

exp_name = "sdf_armadillo_frequency"
encoder = dict(pos_encoder=dict(_delete_=True, type="FrequencyEncoder", n_frequencies=10))
network = dict(hidden_width=128, n_layers=8)
loss = dict(_delete_=True, type="RelativeL2Loss", channel="sdf", truth="distances")
optim = dict(lr=dict(value=3e-4), groups=dict(_delete_=True))
