"""Method: mip-NeRF (Barron et al. 2021, https://arxiv.org/abs/2103.13415), as published for Blender scenes."""

seed = 1337
total_steps = 1000000
n_rays = 4096

sampler = dict(
    type="HierarchicalSampler",
    n_coarse=128,
    n_fine=128,  # in place of the coarse ones
    merge=False,
    blur=True,
    padding=0.01,
)
encoder = dict(
    pos_encoder=dict(type="IntegratedEncoder", n_frequencies=16),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4, input_range=(-1.0, 1.0)),
)
network = dict(
    type="NeRFNetwork",
    hidden_width=256,
    n_layers=8,
    skip=5,  # the position enters again behind the fifth layer
    rounds=1,  # one MLP for both
    density_activation="softplus",
    density_bias=-1.0,
    density_scale=1 / 0.33,  # the paper's densities are per world unit
    rgb_padding=0.001,
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0], early_stop=0.0)
loss = dict(
    fine=dict(type="MSELoss"),
    coarse=dict(type="MSELoss", weight=0.1, round=0),
)
optim = dict(
    type="Adam",
    lr=dict(
        schedule="log_linear",
        value=5e-4,
        end=5e-6,
        steps=(0, 1000000),
        delay_steps=2500,
        delay_mult=0.01,
    ),
    betas=(0.9, 0.999),
    eps=1e-8,
)

evaluation = dict(steps=[10000, 50000, 100000, 200000])
checkpoint = dict(every=2000, keep=3)
log_every = 50
