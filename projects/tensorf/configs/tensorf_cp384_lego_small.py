"""TensoRF CP-384 for some minutes of one CPU core: 400 x 400 pixels, 64^3 to 256^3 voxels, short schedules."""

_base_ = ["tensorf_vm48_lego_small.py"]

exp_name = "tensorf_cp384_lego_small"
total_steps = 2000

encoder = dict(
    density_factors=dict(type="CPEncoder", n_components=96, resolution=64),
    color_factors=dict(type="CPEncoder", n_components=288, resolution=64, stream=1),
)
network = dict(final_resolution=256)
loss = dict(sparsity=dict(weight=dict(_delete_=True, schedule="constant", value=1e-5)))
_fall = 0.1 ** (1 / 2000)
optim = dict(lr=dict(factor=_fall), groups=dict(network=dict(lr=dict(factor=_fall))))

evaluation = dict(steps=[500, 1000])
