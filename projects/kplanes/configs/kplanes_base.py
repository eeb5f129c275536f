"""Method: the field of K-Planes, static and hybrid (Fridovich-Keil et al. 2023, https://arxiv.org/abs/2301.10241).

How rays are sampled is another base: kplanes_proposals.py, as published, or an occupancy grid.
"""

seed = 1337
total_steps = 30001
n_rays = 4096

encoder = dict(
    pos_encoder=dict(
        type="TriplaneEncoder",
        resolutions=[128, 256, 512],
        n_features=32,  # of a plane and scale
        combine="product",
        scales="concat",
        init="uniform",
        init_range=(0.1, 0.5),  # a product of values around zero would be zero
    ),
    dir_encoder=dict(type="SphericalHarmonicsEncoder", degree=4),  # 16 values
)
network = dict(
    type="NerfactoNetwork",  # its decoder is that of K-Planes: 96 -> 64 -> 1 + 15, and 15 + 16 -> 64 -> 64 -> 3
    proposals=[],
    hidden_width=64,
    density_layers=1,
    color_layers=2,
    geometry_features=15,
    initial_density=0.478,  # exp(x - 1) of a world unit, of which half an edge of the box has 1.3
    appearance=0,
    space="box",
)
renderer = dict(
    type="VolumeRenderer",
    background="random_batch",  # one colour for all rays of a step
)
loss = dict(
    rgb=dict(type="MSELoss"),
    # Published are 1e-4 for the field's planes and 1e-4 for the proposals', by code that counts each plane twice.
    variation=dict(type="PlaneVariationLoss", weight=2e-4),
)
optim = dict(
    type="Adam",
    lr=dict(schedule="cosine", value=1e-2, end=0.0, warmup=512, steps=(512, 30001)),
    betas=(0.9, 0.999),
    eps=1e-15,
)

evaluation = dict(steps=[500, 2000, 10000])
checkpoint = dict(every=1000, keep=2)
log_every = 20
