"""NGLOD on the armadillo, the published training: five dense levels of 32 features, a decoder for each."""

_base_ = ["../../_base_/armadillo.py"]

exp_name = "nglod_armadillo"
seed = 1337
total_steps = 244000  # 250 epochs of 500 000 points
n_rays = 512  # points per step

dataset = dict(
    fit="ball",  # the farthest vertex comes to the unit sphere
    surface_share=0.4,
    near_share=0.4,
    noise="normal",
    noise_std=0.005,  # 0.01 of the unit sphere's radius
    batches_at_once=64,
    passes=10,
)
sampler = dict(type="SphereTraceSampler")
encoder = dict(
    pos_encoder=dict(
        type="OctreeEncoder",
        base_level=2,  # 5 vertices along an edge
        n_levels=5,  # to 65
        n_features=32,
        combine="concat",  # the network adds them up to each LOD
        init_scale=0.01,
    ),
)
network = dict(type="LODDistanceNetwork", hidden_width=128, n_layers=1)
renderer = dict(type="SurfaceRenderer")
loss = dict(type="DistanceL2Loss", weight=5.0)  # the sum over the LODs, not their mean
optim = dict(
    type="Adam",
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    groups=dict(encoder=dict(sparse=True)),
)

evaluation = dict(steps=[500, 5000, 50000], downscale=16)
checkpoint = dict(every=2000, keep=2)
chunk = 2**17
log_every = 100
