"""Method: a picture in a hash grid (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 5.1)."""

seed = 1337
total_steps = 35000
n_rays = 2**18  # points per step

sampler = dict(type="PointSampler")
encoder = dict(
    pos_encoder=dict(
        type="HashGridEncoder",
        n_levels=16,  # L
        n_features=2,  # F: 1, 2, 4 or 8
        log2_table_size=24,  # log2 of T: the paper's figures go from 12 to 24
        min_resolution=16,  # N_min
        max_resolution=512,  # N_max: half of the longer side, in pixels
        interpolation="linear",  # or "smoothstep"
    ),
)
network = dict(type="ValueNetwork", hidden_width=64, n_layers=2)  # no activation at the end
renderer = dict(type="DirectRenderer")
loss = dict(type="MSELoss")
optim = dict(
    type="Adam",
    lr=dict(schedule="exponential", value=1e-2, start=20000, every=10000, factor=0.33),
    betas=(0.9, 0.99),
    eps=1e-15,
    groups=dict(
        encoder=dict(sparse=True),  # entries without gradient are skipped; each counts its steps
        network=dict(weight_decay=1e-6),
    ),
)

evaluation = dict(steps=[100, 500, 2000, 10000])
checkpoint = dict(every=1000, keep=2)
log_every = 20
