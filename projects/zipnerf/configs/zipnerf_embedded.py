"""Zip-NeRF on the embedded scene: nothing to download, a picture in minutes."""

_base_ = ["../../_base_/embedded.py", "zipnerf_lego.py"]

exp_name = "zipnerf_embedded"
total_steps = 400
n_rays = 2048

dataset = dict(_delete_=True, type="ProceduralDataset")
sampler = dict(n_samples=[48, 32, 24], span=(0.6, 4.4))  # the box, from any camera
encoder = dict(
    pos_encoder=dict(n_levels=6, log2_table_size=16, max_resolution=512),
    proposal_0=dict(n_levels=4, log2_table_size=15, max_resolution=128),
    proposal_1=dict(n_levels=5, log2_table_size=15, max_resolution=256),
)
network = dict(
    bottleneck=15, color_width=64, color_layers=2, skip=None, biased=False, proposal_width=16
)
loss = dict(decay=dict(weight=0.1))
optim = dict(lr=dict(steps=(0, 400), delay_steps=50))

evaluation = dict(steps=[])
checkpoint = dict(every=100)
