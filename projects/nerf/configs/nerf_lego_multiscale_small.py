"""NeRF on lego at 400, 200, 100 and 50 pixels at once: what mip-NeRF is compared with."""

_base_ = ["nerf_lego_small.py"]

exp_name = "nerf_lego_multiscale_small"

dataset = dict(
    _delete_=True,
    type="MultiscaleBlenderDataset",
    root="nerf_synthetic/lego",
    scales=(1, 2, 4, 8),
    scale=0.33,
    offset=(0.5, 0.5, 0.5),
    aabb_scale=1.0,
    downscale=2,
)
evaluation = dict(steps=[1000, 2500, 5000], n_images=100)
