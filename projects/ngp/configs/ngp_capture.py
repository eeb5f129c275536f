"""Instant-NGP on a capture of your own: photographs or a video that jnerf process has placed."""

_base_ = ["../../_base_/capture.py", "ngp_base.py"]

exp_name = "ngp_capture"  # give another for each scene: exp_name=garden
total_steps = 10000
# Photographs are opaque: the base's random background teaches the field to be so, too.
optim = dict(lr=dict(start=4000, every=2000))
