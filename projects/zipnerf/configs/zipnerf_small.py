"""Zip-NeRF on garden for half an hour on two CPU cores: 256x256 pixels, fewer rays, smaller tables and colour MLP."""

_base_ = ["zipnerf_garden.py"]

exp_name = "zipnerf_small"
total_steps = 3000
n_rays = 2048

dataset = dict(downscale=2)
encoder = dict(
    pos_encoder=dict(n_levels=8, log2_table_size=17, max_resolution=2048),
    proposal_0=dict(log2_table_size=17),
    proposal_1=dict(n_levels=7, log2_table_size=17, max_resolution=1024),
)
# As wide as nerfacto's, so that its kernel does for both MLPs at once.
network = dict(
    bottleneck=15, color_width=64, color_layers=2, skip=None, biased=False, proposal_width=16
)
optim = dict(lr=dict(steps=(0, 3000), delay_steps=100))

evaluation = dict(steps=[500, 1500], n_images=8)
