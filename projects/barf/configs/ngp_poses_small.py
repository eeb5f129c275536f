"""Instant-NGP with cameras that learn: the embedded scene, each camera put wrong by 2 degrees and 2 % of their extent.

The given poses are right, so the run says how far the learned ones are from them.
"""

_base_ = ["../../_base_/embedded.py", "../../ngp/configs/ngp_base.py"]

exp_name = "ngp_poses_small"
total_steps = 2000

dataset = dict(
    resolution=128,
    cameras=dict(
        type="PoseRefinement",
        mode="se3",  # about the middle of the scene: each camera keeps looking at it
        begin=100,  # before that the field is noise
        disturb_degrees=2.0,
        disturb_distance=0.02,
    ),
)
# Long steps, about a pixel wide: what counts for a pose is how many of its pixels are seen, not how finely.
sampler = dict(target_samples=2**15, step_size=0.004)
encoder = dict(
    pos_encoder=dict(
        log2_table_size=15,
        max_resolution=512,
        coarse_to_fine=dict(schedule="linear", value=5, end=16, steps=(0, 500)),
    ),
)
optim = dict(
    groups=dict(
        dataset=dict(
            cameras=dict(lr=dict(schedule="log_linear", value=1.5e-3, end=3e-5, steps=(500, 2000)))
        )
    ),
)
evaluation = dict(steps=[])
checkpoint = dict(every=500)
