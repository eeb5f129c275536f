"""mip-NeRF 360 on garden for half an hour on two CPU cores: 256x256 pixels, fewer rays and samples, narrow MLPs."""

_base_ = ["mipnerf360_garden.py"]

exp_name = "mipnerf360_small"
total_steps = 2000
n_rays = 1024

dataset = dict(downscale=2)
sampler = dict(n_samples=[48, 32, 24])
network = dict(
    hidden_width=128,
    n_layers=6,
    skip=4,
    bottleneck=63,
    color_width=64,
    proposal_width=64,
    proposal_layers=2,
)
optim = dict(
    lr=dict(value=4e-3, end=4e-4, steps=(0, 2000), delay_steps=100),
)

evaluation = dict(steps=[250, 500, 1000], n_images=4)
