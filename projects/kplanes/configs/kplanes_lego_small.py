"""K-Planes on lego for some 9 minutes of one CPU core: 400 x 400 pixels, smaller planes, an occupancy grid."""

_base_ = ["../../_base_/lego.py", "kplanes_base.py"]

exp_name = "kplanes_lego_small"
total_steps = 6000

dataset = dict(scale=0.5 / 1.3, downscale=2)
sampler = dict(
    type="OccupancySampler",
    grid_resolution=128,
    target_samples=2**16,  # samples per step; the number of rays follows
    update_every=16,
)
encoder = dict(pos_encoder=dict(resolutions=[64, 128, 256], n_features=16))
renderer = dict(background="random")
optim = dict(lr=dict(schedule="cosine", value=1e-2, end=1e-4, warmup=100, steps=(100, 6000)))

evaluation = dict(steps=[250, 500, 1000, 2000, 4000], n_images=25)
