"""nerfacto with NeRF in the Wild's parts: the embedded scene, a striped square in front of each training image.

What stands in front has a density of its own, and each image an appearance. Nothing to download, minutes.
"""

_base_ = ["../../_base_/embedded.py", "../../nerfacto/configs/nerfacto_lego.py"]

exp_name = "nerfw_embedded"
total_steps = 2000
n_rays = 1024

dataset = dict(
    _delete_=True,
    type="ProceduralDataset",
    resolution=128,
    disturb=dict(stops=0.5, tint=0.2, squares=1, square_size=0.3),
)
sampler = dict(n_samples=[64, 32, 24], span=(0.6, 4.4), anneal_steps=200)
encoder = dict(pos_encoder=dict(log2_table_size=15, max_resolution=512))
network = dict(
    appearance=dict(width=8, test="mean"),
    transient=dict(width=16, hidden_width=64, n_layers=2),
)
renderer = dict(
    _delete_=True,
    type="TransientRenderer",
    background="random",  # over one colour, what a square hides may be fog of that colour
    early_stop=0.0,
    depth="median",
    beta_min=0.1,
)
loss = dict(rgb=dict(type="TransientLoss", _delete_=True, density_weight=0.01))
optim = dict(lr=dict(value=1e-2, end=1e-3, steps=(0, 2000)))

evaluation = dict(steps=[500], fit="appearance", fit_part="left", fit_steps=100)
checkpoint = dict(every=500)
