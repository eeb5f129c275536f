"""Method: nerfacto (Tancik et al. 2023, https://arxiv.org/abs/2302.04264), as nerfstudio publishes it.

A unit is half the edge of the scene's box. The box must have an edge of 1 (dataset.aabb_scale): resolutions are of the
whole contracted cube.
"""

seed = 1337
total_steps = 30000
n_rays = 4096

sampler = dict(
    type="ProposalSampler",
    n_samples=[256, 96, 48],  # of two proposals and of the field
    spacing="piecewise",  # even to one unit, then in 1 / t
    span=(0.05, 1000.0),  # units
    anneal_slope=10.0,
    anneal_steps=1000,
    floor=0.01,  # added to every weight that is drawn from
)
encoder = dict(
    pos_encoder=dict(
        type="HashGridEncoder",
        n_levels=16,
        n_features=2,
        log2_table_size=19,
        min_resolution=16,
        max_resolution=2048,
    ),
    dir_encoder=dict(type="SphericalHarmonicsEncoder", degree=4),
    proposal_0=dict(
        type="HashGridEncoder",
        n_levels=5,
        n_features=2,
        log2_table_size=17,
        min_resolution=16,
        max_resolution=128,
    ),
    proposal_1=dict(
        type="HashGridEncoder",
        n_levels=5,
        n_features=2,
        log2_table_size=17,
        min_resolution=16,
        max_resolution=256,
    ),
)
network = dict(
    type="NerfactoNetwork",
    proposals=["proposal_0", "proposal_1"],
    hidden_width=64,
    density_layers=1,
    color_layers=2,
    geometry_features=15,
    proposal_width=16,
    initial_density=0.01,  # 1 makes the first thousand steps fog
    appearance=32,  # learned numbers for each training image; 0 for captures without changes of light
    space="contraction_linf",
)
renderer = dict(
    type="VolumeRenderer",
    background="last_sample",  # its colour fills what a ray has left
    early_stop=0.0,  # losses read all weights
    depth="median",
)
loss = dict(
    rgb=dict(type="MSELoss"),
    interlevel=dict(type="InterlevelLoss", form="histogram"),
    distortion=dict(type="DistortionLoss", weight=0.002),
)
# Proposals learn at every step to begin with, and at every sixth in the end.
_every = dict(schedule="linear", value=1, end=6, steps=(0, 5000))
optim = dict(
    type="Adam",
    lr=dict(schedule="log_linear", value=1e-2, end=1e-4, steps=(0, 200000)),
    betas=(0.9, 0.999),
    eps=1e-15,
    groups=dict(
        encoder=dict(sparse=True, proposal_0=dict(every=_every), proposal_1=dict(every=_every)),
        network=dict(proposals=dict(every=_every)),
    ),
)

evaluation = dict(steps=[500, 2000, 10000])
checkpoint = dict(every=1000, keep=3)
log_every = 20
