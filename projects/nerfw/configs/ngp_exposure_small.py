"""Instant-NGP with exposures that learn: the embedded scene, each training image up to one stop brighter or darker.

The photographs are known to be disturbed, so the run says what the scene behind them looks like: test views are not.
"""

_base_ = ["../../_base_/embedded.py", "../../ngp/configs/ngp_base.py"]

exp_name = "ngp_exposure_small"
total_steps = 1000

dataset = dict(
    resolution=128,
    disturb=dict(stops=1.0, tint=0.1),
    exposure=dict(type="ExposureRefinement"),  # None: the field has to explain every photograph
)
sampler = dict(target_samples=2**15, step_size=0.004)
encoder = dict(pos_encoder=dict(log2_table_size=15, max_resolution=512))
optim = dict(
    groups=dict(
        dataset=dict(
            exposure=dict(lr=dict(schedule="log_linear", value=1e-2, end=3e-4, steps=(300, 1000)))
        )
    ),
)
evaluation = dict(steps=[300], fit="none")  # "exposure": fitted to the left half of each test view
checkpoint = dict(every=500)
