"""K-Planes on lego for two CPU cores with proposals, as published: 400 x 400 pixels, fewer rays and samples."""

_base_ = ["kplanes_lego.py"]

exp_name = "kplanes_proposals_lego_small"
total_steps = 6000
n_rays = 1024

dataset = dict(downscale=2)
sampler = dict(n_samples=[96, 48, 32], anneal_steps=500)
encoder = dict(pos_encoder=dict(resolutions=[64, 128, 256], n_features=16))
optim = dict(lr=dict(schedule="cosine", value=1e-2, end=1e-4, warmup=100, steps=(100, 6000)))

evaluation = dict(steps=[500, 2000], n_images=25)
