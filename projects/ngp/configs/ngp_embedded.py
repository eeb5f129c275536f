"""Instant-NGP on the embedded scene: a picture in minutes on two CPU cores, nothing to download."""

_base_ = ["../../_base_/embedded.py", "ngp_base.py"]

exp_name = "ngp_embedded"
total_steps = 300
sampler = dict(target_samples=2**17)  # half the paper's batch: more steps in the time of a coffee
evaluation = dict(steps=[])
checkpoint = dict(every=100)
