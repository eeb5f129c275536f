"""Instant-NGP on garden for two CPU cores: 256x256 pixels, small batches."""

_base_ = ["ngp_garden.py"]

exp_name = "ngp_garden_small"
total_steps = 3000

dataset = dict(downscale=2)
sampler = dict(target_samples=2**16)
encoder = dict(pos_encoder=dict(log2_table_size=17))
optim = dict(lr=dict(schedule="log_linear", value=1e-2, end=1e-3, steps=(0, 3000)))

evaluation = dict(steps=[500, 1500], n_images=8)
