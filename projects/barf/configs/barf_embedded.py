"""BARF on the embedded scene, small: nothing to download, cameras put wrong by 2 degrees and 2 % of their extent."""

_base_ = ["../../_base_/embedded.py", "barf_base.py"]

exp_name = "barf_embedded"
total_steps = 4000
n_rays = 1024

dataset = dict(
    resolution=128,
    cameras=dict(
        type="PoseRefinement",
        mode="se3",
        begin=200,  # before that the field is noise
        test_steps=100,  # as published: test views are moved along, then each pose is fitted to its picture
        test_lr=1e-3,
        disturb_degrees=2.0,
        disturb_distance=0.02,
    ),
)
sampler = dict(n_samples=64)
encoder = dict(
    pos_encoder=dict(
        n_frequencies=7,
        coarse_to_fine=dict(schedule="linear", value=2, end=7, steps=(400, 2000)),
    ),
    dir_encoder=dict(
        n_frequencies=2,
        coarse_to_fine=dict(schedule="linear", value=0, end=2, steps=(400, 2000)),
    ),
)
network = dict(hidden_width=64, n_layers=4, skip=2, density_scale=3.0)  # densities are per world unit
optim = dict(
    lr=dict(value=2e-3, end=2e-4, steps=(0, 4000)),
    groups=dict(dataset=dict(cameras=dict(lr=dict(value=1e-3, end=1e-4, steps=(0, 4000))))),
)

evaluation = dict(steps=[])
checkpoint = dict(every=500)
log_every = 100
