"""Method: Plenoxels (Fridovich-Keil et al. 2022, https://arxiv.org/abs/2112.05131), as published for Blender scenes.

The paper's lengths are in half edges of the box, ours in edges: densities, their learning rate and their initial value
are twice the paper's numbers, the weight of their variation is half of it.
"""

seed = 1337
total_steps = 128000  # ten epochs of 12 800

sampler = dict(
    type="OccupancySampler",
    grid_resolution=128,
    n_rays_init=5000,
    fixed_rays=True,
    target_samples=2**21,  # a budget only
    look_samples=2**23,
    step_size=dict(
        schedule="exponential", value=1 / 512, start=38400, every=128000, factor=0.5
    ),  # half a voxel
    max_steps=2048,
)

# Variation keeps the coarse voxels alike; from their refinement on its weights are 0.
_first_stage = dict(schedule="linear", end=0.0, steps=(38399, 38400))

network = dict(
    type="PlenoxelNetwork",
    resolutions=[256, 512],  # vertices along an edge of the box
    upsample_steps=[38400],  # three epochs
    prune_alpha=0.01,  # what a voxel must absorb to stay
    dilation=1,
    initial_density=0.2,
)
renderer = dict(type="VolumeRenderer", background=[1.0, 1.0, 1.0])
loss = dict(
    rgb=dict(type="MSELoss"),
    density_variation=dict(
        type="VoxelVariationLoss",
        of_rows="density",
        share=0.01,
        weight=dict(value=5e-6, **_first_stage),
    ),
    sh_variation=dict(
        type="VoxelVariationLoss",
        of_rows="sh",
        share=0.01,
        weight=dict(value=1e-3, **_first_stage),
    ),
)
optim = dict(
    type="RMSprop",
    lr=dict(schedule="log_linear", value=1e-2, end=5e-6, steps=(0, 250000)),
    beta=0.95,
    eps=1e-8,
    groups=dict(
        network=dict(
            density=dict(
                lr=dict(
                    schedule="log_linear",
                    value=60.0,
                    end=0.1,
                    steps=(0, 250000),
                    delay_steps=15000,
                    delay_mult=1e-2,
                )
            ),
        ),
    ),
)

evaluation = dict(steps=[1000, 5000, 12800, 38400, 64000])
checkpoint = dict(every=2000, keep=2)
log_every = 50
