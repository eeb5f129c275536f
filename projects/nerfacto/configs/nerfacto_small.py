"""nerfacto on garden for half an hour on two CPU cores: 256x256 pixels, fewer rays and samples, smaller tables."""

_base_ = ["nerfacto_garden.py"]

exp_name = "nerfacto_small"
total_steps = 16000
n_rays = 2048

dataset = dict(downscale=2)
sampler = dict(n_samples=[128, 64, 32], anneal_steps=500)
encoder = dict(pos_encoder=dict(log2_table_size=18, max_resolution=1024))
network = dict(appearance=0)  # garden was photographed in one light
# The published schedule ends at 200 000 steps; here the learning rate has to fall within the run.
optim = dict(lr=dict(value=1e-2, end=5e-4, steps=(0, 16000)))

evaluation = dict(steps=[500, 2000, 5000, 10000], n_images=8)
