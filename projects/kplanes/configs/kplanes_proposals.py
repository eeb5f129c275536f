"""Method: samples from two proposals, as K-Planes has them: small tri-planes of their own. A unit is half an edge."""

_base_ = ["kplanes_base.py"]

sampler = dict(
    type="ProposalSampler",
    n_samples=[256, 128, 48],  # of two proposals and of the field
    spacing="linear",
    span=(2 / 1.3, 6 / 1.3),  # units; NeRF's 2 and 6
    anneal_slope=10.0,
    anneal_steps=1000,
)
encoder = dict(
    proposal_0=dict(
        type="TriplaneEncoder",
        resolutions=[64],
        n_features=8,
        combine="product",
        init="uniform",
        init_range=(0.1, 0.15),
    ),
    proposal_1=dict(
        type="TriplaneEncoder",
        resolutions=[128],
        n_features=8,
        combine="product",
        init="uniform",
        init_range=(0.1, 0.15),
    ),
)
network = dict(proposals=["proposal_0", "proposal_1"], proposal_width=64)
renderer = dict(early_stop=0.0)  # losses read all weights
loss = dict(
    interlevel=dict(type="InterlevelLoss", form="histogram"),
    distortion=dict(type="DistortionLoss", weight=0.001),
)
# Proposals learn at every step to begin with, and at every fifth in the end.
_every = dict(schedule="linear", value=1, end=5, steps=(0, 5000))
optim = dict(
    groups=dict(
        encoder=dict(proposal_0=dict(every=_every), proposal_1=dict(every=_every)),
        network=dict(proposals=dict(every=_every)),
    ),
)
