"""Method: HashNeRF, after the recipe of HashNeRF-pytorch (Bhalgat 2022): a hash grid under NeRF's sampling."""

seed = 1337
total_steps = 50000
n_rays = 1024

# One network serves both rounds: as in mip-NeRF, weights are widened for the fine one, and the coarse loss counts a
# tenth.
sampler = dict(
    type="HierarchicalSampler", n_coarse=64, n_fine=128, merge=True, blur=True, padding=0.01
)
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
# In front of a white background white fog costs nothing, and grows.
renderer = dict(type="VolumeRenderer", background="random", early_stop=0.0)
loss = dict(
    fine=dict(type="MSELoss"),
    coarse=dict(type="MSELoss", round=0, weight=0.1),
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

ema = dict(type="EMA", decay=0.95)  # for evaluation and rendering only

evaluation = dict(steps=[1000, 5000, 10000, 20000])
checkpoint = dict(every=1000, keep=3)
log_every = 50
