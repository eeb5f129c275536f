"""An octree that grows with the scene, for five minutes on one CPU core: 400 x 400 pixels."""

_base_ = ["nglod_lego.py"]

exp_name = "nglod_lego_small"
total_steps = 1200

dataset = dict(downscale=2)
sampler = dict(
    marching="ray",
    step_size=dict(schedule="log_linear", value=1 / 96, end=1 / 512, steps=(0, 500)),  # field units
    target_samples=2**16,  # samples per step; the number of rays follows
    n_rays_init=1024,
    fixed_rays=False,
    look_samples=2**19,
)
encoder = dict(
    pos_encoder=dict(n_features=16, initial_levels=2),  # 64^3 voxels at first
    dir_encoder=dict(_delete_=True, type="SphericalHarmonicsEncoder", degree=4),
)
network = dict(
    density_activation="exp",
    grow_steps=[150, 400],  # the tree gets its 128^3, then its 256^3 voxels
    prune_steps=[650, 900],
    prune_alpha=0.02,
    dilation=1,
)
renderer = dict(background="random")  # white things in front of white would not be seen as wrong
loss = dict(type="HuberLoss", delta=0.1, weight=3.0)
optim = dict(
    _delete_=True,
    type="Adam",
    lr=dict(schedule="exponential", value=1e-2, start=600, every=200, factor=0.33),
    betas=(0.9, 0.99),
    eps=1e-15,
    groups=dict(encoder=dict(sparse=True), network=dict(weight_decay=1e-6)),
)

evaluation = dict(steps=[500, 1000], n_images=25)
