"""A portrait of 1024x1024 pixels in about a minute on two CPU cores: small batches, a falling rate."""

_base_ = ["image_albert.py"]

exp_name = "image_albert_small"
total_steps = 800
n_rays = 2**16

optim = dict(lr=dict(_delete_=True, schedule="cosine", value=1e-2, end=2e-4, steps=(0, 800)))

evaluation = dict(steps=[100, 200, 400])
checkpoint = dict(every=400)
