"""Zip-NeRF on lego: an object in front of white, so without contraction and with even spacing."""

_base_ = ["../../_base_/lego.py", "zipnerf_base.py"]

exp_name = "zipnerf_lego"

# NeRF's 2 and 6 of the scene's own units, which are 0.33 field units; a half edge is 0.5 of them.
sampler = dict(spacing="linear", span=(1.32, 3.96))
network = dict(space="box")
renderer = dict(background=[1.0, 1.0, 1.0], test_background=None)
loss = dict(decay=dict(weight=10.0))
