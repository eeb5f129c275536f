"""The armadillo for two CPU cores: points that are used four times, noise that becomes narrow, a falling rate."""

_base_ = ["sdf_armadillo.py"]

exp_name = "sdf_armadillo_small"
total_steps = 6000
n_rays = 2**16

dataset = dict(
    # As narrow as published from the start, noise says little of which side is which, and few steps are lost on that.
    noise_std=dict(schedule="cosine", value=0.006, end=0.866 / 1024, steps=(0, 1200)),
    batches_at_once=16,
    passes=4,
)
optim = dict(lr=dict(_delete_=True, schedule="cosine", value=5e-3, end=2e-5, steps=(0, 6000)))

evaluation = dict(steps=[100, 300, 1000, 3000])
checkpoint = dict(every=500)
