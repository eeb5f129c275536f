"""The armadillo for two CPU cores: wider noise, coarser cells, points that are used four times, a falling rate."""

_base_ = ["sdf_armadillo.py"]

exp_name = "sdf_armadillo_small"
total_steps = 2400
n_rays = 2**16

# Noise as narrow as published tells little of the sign at first: so few steps would not get over that.
dataset = dict(near_share=0.4, noise_std=0.003, batches_at_once=16, passes=4)
encoder = dict(pos_encoder=dict(max_resolution=1024))
optim = dict(lr=dict(_delete_=True, schedule="cosine", value=1e-2, end=1e-5, steps=(0, 2400)))

evaluation = dict(steps=[100, 300, 1000, 2000])
checkpoint = dict(every=500)
