"""Method: a radiance field over an octree, as Kaolin Wisp trains it on NGLOD's grid (Takikawa et al. 2021)."""

seed = 1337
total_steps = 30000
n_rays = 4096

sampler = dict(
    type="OctreeSampler",
    marching="ray",  # or "voxel": so many samples in each leaf
    step_size=3**0.5 / 512,  # field units: 512 on the diagonal of the box
    target_samples=2**21,  # a budget only
    n_rays_init=4096,
    fixed_rays=True,
)
encoder = dict(
    pos_encoder=dict(
        type="OctreeEncoder",
        base_level=5,  # voxels of 1/32 of the box
        n_levels=4,  # LODs: 32^3, 64^3, 128^3, 256^3 voxels
        n_features=5,  # per corner
        combine="sum",  # or "concat"
        init_scale=0.01,  # standard deviation
    ),
    dir_encoder=dict(type="FrequencyEncoder", n_frequencies=4),
)
network = dict(
    type="OctreeNetwork",
    hidden_width=64,
    density_layers=1,
    color_layers=2,
    density_activation="relu",  # or "exp"
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0])
loss = dict(type="L1Loss")
optim = dict(
    type="RMSprop",
    lr=1e-3,
    beta=0.99,
    eps=1e-8,
    groups=dict(encoder=dict(lr=0.1)),
)

evaluation = dict(steps=[500, 2500, 10000])
checkpoint = dict(every=1000, keep=2)
log_every = 50
