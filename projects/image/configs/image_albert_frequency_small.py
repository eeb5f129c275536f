"""The portrait in sines and cosines and a wide network, as before grids: the comparison."""

_base_ = ["image_albert_small.py"]

exp_name = "image_albert_frequency_small"
encoder = dict(pos_encoder=dict(_delete_=True, type="FrequencyEncoder", n_frequencies=10))
network = dict(hidden_width=128, n_layers=4, biased=True)
optim = dict(
    lr=dict(value=2e-3, end=1e-4),
    groups=dict(_delete_=True),
)
