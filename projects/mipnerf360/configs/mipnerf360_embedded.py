"""mip-NeRF 360 on the embedded scene: nothing to download, a picture in minutes."""

_base_ = ["../../_base_/embedded.py", "mipnerf360_lego.py"]

exp_name = "mipnerf360_embedded"
total_steps = 400
n_rays = 1024

dataset = dict(_delete_=True, type="ProceduralDataset")
sampler = dict(n_samples=[48, 24], span=(0.6, 4.4))  # the box, from any camera
encoder = dict(pos_encoder=dict(n_frequencies=8, basis="icosahedron", half_edge=1.5))
network = dict(
    hidden_width=64,
    n_layers=4,
    skip=2,
    bottleneck=63,
    color_width=64,
    proposal_width=32,
    proposal_layers=2,
)
optim = dict(lr=dict(value=5e-3, end=5e-4, steps=(0, 400), delay_steps=40))

evaluation = dict(steps=[])
checkpoint = dict(every=100)
