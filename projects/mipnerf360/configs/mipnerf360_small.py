"""mip-NeRF 360 on garden for half an hour on two CPU cores: 256x256 pixels, fewer rays and samples, narrow MLPs."""

_base_ = ["mipnerf360_garden.py"]

exp_name = "mipnerf360_small"
total_steps = 3000
n_rays = 1024

dataset = dict(downscale=2)
sampler = dict(n_samples=[40, 32, 24])
encoder = dict(pos_encoder=dict(n_frequencies=10))  # finer waves are below a pixel here
network = dict(
    hidden_width=256,
    n_layers=6,
    skip=4,
    bottleneck=127,
    color_width=64,
    proposal_width=64,
    proposal_layers=2,
)
optim = dict(lr=dict(value=3e-3, end=2e-4, steps=(0, 3000), delay_steps=128))

evaluation = dict(steps=[500, 1500], n_images=4)
