"""mip-NeRF on lego at 800, 400, 200 and 100 pixels at once: the benchmark it was made for."""

_base_ = ["mipnerf_lego.py"]

exp_name = "mipnerf_lego_multiscale"

dataset = dict(
    _delete_=True,
    type="MultiscaleBlenderDataset",
    root="nerf_synthetic/lego",
    scales=(1, 2, 4, 8),
    scale=0.33,
    offset=(0.5, 0.5, 0.5),
    aabb_scale=1.0,
)
