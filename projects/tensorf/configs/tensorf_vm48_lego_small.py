"""TensoRF VM-48 for some minutes of one CPU core: 400 x 400 pixels, 64^3 to 180^3 voxels, short schedules."""

_base_ = ["tensorf_vm48_lego.py"]

exp_name = "tensorf_vm48_lego_small"
total_steps = 3000

dataset = dict(downscale=2)
sampler = dict(
    type="OccupancySampler",
    grid_resolution=128,
    n_rays_init=1024,
    target_samples=2**16,  # samples per step; the number of rays follows
    look_samples=2**20,
    # about half a voxel, whose edge falls with the crop and the stages
    step_size=dict(schedule="log_linear", value=1 / 200, end=1 / 560, steps=(75, 800)),
    max_steps=1024,
)
encoder = dict(density_factors=dict(resolution=64), color_factors=dict(resolution=64))
_upsample = [150, 300, 450, 600, 800]
_fall = 0.1 ** (1 / 3000)
network = dict(
    final_resolution=180, upsample_steps=_upsample, mask_steps=[150, 450], hidden_width=64
)
loss = dict(sparsity=dict(weight=dict(start=150)))
optim = dict(
    lr=dict(factor=_fall, restart=_upsample),
    groups=dict(network=dict(lr=dict(factor=_fall, restart=_upsample))),
)

evaluation = dict(steps=[500, 1000, 1500], downscale=2)  # of pixels on the way; all in the end
checkpoint = dict(every=500, keep=2)
