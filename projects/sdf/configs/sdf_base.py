"""Method: the distance of a mesh in a hash grid (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 5.2)."""

seed = 1337
total_steps = 20000
n_rays = 2**18  # points per step

sampler = dict(
    type="SphereTraceSampler"
)  # points in training, in pictures where rays meet the surface
encoder = dict(
    pos_encoder=dict(
        type="HashGridEncoder",
        n_levels=16,  # L
        n_features=2,  # F: 1, 2, 4 or 8
        log2_table_size=19,  # log2 of T
        min_resolution=16,  # N_min
        max_resolution=2048,  # N_max
        interpolation="linear",  # or "smoothstep"
    ),
)
network = dict(type="DistanceNetwork", hidden_width=64, n_layers=2)  # no activation at the end
renderer = dict(type="SurfaceRenderer")
loss = dict(type="MAPELoss", epsilon=0.01)
optim = dict(
    type="Adam",
    lr=dict(schedule="exponential", value=1e-4, start=10000, every=5000, factor=0.33),
    betas=(0.9, 0.99),
    eps=1e-15,
    groups=dict(
        encoder=dict(sparse=True),  # entries without gradient are skipped; each counts its steps
        network=dict(weight_decay=1e-6),
    ),
)
ema = dict(type="EMA", decay=0.95)

evaluation = dict(steps=[100, 500, 2000, 10000], downscale=16)  # on the way by every 16th point
checkpoint = dict(every=1000, keep=2)
chunk = 2**17  # rays of a picture at once
log_every = 20
