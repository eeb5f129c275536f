"""Plenoxels for an hour on two CPU cores: 400 x 400 pixels, 64^3 to 256^3 voxels, short schedules."""

_base_ = ["plenoxels_lego.py"]

exp_name = "plenoxels_lego_small"
total_steps = 20000

dataset = dict(downscale=2)
sampler = dict(
    fixed_rays=False,
    n_rays_init=1024,
    target_samples=2**17,  # samples per step; the number of rays follows
    look_samples=2**21,
    update_every=32,
    step_size=1 / 512,  # half a voxel of the last stages
    max_steps=1024,
)
network = dict(
    resolutions=[64, 128, 256, 256],  # the last is only pruned
    upsample_steps=[1000, 3000, 6000],
)
renderer = dict(background="random")  # white voxels in front of white would not be seen as wrong
loss = dict(
    # in all stages
    density_variation=dict(share=0.1, every=10, weight=5e-6),
    sh_variation=dict(share=0.1, every=10, weight=1e-3),
)
optim = dict(
    lr=dict(schedule="log_linear", value=1e-2, end=1e-4, steps=(0, 20000)),
    groups=dict(
        network=dict(
            density=dict(
                lr=dict(_delete_=True, schedule="log_linear", value=60.0, end=1.0, steps=(0, 20000))
            )
        )
    ),
)

evaluation = dict(steps=[500, 1000, 2000, 3000, 5000, 10000], n_images=25)
