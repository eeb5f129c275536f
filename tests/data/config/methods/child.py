"""Inherits from a file that inherits."""

_base_ = "method.py"

total_steps = 200
sampler = dict(levels=[4])
optim = dict(groups=dict(_delete_=True, network=dict(weight_decay=1e-6)))
