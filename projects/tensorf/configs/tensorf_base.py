"""Method: TensoRF (Chen et al. 2022, https://arxiv.org/abs/2203.09517), VM-192, as published for NeRF-synthetic.

The published scenes lie in a box of edge 3, ours in one of edge 1.
"""

seed = 1337
total_steps = 30000
n_rays = 4096

_upsample = [2000, 3000, 4000, 5500, 7000]

sampler = dict(
    type="MaskSampler",
    # half a voxel, whose edge falls with the crop and the stages
    step_size=dict(schedule="log_linear", value=1 / 256, end=1 / 900, steps=(1000, 7000)),
    max_steps=2048,
)
encoder = dict(
    density_factors=dict(type="VMEncoder", n_components=16, resolution=128),
    color_factors=dict(type="VMEncoder", n_components=48, resolution=128, stream=1),
)
network = dict(
    type="TensoRFNetwork",
    final_resolution=300,  # cube root of the number of vertices
    upsample_steps=_upsample,
    mask_steps=[2000, 4000],
    mask_alpha=2.5e-3,  # the published 1e-4, of a density without its factor of 25
    density_shift=-10.0,
    density_scale=75.0,  # the published 25 per unit, whose edge of 3 is 1 here
    shading="mlp",
    color_features=27,
    hidden_width=128,
    feature_frequencies=2,
    direction_frequencies=2,
    least_weight=1e-4,
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0])
loss = dict(
    rgb=dict(type="MSELoss"),
    sparsity=dict(
        type="FactorL1Loss",
        weight=dict(schedule="exponential", value=8e-5, start=2000, every=30000, factor=0.5),
    ),
)
optim = dict(
    type="Adam",
    lr=dict(
        schedule="exponential",
        value=0.02,
        every=1,
        factor=0.1 ** (1 / 30000),
        restart=_upsample,
    ),
    betas=(0.9, 0.99),
    eps=1e-8,
    groups=dict(
        network=dict(
            lr=dict(
                schedule="exponential",
                value=1e-3,
                every=1,
                factor=0.1 ** (1 / 30000),
                restart=_upsample,
            )
        )
    ),
)

evaluation = dict(steps=[500, 2000, 5000, 10000, 20000])
checkpoint = dict(every=1000, keep=2)
log_every = 20
