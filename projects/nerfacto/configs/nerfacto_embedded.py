"""nerfacto on the embedded scene: nothing to download, a picture in minutes."""

_base_ = ["../../_base_/embedded.py", "nerfacto_lego.py"]

exp_name = "nerfacto_embedded"
total_steps = 400
n_rays = 2048

dataset = dict(_delete_=True, type="ProceduralDataset")
sampler = dict(
    n_samples=[96, 48, 24], span=(0.6, 4.4), anneal_steps=200
)  # the box, from any camera
encoder = dict(pos_encoder=dict(log2_table_size=16, max_resolution=512))

evaluation = dict(steps=[])
checkpoint = dict(every=100)
