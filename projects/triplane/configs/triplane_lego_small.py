"""Tri-planes on lego for one CPU core: kplanes_lego_small, with a sum where that has a product."""

_base_ = ["../../_base_/lego.py", "triplane_base.py"]

exp_name = "triplane_lego_small"
total_steps = 6000

dataset = dict(scale=0.5 / 1.3, downscale=2)  # the box is +-1.3 of the scene's own units
sampler = dict(
    _delete_=True,
    type="OccupancySampler",
    grid_resolution=128,
    target_samples=2**16,  # samples per step; the number of rays follows
    update_every=16,
)
encoder = dict(
    pos_encoder=dict(
        resolutions=[64, 128, 256],
        n_features=16,
        combine="sum",  # or "mean", or "concat"
        scales="concat",
        init_range=(0.0, 0.1),
    ),
    dir_encoder=dict(_delete_=True, type="SphericalHarmonicsEncoder", degree=4),
)
network = dict(hidden_width=64)
renderer = dict(background="random")
loss = dict(
    _delete_=True,
    rgb=dict(type="MSELoss"),
    variation=dict(type="PlaneVariationLoss", weight=2e-4),
)
optim = dict(
    _delete_=True,
    type="Adam",
    lr=dict(schedule="cosine", value=1e-2, end=1e-4, warmup=100, steps=(100, 6000)),
    betas=(0.9, 0.999),
    eps=1e-15,
)

evaluation = dict(steps=[250, 500, 1000, 2000, 4000], n_images=25)
