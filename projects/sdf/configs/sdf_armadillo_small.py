"""The armadillo in some minutes on two CPU cores: small batches whose points are used four times, a falling rate."""

_base_ = ["sdf_armadillo.py"]

exp_name = "sdf_armadillo_small"
total_steps = 2000
n_rays = 2**16

dataset = dict(batches_at_once=16, passes=4)
optim = dict(lr=dict(_delete_=True, schedule="cosine", value=5e-3, end=5e-5, steps=(0, 2000)))

evaluation = dict(steps=[100, 300, 1000])
checkpoint = dict(every=500)
