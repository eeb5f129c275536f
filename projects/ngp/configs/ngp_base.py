"""Method: Instant-NGP (Müller et al. 2022, https://arxiv.org/abs/2201.05989), the paper's configuration."""

seed = 1337
total_steps = 35000

sampler = dict(
    type="OccupancySampler",
    grid_resolution=128,  # cells a side of each level
    target_samples=2**18,  # samples per step; the number of rays follows
    update_every=16,  # steps between updates of the grid and of the number of rays
)
encoder = dict(
    pos_encoder=dict(
        type="HashGridEncoder",
        n_levels=16,  # L
        n_features=2,  # F: 1, 2, 4 or 8
        log2_table_size=19,  # log2 of T
        min_resolution=16,  # N_min
        max_resolution=2048,  # N_max for a box of side 1
        interpolation="linear",  # or "smoothstep"
        table_precision="float16",  # in what it is read, as in the paper; it is trained and saved in float32
    ),
    dir_encoder=dict(type="SphericalHarmonicsEncoder", degree=4),  # 16 values
)
network = dict(
    type="NGPNetwork",
    hidden_width=64,
    density_layers=1,  # hidden layers
    color_layers=2,  # hidden layers
    geometry_features=16,  # the first is log density
)
renderer = dict(type="VolumeRenderer", background="random")  # or [r, g, b], or None for black
# Summed over the channels, as the method has it: the mean over them times three.
loss = dict(type="HuberLoss", delta=0.1, weight=3.0)
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
# For evaluation and rendering only; of every fourth step's weights, with what four steps weigh.
ema = dict(type="EMA", decay=0.95, every=4)

evaluation = dict(steps=[100, 500, 2000, 10000])
checkpoint = dict(every=1000, keep=3)
log_every = 20
