"""Method: BARF (Lin et al. 2021, https://arxiv.org/abs/2104.06405), as published for Blender scenes: one MLP."""

seed = 1337
total_steps = 200000
n_rays = 1024

sampler = dict(type="UniformSampler", n_samples=128)
# Waves fade in between a tenth and half of the training.
_positions = dict(schedule="linear", value=0, end=10, steps=(20000, 100000))
_directions = dict(schedule="linear", value=0, end=4, steps=(20000, 100000))
encoder = dict(
    pos_encoder=dict(type="FrequencyEncoder", n_frequencies=10, coarse_to_fine=_positions),
    dir_encoder=dict(
        type="FrequencyEncoder",
        n_frequencies=4,
        input_range=(-1.0, 1.0),
        coarse_to_fine=_directions,
    ),
)
network = dict(
    type="NeRFNetwork",
    hidden_width=256,
    n_layers=8,
    skip=4,
    rounds=1,
    density_activation="softplus",
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0], early_stop=0.0)
loss = dict(type="MSELoss")
optim = dict(
    type="Adam",
    lr=dict(schedule="log_linear", value=5e-4, end=1e-4, steps=(0, 200000)),
    betas=(0.9, 0.999),
    eps=1e-8,
    groups=dict(
        dataset=dict(
            cameras=dict(lr=dict(schedule="log_linear", value=1e-3, end=1e-5, steps=(0, 200000)))
        )
    ),
)

evaluation = dict(steps=[10000, 50000, 100000])
checkpoint = dict(every=2000, keep=3)
log_every = 50
