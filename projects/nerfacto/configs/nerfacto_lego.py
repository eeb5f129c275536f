"""nerfacto on lego: an object in front of white, so without contraction and distortion, and with even spacing."""

_base_ = ["../../_base_/lego.py", "nerfacto_base.py"]

exp_name = "nerfacto_lego"

sampler = dict(spacing="linear", span=None)  # the scene's near and far
network = dict(space="box", initial_density=1.0, appearance=0)
renderer = dict(background=[1.0, 1.0, 1.0])
loss = dict(distortion=None)
