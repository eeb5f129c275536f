"""The armadillo in sines and cosines for two CPU cores: the comparison."""

_base_ = ["sdf_armadillo_small.py"]

exp_name = "sdf_armadillo_frequency_small"
n_rays = 2**14
encoder = dict(pos_encoder=dict(_delete_=True, type="FrequencyEncoder", n_frequencies=10))
network = dict(hidden_width=128, n_layers=4, biased=True)
loss = dict(_delete_=True, type="RelativeL2Loss", channel="sdf", truth="distances")
optim = dict(lr=dict(value=1e-3, end=1e-5), groups=dict(_delete_=True))
