"""Method: HashNeRF, the recipe of HashNeRF-pytorch (Bhalgat 2022): a hash grid under NeRF's sampling."""

seed = 1337
total_steps = 50000
n_rays = 1024

sampler = dict(type="HierarchicalSampler", n_coarse=64, n_fine=128, merge=True, padding=1e-5)
encoder = dict(
    pos_encoder=dict(
        type="HashGridEncoder",
        n_levels=16,
        n_features=2,
        log2_table_size=19,
        min_resolution=16,
        max_resolution=512,
    ),
    dir_encoder=dict(type="SphericalHarmonicsEncoder", degree=4),
)
network = dict(
    type="NGPNetwork",  # for both rounds; the published code has MLPs of their own, on one grid
    hidden_width=64,
    density_layers=1,
    color_layers=2,
    geometry_features=16,
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0], early_stop=0.0)
loss = dict(
    fine=dict(type="MSELoss"),
    coarse=dict(type="MSELoss", round=0),
    sparsity=dict(type="EntropyLoss", weight=1e-10),
    variation=dict(
        type="TotalVariationLoss",
        weight=dict(schedule="exponential", value=1e-6, start=1000, every=1000000, factor=1e-12),
    ),
)
optim = dict(
    type="Adam",
    # A tenth every 10 000 steps.
    lr=dict(schedule="log_linear", value=1e-2, end=1e-7, steps=(0, 50000)),
    betas=(0.9, 0.99),
    eps=1e-15,
    groups=dict(encoder=dict(sparse=True), network=dict(weight_decay=1e-6)),
)

evaluation = dict(steps=[1000, 5000, 10000, 20000])
checkpoint = dict(every=1000, keep=3)
log_every = 50
