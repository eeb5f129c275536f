"""nerfacto on lego: an object in front of white, so without contraction and distortion, and with even spacing."""

_base_ = ["../../_base_/lego.py", "nerfacto_base.py"]

exp_name = "nerfacto_lego"

# NeRF's 2 and 6 of the scene's own units, which are 0.33 field units; a half edge is 0.5 of them.
sampler = dict(spacing="linear", span=(1.32, 3.96))
network = dict(space="box", initial_density=1.0, appearance=0)
renderer = dict(background=[1.0, 1.0, 1.0])
loss = dict(distortion=None)
