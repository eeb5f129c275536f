"""NeuS on scan 24 without masks, as published: a second field for all that lies outside the object's ball."""

_base_ = ["../../_base_/scan24.py", "neus_base.py"]

exp_name = "neus_scan24"

dataset = dict(masks="ignore")
sampler = dict(n_outside=32)  # behind the ball, evenly in inverse distance
network = dict(background=True)
renderer = dict(anneal_steps=50000)
loss = dict(mask=None)
