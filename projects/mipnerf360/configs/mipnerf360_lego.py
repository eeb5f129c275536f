"""mip-NeRF 360 on lego: an object in front of white, without contraction and distortion, and with even spacing.

As its authors publish it for Blender scenes, but for the rays of a batch, which there are of one image.
"""

_base_ = ["../../_base_/lego.py", "mipnerf360_base.py"]

exp_name = "mipnerf360_lego"

# NeRF's 2 and 6 of the scene's own units, which are 0.33 field units; a half edge is 0.5 of them.
sampler = dict(n_samples=[128, 32], spacing="linear", span=(1.32, 3.96), opaque=False)
encoder = dict(pos_encoder=dict(n_frequencies=16, basis="axes", half_edge=0.5 / 0.33))
network = dict(hidden_width=256, proposals=1, density_scale=0.5 / 0.33, space="box")
renderer = dict(background=[1.0, 1.0, 1.0], opaque=False)
loss = dict(rgb=dict(_delete_=True, type="MSELoss"), distortion=None)
optim = dict(eps=1e-8)
