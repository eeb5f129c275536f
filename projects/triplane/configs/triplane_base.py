"""Method: a pyramid of tri-planes whose features lie side by side, as Kaolin Wisp publishes it, with two small MLPs."""

seed = 1337
total_steps = 10000  # 100 epochs of one step for each of 100 images
n_rays = 4096

sampler = dict(type="UniformSampler", n_samples=512)  # along each ray's way through the box
encoder = dict(
    pos_encoder=dict(
        type="TriplaneEncoder",
        resolutions=[33, 65, 129, 257],  # 2^(5 + i) + 1
        n_features=4,  # of a plane and scale
        combine="concat",  # 12 of a scale
        scales="sum",
        init="normal",
        init_range=(0.0, 0.01),  # mean and standard deviation
    ),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4),
)
network = dict(
    type="NGPNetwork",
    hidden_width=128,  # of the published run
    density_layers=1,
    color_layers=2,
    geometry_features=16,
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0])
loss = dict(type="L1Loss")
optim = dict(
    type="RMSprop",
    lr=1e-3,
    beta=0.99,
    eps=1e-8,
    groups=dict(encoder=dict(lr=1e-1)),
)

evaluation = dict(steps=[500, 2000, 5000])
checkpoint = dict(every=1000, keep=2)
log_every = 20
