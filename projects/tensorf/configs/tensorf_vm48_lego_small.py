"""TensoRF VM-48 for some minutes of one CPU core: 400 x 400 pixels, 64^3 to 180^3 voxels, short schedules."""

_base_ = ["tensorf_vm48_lego.py"]

exp_name = "tensorf_vm48_lego_small"
total_steps = 4000

dataset = dict(downscale=2)
sampler = dict(
    fixed_rays=False,
    n_rays_init=1024,
    target_samples=2**16,
    look_samples=2**20,
    update_every=16,
    step_size=dict(value=1 / 200, end=1 / 560, steps=(150, 1500)),
    max_steps=1024,
)
encoder = dict(density_factors=dict(resolution=64), color_factors=dict(resolution=64))
_upsample = [300, 600, 900, 1200, 1500]
_fall = 0.1 ** (1 / 4000)
network = dict(final_resolution=180, upsample_steps=_upsample, mask_steps=[300, 900])
loss = dict(sparsity=dict(weight=dict(start=300)))
optim = dict(
    lr=dict(factor=_fall, restart=_upsample),
    groups=dict(network=dict(lr=dict(factor=_fall, restart=_upsample))),
)

evaluation = dict(steps=[500, 1000, 2000], downscale=2)  # of pixels on the way; all in the end
checkpoint = dict(every=500, keep=2)
