"""TensoRF VM-48 on the embedded scene, small: nothing to download, a picture in minutes."""

_base_ = ["../../_base_/embedded.py", "tensorf_vm48_lego_small.py"]

exp_name = "tensorf_embedded"
total_steps = 400

dataset = dict(_delete_=True, type="ProceduralDataset")
sampler = dict(
    target_samples=2**15,
    n_rays_init=512,
    look_samples=2**19,
    step_size=dict(value=1 / 120, end=1 / 300, steps=(50, 250)),
)
encoder = dict(density_factors=dict(resolution=40), color_factors=dict(resolution=40))
_upsample = [100, 150, 200, 250]
_fall = 0.1 ** (1 / 400)
network = dict(final_resolution=100, upsample_steps=_upsample, mask_steps=[100, 200])
loss = dict(sparsity=dict(weight=dict(start=100)))
optim = dict(
    lr=dict(factor=_fall, restart=_upsample),
    groups=dict(network=dict(lr=dict(factor=_fall, restart=_upsample))),
)

evaluation = dict(steps=[])
checkpoint = dict(every=100)
