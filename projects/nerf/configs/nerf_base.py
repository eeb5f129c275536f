"""Method: NeRF (Mildenhall et al. 2020, https://arxiv.org/abs/2003.08934), as published for Blender scenes."""

seed = 1337
total_steps = 500000
n_rays = 1024

sampler = dict(
    type="HierarchicalSampler",
    n_coarse=64,
    n_fine=128,  # added to the coarse ones
    merge=True,
    padding=1e-5,
)
encoder = dict(
    pos_encoder=dict(type="FrequencyEncoder", n_frequencies=10),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4, input_range=(-1.0, 1.0)),
)
network = dict(
    type="NeRFNetwork",
    hidden_width=256,
    n_layers=8,
    skip=5,  # the position enters again behind the fifth layer
    rounds=2,  # a coarse and a fine MLP
    density_activation="relu",
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0], early_stop=0.0)
loss = dict(
    fine=dict(type="MSELoss"),
    coarse=dict(type="MSELoss", round=0),
)
optim = dict(
    type="Adam",
    lr=dict(schedule="log_linear", value=5e-4, end=5e-5, steps=(0, 500000)),
    betas=(0.9, 0.999),
    eps=1e-7,
)

evaluation = dict(steps=[10000, 50000, 100000, 200000])
checkpoint = dict(every=2000, keep=3)
log_every = 50
