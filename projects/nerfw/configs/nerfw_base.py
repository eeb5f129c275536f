"""Method: NeRF in the Wild (Martin-Brualla et al. 2021, https://arxiv.org/abs/2008.02268), in the sizes of nerf_pl.

Two MLPs, coarse and fine; each image has numbers for its appearance, and in the fine one for what stands in front.
"""

seed = 1337
total_steps = 600000
n_rays = 1024

sampler = dict(type="HierarchicalSampler", n_coarse=64, n_fine=128)
encoder = dict(
    pos_encoder=dict(type="FrequencyEncoder", n_frequencies=15),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4, input_range=(-1.0, 1.0)),
)
network = dict(
    type="NeRFNetwork",
    hidden_width=256,
    n_layers=8,
    skip=5,
    density_activation="softplus",
    appearance=dict(width=48, test="mean"),
    transient=dict(width=16, hidden_width=128, n_layers=4),
)
renderer = dict(
    type="TransientRenderer",
    background=[1.0, 1.0, 1.0],
    early_stop=0.0,
    beta_min=0.1,  # uncertainty of what nothing stands in front of
)
loss = dict(
    rgb=dict(type="TransientLoss", density_weight=0.01),
    coarse=dict(type="MSELoss", round=0, weight=0.5),
)
optim = dict(
    type="Adam",
    lr=dict(schedule="log_linear", value=5e-4, end=5e-5, steps=(0, 600000)),
    betas=(0.9, 0.999),
    eps=1e-8,
)

# Test views have a light of their own: it is fitted to the left half of each, and the right half is measured.
evaluation = dict(
    steps=[10000, 100000],
    fit="appearance",
    fit_part="left",
    fit_steps=1000,
    fit_lr=1e-2,
)
checkpoint = dict(every=2000, keep=3)
log_every = 50
