"""Method: mip-NeRF 360 (Barron et al. 2022, https://arxiv.org/abs/2111.12077), as published for the 360 scenes.

A unit is half the edge of the scene's box, which is what the contraction leaves as it is.
"""

seed = 1337
total_steps = 250000
n_rays = 16384

sampler = dict(
    type="ProposalSampler",
    n_samples=[64, 64, 32],  # two rounds of the proposal, one of the large MLP
    spacing="inverse",  # even in 1 / t
    span=(0.2, 1e6),  # units
    centres=True,  # centres of intervals are drawn, their edges lie half way between
    anneal_slope=10.0,
    anneal_steps=None,  # of the whole training
    floor=0.0,
    widen=(0.0025, 0.5),  # weights reach a little farther than their intervals
    opaque=True,
)
encoder = dict(
    pos_encoder=dict(
        type="IntegratedEncoder",
        n_frequencies=12,
        basis="icosahedron",  # 21 directions: 504 features
        half_edge=2.0,  # the ball that space is contracted to has a radius of 2
    ),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4, input_range=(-1.0, 1.0)),
)
network = dict(
    type="MipNeRF360Network",
    hidden_width=1024,
    n_layers=8,
    skip=5,  # the position enters again behind the fifth layer
    bottleneck=256,
    color_width=128,
    proposals=2,  # both rounds ask the same small MLP
    proposal_width=256,
    proposal_layers=4,
    density_bias=-1.0,
    rgb_padding=0.001,
    space="contraction_l2",
)
renderer = dict(
    type="VolumeRenderer",
    background=None,  # nothing is left for one:
    opaque=True,  # the last interval stops what comes so far
    early_stop=0.0,  # losses read all weights
    depth="median",
)
loss = dict(
    rgb=dict(type="CharbonnierLoss", padding=0.001),
    interlevel=dict(type="InterlevelLoss", form="histogram"),
    distortion=dict(type="DistortionLoss", weight=0.01),
)
optim = dict(
    type="Adam",
    lr=dict(
        schedule="log_linear",
        value=2e-3,
        end=2e-5,
        steps=(0, 250000),
        delay_steps=512,
        delay_mult=0.01,
    ),
    betas=(0.9, 0.999),
    eps=1e-6,
    corrected=True,
    # each MLP's gradients together
    groups=dict(network=dict(clip_norm=1e-3, proposals=dict(clip_norm=1e-3))),
)

evaluation = dict(steps=[10000, 50000, 100000, 200000])
checkpoint = dict(every=2000, keep=3)
log_every = 50
