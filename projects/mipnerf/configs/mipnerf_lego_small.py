"""mip-NeRF for an hour on two CPU cores: 400 x 400 pixels, layers and samples halved, a shorter schedule."""

_base_ = ["mipnerf_lego.py"]

exp_name = "mipnerf_lego_small"
total_steps = 10000
n_rays = 1024

dataset = dict(downscale=2)
sampler = dict(n_coarse=64, n_fine=64)
network = dict(hidden_width=128)
optim = dict(
    lr=dict(
        schedule="log_linear",
        value=2e-3,
        end=1e-4,
        steps=(0, 10000),
        delay_steps=200,
        delay_mult=0.01,
    )
)

evaluation = dict(steps=[1000, 2500, 5000], n_images=25)
