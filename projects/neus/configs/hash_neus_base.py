"""Method: NeuS on a hash grid: samples from an occupancy grid, exact normals, one hidden layer for the distance."""

seed = 1337
# Of the 10 000 over which the learning rate falls: with the mesh, half an hour on two cores.
total_steps = 9000

sampler = dict(
    type="OccupancySampler",
    grid_resolution=128,  # cells a side
    # samples per step; the number of rays follows
    target_samples=dict(schedule="linear", value=2**15, end=2**16, steps=(0, 4000)),
    # Long steps through the fog of the beginning, short ones to the sharp surface of the end.
    step_size=dict(schedule="log_linear", value=4e-3, end=1.5e-3, steps=(0, 5000)),
    cone_angle=0.0,
    decay=0.8,  # per update: the surface moves, and where it was there is nothing left to see
    warmup_steps=64,
    early_stop=3e-3,  # a soft surface is deep: most samples would lie behind what can be seen
)
encoder = dict(
    pos_encoder=dict(
        type="HashGridEncoder",
        n_levels=14,  # L
        n_features=2,  # F
        log2_table_size=18,
        min_resolution=16,
        max_resolution=1024,
    ),
    dir_encoder=dict(type="SphericalHarmonicsEncoder", degree=4),
)
network = dict(
    type="HashNeuSNetwork",
    hidden_width=64,
    color_layers=2,
    geometry_features=16,  # the first is the distance
    radius_init=0.5,  # the first surface: a sphere half as large as the object's ball
    variance_init=0.3,  # s = exp(10 v) per radius
    normals="analytic",
)
renderer = dict(type="NeuSRenderer", anneal_steps=3000, background=None)
loss = dict(
    rgb=dict(type="L1Loss", masked=True, weight=3.0),
    eikonal=dict(type="EikonalLoss", weight=0.1),
    # Where the grid says that nothing is, and inside the object, there are no samples.
    eikonal_everywhere=dict(type="EikonalFieldLoss", n_points=4096, weight=0.02),
    mask=dict(type="MaskLoss", weight=0.1),
)
optim = dict(
    type="Adam",
    lr=dict(
        schedule="log_linear",
        value=1e-2,
        end=3e-4,
        steps=(0, 10000),
        delay_steps=200,
        delay_mult=0.01,
    ),
    betas=(0.9, 0.99),
    eps=1e-15,
    groups=dict(
        encoder=dict(sparse=True),
        # Slow in the beginning: a surface that is sharp before it is in its place stays where it is.
        network=dict(
            variance=dict(lr=dict(schedule="linear", value=5e-5, end=1e-3, steps=(0, 3000))),
        ),
    ),
)

evaluation = dict(steps=[2500, 5000, 7500], n_images=3)
checkpoint = dict(every=500, keep=3)
log_every = 20
