"""Method: Zip-NeRF (Barron et al. 2023, https://arxiv.org/abs/2304.06706), as published.

A unit is half the edge of the scene's box, which must have an edge of 1 (dataset.aabb_scale).
"""

seed = 1337
total_steps = 25000
n_rays = 65536

sampler = dict(
    type="ProposalSampler",
    n_samples=[64, 64, 32],  # of two proposals and of the field
    spacing="power_ladder",
    span=(0.2, 1e6),  # units
    centres=True,
    anneal_slope=10.0,
    anneal_steps=None,  # over the whole training
    floor=0.0,
)
encoder = dict(
    pos_encoder=dict(
        type="MultisampleHashEncoder",
        n_levels=10,  # each twice as fine as the one before
        n_features=4,
        log2_table_size=21,
        min_resolution=16,
        max_resolution=8192,
    ),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4, input_range=(-1.0, 1.0)),
    proposal_0=dict(
        type="MultisampleHashEncoder",
        n_levels=6,
        n_features=1,
        log2_table_size=21,
        min_resolution=16,
        max_resolution=512,
    ),
    proposal_1=dict(
        type="MultisampleHashEncoder",
        n_levels=8,
        n_features=1,
        log2_table_size=21,
        min_resolution=16,
        max_resolution=2048,
    ),
)
network = dict(
    type="ZipNeRFNetwork",
    proposals=["proposal_0", "proposal_1"],
    hidden_width=64,
    bottleneck=256,
    color_width=256,
    color_layers=3,
    skip=3,  # the output sees the colour's input again
    biased=True,
    proposal_width=64,
    rgb_padding=0.001,
    space="contraction_l2",
)
renderer = dict(
    type="VolumeRenderer",
    background="random",
    test_background=[0.5, 0.5, 0.5],
    early_stop=0.0,  # losses read all weights
    depth="median",
)
loss = dict(
    rgb=dict(type="CharbonnierLoss", padding=0.001),
    interlevel=dict(type="InterlevelLoss", form="blurred", radii=[0.03, 0.003], weight=0.01),
    # 10 000 per unit, which is half a field unit
    distortion=dict(type="DistortionLoss", power=-0.25, scale=20000.0, weight=0.01),
    decay=dict(type="HashDecayLoss", weight=0.1),
)
optim = dict(
    type="Adam",
    lr=dict(
        schedule="log_linear",
        value=1e-2,
        end=1e-3,
        steps=(0, 25000),
        delay_steps=2500,
        delay_mult=1e-8,
    ),
    betas=(0.9, 0.99),  # of the released code; mip-NeRF 360 has 0.999
    eps=1e-15,
)

evaluation = dict(steps=[500, 2000, 10000])
checkpoint = dict(every=1000, keep=3)
log_every = 20
