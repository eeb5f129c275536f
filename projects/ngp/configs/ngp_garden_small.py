"""Instant-NGP on garden for two CPU cores: 256x256 pixels, small batches, and a way through the fog."""

_base_ = ["ngp_garden.py"]

exp_name = "ngp_garden_small"
total_steps = 10000

dataset = dict(downscale=2)
sampler = dict(
    # A wide box is fog to begin with: at 1/256 a ray takes 900 samples through it, a batch is 70 rays.
    cone_angle=dict(schedule="log_linear", value=1 / 32, end=1 / 256, steps=(0, 4000)),
    target_samples=dict(schedule="linear", value=2**16, end=2**17, steps=(0, 4000)),
    # Five cascades have ten million cells; asked as often as with large batches they would cost more than these.
    update_every=32,
    decay=0.9,
    warmup_steps=128,
)
encoder = dict(pos_encoder=dict(log2_table_size=18))
optim = dict(lr=dict(schedule="log_linear", value=1e-2, end=5e-4, steps=(0, 10000)))

evaluation = dict(steps=[500, 2000, 5000], n_images=8)
