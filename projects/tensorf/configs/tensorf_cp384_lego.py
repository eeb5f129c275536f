"""TensoRF CP-384 on lego: lines alone, 96 components for the density and 288 for the colour, 500^3 voxels."""

_base_ = ["tensorf_vm192_lego.py"]

exp_name = "tensorf_cp384_lego"

encoder = dict(
    density_factors=dict(type="CPEncoder", n_components=96, resolution=128),
    color_factors=dict(type="CPEncoder", n_components=288, resolution=128, stream=1),
)
network = dict(final_resolution=500)
sampler = dict(step_size=dict(end=1 / 1500))
loss = dict(sparsity=dict(weight=dict(_delete_=True, schedule="constant", value=1e-5)))
