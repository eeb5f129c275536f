"""NeuS on scan 24 with masks for two CPU cores: a narrower MLP, images of 400 x 300, fewer rays and steps."""

_base_ = ["neus_scan24_wmask.py"]

exp_name = "neus_scan24_small"
total_steps = 10000
n_rays = 256

dataset = dict(downscale=4)
sampler = dict(n_samples=32, n_rounds=3, n_fine=8)
network = dict(hidden_width=64, n_layers=4, skip=2, color_layers=2, geometry_features=64)
optim = dict(lr=dict(value=1e-3, end=5e-5, steps=(500, 10000), warmup=500))

evaluation = dict(steps=[2500, 5000], n_images=3)
checkpoint = dict(every=500)
