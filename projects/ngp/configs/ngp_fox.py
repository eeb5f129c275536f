"""Instant-NGP on the fox: a real capture, in a box four units wide, with the room around it."""

_base_ = ["../../_base_/fox.py", "ngp_base.py"]

exp_name = "ngp_fox"

# Steps grow with the distance; the default for boxes wider than 1.
sampler = dict(cone_angle=1 / 256)
encoder = dict(pos_encoder=dict(max_resolution=2048 * 4))  # per unit as fine as in a box of one
# The base's random background stays: photographs are opaque, and what shines through a ray costs.
